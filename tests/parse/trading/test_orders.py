"""Captured orders, every field; and what holds for any order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from ccxt.base.exchange import Exchange
from ccxt.base.precise import Precise
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bpx_connector.parse.arithmetic import arithmetic_in
from bpx_connector.parse.numbers import EARLIEST
from bpx_connector.parse.trading.orders import (
    is_sound,
    is_zero,
    order_structures,
    refused_order,
)
from tests.support.parsing import Offline, Sample, long_pairs, short_pairs

RESTING: dict[str, Any] = {
    "id": "59669287267",
    "clientOrderId": None,
    "timestamp": 1788285244094,
    "datetime": "2026-09-01T17:54:04.094Z",
    "lastTradeTimestamp": None,
    "lastUpdateTimestamp": None,
    "symbol": "USDT/USDC",
    "type": "limit",
    "timeInForce": "GTC",
    "postOnly": True,
    "reduceOnly": False,
    "side": "sell",
    "price": 1.0077,
    "stopPrice": None,
    "triggerPrice": None,
    "stopLossPrice": None,
    "takeProfitPrice": None,
    "amount": 20.0,
    "cost": 0.0,
    "average": None,
    "filled": 0.0,
    "remaining": 20.0,
    "status": "open",
    "fee": None,
    "fees": [],
    "trades": [],
}
"""The post-only order of a live session, as it rested; every later view of it differs as the tests say."""


def order_structure(row: dict[str, Any], info: Any, symbol: str | None, number: Any) -> dict[str, Any]:
    [order] = order_structures([row], [info], {row.get("symbol"): symbol}, number)
    return order


@pytest.mark.parametrize("name", ["post_api_v1_order.limit_post_only", "get_api_v1_order"])
def test_a_resting_order_has_every_field(offline: Offline, sample: Sample, name: str) -> None:
    payload = sample(name)
    assert offline().parse_order(payload) == {**RESTING, "info": payload}


def test_a_list_of_resting_orders_is_a_list_of_those_orders(offline: Offline, sample: Sample) -> None:
    payload = sample("get_api_v1_orders")
    assert offline().parse_orders(payload) == [{**RESTING, "info": payload[0]}]


def test_a_cancelled_order_is_the_same_order_with_another_status(offline: Offline, sample: Sample) -> None:
    payload = sample("delete_api_v1_order")
    assert offline().parse_order(payload) == {**RESTING, "status": "canceled", "info": payload}


def test_the_history_shows_the_same_order_but_does_not_know_of_reduce_only(
    offline: Offline, sample: Sample
) -> None:
    payload = sample("get_wapi_v1_history_orders")
    orders = offline().parse_orders(payload)
    ended = {**RESTING, "status": "canceled", "reduceOnly": None}
    assert orders == [
        {
            **ended,
            "id": "59669039887",
            "timestamp": 1788285157776,
            "datetime": "2026-09-01T17:52:37.776Z",
            "info": payload[1],
        },
        {**ended, "info": payload[0]},
    ]


def test_a_client_id_is_text_to_the_caller(offline: Offline, sample: Sample) -> None:
    payload = sample("get_api_v1_orders.with_clientId")
    assert offline().parse_order(payload) == {
        **RESTING,
        "info": payload,
        "id": "4228978331",
        "clientOrderId": "123456789",
        "timestamp": 1753626206762,
        "datetime": "2025-07-27T14:23:26.762Z",
        "symbol": "ETH_USDC",  # not among the captured markets, so the venue's own name
        "side": "buy",
        "price": 3000.0,
        "amount": 0.001,
        "remaining": 0.001,
    }


def test_a_filled_market_order_has_its_average_as_price(offline: Offline, sample: Sample) -> None:
    payload = sample("post_api_v1_order.market_filled")
    assert offline().parse_order(payload) == {
        **RESTING,
        "info": payload,
        "id": "4227701917",
        "timestamp": 1753624283415,
        "datetime": "2025-07-27T13:51:23.415Z",
        "symbol": "ETH_USDC",
        "type": "market",
        "postOnly": False,
        "side": "buy",
        "price": 3814.28,
        "amount": 0.001,
        "cost": 3.81428,
        "average": 3814.28,
        "filled": 0.001,
        "remaining": 0.0,
        "status": "closed",
    }


def test_a_trigger_order_has_its_trigger_quantity_as_amount(offline: Offline, sample: Sample) -> None:
    payload = sample("get_wapi_v1_history_orders.trigger_cancelled")
    assert offline().parse_order(payload) == {
        **RESTING,
        "info": payload,
        "id": "4239996998",
        "timestamp": 1753639540897,
        "datetime": "2025-07-27T18:05:40.897Z",
        "symbol": "ETH_USDC",
        "postOnly": False,
        "reduceOnly": None,
        "price": 4500.0,
        "stopPrice": 4300.0,
        "triggerPrice": 4300.0,
        "amount": 0.001,
        "remaining": 0.001,
        "status": "canceled",
    }


def test_figures_come_in_the_number_type_that_the_user_chose(offline: Offline, sample: Sample) -> None:
    fill = sample("get_wapi_v1_history_fills")
    texts, decimals = offline({"number": str}), offline({"number": Decimal})
    assert texts.parse_trade(fill)["cost"] == "9.94799"
    assert decimals.parse_trade(fill)["cost"] == Decimal("9.94799")
    assert decimals.parse_trade(fill)["fee"]["cost"] == Decimal("0.004974")
    order = sample("post_api_v1_order.market_filled")
    assert texts.parse_order(order)["average"] == "3814.28"
    assert decimals.parse_order(order)["remaining"] == Decimal("0")


def view(**changes: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "symbol": "SOL_USDC",
        "side": "Bid",
        "orderType": "Limit",
        "price": "100",
        "quantity": "2",
        "executedQuantity": "0",
        "executedQuoteQuantity": "0",
        "status": "New",
        "timeInForce": "GTC",
        "postOnly": False,
        "reduceOnly": None,
        "createdAt": 1788285244094,
        **changes,
    }


def parsed(**changes: Any) -> dict[str, Any]:
    return order_structure(view(**changes), None, "SOL/USDC", float)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("New", "open"),
        ("PartiallyFilled", "open"),
        ("TriggerPending", "open"),
        ("Triggered", "open"),
        ("Filled", "closed"),
        ("Cancelled", "canceled"),
        ("Expired", "expired"),
        ("TriggerFailed", "rejected"),
    ],
)
def test_every_status_of_the_venue_has_ccxts_word(word: str, status: str) -> None:
    assert parsed(status=word)["status"] == status


def test_the_rest_of_an_ioc_order_expires_and_its_fills_stay() -> None:
    order = parsed(status="Expired", executedQuantity="0.5", executedQuoteQuantity="49.5", timeInForce="IOC")
    assert (order["status"], order["filled"], order["remaining"]) == ("expired", 0.5, 1.5)
    assert (order["cost"], order["average"], order["price"]) == (49.5, 99.0, 100.0)


def test_a_market_order_by_cost_has_no_amount_before_its_fill() -> None:
    order = parsed(orderType="Market", price=None, quantity=None, quoteQuantity="100", status="Expired")
    assert (order["amount"], order["remaining"], order["price"]) == (None, None, None)
    assert (order["filled"], order["cost"]) == (0.0, 0.0)


def test_a_market_order_by_cost_has_what_it_bought_as_amount() -> None:
    order = parsed(
        orderType="Market",
        price=None,
        quantity=None,
        quoteQuantity="100",
        status="Filled",
        executedQuantity="0.99",
        executedQuoteQuantity="99.9",
    )
    assert (order["amount"], order["filled"], order["remaining"]) == (0.99, 0.99, 0.0)
    assert order["average"] == order["price"] == float(Decimal("99.9") / Decimal("0.99"))


def test_a_share_of_the_position_is_no_amount() -> None:
    order = parsed(status="TriggerPending", quantity="0", triggerQuantity="80%", triggerPrice="90")
    assert (order["amount"], order["remaining"], order["triggerPrice"]) == (None, None, 90.0)


def test_attached_stops_are_known_by_their_trigger_prices() -> None:
    order = parsed(
        stopLossTriggerPrice="90", stopLossLimitPrice="89", takeProfitTriggerPrice="120", triggerPrice=None
    )
    assert (order["stopLossPrice"], order["takeProfitPrice"]) == (90.0, 120.0)
    assert order["triggerPrice"] is None


def test_a_closed_order_of_the_history_without_figures_still_has_an_average() -> None:
    order = parsed(status="Filled", executedQuantity=None, executedQuoteQuantity=None)
    assert (order["filled"], order["remaining"]) == (2.0, 0.0)
    assert (order["average"], order["cost"]) == (100.0, 200.0)


def test_what_the_venue_does_not_mention_is_unknown() -> None:
    order = order_structure({"id": "1"}, {}, None, float)
    known = {key: value for key, value in order.items() if value not in (None, [], {})}
    assert known == {"id": "1"}


def test_an_order_whose_fills_are_not_mentioned_has_an_unknown_rest() -> None:
    order = parsed(executedQuantity=None, executedQuoteQuantity=None)
    assert (order["amount"], order["filled"], order["remaining"], order["cost"]) == (2.0, None, None, None)


def test_orders_are_oldest_first_and_since_counts_from_the_start(offline: Offline) -> None:
    exchange = offline()
    rows = [view(id=str(n), createdAt=EARLIEST + n) for n in (3, 1, 2)]
    assert [order["id"] for order in exchange.parse_orders(rows)] == ["1", "2", "3"]
    assert [order["id"] for order in exchange.parse_orders(rows, None, None, 2)] == ["2", "3"]
    assert [order["id"] for order in exchange.parse_orders(rows, None, 0, 2)] == ["1", "2"]
    assert [order["id"] for order in exchange.parse_orders(rows, None, EARLIEST + 2)] == ["2", "3"]


def test_only_the_orders_of_the_given_market_are_listed(offline: Offline) -> None:
    exchange = offline()
    rows = [view(id="1"), view(id="2", symbol="BTC_USDC_PERP")]
    orders = exchange.parse_orders(rows, exchange.market("BTC/USDC:USDC"), None, None, {"tag": "x"})
    assert [(order["id"], order["tag"]) for order in orders] == [("2", "x")]


def test_a_refused_order_keeps_what_was_asked_and_why_not() -> None:
    refusal = {"operation": "Err", "code": "INSUFFICIENT_FUNDS", "message": "Insufficient funds"}
    asked = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "quantity": "2", "price": "100"}
    order = refused_order({**asked, "clientId": 7}, refusal, "rejected", "SOL/USDC", float)
    assert order["info"] == refusal
    assert (order["id"], order["clientOrderId"], order["status"]) == (None, "7", "rejected")
    assert (order["symbol"], order["side"], order["type"]) == ("SOL/USDC", "buy", "limit")
    assert (order["price"], order["amount"], order["filled"], order["remaining"]) == (100.0, 2.0, 0.0, 2.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-09-01T17:54:04.094", "2026-09-01T17:54:04.094Z"),
        ("2026-09-01T17:54:04", "2026-09-01T17:54:04.000Z"),
        ("2026-09-01T17:54:04.094123", "2026-09-01T17:54:04.094Z"),
        ("2026-09-01 17:54:04.094", "2026-09-01T17:54:04.094Z"),
    ],
)
def test_a_time_of_the_venue_has_one_datetime_however_it_is_written(
    offline: Offline, sample: Sample, text: str, expected: str
) -> None:
    [trade] = offline().parse_fills([{**sample("get_wapi_v1_history_fills"), "timestamp": text}])
    assert trade["datetime"] == expected == Exchange.iso8601(trade["timestamp"])


@pytest.mark.parametrize("word", ["", "N/A"])
@pytest.mark.parametrize("number", [float, Decimal])
def test_a_figure_that_cannot_be_read_is_unknown_and_takes_no_other_with_it(word: str, number: Any) -> None:
    row = view(executedQuantity=word, executedQuoteQuantity=word, triggerPrice=word)
    order = order_structure(row, None, "SOL/USDC", number)
    assert (order["price"], order["amount"]) == (100, 2)
    unknown = ("filled", "remaining", "cost", "average", "triggerPrice", "stopPrice")
    assert [order[name] for name in unknown] == [None] * len(unknown)


figures = st.decimals("0.00000001", "100000000", places=8).map(lambda figure: f"{figure.normalize():f}")


shares = st.integers(0, 100)


words = st.sampled_from(["New", "PartiallyFilled", "Filled", "Cancelled", "Expired", "TriggerPending"])


def in_texts() -> Exchange:
    exchange = Exchange()
    exchange.number = str
    return exchange


@given(price=figures, amount=figures, share=shares, word=words, kind=st.sampled_from(["Limit", "Market"]))
def test_derived_figures_are_ccxts_own_to_the_last_digit(
    price: str, amount: str, share: int, word: str, kind: str
) -> None:
    filled = f"{(Decimal(amount) * share / 100).normalize():f}"
    cost = f"{(Decimal(filled) * Decimal(price)).normalize():f}"
    row = view(
        status=word,
        orderType=kind,
        price=price if kind == "Limit" else None,
        quantity=amount,
        executedQuantity=filled,
        executedQuoteQuantity=cost,
    )
    ours = order_structure(row, row, "SOL/USDC", str)
    theirs = in_texts().safe_order(
        {
            "id": "1",
            "symbol": "SOL/USDC",
            "status": ours["status"],
            "type": ours["type"],
            "side": "buy",
            "price": row["price"],
            "amount": amount,
            "filled": filled,
            "cost": cost,
            "timeInForce": "GTC",
            "postOnly": False,
            "timestamp": row["createdAt"],
        }
    )
    for name in ("price", "amount", "filled", "remaining", "cost", "average", "fees", "trades", "datetime"):
        assert ours[name] == theirs[name], name
    assert theirs.keys() - {"fee"} <= ours.keys()


@given(pair=short_pairs | long_pairs)
@example(pair=("9999.99", "9999.99"))
@example(pair=("100000", "99999.99"))
@settings(max_examples=1000)
def test_what_is_left_of_an_order_is_exact_and_rounded_once(pair: tuple[str, str]) -> None:
    amount, filled = sorted(pair, key=Decimal, reverse=True)
    assume(Decimal(filled))
    order = parsed(quantity=amount, executedQuantity=filled, executedQuoteQuantity="1")
    assert order["remaining"] == float(Precise.string_sub(amount, filled))


@given(
    pair=short_pairs | long_pairs,
    more=st.sampled_from(["0", "0.00000001", "0.0000000000000001", "1"]),
    number=st.sampled_from([float, str, Decimal]),
)
@settings(max_examples=1000)
def test_the_average_is_what_was_paid_by_what_was_filled(
    pair: tuple[str, str], more: str, number: Any
) -> None:
    price, filled = pair
    assume(Decimal(filled))
    cost = f"{Decimal(price) * Decimal(filled) + Decimal(more):f}"
    row = view(price=price, quantity="1", executedQuantity=filled, executedQuoteQuantity=cost)
    assert order_structure(row, None, None, number)["average"] == arithmetic_in(number).average_of_filled(
        None, None, None, cost, filled, None
    )


@given(st.decimals(0, 10**12, places=6))
def test_zero_is_what_decimal_calls_zero(figure: Decimal) -> None:
    assert is_zero(f"{figure:f}") == (figure == 0)


HISTORY_ROW = {
    "id": "1", "symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "status": "Cancelled",
    "price": "80", "quantity": "1", "executedQuantity": "0", "createdAt": "2026-11-30T12:55:04.110",
    "clientId": 7, "postOnly": False, "timeInForce": "GTC",
}  # fmt: skip


def test_an_order_of_the_history_is_sound() -> None:
    assert is_sound(HISTORY_ROW)
    assert is_sound({**HISTORY_ROW, "createdAt": 1_796_043_304_110})


@pytest.mark.parametrize(
    "odd",
    [
        {"createdAt": "soon"}, {"price": ""}, {"price": "x"}, {"status": "Odd"}, {"status": None},
        {"executedQuantity": "2"}, {"executedQuantity": "-1"}, {"side": "Up"}, {"orderType": "x"},
        {"postOnly": "yes"}, {"symbol": 1},
    ],
)  # fmt: skip
def test_what_is_odd_about_an_order_makes_it_unsound(odd: dict[str, Any]) -> None:
    assert not is_sound({**HISTORY_ROW, **odd})
