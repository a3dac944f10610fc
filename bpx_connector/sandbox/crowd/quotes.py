"""What the streams ask between events: tickers and candles, which reach back into the invented past."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Final

from bpx_connector.sandbox.exchange.exchange import Venue
from bpx_connector.sandbox.http.context import FrontDesk
from bpx_connector.sandbox.market.candles import Candle, Ticker

__all__ = ["Quotes"]

MINUTE: Final = 60_000_000


class Quotes:
    """One exchange's figures of this moment, the same ones that its REST interface answers with."""

    def __init__(self, desk: FrontDesk) -> None:
        self._desk: Final = desk
        self._before = lru_cache(maxsize=1024)(self._past_part)

    @property
    def venue(self) -> Venue:
        """The exchange itself."""
        return self._desk.venue

    def ticker(self, symbol: str, now: int) -> Ticker | None:
        """The last 24 hours of one market."""
        return self._desk.history.ticker(symbol, now, "1d")

    def candle(self, symbol: str, interval: str, start: int, end: int) -> Candle | None:
        """One interval's candle of traded prices, running or closed; None if nothing traded in it."""
        # What an interval held before the sandbox began never changes, and a month takes long to sum up.
        candle = self._before(symbol, start, end)
        for live in self.venue.candles(symbol, interval, start, end):
            if candle is None:
                candle = replace(live)
            else:
                candle = replace(candle)
                candle.take_in(live)
        return candle

    def _past_part(self, symbol: str, start: int, end: int) -> Candle | None:
        if end - start < MINUTE or start // MINUTE >= self._desk.beginning:
            return None
        past = self._desk.pasts[symbol]
        minutes = list(past.minutes(start // MINUTE, end // MINUTE))
        if not minutes:
            return None
        whole = past.candle(minutes)
        return Candle(
            start,
            end,
            whole.open,
            whole.high,
            whole.low,
            whole.close,
            whole.volume,
            whole.quote_volume,
            whole.trades,
        )
