"""Parsing of order books."""

from __future__ import annotations

from functools import lru_cache
from operator import itemgetter
from typing import Any, Generic, TypeVar

import msgspec
from ccxt.base.types import OrderBook

from bpx_connector.parse.figures import Reading, figures_of
from bpx_connector.parse.numbers import Number, iso8601

__all__ = ["depth_reading", "order_book"]

Figure = TypeVar("Figure")


class Depth(msgspec.Struct, Generic[Figure], gc=False):
    """The book as the venue sends it: prices and sizes, bids in ascending order too, the best one last."""

    asks: list[list[Figure]]
    bids: list[list[Figure]]
    lastUpdateId: str  # noqa: N815  the venue's name
    timestamp: int


@lru_cache(maxsize=8)
def depth_reading(number: Number) -> Reading:
    """What reads the answer of /depth."""
    return Reading(Depth[figures_of(number)])  # type: ignore[misc]  # made at run time


def _value(level: list[Any]) -> float:
    return float(level[0])


def order_book(depth: Any, symbol: str, number: Number, limit: int | None = None) -> OrderBook:
    """The book with the best prices first."""
    book = depth_reading(number).of(depth)
    by_price: Any = _value if number is str else itemgetter(0)
    timestamp = book.timestamp // 1000  # microseconds
    return {
        "symbol": symbol,
        "bids": sorted(book.bids, key=by_price, reverse=True)[:limit],
        "asks": sorted(book.asks, key=by_price)[:limit],
        "timestamp": timestamp,
        "datetime": iso8601(timestamp),
        "nonce": int(book.lastUpdateId),
    }
