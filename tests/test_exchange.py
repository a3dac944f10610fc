"""One request on its way: addresses, signature, retries, refusals, clocks, logs. On both classes."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from ccxt.base.errors import (
    AuthenticationError,
    BadRequest,
    ExchangeError,
    ExchangeNotAvailable,
    InvalidNonce,
    InvalidOrder,
    NetworkError,
    OrderNotFound,
)
from nacl.signing import VerifyKey

import bpx_connector
import bpx_connector.async_support
import bpx_connector.pro
from bpx_connector.call.signer import signing_string
from bpx_connector.venue.errors import RateLimited
from tests.support.callers import Caller
from tests.support.keys import FIRST, SECOND
from tests.support.scripted_venue import BREAKS_OFF, HANGS_UP, Answer, Request, ScriptedVenue

CLASSES: list[Any] = [bpx_connector.bpx, bpx_connector.async_support.bpx, bpx_connector.pro.bpx]
EVERY_CLASS = pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__module__)
UNAVAILABLE = Answer('{"code":"SERVER_ERROR","message":"later"}', status=503)
EXPIRED = Answer('{"code":"INVALID_CLIENT_REQUEST","message":"Request has expired"}', status=400)
ORDER = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "price": "90", "quantity": "1"}
MOMENT = 1_767_225_600_000

Calling = Callable[..., Caller]


@pytest.fixture
def venue() -> Iterator[ScriptedVenue]:
    with ScriptedVenue() as running:
        yield running


@pytest.fixture(params=[False, True], ids=["blocking", "asyncio"])
def calling(request: pytest.FixtureRequest, venue: ScriptedVenue) -> Iterator[Calling]:
    """`calling(config)`: a caller of either class that speaks to the scripted venue."""
    opened: list[Caller] = []

    def calling(config: dict[str, Any] | None = None) -> Caller:
        opened.append(Caller(is_asyncio=request.param, sandbox=None, config=config or {}, url=venue.url))
        return opened[-1]

    yield calling
    for caller in opened:
        caller.close()


def verified(request: Request, instruction: str, params: Any) -> bool:
    """Whether the request is signed as the venue asks, by the key that it names."""
    timestamp, window = int(request.headers["X-Timestamp"]), int(request.headers["X-Window"])
    message = signing_string(instruction, params, timestamp, window).encode()
    VerifyKey(b64decode(request.headers["X-API-Key"])).verify(
        message, b64decode(request.headers["X-Signature"])
    )
    return True


# --- addresses -----------------------------------------------------------------------------------------


@EVERY_CLASS
def test_the_class_can_be_made_without_arguments(kind: Any) -> None:
    exchange = kind()
    assert exchange.id == "bpx"
    assert exchange.urls["api"]["public"] == "https://api.backpack.exchange"


@EVERY_CLASS
def test_addresses_are_known_for_the_venue_and_for_the_sandbox(kind: Any) -> None:
    exchange = kind()
    for urls in (exchange.urls["api"], exchange.urls["test"]):
        assert set(urls) == {"public", "private", "ws"}
        assert set(urls["ws"]) == {"public", "private"}


@EVERY_CLASS
def test_sandbox_mode_leads_to_the_sandbox_and_back(kind: Any) -> None:
    exchange = kind()
    exchange.set_sandbox_mode(True)
    assert exchange.sign("api/v1/time")["url"] == "http://127.0.0.1:8787/api/v1/time"
    assert exchange.urls["api"]["ws"]["public"] == "ws://127.0.0.1:8787"
    exchange.set_sandbox_mode(False)
    assert exchange.sign("api/v1/time")["url"] == "https://api.backpack.exchange/api/v1/time"


@EVERY_CLASS
def test_sandbox_mode_can_be_configured(kind: Any) -> None:
    exchange = kind({"sandbox": True})
    assert exchange.sign("api/v1/time")["url"] == "http://127.0.0.1:8787/api/v1/time"


@EVERY_CLASS
def test_a_configured_address_leaves_the_others_alone(kind: Any) -> None:
    exchange = kind({"urls": {"api": {"public": "http://127.0.0.1:1"}}})
    assert exchange.sign("api/v1/time")["url"] == "http://127.0.0.1:1/api/v1/time"
    assert exchange.urls["api"]["private"] == "https://api.backpack.exchange"


@EVERY_CLASS
def test_a_configured_sandbox_address_is_the_one_that_sandbox_mode_takes(kind: Any) -> None:
    exchange = kind({"urls": {"test": {"public": "http://127.0.0.1:2"}}})
    exchange.set_sandbox_mode(True)
    assert exchange.sign("api/v1/time")["url"] == "http://127.0.0.1:2/api/v1/time"


@EVERY_CLASS
@pytest.mark.parametrize("address", ["http://127.0.0.1:3", "http://127.0.0.1:3/"])
def test_an_assigned_address_counts_from_the_next_call(kind: Any, address: str) -> None:
    exchange = kind()
    exchange.urls["api"] = {"public": address, "private": address}
    assert exchange.sign("api/v1/time")["url"] == "http://127.0.0.1:3/api/v1/time"
    exchange.urls["api"] = address
    assert exchange.sign("api/v1/time")["url"] == "http://127.0.0.1:3/api/v1/time"


@EVERY_CLASS
def test_two_exchange_objects_share_no_settings(kind: Any) -> None:
    first, second = kind(), kind()
    first.options["recvWindow"] = 1
    first.urls["api"]["public"] = "http://127.0.0.1:4"
    first.has["fetchTicker"] = False
    assert second.options["recvWindow"] == 5000
    assert second.urls["api"]["public"] == "https://api.backpack.exchange"
    assert second.has["fetchTicker"] is True


# --- what is sent --------------------------------------------------------------------------------------


def test_a_signed_query_is_signed_as_it_is_sent(calling: Calling, venue: ScriptedVenue) -> None:
    params = {"symbol": "SOL_USDC", "limit": 5, "marketType": ["SPOT"], "orderId": None}
    calling().call("private_get_wapi_v1_history_orders", params)
    (request,) = venue.requests
    assert request.path == "/wapi/v1/history/orders?symbol=SOL_USDC&limit=5&marketType=SPOT"
    assert verified(request, "orderHistoryQueryAll", {"symbol": "SOL_USDC", "limit": 5, "marketType": "SPOT"})


def test_the_callers_own_parameters_are_left_as_they_were(calling: Calling) -> None:
    params = {"symbol": "SOL_USDC", "marketType": ["SPOT"], "recvWindow": 7000, "orderId": None}
    before = json.dumps(params)
    calling().call("private_get_wapi_v1_history_orders", params)
    assert json.dumps(params) == before


def test_several_values_cannot_be_signed_and_are_refused(calling: Calling, venue: ScriptedVenue) -> None:
    with pytest.raises(BadRequest, match="marketType takes one value"):
        calling().call("private_get_wapi_v1_history_orders", {"marketType": ["SPOT", "PERP"]})
    assert venue.requests == []


def test_several_values_of_a_public_query_are_repeated(calling: Calling, venue: ScriptedVenue) -> None:
    calling().call("public_get_api_v1_markets", {"marketType": ["SPOT", "PERP"]})
    assert venue.requests[0].path == "/api/v1/markets?marketType=SPOT&marketType=PERP"


@pytest.mark.parametrize(
    ("method", "name", "instruction"),
    [
        ("POST", "private_post_api_v1_order", "orderExecute"),
        ("DELETE", "private_delete_api_v1_order", "orderCancel"),
        ("PATCH", "private_patch_api_v1_account", "accountUpdate"),
    ],
)
def test_a_body_is_signed_like_a_query(
    calling: Calling, venue: ScriptedVenue, method: str, name: str, instruction: str
) -> None:
    calling().call(
        name, {"symbol": "SOL_USDC", "postOnly": True, "price": Decimal("1E-8"), "clientId": 7, "x": None}
    )
    (request,) = venue.requests
    body = {"symbol": "SOL_USDC", "postOnly": True, "price": "0.00000001", "clientId": 7}
    assert request.method == method
    assert "?" not in request.path
    assert json.loads(request.body) == body
    assert request.headers["Content-Type"] == "application/json; charset=utf-8"
    assert verified(request, instruction, body)


def test_a_batch_is_a_bare_array_signed_order_by_order(calling: Calling, venue: ScriptedVenue) -> None:
    venue.answers = [Answer("[]")]
    orders = [ORDER, {**ORDER, "price": "91"}]
    calling().call("private_post_api_v1_orders", orders)
    (request,) = venue.requests
    assert json.loads(request.body) == orders
    assert verified(request, "orderExecute", orders)


@pytest.mark.parametrize(
    ("config", "params", "window"),
    [({}, {}, "5000"), ({"options": {"recvWindow": 60000}}, {}, "60000"), ({}, {"recvWindow": 1234}, "1234")],
)
def test_the_window_is_the_one_asked_for(
    calling: Calling, venue: ScriptedVenue, config: dict[str, Any], params: dict[str, Any], window: str
) -> None:
    calling(config).call("private_get_api_v1_capital", params)
    (request,) = venue.requests
    assert request.headers["X-Window"] == window
    assert request.path == "/api/v1/capital"
    assert verified(request, "balanceQuery", {})


def test_a_window_over_the_limit_is_not_sent(calling: Calling, venue: ScriptedVenue) -> None:
    with pytest.raises(BadRequest, match="60000"):
        calling({"options": {"recvWindow": 60001}}).call("private_get_api_v1_capital")
    assert venue.requests == []


def test_a_public_call_carries_no_key(calling: Calling, venue: ScriptedVenue) -> None:
    calling().call("public_get_api_v1_status")
    assert not [name for name in venue.requests[0].headers if name.lower().startswith("x-")]


def test_no_broker_is_named_unless_the_user_names_one(calling: Calling, venue: ScriptedVenue) -> None:
    calling().call("private_post_api_v1_order", ORDER)
    named = calling({"options": {"brokerId": 17, "brokerKey": "theirs"}})
    named.call("private_post_api_v1_order", ORDER)
    named.call("private_get_api_v1_capital")
    brokers = [
        {name.lower(): value for name, value in request.headers.items() if "broker" in name.lower()}
        for request in venue.requests
    ]
    assert brokers == [{}, {"x-broker-id": "17", "x-broker-key": "theirs"}, {}]


def test_without_keys_a_private_call_says_which_is_missing(calling: Calling, venue: ScriptedVenue) -> None:
    with pytest.raises(AuthenticationError, match="apiKey"):
        calling({"apiKey": None, "secret": None}).call("private_get_api_v1_capital")
    assert venue.requests == []


def test_keys_that_are_no_pair_never_leave_the_machine(calling: Calling, venue: ScriptedVenue) -> None:
    with pytest.raises(AuthenticationError, match="not a pair"):
        calling({"apiKey": SECOND.api_key}).call("private_get_api_v1_capital")
    assert venue.requests == []


def test_what_only_a_browser_session_may_ask_is_refused_with_the_reason(
    calling: Calling, venue: ScriptedVenue
) -> None:
    with pytest.raises(AuthenticationError, match="browser session"):
        calling().call("private_get_wapi_v1_capital_withdrawals_delay")
    assert venue.requests == []


# --- repeated, or not ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble", [UNAVAILABLE, HANGS_UP, BREAKS_OFF, Answer("<html></html>", 502, "text/html")]
)
def test_an_order_is_never_sent_twice(calling: Calling, venue: ScriptedVenue, trouble: Answer) -> None:
    venue.answers = [trouble]
    caller = calling({"options": {"maxRetriesOnFailure": 3}})
    with pytest.raises(NetworkError):
        caller.call("private_post_api_v1_order", ORDER)
    assert len(venue.requests) == 1


@pytest.mark.parametrize("trouble", [UNAVAILABLE, HANGS_UP, BREAKS_OFF])
def test_a_question_is_asked_again_as_often_as_the_user_says(
    calling: Calling, venue: ScriptedVenue, trouble: Answer
) -> None:
    venue.answers = [trouble, trouble, Answer('{"USDC": {}}')]
    answer = calling({"options": {"maxRetriesOnFailure": 2}}).call("private_get_api_v1_capital")
    assert answer == {"USDC": {}}
    assert len(venue.requests) == 3


def test_a_question_is_asked_once_unless_the_user_says_otherwise(
    calling: Calling, venue: ScriptedVenue
) -> None:
    venue.answers = [UNAVAILABLE]
    with pytest.raises(ExchangeNotAvailable):
        calling().call("private_get_api_v1_capital")
    assert len(venue.requests) == 1


def test_a_refusal_is_final(calling: Calling, venue: ScriptedVenue) -> None:
    venue.answers = [Answer('{"code":"RESOURCE_NOT_FOUND","message":"Not Found"}', 404)]
    with pytest.raises(OrderNotFound):
        calling({"options": {"maxRetriesOnFailure": 3}}).call(
            "private_get_api_v1_order", {"symbol": "SOL_USDC", "orderId": "1"}
        )
    assert len(venue.requests) == 1


@pytest.mark.parametrize("trouble", [HANGS_UP, BREAKS_OFF])
def test_trouble_on_the_way_is_never_called_a_refusal(
    calling: Calling, venue: ScriptedVenue, trouble: Answer
) -> None:
    venue.answers = [trouble]
    with pytest.raises(NetworkError) as failure:
        calling().call("private_post_api_v1_order", ORDER)
    assert not isinstance(failure.value, ExchangeError)


def test_a_venue_that_is_not_there_is_a_network_error(calling: Calling) -> None:
    caller = calling()
    caller.exchange.urls["api"] = "http://127.0.0.1:9"
    with pytest.raises(NetworkError):
        caller.call("private_post_api_v1_order", ORDER)


def test_too_many_requests_are_known_by_both_names(calling: Calling, venue: ScriptedVenue) -> None:
    venue.answers = [Answer('{"code":"TOO_MANY_REQUESTS","message":"Too many requests"}', 429)]
    with pytest.raises(RateLimited, match=r"bpx GET /api/v1/capital was answered 429"):
        calling().call("private_get_api_v1_capital")


def test_a_refusal_quotes_the_venue(calling: Calling, venue: ScriptedVenue) -> None:
    venue.answers = [Answer('{"code":"INVALID_ORDER","message":"Invalid order"}', 400)]
    with pytest.raises(
        InvalidOrder, match=r'POST /api/v1/order was answered 400 .*"message":"Invalid order"'
    ):
        calling().call("private_post_api_v1_order", ORDER)


def test_an_empty_success_of_a_cancellation_is_no_failure(calling: Calling, venue: ScriptedVenue) -> None:
    venue.answers = [Answer("", 202, "text/plain")]
    assert not calling().call("private_delete_api_v1_order", {"symbol": "SOL_USDC", "orderId": "1"})


# --- clocks --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ahead", "said"), [(7000, r"\+7\.0 s"), (-61500, r"-61\.5 s")])
def test_an_expired_request_says_how_far_the_clock_is_off(
    calling: Calling, venue: ScriptedVenue, ahead: int, said: str
) -> None:
    venue.answers = [EXPIRED]
    caller = calling()
    caller.exchange.milliseconds = lambda: MOMENT + ahead
    with pytest.raises(InvalidNonce, match=said) as failure:
        caller.call("private_get_api_v1_capital")
    assert "Request has expired" in str(failure.value)
    assert "adjustForTimeDifference" in str(failure.value)


def test_a_measured_clock_is_used_from_then_on(calling: Calling, venue: ScriptedVenue) -> None:
    caller = calling({"options": {"adjustForTimeDifference": True}})
    caller.exchange.milliseconds = lambda: MOMENT + 90_000
    venue.answers = [Answer(str(MOMENT), kind="text/plain"), Answer("{}")]
    caller.call("load_time_difference")
    caller.call("private_get_api_v1_capital")
    assert caller.exchange.options["timeDifference"] == 90_000
    assert venue.requests[1].headers["X-Timestamp"] == str(MOMENT)


@pytest.mark.parametrize("name", ["private_get_api_v1_capital", "private_delete_api_v1_orders"])
def test_a_clock_that_drifts_is_measured_anew_and_the_call_made_again(
    calling: Calling, venue: ScriptedVenue, name: str
) -> None:
    caller = calling({"options": {"adjustForTimeDifference": True}})
    caller.exchange.milliseconds = lambda: MOMENT + 20_000
    venue.answers = [EXPIRED, Answer(str(MOMENT), kind="text/plain"), Answer("[]")]
    assert caller.call(name, {"symbol": "SOL_USDC"}) == []
    assert [request.path for request in venue.requests][1] == "/api/v1/time"
    assert venue.requests[2].headers["X-Timestamp"] == str(MOMENT)


def test_an_order_is_not_made_again_but_the_next_one_has_the_right_time(
    calling: Calling, venue: ScriptedVenue
) -> None:
    caller = calling({"options": {"adjustForTimeDifference": True}})
    caller.exchange.milliseconds = lambda: MOMENT + 20_000
    venue.answers = [EXPIRED, Answer(str(MOMENT), kind="text/plain"), Answer('{"id": "1"}')]
    with pytest.raises(InvalidNonce) as failure:
        caller.call("private_post_api_v1_order", ORDER)
    assert "= True" not in str(failure.value)
    caller.call("private_post_api_v1_order", ORDER)
    assert venue.requests[-1].headers["X-Timestamp"] == str(MOMENT)


def test_loading_markets_measures_the_clock_if_asked_to(calling: Calling, venue: ScriptedVenue) -> None:
    def paths(config: dict[str, Any]) -> set[str]:
        venue.answers = [Answer("[]")]
        venue.requests.clear()
        caller = calling(config)
        caller.exchange.fetch_time = lambda params={}: _time(caller)
        caller.call("fetch_markets")
        return {request.path for request in venue.requests}

    def _time(caller: Caller) -> Any:
        venue.requests.append(Request("GET", "/api/v1/time", {}, ""))

        async def awaited() -> int:
            return MOMENT

        return awaited() if caller.is_asyncio else MOMENT

    assert "/api/v1/time" not in paths({})
    assert "/api/v1/time" in paths({"options": {"adjustForTimeDifference": True}})


# --- budgets -------------------------------------------------------------------------------------------


def waits(caller: Caller) -> list[float]:
    """The milliseconds that the exchange object sleeps from now on, without sleeping."""
    slept: list[float] = []

    def blocking(milliseconds: float) -> None:
        slept.append(milliseconds)

    async def awaited(milliseconds: float) -> None:
        slept.append(milliseconds)

    caller.exchange.sleep = awaited if caller.is_asyncio else blocking
    return slept


def test_the_call_after_the_budget_waits_instead_of_being_refused(calling: Calling) -> None:
    caller = calling({"enableRateLimit": True, "options": {"requestsPerMinute": {"historical": 2}}})
    slept = waits(caller)
    for _ in range(3):
        caller.call("private_get_wapi_v1_history_orders")
    assert len(slept) == 1
    assert 50_000 < slept[0] <= 60_000


def test_who_waits_for_the_budget_is_told_so_once(calling: Calling, caplog: pytest.LogCaptureFixture) -> None:
    caller = calling({"enableRateLimit": True, "options": {"requestsPerMinute": {"historical": 1}}})
    waits(caller)
    caplog.set_level("INFO")
    for _ in range(2):
        caller.call("private_get_wapi_v1_history_orders")
    (told,) = [record.getMessage() for record in caplog.records if "waiting" in record.getMessage()]
    assert "waiting 60 s for the venue's budget of 1 accountHistory requests a minute" in told
    assert "options['requestsPerMinute']" in told


def test_a_question_about_ones_own_orders_waits_behind_no_candles(calling: Calling) -> None:
    caller = calling({"enableRateLimit": True, "options": {"requestsPerMinute": {"historical": 2}}})
    slept = waits(caller)
    for _ in range(5):
        caller.call("public_get_api_v1_klines", {"symbol": "SOL_USDC"})
    assert len(slept) == 3
    caller.call("private_get_wapi_v1_history_orders")
    assert len(slept) == 3


def test_a_call_without_patience_does_not_wait_and_takes_no_place(calling: Calling) -> None:
    caller = calling({"enableRateLimit": True, "options": {"requestsPerMinute": {"historical": 1}}})
    slept = waits(caller)
    history: tuple[Any, ...] = ("wapi/v1/history/orders", "private", "GET", {})
    caller.call("fetch2", *history)
    for _ in range(5):
        with pytest.raises(RateLimited, match="no place in time"):
            caller.call("fetch2", *history, {"patience": 10})
    caller.call("fetch2", *history)
    assert slept[0] <= 60_000


def test_the_historical_budget_is_not_the_standard_one(calling: Calling) -> None:
    caller = calling({"enableRateLimit": True, "options": {"requestsPerMinute": {"historical": 1}}})
    slept = waits(caller)
    caller.call("private_get_wapi_v1_history_orders")
    caller.call("private_get_api_v1_capital")
    assert slept == []


def test_two_objects_of_one_account_share_a_budget(calling: Calling) -> None:
    config = {"enableRateLimit": True, "options": {"requestsPerMinute": {"historical": 1}}}
    first, second, stranger = calling(config), calling(config), calling({**config, **SECOND.credentials})
    slept = [waits(caller) for caller in (first, second, stranger)]
    for caller in (first, second, stranger):
        caller.call("private_get_wapi_v1_history_orders")
    assert [len(times) for times in slept] == [0, 1, 0]


def test_ccxts_own_dial_spaces_calls_of_every_budget(calling: Calling) -> None:
    caller = calling({"enableRateLimit": True, "rateLimit": 30_000})
    slept = waits(caller)
    for name in (
        "private_get_api_v1_capital",
        "private_get_wapi_v1_history_orders",
        "public_get_api_v1_ping",
    ):
        caller.call(name)
    assert [round(milliseconds, -3) for milliseconds in slept] == [30_000, 60_000]


def test_without_rate_limiting_nobody_waits(calling: Calling) -> None:
    caller = calling({"enableRateLimit": False, "options": {"requestsPerMinute": {"historical": 1}}})
    slept = waits(caller)
    for _ in range(3):
        caller.call("private_get_wapi_v1_history_orders")
    assert slept == []


# --- what is seen --------------------------------------------------------------------------------------


def test_verbose_output_shows_the_call_and_no_secret(
    calling: Calling,
    venue: ScriptedVenue,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caller = calling({"verbose": True, "options": {"brokerId": 1, "brokerKey": "broker-secret"}})
    caplog.set_level("DEBUG")
    caller.call("private_get_api_v1_capital")
    caller.call("private_post_wapi_v1_capital_withdrawals", {"twoFactorToken": "123456", "quantity": "1"})
    caller.call("private_post_api_v1_order", ORDER)
    shown = capsys.readouterr().out + caplog.text
    assert "/api/v1/capital" in shown
    assert '"quantity":"1"' in shown
    for secret in (FIRST.secret, FIRST.api_key, "123456", "broker-secret"):
        assert secret not in shown
    for request in venue.requests:
        assert request.headers["X-Signature"] not in shown


def test_a_refusal_shows_no_secret(calling: Calling, venue: ScriptedVenue) -> None:
    venue.answers = [Answer('{"code":"INVALID_CLIENT_REQUEST","message":"Invalid signature"}', 400)]
    with pytest.raises(AuthenticationError) as failure:
        calling().call("private_post_api_v1_order", ORDER)
    for secret in (FIRST.secret, FIRST.api_key, venue.requests[0].headers["X-Signature"]):
        assert secret not in str(failure.value)


@EVERY_CLASS
def test_an_exchange_object_shows_no_secret(kind: Any) -> None:
    exchange = kind(dict(FIRST.credentials))
    assert repr(exchange) == f"<{kind.__module__}.bpx bpx>"
    assert FIRST.secret not in str(exchange)
