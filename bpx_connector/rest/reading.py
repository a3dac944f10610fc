"""How an answer is decoded: the one place where that depends on the call.

A thousand candles would be decoded to a thousand dictionaries only to be taken apart again, and a book to
lists of text; read straight into figures they cost half. Other answers are plain JSON, as ccxt's `info` is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import msgspec

__all__ = ["decoded", "read_by"]

Reader = Callable[[Any], Any]
_reader: ContextVar[Reader | None] = ContextVar("reader", default=None)


@contextmanager
def read_by(reader: Reader) -> Iterator[None]:
    """Answers to what is called meanwhile, by this thread or task, are read by this function."""
    _reader.set(reader)
    try:
        yield
    finally:
        _reader.set(None)


def decoded(body: Any) -> Any:
    """The decoded JSON of an answer."""
    reader = _reader.get()
    if reader is not None:
        try:
            return reader(body)
        except msgspec.ValidationError:
            pass  # of another shape: a refusal
    return msgspec.json.decode(body)
