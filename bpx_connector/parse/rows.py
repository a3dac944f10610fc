"""The border: what the venue has written, read field by field. A field is what it has to be, or None.

The venue's document says what an answer looks like, and mostly it does. Where it does not (an exponent, text
in the place of a number or the reverse, a word that is missing), the field is read if there is one way to
read it, and None if there is none; an entry of a list that cannot be read at all is left out with a line in
the log, and only an answer of another shape altogether is a BadResponse. So nothing behind this border meets
a raw KeyError, TypeError or ValueError of Python's, or a figure that is no figure.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from ccxt.base.errors import BadResponse

from bpx_connector.aliases import Payload
from bpx_connector.parse.numbers import Figure, Number, figure_text, milliseconds_of

__all__ = ["Row", "figure_text", "object_of", "quoted", "read_each", "rows_in", "word_text"]

_log = logging.getLogger(__name__)

S = TypeVar("S")
T = TypeVar("T")

MOST_OF_64_BITS = 20
"""Digits of a whole number as the venue counts."""

MOST_QUOTED = 200


def word_text(value: object) -> str | None:
    """A word, or an id, which the venue writes as text here and as a whole number there."""
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


class Row:
    """One JSON object of an answer."""

    __slots__ = ("info",)

    def __init__(self, info: Mapping[str, object]) -> None:
        self.info = info

    def figure(self, name: str) -> str | None:
        """Plain decimal text."""
        value = self.info.get(name)
        return None if value is None else figure_text(value)

    def number(self, name: str, number: Number) -> Figure | None:
        """A figure as the caller's number."""
        figure = self.figure(name)
        return None if figure is None else number(figure)

    def word(self, name: str) -> str | None:
        """Text; a whole number, such as an id, as its digits."""
        return word_text(self.info.get(name))

    def identity(self, name: str) -> str | int | None:
        """An id, which is text or a whole number."""
        value = self.info.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        return value if isinstance(value, str) and value else None

    def moment(self, name: str) -> int | None:
        """A time in milliseconds."""
        return milliseconds_of(self.info.get(name))

    def whole(self, name: str) -> int | None:
        """A whole number, none below zero."""
        figure = self.figure(name)
        return (
            int(figure)
            if figure is not None and figure.isdigit() and len(figure) <= MOST_OF_64_BITS
            else None
        )

    def flag(self, name: str) -> bool | None:
        """True or False."""
        value = self.info.get(name)
        return value if isinstance(value, bool) else None

    def part(self, name: str) -> Row:
        """An object within this one; where there is none, one that says nothing."""
        value = self.info.get(name)
        return Row(value if type(value) is dict or isinstance(value, Mapping) else {})

    def parts(self, name: str) -> list[Row]:
        """The objects of a list within this one."""
        value = self.info.get(name)
        return [Row(one) for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []

    def needed(self, name: str) -> str:
        """A word without which nothing can be made of the row: BadResponse if it is missing."""
        word = self.word(name)
        if word is None:
            raise BadResponse(f"there is no {name} in {quoted(self.info)}")
        return word


def quoted(value: object) -> str:
    """What came, as it stands in a message."""
    text = repr(value)
    return text if len(text) <= MOST_QUOTED else text[:MOST_QUOTED] + "..."


def object_of(answer: object, what: str) -> Payload:
    """An answer that has to be an object."""
    if not isinstance(answer, dict):
        raise BadResponse(f"{what} was answered with {quoted(answer)} instead of an object")
    return answer


def rows_in(answer: object, what: str) -> list[Payload]:
    """The objects of an answer that has to be a list of them; what is none is left out."""
    if not isinstance(answer, list | tuple):
        raise BadResponse(f"{what} was answered with {quoted(answer)} instead of a list")
    if set(map(type, answer)) <= {dict}:
        return list(answer)
    rows = [row for row in answer if isinstance(row, dict)]
    _tell(what, len(answer), [quoted(row) for row in answer if not isinstance(row, dict)])
    return rows


def read_each(rows: Sequence[S], read: Callable[[S], T], what: str) -> list[T]:
    """What each row is read as; those that cannot be read are left out, with one line in the log."""
    found: list[T] = []
    faults: list[str] = []
    for row in rows:
        try:
            found.append(read(row))
        except BadResponse as error:
            faults.append(str(error))
    _tell(what, len(rows), faults)
    return found


def _tell(what: str, count: int, faults: Iterable[str]) -> None:
    told = list(faults)
    if told:
        _log.warning(
            "%s: %d of %d entries cannot be read and are left out: %s", what, len(told), count, told[0]
        )
