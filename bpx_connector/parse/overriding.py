"""Parsers of single rows that a program has replaced are called by the lists too.

To override the parser of one row is ccxt's advice to who wants one more field, and its own lists call it for
each row. The fast way, which reads whole lists, is for all others.
"""

from __future__ import annotations

from typing import Any, TypeVar

__all__ = ["is_overridden", "own"]

Parser = TypeVar("Parser")

_OWN: set[Any] = set()

CCXT = ("ccxt.base.", "ccxt.async_support.base.")


def own(parser: Parser) -> Parser:
    """Mark our own parser of one row."""
    _OWN.add(parser)
    return parser


def is_overridden(exchange: object, name: str) -> bool:
    """Whether the parser of that name is somebody else's, by a subclass or on the object itself.

    Those of lists (`parse_trades`) are ccxt's own unless they are replaced.
    """
    parser = getattr(getattr(exchange, name), "__func__", None)
    return parser not in _OWN and not str(getattr(parser, "__module__", "")).startswith(CCXT)
