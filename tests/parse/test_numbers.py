"""Exact arithmetic and exact times, held against ccxt's own."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from ccxt.base.exchange import Exchange
from ccxt.base.precise import Precise
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.parse.numbers import (
    difference,
    iso8601,
    milliseconds_at,
    milliseconds_of,
    number_or_none,
    plain,
    product,
    quotient,
    total,
)

figures = st.decimals(
    min_value=-(10**12), max_value=10**12, allow_nan=False, allow_infinity=False, places=12
).map(plain)


@given(figures, figures)
def test_a_product_equals_ccxts_to_the_last_digit(one: str, other: str) -> None:
    assert product(one, other) == Precise.string_mul(one, other)


@given(figures, figures)
def test_sums_and_differences_equal_ccxts_to_the_last_digit(one: str, other: str) -> None:
    assert total(one, other) == Precise.string_add(one, other)
    assert difference(one, other) == Precise.string_sub(one, other)


@given(figures, figures.filter(lambda figure: figure != "0"))
def test_a_quotient_equals_ccxts_to_the_last_digit(one: str, other: str) -> None:
    assert Decimal(quotient(one, other) or "nan") == Decimal(Precise.string_div(one, other))


def test_what_is_unknown_stays_unknown() -> None:
    assert product(None, "1") is None
    assert total("1", None) is None
    assert difference(None, None) is None
    assert quotient("1", None) is None
    assert number_or_none(float, None) is None
    assert number_or_none(float, "") is None


def test_nothing_is_divided_by_zero() -> None:
    assert quotient("1", "0") is None


def test_a_figure_of_28_digits_loses_none_in_a_product() -> None:
    assert product("3826.8888888888888888888888889", "3") == "11480.6666666666666666666666667"


@pytest.mark.parametrize(
    ("value", "text"),
    [("1E+3", "1000"), ("0.10", "0.1"), ("-0", "0"), ("0E-9", "0"), ("1.5", "1.5"), ("100", "100")],
)
def test_plain_text_has_no_exponent_and_no_idle_zeros(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("2026-09-01T17:54:04.094", 1788285244094),
        ("2026-09-01 16:52:00", 1788281520000),
        ("2025-01-21T06:34:54.691858", 1737441294691),
        ("2026-09-13T23:00:00", 1789340400000),
        ("2026-09-13T23:00:00.5", 1789340400500),
    ],
)
def test_the_venues_zoneless_times_are_utc(text: str, milliseconds: int) -> None:
    assert milliseconds_of(text) == milliseconds


@given(st.datetimes(datetime.fromisoformat("2010-01-01"), datetime.fromisoformat("2037-12-31")))
def test_a_moment_read_in_c_is_the_moment_of_its_text_zone_or_not(moment: datetime) -> None:
    assert milliseconds_at(moment) == milliseconds_at(moment.replace(tzinfo=UTC))
    assert milliseconds_at(moment) == milliseconds_of(moment.isoformat())


def test_no_time_is_none() -> None:
    assert milliseconds_of(None) is None
    assert iso8601(None) is None


@given(st.integers(min_value=0, max_value=4_102_444_800_000))
def test_datetimes_are_written_as_ccxt_writes_them(milliseconds: int) -> None:
    assert iso8601(milliseconds) == Exchange.iso8601(milliseconds)
