"""Parsing of candles. A candle is dated by its open; a period without trades has no candle."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from ccxt.base.types import Market

from bpx_connector._ccxt import Ccxt
from bpx_connector.parse.figures import Reading, rows_of
from bpx_connector.parse.numbers import Number, number_or_none

__all__ = ["ParseCandles", "candle_rows", "candles", "opened_at", "was_traded"]


CANDLE_FIGURES = ("open", "high", "low", "close", "volume")


@lru_cache(maxsize=4096)
def _day(date: str) -> int:
    return int(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp()) * 1000


@lru_cache(maxsize=4096)
def _time_of_day(text: str) -> int:
    hours, minutes, seconds = text.split(":")
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000


@lru_cache(maxsize=4096)
def _milliseconds(start: str) -> int:
    # "2026-09-01 16:52:00", UTC. Whoever polls gets the same moments again, a download the same days.
    return _day(start[:10]) + _time_of_day(start[11:19])


def candle_rows(number: Number) -> Reading:
    """What reads the rows of /klines."""
    return rows_of("CandleFigures", CANDLE_FIGURES, ("start",), number)


def opened_at(row: Any) -> int:
    """When the candle of a row opened, in milliseconds."""
    return _milliseconds(row.start)


def was_traded(row: Any) -> bool:
    """Whether there were trades: the venue's schema leaves the four prices null where there were none."""
    return row.open is not None


def candles(payload: list[Any], number: Number) -> list[list[Any]]:
    """Candles as ccxt gives them: open time, open, high, low, close, base volume."""
    return [
        [_milliseconds(row.start), row.open, row.high, row.low, row.close, row.volume]
        for row in candle_rows(number).of(payload)
        if row.open is not None
    ]


class ParseCandles(Ccxt):
    """ccxt's parser of candles."""

    def parse_ohlcv(self, ohlcv: Any, market: Market = None) -> list[Any]:
        """One candle from a row of /klines; without trades its prices are None."""
        return [
            _milliseconds(ohlcv["start"]),
            *(number_or_none(self.number, ohlcv.get(name)) for name in CANDLE_FIGURES),
        ]
