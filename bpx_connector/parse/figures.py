"""Many rows at once: decimal texts turned into the caller's numbers by msgspec, in C. Moments likewise.

The fast way is for rows that keep to the venue's document. Where one does not, all of its list are read once
more by `parse.rows`, field by field, and what cannot be read is None.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from types import MappingProxyType
from typing import Annotated, Any, Protocol, get_origin

import msgspec

from bpx_connector.aliases import Payload
from bpx_connector.parse.numbers import EARLIEST, EXACT, LATEST, Figure, Number
from bpx_connector.parse.rows import Row

__all__ = [
    "LARGEST",
    "PLACES",
    "POWERS",
    "UNIT",
    "UNREADABLE",
    "Fields",
    "Figures",
    "Identity",
    "Moment",
    "PickedReading",
    "Reading",
    "as_read",
    "digits",
    "figures_of",
    "picked_rows_of",
    "row_of",
    "rows_of",
    "units",
]

PLACES = 18
UNIT: int = 10**PLACES


class Powers(dict[int, int]):
    """The powers of ten, each worked out once."""

    def __missing__(self, places: int) -> int:
        power: int = 10**places
        self[places] = power
        return power


POWERS = Powers({places: 10**places for places in range(100)})
"""More of them than the venue's figures, of 28 digits at most, can ask for."""

CONVERTED = (float, str, Decimal)
"""What msgspec makes of decimal text. ccxt's other kind of number, int, would lose the decimals."""

UNREADABLE = (msgspec.ValidationError, AttributeError, TypeError, ValueError)
"""What comes of rows that do not keep to the document, on the way that takes them at its word."""

LARGEST = 1e30
"""No figure of the venue is near it. NaN and what overflows a float are not below it either."""

ARE_PLAIN = re.compile(r"(?:-?(?:0|[1-9][0-9]{0,59})(?:\.[0-9]{1,60})?\n)*").fullmatch

Moment = Annotated[int, msgspec.Meta(ge=EARLIEST, lt=LATEST)]
Identity = str | int | None


def digits(text: str) -> tuple[int, int]:
    """A figure as a whole number, and how many of its digits are decimals."""
    whole, _, fraction = text.partition(".")
    try:
        return int(whole + fraction), len(fraction)
    except ValueError:  # an exponent
        sign, places, exponent = EXACT.create_decimal(text).as_tuple()
        amount = int("".join(map(str, places))) * (-1 if sign else 1)
        shift = int(exponent)
        return (amount * POWERS[shift], 0) if shift > 0 else (amount, -shift)


def units(text: str) -> int:
    """A figure as a whole number of 10^-18; what is finer is cut off."""
    whole, places = digits(text)
    if places <= PLACES:
        return whole * POWERS[PLACES - places]
    return whole // POWERS[places - PLACES] if whole >= 0 else -(-whole // POWERS[places - PLACES])


NO_PARTS: Mapping[str, Fields] = MappingProxyType({})


class Fields:
    """What the fields of a row are, by name."""

    def __init__(
        self,
        figures: Iterable[str],
        words: Iterable[str] = (),
        times: Iterable[str] = (),
        flags: Iterable[str] = (),
        identities: Iterable[str] = (),
        counts: Iterable[str] = (),
        parts: Mapping[str, Fields] = NO_PARTS,
        lists: Mapping[str, Fields] = NO_PARTS,
    ) -> None:
        self._readers: dict[str, Callable[[Row, str], Any]] = {
            **dict.fromkeys(figures, Row.figure),
            **dict.fromkeys(words, Row.word),
            **dict.fromkeys(times, Row.moment),
            **dict.fromkeys(flags, Row.flag),
            **dict.fromkeys(identities, Row.identity),
            **dict.fromkeys(counts, Row.whole),
            **{name: fields._part for name, fields in parts.items()},
            **{name: fields._parts for name, fields in lists.items()},
        }

    def legible(self, row: Mapping[str, Any]) -> Payload:
        """The row as far as it can be read: a field that is there and cannot be is None."""
        read = Row(row)
        return {**row, **{name: reader(read, name) for name, reader in self._readers.items() if name in row}}

    def _part(self, row: Row, name: str) -> Payload:
        """An object within a row; where there is none, one that says nothing."""
        return self.legible(row.part(name).info)

    def _parts(self, row: Row, name: str) -> list[Payload]:
        """The objects of a list within a row."""
        return [self.legible(part.info) for part in row.parts(name)]


class Figures(Protocol):
    """What msgspec makes of a row's figures, each by its name."""

    def __getattr__(self, name: str, /) -> Figure | None: ...


class Reading:
    """Reads one kind of answer into objects that have figures as numbers."""

    def __init__(self, kind: Any, number: Number = float, figures: Sequence[str] = ()) -> None:
        # msgspec works a type such as list[Row] out anew in every call, for more than a row costs, but not
        # what a class of its own says.
        self._answer: Any = msgspec.defstruct("Answer", [("said", kind)], array_like=True, gc=False)
        self._texts_of = None if number is float or not figures else _picker(figures)
        decode: Callable[[Any], Any] = msgspec.json.Decoder(kind, strict=False).decode
        self.decode = decode if number is float else None
        """What an answer's JSON text says. Text and a Decimal could be anything: only floats are checked on
        the way, everything else is decoded first and read by `of`."""

    def of(self, payload: Any) -> Any:
        """What an answer says that was decoded before; what was read before stays as it is.

        UNREADABLE if it does not keep to the document.
        """
        said = msgspec.convert((payload,), self._answer, strict=False).said
        if self._texts_of is not None and payload and type(payload[0]) is dict:
            self._check(chain.from_iterable(map(self._texts_of, payload)))
        return said

    def _check(self, texts: Iterable[str | None]) -> None:
        """msgspec refuses a float that is no figure; but text could be anything, and a Decimal no number."""
        if ARE_PLAIN("".join([text + "\n" for text in texts if text is not None])) is None:
            raise ValueError("not all of these figures are plain")


class PickedReading(Reading):
    """Reads a few figures and facts of rows that have many more fields.

    They are picked out first: to msgspec a field that is not asked for costs as much as one that is.
    """

    def __init__(self, kind: Any, number: Number, figures: Sequence[str], others: Mapping[str, Any]) -> None:
        super().__init__(kind)
        self._pick = itemgetter(*figures, *others)
        self._unsaid = {**dict.fromkeys(figures), **others}
        self._figures = None if number is float else len(figures)

    def picked(self, rows: Sequence[Mapping[str, Any]]) -> Iterable[tuple[tuple[Any, ...], Figures]]:
        """Of each row the values as they came, figures first, and the figures as numbers."""
        try:
            values = list(map(self._pick, rows))
        except KeyError:
            values = [self._pick({**self._unsaid, **row}) for row in rows]
        if self._figures is not None:
            self._check(chain.from_iterable([row[: self._figures] for row in values]))
        return zip(values, self.of(values), strict=True)


def _picker(figures: Sequence[str]) -> Callable[[Mapping[str, Any]], list[Any]]:
    return lambda row: [row.get(name) for name in figures]


def figures_of(number: Number) -> Any:
    """The type that msgspec makes of decimal text."""
    if number is float:
        return Annotated[float, msgspec.Meta(gt=-LARGEST, lt=LARGEST)]
    return number if number in CONVERTED else str


@lru_cache(maxsize=64)
def rows_of(
    name: str,
    figures: tuple[str, ...],
    others: tuple[tuple[str, Any], ...],
    number: Number,
    moments: tuple[str, ...] = (),
) -> Reading:
    """Reads rows with these figures as the caller's numbers, None where the venue has none, with others of
    these types, and with moments.
    """
    kind: Any = row_of(name, figures, others, number, moments)
    return Reading(list[kind], number, figures)


def row_of(
    name: str,
    figures: Iterable[str],
    others: Iterable[tuple[str, Any]],
    number: Number,
    moments: Iterable[str] = (),
) -> Any:
    """What one row is read as. A class made here may be a part of another row: unsaid it says nothing."""
    fields: list[Any] = [(moment, datetime | None, None) for moment in moments]
    fields += [(one, figures_of(number) | None, None) for one in figures]
    fields += [(one, kind, _unsaid(kind)) for one, kind in others]
    fields.sort(key=itemgetter(0))  # as the venue writes them: each is found where it is looked for first
    return msgspec.defstruct(name, fields, gc=False, kw_only=True)


def _unsaid(kind: Any) -> Any:
    if get_origin(kind) is tuple:
        return ()
    is_part = isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    return msgspec.field(default_factory=kind) if is_part else None


def as_read(reading: Reading, fields: Fields, rows: Sequence[Mapping[str, Any]], number: Number) -> Any:
    """What rows say that have parts: at once, or, where one does not keep to the document, field by field."""
    if number is float:  # text could be anything: which figures of parts are plain is seen field by field
        with suppress(*UNREADABLE):
            return reading.of(rows)
    return reading.of([fields.legible(row) for row in rows])


def picked_rows_of(
    name: str,
    figures: tuple[str, ...],
    others: Mapping[str, tuple[Any, Any]],
    number: Number,
) -> PickedReading:
    """Reads rows of many fields: these figures as the caller's numbers, None where the venue has none, and
    others as they came: each has a type, and what it is where the venue has not mentioned it.
    """
    fields: list[Any] = [(one, figures_of(number) | None) for one in figures]
    fields += [(one, kind) for one, (kind, _) in others.items()]
    kind: Any = msgspec.defstruct(name, fields, gc=False, array_like=True)
    unsaid = {one: value for one, (_, value) in others.items()}
    return PickedReading(list[kind], number, figures, unsaid)
