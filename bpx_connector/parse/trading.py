"""The venue's orders and fills become ccxt's structures; the same rows give the same order, whoever asked.

An order comes in four forms: the answer to POST and DELETE, a resting order, a row of the order history and
an event of the order stream. They share one vocabulary (the stream's short keys are renamed before they get
here), so one function makes an order of any of them and two views of one order can be compared.

Sources: Backpack OpenAPI, schemas OrderType, Order and OrderFill.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from operator import lt
from typing import Any

from bpx_connector._ccxt import Ccxt, Payload
from bpx_connector.parse.figures import (
    Reading,
    cut_quotient,
    exact_difference,
    exact_product,
    rows_of,
)
from bpx_connector.parse.numbers import (
    Number,
    iso8601,
    milliseconds_at,
    milliseconds_of,
    number_or_none,
    product,
)
from bpx_connector.venue.words import OPEN_STATUSES, ORDER_STATUS, ORDER_TYPE, SIDE, STREAM_ORDER_TYPE

__all__ = [
    "ParseTrading",
    "amount_asked",
    "exact_product_in",
    "fill_structure",
    "further_order",
    "is_open",
    "is_zero",
    "millisecond_of_order",
    "moment_of",
    "order_structure",
    "refused_order",
]

Structure = dict[str, Any]

ExactProduct = Callable[[str, str], Any]

LENGTH_TO_MILLISECONDS = len("2026-09-01T17:54:04.094")

ORDER_KIND = {**ORDER_TYPE, **STREAM_ORDER_TYPE}
"""REST capitalises the word, the order stream shouts it."""


def moment_of(text: str, moment: datetime) -> tuple[int, str | None]:
    """Timestamp and datetime of a moment and the venue's zoneless UTC text for it, which usually lacks only
    the Z.
    """
    timestamp = milliseconds_at(moment)
    is_usual = len(text) == LENGTH_TO_MILLISECONDS and text[10] == "T"
    return timestamp, text + "Z" if is_usual else iso8601(timestamp)


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


def is_open(order: Mapping[str, Any]) -> bool:
    """Whether the venue can still fill, trigger or cancel this order."""
    return order.get("status") in OPEN_STATUSES


def further_order(one: Payload, other: Payload) -> Payload:
    """Of two views of one order the one that is further on its way: ended, or more of it filled.

    An order never moves backwards, so a view that shows less is an older one. Of equal views, `other`.
    """
    if is_open(one) != is_open(other):
        return other if is_open(one) else one
    if Decimal(one.get("executedQuantity") or "0") > Decimal(other.get("executedQuantity") or "0"):
        return one
    return other


def is_zero(figure: str) -> bool:
    """Whether decimal text says zero: "0", "0.00"."""
    return not figure.strip("0.")


def amount_asked(order: Mapping[str, Any]) -> str | None:
    """The base quantity that was asked for, or None where the venue does not say it in base units.

    A trigger order rests with `quantity` null or zero and its size in `triggerQuantity`, which may also be a
    share of the position ("80%"). A market order by cost may carry no base quantity at all.
    """
    quantity: str | None = order.get("quantity")
    if quantity and not is_zero(quantity):
        return quantity
    trigger: str | None = order.get("triggerQuantity")
    return trigger if trigger and not trigger.endswith("%") else None


UNKNOWN_ORDER: Structure = dict.fromkeys(
    (
        "info", "id", "clientOrderId", "timestamp", "datetime", "lastTradeTimestamp", "lastUpdateTimestamp",
        "symbol", "type", "timeInForce", "postOnly", "reduceOnly", "side", "price", "stopPrice",
        "triggerPrice", "stopLossPrice", "takeProfitPrice", "amount", "cost", "average", "filled",
        "remaining", "status", "fee", "fees", "trades",
    )
)  # fmt: skip
"""ccxt's order of which nothing is known. Copied and filled in it costs half of one written anew."""

ORDER_FIGURES = (
    "price",
    "quantity",
    "executedQuantity",
    "executedQuoteQuantity",
    "triggerPrice",
    "stopLossTriggerPrice",
    "takeProfitTriggerPrice",
)


def order_rows(number: Number) -> Reading:
    """What reads the figures of orders."""
    return rows_of("OrderFigures", ORDER_FIGURES, (), number)


def order_structure(
    order: Mapping[str, Any], info: Any, symbol: str | None, timestamp: int | None, number: Number
) -> Structure:
    """ccxt's order, from the venue's words for one.

    `status` says how an order ended, `filled` how far it had come: 'closed' is completely filled, 'canceled'
    was asked for, 'expired' was the engine's doing (the rest of an IOC, FOK, self-trade, slippage, margin),
    'rejected' is a trigger order that could not be placed when it fired.
    """
    [figures] = order_rows(number).of([order])
    return _order(order, figures, info, symbol, timestamp, number)


def _order(
    order: Mapping[str, Any],
    figures: Any,
    info: Any,
    symbol: str | None,
    timestamp: int | None,
    number: Number,
) -> Structure:
    get = order.get
    word, kind_word, client_id = get("status"), get("orderType"), get("clientId")
    status = ORDER_STATUS.get(word, word)  # type: ignore[arg-type]  # None has no row and stays None
    kind = ORDER_KIND.get(kind_word, kind_word)  # type: ignore[arg-type]
    price_text, amount_text, filled_text = get("price"), amount_asked(order), get("executedQuantity")
    price, filled, cost = figures.price, figures.executedQuantity, figures.executedQuoteQuantity
    amount = figures.quantity if amount_text is get("quantity") else number_or_none(number, amount_text)
    if status == "closed":
        if amount_text is None:
            amount_text, amount = filled_text, filled
        elif filled_text is None:
            filled_text, filled = amount_text, amount
    average, remaining = None, amount
    if filled_text is None:
        remaining = None
    elif filled_text == "0" or is_zero(filled_text):
        cost = filled
    else:
        if amount_text is not None:
            remaining = exact_difference(amount_text, filled_text, number)
        if cost is None:
            cost, average = number_or_none(number, product(filled_text, price_text)), price
        else:
            average = cut_quotient(order["executedQuoteQuantity"], filled_text, number)
    found = UNKNOWN_ORDER.copy()
    found["info"] = info
    found["id"] = get("id")
    if client_id is not None:
        found["clientOrderId"] = str(client_id)
    found["timestamp"] = timestamp
    found["datetime"] = iso8601(timestamp)
    found["symbol"] = symbol
    found["type"] = kind
    found["timeInForce"] = get("timeInForce")
    # Null is a flag that was not set; one that is not mentioned (reduceOnly in the history) is unknown.
    if kind == "market" or "postOnly" in order:
        found["postOnly"] = bool(get("postOnly"))
    if "reduceOnly" in order:
        found["reduceOnly"] = bool(get("reduceOnly"))
    found["side"] = SIDE.get(get("side"))  # type: ignore[arg-type]  # None has no row here either
    found["price"] = average if price is None and kind == "market" else price
    found["stopPrice"] = found["triggerPrice"] = figures.triggerPrice
    found["stopLossPrice"] = figures.stopLossTriggerPrice
    found["takeProfitPrice"] = figures.takeProfitTriggerPrice
    found["amount"] = amount
    found["cost"] = cost
    found["average"] = average
    found["filled"] = filled
    found["remaining"] = remaining
    found["status"] = status
    found["fees"], found["trades"] = [], []
    return found


def refused_order(
    asked: Mapping[str, Any], refusal: Any, status: str | None, symbol: str | None, number: Number
) -> Structure:
    """An order of a batch that was not taken: what was asked for, with the venue's refusal as `info`.

    `status` is 'rejected', or None where the refusal leaves open whether the order reached the engine.
    """
    order = order_structure({**asked, "status": None, "executedQuantity": "0"}, refusal, symbol, None, number)
    return {**order, "status": status}


FILL_FIGURES = ("price", "quantity", "fee")


def fill_rows(number: Number) -> Reading:
    """What reads the figures and moments of fills."""
    return rows_of("FillFigures", FILL_FIGURES, (), number, ("timestamp",))


def fill_structure(
    fill: Payload, symbol: str | None, fee_currency: str | None, number: Number, exact_product: ExactProduct
) -> Structure:
    """ccxt's trade, from one of the account's fills."""
    [figures] = fill_rows(number).of([fill])
    return _fill(fill, figures, symbol, fee_currency, exact_product)


def _fill(
    fill: Payload, figures: Any, symbol: str | None, fee_currency: str | None, exact_product: ExactProduct
) -> Structure:
    maker, trade_id = fill.get("isMaker"), fill.get("tradeId")
    timestamp, datetime = moment_of(fill["timestamp"], figures.timestamp)
    fee = {"currency": fee_currency, "cost": figures.fee}
    return {
        "info": fill,
        "id": None if trade_id is None else str(trade_id),
        "order": fill["orderId"],
        "timestamp": timestamp,
        "datetime": datetime,
        "symbol": symbol,
        "type": None,
        "side": SIDE[fill["side"]],
        "takerOrMaker": None if maker is None else "maker" if maker else "taker",
        "price": figures.price,
        "amount": figures.quantity,
        "cost": exact_product(fill["price"], fill["quantity"]),
        "fee": fee,
        "fees": [fee],
    }


def _moment(row: Structure) -> tuple[int, int, str]:
    identity = row["id"] or ""
    return row["timestamp"] or 0, len(identity), identity  # ids are digits: a longer one is later


def _is_oldest_first(rows: list[Structure]) -> bool:
    """Whether each row is later than the one before, as the venue mostly has them."""
    times = [row["timestamp"] for row in rows]
    return None not in times and all(map(lt, times, times[1:]))


def _oldest_first(
    rows: list[Structure], market: Any, since: int | None, limit: int | None
) -> list[Structure]:
    if not _is_oldest_first(rows):
        rows.sort(key=_moment)
    if market is not None:
        symbol = market["symbol"]
        rows = [row for row in rows if row["symbol"] == symbol]
    if since is None:
        return rows if limit is None else rows[-limit:]
    return [row for row in rows if row["timestamp"] is not None and row["timestamp"] >= since][:limit]


class ParseTrading(Ccxt):
    """Orders and fills of the account."""

    def parse_order(self, order: Any, market: Any = None) -> Any:
        """ccxt's order, from the venue's order, resting or from the history."""
        return order_structure(
            order, order, self._symbol_of(order, market), millisecond_of_order(order), self.number
        )

    def parse_orders(
        self,
        orders: Any,
        market: Any = None,
        since: int | None = None,
        limit: int | None = None,
        params: Any = {},
    ) -> Any:
        """ccxt's orders, oldest first: from `since` on the first `limit`, without `since` the latest."""
        number, orders = self.number, list(orders or [])
        symbols = self._symbols_of(orders, market)
        rows = [
            _order(order, figures, order, symbols[order.get("symbol")], millisecond_of_order(order), number)
            for order, figures in zip(orders, order_rows(number).of(orders), strict=True)
        ]
        if params:
            rows = [{**row, **params} for row in rows]
        return _oldest_first(rows, market, since, limit)

    def parse_fills(
        self, fills: Iterable[Payload], market: Any = None, since: int | None = None, limit: int | None = None
    ) -> list[Structure]:
        """ccxt's trades of the account, oldest first: from `since` on the first `limit`, else the latest."""
        number, fills = self.number, list(fills)
        if since is None:
            fills.reverse()  # the venue begins with the newest
        exact_product, symbols = exact_product_in(number), self._symbols_of(fills, market)
        currencies = {
            asset: self.safe_currency_code(asset) for asset in {fill["feeSymbol"] for fill in fills}
        }
        rows = [
            _fill(fill, figures, symbols[fill["symbol"]], currencies[fill["feeSymbol"]], exact_product)
            for fill, figures in zip(fills, fill_rows(number).of(fills), strict=True)
        ]
        return _oldest_first(rows, market, since, limit)

    def parse_trade(self, trade: Any, market: Any = None) -> Any:
        """ccxt's trade, from one of the account's fills; public trades have a parser of their own."""
        [parsed] = self.parse_fills([trade])
        return parsed

    def _symbols_of(self, rows: list[Payload], market: Any) -> dict[Any, str | None]:
        """ccxt's symbols of the markets in these rows, each looked up once."""
        found = {row.get("symbol"): row for row in rows}
        return {market_id: self._symbol_of(row, market) for market_id, row in found.items()}

    def _symbol_of(self, row: Mapping[str, Any], market: Any) -> str | None:
        market_id = row.get("symbol")
        known = self.markets_by_id.get(market_id) if self.markets_by_id and market_id is not None else None
        if known and len(known) == 1:
            return str(known[0]["symbol"])
        symbol: str | None = self.safe_symbol(market_id, market)
        return symbol
