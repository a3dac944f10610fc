"""Fills of the account are read here."""

from __future__ import annotations

from collections.abc import Hashable

from ccxt.base.types import Trade

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.parse.rows import Row
from bpx_connector.parse.trading.trades import ParseTrades
from bpx_connector.rest.asking.histories import NEWEST, Span, asked_span, history_rows
from bpx_connector.rest.asking.history_pages import market_type_request, rows_from
from bpx_connector.rest.convert.rfq_orders import RfqOrders, is_rfq
from bpx_connector.rest.trading.find import FoundOrders, reference_of
from bpx_connector.venue.description import HISTORY_LIMIT

__all__ = ["Fills"]

OLDEST = {"sortDirection": "Asc"}


class Fills(RfqOrders, FoundOrders, ParseTrades):
    """What was traded."""

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
        swap; `orderId`; `offset` for a page of one's own.
        """
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
        fills = yield from self._fills(call, request, span)
        return self.parse_fills(fills, None, span.since, span.limit)

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
            yield self.fetch_order(reference["orderId"], symbol)
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
        return record is not None and record.is_stop and record.fired is None


def _moment_of(fill: Payload) -> int | None:
    return Row(fill).moment("timestamp")


def _identity_of(fill: Payload) -> Hashable:
    """What a fill is told apart by: old backstop fills have no id of their own, or 0."""
    row = Row(fill)
    told = map(row.word, ("orderId", "tradeId", "price", "quantity", "timestamp"))
    return tuple(told)
