"""What a user without keys may send through the gateway. Pure.

A refusal is a sentence for the user; nothing has been sent then. What cannot be checked is refused: an
order of which neither price nor notional is known has no limit that could hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from bpx_connector.gateway.bus.subjects import checked_token

__all__ = ["SENT_ONCE", "SentOnce", "UserLimits", "limits_of", "refusal_of"]

SENT_ONCE = frozenset(
    {
        ("POST", "api/v1/order"),
        ("POST", "api/v1/orders"),
        ("DELETE", "api/v1/order"),
        ("DELETE", "api/v1/orders"),
    }
)
"""What the gateway signs for its users: orders and cancels. Withdrawals, transfers and settings it never
does."""


@dataclass(frozen=True)
class UserLimits:
    """One user's: the markets, the most that one order may be worth (quote currency), the most orders at
    once."""

    symbols: frozenset[str] | None = None
    largest_notional: Decimal | None = None
    most_open_orders: int | None = None


def limits_of(rows: Any) -> dict[str, UserLimits]:
    """Limits by user, from rows such as {"s7": {"symbols": [...], "maxNotional": "500", "maxOpenOrders":
    20}}; ValueError for what would limit nothing."""
    if not isinstance(rows, Mapping):
        raise ValueError("the limits are a table of users, such as {'s7': {'maxNotional': '500'}}")
    return {user: _limits_of(user, row) for user, row in rows.items()}


def _limits_of(user: str, row: Any) -> UserLimits:
    checked_token("the user", user)
    if not isinstance(row, Mapping):
        raise ValueError(f"the limits of {user} are a table, such as {{'maxNotional': '500'}}, not {row!r}")
    unknown = sorted(row.keys() - {"symbols", "maxNotional", "maxOpenOrders"})
    if unknown:
        raise ValueError(
            f"unknown limits {', '.join(unknown)}: there are symbols, maxNotional, maxOpenOrders"
        )
    symbols, notional, count = (row.get(name) for name in ("symbols", "maxNotional", "maxOpenOrders"))
    if symbols is not None and not _are_texts(symbols):
        raise ValueError(f"symbols of {user} is {symbols!r}, not a list of markets")
    if notional is not None and _positive(notional) is None:
        raise ValueError(f"maxNotional of {user} is {notional!r}, not a positive number")
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 0):
        raise ValueError(f"maxOpenOrders of {user} is {count!r}, not a whole number")
    return UserLimits(
        None if symbols is None else frozenset(symbols),
        None if notional is None else _positive(notional),
        count,
    )


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def refusal_of(
    call: tuple[str, str],
    params: Any,
    limits: UserLimits | None,
    open_orders: int,
    prices: Mapping[str, Decimal],
) -> str | None:
    """Why this call is not sent for this user; None if it is. `open_orders` is how many the user has now."""
    if call not in SENT_ONCE:
        return f"{call[0]} /{call[1]} is not sent through the gateway, only orders and cancels are"
    if limits is None:
        return "this user may not trade through the gateway"
    orders = params if isinstance(params, list) else [params]
    for order in orders:
        symbol = order.get("symbol")
        if limits.symbols is not None and symbol not in limits.symbols:
            return f"{symbol} is not among this user's markets: {', '.join(sorted(limits.symbols))}"
    if call[0] == "DELETE":
        return None
    if limits.most_open_orders is not None and open_orders + len(orders) > limits.most_open_orders:
        return f"{open_orders} orders are open, {limits.most_open_orders} are this user's most"
    return next(filter(None, (_too_large(order, limits.largest_notional, prices) for order in orders)), None)


def _too_large(order: Mapping[str, Any], most: Decimal | None, prices: Mapping[str, Decimal]) -> str | None:
    if most is None:
        return None
    worth = _notional(order, prices)
    if worth is None:
        return (
            f"what the order in {order.get('symbol')} is worth is not known, and {most} is this user's most"
        )
    return f"the order is worth {worth}, {most} is this user's most" if worth > most else None


def _notional(order: Mapping[str, Any], prices: Mapping[str, Decimal]) -> Decimal | None:
    """The most that an order can be worth: at its price, or at the market's where that is higher."""
    if order.get("quoteQuantity") is not None:
        return _positive(order["quoteQuantity"])
    quantity = _positive(order.get("quantity") or order.get("triggerQuantity"))
    at = [price for price in (_positive(order.get("price")), prices.get(str(order.get("symbol")))) if price]
    return quantity * max(at) if quantity is not None and at else None


def _positive(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and number > 0 else None


class SentOnce:
    """The requests that were taken on, by their id: one that comes again is refused."""

    def __init__(self, seconds: float = 120.0) -> None:
        self._seconds = seconds
        self._taken: dict[str, float] = {}

    def take(self, identity: str, now: float) -> bool:
        """Whether this request is new; it is known from here on."""
        while self._taken and next(iter(self._taken.values())) <= now - self._seconds:
            del self._taken[next(iter(self._taken))]
        if identity in self._taken:
            return False
        self._taken[identity] = now
        return True
