"""One market as it lives: its book, tape, candles and marks, its trigger orders, and its counters."""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from typing import Final

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.market.book import Book
from bpx_connector.sandbox.market.candles import Candle, Rolling, Series, Ticker, ticker_of
from bpx_connector.sandbox.market.marks import Depth, Marks
from bpx_connector.sandbox.market.matching import OUT_OF_BOUNDS, Bound
from bpx_connector.sandbox.records.events import DepthChanged, Event, MarkChanged, TopChanged, Traded
from bpx_connector.sandbox.records.figures import ONE, ZERO
from bpx_connector.sandbox.records.orders import ASK, BID, INDEX_PRICE, LAST_PRICE, MARK_PRICE, Order
from bpx_connector.sandbox.records.outbox import Touched
from bpx_connector.sandbox.records.rules import MarketRules
from bpx_connector.sandbox.records.switches import Switches
from bpx_connector.sandbox.records.times import WEEK

__all__ = ["Market"]

LAST: Final = "Last"
MARK: Final = "Mark"
INDEX: Final = "Index"

_TWO: Final = Decimal(2)
_Top = tuple[Decimal | None, Decimal, Decimal | None, Decimal]


class Market:
    """The state of one market; its rules stay, everything else moves."""

    def __init__(
        self,
        rules: MarketRules,
        price: Decimal,
        now: int,
        touched: Touched,
        switches: Switches | None = None,
    ) -> None:
        self.rules: Final = rules
        self.symbol: Final = rules.symbol
        self.book: Final = Book(rules.symbol, touched)
        self.marks: Final = Marks(rules, price, now, switches)
        self.set_state(rules.state)
        self.last_price = price
        self.open_interest = ZERO
        self.triggers: Final[dict[int, Order]] = {}
        self.tape: Final[deque[Traded]] = deque(maxlen=choices.TAPE_LENGTH)
        sampled = choices.SAMPLED_SECONDS_KEPT
        self._series: Final = {LAST: Series(), MARK: Series(sampled), INDEX: Series(sampled)}
        self._rolling: Final = Rolling()
        self._next_trade_id = choices.FIRST_TRADE_ID
        self._depth_id = choices.FIRST_DEPTH_ID
        self._depth_time = now
        self._top: _Top = (None, ZERO, None, ZERO)

    @property
    def mark(self) -> Decimal:
        """The mark price."""
        return self.marks.mark

    @property
    def middle(self) -> Decimal | None:
        """Half way between best bid and best ask; None while a side is empty."""
        bid, ask = self.book.best(BID), self.book.best(ASK)
        return None if bid is None or ask is None else (bid + ask) / _TWO

    @property
    def active_price(self) -> Decimal:
        """What limit prices are held against: "active price = median(best bid, best ask, last)"."""
        bid, ask = self.book.best(BID), self.book.best(ASK)
        if bid is None or ask is None:
            return self.last_price
        return sorted((bid, ask, self.last_price))[1]

    def set_state(self, state: str) -> None:
        """Open, close or restrict the book; "a market in PostOnly state uses the index as its mark"."""
        self.state = state
        self.marks.has_only_index = state == "PostOnly"

    def mean_bands(self, side: str) -> list[Bound]:
        """How far a taker may go from what was usual in the last five minutes; the nearer counts.

        "Mean mark band, every taker order: up to the 5-minute mean of the mark x multiplier. Mean premium
        band, every taker order: up to the level at which the premium is the 5-minute mean premium +-
        tolerance" (the venue's futures specifications).
        """
        rules, marks, is_buy = self.rules, self.marks, side == BID
        multiplier = rules.mean_mark_max_multiplier if is_buy else rules.mean_mark_min_multiplier
        bounds = [] if multiplier is None else [Bound(marks.mean_mark * multiplier, OUT_OF_BOUNDS)]
        if rules.premium_tolerance is not None:
            tolerance = rules.premium_tolerance if is_buy else -rules.premium_tolerance
            bounds.append(Bound(marks.index * (ONE + marks.mean_premium + tolerance), OUT_OF_BOUNDS))
        return bounds

    def reference(self, trigger_by: str) -> Decimal:
        """The price that a trigger order watches."""
        return {LAST_PRICE: self.last_price, MARK_PRICE: self.mark, INDEX_PRICE: self.marks.index}[trigger_by]

    def trade(self, maker: Order, taker: Order, price: Decimal, quantity: Decimal, now: int) -> Traded:
        """Put one trade on the tape and into the candles."""
        traded = self.trade_apart(maker, taker, price, quantity, now)
        self.last_price = price
        self.tape.append(traded)
        minute = self._series[LAST].add(now, price, quantity, 1)
        self._rolling.add(minute, price, quantity)
        return traded

    def trade_apart(self, maker: Order, taker: Order, price: Decimal, quantity: Decimal, now: int) -> Traded:
        """A trade beside the book: "backstop and ADL fills are not in the candles"."""
        buyer, seller = (maker, taker) if maker.request.side == BID else (taker, maker)
        number = self._next_trade_id
        self._next_trade_id += 1
        return Traded(now, self.symbol, number, price, quantity, buyer.id, seller.id, buyer is maker)

    def sample(self, now: int) -> MarkChanged:
        """Take this second's premium and put mark and index into their candles."""
        self.marks.sample(self.middle)
        self._series[MARK].add(now, self.mark)
        self._series[INDEX].add(now, self.marks.index)
        return self.mark_changed(now)

    def mark_changed(self, now: int) -> MarkChanged:
        """The present mark, as an event."""
        shown = self.marks.shown()
        return MarkChanged(now, self.symbol, shown.mark, shown.index, shown.funding_rate, shown.next_funding)

    def book_events(self, now: int) -> list[Event]:
        """What the book's changes since the last call look like from outside: levels, and the top if it
        moved.

        One engine event is one update id, however many levels it touched: captured real-time frames have U
        equal u.
        """
        bids, asks = self.book.take_changes()
        self._depth_id += 1
        self._depth_time = now
        events: list[Event] = [DepthChanged(now, self.symbol, self._depth_id, self._depth_id, bids, asks)]
        top = self._present_top()
        if top != self._top:
            self._top = top
            bid, bid_size, ask, ask_size = top
            events.append(
                TopChanged(
                    now,
                    self.symbol,
                    self._depth_id,
                    bid,
                    bid_size if bid is not None else None,
                    ask,
                    ask_size if ask is not None else None,
                )
            )
        return events

    def depth(self, limit: int | None = None) -> Depth:
        """The book as it stands, best prices first."""
        return Depth(
            self.book.depth(BID, limit), self.book.depth(ASK, limit), self._depth_id, self._depth_time
        )

    def candles(self, interval: str, start: int, end: int, price_type: str) -> list[Candle]:
        """Candles with data that start in [start, end), oldest first."""
        return self._series[price_type].candles(interval, start, end)

    def ticker(self, now: int, interval: str) -> Ticker | None:
        """The last day or week; None when nothing traded in it."""
        if interval == "1d":
            return self._rolling.ticker(self.symbol, now)
        return ticker_of(self.symbol, self.candles("1h", now - WEEK, now + 1, LAST))

    def _present_top(self) -> _Top:
        bid, ask = self.book.best(BID), self.book.best(ASK)
        return (
            bid,
            ZERO if bid is None else self.book.size(BID, bid),
            ask,
            ZERO if ask is None else self.book.size(ASK, ask),
        )
