"""Placing orders, on each class, from cassettes and against the sandbox, whose books stand still."""

from __future__ import annotations

from typing import Any

import pytest
from ccxt.base.errors import (
    DuplicateOrderId,
    InsufficientFunds,
    InvalidOrder,
    OrderImmediatelyFillable,
)

from tests.support.callers import Caller
from tests.support.trading import SOL, SWAP, best, rests


def test_amounts_and_prices_go_out_at_step_and_tick(bpx: Caller) -> None:
    order = rests(bpx, amount="1.2399", price=50.006)
    assert (order["amount"], order["price"]) == (1.23, 50.01)
    lots = bpx.call("create_order", "BONK/USDC", "limit", "buy", 123456.7, 0.0000115)
    assert (lots["amount"], lots["price"]) == (120000.0, 0.0000115)


def test_a_market_order_can_spend_or_earn_a_cost(bpx: Caller) -> None:
    bought = bpx.call("create_market_buy_order_with_cost", SOL, 500)
    sold = bpx.call("create_market_sell_order_with_cost", SOL, 500)
    again = bpx.call("create_market_order_with_cost", SOL, "buy", 500)
    by_params = bpx.call("create_order", SOL, "market", "buy", None, None, {"cost": 500})
    for order in (bought, sold, again, by_params):
        assert order["status"] == "closed"
        assert 499 < order["cost"] <= 500
        assert order["average"] * order["filled"] == pytest.approx(order["cost"])
    assert (bought["side"], sold["side"]) == ("buy", "sell")


def test_all_of_ccxts_ways_to_place_an_order_work(bpx: Caller) -> None:
    limit_buy = bpx.call("create_limit_buy_order", SOL, 1, 50)
    limit_sell = bpx.call("create_limit_sell_order", SOL, 1, 150)
    limit = bpx.call("createLimitOrder", SOL, "buy", 1, 50)
    post_only = bpx.call("create_post_only_order", SOL, "limit", "buy", 1, 50)
    assert {order["status"] for order in (limit_buy, limit_sell, limit, post_only)} == {"open"}
    assert [order["side"] for order in (limit_buy, limit_sell)] == ["buy", "sell"]
    assert (limit["postOnly"], post_only["postOnly"]) == (False, True)
    market_buy = bpx.call("create_market_buy_order", SOL, 1)
    market_sell = bpx.call("create_market_sell_order", SOL, 1)
    market = bpx.call("createMarketOrder", SOL, "buy", 1)
    assert {order["status"] for order in (market_buy, market_sell, market)} == {"closed"}


def test_all_of_ccxts_ways_to_wait_for_a_trigger_work(bpx: Caller) -> None:
    waiting = [
        bpx.call("create_trigger_order", SOL, "limit", "sell", 1, 89, 90),
        bpx.call("create_stop_loss_order", SOL, "market", "sell", 1, None, 90),
        bpx.call("create_take_profit_order", SOL, "limit", "sell", 1, 119, 120),
        bpx.call("create_stop_order", SOL, "limit", "sell", 1, 89, 90),
        bpx.call("create_stop_limit_order", SOL, "sell", 1, 89, 90),
        bpx.call("create_stop_market_order", SOL, "sell", 1, 90),
        bpx.call("create_order", SOL, "stop_limit", "sell", 1, 89, {"stopPrice": 90}),
        bpx.call("create_order", SOL, "stop", "sell", 1, None, {"stopPrice": 90, "triggerPriceType": "mark"}),
    ]
    assert {order["status"] for order in waiting} == {"open"}
    assert [order["triggerPrice"] for order in waiting] == [90.0, 90.0, 120.0, 90.0, 90.0, 90.0, 90.0, 90.0]
    assert [order["type"] for order in waiting] == [
        "limit", "market", "limit", "limit", "limit", "market", "limit", "market",
    ]  # fmt: skip
    assert {order["amount"] for order in waiting} == {1.0}
    resting = rests(bpx)
    assert len(bpx.call("fetch_open_orders")) == 9
    assert len(bpx.call("fetch_open_orders", SOL, None, None, {"trigger": True})) == 8
    assert bpx.call("fetch_open_orders", SOL, None, None, {"trigger": False}) == [resting]


def test_stops_attached_to_an_order_wait_once_it_is_filled(bpx: Caller) -> None:
    order = bpx.call(
        "create_order_with_take_profit_and_stop_loss", SWAP, "limit", "buy", 1, best(bpx, SWAP)[1], 120, 90
    )
    assert (order["status"], order["takeProfitPrice"], order["stopLossPrice"]) == ("closed", 120.0, 90.0)
    stops = bpx.call("fetch_open_orders", SWAP)
    assert sorted((stop["side"], stop["triggerPrice"], stop["reduceOnly"]) for stop in stops) == [
        ("sell", 90.0, True),
        ("sell", 120.0, True),
    ]


def test_a_reduce_only_order_closes_and_never_opens(bpx: Caller) -> None:
    with pytest.raises(InvalidOrder, match="Reduce only order not reduced"):
        bpx.call("create_reduce_only_order", SWAP, "market", "buy", 1)
    bpx.call("create_order", SWAP, "market", "buy", 2)
    order = bpx.call("create_reduce_only_order", SWAP, "market", "sell", 2)
    assert (order["status"], order["reduceOnly"]) == ("closed", True)
    assert bpx.call("fetch_positions", [SWAP]) == []


def test_the_venues_refusals_have_ccxts_names(bpx: Caller) -> None:
    with pytest.raises(OrderImmediatelyFillable):
        rests(bpx, 101, params={"postOnly": True})
    with pytest.raises(InsufficientFunds):
        rests(bpx, 100, amount=5_000_000)
    with pytest.raises(InvalidOrder, match="too far from the last active price"):
        rests(bpx, 300)


@pytest.mark.parametrize("way", ["params of all", "params of each"])
def test_a_batch_with_one_client_id_twice_stays_here(bpx: Caller, way: str) -> None:
    asked: dict[str, Any] = {"symbol": SOL, "type": "limit", "side": "buy", "amount": 1, "price": 50}
    params = {"clientOrderId": 5}
    with pytest.raises(DuplicateOrderId, match=r"two orders .* have the clientOrderId 5; .*nothing was sent"):
        if way == "params of all":
            bpx.call("create_orders", [asked, asked], params)
        else:
            bpx.call("create_orders", [{**asked, "params": params}, {**asked, "params": params}])
    assert bpx.call("fetch_open_orders", SOL) == []


def test_an_order_of_a_batch_that_is_refused_keeps_its_place(bpx: Caller) -> None:
    asked: dict[str, Any] = {"symbol": SOL, "type": "limit", "side": "buy", "amount": 1, "price": 50}
    too_much = {**asked, "amount": 5_000_000, "params": {"clientOrderId": 5}}
    swap = {**asked, "symbol": SWAP, "type": "market", "price": None}
    orders = bpx.call("create_orders", [asked, too_much, swap])
    assert [order["status"] for order in orders] == ["open", "rejected", "closed"]
    assert [order["symbol"] for order in orders] == [SOL, SOL, SWAP]
    refused = orders[1]
    assert refused["info"]["code"] == "INSUFFICIENT_FUNDS"
    assert (refused["id"], refused["clientOrderId"], refused["amount"]) == (None, "5", 5_000_000.0)
    assert bpx.call("fetch_order", orders[2]["id"], SWAP) == orders[2]
