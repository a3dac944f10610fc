"""Candles of every interval, and rolling tickers, against sums over the trades themselves."""

# mypy: disable-error-code="comparison-overlap"
# Decimal(2) == 2 is true, which a type checker does not believe of tuples that hold them.

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.market.candles import (
    INTERVALS,
    Rolling,
    Series,
    interval_bounds,
    ticker_of,
)
from bpx_connector.sandbox.records.times import DAY, HOUR, MINUTE, SECOND

START = 1_790_000_000_000_000
Trade = tuple[int, Decimal, Decimal]

TRADES = st.lists(
    st.tuples(st.integers(0, 5_000 * SECOND), st.integers(90, 110), st.integers(1, 9)), max_size=40
).map(
    lambda rows: sorted(
        ((START + time, Decimal(price), Decimal(size)) for time, price, size in rows), key=lambda row: row[0]
    )
)


def series_of(trades: list[Trade]) -> Series:
    series = Series()
    for time, price, size in trades:
        series.add(time, price, size, 1)
    return series


@settings(max_examples=50, deadline=None)
@given(trades=TRADES, interval=st.sampled_from([*INTERVALS, "1month"]))
def test_a_candle_is_what_its_trades_say(trades: list[Trade], interval: str) -> None:
    candles = series_of(trades).candles(interval, START - 40 * DAY, START + 40 * DAY)
    expected: dict[int, list[Trade]] = {}
    for trade in trades:
        start, _ = interval_bounds(interval, trade[0])
        expected.setdefault(start, []).append(trade)
    assert [candle.start for candle in candles] == sorted(expected)
    for candle in candles:
        inside = expected[candle.start]
        prices = [price for _, price, _ in inside]
        assert (candle.open, candle.close) == (prices[0], prices[-1])
        assert (candle.high, candle.low) == (max(prices), min(prices))
        assert candle.volume == sum(size for _, _, size in inside)
        assert candle.quote_volume == sum(price * size for _, price, size in inside)
        assert candle.trades == len(inside)
        assert (candle.start, candle.end) == interval_bounds(interval, candle.start)


def test_only_candles_that_start_in_the_span_are_given() -> None:
    series = series_of([(START + minute * MINUTE, Decimal(1), Decimal(1)) for minute in range(10)])
    first = START // MINUTE * MINUTE
    rows = series.candles("1m", first + MINUTE, first + 3 * MINUTE)
    assert [row.start for row in rows] == [first + MINUTE, first + 2 * MINUTE]
    assert [row.start for row in series.candles("1m", first + 1, first + MINUTE + 1)] == [first + MINUTE]


@pytest.mark.parametrize(
    ("interval", "start", "end"),
    [
        ("1w", "2026-09-21", "2026-09-28"),
        ("1month", "2026-09-01", "2026-10-01"),
        ("1d", "2026-09-21", "2026-09-22"),
    ],
)
def test_weeks_start_on_mondays_and_months_on_their_first(interval: str, start: str, end: str) -> None:
    days = [
        datetime.fromtimestamp(time // SECOND, UTC).date().isoformat()
        for time in interval_bounds(interval, START)
    ]
    assert days == [start, end]


def test_a_year_ends_in_december() -> None:
    december = int(datetime(2026, 12, 31, tzinfo=UTC).timestamp()) * SECOND
    _, end = interval_bounds("1month", december)
    assert datetime.fromtimestamp(end // SECOND, UTC).isoformat() == "2027-01-01T00:00:00+00:00"


def test_old_seconds_are_forgotten_and_their_minutes_stay() -> None:
    series = Series()
    for second in range(2 * choices.SECONDS_KEPT):
        series.add(START + second * SECOND, Decimal(1), Decimal(1), 1)
    seconds = series.candles("1s", START, START + DAY)
    assert choices.SECONDS_KEPT <= len(seconds) <= choices.SECONDS_KEPT * 11 // 10
    assert sum(minute.trades for minute in series.candles("1m", START - MINUTE, START + DAY)) == (
        2 * choices.SECONDS_KEPT
    )


@settings(max_examples=50, deadline=None)
@given(trades=TRADES, window=st.sampled_from([10 * MINUTE, HOUR, DAY]))
def test_a_rolling_ticker_is_what_the_minutes_in_its_window_say(trades: list[Trade], window: int) -> None:
    series, rolling = Series(), Rolling(window)
    for time, price, size in trades:
        rolling.add(series.add(time, price, size, 1), price, size)
        minutes = series.candles("1m", time - window - MINUTE + 1, time + 1)
        inside = [minute for minute in minutes if minute.end > time - window]
        assert rolling.ticker("X", time) == ticker_of("X", inside)


def test_a_window_without_trades_has_no_ticker() -> None:
    series, rolling = Series(), Rolling()
    assert rolling.ticker("X", START) is None
    rolling.add(series.add(START, Decimal(4), Decimal(1), 1), Decimal(4), Decimal(1))
    ticker = rolling.ticker("X", START + HOUR)
    assert ticker is not None
    assert (ticker.price_change, ticker.price_change_percent) == (0, 0)
    assert rolling.ticker("X", START + DAY + MINUTE) is None
