"""The outside price, the mark and the funding rate of one market: everything that is computed from samples.

"Mark, in order of preference: index + 1-minute EWMA of (mid - index); index"; it is bounded to a percentage
of the index, and a market in PostOnly state has the index as its mark. "Premium = (mark - index) / index,
sampled each second, mean over the interval" (the venue's futures specifications). The funding rate is that
mean, drawn towards the interest part and kept between the market's bounds.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.records.figures import ZERO
from bpx_connector.sandbox.records.rules import MarketRules
from bpx_connector.sandbox.records.switches import Switches
from bpx_connector.sandbox.records.times import DAY, MILLISECOND

__all__ = ["Depth", "FundingRate", "Mark", "Marks"]

SAMPLE_UNIT: Final = Decimal("0.000000000001")


@dataclass(frozen=True, slots=True)
class Mark:
    """A market's mark price; the rest is None outside perpetuals. `next_funding` is in microseconds."""

    symbol: str
    mark: Decimal
    index: Decimal | None
    funding_rate: Decimal | None
    next_funding: int | None


@dataclass(frozen=True, slots=True)
class FundingRate:
    """The rate of one funding interval; `interval_end` in microseconds."""

    symbol: str
    interval_end: int
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Depth:
    """A book as it stands: both sides best first, the id of the last change and its time in microseconds."""

    bids: list[tuple[Decimal, Decimal]]
    asks: list[tuple[Decimal, Decimal]]
    last_update_id: int
    time: int


class Marks:
    """Index, mark and funding of one market."""

    def __init__(
        self, rules: MarketRules, price: Decimal, now: int, switches: Switches | None = None
    ) -> None:
        self._rules: Final = rules
        self._switches: Final = switches or Switches()
        self.index = self._outside = price
        self.mark = rules.round_to_tick(price)
        self.next_funding = self._interval_end(now)
        self.has_only_index = False
        """Whether the index itself is the mark, as while a market is PostOnly."""
        self._lead = ZERO
        """By how much the middle of the book is above the index, damped."""
        self._recent: Final[deque[tuple[Decimal, Decimal]]] = deque()
        self._recent_marks = self._recent_premiums = ZERO
        self._premium_sum = ZERO
        self._samples = 0
        self._settled: Final[deque[FundingRate]] = deque(maxlen=choices.FUNDING_RATES_KEPT)

    @property
    def rate(self) -> Decimal:
        """The rate of the running interval, as it would be if it ended now; zero without funding."""
        interval = self._rules.funding_interval_ms
        if self.next_funding is None or interval is None:
            return ZERO
        mean = self._premium_sum / self._samples if self._samples else ZERO
        interest = choices.INTEREST_PER_DAY * interval * MILLISECOND / DAY
        pull = _clamped(interest - mean, -choices.INTEREST_CLAMP, choices.INTEREST_CLAMP)
        rate = _clamped(mean + pull, self._rules.funding_rate_lower, self._rules.funding_rate_upper)
        return rate.quantize(choices.RATE_DECIMALS)

    def set_index(self, price: Decimal) -> None:
        """Move the outside price; index and mark follow at once, or within the caps of an update a second."""
        self._outside = price
        if not self._switches.update_caps:
            self.index = price
            self._recompute()

    def settle_at(self, price: Decimal) -> None:
        """Have the index and with it the mark at this price, as if they had been there for long."""
        self.index, self._outside, self._lead = price, price, ZERO
        self._recent.clear()
        self._recent_marks = self._recent_premiums = ZERO
        self._recompute()

    @property
    def mean_mark(self) -> Decimal:
        """The mean of the mark over the last five minutes."""
        return self._recent_marks / len(self._recent) if self._recent else self.mark

    @property
    def mean_premium(self) -> Decimal:
        """The mean of the premium over the last five minutes."""
        return self._recent_premiums / len(self._recent) if self._recent else ZERO

    def sample(self, middle: Decimal | None) -> None:
        """Take in the middle of the book, if it has one, as that of this second."""
        lead = ZERO if middle is None or not self._rules.is_perp else middle - self.index
        self._lead += ((lead - self._lead) / choices.MARK_SAMPLES).quantize(SAMPLE_UNIT)
        before = self.mark
        self.index = self._capped(self._outside, self.index)
        self._recompute()
        self.mark = max(self._rules.round_to_tick(self._capped(self.mark, before)), self._rules.tick)
        premium = ((self.mark - self.index) / self.index).quantize(SAMPLE_UNIT)
        self._premium_sum += premium
        self._samples += 1
        self._remember(self.mark, premium)

    def end_interval(self) -> FundingRate:
        """Close the running funding interval and open the next: the rate everyone pays."""
        if self.next_funding is None:
            raise ValueError(f"{self._rules.symbol} has no funding")
        ended = FundingRate(self._rules.symbol, self.next_funding, self.rate)
        self._settled.append(ended)
        self._premium_sum = ZERO
        self._samples = 0
        self.next_funding = self._interval_end(self.next_funding)
        return ended

    def history(self) -> list[FundingRate]:
        """All rates, newest first; the first is the interval still running."""
        if self.next_funding is None:
            return []
        return [FundingRate(self._rules.symbol, self.next_funding, self.rate), *reversed(self._settled)]

    def shown(self) -> Mark:
        """What `/markPrices` says of this market."""
        if self._rules.funding_interval_ms is None or not self._rules.is_perp:
            # "markPrice without index and funding" for predictions; spot has neither.
            return Mark(self._rules.symbol, self.mark, None, None, None)
        return Mark(self._rules.symbol, self.mark, self.index, self.rate, self.next_funding)

    def _remember(self, mark: Decimal, premium: Decimal) -> None:
        self._recent.append((mark, premium))
        self._recent_marks += mark
        self._recent_premiums += premium
        if len(self._recent) > choices.BAND_SAMPLES:
            mark, premium = self._recent.popleft()
            self._recent_marks -= mark
            self._recent_premiums -= premium

    def _capped(self, wanted: Decimal, before: Decimal) -> Decimal:
        """As near to what is wanted as one update may go (OpenAPI, min- and maxPriceUpdateMultiplier)."""
        if not self._switches.update_caps:
            return wanted
        lowest, highest = self._rules.min_update, self._rules.max_update
        return _clamped(
            wanted,
            None if lowest is None else before * lowest,
            None if highest is None else before * highest,
        )

    def _recompute(self) -> None:
        farthest = self.index * choices.MARK_BOUND
        lead = ZERO if self.has_only_index else _clamped(self._lead, -farthest, farthest)
        self.mark = max(self._rules.round_to_tick(self.index + lead), self._rules.tick)

    def _interval_end(self, time: int) -> int | None:
        interval = self._rules.funding_interval_ms
        if not self._rules.is_perp or interval is None:
            return None
        length = interval * MILLISECOND
        return (time // length + 1) * length


def _clamped(value: Decimal, lowest: Decimal | None, highest: Decimal | None) -> Decimal:
    if lowest is not None and value < lowest:
        return lowest
    if highest is not None and value > highest:
        return highest
    return value
