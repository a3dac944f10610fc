"""The answer to GET /api/v1/depth out of a book that the gateway keeps. Pure.

A side of which the gateway itself knows only the best part must not look complete: the answer is then cut,
on both sides, to as many levels as are certain, and says so in `limit`. A reader takes a side with that
many levels for one that goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

__all__ = ["DEEPEST", "depth_answer", "level_text"]

DEEPEST = 1000
"""Levels a side that the venue answers with at most, if it is asked for as many as it offers."""

Levels = Sequence[Sequence[float]]


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
