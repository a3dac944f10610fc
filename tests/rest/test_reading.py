"""Answers that are read straight into figures, and what else can come in their place."""

from __future__ import annotations

import pytest
from ccxt.base.errors import BadSymbol, ExchangeNotAvailable

import bpx_connector
from bpx_connector.parse.markets.candles import candle_rows, candles
from bpx_connector.rest.reading import decoded, read_by

CANDLE = (
    '[{"start":"2026-09-01 16:52:00","end":"","open":"1","high":"2","low":"0.5","close":"1.5",'
    '"volume":"7","quoteVolume":"9","trades":"3"}]'
)
REFUSAL = '{"code":"INVALID_CLIENT_REQUEST","message":"Invalid market symbol"}'


def test_what_is_called_meanwhile_is_read_into_rows() -> None:
    reader = candle_rows(float)
    with read_by(reader.decode):
        (row,) = decoded(CANDLE)
    assert (str(row.start), row.open, row.volume) == ("2026-09-01 16:52:00", 1.0, 7.0)
    assert (
        candles([row], float) == candles(decoded(CANDLE), float) == [[1788281520000, 1.0, 2.0, 0.5, 1.5, 7.0]]
    )


def test_afterwards_answers_are_plain_json_again() -> None:
    with pytest.raises(RuntimeError), read_by(candle_rows(float).decode):
        raise RuntimeError
    assert decoded(CANDLE)[0]["open"] == "1"


def test_a_refusal_is_plain_json_even_then() -> None:
    with read_by(candle_rows(float).decode):
        assert decoded(REFUSAL) == {"code": "INVALID_CLIENT_REQUEST", "message": "Invalid market symbol"}


def test_a_refusal_of_candles_is_the_exception_it_is_everywhere() -> None:
    exchange = bpx_connector.bpx()
    with read_by(candle_rows(float).decode):
        answer = exchange.parse_json(REFUSAL)
        with pytest.raises(BadSymbol, match="Invalid market symbol"):
            exchange.handle_errors(
                400, "", "https://api.backpack.exchange/api/v1/klines", "GET", {}, REFUSAL, answer, {}, None
            )


def test_what_is_no_json_is_no_answer_even_then() -> None:
    exchange = bpx_connector.bpx()
    with read_by(candle_rows(float).decode):
        answer = exchange.parse_json("<html>")
        assert answer is None
        with pytest.raises(ExchangeNotAvailable):
            exchange.handle_errors(
                200, "", "https://api.backpack.exchange/api/v1/klines", "GET", {}, "<html>", answer, {}, None
            )
