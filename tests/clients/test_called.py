"""How programs for many exchanges call the unified methods, and what they read in the answers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from decimal import Decimal, FloatOperation, localcontext
from typing import Any

import pytest
from ccxt.base.errors import MarginModeAlreadySet

from bpx_connector.sandbox.clock import DRIVEN_START, DrivenClock
from tests.support.callers import Caller, StandingClock
from tests.support.clients import PERP, SPOT, bought, resting
from tests.support.sandboxes import RunningSandbox

# --- orders -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "kind", "side", "price", "params"),
    [
        (SPOT, "limit", "buy", 90, {"timeInForce": "GTC"}),
        (SPOT, "market", "buy", None, {}),
        (SPOT, "limit", "sell", 90, {"timeInForce": "IOC"}),
        (PERP, "limit", "buy", 90, {"timeInForce": "PO"}),
        (PERP, "market", "sell", None, {"reduceOnly": True}),
        (PERP, "market", "sell", None, {"stopLossPrice": 80, "reduceOnly": True}),
        (PERP, "limit", "sell", 79, {"stopLossPrice": 80, "reduceOnly": True}),
    ],
)
def test_an_order_is_taken_with_the_words_that_programs_use(
    trader: Caller, symbol: str, kind: str, side: str, price: Any, params: Any
) -> None:
    if "reduceOnly" in params:
        bought(trader, PERP)
    order = trader.call("create_order", symbol, kind, side, 1, price, params)
    assert (order["symbol"], order["type"], order["side"]) == (symbol, kind, side)
    assert trader.call("fetch_order", order["id"], symbol)["id"] == order["id"]


@pytest.mark.parametrize("number", [str, Decimal, float])
def test_amounts_and_prices_may_be_strings_decimals_and_floats(trader: Caller, number: Any) -> None:
    order = trader.call("create_order", SPOT, "limit", "buy", number("1.5"), number("90.25"))
    assert (order["amount"], order["price"]) == (1.5, 90.25)


@pytest.mark.parametrize(("kind", "price"), [("stop", None), ("stop_limit", 79), ("stop", 79)])
def test_stop_orders_are_taken_by_their_old_names(trader: Caller, kind: str, price: Any) -> None:
    bought(trader, PERP)
    order = trader.call("create_order", PERP, kind, "sell", 1, price, {"stopPrice": 80})
    assert (order["status"], order["triggerPrice"], order["filled"]) == ("open", 80, 0)
    found = trader.call("fetch_order", order["id"], PERP)
    assert (found["stopPrice"], found["price"]) == (80, price)


def test_methods_go_by_their_camel_case_names_too(trader: Caller) -> None:
    order = trader.call("createLimitBuyOrder", SPOT, 1, 90)
    assert trader.call("fetchOrder", order["id"], SPOT)["status"] == "open"
    trader.call("cancelOrder", order["id"], SPOT)
    before = trader.call("fetchBalance")["free"]["SOL"]
    trader.call("createMarketBuyOrder", SPOT, 1)
    assert 0.99 < trader.call("fetchBalance")["free"]["SOL"] - before <= 1


@pytest.mark.parametrize("symbol", [SPOT, PERP])
@pytest.mark.parametrize("placed", [resting, bought])
def test_an_order_is_found_straight_after_it_was_placed(trader: Caller, symbol: str, placed: Any) -> None:
    order = placed(trader, symbol)
    found = trader.call("fetch_order", order["id"], symbol)
    assert (found["id"], found["status"], found["filled"]) == (order["id"], order["status"], order["filled"])


@pytest.mark.parametrize("symbol", [SPOT, PERP])
def test_a_filled_order_has_every_field_that_programs_read(trader: Caller, symbol: str) -> None:
    identity = bought(trader, symbol)["id"]
    order = trader.call("fetch_order", identity, symbol)
    assert (order["id"], order["symbol"], order["type"], order["side"]) == (identity, symbol, "market", "buy")
    assert (order["status"], order["amount"], order["filled"], order["remaining"]) == ("closed", 1, 1, 0)
    assert order["average"] == pytest.approx(order["cost"])
    assert order["price"] is not None
    assert order["timestamp"] == trader.clock.microseconds // 1000


@pytest.mark.parametrize("symbol", [SPOT, PERP])
def test_the_fee_of_a_filled_order_is_known(trader: Caller, symbol: str) -> None:
    trades = trader.call("fetch_order_trades", bought(trader, symbol)["id"], symbol)
    assert sum(trade["fee"]["cost"] for trade in trades) > 0
    assert {trade["fee"]["currency"] for trade in trades} <= {"SOL", "USDC"}


@pytest.mark.parametrize(("symbol", "side"), [(SPOT, "buy"), (SPOT, "sell"), (PERP, "buy")])
def test_the_fee_that_is_calculated_beforehand_is_the_one_that_is_taken(
    trader: Caller, symbol: str, side: str
) -> None:
    order = trader.call("create_order", symbol, "market", side, 1)
    (trade,) = trader.call("fetch_order_trades", order["id"], symbol)
    fee = trader.exchange.calculate_fee(symbol, "market", side, trade["amount"], trade["price"])
    assert (fee["currency"], fee["cost"]) == (
        trade["fee"]["currency"],
        pytest.approx(trade["fee"]["cost"], abs=1e-5),
    )


@pytest.mark.parametrize("symbol", [SPOT, PERP])
def test_every_closed_order_has_an_average(trader: Caller, symbol: str) -> None:
    bought(trader, symbol)
    trader.call("create_order", symbol, "limit", "sell", 1, 80)
    orders = trader.call("fetch_closed_orders", symbol)
    assert len(orders) == 2
    assert all(order["average"] > 0 for order in orders)


def test_ones_trades_are_matched_to_the_order_that_made_them(trader: Caller) -> None:
    since = trader.exchange.milliseconds()
    order, _ = bought(trader), bought(trader, PERP)
    trades = trader.call("fetch_my_trades", SPOT, since, params={})
    assert {trade["order"] for trade in trades} == {order["id"]}
    assert sum(trade["amount"] for trade in trades) == order["filled"]


@pytest.mark.parametrize("symbol", [SPOT, None])
def test_lists_of_orders_are_had_with_a_symbol_and_without(trader: Caller, symbol: Any) -> None:
    since = trader.exchange.milliseconds()
    is_open, is_closed, is_canceled = resting(trader), bought(trader), resting(trader)
    trader.call("cancel_order", is_canceled["id"], SPOT)
    expected = {
        "fetch_open_orders": [is_open],
        "fetch_closed_orders": [is_closed],
        "fetch_canceled_orders": [is_canceled],
        "fetch_orders": [is_open, is_closed, is_canceled],
    }
    for name, orders in expected.items():
        found = trader.call(name, symbol, since=since, params={})
        assert {order["id"] for order in found} == {order["id"] for order in orders}, name


# --- prices -----------------------------------------------------------------------------------------------


MINUTE = 60_000


def test_candles_begin_at_since_and_are_as_many_as_asked_for(trader: Caller) -> None:
    since = trader.exchange.milliseconds() // MINUTE * MINUTE - 30 * MINUTE
    for begin in (since, since - 1, since - MINUTE + 1):
        rows = trader.call("fetch_ohlcv", SPOT, timeframe="1m", since=begin, limit=5)
        assert [row[0] for row in rows] == [since + step * MINUTE for step in range(5)]


def test_a_since_of_nought_is_a_since(trader: Caller) -> None:
    every = trader.call("fetch_ohlcv", SPOT, timeframe="1d", since=0, limit=3)
    latest = trader.call("fetch_ohlcv", SPOT, timeframe="1d", limit=3)
    assert len(every) == len(latest) == 3
    assert every[0][0] < latest[0][0]


def test_a_window_after_the_last_candle_is_empty_and_ends_a_download(trader: Caller) -> None:
    since = trader.exchange.milliseconds() + MINUTE
    assert trader.call("fetch_ohlcv", SPOT, timeframe="1m", since=since, limit=5) == []


@pytest.mark.parametrize("price", ["mark", "index"])
def test_candles_of_mark_and_index_prices_are_asked_for_by_a_parameter(trader: Caller, price: str) -> None:
    since = trader.exchange.milliseconds() // MINUTE * MINUTE - 10 * MINUTE
    rows = trader.call("fetch_ohlcv", PERP, timeframe="1m", since=since, limit=5, params={"price": price})
    assert [row[0] for row in rows] == [since + step * MINUTE for step in range(5)]
    assert all(low <= opened <= high for _, opened, high, low, *_ in rows)


@pytest.mark.parametrize(("word", "suffix"), [("spot", "/USDC"), ("swap", ":USDC")])
def test_tickers_of_one_type_are_asked_for_by_a_parameter(trader: Caller, word: str, suffix: str) -> None:
    tickers = trader.call("fetch_tickers", None, {"type": word})
    assert {trader.exchange.market(symbol)["type"] for symbol in tickers} == {word}
    assert all(symbol.endswith(suffix) for symbol in tickers)
    assert all(ticker["last"] is not None for ticker in tickers.values())


def test_tickers_of_given_symbols_are_those_and_no_others(trader: Caller) -> None:
    assert set(trader.call("fetch_tickers", [SPOT, PERP])) == {SPOT, PERP}


def test_a_book_of_one_level_has_one_level(trader: Caller) -> None:
    book = trader.call("fetch_l2_order_book", SPOT, 1)
    assert (len(book["bids"]), len(book["asks"])) == (1, 1)
    assert book["bids"][0][0] < book["asks"][0][0]


def test_the_time_is_near_the_local_clock(trader: Caller) -> None:
    assert abs(trader.call("fetch_time") - trader.exchange.milliseconds()) < 1500


# --- the account ------------------------------------------------------------------------------------------


def test_a_balance_is_asked_for_with_empty_parameters(trader: Caller) -> None:
    balance = trader.call("fetch_balance", {})
    assert balance["USDC"]["total"] == balance["free"]["USDC"] + balance["used"]["USDC"] > 0


@pytest.mark.parametrize("symbols", [None, [PERP]])
def test_a_position_has_every_field_that_programs_read(trader: Caller, symbols: Any) -> None:
    bought(trader, PERP)
    (position,) = trader.call("fetch_positions", symbols, params={})
    assert (position["symbol"], position["side"], position["contracts"]) == (PERP, "long", 1)
    assert position["leverage"] > 0
    assert position["initialMargin"] > 0
    assert "liquidationPrice" in position


def test_a_market_without_a_position_has_none_in_the_list(trader: Caller) -> None:
    assert trader.call("fetch_positions", [PERP], params={}) == []


def test_the_leverage_is_set_by_keywords_before_every_order(trader: Caller) -> None:
    for _ in range(2):
        trader.call("set_leverage", symbol=PERP, leverage=5)
        bought(trader, PERP)
    assert trader.call("fetch_leverage", PERP)["longLeverage"] == 5


def test_the_margin_mode_is_cross_already_and_setting_it_is_no_trouble(trader: Caller) -> None:
    try:
        trader.call("set_margin_mode", "cross", PERP, {})
    except MarginModeAlreadySet:
        pytest.fail("programs pass over it, but there is no need to raise")
    assert trader.call("fetch_margin_mode", PERP)["marginMode"] == "cross"


def test_leverage_tiers_of_all_perpetuals_have_the_fields_that_programs_read(trader: Caller) -> None:
    tiers = trader.call("fetch_leverage_tiers")
    assert set(tiers) >= {PERP, "BTC/USDC:USDC"}
    for rows in tiers.values():
        assert rows[0]["minNotional"] == 0
        for row, following in itertools.pairwise(rows):
            assert row["maxNotional"] == following["minNotional"]
            assert row["maxLeverage"] > following["maxLeverage"] >= 1
        assert all(0 < row["maintenanceMarginRate"] < 1 for row in rows)


@pytest.fixture
def before_the_hour() -> Iterator[Caller]:
    """An account a few seconds before funding is paid."""
    start = DRIVEN_START + 3_595_000_000
    with RunningSandbox(clock=DrivenClock(start)) as sandbox:
        sandbox.clock = sandbox.sandbox.clock  # type: ignore[assignment]  # the driven one given above
        clock = StandingClock()
        clock.microseconds = start
        trader = Caller(is_asyncio=False, sandbox=sandbox, clock=clock)
        yield trader
        trader.close()


def test_funding_payments_since_a_time_can_be_summed(before_the_hour: Caller) -> None:
    trader = before_the_hour
    since = trader.exchange.milliseconds()
    bought(trader, PERP)
    trader.advance(10)
    payments = trader.call("fetch_funding_history", symbol=PERP, since=since)
    assert len(payments) == 1
    assert sum(payment["amount"] for payment in payments) != 0
    assert trader.call("fetch_funding_history", symbol=PERP, since=trader.exchange.milliseconds()) == []


def test_a_program_may_forbid_that_floats_become_decimals(trader: Caller) -> None:
    """Where money is counted `decimal.FloatOperation` is a usual trap."""
    with localcontext() as context:
        context.traps[FloatOperation] = True
        assert trader.call("load_markets", True)[SPOT]["precision"]["price"] == 0.01
        assert trader.call("create_order", SPOT, "limit", "buy", 1.5, 80.5)["price"] == 80.5
        calls: list[Any] = [
            ("fetch_premium_index_ohlcv", PERP, "1m", None, 3),
            ("fetch_balance",),
            ("fetch_positions",),
            ("fetch_leverage_tiers",),
            ("fetch_trading_fees",),
            ("fetch_ledger",),
        ]
        for call in calls:
            trader.call(*call)


def test_open_orders_are_listed_up_to_a_time_and_paginate_changes_nothing(trader: Caller) -> None:
    orders = []
    for _ in range(4):
        orders.append(resting(trader))
        trader.advance(1)
    ids = [order["id"] for order in orders]
    until = {"until": orders[2]["timestamp"]}
    for since, limit, params, expected in [
        (None, 2, until, ids[1:3]),
        (0, 1, until, ids[:1]),
        (None, 3, {"paginate": True}, ids[1:]),
        (None, None, {"until": 0}, []),
    ]:
        listed = trader.call("fetch_open_orders", SPOT, since, limit, params)
        assert [order["id"] for order in listed] == expected
