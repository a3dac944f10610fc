"""A stop goes by its own id: what it sold, what it placed, and what its trigger price was called."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from ccxt.base.errors import OrderNotFound

from bpx_connector.orders.client_ids import ClientIds
from bpx_connector.orders.stops import MARKING, told_by
from bpx_connector.sandbox.server import Sandbox
from tests.support.keys import SECOND
from tests.support.listeners import until
from tests.support.streaming import driven, exchange_on, sandbox_with, soon

SPOT = "SOL/USDC"
KINDS = pytest.mark.parametrize("kind", ["linked", "same_id", "unlinked"])
QUICK = {"watchOrders": {"checkEvery": 100}}


@asynccontextmanager
async def venue_of(kind: str) -> AsyncIterator[Sandbox]:
    async with sandbox_with("SOL_USDC", switches={"fired_orders": kind}) as sandbox:
        yield sandbox


async def pressed_down(sandbox: Sandbox, until_below: float) -> None:
    """Somebody sells until the best bid is below a price."""
    async with exchange_on(sandbox, SECOND) as crowd:
        for _ in range(60):
            await crowd.create_order(SPOT, "market", "sell", 30)
            if best_bid(sandbox) < until_below - 0.02:
                return


def best_bid(sandbox: Sandbox) -> float:
    return max(float(price) for price, _ in sandbox.venue.depth("SOL_USDC").bids)


@KINDS
async def test_trades_of_a_fired_stop_stand_under_its_own_id(kind: str) -> None:
    async with venue_of(kind) as sandbox, exchange_on(sandbox) as exchange, exchange_on(sandbox) as restarted:
        trigger = round(best_bid(sandbox) - 0.05, 2)
        stop = await exchange.create_order(SPOT, "market", "sell", 2, None, {"stopLossPrice": trigger})
        plain = await exchange.create_order(SPOT, "market", "sell", 1)
        await pressed_down(sandbox, trigger)
        trades = await exchange.fetch_my_trades(SPOT)
        sold = [trade for trade in trades if trade["order"] == stop["id"]]
        assert sum(trade["amount"] for trade in sold) == 2
        assert {trade["order"] for trade in trades} == {stop["id"], plain["id"]}
        asked = {"withStops": True} if kind == "unlinked" else {}
        again = await restarted.fetch_my_trades(SPOT, None, None, asked)
        assert {trade["order"] for trade in again} == {stop["id"], plain["id"]}
        assert [trade["info"]["orderId"] == stop["id"] for trade in sold] == [kind == "same_id"] * len(sold)


@KINDS
async def test_watched_trades_of_a_fired_stop_stand_under_its_own_id(kind: str) -> None:
    found: dict[str, Any] = {}
    async with venue_of(kind) as sandbox, driven(sandbox), exchange_on(sandbox, options=QUICK) as exchange:

        async def watch() -> None:
            while True:
                for trade in await exchange.watch_my_trades(SPOT):
                    found[trade["id"]] = trade

        watching = asyncio.ensure_future(watch())
        await soon(until(lambda: is_followed(exchange)))
        trigger = round(best_bid(sandbox) - 0.05, 2)
        stop = await exchange.create_order(SPOT, "market", "sell", 2, None, {"stopLossPrice": trigger})
        await pressed_down(sandbox, trigger)
        await soon(until(lambda: found and {trade["order"] for trade in found.values()} == {stop["id"]}), 20)
        assert sum(trade["amount"] for trade in found.values()) == 2
        watching.cancel()


def is_followed(exchange: Any) -> bool:
    """Whether the order stream is on and REST was asked."""
    counters = exchange.stream_counters()["streams"].get("account.orderUpdate")
    return counters is not None and bool(counters["refetches"]) and not counters["mayBeStale"]


@KINDS
@pytest.mark.parametrize("who", ["the one who placed it", "one started again"])
async def test_cancelling_a_fired_stop_cancels_what_it_has_placed(kind: str, who: str) -> None:
    async with venue_of(kind) as sandbox, exchange_on(sandbox) as exchange, exchange_on(sandbox) as restarted:
        trigger = round(best_bid(sandbox) - 0.05, 2)
        stop = await exchange.create_order(
            SPOT, "limit", "sell", 2, round(trigger + 3, 2), {"stopLossPrice": trigger}
        )
        assert [order["id"] for order in await restarted.fetch_open_orders(SPOT)] == [stop["id"]]
        await pressed_down(sandbox, trigger)
        canceller = exchange if who == "the one who placed it" else restarted
        ended = await canceller.cancel_order(stop["id"], SPOT)
        assert (ended["id"], ended["status"], ended["filled"]) == (stop["id"], "canceled", 0)
        assert await restarted.fetch_open_orders(SPOT) == []
        with pytest.raises(OrderNotFound):
            await canceller.cancel_order(stop["id"], SPOT)


@pytest.mark.parametrize("name", ["stopLossPrice", "takeProfitPrice"])
async def test_a_program_that_was_started_again_finds_what_its_trigger_price_was_called(name: str) -> None:
    other = {"stopLossPrice": "takeProfitPrice", "takeProfitPrice": "stopLossPrice"}[name]
    async with venue_of("linked") as sandbox:
        trigger = round(best_bid(sandbox) * (0.5 if name == "stopLossPrice" else 2), 2)
        async with exchange_on(sandbox) as exchange:
            stops = [
                await exchange.create_order(SPOT, "market", "sell", 1, None, {name: trigger}),
                *await exchange.create_orders(
                    [
                        {
                            **{"symbol": SPOT, "type": "market", "side": "sell", "amount": 1},
                            "params": {name: trigger},
                        }
                    ]
                ),
            ]
            plain = await exchange.create_order(SPOT, "market", "sell", 1, None, {"triggerPrice": trigger})
        async with exchange_on(sandbox) as restarted:
            open_orders = {order["id"]: order for order in await restarted.fetch_open_orders(SPOT)}
            watched = {order["id"]: order for order in await soon(_all_orders(restarted))}
            for stop in stops:
                alone = await restarted.fetch_order(stop["id"], SPOT)
                for told in (stop, open_orders[stop["id"]], alone):
                    assert (told[name], told["triggerPrice"], told[other]) == (trigger, trigger, None)
            assert open_orders[plain["id"]][name] is None
            ended = await restarted.cancel_order(stops[0]["id"], SPOT)
            assert ended[name] == trigger
            assert stops[1]["clientOrderId"] != stops[0]["clientOrderId"]
            assert not watched or watched[stops[0]["id"]][name] == trigger


async def _all_orders(exchange: Any) -> list[Any]:
    orders: list[Any] = await exchange.fetch_orders(SPOT)
    return orders


def test_ids_of_stops_bear_a_mark_and_no_others_do() -> None:
    ids = ClientIds(lambda: 2**32 - 1)
    plain = [ids.next() for _ in range(3 * MARKING)]
    assert not any(map(told_by, plain))
    for words in (("stopLossTriggerPrice",), ("takeProfitTriggerPrice",)):
        marked = [ids.next(words) for _ in range(10_000)]
        assert len(set(marked)) == 10_000
        assert {told_by(one) for one in marked} == {words}
        assert all(0 <= one < 2**32 for one in marked)
    assert told_by(None) == told_by("") == told_by("x") == told_by(-1) == told_by("9" * 40) == ()
