"""Requests for quotes, from both sides: a taker asks and accepts, a maker quotes.

What is asked has a size in the base or in the quote currency. AwaitAccept waits for the taker to accept one
of the quotes; Immediate takes the first at the taker's price or better. Nothing that may have reached the
venue is sent again.
"""

from __future__ import annotations

from typing import Any

from ccxt.base.errors import ArgumentsRequired, BadRequest, InvalidOrder, OrderNotFound

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.parse.border import done_as, legible_steps, listed, structures
from bpx_connector.parse.convert.rfqs import ParseRfqs, rfq_moment
from bpx_connector.parse.numbers import plain
from bpx_connector.rest.asking.arguments import checked_amount, checked_word, client_id_of
from bpx_connector.rest.asking.histories import NEWEST, asked_span, history_rows
from bpx_connector.venue.words import RFQ_EXECUTION_MODES, SIDE_ID

__all__ = ["Rfqs", "checked_id"]

AWAIT_ACCEPT, IMMEDIATE = RFQ_EXECUTION_MODES
USUAL_ROWS = 100


def checked_id(call: str, name: str, identity: Any) -> str:
    """An id of the venue as its text. A float is refused: above 2**53 it is another number."""
    text = str(identity)
    if isinstance(identity, bool | float) or not (text.isascii() and text.isdigit()):
        raise BadRequest(f"{call} {name} has to be the venue's digits, as text or int, not {identity!r}")
    return text


class Rfqs(ParseRfqs):
    """Asking for quotes and quoting."""

    # --- the taker ---------------------------------------------------------------------------------------

    @flow
    @legible_steps
    def create_rfq(
        self, symbol: str, side: str, amount: Any = None, price: Any = None, params: Params = {}
    ) -> Flow[Payload]:
        """The request for quotes that was submitted.

        https://docs.backpack.exchange/#tag/RFQ/operation/submit_rfq

        `symbol` SOL.RFQ/USDC, or that of the spot market. An amount in the base currency, or `cost` in
        params, in the quote currency. With a price it is Immediate: the first quote at that price or better
        is taken; without it AwaitAccept: see accept_rfq_quote. params: `clientOrderId`, `executionMode`,
        `autoLend`, `autoLendRedeem`, `autoBorrow`, `autoBorrowRepay`.
        """
        call = f"{self.id} createRfq()"
        request, rest = _rfq_request(call, side, amount, price, params)
        if self.markets is None:
            yield self.load_markets()
        request["symbol"] = self.rfq_market_id(symbol)
        return done_as(self.parse_rfq, (yield self.private_post_api_v1_rfq({**request, **rest})))

    @flow
    @legible_steps
    def accept_rfq_quote(
        self,
        id: str,
        quoteId: str,  # noqa: N803  the name that ccxt's own class has
        symbol: str | None = None,
        params: Params = {},
    ) -> Flow[Payload]:
        """The request whose quote was accepted: filled, or bound to be filled where settlement is deferred.

        https://docs.backpack.exchange/#tag/RFQ/operation/accept_quote

        Only the best quote can be accepted. With an empty id `clientOrderId` in params names the request.
        """
        call = f"{self.id} acceptRfqQuote()"
        quote = {"quoteId": checked_id(call, "quoteId", quoteId)}
        reference, rest = _rfq_reference(call, id, params)
        if self.markets is None:
            yield self.load_markets()
        answer = yield self.private_post_api_v1_rfq_accept({**reference, **quote, **rest})
        return done_as(self.parse_rfq, answer)

    @flow
    @legible_steps
    def refresh_rfq(self, id: str, params: Params = {}) -> Flow[Payload]:
        """The request with more time, its quotes cancelled.

        https://docs.backpack.exchange/#tag/RFQ/operation/refresh_rfq
        """
        request = {"rfqId": checked_id(f"{self.id} refreshRfq()", "id", id)}
        if self.markets is None:
            yield self.load_markets()
        return done_as(self.parse_rfq, (yield self.private_post_api_v1_rfq_refresh({**request, **params})))

    @flow
    @legible_steps
    def cancel_rfq(self, id: str, params: Params = {}) -> Flow[Payload]:
        """The request as it was cancelled. With an empty id `clientOrderId` in params names it.

        https://docs.backpack.exchange/#tag/RFQ/operation/cancel_rfq
        """
        reference, rest = _rfq_reference(f"{self.id} cancelRfq()", id, params)
        if self.markets is None:
            yield self.load_markets()
        return done_as(self.parse_rfq, (yield self.private_post_api_v1_rfq_cancel({**reference, **rest})))

    @flow
    @legible_steps
    def fetch_open_rfqs(self, symbol: str | None = None, params: Params = {}) -> Flow[list[Payload]]:
        """One's open requests with the quotes for them, oldest first.

        https://docs.backpack.exchange/#tag/RFQ/operation/get_open_rfqs

        params: `rfqId`, `deferredSettlement`, `subaccountId`.
        """
        if self.markets is None:
            yield self.load_markets()
        request = {} if symbol is None else {"symbol": self.rfq_market_id(symbol)}
        rfqs = structures((yield self.private_get_api_v1_rfqs({**request, **params})), self.parse_rfq)
        return sorted(rfqs, key=lambda rfq: rfq["timestamp"] or 0)

    @flow
    @legible_steps
    def fetch_rfq(self, id: str, params: Params = {}) -> Flow[Payload]:
        """One of one's requests, open with its quotes, or else from the history.

        https://docs.backpack.exchange/#tag/RFQ/operation/get_open_rfqs
        https://docs.backpack.exchange/#tag/RFQ/operation/get_rfq_history
        """
        call = f"{self.id} fetchRfq()"
        request = {"rfqId": checked_id(call, "id", id)}
        if self.markets is None:
            yield self.load_markets()
        rows = listed((yield self.private_get_api_v1_rfqs({**request, **params})))
        if not rows:
            rows = listed((yield self.private_get_wapi_v1_history_rfq({**request, **params})))
        for rfq in structures(rows, self.parse_rfq):
            if rfq["id"] == request["rfqId"]:
                return rfq
        raise OrderNotFound(f"{call} the venue knows no RFQ {id} of this account")

    @flow
    @legible_steps
    def fetch_rfq_history(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Payload]]:
        """One's requests, oldest first: with `since` the first `limit`, else the latest (100).

        https://docs.backpack.exchange/#tag/RFQ/operation/get_rfq_history

        params: `rfqId`, `status`, `side` Bid or Ask, `deferredSettlement`; `until`, `paginate`, `offset`.
        """
        rows = yield from self._rfq_history(
            "fetchRfqHistory", self.private_get_wapi_v1_history_rfq, symbol, since, limit, params, "rfqId"
        )
        return structures(rows, self.parse_rfq)

    @flow
    @legible_steps
    def fetch_rfq_fills(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Any]]:
        """What one's requests traded, oldest first; the fee is in the price.

        https://docs.backpack.exchange/#tag/RFQ/operation/get_rfq_fill_history

        params: `quoteId`, `side` Bid or Ask, `fillType` User or CollateralConversion, `deferredSettlement`;
        `until`, `paginate`, `offset`.
        """
        rows = yield from self._rfq_history(
            "fetchRfqFills", self.private_get_wapi_v1_history_rfq_fill, symbol, since, limit, params, None
        )
        return structures(rows, self.parse_rfq_fill)

    # --- the maker ---------------------------------------------------------------------------------------

    @flow
    @legible_steps
    def create_rfq_quote(
        self,
        rfqId: str,  # noqa: N803  the venue's name
        bid: Any,
        ask: Any,
        params: Params = {},
    ) -> Flow[Payload]:
        """The quote that was made for somebody's request; what is asked for comes by watch_rfq_updates.

        https://docs.backpack.exchange/#tag/RFQ/operation/submit_quote

        The venue takes both prices. params: `clientOrderId`, `autoLend`, `autoLendRedeem`, `autoBorrow`,
        `autoBorrowRepay`.
        """
        call = f"{self.id} createRfqQuote()"
        prices = {"bidPrice": checked_amount(call, "bid", bid), "askPrice": checked_amount(call, "ask", ask)}
        if prices["bidPrice"] > prices["askPrice"]:
            raise InvalidOrder(f"{call} the bid {bid!r} is above the ask {ask!r}")
        request: Params = {"rfqId": checked_id(call, "rfqId", rfqId)}
        request |= {name: plain(price) for name, price in prices.items()}
        request |= _client_id(params)
        if self.markets is None:
            yield self.load_markets()
        row = yield self.private_post_api_v1_rfq_quote({**request, **_without_client_id(params)})
        return done_as(self.parse_quote, row)

    @flow
    @legible_steps
    def fetch_quote_history(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Payload]]:
        """One's quotes, oldest first: with `since` the first `limit`, else the latest (100).

        https://docs.backpack.exchange/#tag/RFQ/operation/get_quote_history

        params: `quoteId`, `status`, `deferredSettlement`; `until`, `paginate`, `offset`.
        """
        rows = yield from self._rfq_history(
            "fetchQuoteHistory",
            self.private_get_wapi_v1_history_quote,
            symbol,
            since,
            limit,
            params,
            "quoteId",
        )
        return structures(rows, self.parse_quote)

    @flow
    @legible_steps
    def fetch_quote_fills(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Any]]:
        """What one's quotes traded, oldest first, with their fees.

        https://docs.backpack.exchange/#tag/RFQ/operation/get_quote_fill_history

        params: `quoteId`, `side` Bid or Ask; `until`, `paginate`, `offset`.
        """
        rows = yield from self._rfq_history(
            "fetchQuoteFills", self.private_get_wapi_v1_history_quote_fill, symbol, since, limit, params, None
        )
        return structures(rows, self.parse_rfq_fill)

    def _rfq_history(
        self,
        method: str,
        endpoint: Any,
        symbol: str | None,
        since: Any,
        limit: Any,
        params: Params,
        identity: str | None,
    ) -> Flow[list[Payload]]:
        span, rest = asked_span(f"{self.id} {method}()", since, limit, params, usual=USUAL_ROWS)
        if self.markets is None:
            yield self.load_markets()
        request: Params = {**NEWEST, **rest}
        if symbol is not None:
            request["symbol"] = self.rfq_market_id(symbol)
        known: Any = {} if identity is None else {"identity_of": lambda row: row[identity]}
        return (yield from history_rows(endpoint, request, span, _moment, **known))


def _rfq_request(call: str, side: Any, amount: Any, price: Any, params: Params) -> tuple[Payload, Params]:
    """The body of POST /rfq without its symbol, and the params that are left."""
    cost = params.get("cost", params.get("quoteQuantity"))
    if (amount is None) == (cost is None):
        raise ArgumentsRequired(f"{call} needs either an amount or a cost, not both")
    request: Payload = {"side": SIDE_ID[checked_word(call, "side", side, SIDE_ID)]}
    if cost is None:
        request["quantity"] = plain(checked_amount(call, "amount", amount))
    else:
        request["quoteQuantity"] = plain(checked_amount(call, "cost", cost))
    mode = params.get("executionMode", AWAIT_ACCEPT if price is None else IMMEDIATE)
    request["executionMode"] = checked_word(call, "executionMode", mode, RFQ_EXECUTION_MODES)
    if (price is None) != (mode == AWAIT_ACCEPT):
        raise InvalidOrder(f"{call} a price is what Immediate waits for; AwaitAccept has none")
    if price is not None:
        request["price"] = plain(checked_amount(call, "price", price))
    request |= _client_id(params)
    used = ("cost", "quoteQuantity", "executionMode")
    return request, {name: value for name, value in _without_client_id(params).items() if name not in used}


def _rfq_reference(call: str, identity: Any, params: Params) -> tuple[Payload, Params]:
    """Which request is meant, and the params that are left. The venue takes one of its two ids."""
    named = _client_id(params)
    if identity not in (None, ""):
        named = {"rfqId": checked_id(call, "id", identity)}
    if not named:
        raise ArgumentsRequired(f"{call} needs an id or params['clientOrderId']")
    return named, _without_client_id(params)


def _client_id(params: Params) -> Payload:
    value = params.get("clientOrderId", params.get("clientId"))
    return {} if value is None else {"clientId": client_id_of(value)}


def _without_client_id(params: Params) -> Params:
    return {name: value for name, value in params.items() if name not in ("clientOrderId", "clientId")}


def _moment(row: Payload) -> int | None:
    return rfq_moment(row.get("filledAt") or row["createdAt"])
