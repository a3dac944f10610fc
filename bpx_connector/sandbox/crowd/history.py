"""Candles and tickers over any range: what was traded here, joined to the invented past before it.

The same figures answer requests and go out on the streams.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.crowd.listings import Listing
from bpx_connector.sandbox.crowd.past import Past
from bpx_connector.sandbox.exchange.exchange import Exchange
from bpx_connector.sandbox.market.candles import Blank, Candle, Ticker, interval_bounds
from bpx_connector.sandbox.records import refusals
from bpx_connector.sandbox.records.figures import ZERO
from bpx_connector.sandbox.records.times import DAY, MINUTE, SECOND, WEEK

__all__ = ["CandlesAsked", "History"]

LAST: Final = "Last"


@dataclass(frozen=True, slots=True)
class CandlesAsked:
    """What a request for candles is about: those that begin in [start, end), in seconds.

    `start` is floored to the interval, as captured.
    """

    symbol: str
    interval: str
    start: int
    end: int
    price_type: str = LAST

    @property
    def first(self) -> int:
        """When the first candle begins, in microseconds."""
        return interval_bounds(self.interval, self.start * SECOND)[0]

    @property
    def until(self) -> int:
        """When no candle begins any more, in microseconds."""
        return self.end * SECOND

    @property
    def rows(self) -> int:
        """How many candles there may be."""
        begins, ends = interval_bounds(self.interval, self.start * SECOND)
        return max(0, self.until - begins) // (ends - begins)

    def cut(self, rows: int) -> CandlesAsked:
        """The same with no more than so many candles, the first ones."""
        begins = self.first
        for _ in range(rows):
            begins = interval_bounds(self.interval, begins)[1]
        return replace(self, end=min(self.end, begins // SECOND))


class History:
    """Candles and tickers of all markets; each has a past that ends with the minute `beginning`."""

    def __init__(self, exchange: Exchange, listings: Iterable[Listing], *, seed: int, beginning: int) -> None:
        self.pasts: Final[Mapping[str, Past]] = {
            listing.symbol: Past(seed, listing, beginning) for listing in listings
        }
        self.beginning: Final = beginning
        self._exchange: Final = exchange
        self._before = lru_cache(maxsize=1024)(self._past_candle)
        self._suffixes = lru_cache(maxsize=256)(lambda symbol, days: self.pasts[symbol].suffixes(days))

    def candles(self, asked: CandlesAsked, now: int) -> list[Candle | Blank]:
        """The candles that were asked for, oldest first; an interval without trades is blank.

        The one that is running at `now` comes last, if it is to be told (see `running_kline` in `switches`).
        """
        told = self._told(asked)
        if told is None:
            raise refusals.too_many_candles(choices.MOST_KLINES)
        asked = told
        found = {candle.start: candle for candle in self._past_candles(asked)}
        live = self._exchange.candles(
            asked.symbol, asked.interval, asked.first, asked.until, asked.price_type
        )
        for candle in live:
            before = found.get(candle.start)
            found[candle.start] = candle if before is None else _joined(before, candle)
        last = now if self._exchange.switches.running_kline else None
        return list(self._rows(asked, found, now, last))

    def prepare(self, asked: CandlesAsked) -> Iterator[None]:
        """Work out, step by step, what `candles` will need of the past: long ranges take long."""
        told = self._told(asked)
        if told is not None and told.interval != "1s":
            yield from self.pasts[told.symbol].prepare(told.interval, *_minutes(told))

    def _told(self, asked: CandlesAsked) -> CandlesAsked | None:
        """What of a request is answered: all of it, its first candles, or (None) nothing of one too long."""
        how = self._exchange.switches.long_klines
        if asked.rows <= choices.MOST_KLINES or how == "all":
            return asked
        return asked.cut(choices.MOST_KLINES) if how == "cut" else None

    def ticker(self, symbol: str, now: int, interval: str = "1d") -> Ticker | None:
        """The last day or week of one market, to the minute; None if nothing was traded in it."""
        span = WEEK if interval == "1w" else DAY
        live = self._exchange.ticker(symbol, now, interval)
        past = self._past_since(symbol, (now - span) // MINUTE, span // DAY)
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

    def candle(self, symbol: str, interval: str, start: int, end: int) -> Candle | None:
        """One interval's candle of traded prices, running or closed; None if nothing traded in it."""
        # What an interval held before the sandbox began never changes, and a month takes long to sum up.
        candle: Candle | None = self._before(symbol, interval, start, end)
        for live in self._exchange.candles(symbol, interval, start, end):
            candle = replace(live) if candle is None else _joined(candle, live)
        return candle

    def _rows(
        self, asked: CandlesAsked, found: Mapping[int, Candle], now: int, running: int | None
    ) -> Iterator[Candle | Blank]:
        begins = min(found, default=asked.until)
        while begins < asked.until:
            _, ends = interval_bounds(asked.interval, begins)
            if ends > now and (running is None or begins not in found):
                return
            if begins in found:
                yield found[begins]
            elif self._exchange.switches.blank_klines:
                yield Blank(begins, ends)
            begins = ends

    def _past_candles(self, asked: CandlesAsked) -> list[Candle]:
        """What was before the sandbox began; index and mark went the same way, without volume."""
        if asked.interval == "1s":
            return []
        candles = self.pasts[asked.symbol].candles(asked.interval, *_minutes(asked))
        if asked.price_type == LAST:
            return candles
        return [replace(candle, volume=ZERO, quote_volume=ZERO, trades=0) for candle in candles]

    def _past_candle(self, symbol: str, interval: str, start: int, end: int) -> Candle | None:
        if end - start < MINUTE or start // MINUTE >= self.beginning:
            return None
        candles = self.pasts[symbol].candles(interval, start // MINUTE, end // MINUTE)
        return candles[0] if candles else None

    def _past_since(self, symbol: str, minute: int, days: int) -> Candle | None:
        past, suffixes = self.pasts[symbol], self._suffixes(symbol, days)
        place = max(0, minute - (past.beginning - len(suffixes)))
        return past.whole(suffixes[place]) if place < len(suffixes) else None


def _joined(before: Candle, after: Candle) -> Candle:
    whole = replace(before)
    whole.take_in(after)
    return whole


def _minutes(asked: CandlesAsked) -> tuple[int, int]:
    """The minutes of all the candles: the last of them may reach past the end that was asked for."""
    _, last = interval_bounds(asked.interval, max(asked.first, asked.until - 1))
    return asked.first // MINUTE, last // MINUTE
