"""Answers about requests for quotes, quotes and stocks."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.exchange.rfqs import Rfqs
from bpx_connector.sandbox.exchange.stock_hours import is_outside
from bpx_connector.sandbox.http.answers import Answer
from bpx_connector.sandbox.http.calls import Call
from bpx_connector.sandbox.http.payloads import naive_time
from bpx_connector.sandbox.http.private import history_page
from bpx_connector.sandbox.records import refusals
from bpx_connector.sandbox.records.figures import plain
from bpx_connector.sandbox.records.refusals import Refusal
from bpx_connector.sandbox.records.rfqs import AWAIT_ACCEPT, Quote, Rfq, RfqFill

__all__ = ["RFQS"]

Shape = dict[str, Any]


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _rfqs(call: Call) -> Rfqs:
    return call.context.rfqs


def _id_of(text: Any) -> int:
    if not (str(text).isascii() and str(text).isdigit()):
        raise Refusal(400, "INVALID_CLIENT_REQUEST", "Invalid ID")
    return int(text)


# --- shapes ------------------------------------------------------------------------------------------------


def _request(rfq: Rfq) -> Shape:
    return {
        "rfqId": str(rfq.id),
        "clientId": rfq.client_id,
        "symbol": rfq.symbol,
        "side": rfq.side,
        "price": _text(rfq.price),
        "quantity": _text(rfq.quantity),
        "quoteQuantity": _text(rfq.quote_quantity),
        "submissionTime": rfq.submission_time // 1000,
        "systemOrderType": None,
        "expiryTime": rfq.expiry_time // 1000,
        "status": rfq.status,
        "executionMode": rfq.mode,
        "createdAt": rfq.created_at // 1000,
    }


def _past_request(rfq: Rfq) -> Shape:
    row = _request(rfq)
    del row["systemOrderType"]
    times = {
        "submissionTime": rfq.submission_time,
        "expiryTime": rfq.expiry_time,
        "createdAt": rfq.created_at,
    }
    return {
        **row,
        **{name: naive_time(moment) for name, moment in times.items()},
        "deferredSettlementQuoteId": None,
    }


def _quote(quote: Quote) -> Shape:
    return {
        "rfqId": str(quote.rfq_id),
        "quoteId": str(quote.id),
        "clientId": quote.client_id,
        "bidPrice": plain(quote.bid),
        "askPrice": plain(quote.ask),
        "status": quote.status,
        "createdAt": quote.created_at // 1000,
    }


def _past_quote(quote: Quote) -> Shape:
    return {**_quote(quote), "createdAt": naive_time(quote.created_at), "deferredSettlement": False}


def _fill(fill: RfqFill) -> Shape:
    return {
        "rfqId": str(fill.rfq.id),
        "clientId": fill.rfq.client_id,
        "quoteId": str(fill.quote.id),
        "symbol": fill.rfq.symbol,
        "side": fill.rfq.side,
        "quantity": plain(fill.quantity),
        "quoteQuantity": None,
        "fillPrice": plain(fill.price),
        "createdAt": naive_time(fill.rfq.created_at),
        "filledAt": naive_time(fill.time),
        "systemOrderType": None,
    }


def _quote_fill(fill: RfqFill) -> Shape:
    return {
        "clientId": fill.quote.client_id,
        "quoteId": str(fill.quote.id),
        "rfqId": str(fill.rfq.id),
        "symbol": fill.rfq.symbol,
        "side": fill.rfq.side,
        "quantity": plain(fill.quantity),
        "fillPrice": plain(fill.maker_price),
        "fee": "0",
        "feeSymbol": choices.QUOTE_ASSET,
        "createdAt": naive_time(fill.quote.created_at),
        "filledAt": naive_time(fill.time),
    }


# --- requests ----------------------------------------------------------------------------------------------


def _submit(call: Call) -> Answer:
    body = call.body
    try:
        rfq = _rfqs(call).submit(
            call.account,
            body["symbol"],
            body["side"],
            call.now,
            mode=body.get("executionMode", AWAIT_ACCEPT),
            quantity=body.get("quantity"),
            quote_quantity=body.get("quoteQuantity"),
            price=body.get("price"),
            client_id=body.get("clientId"),
        )
    finally:
        call.context.exchange.balance_books(call.now)
    return Answer(_request(rfq))


def _named(call: Call) -> Rfq:
    body = call.body
    if "rfqId" in body:
        return _rfqs(call).of(call.account, rfq_id=_id_of(body["rfqId"]))
    if "clientId" in body:
        return _rfqs(call).of(call.account, client_id=body["clientId"])
    raise Refusal(400, "INVALID_CLIENT_REQUEST", "Must specify either `rfqId` or `clientId`")


def _accept(call: Call) -> Answer:
    try:
        rfq = _rfqs(call).accept(call.account, _named(call), _id_of(call.body["quoteId"]), call.now)
    finally:
        call.context.exchange.balance_books(call.now)
    return Answer(_request(rfq))


def _refresh(call: Call) -> Answer:
    rfq = _rfqs(call).refresh(_named(call), call.now)
    call.context.exchange.balance_books(call.now)
    return Answer(_request(rfq))


def _cancel(call: Call) -> Answer:
    rfq = _rfqs(call).cancel(_named(call), call.now)
    call.context.exchange.balance_books(call.now)
    return Answer(_request(rfq))


def _submit_quote(call: Call) -> Answer:
    body = call.body
    try:
        quote = _rfqs(call).quote(
            call.account,
            _id_of(body["rfqId"]),
            body["bidPrice"],
            body["askPrice"],
            call.now,
            body.get("clientId"),
        )
    finally:
        call.context.exchange.balance_books(call.now)
    return Answer(_quote(quote))


def _fits(call: Call, **found: Any) -> bool:
    return all(call.query.get(name) in (None, value) for name, value in found.items())


def _open(call: Call) -> Answer:
    rows = [
        {"rfq": _request(rfq), "quotes": [_quote(quote) for quote in rfq.quotes]}
        for rfq in _rfqs(call).all_of(call.account)
        if rfq.status == "New" and _fits(call, symbol=rfq.symbol, rfqId=rfq.id, deferredSettlement=False)
    ]
    return Answer(rows)


def _history(call: Call) -> Answer:
    rows = [
        rfq
        for rfq in _rfqs(call).all_of(call.account)
        if _fits(call, symbol=rfq.symbol, rfqId=str(rfq.id), status=rfq.status, side=rfq.side)
    ]
    return history_page(call, rows, _past_request)


def _quote_history(call: Call) -> Answer:
    rfqs = _rfqs(call)
    rows = [
        quote
        for quote in reversed(rfqs.quotes.values())
        if quote.account_id == call.account.id
        and _fits(call, symbol=rfqs.rfqs[quote.rfq_id].symbol, quoteId=str(quote.id), status=quote.status)
    ]
    return history_page(call, rows, _past_quote)


def _fills(call: Call, is_mine: Callable[[RfqFill], bool]) -> list[RfqFill]:
    return [
        fill
        for fill in reversed(_rfqs(call).fills)
        if is_mine(fill)
        and _fits(
            call, symbol=fill.rfq.symbol, quoteId=str(fill.quote.id), side=fill.rfq.side, fillType="User"
        )
    ]


def _rfq_fills(call: Call) -> Answer:
    return history_page(call, _fills(call, lambda fill: fill.rfq.account_id == call.account.id), _fill)


def _quote_fills(call: Call) -> Answer:
    mine = _fills(call, lambda fill: fill.quote.account_id == call.account.id)
    return history_page(call, mine, _quote_fill)


# --- stocks ------------------------------------------------------------------------------------------------


def _indicative(call: Call) -> Answer:
    asset, side, quantity = (call.query[name] for name in ("symbol", "side", "quantity"))
    rfqs = _rfqs(call)
    if asset not in rfqs.hours.securities:
        raise refusals.invalid_symbol()
    bounds = rfqs.bounds(asset, call.now)
    reason = "MarketClosed" if bounds is None else None
    if bounds is not None and is_outside(Decimal(quantity), bounds):
        reason = "InvalidQuantity"
    limit, expected = (plain(price) for price in rfqs.indicated(asset, side, call.now))
    return Answer(
        {
            "available": reason is None,
            "symbol": asset,
            "side": side,
            "session": None if bounds is None else bounds["name"],
            "reason": reason,
            "price": limit if reason is None else None,
            "estimatedPrice": expected if reason is None else None,
            "publishedAt": call.now // 1000,
            "quantityFilter": None
            if bounds is None
            else {name: bounds[name] for name in ("minQuantity", "maxQuantity", "stepSize")},
        }
    )


RFQS: dict[str, Callable[[Call], Answer]] = {
    "POST /api/v1/rfq": _submit,
    "POST /api/v1/rfq/accept": _accept,
    "POST /api/v1/rfq/refresh": _refresh,
    "POST /api/v1/rfq/cancel": _cancel,
    "POST /api/v1/rfq/quote": _submit_quote,
    "GET /api/v1/rfqs": _open,
    "GET /wapi/v1/history/rfq": _history,
    "GET /wapi/v1/history/quote": _quote_history,
    "GET /wapi/v1/history/rfq/fill": _rfq_fills,
    "GET /wapi/v1/history/quote/fill": _quote_fills,
    "GET /api/v1/stockIndicativeQuote": _indicative,
}
"""Operation -> its answer."""
