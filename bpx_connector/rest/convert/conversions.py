"""Unified methods: one currency is converted into another by a request for quotes, and dust into USDC.

A stock is converted at a bound: nothing is submitted for its quote, which is indicative, and the trade is an
Immediate request at that price or better. Any other currency is asked for: the quote is a request that makers
have answered, and the trade accepts the best of their quotes. All conversions are against USDC.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import Any, NamedTuple

from ccxt.base.errors import ArgumentsRequired, BadRequest, InvalidOrder, NullResponse
from ccxt.base.types import Conversion

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.parse.border import legible_steps, listed, structures
from bpx_connector.parse.convert.conversions import DUST, ParseConversions
from bpx_connector.parse.convert.rfqs import OpenRfq, open_rfqs
from bpx_connector.parse.convert.stocks import is_stock
from bpx_connector.parse.numbers import EXACT, in_own_context, milliseconds_of, plain, product, quotient
from bpx_connector.parse.overriding import is_overridden
from bpx_connector.rest.asking.arguments import asked_currency, checked_amount
from bpx_connector.rest.asking.histories import NEWEST, Span, asked_span, history_rows
from bpx_connector.rest.convert.rfqs import Rfqs, checked_id
from bpx_connector.rest.convert.stocks import Stocks

__all__ = ["Conversions"]

USDC = "USDC"
LONGEST_WAIT = 10_000
QUOTE_PAUSE = 250
"""Milliseconds between two looks at the quotes of a request, and how long is waited for the first."""

USUAL_ROWS = 100


class Pair(NamedTuple):
    """What is converted into what: `base` against USDC, sold or bought."""

    base: str
    base_id: str
    is_sold: bool

    @property
    def side(self) -> str:
        return "sell" if self.is_sold else "buy"

    @property
    def codes(self) -> tuple[str, str]:
        return (self.base, USDC) if self.is_sold else (USDC, self.base)

    def figures(self, quantity: str | None, price: str | None) -> tuple[str | None, str | None, str | None]:
        """What goes out and what comes in at a price."""
        cost = product(quantity, price)
        return (quantity, cost, price) if self.is_sold else (cost, quantity, price)


@in_own_context
def _steps_for(cost: Decimal, price: Decimal, step: Decimal) -> Decimal:
    """What a cost buys at a price, cut off at the step."""
    return (cost / price / step).to_integral_value(ROUND_DOWN) * step


class Conversions(ParseConversions, Rfqs, Stocks):
    """Converting."""

    @flow
    @legible_steps
    def fetch_convert_quote(
        self,
        fromCode: str,  # noqa: N803  ccxt's names
        toCode: str,  # noqa: N803
        amount: Any = None,
        params: Params = {},
    ) -> Flow[Conversion]:
        """At what price an amount of one currency could be converted into another; one of them is USDC.

        https://docs.backpack.exchange/#tag/Stocks/operation/get_stock_indicative_quote
        https://docs.backpack.exchange/#tag/RFQ/operation/submit_rfq

        Of a stock the quote is indicative and its `id` None; `price` is the bound to give to
        create_convert_trade. Of any other currency a request is submitted and the best quote waited for, up
        to `wait` milliseconds (10000); `id` is the request's, which is cancelled if nobody quotes. params:
        `price`, for stocks that are bought, the bound to count with.
        """
        call = f"{self.id} fetchConvertQuote()"
        exact = checked_amount(call, "amount", amount)
        pair = yield from self._pair(call, fromCode, toCode)
        steps = self._indicative if is_stock(pair.base_id) else self._requested
        quote: Conversion = yield from steps(call, pair, exact, params)
        return quote

    @flow
    @legible_steps
    def create_convert_trade(
        self,
        id: str | None,
        fromCode: str,  # noqa: N803  ccxt's names
        toCode: str,  # noqa: N803
        amount: Any = None,
        params: Params = {},
    ) -> Flow[Conversion]:
        """The conversion that was done, or submitted: what is not known yet is None, see fetch_convert_trade.

        https://docs.backpack.exchange/#tag/RFQ/operation/submit_rfq
        https://docs.backpack.exchange/#tag/RFQ/operation/accept_quote

        With the id of fetch_convert_quote its best quote is accepted, unless it is worse than `price` in
        params; `quoteId` names another. A stock is bought or sold by an Immediate request at `price` or
        better (its indicative price unless given); the id, if any, becomes the request's client id. params:
        `price`, `quoteId`, `baseAmount` for the shares to buy, `clientOrderId`.
        """
        call = f"{self.id} createConvertTrade()"
        exact = None if amount is None else checked_amount(call, "amount", amount)
        pair = yield from self._pair(call, fromCode, toCode)
        if params.get("quoteId") is not None or not is_stock(pair.base_id):
            done: Conversion = yield from self._accepted(call, id, pair, params)
            return done
        if exact is None:
            raise ArgumentsRequired(f"{call} needs an amount of {fromCode}")
        submitted: Conversion = yield from self._bounded(call, id, pair, exact, params)
        return submitted

    def _pair(self, call: str, from_code: str, to_code: str) -> Flow[Pair]:
        yield self.load_markets()
        given, received = (asked_currency(self, call, code) for code in (from_code, to_code))
        codes = given["code"], received["code"]
        if codes.count(USDC) != 1:
            raise BadRequest(
                f"{call} converts between {USDC} and another currency, not {from_code}, {to_code}"
            )
        base = received if codes[0] == USDC else given
        return Pair(base["code"], base["id"], is_sold=codes[1] == USDC)

    # --- stocks ------------------------------------------------------------------------------------------

    def _indicative(self, call: str, pair: Pair, amount: Decimal, params: Params) -> Flow[Any]:
        rest = {name: value for name, value in params.items() if name not in ("price", "wait")}
        quantity = amount
        if not pair.is_sold:
            quantity = yield from self._shares_for(call, pair, amount, params.get("price"), rest)
        row = yield from self._indicative_row(call, pair, quantity, rest)
        figures = pair.figures(plain(quantity), row["price"])
        return self.conversion_of_quote(row, None, pair.codes, figures, row.get("publishedAt"))

    def _indicative_row(self, call: str, pair: Pair, quantity: Decimal, rest: Params) -> Flow[Payload]:
        quote = yield self.fetch_stock_indicative_quote(pair.base_id, pair.side, quantity, rest)
        row: Payload = quote["info"]
        if not row["available"] or row.get("price") is None:
            raise InvalidOrder(f"{call} no price is to be had for {pair.base} now: {row.get('reason')}")
        return row

    def _shares_for(self, call: str, pair: Pair, cost: Decimal, price: Any, rest: Params) -> Flow[Decimal]:
        """How many shares a cost buys, at most: at the price given, or at the indicative one of one share."""
        row = yield from self._indicative_row(call, pair, Decimal(1), rest)
        bound = Decimal(row["price"]) if price is None else checked_amount(call, "price", price)
        step = Decimal((row.get("quantityFilter") or {}).get("stepSize") or "1")
        shares = _steps_for(cost, bound, step)
        if shares <= 0:
            raise InvalidOrder(f"{call} {plain(cost)} {USDC} buys less than {plain(step)} {pair.base}")
        return shares

    def _bounded(
        self, call: str, identity: str | None, pair: Pair, amount: Decimal, params: Params
    ) -> Flow[Any]:
        """An Immediate request for a stock, at a price or better."""
        price, shares = params.get("price"), params.get("baseAmount")
        rest = {name: value for name, value in params.items() if name not in ("price", "baseAmount")}
        quantity = amount if pair.is_sold else None
        if shares is not None:
            quantity = checked_amount(call, "baseAmount", shares)
        if quantity is None:
            quantity = yield from self._shares_for(call, pair, amount, price, {})
        if price is None:
            price = (yield from self._indicative_row(call, pair, quantity, {}))["price"]
        bound = checked_amount(call, "price", price)
        if not pair.is_sold and EXACT.multiply(quantity, bound) > amount:
            raise InvalidOrder(
                f"{call} {plain(quantity)} {pair.base} at {plain(bound)} would cost more than {plain(amount)}"
            )
        if identity and "clientOrderId" not in rest:
            rest["clientOrderId"] = identity
        rfq = yield self.create_rfq(f"{pair.base_id}_{USDC}", pair.side, quantity, bound, rest)
        # At what price it was filled only its fill says.
        given, received = (plain(quantity), None) if pair.is_sold else (None, plain(quantity))
        return self.conversion_of_quote(
            rfq["info"], rfq["id"], pair.codes, (given, received, None), rfq["timestamp"]
        )

    # --- other currencies --------------------------------------------------------------------------------

    def _requested(self, call: str, pair: Pair, amount: Decimal, params: Params) -> Flow[Any]:
        """The best quote for a request that is submitted."""
        wait = int(checked_amount(call, "wait", params.get("wait", LONGEST_WAIT)))
        rest = {name: value for name, value in params.items() if name != "wait"}
        size = (amount, {}) if pair.is_sold else (None, {"cost": amount})
        rfq = yield self.create_rfq(f"{pair.base_id}_{USDC}", pair.side, size[0], None, {**rest, **size[1]})
        for _ in range(max(1, wait // QUOTE_PAUSE)):
            answer = yield self.private_get_api_v1_rfqs({"rfqId": rfq["id"]})
            for one in open_rfqs(answer, call) if isinstance(answer, list) else ():
                if one.rfq["rfqId"] == rfq["id"] and one.best:
                    return self._quoted(one, pair)
            yield self.sleep(QUOTE_PAUSE)
        yield self.cancel_rfq(rfq["id"])
        raise InvalidOrder(f"{call} nobody quoted within {wait} ms; the request was cancelled")

    def _quoted(self, request: OpenRfq, pair: Pair) -> Any:
        """ccxt's conversion, of a request and the best of its quotes."""
        rfq, quote = request.rfq, request.best
        price = None if quote is None else quote["bidPrice" if pair.is_sold else "askPrice"]
        quantity, cost = rfq.get("quantity"), rfq.get("quoteQuantity")
        quantity = quotient(cost, price) if quantity is None else quantity
        figures = pair.figures(quantity, price)
        if cost is not None:
            figures = (quantity, cost, price) if pair.is_sold else (cost, quantity, price)
        return self.conversion_of_quote(request.info, rfq["rfqId"], pair.codes, figures, rfq["createdAt"])

    def _accepted(self, call: str, identity: Any, pair: Pair, params: Params) -> Flow[Any]:
        """A quote that is accepted: the one named, or the best of a request."""
        rfq_id = checked_id(call, "id", identity)
        quote_id, bound = params.get("quoteId"), params.get("price")
        rest = {
            name: value for name, value in params.items() if name not in ("quoteId", "price", "baseAmount")
        }
        requests = open_rfqs((yield self.private_get_api_v1_rfqs({"rfqId": rfq_id})), call)
        row = next((one for one in requests if one.rfq["rfqId"] == rfq_id), None)
        quote = None if row is None else row.best
        if quote_id is None and quote is None:
            raise InvalidOrder(f"{call} request {rfq_id} has no quote that could be accepted")
        if row is not None:
            self._check_request(call, row.rfq, pair)
        if bound is not None and quote is not None:
            _check_bound(call, pair, quote, checked_amount(call, "price", bound))
        wanted = str(quote["quoteId"] if quote_id is None and quote is not None else quote_id)
        accepted = yield self.accept_rfq_quote(rfq_id, wanted, None, rest)
        if row is None or quote is None or quote["quoteId"] != wanted:
            figures: Any = (None, None, None)
            return self.conversion_of_quote(
                accepted["info"], rfq_id, pair.codes, figures, accepted["timestamp"]
            )
        return {**self._quoted(row, pair), "info": accepted["info"]}

    def _check_request(self, call: str, rfq: Payload, pair: Pair) -> None:
        is_meant = rfq["symbol"].startswith(f"{pair.base_id}_") and (rfq["side"] == "Ask") == pair.is_sold
        if not is_meant:
            raise BadRequest(
                f"{call} request {rfq['rfqId']} is {rfq['side']} {rfq['symbol']}, not {pair.side} {pair.base}"
            )

    # --- what was converted ------------------------------------------------------------------------------

    @flow
    @legible_steps
    def fetch_convert_trade(self, id: str, code: str | None = None, params: Params = {}) -> Flow[Conversion]:
        """One conversion, by the id of its request, or by that of a conversion of dust in the history.

        https://docs.backpack.exchange/#tag/RFQ/operation/get_rfq_fill_history
        https://docs.backpack.exchange/#tag/Capital/operation/get_dust_history
        """
        call = f"{self.id} fetchConvertTrade()"
        is_dust = str(id).startswith(DUST)
        wanted = checked_id(call, "id", str(id).removeprefix(DUST) if is_dust else id)
        if self.markets is None:
            yield self.load_markets()
        if is_dust:
            rows = listed((yield self.private_get_wapi_v1_history_dust({"id": int(wanted), **params})))
            rows = [row for row in rows if str(row.get("id")) == wanted]
        else:
            rows = yield from history_rows(
                self.private_get_wapi_v1_history_rfq_fill,
                {**NEWEST, **params},
                Span(limit=1),
                _filled,
                is_wanted=lambda row: row.get("rfqId") == wanted,
            )
        if not rows:
            raise NullResponse(f"{call} the venue's history has no conversion {id!r}")
        conversion: Conversion = self.parse_conversion(rows[0])
        return conversion

    @flow
    @legible_steps
    def fetch_convert_trade_history(
        self,
        code: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Conversion]]:
        """Conversions by requests for quotes and of dust, oldest first, of one currency or of all.

        https://docs.backpack.exchange/#tag/RFQ/operation/get_rfq_fill_history
        https://docs.backpack.exchange/#tag/Capital/operation/get_dust_history

        With `since` the first `limit` from then on, without it the latest (100 unless a limit is set).
        params: `until`, `paginate`.
        """
        call = f"{self.id} fetchConvertTradeHistory()"
        span, rest = asked_span(call, since, limit, params, usual=USUAL_ROWS)
        yield self.load_markets()
        wanted = None if code is None else asked_currency(self, call, code)["code"]
        found: list[Any] = []
        for endpoint, moment in (
            (self.private_get_wapi_v1_history_rfq_fill, _filled),
            (self.private_get_wapi_v1_history_dust, _converted),
        ):
            rows = yield from history_rows(
                endpoint, {**NEWEST, **rest}, span, moment, is_wanted=self._converts(wanted)
            )
            if is_overridden(self, "parse_conversions"):
                found += self.parse_conversions(rows)
            else:
                found += structures(rows, self.parse_conversion)
        found.sort(key=lambda conversion: conversion["timestamp"] or 0)
        return span.cut(found, lambda conversion: conversion["timestamp"])

    def _converts(self, code: str | None) -> Any:
        if code is None:
            return None

        def converts(row: Payload) -> bool:
            conversion = self.parse_conversion(row)
            return code in (conversion["fromCurrency"], conversion["toCurrency"])

        return converts

    @flow
    @legible_steps
    def convert_dust(self, code: str | None = None, params: Params = {}) -> Flow[Payload]:
        """The venue's word that dust was converted to USDC: of one currency, or without a code of all.

        https://docs.backpack.exchange/#tag/Capital/operation/convert_dust

        Dust is less than the least that the spot market trades. How much came of it is in
        fetch_convert_trade_history.
        """
        yield self.load_markets()
        request: Params = {}
        if code is not None:
            request["symbol"] = asked_currency(self, f"{self.id} convertDust()", code)["id"]
        yield self.private_post_api_v1_account_convertdust({**request, **params})
        return {"info": request, "currency": code}


def _check_bound(call: str, pair: Pair, quote: Payload, bound: Decimal) -> None:
    price = Decimal(quote["bidPrice" if pair.is_sold else "askPrice"])
    if price < bound if pair.is_sold else price > bound:
        raise InvalidOrder(f"{call} the best quote is {plain(price)}, worse than {plain(bound)}")


def _filled(row: Payload) -> int | None:
    return milliseconds_of(row.get("filledAt"))


def _converted(row: Payload) -> int | None:
    return milliseconds_of(row.get("timestamp"))
