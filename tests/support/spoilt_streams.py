"""Every way of watching with frames that are in order, and whether it hears them after others were not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from tests.support.samples import sample
from tests.support.scripted_source import ScriptedSource

__all__ = [
    "ACCOUNT_ANSWERS",
    "ACCOUNT_STREAMS",
    "BOOK",
    "LATER",
    "SPOT",
    "STREAMS",
    "DeafError",
    "Stream",
    "balance_event",
    "delta",
    "figures",
    "hears",
    "order_event",
    "position_event",
    "position_row",
    "snapshot",
]

SPOT, PERP = "SOL/USDC", "SOL/USDC:USDC"


class Stream(NamedTuple):
    """A way of watching: its stream, what is watched, and a frame with a number that makes it a later one."""

    name: str
    watch: Callable[[Any], Any]
    frame: Callable[[int], dict[str, Any]]


def of_sample(name: str, **numbers: int) -> Callable[[int], dict[str, Any]]:
    """A captured payload, later by so many: in these fields, one unit or a second each."""
    payload = sample(f"ws/{name}")
    if isinstance(payload, list):
        payload = next(one["data"] for one in payload if one["data"].get("o", "") is not None)

    def frame(number: int) -> dict[str, Any]:
        return {**payload, **{key: payload[key] + number * step for key, step in numbers.items()}}

    return frame


SECOND = 1_000_000
NOW = 1_788_284_044_094_000
LATER = 1_900_000_000 * 1_000_000
"""A time that is ahead of any clock for years to come, in microseconds."""


def liquidation(number: int) -> dict[str, Any]:
    time = NOW + number * SECOND
    return {**sample("ws/liquidation"), "s": "SOL_USDC_PERP", "E": time, "T": time}


def request_for_quotes(number: int) -> dict[str, Any]:
    accepted: dict[str, Any] = sample("ws/account.rfqUpdate")[0]
    return {**accepted, "E": accepted["E"] + number * SECOND, "R": accepted["R"] + number}


STREAMS = [
    Stream("ticker.SOL_USDC", lambda exchange: exchange.watch_ticker(SPOT), of_sample("ticker", E=SECOND)),
    Stream(
        "bookTicker.SOL_USDC",
        lambda exchange: exchange.watch_bids_asks([SPOT]),
        of_sample("bookTicker", E=SECOND),
    ),
    Stream(
        "markPrice.SOL_USDC_PERP",
        lambda exchange: exchange.watch_mark_price(PERP),
        of_sample("markPrice", E=SECOND),
    ),
    Stream(
        "markPrice.SOL_USDC_PERP",
        lambda exchange: exchange.watch_funding_rate(PERP),
        of_sample("markPrice", E=SECOND),
    ),
    Stream(
        "openInterest.SOL_USDC_PERP",
        lambda exchange: exchange.watch_open_interest(PERP),
        of_sample("openInterest", E=SECOND),
    ),
    Stream(
        "trade.SOL_USDC",
        lambda exchange: exchange.watch_trades(SPOT),
        of_sample("trade", E=SECOND, T=SECOND, t=1),
    ),
    Stream(
        "kline.1m.SOL_USDC", lambda exchange: exchange.watch_ohlcv(SPOT, "1m"), of_sample("kline.1m", n=1)
    ),
    Stream(
        "liquidation.SOL_USDC_PERP",
        lambda exchange: exchange.watch_liquidations(PERP),
        liquidation,
    ),
    Stream(
        "account.rfqUpdate",
        lambda exchange: exchange.watch_rfq_updates(),
        request_for_quotes,
    ),
]


def balance_event(number: int, **more: Any) -> dict[str, Any]:
    time = NOW + number * SECOND
    return {
        "e": "balanceUpdate",
        "E": time,
        "T": time,
        "a": "USDC",
        "A": str(number),
        "L": "0",
        "S": "0",
        **more,
    }


def position_event(number: int, **more: Any) -> dict[str, Any]:
    time = NOW + number * SECOND
    return {
        **{"e": "positionAdjusted", "E": time, "T": time, "s": "SOL_USDC_PERP", "i": 7, "q": str(number)},
        **{"Q": str(number), "n": "1", "B": "10", "b": "10", "M": "11", "f": "0.1", "m": "0.05"},
        **{"p": "0", "P": "1", "l": "0", **more},
    }


def position_row(number: int, symbol: str = "SOL_USDC_PERP") -> dict[str, Any]:
    return {
        **{"symbol": symbol, "netQuantity": str(number), "netExposureQuantity": str(number), "imf": "0.1"},
        **{"mmf": "0.05", "markPrice": "11", "entryPrice": "10", "breakEvenPrice": "10", "positionId": "7"},
        **{"pnlRealized": "0", "pnlUnrealized": "1", "netExposureNotional": "1"},
    }


def order_event(number: int, **more: Any) -> dict[str, Any]:
    time = NOW + number * SECOND
    return {
        **{"e": "orderAccepted", "E": time, "T": time, "s": "SOL_USDC", "S": "Bid", "o": "LIMIT", "f": "GTC"},
        **{"i": str(1000 + number), "q": "1", "p": "10", "X": "New", "z": "0", "Z": "0", "t": None, **more},
    }


def snapshot(update: int) -> dict[str, Any]:
    return {"lastUpdateId": str(update), "bids": [["9", "1"]], "asks": [["11", "1"]], "timestamp": LATER}


def delta(first: int, last: int, **more: Any) -> dict[str, Any]:
    return {
        "e": "depth",
        "s": "SOL_USDC",
        "E": 1,
        "T": 1_788_284_044_094_000,
        "a": [],
        "b": [["8", "1"]],
        "U": first,
        "u": last,
        **more,
    }


def an_end(number: int) -> dict[str, Any]:
    """An order that has come to its end: nobody asks REST what has become of it."""
    return order_event(number, e="orderCancelled", X="Cancelled")


ACCOUNT_STREAMS = [
    Stream("account.orderUpdate", lambda exchange: exchange.watch_orders(), an_end),
    Stream("account.positionUpdate", lambda exchange: exchange.watch_positions(), position_event),
    Stream("account.balanceUpdate", lambda exchange: exchange.watch_balance(), balance_event),
]
ACCOUNT_ANSWERS: dict[str, Any] = {
    "/api/v1/orders": [],
    "/wapi/v1/history/fills": [],
    "/wapi/v1/history/orders": [],
    "/api/v1/position": [position_row(1)],
    "/api/v1/capital": {"USDC": {"available": "7", "locked": "0", "staked": "0"}},
}
BOOK = Stream(
    "depth.SOL_USDC", lambda exchange: exchange.watch_order_book(SPOT), lambda number: delta(number, number)
)


class DeafError(AssertionError):
    """A stream of which good frames are not heard."""


async def hears(exchange: Any, source: ScriptedSource, stream: Stream, first: int) -> Any:
    """What a caller gets once good frames come again, a few at most."""
    waiting = asyncio.ensure_future(stream.watch(exchange))
    await source.subscribed(stream.name)
    for number in range(first, first + 12):
        source.say(stream.name, **stream.frame(number))
        for _ in range(20):
            await asyncio.sleep(0)
        if waiting.done():
            return await waiting
    waiting.cancel()
    raise DeafError(f"{stream.name} is deaf")


def figures(value: Any) -> list[Any]:
    """Every number of a structure, without what the venue itself said."""
    if isinstance(value, dict):
        return [figure for key, part in value.items() if key != "info" for figure in figures(part)]
    if isinstance(value, list | tuple):
        return [figure for part in value for figure in figures(part)]
    return [value] if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else []
