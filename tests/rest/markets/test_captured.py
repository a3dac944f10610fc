"""Captured answers go through the unified methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bpx_connector.parse.markets.books import order_book
from bpx_connector.parse.markets.candles import candles
from bpx_connector.parse.markets.trades import public_trades
from tests.support.made_up import PERPETUAL, SPOT, made_up

CAPTURED_AT = 1_788_285_151_000
CAPTURED: list[tuple[str, tuple[Any, ...], str, Callable[[Any, Any], Any]]] = [
    ("fetch_status", (), "get_api_v1_status", lambda ours, rows: ours.parse_status(rows)),
    ("fetch_time", (), "get_api_v1_time", lambda ours, rows: 1788285151083),
    ("fetch_ticker", (SPOT,), "get_api_v1_ticker.SOL_USDC", lambda ours, rows: ours.parse_ticker(rows)),
    ("fetch_tickers", (), "get_api_v1_tickers", lambda ours, rows: ours.parse_tickers(rows)),
    (
        "fetch_last_prices",
        (["PAXG/USDC:USDC"],),
        "get_api_v1_tickers",
        lambda ours, rows: {"PAXG/USDC:USDC": ours.parse_last_price(rows[0])},
    ),
    (
        "fetch_order_book",
        (SPOT,),
        "rest/get_api_v1_depth",
        lambda ours, rows: order_book(rows, SPOT, ours.number),
    ),
    ("fetch_trades", (SPOT,), "get_api_v1_trades", lambda ours, rows: public_trades(rows, SPOT, ours.number)),
    ("fetch_ohlcv", (SPOT,), "get_api_v1_klines", lambda ours, rows: candles(rows, ours.number)),
    (
        "fetch_mark_price",
        (PERPETUAL,),
        "get_api_v1_markPrices",
        lambda ours, rows: ours.parse_mark_price(rows[2]),
    ),
    (
        "fetch_funding_rate",
        (PERPETUAL,),
        "get_api_v1_markPrices",
        lambda ours, rows: ours.parse_funding_rate(rows[2]),
    ),
    (
        "fetch_open_interest",
        (PERPETUAL,),
        "rest/get_api_v1_openInterest",
        lambda ours, rows: ours.parse_open_interest(rows[0]),
    ),
]
"""Unified calls, the captured answer to each, and the parser whose every field is asserted in tests/parse."""


@pytest.mark.parametrize("number", [float, str])
@pytest.mark.parametrize(
    ("call", "arguments", "name", "parsed"), CAPTURED, ids=[call for call, *_ in CAPTURED]
)
def test_a_captured_answer_goes_through_the_unified_method(
    sample: Any,
    number: Any,
    call: str,
    arguments: tuple[Any, ...],
    name: str,
    parsed: Callable[[Any, Any], Any],
) -> None:
    exchange = made_up(lambda *_: sample(name), CAPTURED_AT)
    exchange.number = number
    assert getattr(exchange, call)(*arguments) == parsed(exchange, sample(name))
