"""What goes wrong with replacing."""

from __future__ import annotations

from typing import Any

import pytest
from ccxt.base.errors import (
    AuthenticationError,
    BadRequest,
    InsufficientFunds,
    InvalidOrder,
    NetworkError,
    OperationFailed,
    RequestTimeout,
)

from tests.support.scripted import NOT_FOUND, scripted_exchange
from tests.support.scripted_orders import ACCEPTED, CANCELLED, FILLED, SOL, past, view

NOT_ASKED = {"options": {"outcome": False}}


def test_an_order_that_breaks_a_rule_replaces_nothing() -> None:
    exchange = scripted_exchange([])
    with pytest.raises(InvalidOrder, match="nothing at the market's step"):
        exchange.edit_order("11", SOL, "limit", "buy", 0.001, 50)
    assert exchange.asked_for() == []


def test_an_accepted_cancellation_is_confirmed_before_anything_is_placed() -> None:
    replacement = view(id="12", price="51")
    exchange = scripted_exchange(
        [ACCEPTED, view(), NOT_FOUND, [], NOT_FOUND, [past(**CANCELLED)], replacement]
    )
    order = exchange.edit_order("11", SOL, "limit", "buy", 2, 51)
    assert (order["id"], order["price"]) == ("12", 51.0)
    assert [asked.call.split(" /")[0] for asked in exchange.asked_for()] == [
        "DELETE", "GET", "GET", "GET", "GET", "GET", "POST",
    ]  # fmt: skip


def test_nothing_is_placed_while_the_old_order_lives_on() -> None:
    exchange = scripted_exchange([ACCEPTED, *[view()] * 5])
    with pytest.raises(OperationFailed, match="did not end within"):
        exchange.edit_order("11", SOL, "limit", "buy", 2, 51)
    assert all(asked.call != "POST /api/v1/order" for asked in exchange.asked_for())


@pytest.mark.parametrize(
    ("end", "word"), [(FILLED, "closed with 2 filled"), (CANCELLED, "canceled with 0 filled")]
)
def test_an_order_that_had_ended_before_is_not_replaced(end: dict[str, Any], word: str) -> None:
    exchange = scripted_exchange([NOT_FOUND, NOT_FOUND, [past(**end)]])
    with pytest.raises(InvalidOrder, match=f"could not replace order 11: it is {word}; nothing was placed"):
        exchange.edit_order("11", SOL, "limit", "buy", 2, 51)


def test_an_order_filled_while_its_cancellation_was_under_way_is_not_replaced() -> None:
    exchange = scripted_exchange([ACCEPTED, NOT_FOUND, [past(**FILLED)]])
    with pytest.raises(InvalidOrder, match="it is closed with 2 filled; nothing was placed"):
        exchange.edit_order("11", SOL, "limit", "buy", 2, 51)


def test_what_the_old_order_had_filled_is_left_out_of_the_new_one() -> None:
    ended = view(**CANCELLED, executedQuantity="0.5", executedQuoteQuantity="25")
    exchange = scripted_exchange([ended, view(id="12")])
    exchange.edit_order("11", SOL, "limit", "buy", 2, 51)
    assert exchange.asked_for()[-1].params["quantity"] == "1.5"


def test_no_order_is_placed_when_the_old_one_had_filled_all_that_is_wanted() -> None:
    exchange = scripted_exchange([view(**CANCELLED, executedQuantity="0.5")])
    with pytest.raises(InvalidOrder, match=r"had filled 0\.5 of 0\.5 .* nothing was placed"):
        exchange.edit_order("11", SOL, "limit", "buy", 0.5, 51)


def test_without_amount_and_price_the_old_orders_hold() -> None:
    exchange = scripted_exchange([view(), view(**CANCELLED), view(id="12")])
    exchange.edit_order("11", SOL, "limit", "buy", params={"clientOrderId": 7})
    assert exchange.asked_for()[-1].params == {
        "symbol": "SOL_USDC",
        "side": "Bid",
        "orderType": "Limit",
        "quantity": "2",
        "price": "50",
        "clientId": 7,
    }


def test_a_replacement_that_the_venue_refuses_is_said_to_leave_nothing() -> None:
    refusal = (400, {"code": "INSUFFICIENT_FUNDS", "message": "Insufficient funds"})
    exchange = scripted_exchange([view(**CANCELLED), refusal])
    with pytest.raises(InsufficientFunds, match="order 11 was cancelled, and nothing took its place"):
        exchange.edit_order("11", SOL, "limit", "buy", 2, 51)


def test_a_replacement_whose_outcome_is_unknown_is_said_to_be_unknown() -> None:
    exchange = scripted_exchange([view(**CANCELLED), RequestTimeout("no answer")], NOT_ASKED)
    with pytest.raises(RequestTimeout, match="order 11 was cancelled, its replacement may have been placed"):
        exchange.edit_order("11", SOL, "limit", "buy", 2, 51)


def test_trouble_with_the_cancellation_places_nothing() -> None:
    exchange = scripted_exchange([NetworkError("cut off")], NOT_ASKED)
    with pytest.raises(NetworkError):
        exchange.edit_order("11", SOL, "limit", "buy", 2, 51)
    assert len(exchange.asked_for()) == 1


@pytest.mark.parametrize(("params", "new_id"), [({}, 7), ({"newClientOrderId": 8}, 8)])
def test_an_order_is_replaced_by_its_client_id(params: dict[str, Any], new_id: int) -> None:
    exchange = scripted_exchange([view(clientId=7, **CANCELLED), view(id="12", clientId=new_id)])
    order = exchange.edit_order_with_client_order_id("7", SOL, "limit", "buy", 2, 51, params)
    assert order["clientOrderId"] == str(new_id)
    assert exchange.asked_for()[0].params == {"clientId": 7, "symbol": "SOL_USDC"}
    assert exchange.asked_for()[1].params["clientId"] == new_id


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"recvWindow": 70000}, BadRequest),
        ({"recvWindow": "soon"}, BadRequest),
        ({"clientOrderId": 2**32}, InvalidOrder),
        ({"somethingElse": 1}, InvalidOrder),
    ],
)
def test_an_edit_that_could_not_be_sent_leaves_the_old_order_alone(
    params: dict[str, Any], error: type[Exception]
) -> None:
    exchange = scripted_exchange([])
    with pytest.raises(error):
        exchange.edit_order("11", SOL, "limit", "buy", 2, 50, params)
    assert exchange.asked_for() == []


def test_an_edit_without_keys_leaves_the_old_order_alone() -> None:
    exchange = scripted_exchange([], {"secret": "c2hvcnQ="})
    with pytest.raises(AuthenticationError):
        exchange.edit_order("11", SOL, "limit", "buy", 2, 50)
    assert exchange.asked_for() == []


SWAP = "SOL/USDC:USDC"
STOP = {"triggerPrice": "45", "triggerBy": "MarkPrice", "triggerQuantity": "2", "reduceOnly": True}


@pytest.mark.parametrize(
    ("old", "kind", "params", "kept"),
    [
        ({"postOnly": True}, "limit", {}, {"postOnly": True}),
        ({"postOnly": True}, "limit", {"postOnly": False}, {}),
        ({"postOnly": True}, "limit", {"timeInForce": "IOC"}, {"timeInForce": "IOC"}),
        ({"postOnly": True}, "market", {}, {}),
        ({"timeInForce": "IOC"}, "limit", {}, {"timeInForce": "IOC"}),
        ({"reduceOnly": True}, "limit", {}, {"reduceOnly": True}),
        ({"reduceOnly": True}, "limit", {"reduceOnly": False}, {}),
        ({"stopLossTriggerPrice": "40"}, "limit", {}, {"stopLossTriggerPrice": "40"}),
        (
            {"stopLossTriggerPrice": "40", "stopLossLimitPrice": "39", "takeProfitTriggerPrice": "70"},
            "limit",
            {"stopLoss": {"triggerPrice": 41}},
            {"stopLossTriggerPrice": "41", "takeProfitTriggerPrice": "70"},
        ),
    ],
)
def test_what_is_not_said_of_the_new_order_stays_as_it_was(
    old: dict[str, Any], kind: str, params: dict[str, Any], kept: dict[str, Any]
) -> None:
    given = {"symbol": "SOL_USDC_PERP", **old}
    exchange = scripted_exchange([view(**CANCELLED, **given), view(id="12", symbol="SOL_USDC_PERP")])
    price = 51 if kind == "limit" else None
    exchange.edit_order("11", SWAP, kind, "buy", 2, price, {"clientOrderId": 7, **params})
    sent = exchange.asked_for()[-1].params
    told = ("symbol", "side", "orderType", "quantity", "price", "clientId")
    assert {name: value for name, value in sent.items() if name not in told} == kept


@pytest.mark.parametrize(
    ("params", "kept"),
    [
        ({}, {"triggerPrice": "45", "triggerBy": "MarkPrice", "triggerQuantity": "1", "reduceOnly": True}),
        ({"triggerPrice": 46}, {"triggerPrice": "46", "triggerQuantity": "1", "reduceOnly": True}),
    ],
)
def test_a_stop_of_another_amount_is_still_a_stop(params: dict[str, Any], kept: dict[str, Any]) -> None:
    old = {"symbol": "SOL_USDC_PERP", "side": "Ask", "orderType": "Market", "price": None, "quantity": None}
    exchange = scripted_exchange(
        [
            view(**{**CANCELLED, **STOP, **old}),
            view(**{**STOP, **old, "id": "12", "status": "TriggerPending"}),
        ]
    )
    exchange.edit_order("11", SWAP, "market", "sell", 1, None, {"clientOrderId": 7, **params})
    sent = exchange.asked_for()[-1].params
    told = ("symbol", "side", "orderType", "clientId")
    assert {name: value for name, value in sent.items() if name not in told} == kept


def test_an_order_on_the_other_side_has_nothing_of_the_old_one() -> None:
    exchange = scripted_exchange([view(**CANCELLED, postOnly=True), view(id="12", side="Ask")])
    exchange.edit_order("11", SOL, "limit", "sell", 2, 90)
    assert "postOnly" not in exchange.asked_for()[-1].params
