"""Parsing of candles. A candle is dated by its open; a period without trades has no candle."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ccxt.base.types import Market

from bpx_connector._ccxt import Ccxt, Payload
from bpx_connector.parse.numbers import Number, milliseconds_of

__all__ = ["ParseCandles", "candles", "opened_at", "was_traded"]


def opened_at(row: Payload) -> int:
    """When the candle of a row opened, in milliseconds."""
    opened = milliseconds_of(row["start"])
    assert opened is not None, "the venue's candles have a start"
    return opened


def was_traded(row: Payload) -> bool:
    """Whether there were trades: the venue's schema leaves the four prices null where there were none."""
    return row.get("open") is not None


def candles(rows: Iterable[Payload], number: Number) -> list[list[Any]]:
    """Candles as ccxt gives them: open time, open, high, low, close, base volume."""
    return [
        [
            opened_at(row),
            number(row["open"]),
            number(row["high"]),
            number(row["low"]),
            number(row["close"]),
            number(row["volume"]),
        ]
        for row in rows
        if was_traded(row)
    ]


class ParseCandles(Ccxt):
    """ccxt's parser of candles."""

    def parse_ohlcv(self, ohlcv: Any, market: Market = None) -> list[Any]:
        """One candle from a row of /klines; without trades its prices are None."""
        number = self.number
        prices = (ohlcv.get(name) for name in ("open", "high", "low", "close", "volume"))
        return [opened_at(ohlcv), *(None if price is None else number(price) for price in prices)]
