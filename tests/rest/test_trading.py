"""Orders and fills, on each class, from cassettes and against the sandbox, whose books stand still."""

from __future__ import annotations

from typing import Any

import pytest
from ccxt.base.errors import (
    InsufficientFunds,
    InvalidOrder,
    OrderImmediatelyFillable,
    OrderNotFound,
)

from tests.support.callers import Caller

SOL = "SOL/USDC"
SWAP = "SOL/USDC:USDC"
START = 1767225600000


def ids(orders: list[Any]) -> list[str]:
    return [order["id"] for order in orders]


def best(bpx: Caller, symbol: str = SOL) -> tuple[float, float]:
    """The best bid and the best ask."""
    book = bpx.call("fetch_order_book", symbol, 5)
    return book["bids"][0][0], book["asks"][0][0]


def between(bpx: Caller) -> float:
    """A price inside the spread, where nobody is yet."""
    bid, ask = best(bpx)
    price = round(ask - 0.01, 2)
    assert bid < price < ask
    return price


def rests(bpx: Caller, price: float = 50, **changes: Any) -> Any:
    """An order far from the market."""
    arguments: dict[str, Any] = {"symbol": SOL, "type": "limit", "side": "buy", "amount": 1, "price": price}
    return bpx.call("create_order", **{**arguments, **changes})


# --- placing and finding -----------------------------------------------------------------------------


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


# --- cancelling --------------------------------------------------------------------------------------


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


# --- replacing ---------------------------------------------------------------------------------------


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


# --- lists -------------------------------------------------------------------------------------------


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
