"""How one order is found again: on the book, in the history, or in what this object has seen itself.

The venue's book knows only orders that rest or wait for a trigger, and its history may lag behind it. So the
book is asked first; then an order whose end this object has seen needs no further asking; then the history.
Where two of them know the order, the view that is further on its way is the true one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ccxt.base.errors import ArgumentsRequired, BadRequest, OrderNotFound
from ccxt.base.types import Order

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.orders.life import is_open
from bpx_connector.orders.log import OrderLog, Record
from bpx_connector.orders.stops import as_asked, fired_order, has_fired, with_outcome
from bpx_connector.parse.names import Names
from bpx_connector.parse.rows import object_of
from bpx_connector.parse.trading.orders import (
    ParseOrders,
    is_sound,
    millisecond_of_order,
    orders_in,
    understood_order,
)
from bpx_connector.parse.trading.records import all_fills_added, fills_added
from bpx_connector.rest.asking.arguments import checked_flag, client_id_of
from bpx_connector.rest.asking.histories import NEWEST, Span, history_rows
from bpx_connector.rest.asking.params import taken, trigger_of
from bpx_connector.rest.convert.rfq_orders import RfqOrders, is_rfq
from bpx_connector.venue.description import HISTORY_LIMIT

__all__ = ["FoundOrders", "Meant", "OneOrder", "is_meant", "reference_of", "text_of"]


MOST_ROWS = 5 * HISTORY_LIMIT
"""Of the history that is looked through for the order that a stop has placed."""


def reference_of(exchange_id: str, call: str, order_id: Any, params: Params) -> tuple[Payload, Params]:
    """Which order is meant, in the venue's words, and the params that are left.

    The venue takes one of its two ids, never both; a client's id in `params` goes before the id. `trigger`
    says nothing new: an order is found by its id, whatever it waits for.
    """
    client_id, rest = taken(params, "clientOrderId", "clientId")
    _, rest = trigger_of(f"{exchange_id} {call}()", rest)  # trigger orders are where the others are
    if client_id is not None:
        return {"clientId": client_id_of(client_id)}, rest
    if order_id is None or order_id == "":
        raise ArgumentsRequired(f"{exchange_id} {call}() needs an order id or params['clientOrderId']")
    if isinstance(order_id, bool) or not isinstance(order_id, str | int):
        raise BadRequest(f"{exchange_id} {call}() id has to be text, not {order_id!r}")
    return {"orderId": str(order_id)}, rest


def is_meant(order: Payload, reference: Payload) -> bool:
    """Whether this is the order that a reference names."""
    if "orderId" in reference:
        return bool(order["id"] == reference["orderId"])
    return str(order.get("clientId")) == str(reference["clientId"])


class Meant(NamedTuple):
    """An order that a cancellation names."""

    reference: Payload
    market_id: str
    ended_before: frozenset[str] = frozenset()
    """Orders of that name that had ended before it was sent: none of them is what it has ended."""


class FoundOrders(ParseOrders):
    """Finding orders by the venue's or the client's id."""

    _order_log: OrderLog | None = None

    def _known_orders(self) -> OrderLog:
        """All that this object knows of orders."""
        if self._order_log is None:
            self._order_log = OrderLog()
        return self._order_log

    def _remembered(self, order: Payload, **how: Any) -> Payload:
        """The furthest view of an order that the venue has just told of; it is kept if it is sound."""
        return self._known_orders().see(order, **how, is_sound=True) if is_sound(order) else order

    def _seen(self, reference: Payload, market_id: str | None = None) -> Payload | None:
        """What is known of an order; of several with a client's id the open one, or the latest."""
        records = self._records_of(reference, market_id)
        record = next((one for one in records if one.is_open), records[0] if records else None)
        return None if record is None else as_asked({**record.order}, record.asked)

    def _records_of(self, reference: Payload, market_id: str | None = None) -> list[Record]:
        """All that a reference may mean, the latest first: a client's id may be used again, anywhere."""
        log = self._known_orders()
        if "orderId" in reference:
            record = log.get(reference["orderId"])
            return [] if record is None else [record]
        records = log.all_of_client(reference["clientId"])[::-1]
        return [one for one in records if market_id is None or one.order.get("symbol") == market_id]

    def _meant(self, reference: Payload, market_id: str) -> Meant:
        """What is to be cancelled now, and what has ended already."""
        records = self._records_of(reference, market_id)
        return Meant(reference, market_id, frozenset([one.order["id"] for one in records if not one.is_open]))

    def _market_id_of_order(self, call: str, reference: Payload, symbol: str | None) -> Flow[str]:
        """The venue's name of the market that an order is in, asked for if it is not known."""
        if symbol is not None:
            return str(self.market(symbol)["id"])
        order = self._seen(reference) or (yield from self._among_open_orders(reference))
        if order is None:
            raise OrderNotFound(
                f"{self.id} {call}() found no open order with {text_of(reference)} in any market"
            )
        return str(order["symbol"])

    def _among_open_orders(self, reference: Payload) -> Flow[Payload | None]:
        orders = orders_in((yield self.private_get_api_v1_orders()), f"{self.id} open orders")
        return next((order for order in orders if is_meant(order, reference)), None)

    def _resting_order(
        self, reference: Payload, market_id: str | None, params: Params
    ) -> Flow[Payload | None]:
        """The order as it is on the book, or None."""
        if market_id is None:
            return (yield from self._among_open_orders(reference))
        try:
            resting = yield self.private_get_api_v1_order({**params, **reference, "symbol": market_id})
        except OrderNotFound:
            return None
        return understood_order(object_of(resting, f"{self.id} the order"))

    def _past_order(self, reference: Payload, market_id: str | None, params: Params) -> Flow[Payload | None]:
        """The order as the history has it, or None.

        The history cannot be asked for a client's id: then its latest page is looked through.
        """
        request: Params = {**params, **NEWEST}
        if market_id is not None:
            request["symbol"] = market_id
        if "orderId" in reference:
            request["orderId"] = reference["orderId"]
        else:
            request["limit"] = HISTORY_LIMIT
        answer = yield self.private_get_wapi_v1_history_orders(request)
        rows = orders_in(answer, f"{self.id} the order history")
        return next((row for row in rows if is_meant(row, reference)), None)

    def _found_order(
        self, call: str, reference: Payload, symbol: str | None, params: Params
    ) -> Flow[Payload]:
        """The furthest view that there is of an order, or OrderNotFound."""
        market_id = self.market(symbol)["id"] if symbol is not None else None
        seen = self._seen(reference, market_id)
        market_id = seen["symbol"] if seen and market_id is None else market_id
        found = yield from self._resting_order(reference, market_id, params)
        if found is None and (seen is None or is_open(seen)):
            known = reference if seen is None else {"orderId": seen["id"]}
            found = yield from self._past_order(known, market_id, params)
        if found is not None:
            return (yield from self._with_outcome(self._known_orders().furthest(found), params))
        if seen is not None:
            return (yield from self._with_outcome(seen, params))
        where = f"in {symbol}" if symbol is not None else "in any market"
        raise OrderNotFound(f"{self.id} {call}() found no order with {text_of(reference)} {where}")

    def _with_outcome(self, order: Payload, params: Params) -> Flow[Payload]:
        """The order as it is; of a stop that has fired, with what became of the order that it placed."""
        log = self._known_orders()
        record = log.get(order["id"])
        fired = None if record is None or record.fired is None else record.fired.order
        if fired is None:
            if not has_fired(order):
                return order
            fired = fired_order(order, (yield from self._since(order)), log.is_own)
            if fired is not None:
                self._link(order, fired)
        elif is_open(fired):
            known = {"orderId": fired["id"]}
            now = yield from self._resting_order(known, fired["symbol"], params)
            now = now or (yield from self._past_order(known, fired["symbol"], params))
            fired = fired if now is None else log.see(now)
        return with_outcome(order, fired)

    def _since(self, stop: Payload) -> Flow[list[Payload]]:
        """Orders of a stop's market, resting or past, back to when it was placed."""
        market: Params = {"symbol": stop["symbol"]}
        span = Span(since=millisecond_of_order(stop) or 0)
        what = f"{self.id} the orders after a stop"
        resting = orders_in((yield self.private_get_api_v1_orders(market)), what)
        past = yield from history_rows(
            self.private_get_wapi_v1_history_orders,
            {**NEWEST, **market},
            span,
            millisecond_of_order,
            most_pages=MOST_ROWS // HISTORY_LIMIT,
        )
        return [*orders_in(past[::-1], what), *resting]

    def _link(self, stop: Payload, fired: Payload) -> None:
        log = self._known_orders()
        for order in (stop, fired):
            log.see(order)
        one, other = log.get(stop["id"]), log.get(fired["id"])
        if one is not None and other is not None:
            log.link(one, other)


def text_of(reference: Payload) -> str:
    """A reference in words."""
    [(name, value)] = reference.items()
    return f"{name} {value}"


class OneOrder(RfqOrders, FoundOrders):
    """One order, wherever it is in its life."""

    @flow
    def fetch_order(self, id: str, symbol: str | None = None, params: Params = {}) -> Flow[Order]:
        """One order, wherever it is in its life.

        https://docs.backpack.exchange/#tag/Order/operation/get_order
        https://docs.backpack.exchange/#tag/History/operation/get_order_history

        It is looked for on the book, then in the history, and among the answers to this object's own orders,
        so that it is found straight after create_order. `clientOrderId` names it instead of the id; the
        history cannot be searched by it, so that of ended orders only the account's latest 1000 are found
        this way.

        The venue's orders carry neither fees nor fills. Where `watch_orders` or `watch_my_trades` has heard
        of all fills of the order, trades and fees are added. `withTrades` True, here or in
        `options['fetchOrder']`, asks for the fills of any other executed order, at the price of one more call
        from the budget of the history.
        """
        if is_rfq(symbol):
            rfq: Order = yield from self._rfq_order(id, params)
            return rfq
        if self.markets is None:
            yield self.load_markets()
        with_trades, params = self.handle_option_and_params(params, "fetchOrder", "withTrades", False)
        is_with_trades = checked_flag(f"{self.id} fetchOrder()", "withTrades", with_trades)
        reference, rest = reference_of(self.id, "fetchOrder", id, params)
        order: Any = self.parse_order((yield from self._found_order("fetchOrder", reference, symbol, rest)))
        currencies = Names(self.safe_currency_code)
        record = self._known_orders().get(order["id"])
        if record is not None and record.fired is not None:
            record = record.fired
        if record is not None and record.fills.trades and record.has_all_fills:
            order |= fills_added(record.fills, True, currencies, self.number)
        elif is_with_trades and order["filled"]:
            trades = yield self.fetch_order_trades(order["id"], order["symbol"])
            order |= all_fills_added(order, trades, currencies, self.number)
        found: Order = order
        return found

    @flow
    def fetch_open_order(self, id: str, symbol: str | None = None, params: Params = {}) -> Flow[Order]:
        """One order that rests or waits for its trigger; any other is OrderNotFound.

        https://docs.backpack.exchange/#tag/Order/operation/get_order
        """
        if is_rfq(symbol):
            rfq: Order = yield from self._rfq_order(id, params, is_open=True)
            return rfq
        if self.markets is None:
            yield self.load_markets()
        reference, rest = reference_of(self.id, "fetchOpenOrder", id, params)
        market_id = yield from self._market_id_of_order("fetchOpenOrder", reference, symbol)
        answer = yield self.private_get_api_v1_order({**rest, **reference, "symbol": market_id})
        order: Order = self.parse_order(understood_order(object_of(answer, f"{self.id} the order")))
        return order

    @flow
    def fetch_closed_order(self, id: str, symbol: str | None = None, params: Params = {}) -> Flow[Order]:
        """One order that has ended, filled or not; an open one is OrderNotFound.

        https://docs.backpack.exchange/#tag/History/operation/get_order_history
        """
        if self.markets is None:
            yield self.load_markets()
        reference, rest = reference_of(self.id, "fetchClosedOrder", id, params)
        order = yield from self._found_order("fetchClosedOrder", reference, symbol, rest)
        if is_open(order):
            raise OrderNotFound(f"{self.id} fetchClosedOrder() order {order['id']} is still open")
        ended: Order = self.parse_order(order)
        return ended
