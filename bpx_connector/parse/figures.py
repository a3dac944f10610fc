"""Many figures at once: decimal text of whole rows turned into the caller's numbers by msgspec, in C.

And the few figures that have to be derived, as whole numbers of 10^-18: that is where ccxt's own arithmetic
cuts off, and no price or size of the venue is finer.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any

import msgspec

from bpx_connector.parse.numbers import Number, plain

__all__ = ["PLACES", "UNIT", "Reading", "figure", "figures_of", "rows_of", "units"]

PLACES = 18
UNIT = 10**PLACES
_ZEROS = "0" * PLACES
_EXACT = Context(prec=200)
CONVERTED = (float, str, Decimal)
"""What msgspec makes of decimal text. ccxt's other kind of number, int, would lose the decimals."""


def units(text: str) -> int:
    """A figure as a whole number of 10^-18; what is finer is cut off."""
    whole, _, fraction = text.partition(".")
    return int(whole + (fraction + _ZEROS)[:PLACES])


def figure(number: Number, amount: int) -> Any:
    """The caller's number of that many 10^-18, rounded once."""
    return amount / UNIT if number is float else number(plain(Decimal(amount).scaleb(-PLACES, _EXACT)))


class Reading:
    """Reads one kind of answer into objects that have figures as numbers."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self.decode: Callable[[Any], Any] = msgspec.json.Decoder(kind, strict=False).decode
        """What an answer's JSON text says."""

    def of(self, payload: Any) -> Any:
        """What an answer says that was decoded before; what was read before stays as it is."""
        return msgspec.convert(payload, self._kind, strict=False)


def figures_of(number: Number) -> Any:
    """The type that msgspec makes of decimal text."""
    return number if number in CONVERTED else str


@lru_cache(maxsize=64)
def rows_of(name: str, figures: tuple[str, ...], others: tuple[str, ...], number: Number) -> Reading:
    """Reads rows with these figures as the caller's numbers, None where the venue has none, and with others
    as they came.
    """
    fields: list[tuple[str, Any, Any]] = [(one, figures_of(number) | None, None) for one in figures]
    row: Any = msgspec.defstruct(name, [*fields, *((one, Any, None) for one in others)], gc=False)
    return Reading(list[row])
