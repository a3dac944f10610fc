"""Who trades with whom, how much and at what price: price-time matching, and nothing about money.

The same steps serve twice: over the book as it stands, to see what an order would do, and over the book's
first order asked anew each time, to do it. A trade's price is always the resting order's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import Final, NamedTuple

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.market.book import Book
from bpx_connector.sandbox.records.figures import ZERO
from bpx_connector.sandbox.records.orders import (
    BID,
    OPPOSITE,
    REJECT_BOTH,
    REJECT_TAKER,
    TICK_SIZE,
    Order,
)
from bpx_connector.sandbox.records.rules import MarketRules

__all__ = ["SELF_TRADE", "Preview", "incoming", "matches", "preview"]

SELF_TRADE: Final = "SelfTradePrevention"
PRICE_IMPACT: Final = "PriceImpact"
_BY_PRICE: Final = attrgetter("price")
SLIPPAGE: Final = "SlippageToleranceExceeded"
OUT_OF_BOUNDS: Final = "PriceOutOfBounds"
STOPS_A_LIMIT: Final = frozenset({SELF_TRADE, PRICE_IMPACT, OUT_OF_BOUNDS})
"""Why the rest of a limit order expires instead of resting."""


class Bound(NamedTuple):
    """The worst price an order may trade at, and why the rest expires there; no reason means it may rest."""

    price: Decimal
    reason: str | None


class Match(NamedTuple):
    """One step: a trade with `maker`, or, with no quantity, the maker's expiry for trading with itself."""

    maker: Order
    price: Decimal
    quantity: Decimal


@dataclass(slots=True)
class Incoming:
    """What an arriving order still wants, and why it stopped."""

    account_id: int
    side: str
    self_trade_prevention: str
    step: Decimal
    wanted: Decimal | None
    """Base quantity; None for an order by quote quantity."""
    quote_wanted: Decimal | None
    bound: Bound | None
    stopped: str | None = None

    def quantity_against(self, maker: Order, price: Decimal) -> Decimal:
        """How much this order takes of a resting one; zero when it is done."""
        if self.wanted is not None:
            return min(self.wanted, maker.remaining)
        if self.quote_wanted is None:
            return ZERO
        return min(self.affordable_at(price), maker.remaining)

    def affordable_at(self, price: Decimal) -> Decimal:
        """How much the quote quantity left would trade at a price, on the step."""
        return (self.quote_wanted or ZERO) // (price * self.step) * self.step

    def take(self, quantity: Decimal, price: Decimal) -> None:
        """Count a trade."""
        if self.wanted is not None:
            self.wanted -= quantity
        if self.quote_wanted is not None:
            self.quote_wanted -= quantity * price

    def may_trade_at(self, price: Decimal) -> bool:
        """Whether `price` is within the bound."""
        if self.bound is None:
            return True
        return price <= self.bound.price if self.side == BID else price >= self.bound.price


@dataclass(frozen=True, slots=True)
class Preview:
    """What an order would trade at once if it were let in."""

    quantity: Decimal
    quote: Decimal
    stopped: str | None
    is_complete: bool
    """Whether nothing would remain."""


def incoming(order: Order, rules: MarketRules, book: Book, bands: Iterable[Bound] = ()) -> Incoming:
    """An order ready to be matched."""
    by_quote = order.quote_quantity is not None and order.quantity is None
    return Incoming(
        account_id=order.account_id,
        side=order.request.side,
        self_trade_prevention=order.request.self_trade_prevention,
        step=rules.step,
        wanted=None if by_quote else order.remaining,
        quote_wanted=order.quote_quantity if by_quote else None,
        bound=bound_of(order, rules, book, bands),
    )


def matches(makers: Iterator[Order], taker: Incoming) -> Iterator[Match]:
    """The steps of one order against resting ones, in priority.

    Whoever reads these from a live book carries each one out before asking for the next.
    """
    for maker in makers:
        price = maker.request.price
        if price is None or taker.wanted == 0:
            return
        if not taker.may_trade_at(price):
            taker.stopped = taker.bound.reason if taker.bound else None
            return
        if maker.account_id == taker.account_id:
            if taker.self_trade_prevention != REJECT_TAKER:
                yield Match(maker, price, ZERO)
            if taker.self_trade_prevention in (REJECT_TAKER, REJECT_BOTH):
                taker.stopped = SELF_TRADE
                return
            continue
        quantity = taker.quantity_against(maker, price)
        if quantity == 0:
            return
        taker.take(quantity, price)
        yield Match(maker, price, quantity)
        if taker.wanted is None and taker.affordable_at(price) == 0:
            return
    if taker.wanted != 0:
        taker.stopped = choices.MARKET_REMAINDER_REASON


def preview(order: Order, rules: MarketRules, book: Book, bands: Iterable[Bound] = ()) -> Preview:
    """What an order would do to the book as it stands."""
    taker = incoming(order, rules, book, bands)
    quantity = quote = ZERO
    for match in matches(book.in_priority(OPPOSITE[order.request.side]), taker):
        quantity += match.quantity
        quote += match.quantity * match.price
    complete = taker.wanted == 0 if taker.wanted is not None else taker.stopped is None
    return Preview(quantity, quote, taker.stopped, complete)


def bound_of(order: Order, rules: MarketRules, book: Book, bands: Iterable[Bound] = ()) -> Bound | None:
    """How far an order may reach: the nearest of its limit, its slippage, the impact band and the mean bands.

    "Impact band, for every taker order (limit too): takes up to best opposite price x multiplier; what is
    left then expires, partially filled" (the venue's futures specifications).
    """
    side, price = order.request.side, order.request.price
    own = [] if price is None else [Bound(price, None)]
    best = book.best(OPPOSITE[side])
    if best is None or order.system_order_type is not None:
        return own[0] if own else None
    bounds = [*own, _impact(order, rules, best), _slippage(order, rules, best), *bands]
    nearest = min if side == BID else max
    # The first of equals: at its own limit an order rests.
    return nearest([bound for bound in bounds if bound], key=_BY_PRICE, default=None)


def _impact(order: Order, rules: MarketRules, best: Decimal) -> Bound | None:
    multiplier = rules.max_impact_multiplier if order.request.side == BID else rules.min_impact_multiplier
    return None if multiplier is None else Bound(best * multiplier, PRICE_IMPACT)


def _slippage(order: Order, rules: MarketRules, best: Decimal) -> Bound | None:
    tolerance = order.request.slippage_tolerance
    if tolerance is None:
        return None
    if order.request.slippage_tolerance_type == TICK_SIZE:
        distance = tolerance * rules.tick
    else:
        distance = best * tolerance * choices.PERCENT_SLIPPAGE_UNIT
    return Bound(best + distance if order.request.side == BID else best - distance, SLIPPAGE)
