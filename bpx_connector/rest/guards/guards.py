"""Limits that a desk sets on its own orders: what is asked is measured here before anything is sent.

Off unless `options["guards"]` says otherwise:

    exchange.options["guards"] = {
        "largestOrder": {"SOL/USDC": 100, "default": 1},    # base units, by market
        "largestNotional": 50_000,                           # quote units, one figure for all or by market
        "largestPosition": {"SOL/USDC:USDC": 500},           # contracts, long or short, open orders included
        "furthestFromBook": "0.05",                          # share by which a limit price may leave the book
        "ordersPerMinute": 120,
        "cancelOnly": True,                                  # the kill switch: nothing but reads and cancels
    }

A rule that is not understood refuses every order: a limit that is misspelt is worse than none. A market that
a rule does not name, and for which it has no "default", is not limited by it. Pure: books, positions and the
clock are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Context, Decimal, InvalidOperation
from math import inf
from typing import Any, NamedTuple

from ccxt.base.errors import BadRequest, BaseError, InvalidOrder, OperationRejected

from bpx_connector.orders.life import standing_of
from bpx_connector.parse.numbers import EXACT, in_own_context, plain

__all__ = [
    "ZERO",
    "Asked",
    "Held",
    "Known",
    "Pace",
    "asked_of",
    "checked_rules",
    "is_cancel",
    "needs_book",
    "needs_position",
    "quantity_of",
    "refusal",
    "switched_off",
]

SHOWN = Context(prec=18)
"""Of a figure in a sentence that has more digits than anybody writes: a quotient."""
WRITTEN = 28
"""Digits that the venue's figures have at most."""
LONGEST = 30
"""Places before or behind the point that are written out in a sentence."""
ZERO = Decimal(0)
MINUTE = 60.0

LARGEST_ORDER = "largestOrder"
LARGEST_NOTIONAL = "largestNotional"
LARGEST_POSITION = "largestPosition"
FURTHEST_FROM_BOOK = "furthestFromBook"
ORDERS_PER_MINUTE = "ordersPerMinute"
CANCEL_ONLY = "cancelOnly"
RULES = (
    LARGEST_ORDER,
    LARGEST_NOTIONAL,
    LARGEST_POSITION,
    FURTHEST_FROM_BOOK,
    ORDERS_PER_MINUTE,
    CANCEL_ONLY,
)

ORDER_PATHS = frozenset({"api/v1/order", "api/v1/orders", "api/v1/strategy", "api/v1/rfq"})
"""Where a POST asks for a trade of a stated size."""
CANCEL_PATHS = frozenset({"api/v1/rfq/cancel"})
"""The one cancellation that is a POST; all others are a DELETE."""

SETTLING = 1.0
"""Seconds for which an answered order still counts beside the position: bots report that the venue's position
lags an order by up to half a second."""


class Asked(NamedTuple):
    """What one order asks for, of whatever operation."""

    market_id: str
    is_buy: bool
    quantity: Decimal | None
    share: Decimal | None
    """Of the position, where the size is written "80%"."""
    cost: Decimal | None
    price: Decimal | None
    trigger_price: Decimal | None
    is_reduce_only: bool


class Known(NamedTuple):
    """What the rules measure against, as far as they need it."""

    symbol: str
    is_contract: bool = False
    bid: Decimal | None = None
    ask: Decimal | None = None
    net: Decimal = ZERO
    """The position: below zero is short."""
    buys: Decimal = ZERO
    sells: Decimal = ZERO
    """What the open orders, and those on their way, would add on either side."""
    listed: frozenset[str] = frozenset()
    """The venue's ids of the open orders that were read."""


# --- what is asked ------------------------------------------------------------------------------------------


def is_cancel(method: str, path: str) -> bool:
    """Whether a request takes orders away, and adds none."""
    return method == "DELETE" or path in CANCEL_PATHS


def asked_of(path: str, body: Any) -> list[Asked]:
    """The orders of one request; none of a request that places none."""
    if path not in ORDER_PATHS:
        return []
    return [_asked(order) for order in (body if isinstance(body, list) else [body])]


def _asked(order: Any) -> Asked:
    if not isinstance(order, Mapping):
        raise BadRequest(f"an order cannot be measured by the guards: {order!r} is no dict; nothing was sent")
    size = order.get("quantity") or order.get("triggerQuantity")
    is_share = isinstance(size, str) and size.endswith("%")
    return Asked(
        market_id=str(order.get("symbol")),
        is_buy=order.get("side") == "Bid",
        quantity=None if is_share else _figure("quantity", size),
        share=EXACT.divide(_needed("triggerQuantity", str(size)[:-1]), Decimal(100)) if is_share else None,
        cost=_figure("quoteQuantity", order.get("quoteQuantity")),
        price=_figure("price", order.get("price")),
        trigger_price=_figure("triggerPrice", order.get("triggerPrice")),
        is_reduce_only=order.get("reduceOnly") is True,
    )


def _figure(name: str, value: Any) -> Decimal | None:
    return None if value is None else _needed(name, value)


def _needed(name: str, value: Any) -> Decimal:
    """A finite figure, of whatever type it came in."""
    try:
        figure = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        figure = Decimal("nan")
    if not figure.is_finite() or isinstance(value, bool):
        raise BadRequest(f"guards: {name} {value!r} is not a finite number; nothing was sent")
    return figure


# --- what the rules say -------------------------------------------------------------------------------------


def checked_rules(guards: Any) -> Mapping[str, Any]:
    """The rules as they are set, or BadRequest where one is not understood."""
    if not isinstance(guards, Mapping):
        raise BadRequest(f"options['guards'] is a dict of rules, not {guards!r}; nothing was sent")
    unknown = sorted(str(name) for name in guards if name not in RULES)
    if unknown:
        raise BadRequest(
            f"options['guards'] knows no {', '.join(unknown)}; its rules are {', '.join(RULES)}; nothing was "
            "sent"
        )
    if not isinstance(guards.get(CANCEL_ONLY, False), bool):
        raise BadRequest(f"options['guards'][{CANCEL_ONLY!r}] is True or False; nothing was sent")
    return guards


def limit_of(guards: Mapping[str, Any], rule: str, symbol: str) -> Decimal | None:
    """The figure a rule sets for a market, if it sets one."""
    value = guards.get(rule)
    if isinstance(value, Mapping):
        value = value.get(symbol, value.get("default"))
    if value is None:
        return None
    figure = _needed(f"options['guards'][{rule!r}]", value)
    if figure < 0:
        raise BadRequest(f"options['guards'][{rule!r}] is {shown(figure)}, below zero; nothing was sent")
    return figure


def needs_book(guards: Mapping[str, Any], asked: Asked, symbol: str) -> bool:
    """Whether the best prices have to be known before this order can be measured."""
    if limit_of(guards, FURTHEST_FROM_BOOK, symbol) is not None and asked.price is not None:
        return asked.trigger_price is None
    has_own_price = asked.price is not None or asked.trigger_price is not None
    is_valued = limit_of(guards, LARGEST_NOTIONAL, symbol) is not None and asked.cost is None
    is_sized = any(limit_of(guards, rule, symbol) is not None for rule in (LARGEST_ORDER, LARGEST_POSITION))
    return (is_valued and not has_own_price) or (is_sized and asked.cost is not None)


def needs_position(guards: Mapping[str, Any], asked: Asked, symbol: str) -> bool:
    """Whether the position and the open orders have to be known."""
    is_limited = limit_of(guards, LARGEST_POSITION, symbol) is not None and not asked.is_reduce_only
    return is_limited or asked.share is not None


# --- the rules ----------------------------------------------------------------------------------------------


def shown(figure: Decimal) -> str:
    """A figure as a sentence shows it, a long one rounded; what is compared is exact."""
    rounded = figure if len(figure.as_tuple().digits) <= WRITTEN else SHOWN.plus(figure)
    return plain(rounded) if abs(rounded.adjusted()) <= LONGEST else str(rounded)


Sentence = str | None


def _best_price(asked: Asked, known: Known) -> Decimal | None:
    """What a market order would trade at first."""
    best = known.ask if asked.is_buy else known.bid
    return best if best is not None else (known.bid if asked.is_buy else known.ask)


@in_own_context
def quantity_of(asked: Asked, known: Known) -> Decimal | None:
    """The size in base units: as it was written, as a share of the position, or what a cost buys."""
    if asked.share is not None:
        return EXACT.multiply(asked.share, abs(known.net))
    if asked.quantity is not None or asked.cost is None:
        return asked.quantity
    best = _best_price(asked, known)
    return EXACT.divide(asked.cost, best) if best else None


def _largest_order(asked: Asked, known: Known, limit: Decimal) -> Sentence:
    quantity = quantity_of(asked, known)
    if quantity is None:
        return "its size cannot be told"
    return f"{shown(quantity)} is more than {shown(limit)}" if quantity > limit else None


def _largest_notional(asked: Asked, known: Known, limit: Decimal) -> Sentence:
    notional = asked.cost
    if notional is None:
        price = asked.price or asked.trigger_price or _best_price(asked, known)
        quantity = quantity_of(asked, known)
        if price is None or quantity is None:
            return "there is no price to value it by"
        notional = EXACT.multiply(price, quantity)
    return f"its value of {shown(notional)} is more than {shown(limit)}" if notional > limit else None


def _largest_position(asked: Asked, known: Known, limit: Decimal) -> Sentence:
    if asked.is_reduce_only or not known.is_contract:
        return None
    quantity = quantity_of(asked, known)
    if quantity is None:
        return "its size cannot be told"
    on_its_side = known.buys if asked.is_buy else known.sells
    added = EXACT.add(on_its_side, quantity)
    after = EXACT.add(known.net, added if asked.is_buy else -added)
    is_beyond = after > limit if asked.is_buy else after < -limit
    if not is_beyond:
        return None
    return (
        f"the position of {shown(known.net)} could become {shown(after)}, beyond {shown(limit)}: "
        f"{shown(on_its_side)} is on its way on the same side, {shown(quantity)} is asked for"
    )


def _furthest_from_book(asked: Asked, known: Known, limit: Decimal) -> Sentence:
    if asked.price is None:
        return None
    low = high = asked.trigger_price
    if low is None:
        low = known.bid if known.bid is not None else known.ask
        high = known.ask if known.ask is not None else known.bid
    if low is None or high is None:
        return "there is no book to measure its price by"
    lowest = EXACT.multiply(low, 1 - limit)
    highest = EXACT.multiply(high, 1 + limit)
    if lowest <= asked.price <= highest:
        return None
    return f"its price of {shown(asked.price)} is not within {shown(lowest)} to {shown(highest)}"


Check = Callable[[Asked, Known, Decimal], Sentence]

CHECKS: dict[str, Check] = {
    LARGEST_ORDER: _largest_order,
    LARGEST_NOTIONAL: _largest_notional,
    LARGEST_POSITION: _largest_position,
    FURTHEST_FROM_BOOK: _furthest_from_book,
}


@in_own_context
def refusal(guards: Mapping[str, Any], asked: Asked, known: Known) -> BaseError | None:
    """Why an order is not to be sent, if it is not."""
    for rule, check in CHECKS.items():
        limit = limit_of(guards, rule, known.symbol)
        sentence = None if limit is None else check(asked, known, limit)
        if sentence is not None:
            return InvalidOrder(f"guard {rule}: order in {known.symbol} not sent: {sentence}")
    return None


def switched_off(guards: Mapping[str, Any], method: str, path: str) -> BaseError | None:
    """The refusal of whatever is neither a read nor a cancellation while the kill switch is on."""
    if guards.get(CANCEL_ONLY) is not True or method == "GET" or is_cancel(method, path):
        return None
    return OperationRejected(f"guard {CANCEL_ONLY}: {method} /{path} not sent: only cancellations are")


# --- what is on its way -------------------------------------------------------------------------------------


class Pace:
    """When orders went, over the last minute."""

    def __init__(self) -> None:
        self._times: list[float] = []

    def refusal(self, guards: Mapping[str, Any], count: int, now: float) -> BaseError | None:
        """Why so many orders are not to be sent now, if they are not."""
        limit = limit_of(guards, ORDERS_PER_MINUTE, "")
        if limit is None:
            return None
        self._times = [time for time in self._times if time > now - MINUTE]
        if len(self._times) + count <= limit:
            return None
        return OperationRejected(
            f"guard {ORDERS_PER_MINUTE}: {count} not sent: {len(self._times)} went within a minute, "
            f"{shown(limit)} are allowed"
        )

    def count(self, count: int, now: float) -> None:
        """So many orders go now."""
        self._times.extend([now] * count)


class OnItsWay(NamedTuple):
    """An order that is being sent, or has been answered a moment ago."""

    market_id: str
    is_buy: bool
    quantity: Decimal
    until: float = inf
    identity: str | None = None
    executed: Decimal = ZERO
    """What it had traded when it was answered."""


class Held:
    """Orders on their way: each counts until its answer has settled, so that two at once see each other."""

    def __init__(self) -> None:
        self._rows: dict[object, OnItsWay] = {}

    def add(self, market_id: str, is_buy: bool, quantity: Decimal) -> object:
        """Count an order from now on; what is returned ends it."""
        key = object()
        self._rows[key] = OnItsWay(market_id, is_buy, quantity)
        return key

    def forget(self, key: object) -> None:
        """The order was not sent after all, or was refused."""
        del self._rows[key]

    def answered(self, key: object, answer: Any, now: float) -> None:
        """The order has its answer, None if that was lost: it counts a moment longer.

        What has ended counts with what it has traded, of which the position may not tell yet.
        """
        row = self._rows[key]._replace(until=now + SETTLING)
        told = _standing(answer)
        if told is not None:
            executed, is_open = told
            quantity = row.quantity if is_open else executed
            row = row._replace(quantity=quantity, identity=str(answer.get("id")), executed=executed)
        self._rows[key] = row

    def cancelled(self, answer: Any) -> None:
        """An order has been cancelled, if this says so: what it has not traded counts no more."""
        told = _standing(answer)
        if told is None or told[1]:
            return
        for key, row in self._rows.items():
            if row.identity == str(answer.get("id")):
                self._rows[key] = row._replace(quantity=told[0])

    @in_own_context
    def on_side(
        self, market_id: str, is_buy: bool, now: float, listed: frozenset[str] = frozenset()
    ) -> Decimal:
        """How much is on its way on one side of a market, beside the open orders that are listed anyway."""
        self._rows = {key: row for key, row in self._rows.items() if row.until > now}
        sizes = (
            row.executed if row.identity in listed else row.quantity
            for row in self._rows.values()
            if (row.market_id, row.is_buy) == (market_id, is_buy)
        )
        return sum(sizes, ZERO)


def _standing(answer: Any) -> tuple[Decimal, bool] | None:
    """How much an order has traded and whether it is open; None where that cannot be read."""
    try:
        return standing_of(answer) if isinstance(answer, Mapping) and answer.get("id") else None
    except (TypeError, ValueError):
        return None
