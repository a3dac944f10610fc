"""Every refusal that the venue documents or was seen to give, and what it means in ccxt's words."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest
from ccxt.base.errors import (
    AuthenticationError,
    BadRequest,
    BadSymbol,
    BaseError,
    DDoSProtection,
    ExchangeError,
    ExchangeNotAvailable,
    InsufficientFunds,
    InvalidNonce,
    InvalidOrder,
    NetworkError,
    NullResponse,
    OnMaintenance,
    OrderImmediatelyFillable,
    OrderNotFillable,
    OrderNotFound,
    PermissionDenied,
    RateLimitExceeded,
    RequestTimeout,
)

import bpx_connector
from bpx_connector.venue.errors import CODES, RateLimited, error_class
from tests.support.operations import error_codes
from tests.support.samples import sample

HOST = "https://api.backpack.exchange"
NO_CODE = None


class Seen(NamedTuple):
    """A refusal and what it becomes. `call` is the operation that was refused."""

    call: str
    status: int
    code: str | None
    message: str
    expected: type[BaseError]


BAD = "INVALID_CLIENT_REQUEST"
ORDER = "POST /api/v1/order"
# Backpack documentation and FAQ, live probes of 2026-09, and messages that several public bots quote.
SEEN = [
    Seen("GET /api/v1/depth", 400, BAD, "Invalid market symbol", BadSymbol),
    Seen(
        "POST /wapi/v1/capital/withdrawals",
        403,
        "WITHDRAWAL_2FA_REQUIRED",
        "Two-factor authentication is required for this withdrawal address",
        PermissionDenied,
    ),
    Seen("DELETE /api/v1/order", 400, "RESOURCE_NOT_FOUND", "Not Found", OrderNotFound),
    Seen("GET /api/v1/market", 400, BAD, "Invalid market symbol", BadSymbol),
    Seen("GET /api/v1/markPrices", 400, BAD, "Symbol not found", BadSymbol),
    Seen("GET /api/v1/depth", 404, "RESOURCE_NOT_FOUND", "Not Found", BadSymbol),
    Seen(
        "GET /api/v1/depth",
        400,
        NO_CODE,
        'failed to parse parameter `limit`: failed to parse "DepthLimit": Expect a valid enumeration value.',
        BadRequest,
    ),
    Seen(
        ORDER,
        400,
        NO_CODE,
        'parse request payload error: failed to parse "MarketSymbol": Invalid market symbol '
        '(occurred while parsing "OrderExecutePayload")',
        BadSymbol,
    ),
    Seen(
        ORDER,
        400,
        NO_CODE,
        'parse request payload error: Expected input type "OrderExecutePayload", found [].',
        BadRequest,
    ),
    Seen("GET /api/v1/nothing", 404, NO_CODE, "not found", BadRequest),
    Seen(ORDER, 400, BAD, "Invalid signature", AuthenticationError),
    Seen(ORDER, 400, BAD, "Invalid X-Signature header", AuthenticationError),
    Seen(ORDER, 401, "INVALID_SIGNATURE", "anything", AuthenticationError),
    Seen(ORDER, 401, "UNAUTHORIZED", "Unauthorized", AuthenticationError),
    Seen(ORDER, 400, BAD, "Request has expired", InvalidNonce),
    Seen(ORDER, 400, BAD, "Invalid timestamp: must be within 10 minutes of current time", InvalidNonce),
    Seen(ORDER, 400, BAD, "Quantity decimal too long", InvalidOrder),
    Seen(ORDER, 400, BAD, "Price decimal too long", InvalidOrder),
    Seen(ORDER, 400, BAD, "Quantity is below the minimum allowed value", InvalidOrder),
    Seen(ORDER, 400, "INVALID_PRICE", "Price is too far from the last active price", InvalidOrder),
    Seen(
        ORDER,
        400,
        "INVALID_ORDER",
        "Order would immediately match and take liquidity",
        OrderImmediatelyFillable,
    ),
    Seen(ORDER, 400, "INVALID_ORDER", "Reduce only order not reduced", InvalidOrder),
    Seen(ORDER, 400, BAD, "Market orders must specify a positive `quantity`", InvalidOrder),
    Seen(ORDER, 400, BAD, "No liquidity for market order", OrderNotFillable),
    Seen(ORDER, 400, BAD, "Must specify both `triggerPrice` and `triggerQuantity` or neither", InvalidOrder),
    Seen(ORDER, 400, "INVALID_ORDER", "Invalid order", InvalidOrder),
    Seen(ORDER, 400, BAD, "Maximum stop orders per position reached", InvalidOrder),
    Seen(ORDER, 400, "INSUFFICIENT_FUNDS", "Insufficient funds", InsufficientFunds),
    Seen(ORDER, 400, "INSUFFICIENT_MARGIN", "Insufficient margin", InsufficientFunds),
    Seen("GET /api/v1/order", 404, "RESOURCE_NOT_FOUND", "Not Found", OrderNotFound),
    Seen("DELETE /api/v1/order", 404, "RESOURCE_NOT_FOUND", "Not Found", OrderNotFound),
    Seen("DELETE /api/v1/order", 400, BAD, "Order not found", OrderNotFound),
    Seen("GET /api/v1/position", 404, "RESOURCE_NOT_FOUND", "Not Found", NullResponse),
    Seen("GET /api/v1/capital", 429, "TOO_MANY_REQUESTS", "Too many requests", RateLimited),
    Seen("GET /api/v1/capital", 429, NO_CODE, "", RateLimited),
    Seen(ORDER, 503, "MAINTENANCE", "Maintenance", OnMaintenance),
    Seen(ORDER, 500, "SERVER_ERROR", "Internal server error", ExchangeNotAvailable),
    Seen(ORDER, 408, "TIMEOUT", "Timeout", RequestTimeout),
    Seen("GET /api/v1/capital", 403, "FORBIDDEN", "Forbidden", PermissionDenied),
]


def raised(seen: Seen, body: str | None = None) -> BaseError:
    exchange = bpx_connector.bpx()
    method, path = seen.call.split(" ")
    answer: Any = None
    if seen.code is not None:
        answer = {"code": seen.code, "message": seen.message}
        body = json.dumps(answer)
    with pytest.raises(BaseError) as failure:
        exchange.handle_errors(
            seen.status, "", HOST + path, method, {}, seen.message if body is None else body, answer, {}, None
        )
    return failure.value


@pytest.mark.parametrize("code", error_codes())
def test_every_code_of_the_venues_enum_is_mapped(code: str) -> None:
    assert issubclass(CODES[code], BaseError)


def test_the_table_has_no_code_that_the_venue_does_not_have() -> None:
    assert set(CODES) == set(error_codes())


@pytest.mark.parametrize(
    "seen", SEEN, ids=lambda seen: f"{seen.call}-{seen.status}-{seen.code}-{seen.message[:30]}"
)
def test_a_refusal_becomes_the_exception_that_a_program_expects(seen: Seen) -> None:
    error = raised(seen)
    assert type(error) is seen.expected


@pytest.mark.parametrize("seen", SEEN, ids=lambda seen: f"{seen.status}-{seen.code}-{seen.message[:30]}")
def test_an_exception_says_what_was_asked_and_what_came(seen: Seen) -> None:
    text = str(raised(seen))
    method, path = seen.call.split(" ")
    assert f"bpx {method} {path} was answered {seen.status}" in text
    assert json.dumps(seen.message)[1:-1] in text or seen.message in text


@pytest.mark.parametrize("row", sample("rest/_errors"), ids=lambda row: row["request"][:60])
def test_every_captured_refusal_is_understood(row: dict[str, Any]) -> None:
    body = row["body"]
    code, message = (
        (body["code"], body.get("message") or "") if isinstance(body, dict) else (None, body or "")
    )
    path = row["request"].partition("/")[2].partition("?")[0].partition(" ")[0].strip(",")
    kind = error_class(row["http"] or 400, code, message, path)
    assert issubclass(kind, BaseError)
    assert kind not in (BaseError, ExchangeError)


def test_an_unknown_code_is_an_exchange_error_with_the_whole_answer() -> None:
    error = raised(Seen(ORDER, 400, "SOMETHING_NEW", "never seen", ExchangeError))
    assert type(error) is ExchangeError
    assert '{"code": "SOMETHING_NEW", "message": "never seen"}' in str(error)


def test_too_many_requests_is_both_of_ccxts_names_for_it() -> None:
    error = raised(Seen("GET /api/v1/capital", 429, "TOO_MANY_REQUESTS", "Too many requests", RateLimited))
    assert isinstance(error, RateLimitExceeded)
    assert isinstance(error, DDoSProtection)
    assert isinstance(error, NetworkError)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("body", ["", "upstream error", "<html><body>Invalid signature</body></html>"])
def test_a_server_side_failure_without_a_code_leaves_the_outcome_open(status: int, body: str) -> None:
    error = raised(Seen(ORDER, status, NO_CODE, body, NetworkError))
    assert isinstance(error, NetworkError)
    assert not isinstance(error, ExchangeError)


OPEN = [301, 302, 307, 308, 408, 499, 500, 501, 502, 503, 504, 507, 520, 521, 522, 523, 524, 525, 529, 530]


@pytest.mark.parametrize("status", OPEN)
def test_no_code_and_no_phrase_makes_a_refusal_of_a_status_that_leaves_it_open(status: int) -> None:
    for code in (None, "SOMETHING_NEW", *error_codes()):
        for message in ("Order not found", "Invalid signature", "immediately match", ""):
            kind = error_class(status, code, message, "api/v1/order")
            assert issubclass(kind, NetworkError), (code, message, kind)
            assert not issubclass(kind, ExchangeError), (code, message, kind)


@pytest.mark.parametrize("code", ["SERVER_ERROR", "TIMEOUT", "MAINTENANCE"])
@pytest.mark.parametrize("status", [400, 404])
def test_a_code_that_leaves_it_open_is_not_overruled_by_a_phrase(code: str, status: int) -> None:
    assert error_class(status, code, "Order not found", "api/v1/order") is CODES[code]


def test_too_many_requests_are_too_many_whatever_the_body_says() -> None:
    assert error_class(429, "INVALID_ORDER", "Order not found", "api/v1/order") is RateLimited
    assert error_class(429, NO_CODE, "<html>slow down</html>") is RateLimited


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_page_from_the_edge_is_no_refusal_of_the_venue(status: int) -> None:
    error = raised(Seen(ORDER, status, NO_CODE, "<!DOCTYPE html><html>Request blocked</html>", NetworkError))
    assert type(error) is ExchangeNotAvailable


@pytest.mark.parametrize(
    ("status", "expected"), [(400, BadRequest), (401, AuthenticationError), (404, BadRequest)]
)
def test_an_empty_refusal_is_read_from_its_status(status: int, expected: type[BaseError]) -> None:
    error = raised(Seen(ORDER, status, NO_CODE, "", expected))
    assert type(error) is expected
    assert "an empty body" in str(error)


def test_a_page_instead_of_an_answer_is_not_taken_for_success() -> None:
    with pytest.raises(ExchangeNotAvailable, match="instead of JSON"):
        raised_by_success("<html></html>")


def test_nothing_instead_of_an_order_is_not_taken_for_success() -> None:
    with pytest.raises(ExchangeNotAvailable, match="an empty body instead of JSON"):
        raised_by_success("")


def raised_by_success(body: str) -> None:
    bpx_connector.bpx().handle_errors(200, "OK", HOST + "/api/v1/order", "POST", {}, body, None, {}, None)


def test_an_accepted_cancel_may_come_back_empty() -> None:
    exchange = bpx_connector.bpx()
    nothing = exchange.handle_errors(202, "", HOST + "/api/v1/order", "DELETE", {}, "", None, {}, None)
    assert nothing is None


def test_only_an_accepted_cancel_may_come_back_empty() -> None:
    with pytest.raises(ExchangeNotAvailable, match="an empty body instead of JSON"):
        bpx_connector.bpx().handle_errors(200, "", HOST + "/api/v1/order", "DELETE", {}, "", None, {}, None)


def test_bare_text_is_an_answer_where_the_venue_gives_text() -> None:
    exchange = bpx_connector.bpx()
    assert exchange.handle_errors(200, "", HOST + "/api/v1/ping", "GET", {}, "pong", None, {}, None) is None
    assert exchange.handle_errors(200, "", HOST + "/api/v1/time", "GET", {}, "1", 1, {}, None) is None
