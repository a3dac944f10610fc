"""Parsing of candles. A candle is dated by its open; a period without trades has no candle."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ccxt.base.types import Market

from bpx_connector._ccxt import Ccxt
from bpx_connector.parse.figures import Reading, rows_of
from bpx_connector.parse.numbers import Number, milliseconds_at, milliseconds_of, number_or_none

__all__ = ["ParseCandles", "candle_rows", "candles", "opened_at", "was_traded"]


CANDLE_FIGURES = ("open", "high", "low", "close", "volume")


def candle_rows(number: Number) -> Reading:
    """What reads the rows of /klines."""
    return rows_of("CandleFigures", CANDLE_FIGURES, (), number, ("start",))


def opened_at(row: Any) -> int:
    """When the candle of a row opened, in milliseconds."""
    return milliseconds_at(row.start)


def was_traded(row: Any) -> bool:
    """Whether there were trades: the venue's schema leaves the four prices null where there were none."""
    return row.open is not None


def opened_each(rows: list[Any]) -> list[int]:
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
        expected = row.start + step
    return times


def candles(payload: list[Any], number: Number) -> list[list[Any]]:
    """Candles as ccxt gives them: open time, open, high, low, close, base volume."""
    traded = [row for row in candle_rows(number).of(payload) if row.open is not None]
    return [
        [time, row.open, row.high, row.low, row.close, row.volume]
        for time, row in zip(opened_each(traded), traded, strict=True)
    ]


class ParseCandles(Ccxt):
    """ccxt's parser of candles."""

    def parse_ohlcv(self, ohlcv: Any, market: Market = None) -> list[Any]:
        """One candle from a row of /klines; without trades its prices are None."""
        return [
            milliseconds_of(ohlcv["start"]),
            *(number_or_none(self.number, ohlcv.get(name)) for name in CANDLE_FIGURES),
        ]
