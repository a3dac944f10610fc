"""The signing string by the venue's own examples, and keys that are refused without being shown."""

from __future__ import annotations

import pickle
from base64 import b64decode, b64encode
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from ccxt.base.errors import AuthenticationError, BadRequest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import VerifyKey

import bpx_connector
from bpx_connector.call import signer
from bpx_connector.call.signer import (
    DEFAULT_WINDOW,
    MAXIMUM_WINDOW,
    Signer,
    checked_window,
    signing_string,
)
from bpx_connector.call.wire import Wire, value_text
from tests.support.keys import FIRST, SECOND

NAMES = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1)
PARAMS = st.dictionaries(NAMES, st.none() | st.booleans() | st.integers() | st.text())


def test_the_venues_example_of_a_cancellation_comes_out() -> None:
    text = signing_string("orderCancel", {"symbol": "BTC_USDT", "orderId": 28}, 1614550000000)
    assert text == "instruction=orderCancel&orderId=28&symbol=BTC_USDT&timestamp=1614550000000&window=5000"


def test_the_venues_example_of_a_batch_comes_out() -> None:
    orders = [
        {"symbol": "SOL_USDC_PERP", "side": "Bid", "orderType": "Limit", "price": "141", "quantity": "12"},
        {"symbol": "SOL_USDC_PERP", "side": "Bid", "orderType": "Limit", "price": "140", "quantity": "11"},
    ]
    assert signing_string("orderExecute", orders, 1750793021519) == (
        "instruction=orderExecute&orderType=Limit&price=141&quantity=12&side=Bid&symbol=SOL_USDC_PERP"
        "&instruction=orderExecute&orderType=Limit&price=140&quantity=11&side=Bid&symbol=SOL_USDC_PERP"
        "&timestamp=1750793021519&window=5000"
    )


def test_without_parameters_only_instruction_time_and_window_are_signed() -> None:
    assert signing_string("balanceQuery", {}, 1, 60000) == "instruction=balanceQuery&timestamp=1&window=60000"


def test_keys_are_sorted_by_byte_and_not_by_letter() -> None:
    text = signing_string("x", {"b": "1", "B": "2", "a": "3", "_": "4", "Z": "5"}, 1)
    assert text == "instruction=x&B=2&Z=5&_=4&a=3&b=1&timestamp=1&window=5000"


def test_a_null_is_left_out() -> None:
    assert signing_string("x", {"a": None, "b": "1"}, 1) == "instruction=x&b=1&timestamp=1&window=5000"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (28, "28"),
        (4294967295, "4294967295"),
        ("80%", "80%"),
        ("a b&c=d", "a b&c=d"),
        ("", ""),
        (Decimal("0.00000001"), "0.00000001"),
        (Decimal("1E+5"), "100000"),
        (Decimal("141.0"), "141.0"),
        (1e-8, "0.00000001"),
        (1e22, "10000000000000000000000"),
        (0.1, "0.1"),
        ({"b": 1, "a": "x"}, '{"b":1,"a":"x"}'),
    ],
)
def test_a_value_is_signed_raw_and_without_an_exponent(value: Any, text: str) -> None:
    assert value_text(value) == text


@given(PARAMS)
def test_every_value_that_is_not_null_is_signed_once_in_byte_order(params: dict[str, Any]) -> None:
    text = signing_string("x", params, 7)
    body = "".join(f"&{key}={value_text(params[key])}" for key in sorted(params) if params[key] is not None)
    assert text == f"instruction=x{body}&timestamp=7&window={DEFAULT_WINDOW}"


@given(st.lists(PARAMS, min_size=1, max_size=5))
def test_a_batch_is_the_orders_one_after_the_other(orders: list[dict[str, Any]]) -> None:
    tail = "&timestamp=7&window=5000"
    singles = [signing_string("orderExecute", order, 7).removesuffix(tail) for order in orders]
    assert signing_string("orderExecute", orders, 7) == "&".join(singles) + tail


@given(PARAMS)
def test_a_signature_verifies_with_the_public_key(params: dict[str, Any]) -> None:
    headers = Signer(*FIRST).headers("orderExecute", params, 1614550000000)
    message = signing_string("orderExecute", params, 1614550000000).encode()
    VerifyKey(b64decode(FIRST.api_key)).verify(message, b64decode(headers["X-Signature"]))


def test_the_headers_are_the_four_that_the_venue_names() -> None:
    headers = Signer(*FIRST).headers("balanceQuery", {}, 1614550000000, 60000)
    assert list(headers) == ["X-API-Key", "X-Signature", "X-Timestamp", "X-Window"]
    assert headers["X-API-Key"] == FIRST.api_key
    assert headers["X-Timestamp"] == "1614550000000"
    assert headers["X-Window"] == "60000"


def test_a_subscription_signs_no_stream_names() -> None:
    ours = Signer(*FIRST)
    key, signature, timestamp, window = ours.subscription(1614550000000)
    assert (key, timestamp, window) == (FIRST.api_key, "1614550000000", "5000")
    assert signature == ours.signature("instruction=subscribe&timestamp=1614550000000&window=5000")


@pytest.mark.parametrize("window", [1, "5000", MAXIMUM_WINDOW])
def test_a_window_within_the_limit_is_taken(window: Any) -> None:
    assert checked_window(window) == int(window)


@pytest.mark.parametrize("window", [0, -1, MAXIMUM_WINDOW + 1, "soon", None])
def test_a_window_that_the_venue_would_refuse_is_refused_here(window: Any) -> None:
    with pytest.raises(BadRequest, match="60000"):
        checked_window(window)


def test_a_secret_of_seed_and_public_key_signs_like_its_seed() -> None:
    both = b64encode(b64decode(FIRST.secret) + b64decode(FIRST.api_key)).decode()
    assert Signer(FIRST.api_key, both).signature("x") == Signer(*FIRST).signature("x")


SEED = b64decode(FIRST.secret)
WRONG_KEYS = {
    "secret is not base64": (FIRST.api_key, "not base64 !"),
    "secret is missing": (FIRST.api_key, None),
    "secret decodes to 31 bytes": (FIRST.api_key, b64encode(SEED[:31]).decode()),
    "secret decodes to 33 bytes": (FIRST.api_key, b64encode(SEED + b"x").decode()),
    "second half is not the public key": (
        FIRST.api_key,
        b64encode(SEED + b64decode(SECOND.api_key)).decode(),
    ),
    "apiKey is not base64": ("*" * 44, FIRST.secret),
    "apiKey decodes to 3 bytes": ("AAAA", FIRST.secret),
    "not a pair": (SECOND.api_key, FIRST.secret),
}


@pytest.mark.parametrize("fault", [fault for fault in WRONG_KEYS if "missing" not in fault])
def test_a_wrong_key_names_its_fault_and_never_shows_the_secret(fault: str) -> None:
    api_key, secret = WRONG_KEYS[fault]
    with pytest.raises(AuthenticationError) as failure:
        Signer(api_key, secret)  # type: ignore[arg-type]  # what a user may give
    text = str(failure.value)
    assert fault in text
    assert failure.value.__cause__ is None
    for piece in (secret, FIRST.secret, SEED.decode()):
        assert piece is not None
        assert piece not in text


def test_a_missing_secret_is_an_authentication_error() -> None:
    with pytest.raises(AuthenticationError, match="secret is not base64"):
        Signer(FIRST.api_key, None)  # type: ignore[arg-type]  # what a user may give


def test_a_signer_shows_no_key() -> None:
    shown = repr(Signer(*FIRST)) + str(Signer(*FIRST))
    assert FIRST.secret not in shown
    assert FIRST.api_key not in shown


def test_a_signer_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="secret"):
        pickle.dumps(Signer(*FIRST))


def test_an_exchange_builds_its_key_once(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[tuple[Any, ...]] = []
    original = signer.Signer.__init__

    def counted(self: Signer, *keys: Any) -> None:
        built.append(keys)
        original(self, *keys)

    monkeypatch.setattr(signer.Signer, "__init__", counted)
    exchange = bpx_connector.bpx(dict(FIRST.credentials))
    for _ in range(3):
        exchange.sign("api/v1/capital", "private", "GET")
    assert built == [tuple(FIRST)]
    exchange.apiKey, exchange.secret = SECOND
    exchange.sign("api/v1/capital", "private", "GET")
    assert built == [tuple(FIRST), tuple(SECOND)]


class Named(str, Enum):  # noqa: UP042  what is older than StrEnum
    """Names as some programs keep them."""

    SYMBOL = "symbol"


def test_a_name_of_an_enumeration_is_signed_as_it_is_sent() -> None:
    wire = Wire({Named.SYMBOL: "SOL_USDC"}, is_query=True)
    assert wire.signed("accountQuery") == "instruction=accountQuery&symbol=SOL_USDC"
    assert wire.query() == "symbol=SOL_USDC"


def test_several_values_stand_where_they_were_given() -> None:
    wire = Wire({"a": "1", "b": ["2", 3], "c": None, "d": 4}, is_query=True)
    assert wire.query() == "a=1&b=2&b=3&d=4"
