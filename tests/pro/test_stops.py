"""A fired stop carries what it sold, over REST and streams, on venues of three kinds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

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


def is_followed(exchange: Any) -> bool:
    """Whether the order stream is on and REST was asked."""
    counters = exchange.stream_counters()["streams"].get("account.orderUpdate")
    return counters is not None and bool(counters["refetches"]) and not counters["mayBeStale"]


async def pressed_down(crowd: Any, exchange: Any, stop: str) -> None:
    """Somebody sells until the stop has fired."""
    for _ in range(60):
        await crowd.create_order(SPOT, "market", "sell", 30)
        if (await exchange.fetch_order(stop, SPOT))["status"] != "open":
            return
    raise AssertionError("the stop has not fired")


@KINDS
async def test_under_its_own_id_a_fired_stop_says_what_it_sold(kind: str) -> None:
    seen: dict[str, Any] = {}
    async with (
        venue_of(kind) as sandbox,
        driven(sandbox),
        exchange_on(sandbox, options=QUICK) as exchange,
        exchange_on(sandbox) as other,
        exchange_on(sandbox, SECOND) as crowd,
    ):

        async def watch() -> None:
            while True:
                for order in await exchange.watch_orders():
                    assert (order["status"], order["filled"]) != ("closed", 0)
                    seen[order["id"]] = order

        watching = asyncio.ensure_future(watch())
        await until(lambda: is_followed(exchange))
        bid = float(sandbox.venue.depth("SOL_USDC").bids[0][0])
        stop = await exchange.create_order(
            SPOT, "market", "sell", 2, None, {"stopLossPrice": round(bid - 0.05, 2)}
        )
        assert stop["stopLossPrice"] == stop["triggerPrice"] == round(bid - 0.05, 2)
        assert stop["status"] == "open"
        [listed] = await exchange.fetch_open_orders(SPOT)
        assert listed["stopLossPrice"] == stop["triggerPrice"]
        await pressed_down(crowd, exchange, stop["id"])
        await until(lambda: seen.get(stop["id"], stop)["status"] == "closed")
        watching.cancel()

        for told in (
            await exchange.fetch_order(stop["id"], SPOT),
            await other.fetch_order(stop["id"], SPOT),
            seen[stop["id"]],
            *(order for order in await other.fetch_closed_orders(SPOT) if order["id"] == stop["id"]),
        ):
            assert (told["status"], told["filled"], told["amount"], told["remaining"]) == ("closed", 2, 2, 0)
            assert told["average"] == pytest.approx(told["cost"] / 2)
        assert seen[stop["id"]]["fee"]["cost"] > 0
        assert sum(trade["amount"] for trade in seen[stop["id"]]["trades"]) == 2
        for one in (exchange, other):
            trades = await one.fetch_order_trades(stop["id"], SPOT)
            assert sum(trade["amount"] for trade in trades) == 2


@KINDS
async def test_a_stop_limit_that_has_fired_is_open_until_its_order_ends(kind: str) -> None:
    async with (
        venue_of(kind) as sandbox,
        exchange_on(sandbox) as exchange,
        exchange_on(sandbox, SECOND) as crowd,
    ):
        bid = float(sandbox.venue.depth("SOL_USDC").bids[0][0])
        params = {"triggerPrice": round(bid - 0.05, 2)}
        stop = await exchange.create_order(SPOT, "limit", "sell", 2, round(bid + 1, 2), params)
        for _ in range(20):
            await crowd.create_order(SPOT, "market", "sell", 30)
        told = await exchange.fetch_order(stop["id"], SPOT)
        assert (told["status"], told["filled"], told["amount"]) == ("open", 0, 2)
        resting = [order for order in await exchange.fetch_open_orders(SPOT) if order["triggerPrice"] is None]
        identity = resting[0]["id"] if resting else stop["id"]
        await exchange.cancel_order(identity, SPOT)
        told = await exchange.fetch_order(stop["id"], SPOT)
        assert (told["status"], told["filled"]) == ("canceled", 0)


async def test_a_fired_stop_whose_order_was_missed_is_told_after_a_cut() -> None:
    seen: dict[str, Any] = {}
    async with (
        venue_of("unlinked") as sandbox,
        driven(sandbox),
        exchange_on(sandbox, options=QUICK) as exchange,
        exchange_on(sandbox, SECOND) as crowd,
    ):

        async def watch() -> None:
            while True:
                for order in await exchange.watch_orders():
                    seen[order["id"]] = order

        watching = asyncio.ensure_future(watch())
        await until(lambda: is_followed(exchange))
        bid = float(sandbox.venue.depth("SOL_USDC").bids[0][0])
        trader = await soon(
            exchange.create_order(SPOT, "market", "sell", 2, None, {"triggerPrice": round(bid - 0.05, 2)})
        )
        sandbox.faults.cut("account.*")
        for _ in range(30):
            await crowd.create_order(SPOT, "market", "sell", 30)
        await until(lambda: seen.get(trader["id"], trader)["status"] == "closed")
        assert seen[trader["id"]]["filled"] == 2
        watching.cancel()
