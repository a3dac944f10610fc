"""Candles that the gateway keeps itself, so that asking for them costs nothing of the 30 requests a minute.
Pure.

A series is whole from `since` on: rows that the venue answered, and after them what its kline stream says.
They join if the stream was on before the venue was asked and the answer reaches the candle that ran then:
answers can be a minute old (FACTS 11), and a candle missing in between would be missing for ever. A closed
candle does not change any more; of a running one the latest frame counts. The stream tells no quote volume:
it is None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

__all__ = ["LENGTHS", "Series"]

Row = dict[str, Any]

LENGTHS: Final[dict[str, int]] = {
    "1m": 60,
    "3m": 180,
    "5m": 300,
    "15m": 900,
    "30m": 1800,
    "1h": 3600,
    "2h": 7200,
    "4h": 14_400,
    "6h": 21_600,
    "8h": 28_800,
    "12h": 43_200,
    "1d": 86_400,
}
"""Seconds of the intervals that are kept; of the others (seconds, weeks, months) the venue is asked."""

MOST_ROWS: Final = 5_000
"""Rows kept of one series; the oldest go first."""


class Series:
    """One market's candles of one interval."""

    def __init__(self, length: int) -> None:
        self.began: float | None = None
        """When the stream was on, in seconds; None while it is not."""
        self._length = length
        self._since: int | None = None
        self._rows: dict[int, Row] = {}
        self._closed: set[int] = set()

    @property
    def since(self) -> int | None:
        """The second from which on every candle is here; None if none is for certain."""
        return self._since

    def begin(self, now: float) -> None:
        """The stream is on."""
        self.began = now

    def lose(self) -> None:
        """The stream is gone: what it would have said is not known."""
        self.began = None
        self._since = None
        self._rows.clear()
        self._closed.clear()

    def take(self, event: Mapping[str, Any]) -> None:
        """A frame of the stream."""
        opened = _second(event["t"])
        known = self._rows.get(opened)
        if opened in self._closed or (known is not None and int(event["n"]) < int(known["trades"])):
            return
        if event["X"]:
            self._closed.add(opened)
        elif event["o"] is None:
            return
        self._rows[opened] = _row(event)
        self._forget_the_oldest()

    def fill(self, rows: Sequence[Row], since: int) -> bool:
        """The venue's rows from `since` on, asked for while the stream was on; whether they join it."""
        began = self.began
        if began is None or not rows or _second(rows[-1]["end"]) <= began - self._length:
            return False
        before = {_second(row["start"]): row for row in rows}
        self._rows = before | self._rows
        self._since = since if self._since is None else min(since, self._since)
        self._forget_the_oldest()
        return True

    def rows(self, start: int, end: float) -> list[Row] | None:
        """The candles that were open between `start` and `end`, oldest first; None if they are not all
        here."""
        if self._since is None or start < self._since:
            return None
        first = start - start % self._length
        return [self._rows[opened] for opened in sorted(self._rows) if first <= opened < end]

    def _forget_the_oldest(self) -> None:
        if len(self._rows) <= MOST_ROWS:
            return
        for opened in sorted(self._rows)[: len(self._rows) - MOST_ROWS]:
            del self._rows[opened]
            self._closed.discard(opened)
        if self._since is not None:
            self._since = max(self._since, min(self._rows))


def _second(text: str) -> int:
    """The second that a time of the venue names; it writes UTC, with a blank or a T, and no zone."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def _row(event: Mapping[str, Any]) -> Row:
    """A frame in the words of GET /api/v1/klines."""
    was_traded = event["o"] is not None
    return {
        "start": event["t"].replace("T", " "),
        "end": event["T"].replace("T", " "),
        "open": event["o"],
        "high": event["h"],
        "low": event["l"],
        "close": event["c"],
        "volume": event["v"] if was_traded else "0",
        "quoteVolume": None if was_traded else "0",
        "trades": str(event["n"]),
    }
