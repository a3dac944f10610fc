"""Recorded prices behind the books (`recorded.py` reads them).

A recording is laid over the sandbox's time: its first moment is now. Once a second each market in it moves to
the price that was last seen there, its mark, books and last trade with it; what anybody else has resting
there is filled. When a recording is over, its markets stay where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Final

from bpx_connector.sandbox.recorded import Moment
from bpx_connector.sandbox.records.times import SECOND

__all__ = ["Replay"]


class Replay:
    """A recording that is laid over the sandbox's time."""

    def __init__(self, moments: Iterable[Moment], move: Callable[[str, Decimal], None]) -> None:
        self._moments: Final = sorted(moments, key=lambda moment: moment.time)
        self._move: Final = move
        self._next = 0
        self._began: int | None = None
        self._moved_at = 0

    @property
    def symbols(self) -> set[str]:
        """The markets that are led by it."""
        return {moment.symbol for moment in self._moments}

    @property
    def is_over(self) -> bool:
        """Whether all of it has been played."""
        return self._next >= len(self._moments)

    def on_time(self, now: int) -> None:
        """Move every market whose price has changed by now, once a second."""
        if self._began is None:
            self._began = now
        if self.is_over or now - self._moved_at < SECOND:
            return
        self._moved_at = now
        for symbol, price in self._due(now - self._began).items():
            self._move(symbol, price)

    def _due(self, passed: int) -> dict[str, Decimal]:
        """The last price of every market up to this moment of the recording."""
        first, due = self._moments[0].time, {}
        while not self.is_over and self._moments[self._next].time - first <= passed:
            moment = self._moments[self._next]
            due[moment.symbol] = moment.price
            self._next += 1
        return due
