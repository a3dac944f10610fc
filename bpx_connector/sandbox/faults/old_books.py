"""Books as they were a while ago, for snapshots that are to be stale; kept while somebody asks for them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

from bpx_connector.sandbox.exchange.exchange import Exchange
from bpx_connector.sandbox.http import payloads
from bpx_connector.sandbox.market.marks import Depth
from bpx_connector.sandbox.records.times import SECOND

__all__ = ["OldBooks"]

PERIOD: Final = SECOND
"""A book is kept once in this time."""
KEPT: Final = 60


class OldBooks:
    """The last minute of some books. `wanted` answers which symbols' books to keep."""

    def __init__(self, exchange: Exchange, wanted: Callable[[], Iterable[str]]) -> None:
        self.exchange = exchange
        self._wanted: Final = wanted
        self._kept: Final[dict[str, deque[tuple[int, Depth]]]] = {}
        self._now = 0

    def begin_again(self, exchange: Exchange) -> None:
        """Keep the books of another exchange from here on."""
        self.exchange = exchange
        self._kept.clear()

    def on_time(self, now: int) -> None:
        """Keep what is wanted; called with every step of the clock."""
        self._now = now
        wanted = frozenset(self._wanted())
        for symbol in [symbol for symbol in self._kept if symbol not in wanted]:
            del self._kept[symbol]
        for symbol in wanted:
            books = self._kept.setdefault(symbol, deque(maxlen=KEPT))
            if not books or now - books[-1][0] >= PERIOD:
                books.append((now, self.exchange.depth(symbol)))

    def body(self, symbol: str, seconds: float, limit: int | None) -> dict[str, Any] | None:
        """The answer to `GET /depth` of so many seconds ago, or the oldest that is known; None if none is."""
        books = self._kept.get(symbol)
        if not books:
            return None
        until = self._now - round(seconds * SECOND)
        old = [book for time, book in books if time <= until]
        book = old[-1] if old else books[0][1]
        return payloads.depth(replace(book, bids=book.bids[:limit], asks=book.asks[:limit]))
