"""Many figures at once: decimal text of whole rows turned into the caller's numbers by msgspec, in C.
Moments likewise.

And the few figures that have to be derived, as whole numbers of 10^-18: that is where ccxt's own arithmetic
cuts off, and no price or size of the venue is finer.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Context, Decimal, InvalidOperation
from functools import lru_cache
from operator import itemgetter
from typing import Any

import msgspec

from bpx_connector.parse.numbers import Number, plain

__all__ = [
    "CERTAIN",
    "NEAREST",
    "PLACES",
    "POWERS",
    "SHORT",
    "SHORT_PAIR",
    "UNIT",
    "Reading",
    "cut_quotient",
    "digits",
    "exact_difference",
    "exact_product",
    "figure",
    "figures_of",
    "nearest_short",
    "picked_rows_of",
    "rows_of",
    "short_quotient",
    "units",
]

PLACES = 18
UNIT: int = 10**PLACES
POWERS: list[int] = [10**places for places in range(100)]
"""More of them than the venue's figures, of 28 digits at most, can ask for."""
_EXACT = Context(prec=200)
CERTAIN = 1e15
SHORT = len("1234567890.12345")
"""Text no longer than this has up to 15 digits, and of those no two figures are the same float. So a whole
number below CERTAIN which, divided by a power of ten, is that float is what was written: it is read off the
float in half the time of reading the text once more."""

SHORT_PAIR = 15
"""Two texts of up to so many characters together have a product of up to 15 digits."""

NEAREST = 1.5 * 2.0**52
"""Added to a float below 2^51 and taken off again it leaves the nearest whole number, in a fifth of the time
that `round` takes."""

CONVERTED = (float, str, Decimal)
"""What msgspec makes of decimal text. ccxt's other kind of number, int, would lose the decimals."""


def digits(text: str) -> tuple[int, int]:
    """A figure as a whole number, and how many of its digits are decimals."""
    whole, _, fraction = text.partition(".")
    return int(whole + fraction), len(fraction)


def units(text: str) -> int:
    """A figure as a whole number of 10^-18; what is finer is cut off."""
    whole, places = digits(text)
    return whole * POWERS[PLACES - places] if places <= PLACES else units(text[: PLACES - places])


def figure(number: Number, amount: int, places: int = PLACES) -> Any:
    """The caller's number of that many 10^-places, rounded once."""
    if number is float:
        return amount / POWERS[places]
    return number(plain(Decimal(amount).scaleb(-places, _EXACT)))


def exact_product(one: str, other: str) -> float:
    """one x other, rounded once."""
    whole, _, fraction = one.partition(".")
    other_whole, _, other_fraction = other.partition(".")
    places = len(fraction) + len(other_fraction)
    return int(whole + fraction) * int(other_whole + other_fraction) / POWERS[places]


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


def exact_difference(one: str, other: str, number: Number) -> Any:
    """one - other as the caller's number."""
    (amount, places), (other_amount, other_places) = digits(one), digits(other)
    left = amount * POWERS[other_places] - other_amount * POWERS[places]
    return figure(number, left, places + other_places)


def cut_quotient(one: str, other: str, number: Number) -> Any:
    """one / other as the caller's number, cut off at 18 decimals; None if there is nothing to divide by.

    `other` is an amount, which is never negative.
    """
    whole, _, fraction = one.partition(".")
    divisor_whole, _, divisor_fraction = other.partition(".")
    amount, divisor = int(whole + fraction), int(divisor_whole + divisor_fraction)
    if not divisor:
        return None
    shift = PLACES + len(divisor_fraction) - len(fraction)
    if shift >= 0:
        amount *= POWERS[shift]
    else:
        divisor *= POWERS[-shift]
    quotient = amount // divisor if amount >= 0 else -(-amount // divisor)
    return figure(number, quotient)


def short_quotient(one: float, other: float) -> float:
    """one / other, cut off at 18 decimals, of two whole numbers from 1 up to CERTAIN.

    To cut changes how a quotient is rounded only where it lies by less than 10^-18 above the middle between
    two floats. From 1 on these are multiples of 2^-53, and `%`, which is exact, tells the distance.
    """
    if one >= other and one * 2.0**53 % other > other * (2.0**53 * 1.01e-18):
        return one / other
    return int(one) * UNIT // int(other) / UNIT


class Reading:
    """Reads one kind of answer into objects that have figures as numbers."""

    def __init__(self, kind: Any, figures: tuple[str, ...] = ()) -> None:
        # msgspec works a type such as list[Row] out anew in every call, for more than a row costs, but not
        # what a class of its own says.
        self._answer: Any = msgspec.defstruct("Answer", [("said", kind)], array_like=True, gc=False)
        self._figures = figures
        self.decode: Callable[[Any], Any] = msgspec.json.Decoder(kind, strict=False).decode
        """What an answer's JSON text says."""

    def of(self, payload: Any) -> Any:
        """What an answer says that was decoded before; what was read before stays as it is."""
        try:
            return self._read(payload)
        except msgspec.ValidationError:
            if not self._figures:
                raise
            return self._read(list(map(self._legible, payload)))

    def _read(self, payload: Any) -> Any:
        return msgspec.convert((payload,), self._answer, strict=False).said

    def _legible(self, row: Any) -> Any:
        """The row without figures where the venue has written something else: "", "N/A"."""
        if not isinstance(row, Mapping):
            return row
        illegible = [name for name in self._figures if not _is_figure(row.get(name))]
        return {**row, **dict.fromkeys(illegible)}


class PickedReading(Reading):
    """Reads a few figures and facts of rows that have many more fields.

    They are picked out first: to msgspec a field that is not asked for costs as much as one that is.
    """

    def __init__(self, kind: Any, figures: tuple[str, ...], others: Mapping[str, Any]) -> None:
        super().__init__(kind, figures)
        self._pick = itemgetter(*figures, *others)
        self._unsaid = {**dict.fromkeys(figures), **others}

    def picked(self, rows: Sequence[Mapping[str, Any]]) -> Iterable[tuple[tuple[Any, ...], Any]]:
        """Of each row the values as they came, figures first, and the figures as numbers."""
        try:
            values = list(map(self._pick, rows))
        except KeyError:
            values = [self._pick({**self._unsaid, **row}) for row in rows]
        return zip(values, self.of(values), strict=True)

    def _legible(self, row: Any) -> Any:
        return [value if _is_figure(value) else None for value in row]


def _is_figure(value: Any) -> bool:
    try:
        return Decimal(value).is_finite()
    except (InvalidOperation, TypeError, ValueError):
        return False


def figures_of(number: Number) -> Any:
    """The type that msgspec makes of decimal text."""
    return number if number in CONVERTED else str


@lru_cache(maxsize=64)
def rows_of(
    name: str,
    figures: tuple[str, ...],
    others: tuple[str, ...],
    number: Number,
    moments: tuple[str, ...] = (),
) -> Reading:
    """Reads rows with these figures as the caller's numbers, None where the venue has none, with others as
    they came, and with moments, all of which there have to be.
    """
    fields: list[Any] = [(moment, datetime) for moment in moments]
    fields += [(one, figures_of(number) | None, None) for one in figures]
    fields += [(one, Any, None) for one in others]
    fields.sort(key=itemgetter(0))  # as the venue writes them: each is found where it is looked for first
    kind: Any = msgspec.defstruct(name, fields, gc=False, kw_only=True)
    return Reading(list[kind], figures)


def picked_rows_of(
    name: str, figures: tuple[str, ...], others: Mapping[str, Any], number: Number
) -> PickedReading:
    """Reads rows of many fields: these figures as the caller's numbers, None where the venue has none, and
    others as they came, or as given here where the venue has not mentioned them.
    """
    fields: list[Any] = [(one, figures_of(number) | None) for one in figures]
    kind: Any = msgspec.defstruct(name, fields, gc=False, array_like=True)
    return PickedReading(list[kind], figures, others)
