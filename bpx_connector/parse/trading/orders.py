"""The venue's orders become ccxt's structures; the same rows give the same order, whoever asked.

An order comes in four forms: the answer to POST and DELETE, a resting order, a row of the order history and
an event of the order stream. They share one vocabulary (the stream's short keys are renamed before they get
here), so one function makes an order of any of them and two views of one order can be compared.

Sources: Backpack OpenAPI, schemas OrderType and Order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from ccxt.base.types import Market

from bpx_connector.aliases import Payload, Structure
from bpx_connector.garbage import uncollected
from bpx_connector.orders.life import are_plain
from bpx_connector.orders.stops import CALLED, told_by
from bpx_connector.parse.arithmetic import Arithmetic, arithmetic_in
from bpx_connector.parse.figures import (
    UNREADABLE,
    Fields,
    Figures,
    Identity,
    Moment,
    PickedReading,
    picked_rows_of,
)
from bpx_connector.parse.names import ParseNames
from bpx_connector.parse.numbers import (
    EARLIEST,
    LATEST,
    Number,
    iso8601,
    milliseconds_of,
    number_or_none,
)
from bpx_connector.parse.overriding import is_overridden, own
from bpx_connector.parse.rows import Row, figure_text, object_of, read_each, rows_in, word_text
from bpx_connector.parse.trading.in_time import oldest_first
from bpx_connector.venue.words import ORDER_STATUS, ORDER_TYPE, SIDE, STREAM_ORDER_TYPE

__all__ = [
    "ParseOrders",
    "amount_asked",
    "exact_product_in",
    "is_sound",
    "is_zero",
    "millisecond_of_order",
    "order_structures",
    "orders_in",
    "refused_order",
    "understood_order",
]

ORDER_KIND = {**ORDER_TYPE, **STREAM_ORDER_TYPE}
"""REST capitalises the word, the order stream shouts it."""


def exact_product_in(number: Number) -> Callable[[str, str], Any]:
    """What multiplies two decimal texts exactly and rounds once, into the caller's number type."""
    return arithmetic_in(number).product_of


def millisecond_of_order(order: Mapping[str, Any]) -> int | None:
    """When an order was created: REST says it in milliseconds, the history in text."""
    return milliseconds_of(order.get("createdAt"))


def is_zero(figure: str) -> bool:
    """Whether decimal text says zero: "0", "0.00"."""
    return not figure.strip("0.")


def amount_asked(order: Mapping[str, Any]) -> str | None:
    """The base quantity that was asked for, or None where the venue does not say it in base units.

    A trigger order rests with `quantity` null or zero and its size in `triggerQuantity`, which may also be a
    share of the position ("80%"). A market order by cost may carry no base quantity at all.
    """
    row = Row(order)
    quantity = row.figure("quantity")
    return quantity if quantity and not is_zero(quantity) else row.figure("triggerQuantity")


UNKNOWN_ORDER: Structure = dict.fromkeys(
    (
        "info", "id", "clientOrderId", "timestamp", "datetime", "lastTradeTimestamp", "lastUpdateTimestamp",
        "symbol", "type", "timeInForce", "postOnly", "reduceOnly", "side", "price", "stopPrice",
        "triggerPrice", "stopLossPrice", "takeProfitPrice", "amount", "cost", "average", "filled",
        "remaining", "status", "fee", "fees", "trades",
    )
)  # fmt: skip
"""ccxt's order of which nothing is known. Copied and filled in it costs half of one written anew."""

AMOUNTS = ("price", "quantity", "executedQuantity", "executedQuoteQuantity")
TRIGGERS = ("triggerPrice", "stopLossTriggerPrice", "takeProfitTriggerPrice")
ORDER_FIGURES = (*AMOUNTS, *TRIGGERS)

UNSAID = object()
"""The flag of an order that the venue does not mention; null is a flag that was not set."""

Word = str | None

ORDER_FACTS: dict[str, tuple[Any, Any]] = {
    "id": (Word, None),
    "clientId": (Identity, None),
    "createdAt": (Moment | str | None, None),
    "symbol": (Word, None),
    "orderType": (Word, None),
    "timeInForce": (Word, None),
    "side": (Word, None),
    "status": (Word, None),
    "postOnly": (Any, UNSAID),
    "reduceOnly": (Any, UNSAID),
    "triggerQuantity": (Word, None),
}
"""What an order says besides: of which type it is, and what it is where that is not mentioned."""

WORDS = ("id", "symbol", "orderType", "timeInForce", "side", "status", "triggerQuantity")
FLAGS = ("postOnly", "reduceOnly")
FIELDS = Fields(ORDER_FIGURES, WORDS, ("createdAt",), FLAGS, ("clientId",))


@lru_cache(maxsize=8)
def _order_rows(number: Number) -> PickedReading:
    """What reads orders."""
    return picked_rows_of("OrderFigures", ORDER_FIGURES, ORDER_FACTS, number)


def understood_order(order: Payload) -> Payload:
    """An order that can be told from others and remembered: it has an id, and its figures are figures.

    What cannot be read of it is None. BadResponse if it has no id.
    """
    executed, status = order.get("executedQuantity"), order.get("status")
    is_as_documented = (
        type(order.get("id")) is str
        and type(order.get("symbol")) is str
        and (status is None or type(status) is str)
        and (executed is None or (type(executed) is str and figure_text(executed) == executed))
    )
    if is_as_documented and order["id"]:
        return order
    Row(order).needed("id")
    return FIELDS.legible(order)


def is_sound(order: Payload) -> bool:
    """Whether an order that has been understood is as the venue writes them, so that it may be remembered.

    What is odd about an order is told to who asked for it, and forgotten: kept it would stand in the way of
    the good answers that follow.
    """
    if not _is_as_documented(order):
        if word_text(order.get("status")) not in ORDER_STATUS or not _reads_as_it_is(order):
            return False
    elif order.get("status") not in ORDER_STATUS:
        return False
    executed, quantity = Decimal(order.get("executedQuantity") or 0), Decimal(order.get("quantity") or 0)
    return (
        order.get("side") in SIDE
        and order.get("orderType") in ORDER_KIND
        and executed >= 0
        and (not quantity or executed <= quantity)
    )


def _reads_as_it_is(order: Payload) -> bool:
    """Whether every field is read as what it says; the history writes the time as text."""
    read = FIELDS.legible(order)
    if read.get("createdAt") is not None:
        read["createdAt"] = order["createdAt"]
    return read == order


def _is_as_documented(order: Payload) -> bool:
    """Whether it is certain, at a look, that every field is as documented: then it reads as it is."""
    created = order.get("createdAt")
    return (
        _are_documented(tuple(map(type, map(order.get, DOCUMENTED))))
        and "" not in map(order.get, WORDS)
        and are_plain(map(order.get, ORDER_FIGURES))
        and (created is None or EARLIEST <= created < LATEST)
    )


NOTHING = type(None)
DOCUMENTED: dict[str, type] = {
    **dict.fromkeys(WORDS, str),
    **dict.fromkeys(FLAGS, bool),
    "clientId": int,
    "createdAt": int,
}
"""What a field is, if it is anything."""


@lru_cache(maxsize=1024)
def _are_documented(kinds: tuple[type, ...]) -> bool:
    """Whether fields of these kinds are as documented. Orders differ little in them."""
    return all(map(lambda kind, due: kind in (due, NOTHING), kinds, DOCUMENTED.values()))


def orders_in(answer: object, what: str) -> list[Payload]:
    """The orders of an answer that has to be a list of them; what cannot be told from others is left out."""
    return read_each(rows_in(answer, what), understood_order, what)


def order_structures(
    orders: Sequence[Mapping[str, Any]],
    infos: Sequence[Any],
    symbols: Mapping[Any, str | None],
    number: Number,
) -> list[Structure]:
    """ccxt's orders, from the venue's words for them, by what their markets are called.

    `status` says how an order ended, `filled` how far it had come: 'closed' is completely filled, 'canceled'
    was asked for, 'expired' was the engine's doing (the rest of an IOC, FOK, self-trade, slippage, margin),
    'rejected' is a trigger order that could not be placed when it fired. A field that cannot be read is None.
    """
    try:
        return _structures(orders, infos, symbols, number)
    except UNREADABLE:
        return _structures([FIELDS.legible(order) for order in orders], infos, symbols, number)


def _structures(
    orders: Sequence[Mapping[str, Any]],
    infos: Sequence[Any],
    symbols: Mapping[Any, str | None],
    number: Number,
) -> list[Structure]:
    arithmetic = arithmetic_in(number)
    structures: list[Structure] = []
    for (facts, figures), info in zip(_order_rows(number).picked(orders), infos, strict=True):
        (
            price_text, amount_text, filled_text, cost_text, trigger, stop_loss, take_profit,
            identity, client_id, created, market_id,
            kind, time_in_force, side, status, is_post_only, is_reduce_only, share,
        ) = facts  # fmt: skip
        found = _order_in_words(
            symbols[market_id], kind, time_in_force, side, status, is_post_only, is_reduce_only
        ).copy()
        found["info"] = info
        found["id"] = identity
        if client_id is not None:
            found["clientOrderId"] = str(client_id)
        timestamp = milliseconds_of(created) if type(created) is str else created
        found["timestamp"] = timestamp
        found["datetime"] = _moment_of_order(timestamp)
        _add_amounts(
            found, figures, price_text, amount_text, filled_text, cost_text, share, arithmetic, number
        )
        if trigger is not None or stop_loss is not None or take_profit is not None:
            found["stopPrice"] = found["triggerPrice"] = figures.triggerPrice
            found["stopLossPrice"] = figures.stopLossTriggerPrice
            found["takeProfitPrice"] = figures.takeProfitTriggerPrice
            if stop_loss is None and take_profit is None:
                for word in told_by(client_id):
                    found[CALLED[word]] = figures.triggerPrice
        found["fees"], found["trades"] = [], []
        structures.append(found)
    return structures


def _add_amounts(
    found: Structure,
    figures: Figures,
    price_text: Any,
    amount_text: Any,
    filled_text: Any,
    cost_text: Any,
    share: str | None,
    arithmetic: Arithmetic,
    number: Number,
) -> None:
    """What was asked for, how much of it is filled, what is left, what it cost and at which price."""
    price, amount, filled = figures.price, figures.quantity, figures.executedQuantity
    if amount is None or not float(amount):
        amount_text = figure_text(share)  # of a trigger order; a share of the position is none
        amount = number_or_none(number, amount_text)
    if found["status"] == "closed":
        if amount is None:
            amount_text, amount = filled_text, filled
        elif filled is None:
            filled_text, filled = amount_text, amount
    cost, average, remaining = figures.executedQuoteQuantity, None, amount
    if filled is None:
        remaining = None
    elif not float(filled):
        cost = filled
    else:
        if amount is not None:
            remaining = arithmetic.difference(amount, filled, amount_text, filled_text)
        if cost is not None:
            average = arithmetic.average_of_filled(cost, filled, price, cost_text, filled_text, price_text)
        elif price is not None:
            cost, average = arithmetic.product(filled, price, filled_text, price_text), price
    found["price"] = average if price is None and found["type"] == "market" else price
    found["amount"] = amount
    found["cost"] = cost
    found["average"] = average
    found["filled"] = filled
    found["remaining"] = remaining


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


def refused_order(
    asked: Mapping[str, Any], refusal: object, status: str | None, symbol: str | None, number: Number
) -> Structure:
    """An order of a batch that was not taken: what was asked for, with the venue's refusal as `info`.

    `status` is 'rejected', or None where the refusal leaves open whether the order reached the engine.
    """
    told = {"symbol": None, **asked, "status": None, "executedQuantity": "0"}
    [order] = order_structures([told], [refusal], {told["symbol"]: symbol}, number)
    return {**order, "status": status}


class ParseOrders(ParseNames):
    """ccxt's parsers of orders."""

    @own
    def parse_order(self, order: object, market: Market = None) -> Any:
        """ccxt's order, from the venue's order, resting or from the history."""
        told = object_of(order, f"{self.id} an order")
        symbol = self._symbol_of(told, market)
        # Whatever the order calls its market: a name that is none is read in another way than it is written.
        symbols: Mapping[Any, str | None] = defaultdict(lambda: symbol)
        [parsed] = order_structures([told], [told], symbols, self.number)
        return parsed

    @uncollected
    def parse_orders(
        self,
        orders: object,
        market: Market = None,
        since: int | None = None,
        limit: int | None = None,
        params: Any = {},
    ) -> Any:
        """ccxt's orders, oldest first: from `since` on the first `limit`, without `since` the latest."""
        orders = rows_in([] if orders is None else orders, f"{self.id} orders")
        if is_overridden(self, "parse_order"):
            rows = [self.parse_order(order, market) for order in orders]
        else:
            rows = order_structures(orders, orders, self._symbols(market), self.number)
        if params:
            rows = [{**row, **params} for row in rows]
        return oldest_first(rows, market, since, limit)
