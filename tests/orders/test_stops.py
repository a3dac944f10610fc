"""Which order a fired stop has placed, and what the stop then says of itself."""

from __future__ import annotations

from typing import Any

import pytest

from bpx_connector.orders.log import OrderLog
from bpx_connector.orders.stops import (
    NOT_KNOWN_YET,
    WITHIN,
    as_asked,
    asked_as,
    belongs_to,
    fired_order,
    has_fired,
    is_alike,
    is_cut,
    with_outcome,
)

PLACED = 1_788_284_044_000


def order(identity: str, at: int, **more: Any) -> dict[str, Any]:
    return {
        **{"id": identity, "symbol": "SOL_USDC", "side": "Ask", "orderType": "Market"},
        "createdAt": PLACED + at,
        **{"status": "Filled", "quantity": "2", "executedQuantity": "2", "executedQuoteQuantity": "200"},
        **more,
    }


def stop(**more: Any) -> dict[str, Any]:
    waiting = {
        **{"status": "Triggered", "quantity": None, "executedQuantity": "0", "executedQuoteQuantity": "0"},
        **{"triggerPrice": "100", "triggerQuantity": "2"},
    }
    return order("1", 0, **{**waiting, **more})


@pytest.mark.parametrize(
    ("waiting", "fired"),
    [
        (stop(), order("2", 9_000_000, relatedOrderId="1")),
        (stop(relatedOrderId="2"), order("2", 9_000_000)),
        (stop(clientId=7), order("2", 9_000_000, clientId=7)),
        (stop(clientId=7), order("2", 9_000_000, clientId="7")),
    ],
)
def test_what_the_venue_links_belongs_together_whenever_it_was(waiting: Any, fired: Any) -> None:
    assert belongs_to(waiting, fired)
    assert fired_order(waiting, [order("3", 1), fired]) == fired


@pytest.mark.parametrize("is_reducing", [True, None])
@pytest.mark.parametrize(
    "more", [{"clientId": 7}, {"triggeredAt": PLACED + 900}, {"clientId": 7, "triggeredAt": PLACED + 900}]
)
def test_what_only_reduces_a_position_is_cut_to_it(is_reducing: bool | None, more: Any) -> None:
    """Whether it does the history does not tell; a client id will do then, or the moment."""
    waiting = stop(reduceOnly=is_reducing, **more)
    cut = order("2", 1000, quantity="1", executedQuantity="1", clientId=more.get("clientId"))
    assert is_cut(waiting, cut)
    assert fired_order(waiting, [cut]) == cut
    assert fired_order(waiting, [cut], lambda identity: identity == "2") is None
    assert fired_order(waiting, [cut, {**cut, "id": "3"}]) is None
    whole = {**cut, "id": "3", "quantity": "2", "createdAt": PLACED + 1100}
    assert fired_order(waiting, [cut, whole]) == whole
    assert not belongs_to(waiting, cut)
    for other in (
        {"quantity": "3"},
        {"quantity": "0"},
        {"quantity": "what"},
        {"orderType": "Limit"},
        {"relatedOrderId": "9"},
        {"createdAt": PLACED - 1},
    ):
        assert not is_cut(waiting, {**cut, **other})
    assert not is_cut({**waiting, "reduceOnly": False}, cut)
    assert not is_cut(stop(reduceOnly=is_reducing), cut)


@pytest.mark.parametrize(
    "other",
    [
        order("2", -1000, side="Ask"),
        order("2", 1000, side="Bid"),
        order("2", 1000, symbol="BTC_USDC"),
        stop(id="2"),
    ],
)
def test_an_order_that_the_stop_only_protects_or_stands_beside_is_not_what_it_fired(other: Any) -> None:
    assert not belongs_to(stop(relatedOrderId="2"), other)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"quantity": "2.0"}, True),
        ({"quantity": "3"}, False),
        ({"side": "Bid"}, False),
        ({"symbol": "SOL_USDC_PERP"}, False),
        ({"orderType": "Limit", "price": "99"}, False),
        ({"orderType": "MARKET"}, True),
        ({"relatedOrderId": "77"}, False),
        ({"triggerPrice": "5"}, False),
    ],
)
def test_orders_are_alike_by_market_side_type_size_and_price(changes: Any, expected: bool) -> None:
    assert is_alike(stop(), order("2", 0, **changes)) is expected


@pytest.mark.parametrize(("price", "expected"), [("99", True), ("99.0", True), ("98", False), (None, False)])
def test_a_stop_limit_is_alike_by_its_price(price: Any, expected: bool) -> None:
    waiting = stop(orderType="Limit", price="99")
    assert is_alike(waiting, order("2", 0, orderType="LIMIT", price=price)) is expected


def test_without_a_word_of_the_venue_it_is_the_first_right_after_the_trigger() -> None:
    waiting = stop(triggeredAt=PLACED + 5_000)
    before, right, late = order("2", 4_999), order("3", 5_003), order("4", 5_000 + WITHIN + 1)
    assert fired_order(waiting, [late, right, before]) == right
    assert fired_order(waiting, [late, before]) is None


def test_where_no_moment_is_said_it_is_the_first_alike_after_the_stop_was_placed() -> None:
    before, one, two = order("2", -5), order("3", 60_000), order("4", 90_000)
    assert fired_order(stop(), [two, before, one]) == one
    assert fired_order(stop(), [before]) is None


def test_an_order_of_ones_own_is_not_what_a_stop_has_fired() -> None:
    one, two = order("3", 60_000), order("4", 90_000)
    assert fired_order(stop(), [one, two], lambda identity: identity == "3") == two


def test_a_share_of_the_position_is_told_by_the_only_order_that_could_be_it() -> None:
    share = stop(triggerQuantity="80%")
    assert fired_order(share, [order("2", 5, quantity="1.6")]) == order("2", 5, quantity="1.6")
    assert fired_order(share, [order("2", 5, quantity="1.6"), order("3", 9)]) is None


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (stop(), True),
        (stop(status="Filled"), True),
        (stop(status="Filled", executedQuantity="2"), False),
        (stop(status="TriggerPending"), False),
        (stop(status="Cancelled"), False),
        (order("2", 0), False),
        (order("2", 0, executedQuantity="0"), False),
    ],
)
def test_a_stop_has_fired_when_its_trigger_is_done_and_nothing_is_filled_under_it(
    view: Any, expected: bool
) -> None:
    assert has_fired(view) is expected


def test_a_fired_stop_says_what_became_of_its_order_under_its_own_id() -> None:
    told = with_outcome(stop(), order("2", 5))
    assert (told["id"], told["status"], told["executedQuantity"]) == ("1", "Filled", "2")
    assert told["triggerPrice"] == "100"
    assert (told["triggerOrder"], told["firedOrder"]) == (stop(), order("2", 5))


def test_a_fired_stop_of_which_nothing_is_known_is_open_with_a_word() -> None:
    told = with_outcome(stop(status="Filled"), None)
    assert (told["status"], told["note"]) == ("Triggered", NOT_KNOWN_YET)


def test_a_trigger_price_is_told_under_the_name_that_the_caller_used() -> None:
    words = asked_as({"stopLossPrice": 100})
    assert as_asked(stop(), words)["stopLossTriggerPrice"] == "100"
    assert as_asked(order("2", 0), words) == order("2", 0)
    assert asked_as({"triggerPrice": 100}) == ()


# --- in the log ------------------------------------------------------------------------------------------


def log_with_stop(**more: Any) -> OrderLog:
    log = OrderLog()
    log.follow(100)
    log.see(stop(status="TriggerPending", **more), is_own=True)
    return log


def test_an_order_that_names_its_stop_is_linked_as_soon_as_it_comes() -> None:
    log = log_with_stop()
    fired, _, _ = log.event(order("2", 5, relatedOrderId="1"), {}, 1)
    waiting = log.get("1")
    assert waiting is not None
    assert waiting.fired is fired
    assert fired.fires_for is waiting
    assert waiting.outcome["executedQuantity"] == "2"
    assert not log.has_suspect


def test_an_order_that_only_looks_like_it_makes_us_ask() -> None:
    log = log_with_stop()
    log.event(order("2", 5), {}, 1)
    assert log.has_suspect
    waiting = log.get("1")
    assert waiting is not None
    assert waiting.fired is None
    log.answer(stop(), log.version)
    assert waiting.fired is log.get("2")
    assert log.unresolved() == []


def test_a_stop_that_rest_calls_fired_waits_for_its_order() -> None:
    log = log_with_stop()
    log.answer(stop(), log.version)
    assert [record.order["id"] for record in log.unresolved()] == ["1"]
    assert log.vanished([], log.version) == []
    log.answer(order("2", 5), log.version)
    assert log.unresolved() == []
    assert "1" in log.take_untold()


def test_two_stops_alike_have_each_fired_an_order_of_its_own() -> None:
    log = log_with_stop()
    log.see(stop(id="10", createdAt=PLACED + 60_000, status="TriggerPending"), is_own=True)
    log.event(order("2", 30_000), {}, 1)
    log.event(order("3", 90_000), {}, 2)
    log.answer(stop(), log.version)
    log.answer(stop(id="10", createdAt=PLACED + 60_000), log.version)
    one, other = log.get("1"), log.get("10")
    assert one is not None
    assert other is not None
    assert (one.fired, other.fired) == (log.get("2"), log.get("3"))


def test_a_stop_that_was_cancelled_waits_for_nothing() -> None:
    log = log_with_stop()
    log.event(stop(status="Cancelled"), {}, 1)
    log.event(order("2", 5), {}, 2)
    assert not log.has_suspect
