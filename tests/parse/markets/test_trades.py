"""Public trades."""

from __future__ import annotations

from inspect import signature
from typing import Any

from ccxt.test.exchange.base.test_trade import test_trade as check_trade
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.parse.markets.trades import public_trades
from bpx_connector.parse.numbers import EARLIEST, LATEST, iso8601
from tests.support.parsing import NOW, NUMBERS, Offline, Sample


def test_a_public_trade_has_every_field(sample: Sample) -> None:
    payload = sample("get_api_v1_trades")
    assert public_trades(payload, "SOL/USDC", float)[-1] == {
        "info": payload[0],
        "id": "381731418",
        "timestamp": 1788285123140,
        "datetime": "2026-09-01T17:52:03.140Z",
        "symbol": "SOL/USDC",
        "order": None,
        "type": None,
        "side": "buy",
        "takerOrMaker": "taker",
        "price": 100.67,
        "amount": 0.22,
        "cost": 22.1474,
        "fee": {"cost": None, "currency": None},
        "fees": [],
    }


def test_trades_come_oldest_first_and_in_their_own_order_within_a_millisecond(sample: Sample) -> None:
    trades = public_trades(sample("get_api_v1_trades"), "SOL/USDC", float)
    assert [one["id"] for one in trades] == [str(identity) for identity in range(381731409, 381731419)]


@given(st.lists(st.integers(EARLIEST, EARLIEST + 3000) | st.integers(EARLIEST, LATEST - 1), max_size=9))
def test_trades_have_the_datetime_of_their_time(times: list[int]) -> None:
    rows = [{"price": "1", "quantity": "2", "timestamp": time, "isBuyerMaker": True} for time in times]
    trades = public_trades(rows, "X/Y", float)
    assert [(one["timestamp"], one["datetime"]) for one in trades] == [
        (time, iso8601(time)) for time in sorted(times)
    ]


def test_a_trade_without_time_has_none() -> None:
    (trade,) = public_trades([{"price": "1", "quantity": "2", "timestamp": None}], "X/Y", float)
    assert (trade["timestamp"], trade["datetime"], trade["side"]) == (None, None, None)


@NUMBERS
def test_a_trade_without_id_and_cost_has_an_exact_cost(number: Any) -> None:
    payload = {"price": "0.1", "quantity": "0.7", "timestamp": 1, "isBuyerMaker": True}
    (trade,) = public_trades([payload], "X/Y", number)
    assert (trade["id"], trade["side"], trade["cost"]) == (None, "sell", number("0.07"))
    assert type(trade["price"]) is number


def test_ccxts_parsers_of_trades_know_public_ones(offline: Offline, sample: Sample) -> None:
    exchange = offline()
    market = exchange.market("SOL/USDC")
    parsed = exchange.parse_trades(sample("get_api_v1_trades"), market)
    assert parsed == public_trades(sample("get_api_v1_trades"), "SOL/USDC", float)
    for one in parsed:
        arguments: tuple[Any, ...] = (exchange, {}, "fetchTrades", one, "SOL/USDC", NOW, True)
        check_trade(*arguments[: len(signature(check_trade).parameters)])  # ccxt 4.5.76 takes one fewer
