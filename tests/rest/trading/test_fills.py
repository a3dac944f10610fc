"""Fills, on each class, from cassettes and against the sandbox."""

from __future__ import annotations

from tests.support.callers import Caller
from tests.support.trading import SOL, START, SWAP, best, between


def test_fills_are_listed_with_their_fees_and_orders(bpx: Caller) -> None:
    _, ask = best(bpx)
    spot = bpx.call("create_order", SOL, "market", "buy", 1)
    bpx.advance(1)
    swap = bpx.call("create_order", SWAP, "market", "sell", 2)
    first, second = bpx.call("fetch_my_trades")
    assert (first["order"], first["symbol"], first["side"]) == (spot["id"], SOL, "buy")
    assert (first["price"], first["amount"], first["cost"]) == (ask, 1.0, ask)
    assert (first["takerOrMaker"], first["timestamp"]) == ("taker", START)
    assert first["fee"] == {"currency": "SOL", "cost": 0.001}
    assert (second["order"], second["symbol"], second["side"]) == (swap["id"], SWAP, "sell")
    assert second["fee"]["currency"] == "USDC"
    assert bpx.call("fetch_my_trades", SOL) == [first]
    assert bpx.call("fetch_my_trades", None, START + 1) == [second]
    assert bpx.call("fetch_my_trades", None, 0, 1) == [first]
    assert bpx.call("fetch_my_trades", None, None, 1) == [second]
    assert bpx.call("fetch_my_trades", None, None, None, {"until": START}) == [first]
    assert bpx.call("fetch_my_trades", None, None, None, {"type": "swap"}) == [second]
    assert bpx.call("fetch_order_trades", spot["id"], SOL) == [first]


def test_both_sides_of_a_trade_have_it_under_one_id(bpx: Caller) -> None:
    other, price = bpx.second(), between(bpx)
    maker = other.call("create_order", SOL, "limit", "sell", 1, price)
    taker = bpx.call("create_order", SOL, "limit", "buy", 1, price, {"clientOrderId": 3})
    [made] = other.call("fetch_order_trades", maker["id"], SOL)
    [taken] = bpx.call("fetch_order_trades", "", SOL, None, None, {"clientOrderId": 3})
    assert made["id"] == taken["id"]
    assert (made["takerOrMaker"], taken["takerOrMaker"]) == ("maker", "taker")
    assert (made["side"], taken["side"]) == ("sell", "buy")
    assert taken["order"] == taker["id"]
    assert other.call("fetch_order", maker["id"], SOL)["status"] == "closed"
