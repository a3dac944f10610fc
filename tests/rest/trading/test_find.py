"""Finding one order, on each class, from cassettes and against the sandbox."""

from __future__ import annotations

import pytest
from ccxt.base.errors import (
    OrderNotFound,
)

from tests.support.callers import Caller
from tests.support.trading import SOL, START, SWAP, best, between, rests


def test_a_resting_order_is_found_straight_after_it_was_placed(bpx: Caller) -> None:
    order = rests(bpx, params={"clientOrderId": 7})
    assert order["status"] == "open"
    assert (order["symbol"], order["type"], order["side"]) == (SOL, "limit", "buy")
    assert (order["price"], order["amount"], order["filled"], order["remaining"]) == (50.0, 1.0, 0.0, 1.0)
    assert (order["clientOrderId"], order["timestamp"]) == ("7", START)
    assert bpx.call("fetch_order", order["id"], SOL) == order
    assert bpx.call("fetch_order", order["id"]) == order
    assert bpx.call("fetch_order_with_client_order_id", "7", SOL) == order
    assert bpx.call("fetch_open_order", order["id"], SOL) == order
    assert bpx.call("fetch_open_orders", SOL) == [order]
    assert bpx.call("fetch_order_status", order["id"], SOL) == "open"


def test_a_filled_order_is_found_straight_after_it_was_placed(bpx: Caller) -> None:
    _, ask = best(bpx)
    order = bpx.call("create_order", SOL, "market", "buy", 1)
    assert (order["status"], order["price"], order["average"], order["cost"]) == ("closed", ask, ask, ask)
    assert (order["amount"], order["filled"], order["remaining"]) == (1.0, 1.0, 0.0)
    assert bpx.call("fetch_order", order["id"], SOL) == order
    assert bpx.call("fetch_closed_order", order["id"], SOL) == order
    with pytest.raises(OrderNotFound):
        bpx.call("fetch_open_order", order["id"], SOL)


def test_the_rest_of_an_ioc_order_expires_and_the_order_is_found(bpx: Caller) -> None:
    price = between(bpx)
    bpx.second().call("create_order", SOL, "limit", "sell", 1, price)
    order = bpx.call("create_order", SOL, "limit", "buy", 3, price, {"timeInForce": "IOC"})
    assert (order["status"], order["timeInForce"]) == ("expired", "IOC")
    assert (order["filled"], order["remaining"], order["average"]) == (1.0, 2.0, price)
    assert bpx.call("fetch_order", order["id"], SOL) == order


def test_an_order_is_found_by_an_object_that_never_saw_it(bpx: Caller) -> None:
    order = bpx.call("create_order", SOL, "market", "buy", 1, None, {"clientOrderId": 9})
    other = bpx.configured({})
    found = other.call("fetch_order", order["id"], SOL)
    # The history knows nothing of reduce-only, all else is the same.
    assert {**found, "info": None, "reduceOnly": False} == {**order, "info": None}
    assert other.call("fetch_order", order["id"]) == found
    assert other.call("fetch_order_with_client_order_id", "9", SOL) == found


def test_an_order_that_never_was_is_not_found(bpx: Caller) -> None:
    with pytest.raises(OrderNotFound):
        bpx.call("fetch_order", "123", SOL)
    with pytest.raises(OrderNotFound):
        bpx.call("cancel_order", "123", SOL)
    with pytest.raises(OrderNotFound):
        bpx.call("cancel_order", "123")


def test_an_order_shows_its_fills_and_fees_if_they_are_asked_for(bpx: Caller) -> None:
    placed = bpx.call("create_order", SWAP, "market", "buy", 2)
    plain = bpx.call("fetch_order", placed["id"], SWAP)
    assert (plain["filled"], plain["trades"], plain["fee"]) == (2.0, [], None)
    order = bpx.call("fetch_order", placed["id"], SWAP, {"withTrades": True})
    trades = bpx.call("fetch_order_trades", placed["id"], SWAP)
    assert order["trades"] == trades
    assert sum(trade["amount"] for trade in trades) == order["filled"] == 2.0
    assert order["fees"] == [order["fee"]]
    assert order["fee"]["currency"] == "USDC"
    assert order["fee"]["cost"] == pytest.approx(sum(trade["fee"]["cost"] for trade in trades), abs=1e-12)
    assert order["lastTradeTimestamp"] == trades[-1]["timestamp"]
