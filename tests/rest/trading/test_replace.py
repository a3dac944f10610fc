"""Replacing orders, on each class, from cassettes and against the sandbox."""

from __future__ import annotations

import pytest
from ccxt.base.errors import (
    InvalidOrder,
)

from tests.support.callers import Caller
from tests.support.trading import SOL, between, rests


def test_an_order_is_replaced_and_never_are_both_alive(bpx: Caller) -> None:
    old = rests(bpx)
    new = bpx.call("edit_order", old["id"], SOL, "limit", "buy", 2, 51)
    assert (new["status"], new["amount"], new["price"]) == ("open", 2.0, 51.0)
    assert bpx.call("fetch_open_orders", SOL) == [new]
    assert bpx.call("fetch_order", old["id"], SOL)["status"] == "canceled"
    cheaper = bpx.call("editLimitBuyOrder", new["id"], SOL, None, 50)
    assert (cheaper["amount"], cheaper["price"]) == (2.0, 50.0)


def test_what_was_filled_before_the_replacement_is_not_bought_again(bpx: Caller) -> None:
    price = between(bpx)
    old = rests(bpx, price, amount=3)
    bpx.second().call("create_order", SOL, "limit", "sell", 1, price)
    new = bpx.call("edit_order", old["id"], SOL, "limit", "buy", 3, 60)
    assert (new["status"], new["amount"], new["filled"]) == ("open", 2.0, 0.0)


def test_an_order_that_was_filled_meanwhile_is_not_replaced(bpx: Caller) -> None:
    price = between(bpx)
    old = rests(bpx, price)
    bpx.second().call("create_order", SOL, "limit", "sell", 1, price)
    with pytest.raises(InvalidOrder, match="is closed with 1 filled; nothing was placed"):
        bpx.call("edit_order", old["id"], SOL, "limit", "buy", 2, 60)
    assert bpx.call("fetch_open_orders", SOL) == []


def test_a_replacement_keeps_the_client_id_by_which_the_order_was_named(bpx: Caller) -> None:
    rests(bpx, params={"clientOrderId": 6})
    new = bpx.call("edit_order_with_client_order_id", "6", SOL, "limit", "buy", 2, 51)
    assert (new["clientOrderId"], new["amount"]) == ("6", 2.0)
    assert bpx.call("fetch_open_orders", SOL) == [new]
