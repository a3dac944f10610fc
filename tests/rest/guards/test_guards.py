"""The rules of options["guards"]: what each of them measures, and what it says. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from ccxt.base.errors import BadRequest, InvalidOrder, OperationRejected
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.rest.guards.guards import (
    RULES,
    Held,
    Known,
    Pace,
    asked_of,
    checked_rules,
    needs_book,
    needs_position,
    refusal,
    switched_off,
)

SOL = "SOL/USDC"
PERP = "SOL/USDC:USDC"


def order(**changes: Any) -> dict[str, Any]:
    """A body of POST /order."""
    return {
        "symbol": "SOL_USDC",
        "side": "Bid",
        "orderType": "Limit",
        "quantity": "2",
        "price": "100",
        **changes,
    }


def said(guards: dict[str, Any], body: dict[str, Any], known: Known | None = None) -> str | None:
    """The refusal of one order."""
    [asked] = asked_of("api/v1/order", body)
    error = refusal(checked_rules(guards), asked, known or Known(SOL, bid=Decimal(99), ask=Decimal(101)))
    assert error is None or isinstance(error, InvalidOrder)
    return None if error is None else str(error)


# --- one rule after the other -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "body", "sentence"),
    [
        ({"largestOrder": 1}, order(), "largestOrder: order in SOL/USDC not sent: 2 is more than 1"),
        ({"largestOrder": "1.999"}, order(), "2 is more than 1.999"),
        ({"largestOrder": {SOL: 1}}, order(), "2 is more than 1"),
        ({"largestOrder": {"default": 1}}, order(), "2 is more than 1"),
        ({"largestOrder": 1}, order(quantity=None, quoteQuantity="102"), "1.0099"),
        (
            {"largestOrder": 1},
            order(quantity=None, triggerQuantity="2", triggerPrice="90"),
            "2 is more than 1",
        ),
        ({"largestOrder": 1}, order(quantity=None), "its size cannot be told"),
        ({"largestNotional": 199}, order(), "its value of 200 is more than 199"),
        ({"largestNotional": 201}, order(price=None, orderType="Market"), "its value of 202"),
        ({"largestNotional": 197}, order(price=None, side="Ask"), "its value of 198"),
        ({"largestNotional": 99}, order(quantity=None, quoteQuantity="100"), "its value of 100"),
        ({"largestNotional": 179}, order(price=None, triggerPrice="90"), "its value of 180"),
        (
            {"furthestFromBook": "0.05"},
            order(price="106.06"),
            "price of 106.06 is not within 94.05 to 106.05",
        ),
        ({"furthestFromBook": "0.05"}, order(price="94.04"), "price of 94.04 is not within"),
        ({"furthestFromBook": 0.5}, order(price="40", triggerPrice="90"), "not within 45 to 135"),
    ],
)
def test_an_order_that_breaks_a_rule_is_refused_with_the_rules_name(
    rule: dict[str, Any], body: dict[str, Any], sentence: str
) -> None:
    answer = said(rule, body)
    assert answer is not None
    assert f"guard {next(iter(rule))}: " in answer
    assert sentence in answer


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (order(quantity=None, quoteQuantity="10000"), ": 99.0099009900990099 is more than 1"),
        (order(quantity="1e400"), ": 1E+400 is more than 1"),
        (order(quantity="1.000000000000000001"), ": 1.000000000000000001 is more than 1"),
    ],
)
def test_a_figure_in_a_sentence_has_no_more_digits_than_can_be_read(
    body: dict[str, Any], sentence: str
) -> None:
    answer = said({"largestOrder": 1}, body)
    assert answer is not None
    assert answer.endswith(sentence)


@pytest.mark.parametrize(
    ("rule", "body"),
    [
        ({"largestOrder": 2}, order()),
        ({"largestOrder": {PERP: 1}}, order()),
        ({"largestOrder": {SOL: None}}, order()),
        ({"largestNotional": 200}, order()),
        ({"furthestFromBook": "0.05"}, order(price="106.05")),
        ({"furthestFromBook": "0.05"}, order(price="94.05")),
        ({"furthestFromBook": "0.05"}, order(price=None, orderType="Market")),
        ({"largestPosition": 1}, order()),
        ({"ordersPerMinute": 1}, order()),
        ({}, order()),
    ],
)
def test_an_order_at_the_limit_passes(rule: dict[str, Any], body: dict[str, Any]) -> None:
    assert said(rule, body) is None


def test_without_a_price_anywhere_nothing_is_let_pass_unmeasured() -> None:
    empty = Known(SOL)
    assert "no price to value it by" in str(said({"largestNotional": 10**9}, order(price=None), empty))
    assert "no book to measure its price by" in str(said({"furthestFromBook": 9}, order(), empty))


def test_a_book_with_one_side_is_measured_by_that_side() -> None:
    one_sided = Known(SOL, ask=Decimal(100))
    assert said({"furthestFromBook": "0.1"}, order(price="90"), one_sided) is None
    assert said({"furthestFromBook": "0.1"}, order(price="89.99"), one_sided) is not None
    assert said({"largestNotional": 200}, order(price=None, side="Ask"), one_sided) is None


# --- the position -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("net", "buys", "sells", "body", "is_refused"),
    [
        (0, 0, 0, order(quantity="5"), False),
        (0, 0, 0, order(quantity="5.1"), True),
        (4, 0, 0, order(), True),
        (3, 0, 0, order(), False),
        (3, 1, 0, order(), True),
        (3, 0, 9, order(), False),
        (-4, 0, 0, order(side="Ask"), True),
        (-3, 0, 0, order(side="Ask"), False),
        (9, 0, 0, order(side="Ask"), False),
        (9, 0, 0, order(), True),
        (4, 0, 0, order(reduceOnly=True), False),
        (4, 0, 0, order(quantity=None, triggerQuantity="50%", triggerPrice="1"), True),
        (4, 0, 0, order(quantity=None, triggerQuantity="25%", triggerPrice="1"), False),
    ],
)
def test_a_position_counts_with_what_is_on_its_way_on_the_same_side(
    net: int, buys: int, sells: int, body: dict[str, Any], is_refused: bool
) -> None:
    known = Known(PERP, is_contract=True, net=Decimal(net), buys=Decimal(buys), sells=Decimal(sells))
    assert (said({"largestPosition": 5}, body, known) is not None) == is_refused


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 50)), max_size=30),
    st.integers(0, 60),
    st.data(),
)
def test_whatever_fills_a_position_never_passes_the_limit(
    orders: list[tuple[bool, int]], limit: int, data: st.DataObject
) -> None:
    """Orders are let pass one by one while none is filled; then any of them fill, in any order."""
    sides, passed = {True: 0, False: 0}, []
    for is_buy, quantity in orders:
        known = Known(PERP, is_contract=True, buys=Decimal(sides[True]), sells=Decimal(sides[False]))
        body = order(side="Bid" if is_buy else "Ask", quantity=str(quantity))
        if said({"largestPosition": limit}, body, known) is None:
            sides[is_buy] += quantity
            passed.append(quantity if is_buy else -quantity)
    filled = [quantity for quantity in passed if data.draw(st.booleans())]
    assert all(abs(sum(filled[: n + 1])) <= limit for n in range(len(filled)))


def test_orders_sent_at_once_see_each_other_until_their_answers_have_settled() -> None:
    held = Held()
    one, other = held.add("A", True, Decimal(2)), held.add("A", True, Decimal(3))
    held.add("A", False, Decimal(7))
    held.add("B", True, Decimal(9))
    assert held.on_side("A", True, now=1000.0) == 5
    held.answered(one, None, now=1000.0)
    held.forget(other)
    assert held.on_side("A", True, now=1000.9) == 2
    assert held.on_side("A", True, now=1001.1) == 0
    assert held.on_side("A", False, now=9e9) == 7


@pytest.mark.parametrize(
    ("answer", "counted", "beside_the_list"),
    [
        ({"id": "7", "status": "New", "executedQuantity": "0"}, 2, 0),
        ({"id": "7", "status": "PartiallyFilled", "executedQuantity": "0.5"}, 2, Decimal("0.5")),
        ({"id": "7", "status": "Filled", "executedQuantity": "2"}, 2, 2),
        ({"id": "7", "status": "Expired", "executedQuantity": "0.5"}, Decimal("0.5"), Decimal("0.5")),
        ({"id": "7", "status": "Expired", "executedQuantity": None}, 0, 0),
        ({"id": "7", "status": "Filled", "executedQuantity": "what"}, 2, 2),
        ({"id": "7", "status": [], "executedQuantity": "1"}, 2, 2),
        ({"status": "New"}, 2, 2),
        ("what", 2, 2),
    ],
)
def test_an_answered_order_is_not_counted_twice(answer: Any, counted: Any, beside_the_list: Any) -> None:
    held = Held()
    held.answered(held.add("A", True, Decimal(2)), answer, now=1000.0)
    assert held.on_side("A", True, now=1000.5) == counted
    assert held.on_side("A", True, 1000.5, frozenset({"7"})) == beside_the_list


def test_a_cancelled_order_counts_with_what_it_has_traded() -> None:
    held = Held()
    held.answered(held.add("A", True, Decimal(2)), {"id": "7", "status": "New"}, now=1000.0)
    still_open: list[Any] = [None, [], {"id": "7", "status": "New"}, {"id": "7", "status": []}]
    for nothing in [*still_open, {"id": "8", "status": "Cancelled"}]:
        held.cancelled(nothing)
        assert held.on_side("A", True, now=1000.5) == 2
    held.cancelled({"id": "7", "status": "Cancelled", "executedQuantity": "0.4"})
    assert held.on_side("A", True, now=1000.5) == Decimal("0.4")


# --- how many -----------------------------------------------------------------------------------------------


def test_orders_are_counted_over_the_last_minute() -> None:
    pace, guards = Pace(), {"ordersPerMinute": 3}
    assert pace.refusal(guards, 3, now=0.0) is None
    pace.count(2, now=0.0)
    pace.count(1, now=30.0)
    error = pace.refusal(guards, 1, now=59.0)
    assert isinstance(error, OperationRejected)
    assert str(error) == "guard ordersPerMinute: 1 not sent: 3 went within a minute, 3 are allowed"
    assert pace.refusal(guards, 2, now=60.5) is None
    assert pace.refusal(guards, 3, now=60.5) is not None


def test_a_batch_larger_than_a_minute_allows_is_refused_whole() -> None:
    assert Pace().refusal({"ordersPerMinute": 3}, 4, now=0.0) is not None


# --- the kill switch ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "api/v1/order"),
        ("POST", "api/v1/orders"),
        ("POST", "api/v1/borrowLend"),
        ("POST", "wapi/v1/capital/withdrawals"),
        ("PATCH", "api/v1/account"),
        ("POST", "api/v1/rfq"),
    ],
)
def test_the_kill_switch_refuses_all_that_is_neither_a_read_nor_a_cancellation(
    method: str, path: str
) -> None:
    error = switched_off({"cancelOnly": True}, method, path)
    assert isinstance(error, OperationRejected)
    assert str(error) == f"guard cancelOnly: {method} /{path} not sent: only cancellations are"
    assert switched_off({"cancelOnly": False}, method, path) is None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "api/v1/order"),
        ("DELETE", "api/v1/orders"),
        ("DELETE", "api/v1/strategies"),
        ("GET", "api/v1/orders"),
        ("POST", "api/v1/rfq/cancel"),
    ],
)
def test_the_kill_switch_lets_cancellations_pass(method: str, path: str) -> None:
    assert switched_off({"cancelOnly": True}, method, path) is None


# --- rules that cannot be right -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("guards", "sentence"),
    [
        ({"largestOrdr": 1}, "knows no largestOrdr; its rules are largestOrder"),
        (True, "is a dict of rules, not True"),
        ({"cancelOnly": "no"}, "is True or False"),
    ],
)
def test_a_rule_that_is_not_understood_refuses_everything(guards: Any, sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        checked_rules(guards)


@pytest.mark.parametrize("limit", ["much", float("nan"), float("inf"), True, -1, [1]])
@pytest.mark.parametrize("rule", ["largestOrder", "largestNotional", "largestPosition", "furthestFromBook"])
def test_a_limit_that_is_no_number_refuses_the_order(rule: str, limit: Any) -> None:
    with pytest.raises(BadRequest, match=rule):
        said({rule: limit}, order())


@pytest.mark.parametrize("quantity", ["much", float("nan"), [], True])
def test_an_order_that_cannot_be_measured_is_refused(quantity: Any) -> None:
    with pytest.raises(BadRequest, match="nothing was sent"):
        said({"largestOrder": 10}, order(quantity=quantity or "[]"))


# --- what has to be known first -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("guards", "body", "book", "position"),
    [
        ({}, order(), False, False),
        ({"largestOrder": 1}, order(), False, False),
        ({"largestOrder": 1}, order(quoteQuantity="5", quantity=None, price=None), True, False),
        ({"largestNotional": 1}, order(), False, False),
        ({"largestNotional": 1}, order(price=None), True, False),
        ({"largestNotional": 1}, order(price=None, quantity=None, quoteQuantity="5"), False, False),
        ({"furthestFromBook": 1}, order(), True, False),
        ({"furthestFromBook": 1}, order(triggerPrice="5"), False, False),
        ({"largestPosition": 1}, order(), False, True),
        ({"largestPosition": 1}, order(reduceOnly=True), False, False),
        ({"largestOrder": 1}, order(quantity=None, triggerQuantity="80%"), False, True),
    ],
)
def test_only_what_a_rule_needs_is_read(
    guards: dict[str, Any], body: dict[str, Any], book: bool, position: bool
) -> None:
    [asked] = asked_of("api/v1/order", body)
    assert (needs_book(guards, asked, SOL), needs_position(guards, asked, SOL)) == (book, position)


def test_a_request_that_places_nothing_is_not_measured() -> None:
    assert asked_of("api/v1/borrowLend", {"quantity": "1"}) == []
    assert len(asked_of("api/v1/orders", [order(), order()])) == 2
    assert len(RULES) == 6
