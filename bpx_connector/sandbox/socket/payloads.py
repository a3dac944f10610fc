"""What public events look like on the socket, payload for payload as captured; envelopes and errors.

Keys stand in the order of the captures. Depth and book ticker pad their decimals to the market's tick and
step, ticker, mark and candles carry no trailing zeros. `now` is the time at which the frame leaves (`E`),
the engine's own time is `T`; both are microseconds. Pure.

Sources: Backpack OpenAPI, tag Streams, for the names of the fields; captured frames of August 2025 to October
2026 for types, padding and presence.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from bpx_connector.sandbox.market.candles import Candle, Ticker
from bpx_connector.sandbox.market.marks import Mark
from bpx_connector.sandbox.records.events import DepthChanged, Liquidated, TopChanged, Traded
from bpx_connector.sandbox.records.figures import plain
from bpx_connector.sandbox.records.rules import MarketRules
from bpx_connector.sandbox.records.times import SECOND

__all__ = [
    "INVALID_DEPTH_WINDOW",
    "INVALID_SIGNATURE",
    "INVALID_STREAM",
    "PARSE_ERROR",
    "Padding",
    "Payload",
    "book_ticker",
    "depth",
    "envelope",
    "kline",
    "liquidation",
    "mark_price",
    "open_interest",
    "padding",
    "ticker",
    "trade",
]

Payload = dict[str, Any]
Levels = Mapping[Decimal, Decimal]


_encoded: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def envelope(stream: str, payload: Payload) -> str:
    """The text frame of one event: data first, as captured."""
    return _encoded({"data": payload, "stream": stream})


def _error(code: int, message: str) -> str:
    return _encoded({"id": None, "error": {"code": code, "message": message}})


PARSE_ERROR: Final = _error(4002, "Parse error")
INVALID_SIGNATURE: Final = _error(4003, "Invalid signature")
INVALID_STREAM: Final = _error(4006, "Invalid stream")
INVALID_DEPTH_WINDOW: Final = _error(4008, "Invalid depth window")


# --- figures -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Padding:
    """How one market's prices and sizes are written where the venue pads them."""

    price: str
    size: str

    def levels(self, levels: Levels) -> list[list[str]]:
        """A side of a book, prices ascending; a deleted level keeps its decimals ("0.00")."""
        return [
            [format(price, self.price), format(size, self.size)] for price, size in sorted(levels.items())
        ]


def padding(rules: MarketRules) -> Padding:
    """The decimals of a market's tick and step; a step of 10 or more has none."""
    return Padding(_decimals(rules.tick), _decimals(rules.step))


def _decimals(unit: Decimal) -> str:
    exponent = unit.normalize().as_tuple().exponent
    return f".{max(0, -exponent)}f" if isinstance(exponent, int) else "f"


def _padded(value: Decimal | None, form: str) -> str | None:
    return None if value is None else format(value, form)


def _clock_text(time: int) -> str:
    """Start and end of a candle: naive ISO text in UTC."""
    return datetime.fromtimestamp(time // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%S")


# --- books and trades ----------------------------------------------------------------------------------


def depth(event: DepthChanged, pad: Padding, now: int) -> Payload:
    """`depth.<symbol>` and its merged variants."""
    return {
        "E": now,
        "T": event.time,
        "U": event.first_id,
        "a": pad.levels(event.asks),
        "b": pad.levels(event.bids),
        "e": "depth",
        "s": event.symbol,
        "u": event.last_id,
    }


def book_ticker(event: TopChanged, pad: Padding, now: int) -> Payload:
    """`bookTicker.<symbol>`; an empty side is null."""
    return {
        "A": _padded(event.ask_size, pad.size),
        "B": _padded(event.bid_size, pad.size),
        "E": now,
        "T": event.time,
        "a": _padded(event.ask, pad.price),
        "b": _padded(event.bid, pad.price),
        "e": "bookTicker",
        "s": event.symbol,
        "u": event.update_id,
    }


def trade(event: Traded, now: int) -> Payload:
    """`trade.<symbol>`; its `T` stands on whole milliseconds, as captured."""
    return {
        "E": now,
        "T": event.time // 1000 * 1000,
        "a": str(event.seller_order_id),
        "b": str(event.buyer_order_id),
        "e": "trade",
        "m": event.buyer_is_maker,
        "p": plain(event.price),
        "q": plain(event.quantity),
        "s": event.symbol,
        "t": event.trade_id,
    }


def liquidation(event: Liquidated, now: int, unit: int = 1) -> Payload:
    """`liquidation` and `liquidation.<symbol>`; never captured, fields from the documentation.

    `T` is told in units of so many microseconds.
    """
    return {
        "E": now,
        "S": event.side,
        "T": event.time // unit,
        "e": "liquidation",
        "p": plain(event.price),
        "q": plain(event.quantity),
        "s": event.symbol,
    }


# --- what is sent by the clock -------------------------------------------------------------------------


def kline(symbol: str, start: int, end: int, candle: Candle | None, now: int, *, closed: bool) -> Payload:
    """`kline.<interval>.<symbol>`; None for an interval without trades, whose prices and volume are null."""
    payload: Payload = {
        "E": now,
        "e": "kline",
        "s": symbol,
        "T": _clock_text(end),
        "X": closed,
        "c": None,
        "h": None,
        "l": None,
        "n": 0,
        "o": None,
        "t": _clock_text(start),
        "v": None,
    }
    if candle is not None:
        payload |= {
            "c": plain(candle.close),
            "h": plain(candle.high),
            "l": plain(candle.low),
            "n": candle.trades,
            "o": plain(candle.open),
            "v": plain(candle.volume),
        }
    return payload


def ticker(row: Ticker, now: int) -> Payload:
    """`ticker.<symbol>`: the last 24 hours; it has no `T`."""
    return {
        "E": now,
        "V": plain(row.quote_volume),
        "c": plain(row.last_price),
        "e": "ticker",
        "h": plain(row.high),
        "l": plain(row.low),
        "n": row.trades,
        "o": plain(row.first_price),
        "s": row.symbol,
        "v": plain(row.volume),
    }


def mark_price(row: Mark, time: int, now: int) -> Payload:
    """`markPrice.<symbol>`; rate, index and next funding (milliseconds) only where the market has funding."""
    payload: Payload = {"E": now, "T": time, "e": "markPrice"}
    if row.funding_rate is not None:
        payload["f"] = plain(row.funding_rate)
    if row.index is not None:
        payload["i"] = plain(row.index)
    if row.next_funding is not None:
        payload["n"] = row.next_funding // 1000
    payload["p"] = plain(row.mark)
    payload["s"] = row.symbol
    return payload


def open_interest(symbol: str, quantity: Decimal, now: int) -> Payload:
    """`openInterest.<symbol>`."""
    return {"E": now, "e": "openInterest", "o": plain(quantity), "s": symbol}
