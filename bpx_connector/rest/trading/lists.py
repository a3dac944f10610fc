"""Orders and fills are read here: what is open, what has ended, what was traded.

All lists are oldest first. With `since` they hold the first `limit` rows from then on, without it the latest.
"""

from __future__ import annotations

from typing import Any

from ccxt.base.errors import OrderNotFound

from bpx_connector._ccxt import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.parse.trading.order_trades import order_trades
from bpx_connector.parse.trading.orders import further_order, is_open, millisecond_of_order
from bpx_connector.rest.arguments import checked_limit, checked_time, until_of
from bpx_connector.rest.history_pages import NEWEST_FIRST, OLDEST_FIRST, market_type_request, rows_of_history
from bpx_connector.rest.trading.find import FoundOrders, reference_of
from bpx_connector.venue.description import HISTORY_LIMIT
from bpx_connector.venue.words import ORDER_STATUS

__all__ = ["OrderHistory"]


def _with_status(*statuses: str) -> frozenset[str]:
    return frozenset(word for word, status in ORDER_STATUS.items() if status in statuses)


CLOSED = _with_status("closed")
UNFINISHED = _with_status("canceled", "expired", "rejected")
ENDED = CLOSED | UNFINISHED


class OrderHistory(FoundOrders):
    """Reading orders and fills."""

    # --- one order ---------------------------------------------------------------------------------------

    @flow
    def fetch_order(self, id: str, symbol: str | None = None, params: Params = {}) -> Flow[Any]:
        """One order, wherever it is in its life.

        https://docs.backpack.exchange/#tag/Order/operation/get_order
        https://docs.backpack.exchange/#tag/History/operation/get_order_history

        It is looked for on the book, then in the history, and among the answers to this object's own orders,
        so that it is found straight after create_order. `clientOrderId` names it instead of the id; the
        history cannot be searched by it, so that of ended orders only the account's latest 1000 are found
        this way.

        The venue's orders carry neither fees nor fills. `withTrades` True, here or in
        `options['fetchOrder']`, asks for the fills of an executed order too and adds trades and fees, at the
        price of one more call from the budget of the history.
        """
        if self.markets is None:
            yield self.load_markets()
        is_with_trades, params = self.handle_option_and_params(params, "fetchOrder", "withTrades", False)
        reference, rest = reference_of(self.id, "fetchOrder", id, params)
        order = self.parse_order((yield from self._found_order("fetchOrder", reference, symbol, rest)))
        if is_with_trades and order["filled"]:
            trades = yield self.fetch_order_trades(order["id"], order["symbol"])
            order |= order_trades(order, trades, self.number)
        return order

    @flow
    def fetch_open_order(self, id: str, symbol: str | None = None, params: Params = {}) -> Flow[Any]:
        """One order that rests or waits for its trigger; any other is OrderNotFound.

        https://docs.backpack.exchange/#tag/Order/operation/get_order
        """
        if self.markets is None:
            yield self.load_markets()
        reference, rest = reference_of(self.id, "fetchOpenOrder", id, params)
        market_id = yield from self._market_id_of_order("fetchOpenOrder", reference, symbol)
        return self.parse_order(
            (yield self.private_get_api_v1_order({**rest, **reference, "symbol": market_id}))
        )

    @flow
    def fetch_closed_order(self, id: str, symbol: str | None = None, params: Params = {}) -> Flow[Any]:
        """One order that has ended, filled or not; an open one is OrderNotFound.

        https://docs.backpack.exchange/#tag/History/operation/get_order_history
        """
        if self.markets is None:
            yield self.load_markets()
        reference, rest = reference_of(self.id, "fetchClosedOrder", id, params)
        order = yield from self._found_order("fetchClosedOrder", reference, symbol, rest)
        if is_open(order):
            raise OrderNotFound(f"{self.id} fetchClosedOrder() order {order['id']} is still open")
        return self.parse_order(order)

    # --- lists of orders -----------------------------------------------------------------------------------

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
        rows a call, and one call without either. `until`; `type` spot or swap; `offset` for a page of one's
        own.
        """
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

        `until`; `type` spot or swap; `offset` for a page of one's own.
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

        `until`; `type` spot or swap; `offset` for a page of one's own.
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

        `until`; `type` spot or swap; `offset` for a page of one's own.
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
        request, rest = market_type_request(call, rest)
        request = {**NEWEST_FIRST, **request, **rest}
        if symbol is not None:
            request["symbol"] = self.market(symbol)["id"]

        def wanted(rows: list[Payload]) -> list[Payload]:
            return [row for row in _until(rows, until) if statuses is None or row["status"] in statuses]

        def is_enough(rows: list[Payload]) -> bool:
            if since is not None:
                return (millisecond_of_order(rows[-1]) or 0) < since
            return limit is None or len(wanted(rows)) >= limit

        is_plain = since is None and until is None and statuses is None
        rows = yield from rows_of_history(
            self.private_get_wapi_v1_history_orders, request, limit if is_plain else None, is_enough
        )
        return wanted(self._each_once(rows))

    def _each_once(self, rows: list[Payload]) -> list[Payload]:
        """Every order in its furthest view, this object's own included."""
        furthest: dict[str, Payload] = {}
        seen = self._seen_orders()
        for row in rows:
            known = furthest.get(row["id"])
            furthest[row["id"]] = seen.furthest(row if known is None else further_order(known, row))
        return list(furthest.values())

    # --- fills ---------------------------------------------------------------------------------------------

    @flow
    def fetch_my_trades(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Any]]:
        """The account's fills, of one market or of all, with their fees.

        https://docs.backpack.exchange/#tag/History/operation/get_fills

        All fills count, those of liquidations and conversions too, for they change the account like any
        other; `fillType` User leaves them out. With `since` or `limit` as many pages are read as that takes,
        1000 fills a call, and one page without either. `until`; `type` spot or swap; `orderId`; `offset` for
        a page of one's own.
        """
        if self.markets is None:
            yield self.load_markets()
        call = "fetchMyTrades()"
        limit, since = checked_limit(call, limit), checked_time(call, "since", since)
        until, rest = until_of(call, params, since)
        request, rest = market_type_request(call, rest)
        request = {**(NEWEST_FIRST if since is None else OLDEST_FIRST), **request, **rest}
        if symbol is not None:
            request["symbol"] = self.market(symbol)["id"]
        if since is not None:
            request["from"] = since
        if until is not None:
            request["to"] = until + 1  # the venue's end is exclusive

        def is_enough(rows: list[Payload]) -> bool:
            return since is None if limit is None else len(rows) >= limit

        fills = yield from rows_of_history(self.private_get_wapi_v1_history_fills, request, limit, is_enough)
        return self.parse_fills(_fills_once(fills), None, since, limit)

    @flow
    def fetch_order_trades(
        self,
        id: str,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Any]]:
        """The fills of one order, with their fees.

        https://docs.backpack.exchange/#tag/History/operation/get_fills
        """
        reference, rest = reference_of(self.id, "fetchOrderTrades", id, params)
        if "clientId" in reference:
            reference = {"orderId": (yield self.fetch_order("", symbol, params))["id"]}
        trades: list[Any] = yield self.fetch_my_trades(symbol, since, limit, {**rest, **reference})
        return trades


def _until(orders: list[Payload], until: int | None) -> list[Payload]:
    if until is None:
        return orders
    return [order for order in orders if (millisecond_of_order(order) or 0) <= until]


def _fills_once(fills: list[Payload]) -> list[Payload]:
    """Every fill once, where a new one has moved the pages. Old backstop fills have no id of their own: 0."""
    if len(fills) <= HISTORY_LIMIT:
        return fills  # one page
    once: dict[Any, Payload] = {}
    for place, fill in enumerate(fills):
        once.setdefault((fill.get("tradeId") or f"#{place}", fill["orderId"]), fill)
    return list(once.values())
