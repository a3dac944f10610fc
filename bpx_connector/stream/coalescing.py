"""Where frames come thick and fast, reads wait for a moment, so that each of them brings more. Pure.

A read costs what ten frames cost, whatever it brings: a turn of the event loop, the system's calls, the
waking of who waits. A hundred books at 20,000 frames a second came one frame a read, and took two thirds of a
processor; with a millisecond between reads they take a third. Network cards do the same with interrupts.
"""

from __future__ import annotations

from typing import Final

__all__ = ["USUAL_PAUSE", "Coalescing"]

USUAL_PAUSE: Final = 0.001
"""Seconds; an event loop has no shorter ones."""

SPAN: Final = 0.01
"""Seconds over which frames are counted."""

FLOOD: Final = 10_000
"""Frames a second from which on reads wait. Below, each frame is told at once."""

ENOUGH: Final = 64
"""A read that brings so many frames waits for nothing: the next one brings as many."""


class Coalescing:
    """Says after each read of a connection how long the next one waits."""

    __slots__ = ("_began", "_frames", "_is_flood", "_pause")

    def __init__(self, pause: float = USUAL_PAUSE) -> None:
        self._pause = pause
        self._began = 0.0
        self._frames = 0
        self._is_flood = False

    def pause_after(self, frames: int, now: float) -> float:
        """Seconds that the next read waits, after one that has brought so many frames; 0 if it does not."""
        passed = now - self._began
        if passed >= SPAN:
            self._is_flood = self._frames >= FLOOD * passed
            self._began, self._frames = now, 0
        self._frames += frames
        return self._pause if self._is_flood and frames < ENOUGH else 0.0
