"""The parameters of one request: each name and its text, once.

Query, body and signed string are all made from these texts, so that what is signed is what is sent. Values
are raw in the signed string: "80%" is signed as it is and encoded in a query only; booleans are lower-case,
figures have no exponent, and what is None is not sent.

Source: Backpack documentation, "Authentication / Signing requests".
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from operator import index
from typing import Any
from urllib.parse import urlencode

import msgspec
from ccxt.base.errors import BadRequest

__all__ = ["Wire", "value_text"]

Pair = tuple[str, str]
TEXT = frozenset({str})


def value_text(value: Any) -> str:
    """One value as it stands in the signed string: raw text, lower-case booleans, no exponents."""
    if type(value) is str:
        return value
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, float):
        value = Decimal(float.__repr__(value))
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError("it is not a finite number")
        return format(value, "f")
    if hasattr(value, "__index__"):  # numpy's whole numbers
        return str(index(value))
    if hasattr(value, "item"):  # its other scalars
        return value_text(value.item())
    # How nested objects are signed is not documented; their JSON text is what the venue parses.
    return msgspec.json.encode(value).decode()


def _is_literal(value: Any) -> bool:
    """Whether a value's text is its JSON: a whole number, a flag, an object. All else is quoted in a body."""
    if isinstance(value, str | float | Decimal):
        return False
    item = getattr(value, "item", None)
    return not isinstance(item(), float) if callable(item) else True


class Wire:
    """What one request carries. A list of orders is a batch: rows of their own."""

    __slots__ = ("_literal", "is_batch", "rows")

    rows: list[list[Pair]]
    """The pairs of every row, in the order given; a name comes twice where a question has several values."""

    def __init__(self, params: Any, *, is_query: bool = False) -> None:
        self.is_batch = isinstance(params, list | tuple)
        self._literal: set[str] = set()
        given = params if self.is_batch else [params or {}]
        self.rows = [self._row(row, is_query) for row in given]

    def _row(self, params: Any, is_query: bool) -> list[Pair]:
        if not isinstance(params, dict):
            raise BadRequest(f"params have to be a dict, not a {type(params).__name__}; nothing was sent")
        if not TEXT.issuperset(map(type, params)):
            params = {_name(name): value for name, value in params.items()}
        texts: dict[str, Any] = {**params}  # most are text already
        several = False
        for name, value in params.items():
            if type(value) is str:
                continue
            if value is None:
                del texts[name]
            elif is_query and isinstance(value, list | tuple):
                texts[name], several = [self._text(name, one) for one in value], True
            else:
                texts[name] = self._text(name, value)
                if not is_query and _is_literal(value):
                    self._literal.add(name)
        return list(texts.items()) if not several else _each_by_itself(texts)

    def _text(self, name: str, value: Any) -> str:
        try:
            return value_text(value)
        except (TypeError, ValueError, OverflowError, msgspec.MsgspecError) as error:
            raise BadRequest(
                f"params[{name!r}], a {type(value).__name__}, cannot be sent: {error}; nothing was sent"
            ) from None

    def signed(self, instruction: str) -> str:
        """The signed text, but for time and window. A batch repeats the instruction before each order."""
        if not self.is_batch:
            return _signed_row(instruction, self.rows[0])
        return "&".join([_signed_row(instruction, row) for row in self.rows])

    def query(self) -> str:
        """The query of a question, without its question mark."""
        return _encoded(tuple(self.rows[0]))

    def body(self) -> str:
        """The JSON body of an order: an object, or of a batch an array of them."""
        body = [self._object(row) for row in self.rows] if self.is_batch else self._object(self.rows[0])
        return msgspec.json.encode(body).decode()

    def _object(self, row: list[Pair]) -> dict[str, Any]:
        body: dict[str, Any] = dict(row)
        for name in self._literal.intersection(body):
            body[name] = msgspec.Raw(body[name])
        return body


def _name(name: Any) -> str:
    """A name as plain text; it may be a member of an enumeration of texts."""
    if not isinstance(name, str):
        raise BadRequest(f"params has {name!r} for a name; names are text; nothing was sent")
    return str.__str__(name)


def _each_by_itself(texts: dict[str, Any]) -> list[Pair]:
    return [(name, one) for name, text in texts.items() for one in ([text] if type(text) is str else text)]


def _signed_row(instruction: str, row: list[Pair]) -> str:
    if len(dict(row)) < len(row):
        name = next(name for (name, _), (following, _) in pairwise(sorted(row)) if name == following)
        raise BadRequest(
            f"{name} takes one value in a signed request: how several are signed is not documented"
        )
    return "&".join((f"instruction={instruction}", *map("=".join, sorted(row))))


@lru_cache(maxsize=256)
def _encoded(pairs: tuple[Pair, ...]) -> str:
    """What is asked again and again is encoded once."""
    return urlencode(pairs)
