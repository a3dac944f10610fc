"""Lists of orders, on each class, from cassettes and against the sandbox."""

from __future__ import annotations

from tests.support.callers import Caller
from tests.support.trading import SOL, START, SWAP, ids, rests


def test_orders_are_listed_by_how_they_ended(bpx: Caller) -> None:
    filled = bpx.call("create_order", SOL, "market", "buy", 1)
    bpx.advance(1)
    expired = bpx.call("create_order", SOL, "limit", "buy", 1, 90, {"timeInForce": "IOC"})
    bpx.advance(1)
    gone = rests(bpx)
    bpx.call("cancel_order", gone["id"], SOL)
    bpx.advance(1)
    resting = rests(bpx, symbol=SWAP)
    assert ids(bpx.call("fetch_orders")) == ids([filled, expired, gone, resting])
    assert ids(bpx.call("fetch_orders", SOL)) == ids([filled, expired, gone])
    assert ids(bpx.call("fetch_closed_orders", SOL)) == [filled["id"]]
    assert ids(bpx.call("fetch_canceled_orders")) == ids([expired, gone])
    assert ids(bpx.call("fetch_canceled_and_closed_orders")) == ids([filled, expired, gone])
    assert ids(bpx.call("fetch_open_orders")) == [resting["id"]]
    statuses = [order["status"] for order in bpx.call("fetch_orders")]
    assert statuses == ["closed", "expired", "canceled", "open"]


def test_orders_are_listed_from_since_up_to_limit_and_until(bpx: Caller) -> None:
    orders = []
    for price in (50, 51, 52, 53):
        orders.append(rests(bpx, price))
        bpx.advance(1)
    assert ids(bpx.call("fetch_orders", SOL, 0)) == ids(orders)
    assert ids(bpx.call("fetch_orders", SOL, START + 1000, 2)) == ids(orders[1:3])
    assert ids(bpx.call("fetch_orders", SOL, None, 2)) == ids(orders[2:])
    assert ids(bpx.call("fetch_orders", SOL, None, None, {"until": START + 1000})) == ids(orders[:2])
    assert ids(bpx.call("fetch_open_orders", SOL, START + 2000)) == ids(orders[2:])
    assert ids(bpx.call("fetch_orders", None, None, None, {"type": "swap"})) == []
