"""Signatures, checked against the two strings of the venue's documentation and against keys made here."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from bpx_connector.sandbox.http.schema import PlainRefusal
from bpx_connector.sandbox.http.signatures import Credentials, credentials, signing_text, subscriber, verify
from bpx_connector.sandbox.records.refusals import Refusal

SIGNING_KEY = SigningKey(bytes(range(32)))
PUBLIC_KEY = base64.b64encode(bytes(SIGNING_KEY.verify_key)).decode()
NOW = 1_750_793_021_519


def signature_of(text: str) -> str:
    return base64.b64encode(SIGNING_KEY.sign(text.encode()).signature).decode()


def signed(text: str, *, timestamp: int = NOW, window: int = 5_000, key: str = PUBLIC_KEY) -> Credentials:
    return Credentials(key, signature_of(text), timestamp, window)


def refusal_of(call: Any) -> tuple[int, str | None, str]:
    with pytest.raises(Refusal) as caught:
        call()
    return caught.value.status, caught.value.code, caught.value.message


def test_the_documented_cancel_is_built_word_for_word() -> None:
    text = signing_text("orderCancel", [{"symbol": "BTC_USDT", "orderId": "28"}], 1_614_550_000_000, 5_000)
    assert text == "instruction=orderCancel&orderId=28&symbol=BTC_USDT&timestamp=1614550000000&window=5000"


def test_the_documented_batch_is_built_word_for_word() -> None:
    order = {"symbol": "SOL_USDC_PERP", "side": "Bid", "orderType": "Limit", "price": "141", "quantity": "12"}
    text = signing_text("orderExecute", [order, order | {"price": "140", "quantity": "11"}], NOW, 5_000)
    assert text == (
        "instruction=orderExecute&orderType=Limit&price=141&quantity=12&side=Bid&symbol=SOL_USDC_PERP"
        "&instruction=orderExecute&orderType=Limit&price=140&quantity=11&side=Bid&symbol=SOL_USDC_PERP"
        "&timestamp=1750793021519&window=5000"
    )


def test_without_parameters_only_instruction_time_and_window_are_signed() -> None:
    assert signing_text("balanceQuery", [{}], 1, 2) == "instruction=balanceQuery&timestamp=1&window=2"
    assert signing_text("subscribe", [], 1, 2) == "instruction=subscribe&timestamp=1&window=2"


def test_a_right_signature_names_its_key() -> None:
    given_ = signed(f"instruction=orderQuery&symbol=SOL_USDC&timestamp={NOW}&window=5000")
    assert verify(given_, "orderQuery", [{"symbol": "SOL_USDC"}], [NOW]) == PUBLIC_KEY


@given(st.dictionaries(st.text(min_size=1, max_size=4), st.text(max_size=6), max_size=4))
def test_what_is_signed_as_built_is_accepted(parameters: dict[str, str]) -> None:
    parameters.pop("clientId", None)
    text = signing_text("orderExecute", [parameters], NOW, 5_000)
    assert verify(signed(text), "orderExecute", [parameters], [NOW]) == PUBLIC_KEY


@pytest.mark.parametrize(
    "text",
    [
        f"instruction=orderCancel&symbol=SOL_USDC&timestamp={NOW}&window=5000",
        f"instruction=orderQuery&symbol=SOL_USDT&timestamp={NOW}&window=5000",
        f"instruction=orderQuery&timestamp={NOW}&window=5000",
        f"instruction=orderQuery&symbol=SOL_USDC&timestamp={NOW}",
        f"instruction=orderQuery&symbol=SOL_USDC&window=5000&timestamp={NOW}",
        f"instruction=orderQuery&extra=1&symbol=SOL_USDC&timestamp={NOW}&window=5000",
    ],
)
def test_any_other_string_is_an_invalid_signature(text: str) -> None:
    refused = refusal_of(lambda: verify(signed(text), "orderQuery", [{"symbol": "SOL_USDC"}], [NOW]))
    assert refused == (400, "INVALID_CLIENT_REQUEST", "Invalid signature")


def test_of_two_ids_the_client_id_is_not_read() -> None:
    both = {"orderId": "28", "clientId": "7", "symbol": "SOL_USDC"}
    text = signing_text("orderCancel", [both], NOW, 5_000)
    refused = refusal_of(lambda: verify(signed(text), "orderCancel", [both], [NOW]))
    assert refused == (400, "INVALID_CLIENT_REQUEST", "Invalid signature")


@pytest.mark.parametrize("late", [5_001, 60_000, -5_001])
def test_outside_the_window_a_request_has_expired(late: int) -> None:
    text = signing_text("balanceQuery", [{}], NOW, 5_000)
    refused = refusal_of(lambda: verify(signed(text), "balanceQuery", [{}], [NOW + late]))
    assert refused == (400, "INVALID_CLIENT_REQUEST", "Request has expired")


@pytest.mark.parametrize("late", [0, 5_000, -5_000])
def test_inside_the_window_a_request_is_accepted(late: int) -> None:
    text = signing_text("balanceQuery", [{}], NOW, 5_000)
    assert verify(signed(text), "balanceQuery", [{}], [NOW + late]) == PUBLIC_KEY


def test_a_timestamp_far_off_is_called_invalid() -> None:
    refused = refusal_of(lambda: verify(signed(""), "balanceQuery", [{}], [NOW + 600_001]))
    assert refused[2] == "Invalid timestamp: must be within 10 minutes of current time"


def test_a_window_above_a_minute_is_refused() -> None:
    text = signing_text("balanceQuery", [{}], NOW, 60_001)
    refused = refusal_of(lambda: verify(signed(text, window=60_001), "balanceQuery", [{}], [NOW]))
    assert refused[:2] == (400, "INVALID_CLIENT_REQUEST")
    text = signing_text("balanceQuery", [{}], NOW, 60_000)
    assert verify(signed(text, window=60_000), "balanceQuery", [{}], [NOW]) == PUBLIC_KEY


@pytest.mark.parametrize("signature", ["", "no base64!", base64.b64encode(b"short").decode()])
def test_a_signature_that_is_none_is_named_as_the_faulty_header(signature: str) -> None:
    given_ = Credentials(PUBLIC_KEY, signature, NOW, 5_000)
    refused = refusal_of(lambda: verify(given_, "balanceQuery", [{}], [NOW]))
    assert refused == (400, "INVALID_CLIENT_REQUEST", "Invalid X-Signature header")


def test_a_key_that_is_none_is_named_as_the_faulty_header() -> None:
    given_ = Credentials("abc", signature_of(""), NOW, 5_000)
    assert refusal_of(lambda: verify(given_, "balanceQuery", [{}], [NOW]))[2] == "Invalid X-API-Key header"


HEADERS = {"X-API-KEY": "key", "X-SIGNATURE": "signature", "X-TIMESTAMP": "17"}


def test_the_window_is_five_seconds_when_its_header_is_left_out() -> None:
    assert credentials(HEADERS, or_session=False) == Credentials("key", "signature", 17, 5_000)
    assert credentials(HEADERS | {"X-WINDOW": "9"}, or_session=False).window == 9


def test_a_missing_header_is_a_missing_parameter() -> None:
    with pytest.raises(PlainRefusal) as caught:
        credentials({}, or_session=False)
    assert (caught.value.status, caught.value.text) == (
        400,
        'failed to parse parameter `X-API-KEY`: Type "string" expects an input value.',
    )


def test_where_a_session_would_do_a_missing_header_is_unauthorized() -> None:
    assert refusal_of(lambda: credentials({}, or_session=True))[:2] == (401, "UNAUTHORIZED")


def test_a_timestamp_that_is_no_number_is_a_bad_parameter() -> None:
    with pytest.raises(PlainRefusal, match=r"X-TIMESTAMP.*integer_int64.*invalid digit"):
        credentials(HEADERS | {"X-TIMESTAMP": "1.5"}, or_session=False)


def test_a_subscription_is_signed_without_stream_names() -> None:
    signature = signature_of(f"instruction=subscribe&timestamp={NOW}&window=5000")
    assert subscriber([PUBLIC_KEY, signature, str(NOW), "5000"], [NOW]) == PUBLIC_KEY


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "text",
        [],
        [PUBLIC_KEY, signature_of(""), str(NOW), 5_000],
        [PUBLIC_KEY, signature_of(""), str(NOW), "5000"],
        [PUBLIC_KEY, signature_of(""), "now", "5000"],
        ["key", "signature", str(NOW), "5000"],
    ],
)
def test_a_subscription_that_proves_nothing_has_no_subscriber(signature: object) -> None:
    assert subscriber(signature, [NOW]) is None
