"""What closes the one hole that numbers leave open: that the last update of a quiet market was lost. Pure.

A head is a delta without changes, U = n + 1 and u = n. To a book that stands at n it is stale; to one that
stands below, its U does not follow, and the book asks for a snapshot. That is the venue's own rule
(OpenAPI, tag Streams, "Depth"), so a reader needs no code for heads.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

__all__ = ["Heads", "Standing", "head_frame"]

QUIET = 1.0
"""Seconds without a frame, or a head, after which a head is due."""


class Standing(NamedTuple):
    """How far a depth stream has come: its last update, and when the last frame came."""

    stream: str
    update: int
    last_frame: float


class Heads:
    """When which stream's head was told last."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}

    def due(self, now: float, standings: Iterable[Standing], all_of_them: bool = False) -> list[Standing]:
        """The streams whose head is to be told now; with `all_of_them`, as after a takeover, every one."""
        due = [
            standing
            for standing in standings
            if all_of_them or now - max(standing.last_frame, self._told.get(standing.stream, 0.0)) >= QUIET
        ]
        self._told.update((standing.stream, now) for standing in due)
        return due


def head_frame(stream: str, update: int, microseconds: int) -> bytes:
    """A head as the venue would write a delta."""
    symbol = stream.rpartition("ms.")[2] if stream.startswith(WINDOWED) else stream.removeprefix("depth.")
    data = {
        "e": "depth",
        "E": microseconds,
        "s": symbol,
        "U": update + 1,
        "u": update,
        "a": [],
        "b": [],
        "T": microseconds,
    }
    return msgspec.json.encode({"data": data, "stream": stream})


WINDOWED = ("depth.200ms.", "depth.600ms.", "depth.1000ms.")
