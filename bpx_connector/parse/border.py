"""What the venue has written otherwise than it says is a BadResponse, never a raw error of Python's."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import update_wrapper, wraps
from types import FunctionType
from typing import Any, ParamSpec, TypeVar, cast

from ccxt.base.errors import BadResponse, ExchangeNotAvailable

from bpx_connector.aliases import Payload
from bpx_connector.parse.rows import read_each, rows_in

__all__ = ["done_as", "legible", "legible_steps", "listed", "read_or", "structures"]

P = ParamSpec("P")
R = TypeVar("R")
Parser = TypeVar("Parser", bound=Callable[..., Any])

ILLEGIBLE = (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What reading a row runs into that lacks a field or has another kind of value in it."""

MOST_QUOTED = 200


def legible(parse: Parser) -> Parser:
    """A parser, or any other reading of a row, that fails as ccxt does."""

    name = getattr(parse, "__name__", "an entry")

    @wraps(parse)
    def read(*args: Any, **kwargs: Any) -> Any:
        try:
            return parse(*args, **kwargs)
        except ILLEGIBLE as error:
            told = next((arg for arg in args if isinstance(arg, dict | list)), None)
            raise BadResponse(f"{name} cannot read {_quoted(told)}: {error!r}") from error

    return cast("Parser", read)


def legible_steps(steps: Callable[P, Generator[Any, Any, R]]) -> Callable[P, Generator[Any, Any, R]]:
    """A flow's steps that end in a BadResponse where an answer cannot be read.

    Like the steps it is put among the globals of their module, where the names in its annotations mean
    something.
    """
    illegible, failure = ILLEGIBLE, BadResponse

    def read(*args: P.args, **kwargs: P.kwargs) -> Generator[Any, Any, R]:
        begun = steps(*args, **kwargs)  # a forgotten argument is the caller's matter
        try:
            return (yield from begun)
        except illegible as error:
            raise failure(f"{steps.__name__} cannot read the venue's answer: {error!r}") from error

    assert isinstance(steps, FunctionType)
    moved = FunctionType(read.__code__, steps.__globals__, steps.__name__, None, read.__closure__)
    return cast("Callable[P, Generator[Any, Any, R]]", update_wrapper(moved, steps))


def read_or(read: Callable[[Payload], R], otherwise: Any) -> Callable[[Payload], R]:
    """A reading that gives, for a row that cannot be read, a value or what a function makes of it."""

    def read_softly(row: Payload) -> Any:
        try:
            return read(row)
        except (*ILLEGIBLE, BadResponse):
            return otherwise(row) if callable(otherwise) else otherwise

    return read_softly


def done_as(read: Callable[[Any], R], answer: Any) -> R:
    """What the answer to something that was done is read as.

    One that cannot be read does not say that the venue has refused: whether it has acted is not known.
    """
    try:
        return read(answer)
    except BadResponse as error:
        raise ExchangeNotAvailable(f"{error}; whether the venue acted on it is not known") from error


def listed(answer: Any) -> list[Payload]:
    """The objects of an answer that has to be a list of them; what is none is left out."""
    return rows_in(answer, "a list")


def structures(answer: Any, parse: Callable[[Payload], R]) -> list[R]:
    """What the entries of a list are parsed to; those that cannot be read are left out, the log says so."""
    name = getattr(parse, "__name__", "entries").removeprefix("parse_").replace("_", " ")
    return read_each(rows_in(answer, name), legible(parse), name)


def _quoted(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= MOST_QUOTED else text[:MOST_QUOTED] + "..."
