"""Many figures at once: decimal text of whole rows turned into the caller's numbers by msgspec, in C.
Moments likewise.

And the few figures that have to be derived, as whole numbers of 10^-18: that is where ccxt's own arithmetic
cuts off, and no price or size of the venue is finer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import msgspec

from bpx_connector.parse.numbers import Number, plain

__all__ = [
    "PLACES",
    "POWERS",
    "SHORT",
    "UNIT",
    "Reading",
    "cut_quotient",
    "digits",
    "exact_difference",
    "exact_product",
    "figure",
    "figures_of",
    "rows_of",
    "units",
    "whole_number",
]

PLACES = 18
UNIT = 10**PLACES
POWERS: list[int] = [10**places for places in range(100)]
"""More of them than the venue's figures, of 28 digits at most, can ask for."""
_EXACT = Context(prec=200)
CERTAIN = 10**15
SHORT = len("1234567890.12345")
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


def whole_number(value: float, places: int) -> int | None:
    """How many 10^-places a float is, read off the float itself; None if it is not that exactly.

    Only for what was written with up to 15 digits, in text no longer than SHORT: of those no two are the same
    float, so what is found is what was written, in half the time of reading the text once more.
    """
    whole = round(value * POWERS[places])
    return whole if whole / POWERS[places] == value and -CERTAIN < whole < CERTAIN else None


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


class Reading:
    """Reads one kind of answer into objects that have figures as numbers."""

    def __init__(self, kind: Any, figures: tuple[str, ...] = ()) -> None:
        self._kind = kind
        self._figures = figures
        self.decode: Callable[[Any], Any] = msgspec.json.Decoder(kind, strict=False).decode
        """What an answer's JSON text says."""

    def of(self, payload: Any) -> Any:
        """What an answer says that was decoded before; what was read before stays as it is."""
        try:
            return msgspec.convert(payload, self._kind, strict=False)
        except msgspec.ValidationError:
            if not self._figures:
                raise
            return msgspec.convert(list(map(self._legible, payload)), self._kind, strict=False)

    def _legible(self, row: Any) -> Any:
        """The row without figures where the venue has written something else: "", "N/A"."""
        if not isinstance(row, Mapping):
            return row
        illegible = [name for name in self._figures if not _is_figure(row.get(name))]
        return {**row, **dict.fromkeys(illegible)}


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
    kind: Any = msgspec.defstruct(name, fields, gc=False)
    return Reading(list[kind], figures)
