"""What an order must satisfy before anybody looks at money or the book: fields and figures.

These functions answer nothing; they raise the `Refusal` that the venue words for the fault.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from bpx_connector.sandbox.records import refusals
from bpx_connector.sandbox.records.orders import GTC, LIMIT, MARKET, OrderRequest
from bpx_connector.sandbox.records.rules import MarketRules

__all__ = ["check_request", "is_conditional", "trigger_share"]

_NO_ORDERS: Final = frozenset({"Closed", "CancelOnly"})
_UNTHINKABLE: Final = Decimal(10) ** 15
"""Above this a figure times another would leave the 28 digits in which all sums here are exact."""


def check_request(request: OrderRequest, rules: MarketRules, state: str, active_price: Decimal) -> None:
    """Refuse an order that the market would not take from anyone."""
    check_state(request, state)
    _check_flags(request, rules)
    _check_children(request, rules)
    if is_conditional(request):
        _check_trigger(request, rules)
        return
    if request.order_type == MARKET:
        _check_market_quantities(request, rules)
    else:
        _check_limit(request, rules, active_price)


def is_conditional(request: OrderRequest) -> bool:
    """Whether the order is to wait for a trigger price; half a trigger is refused."""
    if (request.trigger_price is None) != (request.trigger_quantity is None):
        raise refusals.incomplete_trigger()
    return request.trigger_price is not None


def check_state(request: OrderRequest, state: str) -> None:
    """Refuse what the book's state (the venue's `OrderBookState`) does not allow."""
    if state in _NO_ORDERS:
        raise refusals.trading_paused()
    if state == "LimitOnly" and request.order_type == MARKET:
        raise refusals.book_takes_no_such_order()
    if state == "PostOnly" and not request.post_only:
        raise refusals.book_takes_no_such_order()


def check_quantity(quantity: Decimal, rules: MarketRules) -> None:
    """Refuse a base quantity off the step or outside the market's limits."""
    if quantity > _UNTHINKABLE:
        raise refusals.quantity_above_maximum()
    if quantity <= 0:
        raise refusals.quantity_below_minimum()
    if not rules.is_on_step(quantity):
        raise refusals.quantity_too_fine()
    if quantity < rules.min_quantity:
        raise refusals.quantity_below_minimum()
    if rules.max_quantity is not None and quantity > rules.max_quantity:
        raise refusals.quantity_above_maximum()


def check_price(price: Decimal, rules: MarketRules) -> None:
    """Refuse a price off the tick or outside the market's limits."""
    if price > _UNTHINKABLE:
        raise refusals.price_above_maximum()
    if price <= 0:
        raise refusals.price_below_minimum()
    if not rules.is_on_tick(price):
        raise refusals.price_too_fine()
    if price < rules.min_price:
        raise refusals.price_below_minimum()
    if rules.max_price is not None and price > rules.max_price:
        raise refusals.price_above_maximum()


def check_band(price: Decimal, rules: MarketRules, active_price: Decimal) -> None:
    """Refuse a limit price outside the "allowed multiplier from last active price" (OpenAPI, PriceFilter)."""
    if rules.min_multiplier is not None and price < active_price * rules.min_multiplier:
        raise refusals.price_out_of_band()
    if rules.max_multiplier is not None and price > active_price * rules.max_multiplier:
        raise refusals.price_out_of_band()


def trigger_share(trigger_quantity: str) -> Decimal | None:
    """The share that a percentage trigger quantity asks for ("80%" is 0.8); None for an amount."""
    if not trigger_quantity.endswith("%"):
        return None
    return Decimal(trigger_quantity[:-1]) / 100


def _check_flags(request: OrderRequest, rules: MarketRules) -> None:
    if request.post_only and (request.order_type != LIMIT or request.time_in_force != GTC):
        raise refusals.invalid_order()
    if request.reduce_only and not rules.is_perp:
        raise refusals.invalid_order()
    tolerance, kind = request.slippage_tolerance, request.slippage_tolerance_type
    if (tolerance is None) != (kind is None):
        raise refusals.invalid_order()
    if tolerance is not None and (request.order_type != MARKET or tolerance < 0):
        raise refusals.invalid_order()


def _check_children(request: OrderRequest, rules: MarketRules) -> None:
    for trigger, limit in (
        (request.stop_loss_trigger_price, request.stop_loss_limit_price),
        (request.take_profit_trigger_price, request.take_profit_limit_price),
    ):
        if trigger is None and limit is not None:
            raise refusals.invalid_order()
        for price in (trigger, limit):
            if price is not None:
                check_price(price, rules)


def _check_trigger(request: OrderRequest, rules: MarketRules) -> None:
    if request.trigger_price is None or request.trigger_quantity is None:
        raise refusals.incomplete_trigger()
    check_price(request.trigger_price, rules)
    if request.order_type == LIMIT:
        if request.price is None:
            raise refusals.invalid_order()
        check_price(request.price, rules)
    try:
        amount = Decimal(request.trigger_quantity.removesuffix("%"))
    except ArithmeticError:
        raise refusals.invalid_order() from None
    if not amount.is_finite():
        raise refusals.invalid_order()
    share = trigger_share(request.trigger_quantity)
    if share is None:
        check_quantity(amount, rules)
    elif not 0 < share <= 1:
        raise refusals.invalid_order()


def _check_market_quantities(request: OrderRequest, rules: MarketRules) -> None:
    quantity, quote = request.quantity, request.quote_quantity
    if request.price is not None:
        raise refusals.invalid_order()
    if (quantity is None) == (quote is None):
        raise refusals.market_without_quantity()
    if quantity is not None:
        if quantity <= 0:
            raise refusals.market_without_quantity()
        check_quantity(quantity, rules)
    if quote is not None and quote <= 0:
        raise refusals.market_without_quantity()
    if quote is not None and quote > _UNTHINKABLE:
        raise refusals.quantity_above_maximum()


def _check_limit(request: OrderRequest, rules: MarketRules, active_price: Decimal) -> None:
    if request.price is None or request.quantity is None or request.quote_quantity is not None:
        raise refusals.invalid_order()
    check_quantity(request.quantity, rules)
    check_price(request.price, rules)
    check_band(request.price, rules, active_price)
