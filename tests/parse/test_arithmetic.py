"""Figures that are read, derived and rounded once."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Any

from ccxt.base.precise import Precise
from hypothesis import assume, given
from hypothesis import strategies as st

from bpx_connector.parse.arithmetic import CERTAIN, NEAREST, SHORT, arithmetic_in, short_quotient
from bpx_connector.parse.figures import digits, units
from tests.support.parsing import NUMBERS


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=18))
def test_units_and_figures_are_each_others_inverse(value: Decimal) -> None:
    text = format(value, "f")
    assert units(text) == int(value.scaleb(18, Context(prec=60)))
    assert arithmetic_in(Decimal).scaled(units(text)) == value
    assert arithmetic_in(float).scaled(units(text)) == float(text)


written = st.decimals(allow_nan=False, allow_infinity=False, min_value=0, max_value=10**12, places=12).map(
    lambda value: format(value.normalize(), "f")
)


signs = st.sampled_from(["", "-"])


@NUMBERS
@given(one=written, other=written, sign=signs)
def test_derived_figures_equal_ccxts_own_arithmetic_to_the_last_digit(
    number: Any, one: str, other: str, sign: str
) -> None:
    arithmetic = arithmetic_in(number)
    one, figures = sign + one, (number(sign + one), number(other))
    difference = arithmetic.difference(*figures, one, other)
    assert difference == number(Precise.string_sub(one, other))
    assert type(difference) is number
    assert arithmetic.product(*figures, one, other) == number(Precise.string_mul(one, other))
    assert arithmetic.product_of(one, other) == number(Precise.string_mul(one, other))
    average = arithmetic.average_of_filled(*figures, None, one, other, None)
    if Decimal(other):
        assert average == number(Precise.string_div(one, other))
    else:
        assert average is None


@NUMBERS
@given(one=written, other=written, exponent=st.integers(-18, 18))
def test_a_figure_with_an_exponent_is_the_same_figure(
    number: Any, one: str, other: str, exponent: int
) -> None:
    assume(Decimal(one) and Decimal(other))
    written_out = format(Decimal(one).scaleb(exponent), "f")
    short = f"{one}E{exponent}"
    assert Decimal(digits(short)[0]).scaleb(-digits(short)[1]) == Decimal(written_out)
    ways = [
        (
            arithmetic.product(number(text), number(other), text, other),
            arithmetic.difference(number(text), number(other), text, other),
            arithmetic.average(number(text), number(other), text, other),
            arithmetic.hundredfold(number(text), text),
        )
        for arithmetic in [arithmetic_in(number)]
        for text in (short, written_out)
    ]
    assert ways[0] == ways[1]


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
