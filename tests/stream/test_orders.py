"""One truth per order, out of events and REST answers in any order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bpx_connector.orders.log import MARGIN, OrderLog

RANK = {"New": 0, "PartiallyFilled": 1, "Filled": 2, "Cancelled": 2}


def trade_of(fill: dict[str, Any]) -> dict[str, Any]:
    return {"id": fill["tradeId"], "timestamp": 1, "fee": {"currency": fill["feeSymbol"]}, "info": fill}


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


def log() -> OrderLog:
    return OrderLog(100)


def event(
    orders: OrderLog, order: dict[str, Any], time: int, filled: dict[str, Any] | None = None
) -> tuple[bool, bool]:
    return orders.event(order, {}, time, filled, {} if filled is None else trade_of(filled))


def test_fills_accumulate_to_the_executed_quantity_and_the_fee() -> None:
    orders = log()
    event(orders, order("New", "0"), 1)
    event(orders, order("PartiallyFilled", "4"), 2, fill(1, "4"))
    is_changed, is_filled = event(orders, order("Filled", "10"), 3, fill(2, "6", fee="0.25"))
    record = orders.get("7")
    assert record is not None
    assert (is_changed, is_filled) == (True, True)
    assert record.trades == [trade_of(fill(1, "4")), trade_of(fill(2, "6", fee="0.25"))]
    assert (record.executed, record.filled, record.fees) == (
        Decimal(10),
        Decimal(10),
        {"USDC": Decimal("0.35")},
    )
    assert record.has_all_trades
    assert not orders.incomplete


def test_a_repeated_fill_is_counted_once() -> None:
    orders = log()
    told: Any = (order("PartiallyFilled", "4"), 2, fill(1, "4"))
    assert event(orders, *told)[1]
    assert not event(orders, *told)[1]
    assert not orders.fill(fill(1, "4"), trade_of(fill(1, "4")))


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
    assert orders.fill(fill(1, "4"), trade_of(fill(1, "4")))
    assert not orders.incomplete


def test_what_an_order_had_executed_before_we_looked_is_not_missing() -> None:
    orders = log()
    orders.answer(order("PartiallyFilled", "4"), orders.version)
    event(orders, order("Filled", "10"), 3, fill(2, "6"))
    record = orders.get("7")
    assert record is not None
    assert not orders.incomplete
    assert not record.has_all_trades


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
    orders = OrderLog(2)
    event(orders, order("New", "0", identity="open"), 1)
    for number in range(300):
        event(orders, order("Cancelled", "0", identity=str(number)), 2 + number)
    assert orders.get("open") is not None
    assert orders.get("299") is not None
    assert orders.get("0") is None


def test_of_closed_orders_the_one_that_ended_longest_ago_is_forgotten_first() -> None:
    orders = OrderLog(2)
    event(orders, order("New", "0", identity="first seen"), 1)
    for number in range(2 + MARGIN):
        event(orders, order("Cancelled", "0", identity=str(number)), 2 + number)
    assert orders.get("0") is not None
    event(orders, order("Cancelled", "0", identity="first seen"), 200)
    assert orders.get("0") is None
    assert orders.get("1") is not None
    assert orders.get("first seen") is not None


def test_a_closed_order_that_rest_tells_of_is_forgotten_in_its_turn() -> None:
    orders = OrderLog(2)
    for number in range(2 + MARGIN + 1):
        assert orders.answer(order("Filled", "10", identity=str(number)), 0)
    assert orders.get("0") is None
    assert orders.get("1") is not None


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
    assert last.has_all_trades
    assert not orders.incomplete
