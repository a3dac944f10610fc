"""What callers of streams say beside symbols is understood, dropped if it says nothing new, or refused."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest
from ccxt.base.errors import BadRequest, BadSymbol, NetworkError, NotSupported

from bpx_connector.pro import WATCHED, bpx
from bpx_connector.watch.source import coalescing_of
from tests.support.listeners import until
from tests.support.scripted_source import scripted
from tests.support.streaming import exchange_on, sandbox_with, soon

SPOT, PERP = "SOL/USDC", "SOL/USDC:USDC"

ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "OHLCVForSymbols": ([[SPOT, "1m"]],),
    "FundingRate": (PERP,),
    "OpenInterest": (PERP,),
    "Balance": (),
    "StockPrice": ("NVDA.US",),
    "StockIndicativeQuote": ("NVDA.US",),
}
OF_NO_SYMBOL = {"Orders", "MyTrades", "MyLiquidations", "RfqUpdates", "Positions", "Balance"}
ROWS = [f"{way}{name}" for name in WATCHED for way in ("watch", "unWatch")]


def arguments(name: str) -> tuple[Any, ...]:
    if name in ARGUMENTS:
        return ARGUMENTS[name]
    if name in OF_NO_SYMBOL:
        return (None,)
    return (
        ([PERP],) if name.endswith(("s", "Symbols")) and name not in ("Trades", "Liquidations") else (PERP,)
    )


def is_followed(exchange: Any) -> bool:
    """Whether the order stream is on and REST was asked."""
    counters = exchange.stream_counters()["streams"].get("account.orderUpdate")
    return counters is not None and bool(counters["refetches"]) and not counters["mayBeStale"]


async def called(exchange: bpx, method: str, params: Any, *more: Any, **named: Any) -> Any:
    name = method.removeprefix("unWatch").removeprefix("watch")
    return await getattr(exchange, method)(*arguments(name), *more, params=params, **named)


REFUSED: list[tuple[dict[str, Any], Any, str]] = [
    ({"foo": 1}, BadRequest, "does not take params\\['foo'\\]"),
    ({"marginMode": "isolated"}, NotSupported, "can only be 'cross'"),
    ({"subType": "inverse"}, NotSupported, "can only be 'linear'"),
    ({"paginate": True}, NotSupported, "paginate"),
    ({"until": 5}, NotSupported, "until"),
    ({"type": "option"}, (BadRequest, NotSupported), "option"),
    ({"method": "x"}, NotSupported, "method"),
]


@pytest.mark.parametrize("method", ROWS)
async def test_what_a_stream_cannot_be_asked_for_is_refused_by_name(method: str) -> None:
    async with scripted({}) as (exchange, source):
        for params, error, sentence in REFUSED:
            with pytest.raises(error, match=sentence) as refusal:
                await soon(called(exchange, method, params))
            assert f"bpx {method}()" in str(refusal.value)
        assert not source.wanted()


UNREACHED = ("/api/v1/depth", "/api/v1/position", "/api/v1/capital", "/api/v1/orders")
NOTHING_NEW = {"marginMode": "cross", "subType": "linear", "hedged": False, "paginate": False, "foo": None}


@pytest.mark.parametrize("method", [f"watch{name}" for name in WATCHED])
async def test_what_says_nothing_new_is_dropped(method: str) -> None:
    async with scripted(dict.fromkeys(UNREACHED, NetworkError("no answer"))) as (exchange, source):
        is_balance = method == "watchBalance"  # of which marginMode means the collateral
        calls = [None, {}, {**NOTHING_NEW, "type": "spot"} if is_balance else NOTHING_NEW]
        waiting = [asyncio.ensure_future(called(exchange, method, params)) for params in calls]
        await soon(until(source.wanted))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not any(task.done() for task in waiting)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


@pytest.mark.parametrize(
    "name", ["Trades", "OHLCV", "Orders", "MyTrades", "Positions", "Liquidations", "RfqUpdates"]
)
async def test_since_and_limit_are_checked_as_over_rest(name: str) -> None:
    async with scripted({}) as (exchange, source):
        for bad in ({"limit": 0}, {"limit": "x"}, {"since": "x"}, {"since": -1}):
            with pytest.raises(BadRequest, match="has to be"):
                await soon(called(exchange, f"watch{name}", {}, **bad))
        assert not source.wanted()


@pytest.mark.parametrize(("kind", "wanted"), [("spot", {False}), ("swap", {True})])
@pytest.mark.parametrize("method", ["watchTickers", "watchBidsAsks", "watchMarkPrices"])
async def test_a_kind_of_market_leaves_the_others_out(method: str, kind: str, wanted: set[bool]) -> None:
    async with scripted({}) as (exchange, source):
        waiting = asyncio.ensure_future(getattr(exchange, method)(None, {"type": kind}))
        await soon(until(source.wanted))
        assert {name.endswith("_PERP") for name in source.wanted()} == wanted
        assert await getattr(exchange, method.replace("watch", "unWatch"))(None, {"type": kind})
        assert isinstance((await asyncio.gather(waiting, return_exceptions=True))[0], BaseException)


async def test_a_kind_of_market_that_contradicts_the_symbols_is_refused() -> None:
    async with scripted({}) as (exchange, _):
        for method, symbols in (("watch_tickers", [SPOT]), ("watch_orders", SPOT), ("watch_my_trades", SPOT)):
            with pytest.raises(BadRequest, match="takes swap markets here"):
                await soon(getattr(exchange, method)(symbols, params={"type": "swap"}))
        with pytest.raises(BadRequest, match="type has to be one of swap, future"):
            await soon(exchange.watch_positions(None, params={"type": "spot"}))
        with pytest.raises(BadSymbol):
            await soon(exchange.watch_funding_rates(None, {"type": "spot"}))
        with pytest.raises(BadSymbol, match="is a spot market"):
            await soon(exchange.watch_positions([SPOT]))
        with pytest.raises(BadRequest, match="type has to be one of spot"):
            await soon(exchange.watch_balance({"type": "option"}))


async def test_symbols_that_are_one_text_are_refused_in_a_sentence() -> None:
    async with scripted({}) as (exchange, _):
        for method in ("watch_tickers", "watch_order_book_for_symbols", "watch_positions"):
            with pytest.raises(BadRequest, match="list such as"):
                await soon(getattr(exchange, method)(SPOT))


async def test_trigger_orders_are_told_alone_and_the_others_alone() -> None:
    async with sandbox_with("SOL_USDC") as sandbox, exchange_on(sandbox) as exchange:
        found: dict[bool, list[Any]] = {True: [], False: []}

        async def watch(is_trigger: bool) -> None:
            while not found[is_trigger]:
                found[is_trigger] += await exchange.watch_orders(SPOT, params={"trigger": is_trigger})

        watching = [asyncio.ensure_future(watch(is_trigger)) for is_trigger in (True, False)]
        await soon(until(lambda: is_followed(exchange)))
        price = float(sandbox.venue.depth("SOL_USDC").bids[0][0])
        stop = await exchange.create_order(SPOT, "market", "sell", 1, None, {"stopLossPrice": price // 2})
        plain = await exchange.create_order(SPOT, "limit", "buy", 1, price // 2)
        await soon(asyncio.gather(*watching))
        assert {order["id"] for order in found[True]} == {stop["id"]}
        assert {order["id"] for order in found[False]} == {plain["id"]}


@pytest.mark.parametrize("pause", ["x", "1", [1], {"a": 1}, math.nan, math.inf, -1, 101])
async def test_between_reads_there_is_no_other_pause_than_a_short_one(pause: Any) -> None:
    exchange: Any = bpx({"options": {"streams": {"coalesce": pause}}})
    exchange.set_markets([exchange.safe_market_structure({"id": "SOL_USDC", "symbol": SPOT, "active": True})])
    try:
        with pytest.raises(BadRequest, match=r"coalesce.*milliseconds from 0 to 100"):
            await exchange.watch_trades(SPOT)
    finally:
        await exchange.close()


@pytest.mark.parametrize(("pause", "seconds"), [(None, 0.001), (0, 0), (False, 0), (2.5, 0.0025)])
def test_reads_wait_as_long_as_they_are_told(pause: Any, seconds: float) -> None:
    coalescing = coalescing_of({"streams": {"coalesce": pause}})
    told = [coalescing.pause_after(1, read * 0.00005) for read in range(1_000)]
    assert told[-1] == seconds
