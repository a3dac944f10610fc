"""Candles the gateway keeps: rows of the venue, and after them what its stream says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bpx_connector.gateway.rules.candles import Series

BEGAN = 1_700_000_030.0
"""Within a candle of a minute: see RUN."""


def time_text(second: int, between: str) -> str:
    return datetime.fromtimestamp(second, UTC).strftime(f"%Y-%m-%d{between}%H:%M:%S")


def row(opened: int, close: str = "1", trades: int = 3) -> dict[str, Any]:
    return {
        "start": time_text(opened, " "),
        "end": time_text(opened + 60, " "),
        "open": "1",
        "high": "1",
        "low": "1",
        "close": close,
        "volume": "2",
        "quoteVolume": "2",
        "trades": str(trades),
    }


def event(opened: int, close: str | None, trades: int, closed: bool) -> dict[str, Any]:
    price = None if close is None else "1"
    return {
        "t": time_text(opened, "T"),
        "T": time_text(opened + 60, "T"),
        "o": price,
        "h": price,
        "l": price,
        "c": close,
        "v": None if close is None else "2",
        "n": trades,
        "X": closed,
    }


RUN = 1_700_000_040 - 60  # a whole minute: the candle that runs at BEGAN
assert RUN % 60 == 0 and RUN <= BEGAN < RUN + 60


@pytest.fixture
def series() -> Series:
    made = Series(60)
    made.begin(BEGAN)
    return made


def test_a_series_answers_nothing_before_the_venue_was_asked(series: Series) -> None:
    series.take(event(RUN, "5", 1, True))
    assert series.rows(RUN, RUN + 60) is None


def test_rows_of_the_venue_and_frames_join(series: Series) -> None:
    assert series.fill([row(RUN - 120), row(RUN - 60)], RUN - 120)
    series.take(event(RUN, "5", 4, True))
    series.take(event(RUN + 60, "6", 1, False))
    rows = series.rows(RUN - 120, RUN + 120)
    assert rows is not None
    assert [one["close"] for one in rows] == ["1", "1", "5", "6"]
    assert [one["start"] for one in rows] == [time_text(RUN + step, " ") for step in (-120, -60, 0, 60)]
    assert rows[2]["quoteVolume"] is None, "the stream does not tell it"


def test_an_answer_that_is_a_minute_old_does_not_join(series: Series) -> None:
    assert not series.fill([row(RUN - 180), row(RUN - 120)], RUN - 180)
    assert series.rows(RUN - 180, RUN) is None


def test_what_lies_before_the_first_row_is_asked_of_the_venue(series: Series) -> None:
    assert series.fill([row(RUN - 60)], RUN - 60)
    assert series.rows(RUN - 120, RUN) is None
    assert series.fill([row(RUN - 120), row(RUN - 60)], RUN - 120)
    rows = series.rows(RUN - 120, RUN)
    assert rows is not None and len(rows) == 2


def test_a_closed_candle_never_changes(series: Series) -> None:
    series.fill([row(RUN - 60)], RUN - 60)
    series.take(event(RUN, "5", 4, True))
    series.take(event(RUN, "7", 2, False))
    rows = series.rows(RUN, RUN + 60)
    assert rows is not None and rows[0]["close"] == "5"


def test_a_running_candle_never_goes_backwards(series: Series) -> None:
    series.fill([row(RUN - 60), row(RUN, "9", 10)], RUN - 60)
    series.take(event(RUN, "7", 2, False))
    rows = series.rows(RUN, RUN + 60)
    assert rows is not None and rows[0]["close"] == "9"


def test_a_period_without_trades_is_a_blank_row(series: Series) -> None:
    series.fill([row(RUN - 60)], RUN - 60)
    series.take(event(RUN, None, 0, True))
    rows = series.rows(RUN, RUN + 60)
    assert rows is not None
    assert rows[0]["open"] is None and rows[0]["volume"] == "0" and rows[0]["trades"] == "0"


def test_a_start_within_a_candle_has_that_candle_too(series: Series) -> None:
    series.fill([row(RUN - 120), row(RUN - 60)], RUN - 120)
    rows = series.rows(RUN - 90, RUN)
    assert rows is not None and len(rows) == 2, "the venue rounds the start down"


def test_after_a_loss_nothing_is_answered_until_the_venue_was_asked(series: Series) -> None:
    series.fill([row(RUN - 60)], RUN - 60)
    series.lose()
    assert series.rows(RUN - 60, RUN) is None
    assert not series.fill([row(RUN - 60)], RUN - 60), "the stream is not on"


def test_a_series_forgets_its_oldest_rows(series: Series) -> None:
    first = RUN - 60 * 6000
    series.fill([row(opened) for opened in range(first, RUN, 60)], first)
    assert series.since is not None and series.since > first
    assert series.rows(first, RUN) is None
