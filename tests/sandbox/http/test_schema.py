"""Requests against the venue's schema: what passes, and the texts of what does not."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.sandbox.http.schema import (
    OPERATIONS,
    Fields,
    Operation,
    PlainRefusal,
    body_fields,
    operation_for,
    query_fields,
)
from bpx_connector.venue.endpoints import Endpoint, Endpoints, NewerEndpoints

DEPTH = operation_for("GET", "/api/v1/depth")
EXECUTE = operation_for("POST", "/api/v1/order")
BATCH = operation_for("POST", "/api/v1/orders")
WITHDRAW = operation_for("POST", "/wapi/v1/capital/withdrawals")
ORDER = {"orderType": "Limit", "side": "Bid", "symbol": "SOL_USDC"}


def refusal_of(call: Any) -> tuple[int, str]:
    with pytest.raises(PlainRefusal) as caught:
        call()
    return caught.value.status, caught.value.text


def body(operation: Operation, raw: Any) -> list[Fields]:
    text = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    return body_fields(operation, "application/json", text, {"SOL_USDC"})


def test_the_connectors_table_and_the_sandboxes_say_the_same_of_all_81_operations() -> None:
    rows = [row for row in vars(Endpoints).values() if isinstance(row, Endpoint)]
    theirs = {(f"/{row.path}", row.method): row.instruction for row in rows}
    ours = {
        (path, method): operation.instruction
        for path, methods in OPERATIONS.items()
        for method, operation in methods.items()
    }
    assert len(theirs) == 81
    assert {key: ours[key] for key in theirs} == theirs


def test_the_sandbox_knows_the_operations_that_are_newer_than_the_openapi() -> None:
    rows = [row for row in vars(NewerEndpoints).values() if isinstance(row, Endpoint)]
    assert rows
    for row in rows:
        operation = operation_for(row.method, f"/{row.path}")
        assert set(operation.query) == row.parameters


def test_an_unknown_path_is_not_found_in_plain_text() -> None:
    assert refusal_of(lambda: operation_for("GET", "/api/v1/nothing")) == (404, "not found")


def test_a_method_that_a_path_lacks_is_not_allowed() -> None:
    assert refusal_of(lambda: operation_for("PUT", "/api/v1/order")) == (405, "method not allowed")


def test_a_bad_depth_limit_is_refused_word_for_word() -> None:
    refused = refusal_of(lambda: query_fields(DEPTH, [("symbol", "SOL_USDC"), ("limit", "30")]))
    assert refused == (
        400,
        'failed to parse parameter `limit`: failed to parse "DepthLimit": Expect a valid enumeration value.',
    )


def test_a_missing_parameter_is_named() -> None:
    refused = refusal_of(lambda: query_fields(DEPTH, []))
    assert refused == (400, 'failed to parse parameter `symbol`: Type "string" expects an input value.')


@pytest.mark.parametrize(
    ("operation", "pair", "reason"),
    [
        (("GET", "/api/v1/klines"), ("startTime", "soon"), "integer_int64.*invalid digit found in string"),
        (("GET", "/api/v1/trades"), ("limit", "65536"), "integer_uint16.*too large"),
        (("GET", "/api/v1/trades"), ("limit", "-1"), "integer_uint16.*too small"),
        (("GET", "/api/v1/account/limits/order"), ("price", "1e3"), "decimal.*unknown character"),
        (("GET", "/api/v1/account/limits/order"), ("reduceOnly", "True"), "boolean.*`true` or `false`"),
        (("GET", "/api/v1/markets"), ("marketType", "FUTURE"), "MarketType.*valid enumeration"),
    ],
)
def test_a_parameter_of_the_wrong_type_is_refused(
    operation: tuple[str, str], pair: tuple[str, str], reason: str
) -> None:
    given_ = {"symbol": "SOL_USDC", "side": "Bid", "interval": "1m", "startTime": "0"} | dict([pair])
    with pytest.raises(PlainRefusal, match=reason):
        query_fields(operation_for(*operation), given_.items())


def test_parameters_are_typed_and_keep_the_text_they_came_in() -> None:
    fields = query_fields(
        operation_for("GET", "/api/v1/account/limits/order"),
        [("symbol", "SOL_USDC"), ("side", "Ask"), ("price", "10.50"), ("reduceOnly", "true")],
    )
    assert fields.values == {
        "symbol": "SOL_USDC",
        "side": "Ask",
        "price": Decimal("10.50"),
        "reduceOnly": True,
    }
    assert fields.texts == {"symbol": "SOL_USDC", "side": "Ask", "price": "10.50", "reduceOnly": "true"}


def test_a_parameter_the_operation_does_not_have_is_ignored() -> None:
    assert query_fields(DEPTH, [("symbol", "SOL_USDC"), ("extra", "1")]).texts == {"symbol": "SOL_USDC"}


def test_a_market_type_may_be_repeated() -> None:
    markets = operation_for("GET", "/api/v1/markets")
    fields = query_fields(markets, [("marketType", "SPOT"), ("marketType", "PERP")])
    assert fields.values == {"marketType": ["SPOT", "PERP"]}


def test_an_order_is_typed_and_keeps_the_text_it_is_signed_as() -> None:
    [fields] = body(EXECUTE, ORDER | {"price": "10.50", "clientId": 7, "postOnly": True, "reduceOnly": None})
    assert fields.values["price"] == Decimal("10.50")
    assert fields.texts == {
        "clientId": "7",
        "orderType": "Limit",
        "postOnly": "true",
        "price": "10.50",
        "side": "Bid",
        "symbol": "SOL_USDC",
    }


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"symbol": "SOL_EUR"}, 'failed to parse "MarketSymbol": Invalid market symbol'),
        ({"side": "buy"}, 'failed to parse "Side": Expect a valid enumeration value.'),
        ({"side": None}, 'Type "Side" expects an input value.'),
        ({"price": 10.5}, 'Expected input type "decimal", found 10.5.'),
        ({"price": "ten"}, 'failed to parse "decimal": Invalid decimal: unknown character'),
        ({"price": "1" * 29}, 'failed to parse "decimal": Invalid decimal: overflow from too many digits'),
        ({"clientId": "7"}, 'Expected input type "integer_uint32", found "7".'),
        (
            {"clientId": 2**32},
            'failed to parse "integer_uint32": Only integers from 0 to 4294967295 are accepted.',
        ),
        ({"clientId": True}, 'Expected input type "integer_uint32", found true.'),
        ({"postOnly": "true"}, 'Expected input type "boolean", found "true".'),
        ({"triggerPrice": 1}, 'Expected input type "string", found 1.'),
    ],
)
def test_a_field_of_the_wrong_kind_is_refused_with_the_payloads_name(
    change: dict[str, Any], reason: str
) -> None:
    assert refusal_of(lambda: body(EXECUTE, ORDER | change)) == (
        400,
        f'parse request payload error: {reason} (occurred while parsing "OrderExecutePayload")',
    )


def test_an_array_sent_for_an_order_is_refused() -> None:
    status, text = refusal_of(lambda: body(EXECUTE, [{"symbol": "SOL_USDC"}]))
    assert status == 400
    assert text == (
        'parse request payload error: Expected input type "OrderExecutePayload", '
        'found [{"symbol":"SOL_USDC"}].'
    )


def test_an_order_sent_for_an_array_is_refused() -> None:
    assert refusal_of(lambda: body(BATCH, ORDER))[1].startswith(
        'parse request payload error: Expected input type "[OrderExecutePayload]", found {'
    )


def test_one_bad_order_refuses_the_whole_batch() -> None:
    assert len(body(BATCH, [ORDER, ORDER])) == 2
    assert refusal_of(lambda: body(BATCH, [ORDER, ORDER | {"side": "Buy"}]))[0] == 400


@pytest.mark.parametrize("raw", [b"{", b"{'a': 1}", b"\xff", b"NaN", b'{"price": Infinity}', b"[" * 100_000])
def test_malformed_json_is_refused(raw: bytes) -> None:
    status, text = refusal_of(lambda: body(EXECUTE, raw))
    assert (status, text[:43]) == (400, "parse request payload error: expected value")


def test_an_empty_body_is_a_null_payload() -> None:
    assert refusal_of(lambda: body(EXECUTE, b""))[1] == (
        'parse request payload error: Expected input type "OrderExecutePayload", found null.'
    )


def test_a_body_that_is_not_json_by_its_header_is_refused() -> None:
    assert refusal_of(lambda: body_fields(EXECUTE, "text/plain", b"{}", set()))[0] == 415


def test_a_nested_object_is_checked_and_signed_as_compact_json() -> None:
    asked = {
        "address": "a",
        "blockchain": "Solana",
        "quantity": "1",
        "symbol": "USDC",
        "recipientInformation": {"withdrawal_address_id": 5},
    }
    [fields] = body(WITHDRAW, asked)
    assert fields.values["recipientInformation"] == {"withdrawal_address_id": 5}
    assert fields.texts["recipientInformation"] == '{"withdrawal_address_id":5}'
    with pytest.raises(PlainRefusal, match=r"WithdrawalRecipientInformation.*AccountWithdrawalPayload"):
        body(WITHDRAW, asked | {"recipientInformation": {}})


def test_a_text_longer_than_its_limit_is_refused() -> None:
    asked = {"address": "a", "blockchain": "Solana", "quantity": "1", "symbol": "USDC", "clientId": "x" * 256}
    with pytest.raises(PlainRefusal, match=r"maxLength\(255\)"):
        body(WITHDRAW, asked)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_any_json_is_either_an_order_or_refused(value: Any) -> None:
    raw = json.dumps(value).encode()
    try:
        [fields] = body(EXECUTE, raw)
    except PlainRefusal as refusal:
        assert refusal.status == 400
    else:
        assert {"orderType", "side", "symbol"} <= fields.values.keys()
