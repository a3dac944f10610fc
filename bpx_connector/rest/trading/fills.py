"""Fills of the account are read here."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from types import MappingProxyType
from typing import Any

from ccxt.base.errors import OrderNotFound
from ccxt.base.types import Trade

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.orders.log import ORDERS_REMEMBERED
from bpx_connector.orders.stops import fired_order, has_fired, told_by
from bpx_connector.parse.rows import Row
from bpx_connector.parse.trading.orders import orders_in
from bpx_connector.parse.trading.trades import ParseTrades
from bpx_connector.rest.asking.arguments import checked_flag
from bpx_connector.rest.asking.histories import NEWEST, Span, asked_span, history_rows
from bpx_connector.rest.asking.history_pages import market_type_request, rows_from
from bpx_connector.rest.asking.params import taken
from bpx_connector.rest.convert.rfq_orders import OF_STOCKS, RfqOrders, is_rfq
from bpx_connector.rest.trading.find import FoundOrders, reference_of
from bpx_connector.venue.description import HISTORY_LIMIT

__all__ = ["Fills"]

OLDEST = {"sortDirection": "Asc"}


class Fills(RfqOrders, FoundOrders, ParseTrades):
    """What was traded."""

    _stop_of: Mapping[str, str | None] = MappingProxyType({})
    """By the id of an order the stop that has placed it, or None: what the history was asked about."""

    @flow
    def fetch_my_trades(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Trade]]:
        """The account's fills, of one market or of all, with their fees.

        https://docs.backpack.exchange/#tag/History/operation/get_fills

        All fills count, those of liquidations and conversions too, for they change the account like any
        other; `fillType` User leaves them out. With `since` or `limit` as many pages are read as that takes,
        1000 fills a call, and one page without either; `paginate` True reads all. `until`; `type` spot or
        swap; `orderId`; `offset` for a page of one's own; `stock` True for all of stocks, on
        books and by requests for quotes.

        What a stop has sold stands under the stop's own id, also where the venue gives another id to the
        order that the stop has placed; that one is in `info`. Where a stop of this object, or one that it has
        asked about, may be meant, the order history is asked once; with `withStops` True, or with
        `options['fetchMyTrades'] = {'withStops': True}`, of every order that bears no client id.
        """
        only_stocks, params = self._only_stocks("fetchMyTrades", symbol, params)
        if only_stocks:
            on_books = yield self.fetch_my_trades(None, since, limit, {**params, **OF_STOCKS})
            asked = yield self.fetch_rfq_fills(None, since, limit)
            return self._joined_of_stocks(on_books, asked, since, limit)
        if is_rfq(symbol):
            traded: list[Trade] = yield self.fetch_rfq_fills(symbol, since, limit, params)
            return traded
        if self.markets is None:
            yield self.load_markets()
        call = f"{self.id} fetchMyTrades()"
        span, rest = asked_span(call, since, limit, params)
        request, rest = market_type_request(call, rest)
        request |= rest
        if symbol is not None:
            request["symbol"] = self.market(symbol)["id"]
        if span.until is not None:
            request["to"] = span.until + 1  # the venue's end is exclusive
        with_stops, request = taken(request, "withStops")
        if with_stops is None:
            with_stops = (self.options.get("fetchMyTrades") or {}).get("withStops", False)
        fills = yield from self._fills(call, request, span)
        trades = self.parse_fills(fills, None, span.since, span.limit)
        is_asked = checked_flag(call, "withStops", with_stops)
        yield from self._look_for_stops(trades, request.get("symbol"), is_asked)
        return self._under_stops(trades)

    def _under_stops(self, trades: list[Trade]) -> list[Trade]:
        """The trades, each under the id of the stop that has placed its order, if one has."""
        log = self._known_orders()
        if not (self._stop_of or log.has_links):
            return trades  # as mostly: nobody looks at a thousand of them one by one
        for trade in trades:
            identity = trade.get("order")
            stop = None if identity is None else self._stop_of.get(identity) or log.stop_of(identity)
            if stop is not None:
                trade["order"] = stop
        return trades

    def _look_for_stops(self, trades: list[Trade], market_id: Any, is_asked: bool) -> Flow[None]:
        """Ask the history, once, which of these trades are those of stops, if any of them may be."""
        log = self._known_orders()
        if not (is_asked or log.has_stops):  # then only a client id can tell
            trades = [trade for trade in trades if (trade.get("info") or {}).get("clientId") is not None]
        doubtful = {
            str(identity)
            for identity, trade in {trade.get("order"): trade for trade in trades}.items()
            if identity is not None and self._may_be_of_stop(trade, is_asked)
        }
        if not doubtful:
            return
        request = {**NEWEST, "limit": HISTORY_LIMIT, "offset": 0}
        if market_id is not None:
            request["symbol"] = market_id
        call = f"{self.id} fetchMyTrades()"
        rows = orders_in((yield self.private_get_wapi_v1_history_orders(request)), call)
        stops = [row for row in rows if has_fired(row)]
        fired = [(fired_order(stop, rows, log.is_own), stop["id"]) for stop in stops]
        found = {order["id"]: stop for order, stop in fired if order is not None}
        known = {row["id"] for row in rows}
        told = {identity: found.get(identity) for identity in doubtful if identity in known}
        self._stop_of = dict(list({**self._stop_of, **told}.items())[-ORDERS_REMEMBERED:])

    def _may_be_of_stop(self, trade: Trade, is_asked: bool) -> bool:
        fill: Payload = trade.get("info") or {}
        identity, log = str(trade["order"]), self._known_orders()
        if identity in self._stop_of or log.is_own(identity):
            return False
        client_id = fill.get("clientId")
        if told_by(client_id) or log.may_be_of_stop(fill):
            return True
        return is_asked and client_id is None

    def _fills(self, call: str, request: Params, span: Span) -> Flow[list[Payload]]:
        """Newest first, but from a beginning on oldest first."""
        ask = self.private_get_wapi_v1_history_fills
        if span.since is not None:
            request = {**OLDEST, "from": span.since, **request}
            return (yield from rows_from(ask, request, span.limit, call))
        request = {**NEWEST, **request}
        if not span.is_whole and (span.limit or 0) <= HISTORY_LIMIT:
            page: list[Payload] = yield ask({"limit": span.limit or HISTORY_LIMIT, "offset": 0, **request})
            return page  # read by parse_fills
        rows = yield from history_rows(ask, request, span, _moment_of, identity_of=_identity_of)
        return rows[::-1]

    @flow
    def fetch_order_trades(
        self,
        id: str,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Trade]]:
        """The fills of one order, with their fees.

        https://docs.backpack.exchange/#tag/History/operation/get_fills
        """
        reference, rest = reference_of(self.id, "fetchOrderTrades", id, params)
        if "clientId" in reference:
            reference = {"orderId": (yield self.fetch_order("", symbol, params))["id"]}
        reference = {"orderId": self._fired_by(reference["orderId"])}
        trades: list[Trade] = yield self.fetch_my_trades(symbol, since, limit, {**rest, **reference})
        if not trades and self._may_be_stop(reference["orderId"]):
            # A stop that has fired has no fills of its own: fetch_order finds what it has placed.
            try:
                yield self.fetch_order(reference["orderId"], symbol)
            except OrderNotFound:
                return trades
            fired = self._fired_by(reference["orderId"])
            if fired != reference["orderId"]:
                trades = yield self.fetch_my_trades(symbol, since, limit, {**rest, "orderId": fired})
        return trades

    def _fired_by(self, order_id: str) -> str:
        """The order whose fills are those of this one: what a stop has placed, or the order itself."""
        record = self._known_orders().get(order_id)
        return order_id if record is None or record.fired is None else str(record.fired.order["id"])

    def _may_be_stop(self, order_id: str) -> bool:
        record = self._known_orders().get(order_id)
        return record is None or (record.is_stop and record.fired is None)


def _moment_of(fill: Payload) -> int | None:
    return Row(fill).moment("timestamp")


def _identity_of(fill: Payload) -> Hashable:
    """What a fill is told apart by: old backstop fills have no id of their own, or 0."""
    row = Row(fill)
    told = map(row.word, ("orderId", "tradeId", "price", "quantity", "timestamp"))
    return tuple(told)
