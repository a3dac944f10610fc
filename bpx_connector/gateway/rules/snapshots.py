"""The answer to GET /api/v1/depth out of a book that is kept: in the venue's words, or packed. Pure.

A side of which the gateway itself knows only the best part must not look complete: the answer is then cut,
on both sides, to as many levels as are certain, and says so in `limit`. A reader takes a side with that
many levels for one that goes on.

Packed, it is the same figures as doubles, for readers that keep books of their own: a hundred books of 2,000
levels are half a second's work as text on both ends, and a twentieth of that as doubles.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Sequence
from decimal import Decimal
from itertools import chain
from typing import Final, NamedTuple

import msgspec

__all__ = ["Unpacked", "depth_answer", "level_text", "packed_answer", "unpacked"]

Levels = Sequence[Sequence[float]]

HEAD: Final = struct.Struct("<qqqq")
"""Update, microseconds (-1: not known), levels a side that are certain, how many bids. Doubles follow, all
of it little-endian: price and size of each bid, then of each ask."""


class Unpacked(NamedTuple):
    """A book as it was packed; sides come best first."""

    update: int
    bids: list[tuple[float, float]]
    asks: list[tuple[float, float]]
    microseconds: int | None
    limit: int


def depth_answer(
    update: int, bids: Levels, asks: Levels, microseconds: int | None, limit: int, known: int | None
) -> bytes:
    """The body; sides come best first, and `known` is how many levels are certain on a side that was cut."""
    certain = limit if known is None else min(limit, known)
    answer = {
        "asks": [_texts(level) for level in asks[:certain]],
        # The venue writes bids from the worst to the best (FACTS 10).
        "bids": [_texts(level) for level in reversed(bids[:certain])],
        "lastUpdateId": str(update),
        "timestamp": microseconds,
        "limit": certain,
    }
    return msgspec.json.encode(answer)


def _texts(level: Sequence[float]) -> tuple[str, str]:
    return level_text(level[0]), level_text(level[1])


def level_text(number: float) -> str:
    """The shortest decimal that is this number, without an exponent: the text that the number was read
    from."""
    text = repr(float(number))
    return f"{Decimal(text):f}" if "e" in text else text


def packed_answer(
    update: int, bids: Levels, asks: Levels, microseconds: int | None, limit: int, known: int | None
) -> bytes:
    """The same as doubles."""
    certain = limit if known is None else min(limit, known)
    figures = array("d", chain.from_iterable(chain(bids[:certain], asks[:certain])))
    if sys.byteorder == "big":
        figures.byteswap()
    time = -1 if microseconds is None else microseconds
    return HEAD.pack(update, time, certain, min(certain, len(bids))) + figures.tobytes()


def unpacked(body: bytes) -> Unpacked:
    """What was packed; ValueError for what was not."""
    try:
        update, time, limit, count = HEAD.unpack_from(body)
    except struct.error as error:
        raise ValueError(f"{len(body)} bytes are no packed book") from error
    figures = array("d", body[HEAD.size :])
    if sys.byteorder == "big":
        figures.byteswap()
    levels = list(zip(figures[::2], figures[1::2], strict=True))
    return Unpacked(update, levels[:count], levels[count:], None if time < 0 else time, limit)
