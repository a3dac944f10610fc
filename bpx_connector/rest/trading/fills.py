"""Fills of the account are read here."""

from __future__ import annotations

from typing import Any

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.parse.trades import ParseTrades
from bpx_connector.rest.arguments import checked_limit, checked_time, until_of, whole_of
from bpx_connector.rest.history_pages import NEWEST_FIRST, OLDEST_FIRST, market_type_request, rows_of_history
from bpx_connector.rest.trading.find import FoundOrders, reference_of
from bpx_connector.rest.trading.rfq_orders import RfqOrders, is_rfq
from bpx_connector.venue.description import HISTORY_LIMIT

__all__ = ["Fills"]


class Fills(RfqOrders, FoundOrders, ParseTrades):
    """What was traded."""

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
        1000 fills a call, and one page without either. `until`; `paginate` True reads all; `type` spot or
        swap; `orderId`; `offset` for a page of one's own.
        """
        if is_rfq(symbol):
            traded: list[Any] = yield self.fetch_rfq_fills(symbol, since, limit, params)
            return traded
        if self.markets is None:
            yield self.load_markets()
        call = "fetchMyTrades()"
        limit, since = checked_limit(call, limit), checked_time(call, "since", since)
        until, rest = until_of(call, params, since)
        is_whole, rest = whole_of(rest)
        request, rest = market_type_request(call, rest)
        request = {**(NEWEST_FIRST if since is None else OLDEST_FIRST), **request, **rest}
        if symbol is not None:
            request["symbol"] = self.market(symbol)["id"]
        if since is not None:
            request["from"] = since
        if until is not None:
            request["to"] = until + 1  # the venue's end is exclusive

        def is_enough(rows: list[Payload]) -> bool:
            return since is None and not is_whole if limit is None else len(rows) >= limit

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
        reference = {"orderId": self._fired_by(reference["orderId"])}
        trades: list[Any] = yield self.fetch_my_trades(symbol, since, limit, {**rest, **reference})
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


def _fills_once(fills: list[Payload]) -> list[Payload]:
    """Every fill once, where a new one has moved the pages. Old backstop fills have no id of their own: 0."""
    if len(fills) <= HISTORY_LIMIT:
        return fills  # one page
    once: dict[Any, Payload] = {}
    for place, fill in enumerate(fills):
        once.setdefault((fill.get("tradeId") or f"#{place}", fill["orderId"]), fill)
    return list(once.values())
