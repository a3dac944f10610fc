"""Candles."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ccxt.test.exchange.base.test_ohlcv import test_ohlcv as check_candle
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.parse.markets.candles import candle_rows, candles, opened_at, opened_each
from tests.support.parsing import NOW, NUMBERS, Offline, Sample


def test_a_candle_has_every_field_and_is_dated_by_its_open(sample: Sample) -> None:
    assert candles(sample("get_api_v1_klines"), float)[0] == [
        1788281520000,
        101.05,
        101.05,
        101.02,
        101.02,
        0.44,
    ]


@NUMBERS
def test_a_candles_figures_are_of_the_callers_type(offline: Offline, sample: Sample, number: Any) -> None:
    exchange = offline({"number": number})
    payload = sample("get_api_v1_klines")
    found = candles(payload, number)
    assert found == [exchange.parse_ohlcv(one) for one in payload]
    assert found[0][1] == number("101.05")
    assert {type(value) for value in found[0][1:]} == {number}
    if number is not Decimal:  # which ccxt's own test cannot write down
        check_candle(exchange, {}, "fetchOHLCV", found[0], "SOL/USDC", NOW)


def test_a_period_without_trades_has_no_candle(offline: Offline, sample: Sample) -> None:
    payload = sample("get_api_v1_klines")
    empty = {**payload[0], **dict.fromkeys(("open", "high", "low", "close")), "volume": "0", "trades": "0"}
    without_keys = {name: empty[name] for name in ("start", "end", "volume", "trades")}
    assert candles([empty, payload[1], without_keys], float) == candles([payload[1]], float)
    assert offline().parse_ohlcv(empty) == [1788281520000, None, None, None, None, 0.0]


seconds = st.datetimes(min_value=datetime.fromisoformat("1970-01-01")).map(
    lambda time: time.replace(microsecond=0)
)


@given(seconds)
def test_an_open_time_is_read_to_the_second(time: Any) -> None:
    assert (
        opened_at(candle_rows(float).of([{"start": str(time)}])[0])
        == int(time.replace(tzinfo=UTC).timestamp()) * 1000
    )


@given(st.lists(st.integers(0, 9) | st.integers(0, 60 * 24 * 365 * 80), max_size=12))
def test_candles_are_dated_by_their_opens_at_whatever_distance(minutes: list[int]) -> None:
    starts = [datetime.fromtimestamp(minute * 60, UTC).replace(tzinfo=None) for minute in minutes]
    rows = candle_rows(float).of([{"start": str(start)} for start in starts])
    assert opened_each(rows) == list(map(opened_at, rows)) == [minute * 60_000 for minute in minutes]
