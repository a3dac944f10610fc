"""The account's streams after spoilt frames: what they touched is asked for anew, and the stream goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from math import isfinite
from typing import Any

import pytest
from ccxt.base.errors import NetworkError

from tests.support.listeners import until
from tests.support.samples import captured_markets
from tests.support.scripted_source import scripted
from tests.support.spoilt_streams import balance_event, order_event, position_event, position_row
from tests.support.streaming import soon

SPOILT: list[Any] = [None, "nonsense", "NaN", "inf", "1e400", [], {}, 10**18, 10**30]
ORDERS, POSITIONS, BALANCE = "account.orderUpdate", "account.positionUpdate", "account.balanceUpdate"


async def turns() -> None:
    for _ in range(30):
        await asyncio.sleep(0)


def has_free(amount: float) -> Callable[[Any], bool]:
    return lambda told: bool(told["free"]["USDC"] == amount)


def has_contracts(amount: float) -> Callable[[Any], bool]:
    return lambda told: bool(told[-1]["contracts"] == amount)


async def until_it_says(watch: Callable[[], Any], is_it: Callable[[Any], bool]) -> Any:
    """What is told, once it is that; meanwhile nothing but ccxt's exceptions and finite figures."""
    while True:
        told = await soon(watch())
        if is_it(told):
            return told


async def test_after_any_spoilt_field_a_balance_is_asked_for_anew_and_goes_on() -> None:
    capital = {"USDC": {"available": "0", "locked": "0", "staked": "0"}}
    async with scripted({"/api/v1/capital": lambda query: capital}) as (exchange, source):
        await soon(exchange.watch_balance())
        number = 0
        for field in ("T", "E", "A", "L", "S", "a"):
            for spoilt in SPOILT:
                number += 2
                asked = source.asked["/api/v1/capital"]
                capital["USDC"]["available"] = f"{number}.5"
                source.say(BALANCE, **balance_event(number, **{field: spoilt}))
                is_understood = isinstance(spoilt, int) and field in "ALS"
                if not is_understood and (field != "a" or spoilt in ([], {})):
                    told = await until_it_says(exchange.watch_balance, has_free(number + 0.5))
                    assert source.asked["/api/v1/capital"] > asked
                    assert all(isfinite(figure) for figure in told["total"].values())
                source.say(BALANCE, **balance_event(number + 1))
                await until_it_says(exchange.watch_balance, has_free(number + 1))


async def test_after_any_spoilt_field_positions_go_on() -> None:
    rows = [position_row(1)]
    async with scripted({"/api/v1/position": lambda query: rows}) as (exchange, source):
        [position] = await soon(exchange.watch_positions())
        assert position["contracts"] == 1
        number = 1
        for field in ("T", "E", "q", "M", "B", "f", "P", "s"):
            for spoilt in SPOILT:
                number += 2
                rows[0] = position_row(number)
                source.say(POSITIONS, **position_event(number, **{field: spoilt}))
                await turns()
                source.say(POSITIONS, **position_event(number + 1))
                told = await until_it_says(exchange.watch_positions, has_contracts(number + 1))
                figures = [figure for figure in told[-1].values() if isinstance(figure, float)]
                assert all(isfinite(figure) for figure in figures)


async def test_after_any_spoilt_field_orders_go_on_and_rest_is_asked_what_the_frame_said() -> None:
    resting: list[Any] = []
    answers = {
        "/api/v1/orders": lambda query: resting,
        "/wapi/v1/history/fills": [],
        "/wapi/v1/history/orders": [],
    }
    async with scripted(answers) as (exchange, source):
        seen: dict[str, Any] = {}

        async def watch() -> None:
            while True:
                for order in await exchange.watch_orders():
                    seen[order["id"]] = order

        watching = asyncio.ensure_future(watch())
        await until(lambda: source.asked["/api/v1/orders"])
        number = 0
        for field in ("T", "z", "i", "X", "q"):
            for spoilt in SPOILT:
                if (field, spoilt) in (("z", None), ("q", None), ("X", None)):
                    continue  # absent, as far as we know
                number += 2
                source.say(ORDERS, **order_event(number, **{field: spoilt}))
                await turns()
                assert not watching.done(), watching.exception()
                source.say(ORDERS, **order_event(number + 1))
                await until(partial(seen.__contains__, str(1001 + number)))
        assert exchange.stream_counters()["streams"][ORDERS]["spoilt"] > 10
        assert source.asked["/api/v1/orders"] > 1
        watching.cancel()


async def test_positions_go_on_when_one_is_in_a_market_listed_after_the_markets_were_loaded() -> None:
    rows: list[Any] = [position_row(1)]
    perpetual = next(row for row in captured_markets() if row["symbol"] == "SOL_USDC_PERP")
    new = {**perpetual, "symbol": "NEW_USDC_PERP", "baseSymbol": "NEW"}
    listed = captured_markets()
    async with scripted(
        {"/api/v1/position": lambda query: rows, "/api/v1/markets": lambda query: listed}
    ) as (exchange, source):
        await soon(exchange.watch_positions())
        listed.append(new)
        rows.append(position_row(3, "NEW_USDC_PERP"))
        source.say(POSITIONS, **position_event(3, s="NEW_USDC_PERP"))
        told = await until_it_says(
            exchange.watch_positions, lambda told: any(one["symbol"] == "NEW/USDC:USDC" for one in told)
        )
        assert told[-1]["contracts"] == 3
        del rows[1]
        exchange.options["watchPositions"]["checkEvery"] = 1
        source.cut(POSITIONS)
        told = await until_it_says(
            exchange.watch_positions,
            lambda told: any(one["symbol"] == "NEW/USDC:USDC" and not one["contracts"] for one in told),
        )


@pytest.mark.parametrize("default", [{}, {"defaultType": "spot"}, {"defaultType": "swap"}])
@pytest.mark.parametrize("params", [{}, {"type": "spot"}, {"type": "swap"}, {"type": "collateral"}])
async def test_a_watched_balance_is_of_the_type_that_fetch_balance_gives(default: Any, params: Any) -> None:
    collateral = {
        "collateral": [
            {
                **{"symbol": "USDC", "totalQuantity": "50", "availableQuantity": "40", "lendQuantity": "0"},
                **{"assetMarkPrice": "1", "balanceNotional": "50", "collateralValue": "50"},
                **{"collateralWeight": "1", "openOrderQuantity": "0"},
            }
        ],
        "netEquity": "50",
        "netEquityAvailable": "40",
        "netEquityLocked": "10",
        "netExposureFutures": "0",
    }
    answers = {
        "/api/v1/capital": {"USDC": {"available": "7", "locked": "0", "staked": "0"}},
        "/api/v1/capital/collateral": collateral,
    }
    async with scripted(answers, options=default) as (exchange, source):
        assert source.venue.links == []
        watched = await soon(exchange.watch_balance(params))
        fetched = await exchange.fetch_balance(params)
        assert watched["total"] == fetched["total"]
        assert watched["free"] == fetched["free"]


# --- told that what one holds may be stale -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "stream", "option"),
    [("watch_balance", BALANCE, "watchBalance"), ("watch_positions", POSITIONS, "watchPositions")],
)
async def test_who_wants_it_is_told_when_what_is_held_may_be_stale(
    method: str, stream: str, option: str
) -> None:
    answers = {
        "/api/v1/capital": {"USDC": {"available": "7", "locked": "0", "staked": "0"}},
        "/api/v1/position": [position_row(1)],
    }
    async with scripted(answers, options={option: {"tellStale": True}}) as (exchange, source):
        watch = getattr(exchange, method)
        first = await soon(watch())
        await until(lambda: not exchange.stream_counters()["streams"][stream]["mayBeStale"])
        waiting = asyncio.ensure_future(watch())
        await turns()
        source.cut(stream)
        with pytest.raises(NetworkError, match="may be out of date"):
            await soon(waiting)
        again = await soon(watch())
        assert again == first
