"""Prices from before the sandbox began: a pure function of seed, market and minute.

The path is a sum of nine waves of seeded noise, each four times as long and twice as high as the one
before, which gives the look of a random walk and lets any minute be computed without the others. It is
shifted so that the last minute closes exactly at the market's start price, where live trading takes over.
Whole numbers throughout (ticks, parts per million): the same history on every machine.

Times are minutes since 1970. The past reaches 90 days back; a market that never trades has none.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import lru_cache, partial
from typing import Final, NamedTuple

from bpx_connector.sandbox.crowd.listings import Listing
from bpx_connector.sandbox.market.candles import INTERVALS, Candle, interval_bounds
from bpx_connector.sandbox.records.times import MINUTE

__all__ = ["MINUTES_BACK", "Past", "PastMinute"]

MINUTES_AN_HOUR: Final = 60
MINUTES_A_DAY: Final = 24 * MINUTES_AN_HOUR
MINUTES_BACK: Final = 90 * MINUTES_A_DAY
_HOURS_KEPT: Final = 200
"""Hours of single minutes that are kept once they are made: as many as one request can span."""
_HOURS_IN_PIECES_KEPT: Final = MINUTES_BACK // MINUTES_AN_HOUR + 1
"""Hours of longer candles that are kept for each length: all there are."""
_WAVES = 9
_MILLION = 1_000_000
_MASK = 2**64 - 1
_GOLDEN = 0x9E3779B97F4A7C15
_DEEPEST = -900_000
"""However the waves fall together, a price keeps a tenth of itself."""
_CRYPTO_RATE, _STOCK_RATE = 12_500, 6_250
"""Funding rates of a quiet hour, in 1e-9."""


class PastMinute(NamedTuple):
    """One minute: prices in ticks, the volume in steps, the turnover in half ticks times steps."""

    start: int
    open: int
    high: int
    low: int
    close: int
    steps: int
    turnover: int
    trades: int


def _mixed(number: int) -> int:
    """64 well mixed bits (the finaliser of splitmix64)."""
    number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    number = (number ^ (number >> 27)) * 0x94D049BB133111EB & _MASK
    return number ^ (number >> 31)


def _together(minute: PastMinute, later: PastMinute) -> PastMinute:
    """A minute and all that `later` stands for, as one."""
    return PastMinute(
        minute.start,
        minute.open,
        max(minute.high, later.high),
        min(minute.low, later.low),
        later.close,
        minute.steps + later.steps,
        minute.turnover + later.turnover,
        minute.trades + later.trades,
    )


class Past:
    """The history of one market up to `beginning`, its first live minute."""

    def __init__(self, seed: int, listing: Listing, beginning: int) -> None:
        self.beginning = beginning
        self.earliest = beginning - MINUTES_BACK
        self._listing = listing
        self._rules = listing.rules
        self._salt = _mixed(seed * _GOLDEN + zlib.crc32(listing.symbol.encode()) & _MASK)
        self._wave_salt = _mixed(seed * _GOLDEN + zlib.crc32(listing.underlying.encode()) & _MASK)
        self._start_ticks = int(listing.start / self._rules.tick)
        self._shift = self._heights(beginning, 1)[0]
        # A take of a level is worth a fifth of it on average; see traffic.
        self._steps_a_trade = max(1, int(listing.notional // 5 / (listing.start * self._rules.step)))
        self._hour = lru_cache(maxsize=_HOURS_KEPT)(self._hour_of_minutes)
        self._pieces = lru_cache(maxsize=None)(self._kept_pieces)

    def _noise(self, wave: int, knot: int) -> int:
        """Noise in -1024..1024 at one knot of one wave."""
        return _mixed(self._wave_salt + wave * 0xD1342543DE82EF95 + knot * _GOLDEN & _MASK) % 2049 - 1024

    def _heights(self, first: int, count: int) -> list[int]:
        """The path at `count` minutes from `first` on, in parts per million, not yet shifted."""
        totals = [0] * count
        for wave in range(_WAVES):
            length = 4**wave
            knot, rest = divmod(first, length)
            left, right = self._noise(wave, knot), self._noise(wave, knot + 1)
            for place in range(count):
                totals[place] += (left * (length - rest) + right * rest) * 2**wave // length
                rest += 1
                if rest == length:
                    rest, knot, left = 0, knot + 1, right
                    right = self._noise(wave, knot + 1)
        return [total * self._listing.volatility // 1024 for total in totals]

    def _ticks(self, first: int, count: int) -> list[int]:
        return [
            max(1, self._start_ticks * (_MILLION + max(_DEEPEST, height - self._shift)) // _MILLION)
            for height in self._heights(first, count)
        ]

    def price(self, minute: int) -> Decimal:
        """The price at the beginning of a minute; at `beginning`, the start price."""
        return self._ticks(minute, 1)[0] * self._rules.tick

    def _minute(self, minute: int, opening: int, closing: int) -> PastMinute:
        chance = _mixed(self._salt + 0xA0761D6478BD642F + minute * 0xE7037ED1A0B428DB & _MASK)
        reach = opening * self._listing.volatility // _MILLION // 2 + 1
        high = max(opening, closing) + ((chance & 0xFFFF) * reach >> 16)
        low = max(1, min(opening, closing) - ((chance >> 16 & 0xFFFF) * reach >> 16))
        trades = 1 + int(self._listing.pace * 12) * (chance >> 32 & 0xFF) // 128
        steps = max(1, self._steps_a_trade * trades * (64 + (chance >> 40 & 0xFF)) // 192)
        return PastMinute(minute, opening, high, low, closing, steps, steps * (opening + closing), trades)

    def _hour_of_minutes(self, hour: int) -> tuple[PastMinute, ...]:
        first = hour * MINUTES_AN_HOUR
        ticks = self._ticks(first, MINUTES_AN_HOUR + 1)
        return tuple(
            self._minute(first + place, ticks[place], ticks[place + 1]) for place in range(MINUTES_AN_HOUR)
        )

    def _kept_pieces(self, length: int) -> Callable[[int], tuple[PastMinute, ...]]:
        """The pieces of that length of an hour, kept once they are made; the lengths are few."""
        return lru_cache(maxsize=_HOURS_IN_PIECES_KEPT)(partial(self._hour_in_pieces, length))

    def _hour_in_pieces(self, length: int, hour: int) -> tuple[PastMinute, ...]:
        """The pieces of so many minutes in one hour, each as one."""
        pieces: dict[int, PastMinute] = {}
        for minute in self.minutes(hour * MINUTES_AN_HOUR, (hour + 1) * MINUTES_AN_HOUR):
            place = minute.start // length
            piece = pieces.get(place)
            pieces[place] = minute if piece is None else _together(piece, minute)
        return tuple(pieces.values())

    def minutes(self, first: int, last: int) -> Iterator[PastMinute]:
        """The minutes from `first` up to, not including, `last`, as far as there is a past."""
        first, last = max(first, self.earliest), min(last, self.beginning)
        if not self._listing.is_lively or first >= last:
            return
        for hour in _hours(first, last):
            for minute in self._hour(hour):
                if first <= minute.start < last:
                    yield minute

    def candles(self, interval: str, first: int, last: int) -> list[Candle]:
        """The candles, of a minute or longer, over the minutes from `first` up to `last`, oldest first."""
        pieces_of = self._pieces(_piece_length(interval))
        wholes: dict[tuple[int, int], PastMinute] = {}
        for hour in self._hours_of_past(first, last):
            for piece in pieces_of(hour):
                if first <= piece.start < last:
                    bounds = interval_bounds(interval, piece.start * MINUTE)
                    whole = wholes.get(bounds)
                    wholes[bounds] = piece if whole is None else _together(whole, piece)
        return [self.whole(minutes, *bounds) for bounds, minutes in wholes.items()]

    def prepare(self, interval: str, first: int, last: int) -> Iterator[None]:
        """Make what `candles` will look at, an hour at a step."""
        pieces_of = self._pieces(_piece_length(interval))
        for hour in self._hours_of_past(first, last):
            pieces_of(hour)
            yield

    def whole(self, minutes: PastMinute, start: int = 0, end: int = 0) -> Candle:
        """What some minutes come to, as the candle of an interval (microseconds)."""
        tick, step = self._rules.tick, self._rules.step
        return Candle(
            start,
            end,
            open=minutes.open * tick,
            high=minutes.high * tick,
            low=minutes.low * tick,
            close=minutes.close * tick,
            volume=minutes.steps * step,
            quote_volume=minutes.turnover * tick * step / 2,
            trades=minutes.trades,
        )

    def suffixes(self, days: int) -> list[PastMinute]:
        """For each minute of the last days, that minute and all after it as one."""
        sums: list[PastMinute] = []
        for minute in reversed(list(self.minutes(self.beginning - days * MINUTES_A_DAY, self.beginning))):
            sums.append(_together(minute, sums[-1]) if sums else minute)
        sums.reverse()
        return sums

    def funding_rate(self, hour: int) -> Decimal:
        """The funding rate of the interval that ended with this hour (hours since 1970)."""
        usual = _STOCK_RATE if self._rules.row.get("rwaMarketType") else _CRYPTO_RATE
        spread = (
            _mixed(self._salt + 0x8EBC6AF09C88C6E3 + hour * 0x589965CC75374CC3 & _MASK) % (2 * usual) - usual
        )
        return Decimal(usual + spread // 4).scaleb(-9)

    def _hours_of_past(self, first: int, last: int) -> range:
        return _hours(max(first, self.earliest), min(last, self.beginning))


def _hours(first: int, last: int) -> range:
    """The hours that minutes from `first` up to `last` lie in."""
    if first >= last:
        return range(0)
    return range(first // MINUTES_AN_HOUR, (last - 1) // MINUTES_AN_HOUR + 1)


def _piece_length(interval: str) -> int:
    """The minutes of the pieces that an interval is put together of: itself, or hours."""
    return min(INTERVALS.get(interval, INTERVALS["1d"]) // MINUTE, MINUTES_AN_HOUR)
