"""How far the clock is off, whatever stands between it and the venue's."""

from __future__ import annotations

import pytest

from bpx_connector.call.time_difference import reading_of

NEW_YEAR = 1_767_225_600_000
DATE = "Thu, 01 Jan 2026 00:00:00 GMT"
LATER = "Thu, 01 Jan 2026 00:01:00 GMT"
MUCH_LATER = "Thu, 01 Jan 2026 09:00:00 GMT"


def test_the_round_trip_is_halved() -> None:
    reading = reading_of(NEW_YEAR - 100, NEW_YEAR + 300, NEW_YEAR, None, DATE)
    assert (reading.offset, reading.doubt) == (100, 200)


def test_an_answer_out_of_a_cache_is_as_old_as_its_age() -> None:
    reading = reading_of(NEW_YEAR + 40_000, NEW_YEAR + 40_000, NEW_YEAR, "40", DATE)
    assert reading.offset == 0
    assert reading.doubt == 1000


def test_an_answer_without_an_age_is_old_if_its_date_is_later() -> None:
    reading = reading_of(NEW_YEAR + 60_500, NEW_YEAR + 60_500, NEW_YEAR, None, LATER)
    assert reading.offset == 0


@pytest.mark.parametrize("date", [None, "soon", MUCH_LATER, DATE])
def test_a_date_that_is_missing_unreadable_or_of_another_clock_says_nothing(date: str | None) -> None:
    assert reading_of(NEW_YEAR, NEW_YEAR, NEW_YEAR, None, date).offset == 0


@pytest.mark.parametrize("age", [None, "", "0", "-5", "old"])
def test_an_age_that_is_none_counts_for_nothing(age: str | None) -> None:
    assert reading_of(NEW_YEAR, NEW_YEAR, NEW_YEAR, age, None).offset == 0
