"""One truth per order, out of events and REST answers in any order."""

from __future__ import annotations

import pickle
from copy import deepcopy
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpx_connector.orders.log import MARGIN, OrderLog

RANK = {"New": 0, "PartiallyFilled": 1, "Filled": 2, "Cancelled": 2}


def order(status: str, executed: str, identity: str = "7", **more: Any) -> dict[str, Any]:
    return {
        "id": identity,
        "symbol": "SOL_USDC",
        "status": status,
        "quantity": "10",
        "executedQuantity": executed,
        **more,
    }


def fill(number: int, quantity: str, identity: str = "7", fee: str = "0.1") -> dict[str, Any]:
    return {
        "orderId": identity,
        "symbol": "SOL_USDC",
        "tradeId": number,
        "price": "1",
        "quantity": quantity,
        "fee": fee,
        "feeSymbol": "USDC",
        "timestamp": "2026-09-01T00:00:00",
    }


def log(limit: int = 100) -> OrderLog:
    orders = OrderLog(limit)
    orders.follow(limit)
    return orders


def event(
    orders: OrderLog, order: dict[str, Any], time: int, filled: dict[str, Any] | None = None
) -> tuple[bool, bool]:
    _, *told = orders.event(order, {}, time, filled)
    return told[0], told[1]


def test_fills_accumulate_to_the_executed_quantity_and_the_fee() -> None:
    orders = log()
    event(orders, order("New", "0"), 1)
    event(orders, order("PartiallyFilled", "4"), 2, fill(1, "4"))
    is_changed, is_filled = event(orders, order("Filled", "10"), 3, fill(2, "6", fee="0.25"))
    record = orders.get("7")
    assert record is not None
    assert (is_changed, is_filled) == (True, True)
    assert record.fills.known == [fill(1, "4"), fill(2, "6", fee="0.25")]
    assert (record.executed, record.fills.quantity) == (Decimal(10), Decimal(10))
    assert record.fills.fees == {"USDC": "0.35"}
    assert record.has_all_fills
    assert not orders.incomplete


def test_a_repeated_fill_is_counted_once() -> None:
    orders = log()
    told: Any = (order("PartiallyFilled", "4"), 2, fill(1, "4"))
    assert event(orders, *told)[1]
    assert not event(orders, *told)[1]
    assert not orders.fill(fill(1, "4"))


def test_a_late_event_does_not_reopen_an_order() -> None:
    orders = log()
    event(orders, order("Filled", "10"), 3, fill(2, "10"))
    assert event(orders, order("New", "0"), 1) == (False, False)
    record = orders.get("7")
    assert record is not None
    assert record.order["status"] == "Filled"


def test_a_late_fill_is_a_trade_without_moving_the_order_backwards() -> None:
    orders = log()
    event(orders, order("New", "0"), 1)
    event(orders, order("Filled", "10"), 3, fill(2, "6"))
    assert orders.incomplete == {"7"}
    is_changed, is_filled = event(orders, order("PartiallyFilled", "4"), 2, fill(1, "4"))
    record = orders.get("7")
    assert record is not None
    assert (is_changed, is_filled) == (True, True)
    assert record.order["executedQuantity"] == "10"
    assert record.order["status"] == "Filled"
    assert not orders.incomplete


def test_a_lost_fill_is_noticed_when_the_order_has_executed_more() -> None:
    orders = log()
    event(orders, order("New", "0"), 1)
    event(orders, order("Cancelled", "4"), 3)
    assert orders.incomplete == {"7"}
    assert orders.fill(fill(1, "4"))
    assert not orders.incomplete


def test_what_an_order_had_executed_before_we_looked_is_not_missing() -> None:
    orders = log()
    orders.answer(order("PartiallyFilled", "4"), orders.version)
    event(orders, order("Filled", "10"), 3, fill(2, "6"))
    record = orders.get("7")
    assert record is not None
    assert not orders.incomplete
    assert not record.has_all_fills


def test_an_answer_that_was_under_way_does_not_overrule_an_event() -> None:
    orders = log()
    event(orders, order("New", "0"), 1)
    asked_at = orders.version
    event(orders, order("New", "0", quantity="8"), 2)
    assert not orders.answer(order("New", "0", quantity="10", createdAt=5), asked_at)
    record = orders.get("7")
    assert record is not None
    assert record.order["quantity"] == "8"
    assert record.order["createdAt"] == 5


def test_an_answer_asked_for_later_is_believed() -> None:
    orders = log()
    event(orders, order("New", "0"), 1)
    assert orders.answer(order("New", "0", quantity="8"), orders.version)
    assert not orders.answer(order("New", "0", quantity="8"), orders.version)


def test_an_open_order_that_rest_does_not_list_has_vanished() -> None:
    orders = log()
    event(orders, order("New", "0"), 1)
    asked_at = orders.version
    event(orders, order("New", "0", identity="8"), 2)
    assert orders.vanished([], asked_at) == ["7"]
    assert orders.vanished(["7"], asked_at) == []


def test_closed_orders_are_forgotten_and_open_ones_kept() -> None:
    orders = log(2)
    event(orders, order("New", "0", identity="open"), 1)
    for number in range(300):
        event(orders, order("Cancelled", "0", identity=str(number)), 2 + number)
    assert orders.get("open") is not None
    assert orders.get("299") is not None
    assert orders.get("0") is None


def test_of_closed_orders_the_one_that_ended_longest_ago_is_forgotten_first() -> None:
    orders = log(2)
    event(orders, order("New", "0", identity="first seen"), 1)
    for number in range(2 + MARGIN):
        event(orders, order("Cancelled", "0", identity=str(number)), 2 + number)
    assert orders.get("0") is not None
    event(orders, order("Cancelled", "0", identity="first seen"), 200)
    assert orders.get("0") is None
    assert orders.get("1") is not None
    assert orders.get("first seen") is not None


def test_a_closed_order_that_rest_tells_of_is_forgotten_in_its_turn() -> None:
    orders = log(2)
    for number in range(2 + MARGIN + 1):
        assert orders.answer(order("Filled", "10", identity=str(number)), 0)
    assert orders.get("0") is None
    assert orders.get("1") is not None


def test_an_order_is_known_by_both_of_its_ids() -> None:
    orders = OrderLog()
    told = order("New", "0", clientId=7)
    assert orders.see(told) is told
    record = orders.get("7")
    assert record is not None
    assert record is orders.get_of_client(7) is orders.get_of_client("7")
    assert orders.get("2") is orders.get_of_client(8) is None


def test_an_answer_that_shows_less_than_is_known_is_not_believed() -> None:
    orders = OrderLog()
    filled = orders.see(order("Filled", "10"))
    assert orders.see(order("PartiallyFilled", "4")) == filled
    assert orders.furthest(order("PartiallyFilled", "4")) == filled


def test_what_the_stream_told_is_known_to_calls_as_well() -> None:
    orders = log()
    event(orders, order("Filled", "10"), 3, fill(2, "10"))
    assert orders.see(order("New", "0"))["status"] == "Filled"
    assert orders.furthest(order("New", "0"))["executedQuantity"] == "10"


def test_looking_at_a_view_does_not_remember_it() -> None:
    orders = OrderLog()
    assert orders.furthest(order("New", "0")) == order("New", "0")
    assert len(orders) == 0


def test_a_client_id_used_again_means_the_later_order() -> None:
    orders = OrderLog(2)
    orders.see(order("New", "0", "1", clientId=7))
    later = orders.see(order("New", "0", "2", clientId=7))
    for one in (1, 2):
        record = orders.get_of_client(7)
        assert record is not None
        assert record.order == later
        orders.see(order("New", "0", str(2 + one)))
        orders.see(order("New", "0", "2", clientId=7))
    assert orders.get("1") is None


def test_what_is_forgotten_is_forgotten_under_both_ids() -> None:
    orders = OrderLog(1)
    orders.see(order("New", "0", "1", clientId=7))
    orders.see(order("New", "0", "2"))
    assert orders.get("1") is orders.get_of_client(7) is None


@given(st.lists(st.integers(0, 30), max_size=100), st.integers(1, 10))
def test_memory_without_a_stream_is_bounded_and_keeps_the_orders_seen_last(
    order_ids: list[int], capacity: int
) -> None:
    orders = OrderLog(capacity)
    for order_id in order_ids:
        orders.see(order("New", "0", str(order_id), clientId=order_id))
    latest = list(dict.fromkeys(reversed(order_ids)))
    for order_id in latest[:capacity]:
        assert orders.get(str(order_id)) is not None
    for order_id in latest[capacity:]:
        assert orders.get(str(order_id)) is orders.get_of_client(order_id) is None
    assert len(orders) == min(len(latest), capacity)


def test_what_an_answer_told_and_no_event_followed_is_news_once_the_stream_is_checked() -> None:
    orders = log()
    orders.see(order("New", "0", "lost"))
    orders.see(order("New", "0", "heard"))
    event(orders, order("New", "0", "heard"), 1)
    assert list(orders.take_untold()) == ["lost"]
    assert not orders.take_untold()


def test_orders_from_before_anybody_followed_are_not_owed_to_who_follows_now() -> None:
    orders = OrderLog()
    orders.see(order("New", "0", "before"))
    orders.follow(100)
    orders.see(order("New", "0", "since"))
    assert orders.vanished([], orders.version) == ["since"]
    orders.unfollow()
    assert orders.vanished([], orders.version) == []


def test_what_is_open_when_the_stream_fails_and_what_comes_until_it_is_back_is_owed() -> None:
    orders = log()
    orders.see(order("New", "0", "followed"))
    orders.interrupt(since=1_000)
    orders.see(order("New", "0", "meanwhile"))
    orders.follow(100)
    assert orders.vanished([], orders.version) == ["followed", "meanwhile"]
    assert list(orders.take_untold()) == ["followed", "meanwhile"]


@pytest.mark.parametrize(
    "spoilt",
    [
        order("New", "much"),
        order("New", "NaN"),
        order("New", "Infinity"),
        {"status": "New"},
        {"id": None, "status": "New"},
        {"id": 7, "status": "New"},
        {"id": "", "status": "New"},
        {"id": "7", "executedQuantity": ["1"]},
    ],
)
def test_an_answer_that_is_not_understood_leaves_no_mark(spoilt: dict[str, Any]) -> None:
    orders = OrderLog()
    assert orders.see(spoilt) is spoilt
    assert len(orders) == 0
    with pytest.raises((KeyError, ValueError)):
        orders.event(spoilt, {}, 1)
    assert len(orders) == 0
    good = order("New", "0")
    assert orders.see(good) is good


def test_a_view_has_the_facts_that_it_does_not_tell() -> None:
    log = OrderLog()
    first = {"id": "7", "status": "New", "reduceOnly": True, "clientId": 5, "quantity": "1", "price": "9"}
    log.see(first)
    history = {"id": "7", "status": "Filled", "executedQuantity": "1", "quantity": "1", "reduceOnly": None}
    told = log.furthest(history)
    assert told == {**history, "reduceOnly": True, "clientId": 5}
    assert log.furthest({**history, "reduceOnly": False, "clientId": 5}) == {**told, "reduceOnly": False}
    assert log.furthest({**history, "id": "8"}) == {**history, "id": "8"}


def test_all_orders_of_a_client_id_are_known_until_they_are_forgotten() -> None:
    log = OrderLog(limit=2)
    for identity in ("1", "2"):
        log.see({"id": identity, "status": "Cancelled", "clientId": 5})
    assert [record.order["id"] for record in log.all_of_client(5)] == ["1", "2"]
    latest = log.get_of_client("5")
    assert latest is not None
    assert latest.order["id"] == "2"
    log.see({"id": "3", "status": "New"})
    assert [record.order["id"] for record in log.all_of_client(5)] == ["2"]
    log.see({"id": "4", "status": "New"})
    assert log.all_of_client(5) == []
    assert log.get_of_client(5) is None


def test_the_decimal_context_of_a_program_rounds_no_sum() -> None:
    orders = log()
    with localcontext(prec=3):
        event(orders, order("New", "0"), 1)
        event(orders, order("PartiallyFilled", "1000.5"), 2, fill(1, "1000.5", fee="1000.5"))
        event(orders, order("Filled", "1001.75"), 3, fill(2, "1.25", fee="1.25"))
    record = orders.get("7")
    assert record is not None
    assert record.has_all_fills
    assert record.fills.fees == {"USDC": "1001.75"}


def test_what_a_caller_does_to_an_answer_changes_nothing_that_is_known() -> None:
    orders, told = OrderLog(), order("New", "0")
    orders.see(told)
    told.clear()
    assert orders.see(order("Filled", "1"))["status"] == "Filled"
    orders.see(order("New", "0")).clear()
    assert orders.see(order("New", "0"))["status"] == "Filled"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_log_that_was_pickled_keeps_the_fills_of_its_orders_apart(protocol: int) -> None:
    orders = log()
    event(orders, order("New", "0"), 1)
    event(orders, order("New", "0", "8"), 2)
    copied = pickle.loads(pickle.dumps(orders, protocol))
    for one in (copied, deepcopy(orders)):
        event(one, order("PartiallyFilled", "1"), 3, fill(1, "1"))
        known: Any = {name: one.get(name) for name in ("7", "8")}
        assert [len(known[name].fills.known) for name in known] == [1, 0]
        assert known["8"].has_all_fills
        assert not known["8"].fills.fees


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[dict[str, Any], int, dict[str, Any] | None]]:
    """The events of one order, as the venue sends them."""
    events: list[tuple[dict[str, Any], int, dict[str, Any] | None]] = [(order("New", "0"), 1, None)]
    executed = 0
    for number, quantity in enumerate(draw(st.lists(st.integers(1, 4), max_size=4)), start=1):
        executed = min(10, executed + quantity)
        status = "Filled" if executed == 10 else "PartiallyFilled"
        events.append((order(status, str(executed)), 1 + number, fill(number, str(quantity))))
        if executed == 10:
            events[-1] = (events[-1][0], events[-1][1], fill(number, str(10 - _filled(events[:-1]))))
            break
    if executed < 10 and draw(st.booleans()):
        events.append((order("Cancelled", str(executed)), 99, None))
    return events


def _filled(events: Any) -> int:
    return sum(int(one["quantity"]) for _, _, one in events if one is not None)


@settings(max_examples=200)
@given(histories(), st.data())
def test_an_order_never_moves_backwards_and_every_fill_counts_once(history: Any, data: st.DataObject) -> None:
    heard = data.draw(st.lists(st.sampled_from(history), max_size=12))
    orders = log()
    trades, executed, rank = [], Decimal(0), 0
    for one, time, filled in [*heard, *history]:
        is_filled = event(orders, dict(one), time, filled)[1]
        if filled is not None and is_filled:
            trades.append(filled["tradeId"])
        record = orders.get("7")
        assert record is not None
        assert record.executed >= executed
        assert RANK[record.order["status"]] >= rank
        executed, rank = record.executed, RANK[record.order["status"]]
    assert sorted(trades) == [one["tradeId"] for _, _, one in history if one is not None]
    last = orders.get("7")
    assert last is not None
    assert last.order["status"] == history[-1][0]["status"]
    assert last.has_all_fills
    assert not orders.incomplete
