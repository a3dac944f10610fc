"""Candles and tickers over any range: what was traded here, joined to the invented past before it.

Rows are those of whole intervals: the one in progress is absent, as captured. An interval in which nothing
was traded after the first trade has a row of nulls (see choices.BLANK_KLINES).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.crowd.past import Past, PastCandle, PastMinute
from bpx_connector.sandbox.exchange.exchange import Venue
from bpx_connector.sandbox.http import payloads as shapes
from bpx_connector.sandbox.market.candles import Candle, Ticker, interval_bounds
from bpx_connector.sandbox.records.refusals import Refusal

__all__ = ["History"]

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
DAY_MINUTES: Final = 1_440


class History:
    """Klines and tickers of all markets; `pasts` has one past for each."""

    def __init__(self, venue: Venue, pasts: dict[str, Past]) -> None:
        self._venue = venue
        self._pasts = pasts
        self._suffixes = lru_cache(maxsize=256)(lambda symbol, days: pasts[symbol].suffixes(days))

    # --- klines --------------------------------------------------------------------------------------

    def klines(
        self, symbol: str, interval: str, start: int, end: int, now: int, price_type: str
    ) -> list[dict[str, Any]]:
        """Rows of the intervals that begin in [start, end) and are over by `now`, oldest first; in seconds.

        `start` is floored to the interval, as captured.
        """
        first, following = interval_bounds(interval, start * SECOND)
        until = end * SECOND
        if until > first and (until - first) // (following - first) > choices.MOST_KLINES:
            raise Refusal(400, "INVALID_RANGE", f"Klines are limited to {choices.MOST_KLINES} rows")
        past = {} if interval == "1s" else self._past_buckets(symbol, interval, first, until, price_type)
        live = {
            candle.start: candle for candle in self._venue.candles(symbol, interval, first, until, price_type)
        }
        rows: list[dict[str, Any]] = []
        begins = min([*past, *live], default=until)
        while begins < until and (ends := interval_bounds(interval, begins)[1]) <= now * SECOND:
            parts = [part for part in (past.get(begins), live.get(begins)) if part is not None]
            if parts or choices.BLANK_KLINES:
                rows.append(_row(begins, ends, parts))
            begins = ends
        return rows

    def _past_buckets(
        self, symbol: str, interval: str, first: int, until: int, price_type: str
    ) -> dict[int, PastCandle]:
        past = self._pasts[symbol]
        buckets: dict[int, list[PastMinute]] = {}
        # The last interval of a request may reach past its end, so whole intervals are taken.
        _, whole = interval_bounds(interval, max(first, until - 1))
        begins, ends = interval_bounds(interval, first)
        for minute in past.minutes(first // MINUTE, whole // MINUTE):
            if minute.start * MINUTE >= ends:
                begins, ends = interval_bounds(interval, minute.start * MINUTE)
            buckets.setdefault(begins, []).append(minute)
        return {time: _of_type(past.candle(minutes), price_type) for time, minutes in buckets.items()}

    # --- tickers -------------------------------------------------------------------------------------

    def ticker(self, symbol: str, now: int, interval: str) -> Ticker | None:
        """The last day or week of one market, to the minute; None if nothing was traded in it."""
        days = 7 if interval == "1w" else 1
        live = self._venue.ticker(symbol, now, interval)
        past = self._past_since(symbol, now // MINUTE - days * DAY_MINUTES, days)
        if past is None:
            return live
        return Ticker(
            symbol,
            past.open,
            live.last_price if live else past.close,
            max(past.high, live.high) if live else past.high,
            min(past.low, live.low) if live else past.low,
            past.volume + (live.volume if live else 0),
            past.quote_volume + (live.quote_volume if live else 0),
            past.trades + (live.trades if live else 0),
        )

    def _past_since(self, symbol: str, minute: int, days: int) -> PastCandle | None:
        past, suffixes = self._pasts[symbol], self._suffixes(symbol, days)
        place = max(0, minute - (past.beginning - len(suffixes)))
        return past.candle([suffixes[place]]) if place < len(suffixes) else None


def _of_type(candle: PastCandle, price_type: str) -> PastCandle:
    """The candle itself for last prices; index and mark went the same way without volume."""
    if price_type == "Last":
        return candle
    return replace(candle, volume=Decimal(0), quote_volume=Decimal(0), trades=0)


def _row(start: int, end: int, parts: Sequence[PastCandle | Candle]) -> dict[str, Any]:
    if not parts:
        return shapes.blank_kline(start, end)
    return shapes.kline(
        start,
        end,
        (parts[0].open, max(part.high for part in parts), min(part.low for part in parts), parts[-1].close),
        (
            sum((part.volume for part in parts), Decimal(0)),
            sum((part.quote_volume for part in parts), Decimal(0)),
            sum(part.trades for part in parts),
        ),
    )
