"""History of a market, page by page, into a file that can be gone on with.

The file is CSV, a row a candle, trade or funding rate, oldest first, figures as the venue wrote them. A page
is written whole; an unfinished last line (the power went) is cut off when the file is gone on with.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["HEADS", "Gap", "HistoryFile", "OtherFileError", "fetch_of", "gaps", "gaps_of_trades", "pages"]

PAGE = 1000
HEADS: dict[str, list[str]] = {
    "candles": ["timestamp", "open", "high", "low", "close", "volume"],
    "trades": ["timestamp", "id", "side", "price", "amount"],
    "funding": ["timestamp", "rate"],
}

Row = list[str]
Fetch = Callable[[int], Sequence[Row]]


class OtherFileError(ValueError):
    """The file holds something else."""


class Gap(NamedTuple):
    """Rows that are not there: the last before and the first after, in milliseconds, and how many."""

    after: int
    before: int
    missing: int | None = None


class HistoryFile:
    """The rows of one kind in a CSV file, and where they end."""

    def __init__(self, path: Path, kind: str) -> None:
        self.path = path
        self.heads = HEADS[kind]
        self.latest: list[Row] = []
        """The rows of the last moment there is."""
        if path.exists() and path.stat().st_size:
            self._go_on()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._write([self.heads])

    def append(self, rows: Sequence[Row]) -> None:
        """Write a page."""
        if rows:
            self._write(rows)
            self.latest = _of_last_moment([*self.latest, *rows])

    def rows(self) -> Iterator[Row]:
        """Every row, oldest first."""
        with self.path.open(encoding="utf-8", newline="") as file:
            lines = csv.reader(file)
            next(lines)
            yield from lines

    def finish(self) -> None:
        """Nothing is left to do: each page was written when it came."""

    def _go_on(self) -> None:
        content = self.path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            self.path.write_bytes(whole)
        lines = whole.decode().splitlines()
        if not lines or next(csv.reader(lines[:1])) != self.heads:
            raise OtherFileError(f"{self.path} does not begin with {','.join(self.heads)}: name another file")
        self.latest = _of_last_moment(list(csv.reader(lines[1:])))

    def _write(self, rows: Sequence[Row]) -> None:
        with self.path.open("a", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)


def pages(
    fetch: Fetch, since: int, until: int, latest: Sequence[Row], window: int | None
) -> Iterator[list[Row]]:
    """Pages of new rows from `since` (or after the latest there are) up to `until`, oldest first.

    A page without anything new ends it, unless the venue answers by windows of time: then the next one is
    asked for, since a market may have been quiet in this one.
    """
    seen = {tuple(row) for row in latest}
    start = max(since, int(latest[-1][0])) if latest else since
    while start < until:
        rows = [row for row in fetch(start) if start <= int(row[0]) < until]
        new = [row for row in rows if tuple(row) not in seen]
        if new:
            yield new
        if rows and int(rows[-1][0]) > start:
            start = int(rows[-1][0])
            seen = {tuple(row) for row in rows if int(row[0]) == start}
        elif window is not None:
            start += window
        else:
            return


def gaps(rows: Iterator[Row], step: int) -> Iterator[Gap]:
    """Where rows are missing that should come every `step` milliseconds."""
    for sooner, later in pairwise(int(row[0]) for row in rows):
        if later - sooner > step:
            yield Gap(sooner, later, (later - sooner) // step - 1)


def gaps_of_trades(rows: Iterator[Row]) -> Iterator[Gap]:
    """Where trades are missing: their ids are numbered through, market by market."""
    for sooner, later in pairwise(row for row in rows if row[1].isdigit()):
        if int(later[1]) - int(sooner[1]) > 1:
            yield Gap(int(sooner[0]), int(later[0]), int(later[1]) - int(sooner[1]) - 1)


def fetch_of(exchange: Any, kind: str, symbol: str, timeframe: str) -> Fetch:
    """What asks for a page from a moment on, its rows as they are written."""

    def candles(since: int) -> list[Row]:
        return [_texts(row) for row in exchange.fetch_ohlcv(symbol, timeframe, since, PAGE)]

    def trades(since: int) -> list[Row]:
        fields = ("timestamp", "id", "side", "price", "amount")
        found = exchange.fetch_trades(symbol, since, PAGE)
        return [_texts([trade[field] for field in fields]) for trade in found]

    def funding(since: int) -> list[Row]:
        found = exchange.fetch_funding_rate_history(symbol, since, PAGE)
        return [_texts([rate["timestamp"], rate["fundingRate"]]) for rate in found]

    return {"candles": candles, "trades": trades, "funding": funding}[kind]


def _of_last_moment(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row[0] == rows[-1][0]]


def _texts(row: Sequence[Any]) -> Row:
    return ["" if value is None else str(value) for value in row]
