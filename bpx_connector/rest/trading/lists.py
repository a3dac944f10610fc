"""Lists of orders are read here: what is open and what has ended.

All lists are oldest first. With `since` they hold the first `limit` rows from then on, without it the latest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ccxt.base.types import Order

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.orders.life import further_order
from bpx_connector.orders.stops import fired_order, has_fired, with_outcome
from bpx_connector.parse.trading.orders import millisecond_of_order, orders_in
from bpx_connector.rest.asking.arguments import whole_number_of
from bpx_connector.rest.asking.histories import NEWEST, Span, asked_span, history_rows
from bpx_connector.rest.asking.history_pages import market_type_request
from bpx_connector.rest.asking.params import taken, trigger_of
from bpx_connector.rest.convert.rfq_orders import OF_STOCKS, RfqOrders, is_rfq
from bpx_connector.rest.trading.find import FoundOrders
from bpx_connector.venue.words import ORDER_STATUS

__all__ = ["ListedOrders"]

MOST_PAGES = 10
"""Pages of 1,000 orders that are looked through for those that ended in one way."""


def _with_status(*statuses: str) -> frozenset[str]:
    return frozenset(word for word, status in ORDER_STATUS.items() if status in statuses)


CLOSED = _with_status("closed")
UNFINISHED = _with_status("canceled", "expired", "rejected")
ENDED = CLOSED | UNFINISHED


class ListedOrders(RfqOrders, FoundOrders):
    """Lists of orders."""

    @flow
    def fetch_open_orders(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Order]]:
        """The orders that rest or wait for their trigger, of one market or of all.

        https://docs.backpack.exchange/#tag/Order/operation/get_open_orders

        `trigger` True gives trigger orders only, False the others only. `type` spot or swap: one kind of
        market. `until`; all come at once, so that `paginate` has nothing to add.
        """
        only_stocks, params = self._only_stocks("fetchOpenOrders", symbol, params)
        if only_stocks:
            on_books = yield self.fetch_open_orders(None, since, None, {**params, "stock": False})
            requests = yield from self._open_rfq_orders(None, since, None, {})
            return self._joined_of_stocks(on_books, requests, since, limit)
        if symbol is not None and is_rfq(symbol):
            return (yield from self._open_rfq_orders(symbol, since, limit, params))
        if self.markets is None:
            yield self.load_markets()
        call = f"{self.id} fetchOpenOrders()"
        span, rest = asked_span(call, since, limit, params)
        opened = yield from self._open_orders(call, symbol, rest)
        if span.until is not None:
            opened = [order for order in orders_in(opened, call) if span.holds(millisecond_of_order(order))]
        orders: list[Order] = self.parse_orders(opened, None, span.since, span.limit)
        return orders

    def _open_orders(self, call: str, symbol: str | None, params: Params) -> Flow[list[Payload]]:
        is_trigger, rest = trigger_of(call, params)
        request, rest = market_type_request(call, rest)
        request |= rest
        if symbol is not None:
            request["symbol"] = self.market(symbol)["id"]
        answer = yield self.private_get_api_v1_orders(request)
        if isinstance(answer, list):
            answer = [self._named_stop(order) if _is_stop(order) else order for order in answer]
        if is_trigger is None:
            orders: list[Payload] = answer  # read by parse_orders
            return orders
        return [order for order in orders_in(answer, call) if _waits(order) == is_trigger]

    def _named_stop(self, order: Payload) -> Payload:
        """A stop by the names that its caller has used; it is remembered, for it may fire."""
        self._remembered(order)
        return self._known_orders().named(order)

    @flow
    def fetch_orders(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Order]]:
        """Orders open and ended, of one market or of all, each once.

        https://docs.backpack.exchange/#tag/History/operation/get_order_history
        https://docs.backpack.exchange/#tag/Order/operation/get_open_orders

        The history has no time filter: it is read newest first until `since` or `limit` is satisfied, 1000
        rows a call, and one call without either; `paginate` True reads all of it. `until`; `trigger`; `type`
        spot or swap; `offset` for a page of one's own.
        """
        only_stocks, params = self._only_stocks("fetchOrders", symbol, params)
        if only_stocks:
            on_books = yield self.fetch_orders(None, since, limit, {**params, **OF_STOCKS})
            requests = yield from self._rfq_orders(None, since, limit, {})
            return self._joined_of_stocks(on_books, requests, since, limit)
        if symbol is not None and is_rfq(symbol):
            return (yield from self._rfq_orders(symbol, since, limit, params))
        call = f"{self.id} fetchOrders()"
        past = yield from self._past_orders("fetchOrders", symbol, since, limit, params, None)
        span, _ = asked_span(call, since, limit, params)
        asked: Params = {name: params[name] for name in ("type", "trigger", "stop") if name in params}
        opened = orders_in((yield from self._open_orders(call, symbol, asked)), call)
        resting = [order for order in opened if span.holds(millisecond_of_order(order))]
        seen = {order["id"]: order for order in opened if not _waits(order)}
        rows = self._each_once(past + resting, seen)
        orders: list[Order] = self.parse_orders(rows, None, span.since, span.limit)
        return orders

    @flow
    def fetch_closed_orders(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Order]]:
        """Orders that were completely filled.

        https://docs.backpack.exchange/#tag/History/operation/get_order_history

        The history cannot be asked for one kind of end: it is read newest first until `limit` orders are
        found, but no more than 10,000 rows, and the log says if that was not enough. `paginate` True reads
        on, `options['fetchClosedOrders'] = {'maxPages': 3}` stops earlier. `until`; `trigger`; `type` spot or
        swap; `offset` for a page of one's own.
        """
        return (yield from self._orders_ended("fetchClosedOrders", symbol, since, limit, params, CLOSED))

    @flow
    def fetch_canceled_orders(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Order]]:
        """Orders that ended before they were completely filled: canceled, expired or rejected.

        https://docs.backpack.exchange/#tag/History/operation/get_order_history

        `until`; `type` spot or swap; `offset` for a page of one's own.
        """
        return (
            yield from self._orders_ended("fetchCanceledOrders", symbol, since, limit, params, UNFINISHED)
        )

    @flow
    def fetch_canceled_and_closed_orders(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Order]]:
        """Orders that have ended, however they did.

        https://docs.backpack.exchange/#tag/History/operation/get_order_history

        `until`; `type` spot or swap; `offset` for a page of one's own.
        """
        return (
            yield from self._orders_ended("fetchCanceledAndClosedOrders", symbol, since, limit, params, ENDED)
        )

    def _orders_ended(
        self,
        method: str,
        symbol: str | None,
        since: Any,
        limit: Any,
        params: Params,
        statuses: frozenset[str],
    ) -> Flow[list[Order]]:
        """Orders that ended in one of these ways, requests for quotes too where they are meant."""
        only_stocks, params = self._only_stocks(method, symbol, params)
        is_of_rfqs = symbol is not None and is_rfq(symbol)
        requests: list[Any] = []
        if only_stocks or is_of_rfqs:
            asked = yield from self._rfq_orders(symbol, since, None, {} if only_stocks else params)
            words = {ORDER_STATUS[word] for word in statuses}
            requests = [order for order in asked if order["status"] in words]
        if is_of_rfqs:
            return list(self.filter_by_since_limit(requests, since, limit))
        rest = {**params, "assetClass": "STOCK"} if only_stocks else params
        past = yield from self._past_orders(method, symbol, since, limit, rest, statuses)
        orders: list[Order] = self.parse_orders(past)
        return self._joined_of_stocks(orders, requests, since, limit) if only_stocks else orders

    def _past_orders(
        self,
        method: str,
        symbol: str | None,
        since: Any,
        limit: Any,
        params: Params,
        statuses: frozenset[str] | None,
    ) -> Flow[list[Payload]]:
        """Rows of the order history, each once: enough for `since` and `limit`, in the statuses asked."""
        if self.markets is None:
            yield self.load_markets()
        call = f"{self.id} {method}()"
        is_trigger, rest = trigger_of(call, params)
        span, rest = asked_span(call, since, limit, rest)
        request, rest = market_type_request(call, rest)
        most_pages, rest = self._most_pages(method, span, rest)
        request = {**NEWEST, **request, **rest}
        if symbol is not None:
            request["symbol"] = self.market(symbol)["id"]

        seen: dict[str, Payload] = {}

        def is_wanted(row: Payload) -> bool:
            for order in orders_in([row], call):
                # The newest come first, so what a stop has fired was seen before the stop.
                if not _waits(order):
                    seen[order["id"]] = order
                if statuses is not None and self._as_it_ended(order, seen).get("status") not in statuses:
                    return False
                return is_trigger is None or _waits(order) == is_trigger
            return False

        # Of a span with ends, rows beyond it are read too, and left out: a stop may have fired one of those.
        has_ends = span.since is not None or span.until is not None
        takes_all = statuses is None and is_trigger is None and not has_ends
        rows = yield from history_rows(
            self.private_get_wapi_v1_history_orders,
            request,
            span,
            millisecond_of_order,
            is_wanted=None if takes_all else is_wanted,
            most_pages=most_pages,
        )
        return self._each_once(orders_in(rows, call), seen)

    def _most_pages(self, method: str, span: Span, params: Params) -> tuple[int | None, Params]:
        """How far back a list without a beginning is looked for, and the params that are left."""
        most, rest = taken(params, "maxPages")
        if span.is_whole or span.since is not None:
            return None, rest
        configured = (self.options.get(method) or {}).get("maxPages", MOST_PAGES)
        return whole_number_of(configured if most is None else most) or MOST_PAGES, rest

    def _each_once(self, rows: list[Payload], seen: Mapping[str, Payload] = {}) -> list[Payload]:
        """Every order in its furthest view, this object's own included; what was `seen` tells what fired."""
        furthest: dict[str, Payload] = {}
        known_orders = self._known_orders()
        for row in rows:
            known = furthest.get(row["id"])
            furthest[row["id"]] = known_orders.furthest(row if known is None else further_order(known, row))
        others = {**seen, **furthest}
        return [
            self._with_known_outcome(row, others) if row.get("triggerPrice") is not None else row
            for row in furthest.values()
        ]

    def _as_it_ended(self, order: Payload, others: dict[str, Payload]) -> Payload:
        """An order as far as is known, a fired stop with what became of the order it placed."""
        known: Payload = self._known_orders().furthest(order)
        return self._with_known_outcome(known, others) if known.get("triggerPrice") is not None else known

    def _with_known_outcome(self, order: Payload, listed: dict[str, Payload]) -> Payload:
        """A stop that has fired with what became of what it placed, if that is known or among the listed."""
        log = self._known_orders()
        record = log.get(order["id"])
        if record is not None and record.fired is not None:
            fired = record.fired.order
            return with_outcome(order, listed.get(fired["id"], fired))
        if not has_fired(order):
            return order
        return with_outcome(order, fired_order(order, listed.values(), log.is_own))


def _is_stop(order: Any) -> bool:
    return isinstance(order, dict) and order.get("triggerPrice") is not None and understood_id(order)


def understood_id(order: Payload) -> bool:
    """Whether an order can be told from others."""
    return isinstance(order.get("id"), str) and bool(order["id"])


def _waits(order: Payload) -> bool:
    """Whether it is a trigger order."""
    return bool(order.get("triggerPrice"))
