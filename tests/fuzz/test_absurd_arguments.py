"""A sample of absurd arguments for every method; all of them are tried by `make fuzz`."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest
from ccxt.base.errors import ArgumentsRequired, BadRequest, BadSymbol, ExchangeError, InvalidOrder

from bpx_connector.call.signer import checked_window
from tests.fuzz.absurd_arguments import swept_arguments, swept_on_asyncio, swept_watches
from tests.fuzz.calls import CALLS, WATCHES, Asked, name_of
from tests.fuzz.spoilt_answers import Report
from tests.fuzz.venue import answered_exchange, answered_on_asyncio

SHARE, SHARE_ON_ASYNCIO = 0.03, 0.01
"""How many of the absurd calls are made here."""


@pytest.mark.parametrize("asked", CALLS, ids=name_of)
def test_absurd_arguments_are_refused_in_a_sentence_before_anything_is_sent(asked: Asked) -> None:
    report, dice = Report(), random.Random(name_of(asked))
    swept_arguments(asked, report, lambda: dice.random() < SHARE)
    assert report.faults == []


@pytest.mark.parametrize("asked", CALLS, ids=name_of)
def test_absurd_arguments_are_refused_on_asyncio_as_well(asked: Asked) -> None:
    report, dice = Report(), random.Random(f"{name_of(asked)} on asyncio")
    swept_on_asyncio(asked, report, lambda: dice.random() < SHARE_ON_ASYNCIO)
    assert report.faults == []


@pytest.mark.parametrize("asked", WATCHES, ids=name_of)
def test_what_a_stream_is_absurdly_asked_for_is_refused_before_anything_is_sent(asked: Asked) -> None:
    report, dice = Report(), random.Random(name_of(asked))
    swept_watches(asked, report, lambda: dice.random() < SHARE)
    assert report.faults == []


NO_LIST: Any = 5
ARRAY_OF_NO_DIMENSIONS = type(
    "array", (), {"ndim": 0, "__iter__": lambda self: iter(NO_LIST), "__repr__": lambda self: "array(5)"}
)()
"""What numpy makes of one number: it can be gone through until one tries."""


@pytest.mark.parametrize("symbols", [5, True, float("nan"), len, ARRAY_OF_NO_DIMENSIONS, "SOL/USDC", b"x"])
@pytest.mark.parametrize("method", ["watch_tickers", "un_watch_tickers", "watch_trades_for_symbols"])
async def test_symbols_that_are_no_list_are_refused_in_a_sentence(method: str, symbols: Any) -> None:
    exchange = answered_on_asyncio()
    with exchange.use_source(exchange), pytest.raises(BadRequest, match="symbols have to be a list such as"):
        await getattr(exchange, method)(symbols)
    with pytest.raises(BadRequest, match="symbols has to be a list"):
        await exchange.fetch_tickers(symbols)
    assert not exchange.sent
    await exchange.close()


@pytest.mark.parametrize("params", [5, "x", [], ARRAY_OF_NO_DIMENSIONS])
async def test_params_of_a_stream_are_a_dict_or_nothing(params: Any) -> None:
    exchange = answered_on_asyncio()
    with exchange.use_source(exchange):
        for asked in WATCHES:
            with pytest.raises(BadRequest, match="params has to be a dict"):
                await getattr(exchange, asked.name)(*asked.args, params=params)
    assert not exchange.sent
    await exchange.close()


async def test_a_request_for_quotes_needs_a_symbol() -> None:
    exchange = answered_exchange()
    for call in (
        lambda: exchange.create_rfq("", "buy", 1.5),
        lambda: exchange.fetch_stock_indicative_quote("", "buy", 1.5),
    ):
        with pytest.raises(ArgumentsRequired, match="symbol"):
            call()
    assert not exchange.asked


@pytest.mark.parametrize("price_type", [{}, [], bytearray(b"1")])
def test_a_stop_loss_is_triggered_by_a_price_that_has_a_name(price_type: Any) -> None:
    exchange = answered_exchange()
    stop = {"triggerPrice": 80, "priceType": price_type}
    with pytest.raises(InvalidOrder, match="is none of"):
        exchange.create_order("SOL/USDC", "limit", "buy", 1, 90, {"stopLoss": stop})
    assert not exchange.asked


@pytest.mark.parametrize("params", [5, "x", [1]])
def test_the_params_of_one_of_several_edits_are_a_dict(params: Any) -> None:
    exchange = answered_exchange()
    edit = {"id": "77", "symbol": "SOL/USDC", "type": "limit", "side": "buy", "amount": 1, "price": 90}
    with pytest.raises(BadRequest, match=r"orders\[1\] params has to be a dict"):
        exchange.edit_orders([edit, {**edit, "params": params}])
    assert not exchange.asked


@pytest.mark.parametrize("symbol", [-1, 1.5, True, b"SOL/USDC", ["SOL/USDC"], {"SOL/USDC"}, Decimal("NaN")])
def test_a_symbol_that_is_no_text_is_a_bad_symbol(symbol: Any) -> None:
    with pytest.raises(BadSymbol, match="symbol has to be a symbol such as"):
        answered_exchange().fetch_ticker(symbol)


@pytest.mark.parametrize(
    "params", [{1: 2}, {"clientOrderId": "\ud800"}, {"x": [{"y": "\udfff"}]}, {"\ud800": 1}]
)
def test_params_that_could_not_be_written_are_refused(params: Any) -> None:
    exchange = answered_exchange()
    with pytest.raises(BadRequest, match="cannot be used"):
        exchange.create_order("SOL/USDC", "limit", "buy", 1, 90, params)
    assert not exchange.asked


@pytest.mark.parametrize(
    "window",
    [
        *("1_000", " 1 ", "١٢", "", "1e3", b"5000", True, None, 0, -1, 60_001, 10**400, [5000], {}),
        *(float("inf"), float("nan"), Decimal("NaN"), Decimal("sNaN"), Decimal("1E+999999999")),
    ],
)
def test_a_window_is_a_number_of_milliseconds_the_venue_allows(window: Any) -> None:
    with pytest.raises(BadRequest, match="allowed are 1 to 60000"):
        checked_window(window)


@pytest.mark.parametrize("window", [5000, "5000", 5000.7, Decimal(5000)])
def test_a_window_may_be_written_as_any_number(window: Any) -> None:
    assert checked_window(window) == 5000


@pytest.mark.parametrize(
    "amount", [" 1 ", "1_000", "١٢", "²", "NaN", "inf", "1e400", b"1", [1], {}, True, None]
)
def test_what_is_no_amount_is_refused(amount: Any) -> None:
    exchange = answered_exchange()
    with pytest.raises(ExchangeError):
        exchange.create_order("SOL/USDC", "limit", "buy", amount, 90)
    assert not exchange.asked


@pytest.mark.parametrize("params", [5, "x", [1]])
@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("create_stop_order", ("SOL/USDC", "limit", "buy", 1, 90, 80)),
        ("create_stop_loss_order", ("SOL/USDC", "limit", "sell", 1, 90, 80)),
        ("create_take_profit_order", ("SOL/USDC", "limit", "sell", 1, 90, 110)),
        ("create_post_only_order", ("SOL/USDC", "limit", "buy", 1, 90)),
        ("cancel_order_with_client_order_id", ("7", "SOL/USDC")),
        ("fetch_order_with_client_order_id", ("7", "SOL/USDC")),
    ],
)
def test_ccxts_short_ways_say_what_their_params_have_to_be(name: str, args: Any, params: Any) -> None:
    exchange = answered_exchange()
    with pytest.raises(BadRequest, match="params has to be a dict"):
        getattr(exchange, name)(*args, params=params)
    with pytest.raises(BadRequest, match="params has to be a dict"):
        getattr(exchange, name)(*args, params)
    assert not exchange.asked


def test_a_subclass_of_a_users_own_gets_ccxts_short_ways_once() -> None:
    kind: Any = type(answered_exchange())
    mine: Any = type("Mine", (kind,), {})
    assert mine.create_stop_order is kind.create_stop_order
