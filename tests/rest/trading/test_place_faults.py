"""What goes wrong with placing: unknown outcomes, batches, arguments that cannot be right."""

from __future__ import annotations

from typing import Any

import pytest
from ccxt.base.errors import (
    ArgumentsRequired,
    AuthenticationError,
    BadRequest,
    InvalidOrder,
    NetworkError,
    RequestTimeout,
)

from tests.support.scripted import Asked, scripted_exchange
from tests.support.scripted_orders import SOL, view


@pytest.mark.parametrize("trouble", [NetworkError("cut off"), RequestTimeout("no answer")])
def test_an_order_whose_outcome_is_unknown_is_not_sent_again(trouble: Exception) -> None:
    exchange = scripted_exchange([trouble, *([[]] * 30)], {"options": {"maxRetriesOnFailure": 3}})
    with pytest.raises(type(trouble), match="was not placed"):
        exchange.create_order(SOL, "limit", "buy", 2, 50)
    assert [asked.call for asked in exchange.asked_for()].count("POST /api/v1/order") == 1


def test_an_order_of_a_batch_whose_outcome_is_unknown_is_not_called_rejected() -> None:
    errors = [
        {"operation": "Err", "code": "TIMEOUT", "message": "Timeout"},
        {"operation": "Err", "code": "INSUFFICIENT_FUNDS", "message": "Insufficient funds"},
        {"operation": "Err", "code": "NEW_CODE", "message": "never seen"},
    ]
    answers = [[{"operation": "Ok", **view()}, *errors]]
    exchange = scripted_exchange(answers, {"options": {"outcome": False}})
    asked = {"symbol": SOL, "type": "limit", "side": "buy", "amount": 2, "price": 50}
    orders = exchange.create_orders([asked] * 4)
    assert [order["status"] for order in orders] == ["open", None, "rejected", "rejected"]
    assert [order["info"] for order in orders[1:]] == errors
    assert {order["symbol"] for order in orders} == {SOL}


@pytest.mark.parametrize(
    ("orders", "params", "error", "sentence"),
    [
        ([], {}, ArgumentsRequired, "at least one order"),
        ([{}] * 51, {}, BadRequest, "was given 51 orders; a batch takes 50"),
        (["buy"], {}, BadRequest, r"orders\[0\] has to be a dict"),
        (
            [
                {"symbol": SOL, "type": "limit", "side": "buy", "amount": 1, "price": 50},
                {"symbol": SOL, "type": "limit", "side": "buy", "amount": 1},
            ],
            {},
            InvalidOrder,
            r"orders\[1\]: .* needs a price",
        ),
        (
            [{"symbol": SOL, "type": "market", "side": "buy", "amount": 1}],
            {"recvWindow": 9},
            BadRequest,
            "recvWindow from options",
        ),
    ],
)
def test_a_batch_with_a_fault_is_refused_as_a_whole(
    orders: list[Any], params: dict[str, Any], error: type[Exception], sentence: str
) -> None:
    exchange = scripted_exchange([])
    with pytest.raises(error, match=sentence):
        exchange.create_orders(orders, params)
    assert exchange.asked_for() == []


def test_a_batch_is_sent_as_a_list_and_signed_as_one() -> None:
    exchange = scripted_exchange([[{"operation": "Ok", **view()}]])
    exchange.create_orders(
        [
            {
                "symbol": SOL,
                "type": "limit",
                "side": "buy",
                "amount": 2,
                "price": 50,
                "params": {"postOnly": True, "clientOrderId": 7},
            }
        ],
        {"timeInForce": "GTC"},
    )
    [asked] = exchange.asked_for()
    assert asked == Asked(
        "POST /api/v1/orders",
        [
            {
                "symbol": "SOL_USDC",
                "side": "Bid",
                "orderType": "Limit",
                "quantity": "2",
                "price": "50",
                "timeInForce": "GTC",
                "postOnly": True,
                "clientId": 7,
            }
        ],
    )


def test_a_key_is_needed_to_trade() -> None:
    exchange = scripted_exchange([], {"apiKey": None})
    with pytest.raises(AuthenticationError):
        exchange.create_order(SOL, "limit", "buy", 2, 50)


def test_stops_attached_to_one_order_are_not_carried_to_the_next() -> None:
    exchange = scripted_exchange([view(), view()])
    exchange.create_order_with_take_profit_and_stop_loss(SOL, "limit", "buy", 2, 50, 60, 40)
    exchange.create_order_with_take_profit_and_stop_loss(SOL, "limit", "buy", 2, 50, 60)
    first, second = (asked.params for asked in exchange.asked_for())
    assert (first["takeProfitTriggerPrice"], first["stopLossTriggerPrice"]) == ("60", "40")
    assert "stopLossTriggerPrice" not in second
