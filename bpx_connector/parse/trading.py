"""The venue's orders and fills become ccxt's structures; the same rows give the same order, whoever asked.

An order comes in four forms: the answer to POST and DELETE, a resting order, a row of the order history and
an event of the order stream. They share one vocabulary (the stream's short keys are renamed before they get
here), so one function makes an order of any of them and two views of one order can be compared.

Sources: Backpack OpenAPI, schemas OrderType, Order and OrderFill.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any

from bpx_connector._ccxt import Ccxt, Payload
from bpx_connector.parse.numbers import (
    Number,
    difference,
    iso8601,
    milliseconds_of,
    product,
    quotient,
)
from bpx_connector.venue.words import OPEN_STATUSES, ORDER_STATUS, SIDE

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

_EXACT = Context(prec=200)

ExactProduct = Callable[[str, str], Any]

LENGTH_TO_MILLISECONDS = len("2026-09-01T17:54:04.094")

ORDER_KIND = {"Limit": "limit", "Market": "market", "LIMIT": "limit", "MARKET": "market"}
"""REST capitalises the word, the order stream shouts it."""


@lru_cache(maxsize=4096)
def _second(text: str) -> int:
    return milliseconds_of(text) or 0


def moment_of(text: str) -> tuple[int | None, str | None]:
    """Timestamp and datetime of the venue's zoneless UTC text, whose usual form only lacks the Z."""
    if len(text) == LENGTH_TO_MILLISECONDS and text[10] == "T":
        return _second(text[:19]) + int(text[20:]), text + "Z"
    timestamp = milliseconds_of(text)
    return timestamp, iso8601(timestamp)


def exact_product_in(number: Number) -> ExactProduct:
    """What multiplies two decimal texts exactly and rounds once, into the caller's number type.

    A float is made of the product itself; for all others its digits are written out.
    """
    if number is float:
        return lambda one, other: float(_EXACT.multiply(Decimal(one), Decimal(other)))
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


def order_structure(
    order: Mapping[str, Any], info: Any, symbol: str | None, timestamp: int | None, number: Number
) -> Structure:
    """ccxt's order, from the venue's words for one.

    `status` says how an order ended, `filled` how far it had come: 'closed' is completely filled, 'canceled'
    was asked for, 'expired' was the engine's doing (the rest of an IOC, FOK, self-trade, slippage, margin),
    'rejected' is a trigger order that could not be placed when it fired.
    """
    get = order.get
    word, kind_word, side = get("status"), get("orderType"), get("side")
    status = ORDER_STATUS.get(word, word)  # type: ignore[arg-type]  # None has no row and stays None
    kind = ORDER_KIND.get(kind_word, kind_word)  # type: ignore[arg-type]
    amount, price, filled = amount_asked(order), get("price"), get("executedQuantity")
    if status == "closed":
        amount = filled if amount is None else amount
        filled = amount if filled is None else filled
    cost, average, remaining = get("executedQuoteQuantity"), None, amount
    if filled is None:
        remaining = None
    elif not is_zero(filled):
        remaining = "0" if filled == amount else difference(amount, filled)
        if cost is None:
            cost, average = product(filled, price), price
        else:
            average = quotient(cost, filled)
    else:
        cost = filled
    if not price and kind == "market":
        price = average
    asked_for = None if amount is None else number(amount)
    client_id, trigger_price = get("clientId"), get("triggerPrice")
    stop_loss, take_profit = get("stopLossTriggerPrice"), get("takeProfitTriggerPrice")
    trigger = number(trigger_price) if trigger_price else None
    return {
        "info": info,
        "id": get("id"),
        "clientOrderId": None if client_id is None else str(client_id),
        "timestamp": timestamp,
        "datetime": iso8601(timestamp),
        "lastTradeTimestamp": None,
        "lastUpdateTimestamp": None,
        "symbol": symbol,
        "type": kind,
        "timeInForce": get("timeInForce"),
        # Null is a flag that was not set; one that is not mentioned (reduceOnly in the history) is unknown.
        "postOnly": bool(get("postOnly")) if kind == "market" or "postOnly" in order else None,
        "reduceOnly": bool(get("reduceOnly")) if "reduceOnly" in order else None,
        "side": SIDE.get(side),  # type: ignore[arg-type]
        "price": number(price) if price else None,
        "stopPrice": trigger,
        "triggerPrice": trigger,
        "stopLossPrice": number(stop_loss) if stop_loss else None,
        "takeProfitPrice": number(take_profit) if take_profit else None,
        "amount": asked_for,
        "cost": None if cost is None else number(cost),
        "average": None if average is None else number(average),
        "filled": None if filled is None else number(filled),
        "remaining": None if remaining is None else asked_for if remaining is amount else number(remaining),
        "status": status,
        "fee": None,
        "fees": [],
        "trades": [],
    }


def refused_order(
    asked: Mapping[str, Any], refusal: Any, status: str | None, symbol: str | None, number: Number
) -> Structure:
    """An order of a batch that was not taken: what was asked for, with the venue's refusal as `info`.

    `status` is 'rejected', or None where the refusal leaves open whether the order reached the engine.
    """
    order = order_structure({**asked, "status": None, "executedQuantity": "0"}, refusal, symbol, None, number)
    return {**order, "status": status}


def fill_structure(
    fill: Payload, symbol: str | None, fee_currency: str | None, number: Number, exact_product: ExactProduct
) -> Structure:
    """ccxt's trade, from one of the account's fills."""
    price, amount, maker, trade_id = fill["price"], fill["quantity"], fill.get("isMaker"), fill.get("tradeId")
    timestamp, datetime = moment_of(fill["timestamp"])
    fee = {"currency": fee_currency, "cost": number(fill["fee"])}
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
        "price": number(price),
        "amount": number(amount),
        "cost": exact_product(price, amount),
        "fee": fee,
        "fees": [fee],
    }


def _moment(row: Structure) -> tuple[int, int, str]:
    identity = row["id"] or ""
    return row["timestamp"] or 0, len(identity), identity  # ids are digits: a longer one is later


def _oldest_first(
    rows: list[Structure], market: Any, since: int | None, limit: int | None
) -> list[Structure]:
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
        rows = [self.parse_order(order, market) for order in orders or []]
        if params:
            rows = [{**row, **params} for row in rows]
        return _oldest_first(rows, market, since, limit)

    def parse_fills(
        self, fills: Iterable[Payload], market: Any = None, since: int | None = None, limit: int | None = None
    ) -> list[Structure]:
        """ccxt's trades of the account, oldest first: from `since` on the first `limit`, else the latest."""
        number, exact_product = self.number, exact_product_in(self.number)
        symbols: dict[str, str | None] = {}
        currencies: dict[str, str | None] = {}
        rows = []
        for fill in fills:
            market_id, asset = fill["symbol"], fill["feeSymbol"]
            if market_id not in symbols:
                symbols[market_id] = self._symbol_of(fill, market)
            if asset not in currencies:
                currencies[asset] = self.safe_currency_code(asset)
            rows.append(fill_structure(fill, symbols[market_id], currencies[asset], number, exact_product))
        return _oldest_first(rows, market, since, limit)

    def parse_trade(self, trade: Any, market: Any = None) -> Any:
        """ccxt's trade, from one of the account's fills; public trades have a parser of their own."""
        [parsed] = self.parse_fills([trade])
        return parsed

    def _symbol_of(self, row: Mapping[str, Any], market: Any) -> str | None:
        market_id = row.get("symbol")
        known = self.markets_by_id.get(market_id) if self.markets_by_id and market_id is not None else None
        if known and len(known) == 1:
            return str(known[0]["symbol"])
        symbol: str | None = self.safe_symbol(market_id, market)
        return symbol
