"""A book as a recording tells it: a snapshot, and the deltas that follow it.

A delta holds the updates U to u. What the book has passed is dropped, what follows is applied; after a hole
the book is not known until a snapshot joins the deltas that came since.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

__all__ = ["TapedBook"]

TWO: Final = Decimal(2)
MOST_DELTAS_KEPT: Final = 20_000
"""While no snapshot comes; it will be younger than those that are let go."""

Delta = Mapping[str, Any]


class TapedBook:
    """One market's prices, as far as they are known."""

    def __init__(self) -> None:
        self._bids: Final[list[Decimal]] = []
        self._asks: Final[list[Decimal]] = []
        self._update: int | None = None
        """The last that the book has taken; None while it is not known."""
        self._kept: Final[deque[Delta]] = deque(maxlen=MOST_DELTAS_KEPT)

    def begin(self, snapshot: Mapping[str, Any]) -> None:
        """Take a snapshot, unless the book is known and as far, and the deltas that were waiting for it."""
        update = int(snapshot["lastUpdateId"])
        if self._update is not None and update <= self._update:
            return
        self._update = update
        self._bids.clear()
        self._asks.clear()
        _change(self._bids, snapshot["bids"])
        _change(self._asks, snapshot["asks"])
        waiting = list(self._kept)
        self._kept.clear()
        for delta in waiting:
            self.after(delta)

    def after(self, delta: Delta) -> Decimal | None:
        """The middle of the best prices once this delta is applied; None where it is not known."""
        first, last = int(delta["U"]), int(delta["u"])
        if self._update is not None and first > self._update + 1:
            self._update = None
        if self._update is None:
            self._kept.append(delta)
            return None
        if last > self._update:
            self._update = last
            _change(self._bids, delta["b"])
            _change(self._asks, delta["a"])
        return (self._bids[-1] + self._asks[0]) / TWO if self._bids and self._asks else None


def _change(prices: list[Decimal], levels: Iterable[Sequence[str]]) -> None:
    """Bring a side's prices, lowest first, up to levels; one without a size is gone."""
    for text, size in levels:
        price, has_size = Decimal(text), Decimal(size) > 0
        place = bisect_left(prices, price)
        is_there = place < len(prices) and prices[place] == price
        if has_size and not is_there:
            prices.insert(place, price)
        elif is_there and not has_size:
            del prices[place]
