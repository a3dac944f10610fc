"""Orders that wait for a price."""

# mypy: disable-error-code="comparison-overlap"
# Decimal(2) == 2 is true, which a type checker does not believe of tuples that hold them.

from __future__ import annotations

from typing import Any

import pytest

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.records.events import OrderChanged
from bpx_connector.sandbox.records.orders import Order
from bpx_connector.sandbox.records.refusals import Refusal
from tests.support.venues import PERP, SPOT, Floor


@pytest.fixture
def floor() -> Floor:
    """A perpetual with depth on both sides, and bob long ten."""
    floor = Floor()
    # Marks move without trades, so that most of what is tested here goes by them.
    floor.venue.switches.unnamed_triggers = "MarkPrice"
    for away in range(1, 40):
        floor.bid(floor.alice, PERP, price=150 - away, quantity=100)
        floor.ask(floor.alice, PERP, price=150 + away, quantity=100)
    floor.bid(floor.bob, PERP, quantity=10)
    floor.events.clear()
    return floor


def stop(floor: Floor, **fields: Any) -> Order:
    return floor.ask(floor.bob, PERP, order_type="Market", **fields)


def fired_by(floor: Floor, trigger: Order) -> Order:
    history = floor.venue.order_history(floor.bob)
    return next(order for order in history if order.id == trigger.related_order_id)


def test_a_waiting_order_holds_nothing_and_is_on_no_book(floor: Floor) -> None:
    order = floor.ask(floor.bob, SPOT, price=139, trigger_price=140, trigger_quantity="500")
    assert (order.status, order.quantity, order.request.trigger_quantity) == ("TriggerPending", None, "500")
    assert floor.locked(floor.bob, "SOL") == 0
    assert floor.venue.depth(SPOT).asks == []
    assert floor.venue.order(floor.bob, SPOT, order_id=order.id) is order
    assert floor.heard() == ["triggerPlaced"]


def test_a_stop_fires_when_the_mark_falls_to_its_price(floor: Floor) -> None:
    trigger = stop(floor, trigger_price=145, trigger_quantity="4", client_id=5)
    floor.move_index(PERP, "145.01")
    assert trigger.status == "TriggerPending"
    floor.move_index(PERP, 145)
    fired = fired_by(floor, trigger)
    assert (trigger.status, trigger.triggered_at) == (choices.FIRED_STATUS, floor.now)
    assert (fired.status, fired.executed_quantity, fired.request.client_id) == ("Filled", 4, 5)
    assert fired.related_order_id == trigger.id != fired.id
    assert fired.triggered_at == floor.now
    assert floor.bob.position_quantity(PERP) == 6
    assert floor.venue.open_orders(floor.bob) == []


def test_a_fired_order_may_keep_its_id(floor: Floor) -> None:
    floor.venue.switches.fired_orders = "same_id"
    trigger = stop(floor, trigger_price=145, trigger_quantity="4", client_id=5)
    floor.events.clear()
    floor.move_index(PERP, 145)
    assert (trigger.status, trigger.executed_quantity, trigger.related_order_id) == ("Filled", 4, None)
    assert trigger.triggered_at == floor.now
    own = [event for event in floor.seen(OrderChanged) if event.account_id == floor.bob.id]
    assert {event.order.id for event in own} == {trigger.id}
    assert [(event.kind, event.order.status) for event in own] == [
        ("orderAccepted", "New"),
        ("orderFill", "Filled"),
    ]
    assert [order.id for order in floor.venue.order_history(floor.bob)].count(trigger.id) == 1
    assert {fill.order_id for fill in floor.venue.fills(floor.bob)} >= {trigger.id}


def test_a_fired_limit_order_that_keeps_its_id_rests_and_is_cancelled_under_it(floor: Floor) -> None:
    floor.venue.switches.fired_orders = "same_id"
    trigger = floor.ask(floor.bob, PERP, price=155, trigger_price=145, trigger_quantity="4")
    floor.move_index(PERP, 145)
    floor.venue.cancel(floor.bob, PERP, order_id=trigger.id, now=floor.now)
    assert (trigger.status, floor.venue.open_orders(floor.bob)) == ("Cancelled", [])
    assert floor.bob.committed_quantity(PERP, "Ask") == 0


def test_a_fired_order_that_keeps_its_id_and_is_refused_has_failed(floor: Floor) -> None:
    floor.venue.switches.fired_orders = "same_id"
    trigger = stop(floor, trigger_price=145, trigger_quantity="4", reduce_only=True)
    floor.ask(floor.bob, PERP, quantity=10)
    floor.move_index(PERP, 145)
    assert (trigger.status, trigger.expiry_reason) == ("TriggerFailed", "StopWithoutPosition")
    assert (trigger.quantity, trigger.executed_quantity) == (None, 0)


def test_nothing_may_link_a_fired_order_to_its_trigger(floor: Floor) -> None:
    floor.venue.switches.fired_orders = "unlinked"
    trigger = stop(floor, trigger_price=145, trigger_quantity="4", client_id=5)
    floor.move_index(PERP, 145)
    fired = floor.venue.order_history(floor.bob)[0]
    assert (trigger.status, trigger.related_order_id) == ("Triggered", None)
    assert (fired.status, fired.executed_quantity) == ("Filled", 4)
    assert (fired.related_order_id, fired.request.client_id) == (None, None)


@pytest.mark.parametrize("way", ["linked", "same_id", "unlinked"])
def test_the_first_child_that_fires_cancels_the_other_whichever_way(floor: Floor, way: str) -> None:
    floor.venue.switches.fired_orders = way
    parent = floor.bid(
        floor.carol, PERP, quantity=2, stop_loss_trigger_price=140, take_profit_trigger_price=160
    )
    loss, profit = floor.venue.open_orders(floor.carol)
    floor.move_index(PERP, 140)
    assert loss.status == ("Filled" if way == "same_id" else "Triggered")
    assert (profit.status, floor.carol.position_quantity(PERP)) == ("Cancelled", 0)
    if way == "same_id":
        assert loss.related_order_id == parent.id


def test_a_trigger_that_names_no_price_shows_none(floor: Floor) -> None:
    """Captured: a trigger order placed without triggerBy keeps null, and has no `B` on the stream."""
    trigger = stop(floor, trigger_price=145, trigger_quantity="4")
    assert trigger.request.trigger_by is None
    assert trigger.watches == "MarkPrice"


def test_an_order_that_names_no_price_is_triggered_by_the_last_one() -> None:
    """The venue's page on take profits and stop losses: "triggered by the last traded price by default"."""
    floor = Floor()
    floor.bid(floor.alice, PERP, price=149, quantity=100)
    floor.ask(floor.alice, PERP, price=151, quantity=100)
    floor.bid(floor.bob, PERP, quantity=10, stop_loss_trigger_price=149)
    plain = stop(floor, trigger_price=149, trigger_quantity="1")
    assert [order.watches for order in floor.venue.open_orders(floor.bob)] == ["LastPrice", "LastPrice"]
    floor.move_index(PERP, 140)
    assert plain.status == "TriggerPending"
    floor.ask(floor.carol, PERP, quantity=1)
    assert plain.status == choices.FIRED_STATUS


def test_the_direction_follows_from_where_the_price_stood(floor: Floor) -> None:
    above = stop(floor, trigger_price=155, trigger_quantity="1")
    below = stop(floor, trigger_price=145, trigger_quantity="1")
    floor.move_index(PERP, 156)
    assert (above.status, below.status) == (choices.FIRED_STATUS, "TriggerPending")


@pytest.mark.parametrize("source", ["MarkPrice", "IndexPrice"])
def test_marks_and_index_fire_by_the_outside_price(floor: Floor, source: str) -> None:
    trigger = stop(floor, trigger_price=145, trigger_quantity="1", trigger_by=source)
    floor.bid(floor.carol, PERP, quantity=1)
    assert trigger.status == "TriggerPending"
    floor.move_index(PERP, 144)
    assert trigger.status == choices.FIRED_STATUS


def test_the_last_price_fires_by_a_trade(floor: Floor) -> None:
    trigger = stop(floor, trigger_price=148, trigger_quantity="1", trigger_by="LastPrice")
    floor.move_index(PERP, 140)
    assert trigger.status == "TriggerPending"
    floor.ask(floor.carol, PERP, quantity=101)
    assert floor.venue.trades(PERP)[1].price == 148
    assert trigger.status == choices.FIRED_STATUS


def test_a_percentage_is_of_the_position_when_it_fires(floor: Floor) -> None:
    trigger = stop(floor, trigger_price=145, trigger_quantity="80%")
    floor.bid(floor.bob, PERP, quantity=10)
    floor.move_index(PERP, 145)
    assert fired_by(floor, trigger).executed_quantity == 16
    assert floor.bob.position_quantity(PERP) == 4


def test_a_percentage_on_spot_is_of_what_is_free(floor: Floor) -> None:
    floor.bid(floor.alice, price=150, quantity=1_000)
    trigger = floor.ask(
        floor.bob,
        SPOT,
        order_type="Market",
        trigger_price=140,
        trigger_quantity="80%",
        trigger_by="MarkPrice",
    )
    floor.move_index(SPOT, 140)
    assert fired_by(floor, trigger).executed_quantity == 800


def test_a_stop_that_finds_no_position_fails(floor: Floor) -> None:
    trigger = stop(floor, trigger_price=145, trigger_quantity="50%")
    floor.ask(floor.bob, PERP, quantity=10)
    floor.events.clear()
    floor.move_index(PERP, 145)
    assert (trigger.status, trigger.expiry_reason) == ("TriggerFailed", "StopWithoutPosition")
    assert floor.heard() == ["triggerFailed"]
    assert floor.venue.open_orders(floor.bob) == []


def test_a_fired_order_that_is_refused_fails_its_trigger(floor: Floor) -> None:
    trigger = floor.ask(
        floor.bob,
        SPOT,
        price=141,
        trigger_price=140,
        trigger_quantity="5000",
        trigger_by="IndexPrice",
    )
    floor.move_index(SPOT, 140)
    assert (trigger.status, trigger.expiry_reason) == ("TriggerFailed", "InsufficientFunds")


def test_a_cancelled_trigger_never_fires(floor: Floor) -> None:
    trigger = stop(floor, trigger_price=145, trigger_quantity="1")
    floor.venue.cancel(floor.bob, PERP, order_id=trigger.id, now=floor.now)
    floor.move_index(PERP, 140)
    assert trigger.status == "Cancelled"
    assert floor.bob.position_quantity(PERP) == 10


def test_there_is_a_limit_to_stops(floor: Floor) -> None:
    for _ in range(choices.MAX_STOPS_PER_MARKET):
        stop(floor, trigger_price=145, trigger_quantity="1")
    with pytest.raises(Refusal, match="Maximum stop orders per position reached"):
        stop(floor, trigger_price=145, trigger_quantity="1")


def test_one_trigger_can_set_off_another(floor: Floor) -> None:
    first = stop(floor, trigger_price=145, trigger_quantity="1")
    second = stop(floor, trigger_price=149, trigger_quantity="1", trigger_by="LastPrice")
    floor.move_index(PERP, 145)
    assert (first.status, second.status) == (choices.FIRED_STATUS, choices.FIRED_STATUS)


# Attached stop loss and take profit -------------------------------------------------------------------------


def children_of(floor: Floor, parent: Order) -> list[Order]:
    return [order for order in floor.venue.open_orders(floor.bob) if order.related_order_id == parent.id]


def test_an_entry_arms_its_children_when_it_fills(floor: Floor) -> None:
    parent = floor.bid(
        floor.bob, PERP, quantity=2, stop_loss_trigger_price=140, take_profit_trigger_price=160
    )
    loss, profit = children_of(floor, parent)
    assert (loss.request.trigger_price, profit.request.trigger_price) == (140, 160)
    for child in (loss, profit):
        assert (child.request.side, child.request.order_type, child.request.trigger_quantity) == (
            "Ask",
            "Market",
            "2",
        )
        assert (child.request.reduce_only, child.status) == (True, "TriggerPending")
    kinds = [event.kind for event in floor.seen(OrderChanged)]
    assert kinds == ["orderAccepted", "orderFill", "orderFill", "triggerPlaced", "triggerPlaced"]


def test_an_entry_that_has_not_filled_arms_nothing(floor: Floor) -> None:
    floor.bid(floor.bob, PERP, price=120, quantity=2, stop_loss_trigger_price=110)
    assert [order.status for order in floor.venue.open_orders(floor.bob)] == ["New"]


def test_children_grow_with_their_parents_fills(floor: Floor) -> None:
    parent = floor.bid(floor.bob, PERP, price="149.5", quantity=3, stop_loss_trigger_price=140)
    floor.ask(floor.carol, PERP, quantity=1)
    (child,) = children_of(floor, parent)
    assert child.request.trigger_quantity == "1"
    floor.ask(floor.carol, PERP, quantity=2)
    assert children_of(floor, parent) == [child]
    assert child.request.trigger_quantity == "3"


@pytest.mark.parametrize(("price", "fired"), [(140, 0), (160, 1)])
def test_whichever_child_fires_cancels_the_other(floor: Floor, price: int, fired: int) -> None:
    parent = floor.bid(
        floor.bob, PERP, quantity=2, stop_loss_trigger_price=140, take_profit_trigger_price=160
    )
    children = children_of(floor, parent)
    floor.move_index(PERP, price)
    assert children[fired].status == choices.FIRED_STATUS
    assert children[1 - fired].status == "Cancelled"
    assert floor.bob.position_quantity(PERP) == 10


def test_children_of_a_sale_wait_the_other_way_round(floor: Floor) -> None:
    parent = floor.ask(
        floor.bob, PERP, quantity=12, stop_loss_trigger_price=160, take_profit_trigger_price=140
    )
    loss, profit = children_of(floor, parent)
    assert (loss.request.side, loss.fires_upward, profit.fires_upward) == ("Bid", True, False)


def test_a_child_with_a_limit_price_fires_a_limit_order(floor: Floor) -> None:
    parent = floor.bid(
        floor.bob,
        PERP,
        quantity=2,
        take_profit_trigger_price=160,
        take_profit_limit_price=195,
        take_profit_trigger_by="IndexPrice",
    )
    (child,) = children_of(floor, parent)
    floor.move_index(PERP, 160)
    fired = fired_by(floor, child)
    assert (fired.request.order_type, fired.request.price, fired.status) == ("Limit", 195, "New")


def test_a_spot_child_sells_no_more_than_the_fee_has_left(floor: Floor) -> None:
    floor.ask(floor.alice, SPOT, price=150, quantity=10)
    parent = floor.bid(floor.bob, SPOT, quantity=10, stop_loss_trigger_price=140)
    (child,) = children_of(floor, parent)
    assert (child.request.trigger_quantity, child.request.reduce_only) == ("9.99", None)
