"""Orders are cancelled here, by the venue's id or the client's, one by one or all of a market."""

from __future__ import annotations

from typing import Any

from ccxt.base.errors import ArgumentsRequired, BadRequest, BaseError, NetworkError, OrderNotFound
from ccxt.base.types import Order

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.orders.life import is_open
from bpx_connector.orders.log import ORDERS_REMEMBERED
from bpx_connector.orders.stops import has_fired, is_stop, with_outcome
from bpx_connector.parse.trading.orders import orders_in, understood_order
from bpx_connector.rest.asking.enquiries import Enquiry, Sent, is_open_question
from bpx_connector.rest.asking.histories import NEWEST
from bpx_connector.rest.asking.history_pages import market_type_request
from bpx_connector.rest.asking.params import taken, trigger_of
from bpx_connector.rest.convert.rfq_orders import RfqOrders, is_rfq
from bpx_connector.rest.trading.answers import NOTHING_SAID, answered_order, answered_orders
from bpx_connector.rest.trading.find import Meant, is_meant, reference_of
from bpx_connector.rest.trading.outcome import Outcomes
from bpx_connector.venue.words import CANCEL_ORDER_TYPE, ORDER_STATUS

__all__ = ["CancelledOrders"]

CONFIRMED_WITHIN = 3000
"""Milliseconds in which an accepted cancellation is asked for until it is done."""

HISTORY = "wapi/v1/history/orders"
PATIENCE = 1000
"""Milliseconds that a question about an order which is certainly not on the book may wait for the budget."""


class CancelledOrders(RfqOrders, Outcomes):
    """Cancelling orders."""

    _cancelled_with_all: dict[str, None] | None = None

    @flow
    def cancel_order(self, id: str, symbol: str | None = None, params: Params = {}) -> Flow[Order]:
        """The order as it stands after its cancellation.

        https://docs.backpack.exchange/#tag/Order/operation/cancel_order

        The venue can also accept a cancellation without having done it: the order then comes back as it was
        last seen, with status 'open', for until the venue acts it can still be filled; that is so after it
        has been asked for a few seconds. If the answer is lost it is found out what became of the order:
        cancelled, it comes back as it ended; if that cannot be found out it is an OutcomeUnknown. Without a
        symbol the order is looked for among those this object has seen and those that are open.
        `clientOrderId` names it instead of the id. An order that is not on the book (any more) is
        OrderNotFound, but one that cancel_all_orders has cancelled, whose caller named no order, comes as it
        ended. By the id of a stop that has fired what it has placed is cancelled; of an order that this
        object has never seen the history is asked whether it is one.
        """
        if is_rfq(symbol):
            rfq: Order = yield from self._cancelled_rfq(id, params)
            return rfq
        if self.markets is None:
            yield self.load_markets()
        reference, rest = reference_of(self.id, "cancelOrder", id, params)
        market_id = yield from self._market_id_of_order("cancelOrder", reference, symbol)
        sent, meant = self._sent_now(rest), self._meant(reference, market_id)
        try:
            told = yield from self._cancelled({**rest, **reference, "symbol": market_id}, sent, meant)
        except OrderNotFound:
            told = self._seen(reference, market_id)
            if told is None or told["id"] not in (self._cancelled_with_all or {}):
                told = yield from self._cancelled_after_stop(reference, market_id, sent)
            if told is None:
                raise
        except NetworkError as error:
            if not (is_open_question(error) and self._longest_enquiry()):
                raise
            told = yield from self._end_of_lost(error, meant, sent)
        if told is None:
            pending: Order = self._order_being_cancelled(reference, market_id)
            return pending
        cancelled: Order = self.parse_order(self._remembered(told))
        return cancelled

    def _cancelled_after_stop(self, reference: Payload, market_id: str, sent: Sent) -> Flow[Payload | None]:
        """The stop as it ended, where what it has placed was open and is cancelled now; None otherwise."""
        seen = self._seen(reference, market_id)
        if seen is None:
            stop = yield from self._unseen_stop(reference, market_id)
        elif is_stop(seen):
            stop = (yield from self._past_order({"orderId": seen["id"]}, market_id, {})) or seen
        else:
            return None
        if stop is None or not is_stop(stop):
            return None
        stop = yield from self._with_outcome(self._known_orders().furthest(stop), {})
        fired: Payload | None = stop.get("firedOrder")
        if fired is None or not is_open(fired):
            return None
        meant = Meant({"orderId": fired["id"]}, fired["symbol"])
        try:
            told = yield from self._cancelled({**meant.reference, "symbol": meant.market_id}, sent, meant)
        except NetworkError as error:
            if not (is_open_question(error) and self._longest_enquiry()):
                raise
            told = yield from self._end_of_lost(error, meant, sent)
        return None if told is None else with_outcome(stop["triggerOrder"], self._remembered(told))

    def _unseen_stop(self, reference: Payload, market_id: str) -> Flow[Payload | None]:
        """An order that this object has never seen, as after a restart, if the history has it.

        The venue has said already that it is not on the book: an answer that does not come changes nothing.
        """
        if "orderId" not in reference:
            return None  # the history cannot be asked for a client's id
        asked: Params = {"symbol": market_id, **NEWEST, **reference}
        try:
            rows = orders_in((yield from self._look(HISTORY, asked, PATIENCE)), f"{self.id} an order")
        except BaseError as trouble:
            self._note_trouble(trouble)
            return None
        return next((row for row in rows if is_meant(row, reference)), None)

    def _end_of_lost(self, error: NetworkError, meant: Meant, sent: Sent) -> Flow[Payload]:
        """The order as it was cancelled, although the answer was lost.

        A stop that had fired was not what the venue would have cancelled: the order that it has placed is.
        """
        call = f"{self.id} cancelOrder()"
        try:
            order = yield from self._end_after(call, error, meant, sent)
            if has_fired(order):
                raise OrderNotFound(f"{call} stop {order['id']} had fired before it could be cancelled")
        except OrderNotFound:
            now = self._sent_now()
            after = yield from self._cancelled_after_stop(meant.reference, meant.market_id, now)
            if after is None:
                raise
            return after
        if ORDER_STATUS.get(order.get("status") or "") == "closed":
            raise OrderNotFound(
                f"{call} order {order['id']} was filled before it could be cancelled"
            ) from error
        return order

    def _remember_cancelled(self, orders: list[Any]) -> None:
        known = {**(self._cancelled_with_all or {}), **dict.fromkeys(order["id"] for order in orders)}
        self._cancelled_with_all = dict(list(known.items())[-ORDERS_REMEMBERED:])

    def _cancelled(self, request: Payload, sent: Sent, meant: Meant) -> Flow[Payload | None]:
        """The order after its cancellation; None if it was accepted and not done within a few seconds."""
        answer = yield self.private_delete_api_v1_order(request)
        if answer not in NOTHING_SAID:
            return understood_order(answered_order(f"{self.id} cancelOrder()", answer))
        longest = min(CONFIRMED_WITHIN, self._longest_enquiry())
        if not longest:
            return None
        view = yield from self._ended(meant, Enquiry(sent, longest))
        return None if view is None or is_open(view) else view

    def _order_being_cancelled(self, reference: Payload, market_id: str) -> Any:
        seen = self._seen(reference, market_id) or {}
        unseen = {"id": reference.get("orderId"), "clientId": reference.get("clientId"), "symbol": market_id}
        return {**self.parse_order({**unseen, **seen}), "status": "open", "info": seen}

    @flow
    def cancel_orders(
        self, ids: list[str], symbol: str | None = None, params: Params = {}
    ) -> Flow[list[Order]]:
        """The orders as they stand after their cancellation, in the order given.

        https://docs.backpack.exchange/#tag/Order/operation/cancel_order

        The venue has no list of cancellations: each is a call of its own, and all are tried, whatever happens
        to one of them. An order that was not on the book any more keeps its place with status None; any other
        error is raised at the end. `clientOrderIds` names the orders instead of the ids.
        """
        client_ids, rest = taken(params, "clientOrderIds")
        named = [(order_id, rest) for order_id in self._listed_ids("ids", ids)]
        if client_ids is not None:
            listed = self._listed_ids("clientOrderIds", client_ids)
            named = [("", {**rest, "clientOrderId": client_id}) for client_id in listed]
        if not named:
            raise ArgumentsRequired(f"{self.id} cancelOrders() needs ids, or params['clientOrderIds']")
        orders: list[Any] = []
        failures: list[BaseError] = []
        for order_id, order_params in named:
            try:
                orders.append((yield self.cancel_order(order_id, symbol, order_params)))
            except OrderNotFound as error:
                orders.append(self._order_not_on_book(order_id, order_params, symbol, error))
            except BaseError as error:
                failures.append(error)
        if failures:
            done = ", ".join(str(order["id"]) for order in orders) or "none"
            raise failures[0].__class__(
                f"{failures[0]}; {len(failures)} of {len(named)} cancellations failed, done: {done}"
            ) from failures[0]
        return orders

    def _listed_ids(self, name: str, ids: Any) -> list[Any]:
        if ids is not None and not isinstance(ids, list | tuple):
            raise BadRequest(f"{self.id} cancelOrders() {name} has to be a list, not {ids!r}")
        return list(ids or [])

    def _order_not_on_book(self, order_id: str, params: Params, symbol: str | None, error: BaseError) -> Any:
        missing = {"id": order_id or None, "clientId": params.get("clientOrderId")}
        market = self.market(symbol) if symbol is not None else None
        return {**self.parse_order(missing, market), "info": {"message": str(error)}}

    @flow
    def cancel_orders_with_client_order_id(
        self,
        clientOrderIds: list[str],  # noqa: N803  ccxt's name
        symbol: str | None = None,
        params: Params = {},
    ) -> Flow[list[Order]]:
        """The orders with these client ids as they stand after their cancellation."""
        orders: list[Any] = yield self.cancel_orders([], symbol, {**params, "clientOrderIds": clientOrderIds})
        return orders

    @flow
    def cancel_all_orders(self, symbol: str | None = None, params: Params = {}) -> Flow[list[Order]]:
        """The orders that were cancelled: all of one market, or without a symbol of every market.

        https://docs.backpack.exchange/#tag/Order/operation/cancel_open_orders

        `trigger` True cancels trigger orders only, False resting orders only. The venue cancels by market:
        without a symbol there is one call for each market in which orders are open, with `type` spot or swap
        of one kind of market. Where it has only accepted a cancellation it names no orders, and none are in
        the result. If an answer is lost it is found out what became of the orders that this object knows of;
        those of others are not named.
        """
        if self.markets is None:
            yield self.load_markets()
        call = f"{self.id} cancelAllOrders()"
        is_trigger, rest = trigger_of(call, params)
        kind, rest = market_type_request(call, rest)
        if is_trigger is not None:
            rest["orderType"] = CANCEL_ORDER_TYPE[is_trigger]
        if symbol is not None:
            market_ids = [self.market(symbol)["id"]]
        else:
            resting = orders_in((yield self.private_get_api_v1_orders(kind)), call)
            market_ids = sorted({order["symbol"] for order in resting if order.get("symbol")})
        orders: list[Any] = []
        for market_id in market_ids:
            cancelled = yield from self._all_cancelled({**rest, "symbol": market_id})
            orders += [self._remembered(order) for order in cancelled]
        self._remember_cancelled(orders)
        return list(self.parse_orders(orders))

    def _all_cancelled(self, request: Payload) -> Flow[list[Payload]]:
        """The orders of one market that were cancelled."""
        call = f"{self.id} cancelAllOrders()"
        sent, known = self._sent_now(request), self._known_orders().open_in(request["symbol"])
        try:
            answer = yield self.private_delete_api_v1_orders(request)
            if answer in NOTHING_SAID:
                return []
            return [understood_order(order) for order in answered_orders(call, answer)]
        except NetworkError as error:
            if not (is_open_question(error) and self._longest_enquiry()):
                raise
            failure = error
        return (yield from self._all_cancelled_after(failure, request, known, sent))
