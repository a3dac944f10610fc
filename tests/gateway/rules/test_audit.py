"""The gateway's comparison of what the stream told with what the venue answers."""

from __future__ import annotations

from typing import Any

from bpx_connector.gateway.rules.audit import OpenOrders


def order(identity: str, executed: str = "0") -> dict[str, Any]:
    return {"id": identity, "executedQuantity": executed}


def event(identity: str, state: str, executed: str = "0") -> dict[str, Any]:
    return {"i": identity, "X": state, "z": executed}


def test_the_first_answer_is_where_it_begins() -> None:
    orders = OpenOrders()
    assert orders.agrees([order("1", "0.50")])
    orders.take(event("1", "PartiallyFilled", "0.7"))
    orders.take(event("2", "New"))
    assert orders.agrees([order("1", "0.700"), order("2")])


def test_a_difference_counts_when_it_comes_twice() -> None:
    orders = OpenOrders()
    assert orders.agrees([order("1")])
    assert orders.agrees([]), "its end may be on the way"
    assert not orders.agrees([]), "it is not"
    assert orders.agrees([]), "what the venue says is taken over"


def test_an_order_on_its_way_is_no_difference() -> None:
    orders = OpenOrders()
    assert orders.agrees([])
    assert orders.agrees([order("1")])
    orders.take(event("1", "New"))
    assert orders.agrees([order("1")])
    orders.take(event("1", "Filled", "1"))
    assert orders.agrees([order("1")])
    assert orders.agrees([])


def test_a_missed_fill_is_noticed() -> None:
    orders = OpenOrders()
    assert orders.agrees([order("1")])
    assert orders.agrees([order("1", "0.3")])
    assert not orders.agrees([order("1", "0.3")])


def test_after_a_loss_it_begins_anew() -> None:
    orders = OpenOrders()
    assert orders.agrees([order("1")])
    orders.agrees([])
    orders.lose()
    assert orders.agrees([])
