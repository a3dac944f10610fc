"""Parsing of candles. A candle is dated by its open; a period without trades has no candle."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import Any, Protocol

from ccxt.base.types import Market

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Payload
from bpx_connector.parse.figures import UNREADABLE, Fields, Reading, rows_of
from bpx_connector.parse.numbers import EARLIEST, LATEST, Figure, Number, iso8601, milliseconds_at
from bpx_connector.parse.overriding import own
from bpx_connector.parse.rows import Row, object_of, rows_in

__all__ = ["ParseCandles", "candle_rows", "candles", "opened_at", "read_candles", "was_traded"]

Candle = list[Any]
"""ccxt's: open time, open, high, low, close, base volume."""

CANDLE_FIGURES = ("open", "high", "low", "close", "volume")
FIELDS = Fields(CANDLE_FIGURES)


class CandleRow(Protocol):
    """What is read of a candle."""

    start: datetime
    open: Figure | None
    high: Figure | None
    low: Figure | None
    close: Figure | None
    volume: Figure | None


@lru_cache(maxsize=8)
def candle_rows(number: Number) -> Reading:
    """What reads the rows of /klines."""
    return rows_of("CandleFigures", CANDLE_FIGURES, (), number, ("start",))


def read_candles(payload: object, number: Number) -> list[CandleRow]:
    """What the rows of /klines say, read before or not; those whose time cannot be read are left out."""
    reading = candle_rows(number)
    rows: list[CandleRow]
    try:
        rows = reading.of(payload)
    except UNREADABLE:
        legible = rows_in(payload, "candles")
        rows = reading.of([{**FIELDS.legible(row), "start": _start(row)} for row in legible])
    return rows if all(map(attrgetter("start"), rows)) else [row for row in rows if row.start]


def _start(row: Payload) -> str | None:
    return iso8601(Row(row).moment("start"))


def opened_at(row: CandleRow) -> int:
    """When the candle of a row opened, in milliseconds."""
    return milliseconds_at(row.start)


def was_traded(row: CandleRow) -> bool:
    """Whether there were trades: the venue's schema leaves the four prices null where there were none."""
    return row.open is not None


def opened_each(rows: Sequence[CandleRow]) -> list[int]:
    """When each candle opened, in milliseconds.

    They mostly follow one another at one distance: to see that and to add takes a third of reading a time.
    """
    times: list[int] = []
    expected: datetime | None = None
    time, step, distance = 0, timedelta(0), 0
    for row in rows:
        if row.start == expected:
            time += distance
        else:
            before, time = time, opened_at(row)
            distance = time - before if times else 0
            step = timedelta(milliseconds=distance)
        times.append(time)
        expected = _after(row.start, step)
    return times


def _after(moment: datetime, step: timedelta) -> datetime | None:
    try:
        return moment + step
    except OverflowError:
        return None


def candles(payload: object, number: Number) -> list[Candle]:
    """Candles of the rows of /klines, read before or not."""
    traded = [row for row in read_candles(payload, number) if row.open is not None]
    times = opened_each(traded)
    found: list[Candle] = [
        [time, row.open, row.high, row.low, row.close, row.volume]
        for time, row in zip(times, traded, strict=True)
    ]
    if not times or (min(times) >= EARLIEST and max(times) < LATEST):
        return found
    return [candle for candle in found if EARLIEST <= candle[0] < LATEST]


class ParseCandles(Ccxt):
    """ccxt's parser of candles."""

    @own
    def parse_ohlcv(self, ohlcv: object, market: Market = None) -> Candle:
        """One candle from a row of /klines; without trades its prices are None."""
        row = Row(object_of(ohlcv, f"{self.id} a candle"))
        return [row.moment("start"), *(row.number(name, self.number) for name in CANDLE_FIGURES)]
