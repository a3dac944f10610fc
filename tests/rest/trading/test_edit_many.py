"""Several orders are replaced, and several positions left, one after the other."""

from __future__ import annotations

from typing import Any

import pytest
from ccxt.base.errors import ArgumentsRequired, BadRequest

from tests.support.callers import Caller
from tests.support.scripted import scripted_exchange

SOL, SWAP, BTC_SWAP = "SOL/USDC", "SOL/USDC:USDC", "BTC/USDC:USDC"


def change(order: Any, **changes: Any) -> dict[str, Any]:
    return {"id": order["id"], "symbol": SOL, "type": "limit", "side": "buy", "amount": 1, **changes}


def test_each_order_is_replaced_and_keeps_its_place(bpx: Caller) -> None:
    first, second = (bpx.call("create_order", SOL, "limit", "buy", 1, price) for price in (90, 91))
    edited = bpx.call("edit_orders", [change(second, price=88), change(first, price=89)])
    assert [order["price"] for order in edited] == [88.0, 89.0]
    assert {order["id"] for order in bpx.call("fetch_open_orders", SOL)} == {order["id"] for order in edited}


def test_one_that_cannot_be_replaced_leaves_the_others_alone(bpx: Caller) -> None:
    first = bpx.call("create_order", SOL, "limit", "buy", 1, 90)
    gone, done = bpx.call("edit_orders", [change({"id": "77"}, price=88), change(first, price=89)])
    assert (gone["id"], gone["status"], gone["info"]["error"]) == ("77", "rejected", "OrderNotFound")
    assert (done["price"], done["status"]) == (89.0, "open")


def test_an_order_is_named_by_its_client_id_too(bpx: Caller) -> None:
    bpx.call("create_order", SOL, "limit", "buy", 1, 90, {"clientOrderId": "7"})
    [order] = bpx.call("edit_orders", [change({"id": None}, price=89, params={"clientOrderId": "7"})])
    assert (order["price"], order["clientOrderId"]) == (89.0, "7")


@pytest.mark.parametrize("orders", [[], None, ["x"], [{"id": "1"}], [{"symbol": SOL, "type": "limit"}]])
def test_what_names_no_order_is_refused_before_anything_is_sent(orders: Any) -> None:
    exchange = scripted_exchange([])
    with pytest.raises((ArgumentsRequired, BadRequest), match="editOrders"):
        exchange.edit_orders(orders)
    assert exchange.asked_for() == []


def test_every_position_is_closed(bpx: Caller) -> None:
    bpx.call("create_order", SWAP, "market", "buy", 2)
    bpx.call("create_order", BTC_SWAP, "market", "sell", 0.01)
    orders = bpx.call("close_all_positions")
    assert {(order["symbol"], order["side"], order["reduceOnly"]) for order in orders} == {
        (SWAP, "sell", True),
        (BTC_SWAP, "buy", True),
    }
    assert bpx.call("fetch_positions") == []
    assert bpx.call("close_all_positions") == []
