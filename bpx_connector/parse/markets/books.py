"""Parsing of order books."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from ccxt.base.errors import BadResponse
from ccxt.base.types import OrderBook

from bpx_connector.aliases import Payload
from bpx_connector.parse.arithmetic import arithmetic_in
from bpx_connector.parse.figures import LARGEST, UNREADABLE, Reading, figures_of
from bpx_connector.parse.numbers import Number, iso8601, milliseconds_of
from bpx_connector.parse.rows import Row, figure_text, object_of, quoted

__all__ = ["depth_reading", "order_book"]

Figure = TypeVar("Figure")
LEVEL = msgspec.Meta(min_length=2, max_length=2)
AMOUNT = Annotated[float, msgspec.Meta(ge=0, lt=LARGEST)]
MICROSECONDS = 1000
MOST_NONCE = 20
"""Digits of an update number of 64 bits."""


class Depth(msgspec.Struct, Generic[Figure], gc=False):
    """The book as the venue sends it: prices and sizes, bids in ascending order too, the best one last."""

    asks: list[Annotated[list[Figure], LEVEL]]
    bids: list[Annotated[list[Figure], LEVEL]]
    lastUpdateId: str | int | None = None  # noqa: N815  the venue's name
    timestamp: int | None = None


@lru_cache(maxsize=8)
def depth_reading(number: Number) -> Reading:
    """What reads the answer of /depth."""
    return Reading(Depth[AMOUNT if number is float else figures_of(number)], number)  # type: ignore[misc]  # made at run time


def order_book(depth: Any, symbol: str | None, number: Number, limit: int | None = None) -> OrderBook:
    """The book with the best prices first. A level that cannot be read is left out."""
    book = _read(depth, number)
    by_price = arithmetic_in(number).by_first
    timestamp = None if book.timestamp is None else milliseconds_of(book.timestamp // MICROSECONDS)
    nonce = str(book.lastUpdateId)[: MOST_NONCE + 1]
    return {
        "symbol": symbol,
        "bids": sorted(book.bids, key=by_price, reverse=True)[:limit],
        "asks": sorted(book.asks, key=by_price)[:limit],
        "timestamp": timestamp,
        "datetime": iso8601(timestamp),
        "nonce": int(nonce) if nonce.isdigit() and len(nonce) <= MOST_NONCE else None,
    }


def _read(depth: Any, number: Number) -> Any:
    """The book as the document says, or as far as it can be read."""
    reading = depth_reading(number)
    if number is float or not isinstance(depth, dict):
        try:
            return reading.of(depth)
        except UNREADABLE:
            pass
    return reading.of(_legible(object_of(depth, "the order book")))


def _legible(depth: Payload) -> Payload:
    row = Row(depth)
    return {
        "bids": _levels(depth, "bids"),
        "asks": _levels(depth, "asks"),
        "lastUpdateId": row.word("lastUpdateId"),
        "timestamp": row.whole("timestamp"),
    }


def _levels(depth: Payload, side: str) -> list[list[str]]:
    levels = depth.get(side)
    if not isinstance(levels, list):
        raise BadResponse(f"the order book has {quoted(levels)} in the place of its {side}")
    pairs = ([figure_text(one) for one in level[:2]] for level in levels if isinstance(level, list))
    return [[price, size] for price, size in filter(_is_pair, pairs) if price and size]


def _is_pair(level: list[str | None]) -> bool:
    return len(level) == 2 and all(one is not None and not one.startswith("-") for one in level)
