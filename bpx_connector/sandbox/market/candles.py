"""Candles and rolling tickers, built from prices as they come.

Seconds, minutes and hours are kept, longer intervals are summed from them. Only intervals with
data exist. Times are microseconds; intervals go by the venue's words.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, NamedTuple

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.records.figures import ZERO
from bpx_connector.sandbox.records.times import DAY, HOUR, MINUTE, SECOND, WEEK

__all__ = [
    "INTERVALS",
    "MONTH",
    "Blank",
    "Candle",
    "Rolling",
    "Series",
    "Ticker",
    "interval_bounds",
    "ticker_of",
]

MONTH: Final = "1month"
FIRST_MONDAY: Final = 4 * DAY
"""The epoch was a Thursday; weeks start on Mondays."""

INTERVALS: Final = {
    "1s": SECOND,
    "1m": MINUTE,
    "3m": 3 * MINUTE,
    "5m": 5 * MINUTE,
    "15m": 15 * MINUTE,
    "30m": 30 * MINUTE,
    "1h": HOUR,
    "2h": 2 * HOUR,
    "4h": 4 * HOUR,
    "6h": 6 * HOUR,
    "8h": 8 * HOUR,
    "12h": 12 * HOUR,
    "1d": DAY,
    "3d": 3 * DAY,
    "1w": WEEK,
}
"""The venue's `KlineInterval`, but for the month, which has no fixed length."""


@dataclass(slots=True)
class Candle:
    """One interval's prices and volumes; mark and index candles have no volume."""

    start: int
    end: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal = ZERO
    quote_volume: Decimal = ZERO
    trades: int = 0

    def take_in(self, later: Candle) -> None:
        """Add what a later, shorter interval saw."""
        self.high = max(self.high, later.high)
        self.low = min(self.low, later.low)
        self.close = later.close
        self.volume += later.volume
        self.quote_volume += later.quote_volume
        self.trades += later.trades


class Blank(NamedTuple):
    """An interval in which nothing was traded."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Ticker:
    """A market's rolling statistics: the venue's `Ticker`."""

    symbol: str
    first_price: Decimal
    last_price: Decimal
    high: Decimal
    low: Decimal
    volume: Decimal
    quote_volume: Decimal
    trades: int

    @property
    def price_change(self) -> Decimal:
        """Last price minus first."""
        return self.last_price - self.first_price

    @property
    def price_change_percent(self) -> Decimal:
        """The change as a fraction of the first price: -0.029 is -2.9 per cent; six decimals."""
        return (self.price_change / self.first_price).quantize(Decimal("0.000001"))


def interval_bounds(interval: str, time: int) -> tuple[int, int]:
    """Start and end of the interval that `time` is in."""
    if interval == MONTH:
        return _month_bounds(time)
    length = INTERVALS[interval]
    offset = FIRST_MONDAY if interval == "1w" else 0
    start = (time - offset) // length * length + offset
    return start, start + length


class Series:
    """The candles of one price of one market."""

    def __init__(self, seconds_kept: int | None = None) -> None:
        self._tiers: Final = (
            _Tier(SECOND, choices.SECONDS_KEPT if seconds_kept is None else seconds_kept),
            _Tier(MINUTE, choices.MINUTES_KEPT),
            _Tier(HOUR, choices.HOURS_KEPT),
        )

    def add(self, time: int, price: Decimal, quantity: Decimal = ZERO, trades: int = 0) -> Candle:
        """Take in one price, with what traded at it; answers the minute it fell into."""
        quote = price * quantity
        for tier in self._tiers:
            tier.add(time, price, quantity, quote, trades)
        return self._tiers[1].rows[-1]

    def candles(self, interval: str, start: int, end: int) -> list[Candle]:
        """Candles that start in [start, end), oldest first."""
        first, _ = interval_bounds(interval, start)
        _, last = interval_bounds(interval, max(start, end - 1))
        merged = _merged(interval, self._tier_for(interval).between(first, last))
        return [candle for candle in merged if start <= candle.start < end]

    def _tier_for(self, interval: str) -> _Tier:
        length = DAY if interval == MONTH else INTERVALS[interval]
        return next(tier for tier in reversed(self._tiers) if tier.length <= length)


class Rolling:
    """The last 24 hours of trades, to the minute, kept as running sums."""

    def __init__(self, window: int = DAY) -> None:
        self._window: Final = window
        self._minutes: Final[deque[Candle]] = deque()
        self._volume = ZERO
        self._quote_volume = ZERO
        self._trades = 0
        self._extremes: tuple[Decimal, Decimal] | None = None

    def add(self, minute: Candle, price: Decimal, quantity: Decimal) -> None:
        """Count one trade; `minute` is the candle that already holds it."""
        if not self._minutes or self._minutes[-1] is not minute:
            self._minutes.append(minute)
            self._forget(minute.start - self._window)  # of some markets nobody asks for the ticker
        self._volume += quantity
        self._quote_volume += price * quantity
        self._trades += 1
        if self._extremes is not None:
            high, low = self._extremes
            self._extremes = max(high, price), min(low, price)

    def ticker(self, symbol: str, now: int) -> Ticker | None:
        """The statistics at `now`; None when nothing traded in the window."""
        self._forget(now - self._window)
        if not self._minutes:
            return None
        if self._extremes is None:
            self._extremes = (
                max(minute.high for minute in self._minutes),
                min(minute.low for minute in self._minutes),
            )
        return Ticker(
            symbol,
            first_price=self._minutes[0].open,
            last_price=self._minutes[-1].close,
            high=self._extremes[0],
            low=self._extremes[1],
            volume=self._volume,
            quote_volume=self._quote_volume,
            trades=self._trades,
        )

    def _forget(self, before: int) -> None:
        while self._minutes and self._minutes[0].end <= before:
            gone = self._minutes.popleft()
            self._volume -= gone.volume
            self._quote_volume -= gone.quote_volume
            self._trades -= gone.trades
            self._extremes = None


def ticker_of(symbol: str, candles: Iterable[Candle]) -> Ticker | None:
    """The statistics over some candles with trades, oldest first; None when there are none."""
    whole: Candle | None = None
    for candle in candles:
        if whole is None:
            whole = replace(candle)
        else:
            whole.take_in(candle)
    if whole is None:
        return None
    return Ticker(
        symbol,
        first_price=whole.open,
        last_price=whole.close,
        high=whole.high,
        low=whole.low,
        volume=whole.volume,
        quote_volume=whole.quote_volume,
        trades=whole.trades,
    )


class _Tier:
    """Candles of one length, the newest `kept` of them and up to a tenth more."""

    def __init__(self, length: int, kept: int) -> None:
        self.length: Final = length
        self.rows: Final[list[Candle]] = []
        self._kept: Final = kept

    def add(self, time: int, price: Decimal, quantity: Decimal, quote: Decimal, trades: int) -> None:
        start = time // self.length * self.length
        if not self.rows or self.rows[-1].start < start:
            self._append(
                Candle(start, start + self.length, price, price, price, price, quantity, quote, trades)
            )
            return
        row = self.rows[-1]
        if price > row.high:
            row.high = price
        elif price < row.low:
            row.low = price
        row.close = price
        row.volume += quantity
        row.quote_volume += quote
        row.trades += trades

    def between(self, start: int, end: int) -> list[Candle]:
        first = bisect_left(self.rows, start, key=_start)
        last = bisect_left(self.rows, end, key=_start)
        return self.rows[first:last]

    def _append(self, candle: Candle) -> None:
        self.rows.append(candle)
        if len(self.rows) > self._kept + self._kept // 10:
            del self.rows[: -self._kept]


def _start(candle: Candle) -> int:
    return candle.start


def _merged(interval: str, rows: Iterable[Candle]) -> Iterator[Candle]:
    whole: Candle | None = None
    for row in rows:
        if whole is not None and row.start < whole.end:
            whole.take_in(row)
            continue
        if whole is not None:
            yield whole
        start, end = interval_bounds(interval, row.start)
        whole = replace(row, start=start, end=end)
    if whole is not None:
        yield whole


def _month_bounds(time: int) -> tuple[int, int]:
    moment = datetime.fromtimestamp(time // SECOND, UTC)
    first = datetime(moment.year, moment.month, 1, tzinfo=UTC)
    following = datetime(moment.year + moment.month // 12, moment.month % 12 + 1, 1, tzinfo=UTC)
    return int(first.timestamp()) * SECOND, int(following.timestamp()) * SECOND
