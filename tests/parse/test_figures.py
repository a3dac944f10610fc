"""Figures that are read, derived and rounded once."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Any

from ccxt.base.precise import Precise
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.parse.figures import (
    CERTAIN,
    NEAREST,
    SHORT,
    cut_quotient,
    exact_difference,
    exact_product,
    figure,
    rows_of,
    short_quotient,
    units,
)
from tests.support.parsing import NUMBERS


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=18))
def test_units_and_figures_are_each_others_inverse(value: Decimal) -> None:
    text = format(value, "f")
    assert units(text) == int(value.scaleb(18, Context(prec=60)))
    assert figure(Decimal, units(text)) == value
    assert figure(float, units(text)) == float(text)


written = st.decimals(allow_nan=False, allow_infinity=False, min_value=0, max_value=10**12, places=12).map(
    lambda value: format(value.normalize(), "f")
)


signs = st.sampled_from(["", "-"])


@NUMBERS
@given(one=written, other=written, sign=signs)
def test_derived_figures_equal_ccxts_own_arithmetic_to_the_last_digit(
    number: Any, one: str, other: str, sign: str
) -> None:
    difference, quotient = (
        exact_difference(sign + one, other, number),
        cut_quotient(sign + one, other, number),
    )
    assert difference == number(Precise.string_sub(sign + one, other))
    assert type(difference) is number
    if Decimal(other):
        assert quotient == number(Precise.string_div(sign + one, other))
    else:
        assert quotient is None
    assert exact_product(sign + one, other) == float(Precise.string_mul(sign + one, other))


@given(whole=st.integers(1, 10**15 - 1), places=st.integers(0, 9))
def test_a_short_figure_is_read_off_its_float_as_it_was_written(whole: int, places: int) -> None:
    text = format(Decimal(whole).scaleb(-places), "f")
    read = float(text) * 10.0**places + NEAREST - NEAREST
    assert (read, read / 10.0**places) == (whole, float(text))
    assert len(text) <= SHORT
    assert read < CERTAIN


@given(value=st.floats(0, 2**30) | st.floats(0, 2**30, width=32), places=st.integers(0, 9))
def test_a_float_that_stands_for_something_finer_is_not_taken_for_a_whole_number(
    value: float, places: int
) -> None:
    read = value * 10.0**places + NEAREST - NEAREST
    if read < CERTAIN and read / 10.0**places == value:
        assert float(format(Decimal(int(read)).scaleb(-places), "f")) == value


wholes = st.integers(1, 15).flatmap(lambda digits: st.integers(1, 10**digits - 1))


@given(one=wholes, other=wholes)
def test_a_quotient_of_whole_numbers_equals_ccxts_own_arithmetic_to_the_last_digit(
    one: int, other: int
) -> None:
    assert short_quotient(float(one), float(other)) == float(Precise.string_div(str(one), str(other)))


@given(numerator=st.integers(2**52, 2**53 - 1), other=wholes, more=st.integers(-2, 2))
def test_a_quotient_next_to_the_middle_of_two_floats_is_rounded_as_ccxt_rounds_it(
    numerator: int, other: int, more: int
) -> None:
    one = (2 * numerator + 1) * other // 2**53 + more  # one / other is about the middle after a float
    if 0 < one < CERTAIN:
        assert short_quotient(float(one), float(other)) == float(Precise.string_div(str(one), str(other)))


@NUMBERS
def test_words_in_the_place_of_a_figure_are_no_figure(number: Any) -> None:
    rows = [{"price": "", "size": "1"}, {"price": "N/A", "size": "2"}, {"price": "3", "size": None}]
    read = rows_of("Read", ("price", "size"), (), number).of(rows)
    assert [row.size for row in read] == [number("1"), number("2"), None]
    if number is not str:  # whose figures are the venue's text
        assert [row.price for row in read] == [None, None, number("3")]
