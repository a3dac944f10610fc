"""Lists of orders are read here: what is open and what has ended.

All lists are oldest first. With `since` they hold the first `limit` rows from then on, without it the latest.
"""

from __future__ import annotations

from typing import Any

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.orders.life import further_order
from bpx_connector.orders.stops import fired_order, has_fired, with_outcome
from bpx_connector.parse.trading.orders import millisecond_of_order
from bpx_connector.rest.arguments import checked_limit, checked_time, until_of, whole_of
from bpx_connector.rest.history_pages import NEWEST_FIRST, market_type_request, rows_of_history
from bpx_connector.rest.trading.find import FoundOrders
from bpx_connector.rest.trading.rfq_orders import RfqOrders, is_rfq
from bpx_connector.venue.words import ORDER_STATUS

__all__ = ["ListedOrders"]


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
    ) -> Flow[list[Any]]:
        """The orders that rest or wait for their trigger, of one market or of all.

        https://docs.backpack.exchange/#tag/Order/operation/get_open_orders

        `trigger` True gives trigger orders only, False the others only. `type` spot or swap: one kind of
        market.
        """
        if symbol is not None and is_rfq(symbol):
            return (yield from self._open_rfq_orders(symbol, since, limit, params))
        if self.markets is None:
            yield self.load_markets()
        limit = checked_limit("fetchOpenOrders()", limit)
        since = checked_time("fetchOpenOrders()", "since", since)
        orders = yield from self._open_orders(symbol, params)
        return list(self.parse_orders(orders, None, since, limit))

    def _open_orders(self, symbol: str | None, params: Params) -> Flow[list[Payload]]:
        request, rest = market_type_request("fetchOpenOrders()", params)
        is_trigger = rest.get("trigger")
        request |= {name: value for name, value in rest.items() if name != "trigger"}
        if symbol is not None:
            request["symbol"] = self.market(symbol)["id"]
        orders: list[Payload] = yield self.private_get_api_v1_orders(request)
        named = self._known_orders().named
        orders = [order if order.get("triggerPrice") is None else named(order) for order in orders]
        if is_trigger is None:
            return orders
        return [order for order in orders if bool(order.get("triggerPrice")) == bool(is_trigger)]

    @flow
    def fetch_orders(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Any]]:
        """Orders open and ended, of one market or of all, each once.

        https://docs.backpack.exchange/#tag/History/operation/get_order_history
        https://docs.backpack.exchange/#tag/Order/operation/get_open_orders

        The history has no time filter: it is read newest first until `since` or `limit` is satisfied, 1000
        rows a call, and one call without either. `until`; `paginate` True reads all; `type` spot or swap;
        `offset` for a page of one's own.
        """
        if symbol is not None and is_rfq(symbol):
            return (yield from self._rfq_orders(symbol, since, limit, params))
        past = yield from self._past_orders("fetchOrders()", symbol, since, limit, params, None)
        kind, _ = market_type_request("fetchOrders()", params)
        resting = yield from self._open_orders(symbol, kind)
        until, _ = until_of("fetchOrders()", params, since)
        return list(self.parse_orders(self._each_once(past + _until(resting, until)), None, since, limit))

    @flow
    def fetch_closed_orders(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Any]]:
        """Orders that were completely filled.

        https://docs.backpack.exchange/#tag/History/operation/get_order_history

        `until`; `paginate` True reads all; `type` spot or swap; `offset` for a page of one's own.
        """
        past = yield from self._past_orders("fetchClosedOrders()", symbol, since, limit, params, CLOSED)
        return list(self.parse_orders(past, None, since, limit))

    @flow
    def fetch_canceled_orders(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Any]]:
        """Orders that ended before they were completely filled: canceled, expired or rejected.

        https://docs.backpack.exchange/#tag/History/operation/get_order_history

        `until`; `paginate` True reads all; `type` spot or swap; `offset` for a page of one's own.
        """
        past = yield from self._past_orders("fetchCanceledOrders()", symbol, since, limit, params, UNFINISHED)
        return list(self.parse_orders(past, None, since, limit))

    @flow
    def fetch_canceled_and_closed_orders(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Any]]:
        """Orders that have ended, however they did.

        https://docs.backpack.exchange/#tag/History/operation/get_order_history

        `until`; `paginate` True reads all; `type` spot or swap; `offset` for a page of one's own.
        """
        past = yield from self._past_orders(
            "fetchCanceledAndClosedOrders()", symbol, since, limit, params, ENDED
        )
        return list(self.parse_orders(past, None, since, limit))

    def _past_orders(
        self,
        call: str,
        symbol: str | None,
        since: int | None,
        limit: int | None,
        params: Params,
        statuses: frozenset[str] | None,
    ) -> Flow[list[Payload]]:
        """Rows of the order history, each once: enough for `since` and `limit`, in the statuses asked."""
        if self.markets is None:
            yield self.load_markets()
        limit, since = checked_limit(call, limit), checked_time(call, "since", since)
        until, rest = until_of(call, params, since)
        is_whole, rest = whole_of(rest)
        request, rest = market_type_request(call, rest)
        request = {**NEWEST_FIRST, **request, **rest}
        if symbol is not None:
            request["symbol"] = self.market(symbol)["id"]

        def wanted(rows: list[Payload]) -> list[Payload]:
            return [row for row in _until(rows, until) if statuses is None or row["status"] in statuses]

        def is_enough(rows: list[Payload]) -> bool:
            if since is not None:
                return (millisecond_of_order(rows[-1]) or 0) < since
            return not is_whole if limit is None else len(wanted(rows)) >= limit

        is_plain = since is None and until is None and statuses is None
        rows = yield from rows_of_history(
            self.private_get_wapi_v1_history_orders,
            request,
            limit if is_plain else None,
            is_enough,
            lambda row: row["id"],
        )
        return wanted(self._each_once(rows))

    def _each_once(self, rows: list[Payload]) -> list[Payload]:
        """Every order in its furthest view, this object's own included."""
        furthest: dict[str, Payload] = {}
        seen = self._known_orders()
        for row in rows:
            known = furthest.get(row["id"])
            furthest[row["id"]] = seen.furthest(row if known is None else further_order(known, row))
        return [
            self._with_known_outcome(row, furthest) if row.get("triggerPrice") is not None else row
            for row in furthest.values()
        ]

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


def _until(orders: list[Payload], until: int | None) -> list[Payload]:
    if until is None:
        return orders
    return [order for order in orders if (millisecond_of_order(order) or 0) <= until]
