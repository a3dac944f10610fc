"""What an order is refused for before anybody looks at money or the book, in the venue's words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bpx_connector.sandbox.market.order_checks import check_request, trigger_share
from bpx_connector.sandbox.records.orders import BID, OrderRequest
from bpx_connector.sandbox.records.refusals import Refusal
from bpx_connector.sandbox.records.rules import market_rules
from tests.support.venues import FREE, PERP, SPOT, market_row, rules_of

LIMIT = {"order_type": "Limit", "price": "150", "quantity": "1"}
MARKET = {"order_type": "Market", "quantity": "1"}
TRIGGER = {"order_type": "Market", "trigger_price": "140", "trigger_quantity": "1"}
_TEXT = {"order_type", "time_in_force", "trigger_quantity", "slippage_tolerance_type"}


def checked(fields: dict[str, Any], symbol: str = SPOT, state: str = "Open") -> bool:
    """Whether an order passes; a refusal is raised."""
    figures: dict[str, Any] = {
        name: value if name in _TEXT or not isinstance(value, str) else Decimal(value)
        for name, value in fields.items()
    }
    request = OrderRequest(symbol=symbol, side=BID, **figures)
    check_request(request, rules_of(symbol), state, Decimal(1 if symbol == FREE else 150))
    return True


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        ({**LIMIT, "quantity": "1.001"}, "INVALID_CLIENT_REQUEST", "Quantity decimal too long"),
        ({**LIMIT, "price": "150.001"}, "INVALID_CLIENT_REQUEST", "Price decimal too long"),
        ({**LIMIT, "quantity": "0"}, "INVALID_QUANTITY", "Quantity is below the minimum allowed value"),
        ({**LIMIT, "quantity": "-1"}, "INVALID_QUANTITY", "Quantity is below the minimum allowed value"),
        ({**LIMIT, "quantity": "1e40"}, "INVALID_QUANTITY", "Quantity is above the maximum allowed value"),
        ({**LIMIT, "price": "-1"}, "INVALID_PRICE", "Price is below the minimum allowed value"),
        ({**LIMIT, "price": "2000000"}, "INVALID_PRICE", "Price is above the maximum allowed value"),
        ({**LIMIT, "price": "1e40"}, "INVALID_PRICE", "Price is above the maximum allowed value"),
        ({**LIMIT, "price": "300.01"}, "INVALID_PRICE", "Price is too far from the last active price"),
        ({**LIMIT, "price": "37.49"}, "INVALID_PRICE", "Price is too far from the last active price"),
        ({"order_type": "Limit", "quantity": "1"}, "INVALID_ORDER", "Invalid order"),
        ({"order_type": "Limit", "price": "150"}, "INVALID_ORDER", "Invalid order"),
        ({**MARKET, "price": "150"}, "INVALID_ORDER", "Invalid order"),
        ({**MARKET, "post_only": True}, "INVALID_ORDER", "Invalid order"),
        ({**LIMIT, "post_only": True, "time_in_force": "IOC"}, "INVALID_ORDER", "Invalid order"),
        ({**LIMIT, "reduce_only": True}, "INVALID_ORDER", "Invalid order"),
        ({**MARKET, "slippage_tolerance": "1"}, "INVALID_ORDER", "Invalid order"),
        ({**LIMIT, "stop_loss_limit_price": "140"}, "INVALID_ORDER", "Invalid order"),
        ({**TRIGGER, "trigger_quantity": "many"}, "INVALID_ORDER", "Invalid order"),
        ({**TRIGGER, "trigger_quantity": "NaN"}, "INVALID_ORDER", "Invalid order"),
        ({**TRIGGER, "trigger_quantity": "101%"}, "INVALID_ORDER", "Invalid order"),
        ({**TRIGGER, "trigger_price": "140.001"}, "INVALID_CLIENT_REQUEST", "Price decimal too long"),
        ({**TRIGGER, "order_type": "Limit"}, "INVALID_ORDER", "Invalid order"),
        (
            {"order_type": "Market"},
            "INVALID_CLIENT_REQUEST",
            "Market orders must specify a positive `quantity`",
        ),
        (
            {**MARKET, "quote_quantity": "1"},
            "INVALID_CLIENT_REQUEST",
            "Market orders must specify a positive `quantity`",
        ),
        (
            {**MARKET, "trigger_price": "140"},
            "INVALID_CLIENT_REQUEST",
            "Must specify both `triggerPrice` and `triggerQuantity` or neither",
        ),
    ],
)
def test_an_unfit_order_is_refused_in_the_venues_words(
    fields: dict[str, Any], code: str, message: str
) -> None:
    with pytest.raises(Refusal) as refused:
        checked(fields)
    assert (refused.value.status, refused.value.code, refused.value.message) == (400, code, message)


@pytest.mark.parametrize(
    "fields",
    [
        LIMIT,
        MARKET,
        TRIGGER,
        {**LIMIT, "price": "300"},
        {**LIMIT, "price": "37.5"},
        {**TRIGGER, "trigger_quantity": "80%"},
        {**TRIGGER, "trigger_price": "10"},
        {"order_type": "Market", "quote_quantity": "3.82"},
        {**LIMIT, "post_only": True},
    ],
)
def test_a_fit_order_passes(fields: dict[str, Any]) -> None:
    assert checked(fields)


def test_an_order_on_the_step_may_still_be_too_small() -> None:
    rules = market_rules(market_row(SPOT, tick="0.01", step="0.01", minimum="0.1"))
    request = OrderRequest(symbol=SPOT, side=BID, order_type="Market", quantity=Decimal("0.09"))
    with pytest.raises(Refusal, match="below the minimum allowed value"):
        check_request(request, rules, "Open", Decimal(150))


def test_only_futures_reduce() -> None:
    assert checked({**LIMIT, "reduce_only": True}, PERP)


@pytest.mark.parametrize(
    ("state", "fields", "refused"),
    [
        ("Closed", LIMIT, "Trading is paused"),
        ("CancelOnly", MARKET, "Trading is paused"),
        ("LimitOnly", MARKET, "Order type not allowed"),
        ("PostOnly", LIMIT, "Order type not allowed"),
    ],
)
def test_the_state_of_the_book_decides_what_it_takes(
    state: str, fields: dict[str, Any], refused: str
) -> None:
    with pytest.raises(Refusal, match=refused):
        checked(fields, state=state)


def test_restricted_books_take_what_they_are_for() -> None:
    assert checked(LIMIT, state="LimitOnly")
    assert checked({**LIMIT, "post_only": True}, state="PostOnly")


def test_a_percentage_is_a_share_and_an_amount_is_none() -> None:
    assert trigger_share("80%") == Decimal("0.8")
    assert trigger_share("20.03") is None
