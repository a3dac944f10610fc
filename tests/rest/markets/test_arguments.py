"""Arguments that cannot be right are never sent."""

from __future__ import annotations

from typing import Any

import pytest
from ccxt.base.errors import ArgumentsRequired, BadRequest, BadSymbol

from tests.support.made_up import PERPETUAL, SPOT, Offline


@pytest.mark.parametrize(
    ("error", "sentence", "call", "arguments"),
    [
        (BadSymbol, "does not have market symbol XYZ", "fetch_ticker", ("XYZ",)),
        (BadSymbol, "does not have market symbol XYZ", "fetch_tickers", (["XYZ"],)),
        (BadRequest, "such as ['SOL/USDC']", "fetch_tickers", (SPOT,)),
        (BadRequest, "one of spot, swap", "fetch_tickers", (None, {"type": "margin"})),
        (BadRequest, "SOL/USDC is a spot market", "fetch_tickers", ([SPOT], {"type": "swap"})),
        (BadSymbol, "does not have market symbol XYZ", "fetch_last_prices", (["XYZ"],)),
        (BadRequest, "takes one type of markets", "fetch_mark_prices", ([SPOT, PERPETUAL],)),
        (BadSymbol, "does not have market symbol XYZ", "fetch_order_book", ("XYZ",)),
        (BadRequest, "from 1 on, or None, not 0", "fetch_order_book", (SPOT, 0)),
        (BadRequest, "not -5", "fetch_order_book", (SPOT, -5)),
        (BadRequest, "not 2.5", "fetch_order_book", (SPOT, 2.5)),
        (BadRequest, "not 'ten'", "fetch_order_book", (SPOT, "ten")),
        (BadRequest, "not True", "fetch_order_book", (SPOT, True)),
        (BadRequest, "timeframe has to be one of 1s, 1m", "fetch_ohlcv", (SPOT, "7m")),
        (
            BadRequest,
            "price has to be one of mark",
            "fetch_ohlcv",
            (SPOT, "1m", None, None, {"price": "fair"}),
        ),
        (BadRequest, "since has to be milliseconds", "fetch_ohlcv", (SPOT, "1m", "2026-01-01")),
        (BadRequest, "since has to be milliseconds", "fetch_ohlcv", (SPOT, "1m", -1)),
        (BadRequest, "until has to be at or after since", "fetch_ohlcv", (SPOT, "1m", 9, None, {"until": 8})),
        (BadRequest, "limit has to be a whole number", "fetch_ohlcv", (SPOT, "1m", None, 0)),
        (BadRequest, "since has to be milliseconds", "fetch_trades", (SPOT, float("nan"))),
        (BadRequest, "limit has to be a whole number", "fetch_trades", (SPOT, None, -1)),
        (BadSymbol, "takes perpetuals such as", "fetch_funding_rate", (SPOT,)),
        (BadSymbol, "takes perpetuals such as", "fetch_funding_interval", (SPOT,)),
        (BadSymbol, "takes perpetuals such as", "fetch_funding_rate_history", (SPOT,)),
        (ArgumentsRequired, "needs a symbol", "fetch_funding_rate_history", ()),
        (BadRequest, "takes swap markets", "fetch_funding_rates", ([SPOT],)),
        (BadRequest, "takes swap markets", "fetch_funding_intervals", ([SPOT],)),
        (BadSymbol, "takes derivatives", "fetch_open_interest", (SPOT,)),
        (BadSymbol, "does not have market symbol XYZ", "fetch_open_interests", (["XYZ"],)),
    ],
)
def test_an_argument_that_cannot_be_right_is_never_sent(
    offline: Offline, error: type[Exception], sentence: str, call: str, arguments: tuple[Any, ...]
) -> None:
    exchange = offline()  # an attempt to send anything is an AssertionError
    with pytest.raises(error) as refusal:
        getattr(exchange, call)(*arguments)
    assert sentence in str(refusal.value)
