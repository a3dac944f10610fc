"""The life of an order on the whole exchange: statuses, expiry reasons, funds, and what is announced."""

# mypy: disable-error-code="comparison-overlap"
# Decimal(2) == 2 is true, which a type checker does not believe of tuples that hold them.

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bpx_connector.sandbox.records.events import BalanceChanged, DepthChanged, OrderChanged, TopChanged
from bpx_connector.sandbox.records.orders import Order, OrderRequest
from bpx_connector.sandbox.records.refusals import Refusal
from tests.support.venues import FREE, PERP, SPOT, Floor


@pytest.fixture
def floor() -> Floor:
    return Floor()


def outcome(order: Order) -> tuple[str, Decimal, str | None]:
    return order.status, order.executed_quantity, order.expiry_reason


def test_a_resting_order_is_new_and_keeps_its_funds_locked(floor: Floor) -> None:
    order = floor.bid(floor.alice, price=149, quantity=2)
    assert outcome(order) == ("New", 0, None)
    assert (floor.free(floor.alice), floor.locked(floor.alice)) == (999_702, 298)
    assert floor.heard() == ["orderAccepted", "BalanceChanged", "DepthChanged", "TopChanged"]


def test_a_cancelled_order_gives_its_funds_back(floor: Floor) -> None:
    order = floor.ask(floor.alice, price=151, quantity=2)
    floor.events.clear()
    cancelled = floor.venue.cancel(floor.alice, SPOT, order_id=order.id, now=floor.now)
    assert outcome(cancelled.result) == ("Cancelled", 0, None)
    assert (floor.free(floor.alice, "SOL"), floor.locked(floor.alice, "SOL")) == (1_000, 0)
    assert floor.heard() == ["orderCancelled", "BalanceChanged", "DepthChanged", "TopChanged"]


def test_a_taker_with_a_rest_is_partially_filled_and_rests(floor: Floor) -> None:
    maker = floor.ask(floor.alice, price=150, quantity=1)
    taker = floor.bid(floor.bob, price=151, quantity=3)
    assert outcome(maker) == ("Filled", 1, None)
    assert outcome(taker) == ("PartiallyFilled", 1, None)
    assert taker.executed_quote_quantity == 150
    assert floor.venue.depth(SPOT).bids == [(Decimal(151), Decimal(2))]


def test_spot_fees_are_taken_from_what_is_received(floor: Floor) -> None:
    floor.ask(floor.alice, price=150, quantity=2)
    floor.bid(floor.bob, price=150, quantity=2)
    sold, bought = floor.venue.fills(floor.alice)[0], floor.venue.fills(floor.bob)[0]
    assert (sold.fee, sold.fee_symbol, sold.is_maker) == (Decimal("0.24"), "USDC", True)
    assert (bought.fee, bought.fee_symbol, bought.is_maker) == (Decimal("0.002"), "SOL", False)
    assert floor.free(floor.alice) == Decimal("1000299.76")
    assert floor.free(floor.bob, "SOL") == Decimal("1001.998")
    assert sold.trade_id == bought.trade_id


def test_a_market_free_of_fees_takes_none(floor: Floor) -> None:
    floor.ask(floor.alice, FREE, price=1, quantity=10)
    floor.bid(floor.bob, FREE, quantity=10)
    assert floor.free(floor.bob, "USDT") == 50_010


@pytest.mark.parametrize(
    ("time_in_force", "outcome_expected"),
    [("IOC", ("Expired", 1, "ImmediateOrCancel")), ("FOK", ("Expired", 0, "FillOrKill"))],
)
def test_an_order_that_may_not_rest_expires(
    floor: Floor, time_in_force: str, outcome_expected: tuple[Any, ...]
) -> None:
    floor.ask(floor.alice, price=150, quantity=1)
    order = floor.bid(floor.bob, price=150, quantity=3, time_in_force=time_in_force)
    assert outcome(order) == outcome_expected
    assert floor.locked(floor.bob) == 0
    assert floor.venue.open_orders(floor.bob) == []


def test_fill_or_kill_fills_when_it_can(floor: Floor) -> None:
    floor.ask(floor.alice, price=150, quantity=1)
    floor.ask(floor.alice, price=151, quantity=2)
    order = floor.bid(floor.bob, price=151, quantity=3, time_in_force="FOK")
    assert outcome(order) == ("Filled", 3, None)


def test_a_post_only_order_that_would_take_is_refused_and_leaves_no_trace(floor: Floor) -> None:
    floor.ask(floor.alice, price=150, quantity=1)
    with pytest.raises(Refusal, match="would immediately match and take") as refused:
        floor.bid(floor.bob, price=150, quantity=1, post_only=True)
    assert (refused.value.status, refused.value.code) == (400, "INVALID_ORDER")
    assert floor.venue.order_history(floor.bob) == []
    assert floor.bid(floor.bob, price=149, quantity=1, post_only=True).status == "New"


def test_a_market_order_fills_at_the_books_prices(floor: Floor) -> None:
    floor.bid(floor.alice, price=150, quantity=1)
    floor.bid(floor.alice, price=149, quantity=1)
    order = floor.ask(floor.bob, quantity="1.5")
    assert outcome(order) == ("Filled", Decimal("1.5"), None)
    assert order.executed_quote_quantity == Decimal("224.5")


def test_a_market_order_on_an_empty_book_is_refused(floor: Floor) -> None:
    with pytest.raises(Refusal, match="No liquidity for market order"):
        floor.bid(floor.bob, quantity=1)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "PriceImpact"),
        ({"slippage_tolerance": 1, "slippage_tolerance_type": "TickSize"}, "SlippageToleranceExceeded"),
    ],
)
def test_the_rest_of_a_market_order_expires_at_its_bound(
    floor: Floor, fields: dict[str, Any], reason: str
) -> None:
    floor.ask(floor.alice, price=150, quantity=1)
    floor.ask(floor.alice, price=160, quantity=1)
    assert outcome(floor.bid(floor.bob, quantity=2, **fields)) == ("Expired", 1, reason)


def test_an_order_by_quote_learns_its_quantity_from_the_book(floor: Floor) -> None:
    floor.ask(floor.alice, price=150, quantity=5)
    order = floor.bid(floor.bob, quote_quantity="155.5")
    assert outcome(order) == ("Filled", Decimal("1.03"), None)
    assert (order.quantity, order.quote_quantity) == (Decimal("1.03"), Decimal("155.5"))
    assert order.executed_quote_quantity == Decimal("154.5")


def test_an_order_by_quote_for_less_than_a_step_is_refused(floor: Floor) -> None:
    floor.ask(floor.alice, price=150, quantity=5)
    with pytest.raises(Refusal, match="below the minimum"):
        floor.bid(floor.bob, quote_quantity=1)


@pytest.mark.parametrize(
    ("mode", "maker_expected", "taker_expected"),
    [
        ("RejectTaker", ("New", 0, None), ("Expired", 1, "SelfTradePrevention")),
        ("RejectMaker", ("Expired", 0, "SelfTradePrevention"), ("Filled", 2, None)),
        ("RejectBoth", ("Expired", 0, "SelfTradePrevention"), ("Expired", 1, "SelfTradePrevention")),
    ],
)
def test_self_trade_prevention_expires_the_rejected_side(
    floor: Floor, mode: str, maker_expected: tuple[Any, ...], taker_expected: tuple[Any, ...]
) -> None:
    floor.ask(floor.alice, price=150, quantity=1)
    own = floor.ask(floor.bob, price=150, quantity=1)
    floor.ask(floor.carol, price=150, quantity=1)
    taker = floor.bid(floor.bob, price=150, quantity=2, self_trade_prevention=mode)
    assert (outcome(own), outcome(taker)) == (maker_expected, taker_expected)


def test_an_order_beyond_the_balance_is_refused(floor: Floor) -> None:
    with pytest.raises(Refusal, match="Insufficient funds") as refused:
        floor.ask(floor.alice, price=150, quantity=1_001)
    assert refused.value.code == "INSUFFICIENT_FUNDS"
    floor.ask(floor.alice, price=150, quantity=600)
    with pytest.raises(Refusal, match="Insufficient funds"):
        floor.ask(floor.alice, price=150, quantity=600)


def test_older_orders_of_a_price_trade_first(floor: Floor) -> None:
    first = floor.ask(floor.alice, price=150, quantity=1)
    second = floor.ask(floor.bob, price=150, quantity=1)
    floor.bid(floor.carol, quantity="1.5")
    assert (first.executed_quantity, second.executed_quantity) == (1, Decimal("0.5"))


def test_a_taker_is_accepted_before_it_fills_and_balances_follow(floor: Floor) -> None:
    floor.ask(floor.alice, price=150, quantity=1)
    floor.events.clear()
    taker = floor.bid(floor.bob, price=150, quantity=1)
    assert floor.heard() == [
        "orderAccepted",
        "orderFill",
        "orderFill",
        "Traded",
        *["BalanceChanged"] * 4,
        "DepthChanged",
        "TopChanged",
    ]
    accepted, maker_fill, taker_fill = floor.seen(OrderChanged)
    assert (accepted.order.status, accepted.order.executed_quantity) == ("New", 0)
    assert (maker_fill.account_id, maker_fill.order.status) == (floor.alice.id, "Filled")
    assert (taker_fill.order.id, taker_fill.order.status) == (taker.id, "Filled")
    assert {(e.account_id, e.asset) for e in floor.seen(BalanceChanged)} == {
        (who.id, asset) for who in (floor.alice, floor.bob) for asset in ("SOL", "USDC")
    }


def test_depth_ids_count_up_by_one_and_the_top_is_told_when_it_moves(floor: Floor) -> None:
    floor.ask(floor.alice, price=150, quantity=1)
    floor.ask(floor.alice, price=151, quantity=1)
    floor.bid(floor.bob, quantity=1)
    ids = [event.last_id for event in floor.seen(DepthChanged)]
    assert ids == list(range(ids[0], ids[0] + 3))
    assert [(e.ask, e.ask_size, e.bid) for e in floor.seen(TopChanged)] == [(150, 1, None), (151, 1, None)]
    assert floor.seen(DepthChanged)[-1].asks == {Decimal(150): Decimal(0)}
    assert floor.venue.depth(SPOT).last_update_id == ids[-1]


def test_an_order_is_found_while_it_is_open_and_not_after(floor: Floor) -> None:
    order = floor.bid(floor.alice, price=149, quantity=1, client_id=7)
    assert floor.venue.order(floor.alice, SPOT, client_id=7) is order
    floor.venue.cancel(floor.alice, SPOT, client_id=7, now=floor.now)
    with pytest.raises(Refusal, match="Not Found") as refused:
        floor.venue.order(floor.alice, SPOT, order_id=order.id)
    assert (refused.value.status, refused.value.code) == (404, "RESOURCE_NOT_FOUND")
    assert floor.venue.order_history(floor.alice) == [order]


def test_nobody_finds_or_cancels_anothers_order(floor: Floor) -> None:
    order = floor.bid(floor.alice, price=149, quantity=1)
    with pytest.raises(Refusal, match="Not Found"):
        floor.venue.cancel(floor.bob, SPOT, order_id=order.id, now=floor.now)
    assert order.status == "New"


def test_a_client_id_used_twice_answers_the_newer_order(floor: Floor) -> None:
    floor.bid(floor.alice, price=148, quantity=1, client_id=7)
    newer = floor.bid(floor.alice, price=149, quantity=1, client_id=7)
    assert floor.venue.order(floor.alice, SPOT, client_id=7) is newer


def test_order_ids_have_eleven_digits_and_grow(floor: Floor) -> None:
    ids = [floor.bid(floor.alice, price=149, quantity=1).id for _ in range(3)]
    assert ids == sorted(ids)
    assert all(len(str(number)) == 11 for number in ids)


def test_a_batch_answers_each_order_for_itself(floor: Floor) -> None:

    good = OrderRequest(symbol=SPOT, side="Bid", order_type="Limit", price=Decimal(149), quantity=Decimal(1))
    bad = OrderRequest(symbol="NO_SUCH", side="Bid", order_type="Limit")
    answers = floor.venue.execute_batch(floor.alice, [good, bad, good], floor.now)
    assert [isinstance(answer, Refusal) for answer in answers] == [False, True, False]
    assert str(answers[1]) == "Invalid market symbol"


def test_cancelling_all_takes_the_kind_and_the_market_asked_for(floor: Floor) -> None:
    resting = floor.bid(floor.alice, price=149, quantity=1)
    waiting = floor.ask(floor.alice, order_type="Market", trigger_price=140, trigger_quantity="1")
    elsewhere = floor.bid(floor.alice, PERP, price=149, quantity=1)
    cancel_all = floor.venue.cancel_all
    assert cancel_all(floor.alice, SPOT, "ConditionalOrder", floor.now).result == [waiting]
    assert cancel_all(floor.alice, SPOT, "RestingLimitOrder", floor.now).result == [resting]
    assert cancel_all(floor.alice, SPOT, None, floor.now).result == []
    assert floor.venue.open_orders(floor.alice) == [elsewhere]


# Reduce-only ------------------------------------------------------------------------------------------------


def with_long(floor: Floor, quantity: object = 10) -> None:
    """Give bob a long position, bought from alice."""
    floor.ask(floor.alice, PERP, price=150, quantity=quantity)
    floor.bid(floor.bob, PERP, quantity=quantity)
    floor.events.clear()


def test_a_reduce_only_order_without_a_position_is_refused(floor: Floor) -> None:
    with pytest.raises(Refusal, match="Reduce only order not reduced") as refused:
        floor.ask(floor.bob, PERP, price=150, quantity=1, reduce_only=True)
    assert refused.value.code == "INVALID_ORDER"
    with_long(floor)
    with pytest.raises(Refusal, match="Reduce only order not reduced"):
        floor.bid(floor.bob, PERP, price=140, quantity=1, reduce_only=True)


def test_a_reduce_only_order_is_cut_to_the_position(floor: Floor) -> None:
    with_long(floor, 10)
    assert floor.ask(floor.bob, PERP, price=160, quantity=25, reduce_only=True).quantity == 10


def test_a_resting_reduce_only_order_shrinks_with_the_position(floor: Floor) -> None:
    with_long(floor, 10)
    resting = floor.ask(floor.bob, PERP, price=160, quantity=10, reduce_only=True)
    floor.bid(floor.alice, PERP, price=150, quantity=4)
    floor.ask(floor.bob, PERP, quantity=4)
    assert (resting.status, resting.quantity) == ("New", 6)
    assert "orderModified" in floor.heard()
    assert floor.venue.depth(PERP).asks == [(Decimal(160), Decimal(6))]


def test_a_resting_reduce_only_order_expires_with_the_position(floor: Floor) -> None:
    with_long(floor, 10)
    resting = floor.ask(floor.bob, PERP, price=160, quantity=10, reduce_only=True)
    floor.bid(floor.alice, PERP, price=150, quantity=10)
    floor.ask(floor.bob, PERP, quantity=10, reduce_only=True)
    assert outcome(resting) == ("Expired", 0, "ReduceOnlyNotReduced")
    assert floor.venue.positions(floor.bob) == []


def test_one_sweep_over_several_reduce_only_orders_never_turns_a_position(floor: Floor) -> None:
    with_long(floor, 10)
    for price in (151, 152, 153):
        floor.ask(floor.bob, PERP, price=price, quantity=8, reduce_only=True)
    taker = floor.bid(floor.carol, PERP, price=153, quantity=24)
    assert taker.executed_quantity == 10
    assert floor.bob.position_quantity(PERP) == 0
