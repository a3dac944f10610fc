"""The venue's orders and fills become ccxt's structures; the same rows give the same order, whoever asked.

An order comes in four forms: the answer to POST and DELETE, a resting order, a row of the order history and
an event of the order stream. They share one vocabulary (the stream's short keys are renamed before they get
here), so one function makes an order of any of them and two views of one order can be compared.

Sources: Backpack OpenAPI, schemas OrderType, Order and OrderFill.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from bpx_connector.aliases import Structure
from bpx_connector.orders.life import FIGURES
from bpx_connector.parse.figures import (
    SHORT,
    SHORT_PAIR,
    PickedReading,
    cut_quotient,
    exact_difference,
    exact_product,
    nearest_short,
    picked_rows_of,
)
from bpx_connector.parse.names import ParseNames
from bpx_connector.parse.numbers import (
    Number,
    iso8601,
    milliseconds_of,
    number_or_none,
    product,
)
from bpx_connector.parse.trading.in_time import oldest_first
from bpx_connector.venue.words import ORDER_STATUS, ORDER_TYPE, SIDE, STREAM_ORDER_TYPE

__all__ = [
    "ParseOrders",
    "amount_asked",
    "exact_product_in",
    "is_zero",
    "millisecond_of_order",
    "order_structures",
    "refused_order",
]

ExactProduct = Callable[[str, str], Any]


ORDER_KIND = {**ORDER_TYPE, **STREAM_ORDER_TYPE}
"""REST capitalises the word, the order stream shouts it."""


def exact_product_in(number: Number) -> ExactProduct:
    """What multiplies two decimal texts exactly and rounds once, into the caller's number type.

    A float is made of the product itself; for all others its digits are written out.
    """
    if number is float:
        return exact_product
    return lambda one, other: number(product(one, other))


def millisecond_of_order(order: Mapping[str, Any]) -> int | None:
    """When an order was created: REST says it in milliseconds, the history in text."""
    created = order.get("createdAt")
    return milliseconds_of(created) if isinstance(created, str) else created


def is_zero(figure: str) -> bool:
    """Whether decimal text says zero: "0", "0.00"."""
    return not figure.strip("0.")


def amount_asked(order: Mapping[str, Any]) -> str | None:
    """The base quantity that was asked for, or None where the venue does not say it in base units.

    A trigger order rests with `quantity` null or zero and its size in `triggerQuantity`, which may also be a
    share of the position ("80%"). A market order by cost may carry no base quantity at all.
    """
    quantity: str | None = order.get("quantity")
    return quantity if quantity and not is_zero(quantity) else _trigger_amount(order.get("triggerQuantity"))


def _trigger_amount(text: str | None) -> str | None:
    return text if text and not text.endswith("%") else None


UNKNOWN_ORDER: Structure = dict.fromkeys(
    (
        "info", "id", "clientOrderId", "timestamp", "datetime", "lastTradeTimestamp", "lastUpdateTimestamp",
        "symbol", "type", "timeInForce", "postOnly", "reduceOnly", "side", "price", "stopPrice",
        "triggerPrice", "stopLossPrice", "takeProfitPrice", "amount", "cost", "average", "filled",
        "remaining", "status", "fee", "fees", "trades",
    )
)  # fmt: skip
"""ccxt's order of which nothing is known. Copied and filled in it costs half of one written anew."""

UNSAID = object()
"""The flag of an order that the venue does not mention; null is a flag that was not set."""

ORDER_FACTS = {
    **dict.fromkeys(("id", "clientId", "createdAt", "symbol")),
    **dict.fromkeys(("orderType", "timeInForce", "side", "status")),
    "postOnly": UNSAID,
    "reduceOnly": UNSAID,
    "triggerQuantity": None,
}
"""What an order says besides, and what it is where that is not mentioned."""


@lru_cache(maxsize=8)
def _order_rows(number: Number) -> PickedReading:
    """What reads orders."""
    return picked_rows_of("OrderFigures", FIGURES, ORDER_FACTS, number)


def order_structures(
    orders: Sequence[Mapping[str, Any]],
    infos: Sequence[Any],
    symbols: Mapping[Any, str | None],
    number: Number,
) -> list[Structure]:
    """ccxt's orders, from the venue's words for them, by what their markets are called.

    `status` says how an order ended, `filled` how far it had come: 'closed' is completely filled, 'canceled'
    was asked for, 'expired' was the engine's doing (the rest of an IOC, FOK, self-trade, slippage, margin),
    'rejected' is a trigger order that could not be placed when it fired.
    """
    is_float = number is float
    structures: list[Structure] = []
    for (facts, figures), info in zip(_order_rows(number).picked(orders), infos, strict=True):
        (
            price_text, amount_text, filled_text, cost_text, trigger, stop_loss, take_profit,
            identity, client_id, timestamp, market_id,
            kind, time_in_force, side, status, is_post_only, is_reduce_only, trigger_quantity,
        ) = facts  # fmt: skip
        found = _order_in_words(
            symbols[market_id], kind, time_in_force, side, status, is_post_only, is_reduce_only
        ).copy()
        price, amount, filled = figures.price, figures.quantity, figures.executedQuantity
        if not amount or (not is_float and is_zero(amount_text)):
            amount_text = _trigger_amount(trigger_quantity)
            amount = number_or_none(number, amount_text)
        if found["status"] == "closed":
            if amount is None:
                amount_text, amount = filled_text, filled
            elif filled is None:
                filled_text, filled = amount_text, amount
        cost, average, remaining = figures.executedQuoteQuantity, None, amount
        if filled is None:
            remaining = None
        elif not filled or (not is_float and is_zero(filled_text)):
            cost = filled
        else:
            if amount is not None:
                remaining = _difference(amount, filled, amount_text, filled_text, number)
            if cost is None:
                cost, average = number_or_none(number, product(filled_text, price_text)), price
            elif is_float and _is_product(cost, price, filled, cost_text, price_text, filled_text):
                average = price  # as of all that rested; divided it would be the same
            else:
                average = cut_quotient(cost_text, filled_text, number)
        if type(timestamp) is str:  # of the history
            timestamp = milliseconds_of(timestamp)
        found["info"] = info
        found["id"] = identity
        if client_id is not None:
            found["clientOrderId"] = str(client_id)
        found["timestamp"] = timestamp
        found["datetime"] = _moment_of_order(timestamp)
        found["price"] = average if price is None and found["type"] == "market" else price
        if trigger is not None or stop_loss is not None or take_profit is not None:
            found["stopPrice"] = found["triggerPrice"] = figures.triggerPrice
            found["stopLossPrice"] = figures.stopLossTriggerPrice
            found["takeProfitPrice"] = figures.takeProfitTriggerPrice
        found["amount"] = amount
        found["cost"] = cost
        found["average"] = average
        found["filled"] = filled
        found["remaining"] = remaining
        found["fees"], found["trades"] = [], []
        structures.append(found)
    return structures


@lru_cache(maxsize=4096)
def _order_in_words(
    symbol: str | None,
    kind: str | None,
    time_in_force: str | None,
    side: str | None,
    status: str | None,
    is_post_only: Any,
    is_reduce_only: Any,
) -> Structure:
    """An order of which only the words are known, to be copied: a thousand orders differ little in them."""
    kind, status = ORDER_KIND.get(kind, kind), ORDER_STATUS.get(status, status)  # type: ignore[arg-type]
    found = UNKNOWN_ORDER.copy()
    found["symbol"] = symbol
    found["type"] = kind
    found["timeInForce"] = time_in_force
    if is_post_only is not UNSAID:
        found["postOnly"] = is_post_only is True
    elif kind == "market":
        found["postOnly"] = False
    if is_reduce_only is not UNSAID:
        found["reduceOnly"] = is_reduce_only is True
    found["side"] = SIDE.get(side)  # type: ignore[arg-type]  # None has no row in any of these
    found["status"] = status
    return found


@lru_cache(maxsize=4096)
def _moment_of_order(timestamp: int | None) -> str | None:
    """An order is read again and again while it rests, and at each event of its life."""
    return iso8601(timestamp)


def _difference(one: Any, other: Any, one_text: str, other_text: str, number: Number) -> Any:
    if number is float and len(one_text) + len(other_text) <= SHORT_PAIR:
        return nearest_short(one - other, one + other)
    return exact_difference(one_text, other_text, number)


def _is_product(
    figure: float, one: float | None, other: float, text: str, one_text: str | None, other_text: str
) -> bool:
    """Whether a figure is one x other, to the last digit. Only where texts are short: else it may be."""
    if one is None or one_text is None or len(text) > SHORT or len(one_text) + len(other_text) > SHORT_PAIR:
        return False
    product = one * other
    return nearest_short(product, product) == figure


def refused_order(
    asked: Mapping[str, Any], refusal: Any, status: str | None, symbol: str | None, number: Number
) -> Structure:
    """An order of a batch that was not taken: what was asked for, with the venue's refusal as `info`.

    `status` is 'rejected', or None where the refusal leaves open whether the order reached the engine.
    """
    told = {"symbol": None, **asked, "status": None, "executedQuantity": "0"}
    [order] = order_structures([told], [refusal], {told["symbol"]: symbol}, number)
    return {**order, "status": status}


class ParseOrders(ParseNames):
    """ccxt's parsers of orders."""

    def parse_order(self, order: Any, market: Any = None) -> Any:
        """ccxt's order, from the venue's order, resting or from the history."""
        symbols = {order.get("symbol"): self._symbol_of(order, market)}
        [parsed] = order_structures([order], [order], symbols, self.number)
        return parsed

    def parse_orders(
        self,
        orders: Any,
        market: Any = None,
        since: int | None = None,
        limit: int | None = None,
        params: Any = {},
    ) -> Any:
        """ccxt's orders, oldest first: from `since` on the first `limit`, without `since` the latest."""
        orders = list(orders or [])
        rows = order_structures(orders, orders, self._symbols(market), self.number)
        if params:
            rows = [{**row, **params} for row in rows]
        return oldest_first(rows, market, since, limit)
