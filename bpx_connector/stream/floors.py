"""What is late, and what is too good to be true: no single frame may silence a stream for ever. Pure.

Frames are told apart as newer and older by figures that rise: the time of their emission, the number of a
trade. If a frame comes with a figure far too high (a spoilt one, or one of a venue that then counts anew),
all that follow look late. So a floor gives way after some refusals in a row, it is forgotten with the
connection, and a time that is minutes ahead of the clock is not believed at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["MOST_REFUSED", "Floor", "Horizon", "whole"]

MOST_REFUSED = 8
"""So many frames below the floor in a row, and the venue has begun anew: late ones come one by one."""

AHEAD = 120 * 1_000_000
"""Microseconds that a time may lie ahead of the clock: clocks are seconds off, spoilt times much more."""


class Floor:
    """The highest figure that was believed. What is below is late, but not for ever.

    Example: 5, 9, 7, 10 -> 7 is refused. 5, 900, 6, 7, 8, ... -> 6 to 12 are refused, from 13 on all are
    believed again.
    """

    __slots__ = ("_refused", "at")

    def __init__(self, at: int = -1) -> None:
        self.at = at
        self._refused = 0

    def admits(self, figure: int) -> bool:
        """Whether a frame with this figure counts."""
        if figure < self.at:
            self._refused += 1
            if self._refused < MOST_REFUSED:
                return False
        self.at = figure
        self._refused = 0
        return True


class Horizon:
    """How far ahead a time may lie. If the clock is wrong itself, some in a row are believed after all."""

    __slots__ = ("_now", "_refused", "bound")

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        """The venue's clock as we know it, in milliseconds."""
        self._refused = 0
        self.bound = 0
        """No clock needs to be read for a whole number up to this."""

    def checked(self, microseconds: Any) -> int:
        """A time of the venue; ValueError for what is none, or lies minutes ahead."""
        time = whole(microseconds)
        if not 0 <= time <= self.bound:
            if time < 0:
                raise ValueError(f"{time} is no time")
            self.bound = self._now() * 1000 + AHEAD
        if time > self.bound:
            self._refused += 1
            if self._refused < MOST_REFUSED or time > LATEST:
                raise ValueError(f"{time} is ahead of the clock")
        else:
            self._refused = 0
        return time


LATEST = 4_102_444_800 * 1_000_000
"""The year 2100, in microseconds: beyond it no time is believed, however often it comes."""


def whole(figure: Any) -> int:
    """A whole number as the venue writes it, as a number or as text; ValueError for anything else."""
    if type(figure) is int:
        return figure
    if isinstance(figure, str) and figure.isascii() and figure.lstrip("-").isdigit():
        return int(figure)
    raise ValueError(f"{figure!r} is no whole number")
