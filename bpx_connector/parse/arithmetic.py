"""The few figures that have to be derived, in the caller's kind of number: exact, and rounded once.

There are two ways to one result. `ExactArithmetic` works on the venue's decimal texts, as whole numbers, and
serves every kind of number. `FloatArithmetic` knows that the caller wants floats, and where texts are short
enough works on the floats themselves: that these give the exact result, rounded once, is proven beside each
step and tried against the exact way by a property test.

Quotients are cut off at 18 decimals, which is where ccxt's own arithmetic cuts off.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from math import floor
from operator import itemgetter
from typing import Any, Protocol

from bpx_connector.parse.figures import PLACES, POWERS, UNIT, digits, units
from bpx_connector.parse.numbers import EXACT, Figure, Number, plain

__all__ = [
    "CERTAIN",
    "NEAREST",
    "SHORT",
    "SHORT_PAIR",
    "Arithmetic",
    "ExactArithmetic",
    "FloatArithmetic",
    "arithmetic_in",
    "nearest_short",
    "short_quotient",
]


class Arithmetic(Protocol):
    """What is derived from figures of the venue: each is given as the caller's number and as its text."""

    def product(self, one: Any, other: Any, one_text: str, other_text: str) -> Figure:
        """one x other."""

    def product_of(self, one: str, other: str) -> Figure:
        """one x other, of texts alone."""

    def difference(self, one: Any, other: Any, one_text: str, other_text: str) -> Figure:
        """one - other."""

    def average(self, cost: Any, amount: Any, cost_text: str, amount_text: str) -> Figure | None:
        """cost / amount; None if there is nothing to divide by, or the result is nothing."""

    def average_of_filled(
        self, cost: Any, filled: Any, price: Any, cost_text: str, filled_text: str, price_text: str | None
    ) -> Figure | None:
        """cost / filled, which is the price where an order has rested."""

    def middle(self, one: Any, other: Any, one_text: str, other_text: str, tick: object) -> Figure | None:
        """Half of one and other together, cut off at the decimals of a tick; None if it cannot be told."""

    def hundredfold(self, fraction: Any, text: str) -> Figure:
        """A hundred times a fraction."""

    def scaled(self, amount: int, places: int = PLACES) -> Figure:
        """That many 10^-places."""

    @property
    def by_first(self) -> Callable[[Any], Any]:
        """What sorts rows by their first figure."""


# --- exactly -----------------------------------------------------------------------------------------------


class ExactArithmetic:
    """Everything by whole numbers, written out for the caller's kind of number."""

    def __init__(self, number: Number) -> None:
        self._number = number
        self.by_first: Callable[[Any], Any] = _first_in_text if number is str else itemgetter(0)

    def product(self, one: Any, other: Any, one_text: str, other_text: str) -> Figure:
        """one x other."""
        return self.product_of(one_text, other_text)

    def product_of(self, one: str, other: str) -> Figure:
        """one x other, of texts alone."""
        (amount, places), (other_amount, other_places) = digits(one), digits(other)
        return self.scaled(amount * other_amount, places + other_places)

    def difference(self, one: Any, other: Any, one_text: str, other_text: str) -> Figure:
        """one - other."""
        (amount, places), (other_amount, other_places) = digits(one_text), digits(other_text)
        left = amount * POWERS[other_places] - other_amount * POWERS[places]
        return self.scaled(left, places + other_places)

    def average(self, cost: Any, amount: Any, cost_text: str, amount_text: str) -> Figure | None:
        """cost / amount, cut off at 18 decimals; None if there is nothing to divide by or it is nothing."""
        quotient = _cut_quotient(cost_text, amount_text)
        return self.scaled(quotient) if quotient else None

    def average_of_filled(
        self, cost: Any, filled: Any, price: Any, cost_text: str, filled_text: str, price_text: str | None
    ) -> Figure | None:
        """cost / filled."""
        quotient = _cut_quotient(cost_text, filled_text)
        return None if quotient is None else self.scaled(quotient)

    def middle(self, one: Any, other: Any, one_text: str, other_text: str, tick: object) -> Figure | None:
        """Half of one and other together, cut off at the decimals of a tick; None if one is nothing."""
        exact_one, exact_other = units(one_text), units(other_text)
        if not exact_one or not exact_other:
            return None
        step = POWERS[PLACES - min(_places(tick), PLACES)]
        return self.scaled((exact_one + exact_other) // 2 // step * step)

    def hundredfold(self, fraction: Any, text: str) -> Figure:
        """A hundred times a fraction."""
        amount, places = digits(text)
        return self.scaled(amount * 100, places)

    def scaled(self, amount: int, places: int = PLACES) -> Figure:
        """That many 10^-places, rounded once."""
        return self._number(plain(EXACT.scaleb(Decimal(amount), -places)))


def _first_in_text(row: Any) -> float:
    return float(row[0])


def _cut_quotient(one: str, other: str) -> int | None:
    """one / other in units of 10^-18, cut off; None if there is nothing to divide by.

    `other` is an amount, which is never negative.
    """
    (amount, places), (divisor, divisor_places) = digits(one), digits(other)
    if not divisor:
        return None
    shift = PLACES + divisor_places - places
    if shift >= 0:
        amount *= POWERS[shift]
    else:
        divisor *= POWERS[-shift]
    return amount // divisor if amount >= 0 else -(-amount // divisor)


@lru_cache(maxsize=4096)
def _places(tick: object) -> int:
    """The decimals of a tick; of a tick that is not known, as many as there can be."""
    if tick is None:
        return PLACES
    _, _, exponent = EXACT.normalize(Decimal(str(tick))).as_tuple()
    return max(0, -int(exponent))


# --- in floats, where that is exact ------------------------------------------------------------------------

CERTAIN = 1e15
SHORT = len("1234567890.12345")
"""Text no longer than this has up to 15 digits, and of those no two figures are the same float. So a whole
number below CERTAIN which, divided by a power of ten, is that float is what was written, with an exponent or
without: it is read off the float in half the time of reading the text once more."""

SHORT_PAIR = 15
"""Two texts of up to so many characters together have a product of up to 15 digits."""

NEAREST = 1.5 * 2.0**52
"""Added to a float below 2^51 and taken off again it leaves the nearest whole number, in a fifth of the time
that `round` takes."""

MILLION = 1e6
FEW = len("0.12345678")
"""Prices of so few characters have up to eight decimals, and half the sum of two is a multiple of 5e-9."""

HALF_A_STEP = 2.5e-9
"""Half of that, and ten times what floats are off by below a million. Added to what they give before it is
cut off, at eight decimals or fewer, it leaves what cutting off the exact half leaves."""

FINEST = 1e8
"""How many of the last of eight decimals make one."""

DECADES = [10.0**power for power in range(2, 16)]
PER_ONE = [10.0 ** (15 - power) for power in range(2, 17)]


def nearest_short(value: float, size: float) -> float:
    """The exact product or difference, rounded once, of two figures whose floats gave this value.

    Their texts have up to SHORT_PAIR characters together. `size` is the product, or the sum of the two. Below
    10^k it leaves up to 15 - k decimals, or there would be more digits than characters (and no more than 13):
    what is exact is a whole number of 10^(k - 15), and less than 10^15 of these. The value, counted in these,
    was rounded up to four times by one part in 2^53, which is 0.45 of 10^15. So the whole number nearest to
    it is the exact one.
    """
    per_one = PER_ONE[bisect(DECADES, abs(size))]
    return (value * per_one + NEAREST - NEAREST) / per_one


def short_quotient(one: float, other: float) -> float:
    """one / other, cut off at 18 decimals, of two whole numbers from 1 up to CERTAIN.

    To cut changes how a quotient is rounded only where it lies by less than 10^-18 above the middle between
    two floats. From 1 on these are multiples of 2^-53, and `%`, which is exact, tells the distance.
    """
    if one >= other and one * 2.0**53 % other > other * (2.0**53 * 1.01e-18):
        return one / other
    return int(one) * UNIT // int(other) / UNIT


class FloatArithmetic(ExactArithmetic):
    """The same figures as floats; where the texts are short, without reading them once more.

    Where decimals are counted by characters a text with an exponent is not taken for short: "1E-7" has more
    of them. That is asked on the spot: calls of functions for it took a tenth of parsing tickers.
    """

    def __init__(self) -> None:
        super().__init__(float)

    def product(self, one: float, other: float, one_text: str, other_text: str) -> float:
        """one x other."""
        texts = one_text + other_text
        if len(texts) <= SHORT_PAIR and "e" not in texts and "E" not in texts:
            product = one * other
            return nearest_short(product, product)
        return self.product_of(one_text, other_text)

    def product_of(self, one: str, other: str) -> float:
        """one x other, of texts alone."""
        (amount, places), (other_amount, other_places) = digits(one), digits(other)
        return amount * other_amount / POWERS[places + other_places]

    def difference(self, one: float, other: float, one_text: str, other_text: str) -> Figure:
        """one - other."""
        texts = one_text + other_text
        if len(texts) <= SHORT_PAIR and "e" not in texts and "E" not in texts:
            return nearest_short(one - other, one + other)
        return super().difference(one, other, one_text, other_text)

    def average(self, cost: float, amount: float, cost_text: str, amount_text: str) -> Figure | None:
        """cost / amount, cut off at 18 decimals; None if there is nothing to divide by or it is nothing."""
        if len(cost_text) <= SHORT and len(amount_text) <= SHORT:
            paid, bought = cost * MILLION + NEAREST - NEAREST, amount * MILLION + NEAREST - NEAREST
            is_exact = paid / MILLION == cost and bought / MILLION == amount
            if is_exact and 1 <= paid < CERTAIN and 1 <= bought < CERTAIN:
                return short_quotient(paid, bought)
        return super().average(cost, amount, cost_text, amount_text)

    def average_of_filled(
        self,
        cost: float,
        filled: float,
        price: float | None,
        cost_text: str,
        filled_text: str,
        price_text: str | None,
    ) -> Figure | None:
        """cost / filled; of all that rested that is the price: if cost is price x filled, to the last digit,
        divided it would be the same."""
        if price is not None and price_text is not None:
            is_short = len(cost_text) <= SHORT and len(price_text) + len(filled_text) <= SHORT_PAIR
            texts = price_text + filled_text
            if is_short and "e" not in texts and "E" not in texts:
                product = price * filled
                if nearest_short(product, product) == cost:
                    return price
        return super().average_of_filled(cost, filled, price, cost_text, filled_text, price_text)

    def middle(self, one: float, other: float, one_text: str, other_text: str, tick: object) -> Figure | None:
        """Half of one and other together, cut off at the decimals of a tick; None if one is nothing."""
        texts = one_text + other_text
        is_short = len(one_text) <= FEW and len(other_text) <= FEW and "e" not in texts and "E" not in texts
        if is_short and one > 0 and other > 0 and one + other < MILLION:
            per_one = _per_one(tick)
            if per_one <= FINEST:
                return floor(((one + other) / 2.0 + HALF_A_STEP) * per_one) / per_one
        return super().middle(one, other, one_text, other_text, tick)

    def hundredfold(self, fraction: float, text: str) -> float:
        """A hundred times a fraction."""
        if len(text) <= SHORT:
            millionths = fraction * MILLION + NEAREST - NEAREST
            if -CERTAIN < millionths < CERTAIN and millionths / MILLION == fraction:
                return millionths / 10_000.0
        amount, places = digits(text)
        return self.scaled(amount * 100, places)

    def scaled(self, amount: int, places: int = PLACES) -> float:
        """That many 10^-places, rounded once."""
        return amount / POWERS[places]


@lru_cache(maxsize=4096)
def _per_one(tick: object) -> float:
    """How many of the last decimal of a tick make one."""
    return float(POWERS[_places(tick)])


@lru_cache(maxsize=16)
def arithmetic_in(number: Number) -> Arithmetic:
    """How figures are derived in this kind of number."""
    return FloatArithmetic() if number is float else ExactArithmetic(number)
