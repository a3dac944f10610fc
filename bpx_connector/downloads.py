"""History of a market, page by page, into a file that can be gone on with.

The file is CSV, a row a candle, trade or funding rate, oldest first, figures as the venue wrote them. A page
is written whole; an unfinished last line (the power went) is cut off before the next one is written. One
download at a time writes a file, and a file that is another's is left as it is. What market a CSV file is of
does not stand in it: its newest rows are asked for again, and have to come back as they are.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from io import StringIO
from itertools import pairwise, takewhile
from pathlib import Path
from typing import IO, Any, NamedTuple, Self

from bpx_connector.locks import alone, replaced

__all__ = [
    "HEADS",
    "PAGE",
    "Gap",
    "HistoryFile",
    "OtherFileError",
    "checked_spacing",
    "fetch_of",
    "gaps",
    "gaps_of_trades",
    "not_come_back",
    "pages",
]

PAGE = 1000
NEWEST = 100
"""Rows at the end of a file that are asked for again."""
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
    """The rows of one kind in a CSV file, and where they end.

    Nothing is written before there is a first page, and nobody else writes until it is closed.
    """

    def __init__(self, path: Path, kind: str, about: Mapping[str, str] | None = None) -> None:
        """`about` is for files that can hold it: this one cannot."""
        self.path = path
        self.heads = HEADS[kind]
        self.first: Row | None = None
        """The oldest row there is."""
        self.newest: list[Row] = []
        """The last rows there are, oldest first."""
        self._is_new = not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[bytes] = alone(path)
        self._whole = 0
        try:
            self._go_on()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def latest(self) -> list[Row]:
        """The rows of the last moment there is."""
        return [row for row in self.newest if row[0] == self.newest[-1][0]]

    def append(self, rows: Sequence[Row]) -> None:
        """Write a page."""
        if rows:
            self._write(([] if self._whole else [self.heads]) + [*rows])
            self.first = self.first or rows[0]
            self.newest = _newest([*self.newest, *rows])

    def rows(self) -> Iterator[Row]:
        """Every row, oldest first."""
        with self.path.open(encoding="utf-8", newline="") as file:
            lines = csv.reader(line for line in file if line.endswith("\n"))
            next(lines, None)
            yield from lines

    def put_in_front(self, rows: Iterable[Row]) -> None:
        """Write rows that are older than all there are, in one step."""
        self._replace([*rows], self.rows())

    def drop_latest(self) -> None:
        """Take the newest row away: it was written before it was done."""
        *kept, _ = self.rows()
        self._replace(kept, [])

    def finish(self) -> None:
        """Nothing is left to do but for a file without rows: each page was written when it came."""
        if not self._whole:
            self._write([self.heads])

    def close(self) -> None:
        """Let others write; a file that was made, and has nothing in it, is taken away again."""
        if self._is_new and not self._file.closed and not self._size():
            self.remove()
        self._file.close()

    def remove(self) -> None:
        """Take the file away."""
        if os.name == "nt":  # where no file is removed that is open
            self._file.close()
        self.path.unlink(missing_ok=True)
        self._file.close()

    def _go_on(self) -> None:
        content = self.path.read_bytes()
        self._whole = content.rfind(b"\n") + 1
        if not content:
            return
        lines = content[: self._whole].decode(errors="replace").splitlines()
        if not lines or next(csv.reader(lines[:1]), None) != self.heads:
            raise OtherFileError(f"{self.path} does not begin with {','.join(self.heads)}: name another file")
        rows = list(csv.reader(lines[1:]))
        for number, row in enumerate(rows, start=2):
            if len(row) != len(self.heads) or not (row[0].isascii() and row[0].isdigit()):
                raise OtherFileError(f"line {number} of {self.path} is no row of it: name another file")
        self.first = rows[0] if rows else None
        self.newest = _newest(rows)

    def _write(self, rows: Iterable[Row]) -> None:
        if self._size() > self._whole:
            self._file.truncate(self._whole)
        self._file.write(_lines(rows))
        self._file.flush()
        self._whole = self._size()

    def _replace(self, *parts: Iterable[Row]) -> None:
        self._file = replaced(self._file, self.path, map(_lines, ([self.heads], *parts)))
        self._go_on()

    def _size(self) -> int:
        return os.fstat(self._file.fileno()).st_size


def pages(
    fetch: Fetch, since: int, until: int, latest: Sequence[Row], window: int | None
) -> Iterator[list[Row]]:
    """Pages of new rows from `since` (or after the latest there are) up to `until`, oldest first.

    A page without anything new ends it, unless the venue answers by windows of time: then the next one is
    asked for, since a market may have been quiet in this one.
    """
    seen = {_figures(row) for row in latest}
    start = max(since, int(latest[-1][0])) if latest else since
    while start < until:
        found = fetch(start)
        rows = [row for row in found if start <= int(row[0]) < until]
        new = [row for row in rows if _figures(row) not in seen]
        if new:
            yield new
        if rows and int(rows[-1][0]) > start:
            start = int(rows[-1][0])
            seen = {_figures(row) for row in rows if int(row[0]) == start}
        elif found and int(found[0][0]) >= until:
            return  # it has looked beyond the window by itself
        elif window is not None:
            start += window
        else:
            return


def not_come_back(stored: Sequence[Row], found: Sequence[Row]) -> list[Row]:
    """Those of the stored rows that should be among these, which were asked for from the first of them on.

    A full page may end within a moment, and what comes after its last row is not known by it.
    """
    if not found:
        return list(stored)
    reached, there = int(found[-1][0]), {_figures(row) for row in found}
    last = reached - 1 if len(found) >= PAGE else reached
    return [row for row in stored if int(row[0]) <= last and _figures(row) not in there]


def checked_spacing(rows: Iterable[Row], shortest: int) -> None:
    """OtherFileError if candles stand nearer to each other than `shortest` milliseconds."""
    for sooner, later in pairwise(int(row[0]) for row in rows):
        if later - sooner < shortest:
            raise OtherFileError(f"its candles are {(later - sooner) / 1000:g} s apart")


def gaps(rows: Iterator[Row], step: int) -> Iterator[Gap]:
    """Where rows are missing that should come every `step` milliseconds."""
    for sooner, later in pairwise(int(row[0]) for row in rows):
        missing = (later - sooner) // step - 1
        if missing > 0:
            yield Gap(sooner, later, missing)


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


def _newest(rows: Sequence[Row]) -> list[Row]:
    """The last rows, and all of the last moment."""
    of_the_last = takewhile(lambda row: row[0] == rows[-1][0], reversed(rows))
    return list(rows[-max(NEWEST, sum(1 for _ in of_the_last)) :])


def _figures(row: Sequence[str]) -> tuple[str | Decimal, ...]:
    """A row to be compared by: 10.50 is 10.5."""
    return tuple(map(_figure, row))


def _figure(text: str) -> str | Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def _lines(rows: Iterable[Row]) -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _texts(row: Sequence[Any]) -> Row:
    return ["" if value is None else str(value) for value in row]
