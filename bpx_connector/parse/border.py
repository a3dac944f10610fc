"""What the venue has written otherwise than it says is a BadResponse, never a raw error of Python's."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import update_wrapper, wraps
from types import FunctionType
from typing import Any, ParamSpec, TypeVar, cast

from ccxt.base.errors import BadResponse

from bpx_connector.aliases import Payload

__all__ = ["legible", "legible_steps", "listed"]

P = ParamSpec("P")
R = TypeVar("R")
Parser = TypeVar("Parser", bound=Callable[..., Any])

ILLEGIBLE = (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What reading a row runs into that lacks a field or has another kind of value in it."""

MOST_QUOTED = 200


def legible(parse: Parser) -> Parser:
    """A parser, or any other reading of a row, that fails as ccxt does."""

    @wraps(parse)
    def read(*args: Any, **kwargs: Any) -> Any:
        try:
            return parse(*args, **kwargs)
        except ILLEGIBLE as error:
            told = next((arg for arg in args if isinstance(arg, dict | list)), None)
            raise BadResponse(f"{parse.__name__} cannot read {_quoted(told)}: {error!r}") from error

    return cast("Parser", read)


def legible_steps(steps: Callable[P, Generator[Any, Any, R]]) -> Callable[P, Generator[Any, Any, R]]:
    """A flow's steps that end in a BadResponse where an answer cannot be read.

    Like the steps it is put among the globals of their module, where the names in its annotations mean
    something.
    """
    illegible, failure = ILLEGIBLE, BadResponse

    def read(*args: P.args, **kwargs: P.kwargs) -> Generator[Any, Any, R]:
        try:
            return (yield from steps(*args, **kwargs))
        except illegible as error:
            raise failure(f"{steps.__name__} cannot read the venue's answer: {error!r}") from error

    assert isinstance(steps, FunctionType)
    moved = FunctionType(read.__code__, steps.__globals__, steps.__name__, None, read.__closure__)
    return cast("Callable[P, Generator[Any, Any, R]]", update_wrapper(moved, steps))


def listed(answer: object) -> list[Payload]:
    """An answer that has to be a list of objects."""
    if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
        raise BadResponse(f"the venue answered with {_quoted(answer)} instead of a list of objects")
    return answer


def _quoted(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= MOST_QUOTED else text[:MOST_QUOTED] + "..."
