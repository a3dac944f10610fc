"""The gateway's comparison of what the stream told with what the venue answers."""

from __future__ import annotations

from typing import Any

import pytest

from bpx_connector.gateway.rules.audit import AUDITS, Told

ORDERS, POSITIONS, BALANCES = AUDITS


def order(identity: str, executed: str = "0") -> dict[str, Any]:
    return {"id": identity, "executedQuantity": executed}


def event(identity: str, state: str, executed: str = "0") -> dict[str, Any]:
    return {"i": identity, "X": state, "z": executed}


def test_the_first_answer_is_where_it_begins() -> None:
    orders = Told(ORDERS)
    assert orders.agrees([order("1", "0.50")])
    orders.take(event("1", "PartiallyFilled", "0.7"))
    orders.take(event("2", "New"))
    assert orders.agrees([order("1", "0.700"), order("2")])


def test_a_difference_counts_when_it_comes_twice() -> None:
    orders = Told(ORDERS)
    assert orders.agrees([order("1")])
    assert orders.agrees([]), "its end may be on the way"
    assert not orders.agrees([]), "it is not"
    assert orders.agrees([]), "what the venue says is taken over"


def test_an_order_on_its_way_is_no_difference() -> None:
    orders = Told(ORDERS)
    assert orders.agrees([])
    assert orders.agrees([order("1")])
    orders.take(event("1", "New"))
    assert orders.agrees([order("1")])
    orders.take(event("1", "Filled", "1"))
    assert orders.agrees([order("1")])
    assert orders.agrees([])


def test_a_missed_fill_is_noticed() -> None:
    orders = Told(ORDERS)
    assert orders.agrees([order("1")])
    assert orders.agrees([order("1", "0.3")])
    assert not orders.agrees([order("1", "0.3")])


def test_after_a_loss_it_begins_anew() -> None:
    orders = Told(ORDERS)
    assert orders.agrees([order("1")])
    orders.agrees([])
    orders.lose()
    assert orders.agrees([])


def balance(available: str, locked: str = "0", staked: str = "0") -> dict[str, str]:
    return {"available": available, "locked": locked, "staked": staked}


def test_balances_are_compared_asset_by_asset_whatever_their_writing() -> None:
    balances = Told(BALANCES)
    assert balances.agrees({"USDC": balance("100"), "SOL": balance("1")})
    balances.take({"e": "balanceUpdate", "a": "USDC", "A": "90.0", "L": "10", "S": "0"})
    balances.take({"e": "balanceUpdate", "a": "SOL", "A": "0", "L": "0.000", "S": "0"})
    for _ in range(3):
        assert balances.agrees({"USDC": balance("90", "10.00"), "BTC": balance("0.00")})


@pytest.mark.parametrize("missed", [balance("80", "10"), balance("90", "0"), balance("90", "10", "1")])
def test_a_balance_that_no_event_told_is_noticed(missed: dict[str, str]) -> None:
    balances = Told(BALANCES)
    assert balances.agrees({"USDC": balance("90", "10")})
    assert balances.agrees({"USDC": missed})
    assert not balances.agrees({"USDC": missed})
    assert balances.agrees({"USDC": missed})


def test_an_asset_that_is_gone_is_noticed() -> None:
    balances = Told(BALANCES)
    assert balances.agrees({"USDC": balance("90"), "SOL": balance("1")})
    assert balances.agrees({"USDC": balance("90")})
    assert not balances.agrees({"USDC": balance("90")})


def position(market: str, quantity: str) -> dict[str, str]:
    return {"symbol": market, "netQuantity": quantity, "markPrice": "90"}


def test_positions_are_compared_by_their_quantity_and_a_flat_one_is_none() -> None:
    positions = Told(POSITIONS)
    assert positions.agrees([position("A", "1.50")])
    positions.take({"s": "A", "q": "1.5", "M": "91"})
    positions.take({"e": "positionOpened", "s": "B", "q": "-2"})
    assert positions.agrees([position("A", "1.5"), {**position("B", "-2.0"), "markPrice": "92"}])
    positions.take({"e": "positionClosed", "s": "B", "q": "0"})
    for _ in range(3):
        assert positions.agrees([position("A", "1.5"), position("B", "-0.0")])


def test_a_position_that_was_reduced_unheard_is_noticed() -> None:
    positions = Told(POSITIONS)
    assert positions.agrees([position("A", "1.5")])
    assert positions.agrees([position("A", "1")])
    assert not positions.agrees([position("A", "1.0")])


@pytest.mark.parametrize("audit", AUDITS, ids=lambda audit: audit.stream)
def test_an_event_without_a_name_tells_nothing(audit: Any) -> None:
    told = Told(audit)
    for payload in ({}, {"i": None}, {"s": None, "q": "1"}, {"s": "A"}, {"a": None}):
        told.take(payload)
    empty: Any = {} if audit is BALANCES else []
    assert all(told.agrees(empty) for _ in range(3))
