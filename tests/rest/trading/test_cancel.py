"""Cancelling orders, on each class, from cassettes and against the sandbox."""

from __future__ import annotations

import pytest
from ccxt.base.errors import (
    OrderNotFound,
)

from tests.support.callers import Caller
from tests.support.trading import SOL, SWAP, ids, rests


def test_a_cancelled_order_is_the_same_order_cancelled(bpx: Caller) -> None:
    order = rests(bpx)
    cancelled = bpx.call("cancel_order", order["id"], SOL)
    assert {**cancelled, "info": None} == {**order, "status": "canceled", "info": None}
    assert bpx.call("fetch_order", order["id"], SOL) == cancelled
    with pytest.raises(OrderNotFound):
        bpx.call("cancel_order", order["id"], SOL)


def test_an_order_is_cancelled_without_its_symbol_or_by_its_client_id(bpx: Caller) -> None:
    first, second = rests(bpx), rests(bpx, params={"clientOrderId": 8})
    other = bpx.configured({})
    assert other.call("cancel_order", first["id"])["status"] == "canceled"
    assert bpx.call("cancel_order_with_client_order_id", "8", SOL)["id"] == second["id"]
    assert bpx.call("fetch_open_orders") == []


def test_a_list_of_orders_is_cancelled_one_by_one(bpx: Caller) -> None:
    orders = [rests(bpx, params={"clientOrderId": number}) for number in (1, 2, 3, 4)]
    bpx.call("cancel_order", orders[1]["id"], SOL)
    cancelled = bpx.call("cancel_orders", ids(orders[:3]), SOL)
    assert ids(cancelled) == ids(orders[:3])
    assert [order["status"] for order in cancelled] == ["canceled", None, "canceled"]
    assert ids(bpx.call("cancel_orders_with_client_order_ids", ["4"], SOL)) == [orders[3]["id"]]
    assert bpx.call("fetch_open_orders", SOL) == []


def test_all_orders_of_a_market_or_of_all_markets_are_cancelled(bpx: Caller) -> None:
    spot, swap = rests(bpx), rests(bpx, symbol=SWAP)
    stop = bpx.call("create_stop_market_order", SOL, "sell", 1, 90)
    assert bpx.call("cancel_all_orders", "ETH/USDC") == []
    assert ids(bpx.call("cancel_all_orders", SOL, {"trigger": True})) == [stop["id"]]
    assert ids(bpx.call("cancel_all_orders")) == ids([spot, swap])
    assert bpx.call("cancel_all_orders") == []
