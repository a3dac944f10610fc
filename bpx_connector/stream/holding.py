"""In a flood, books wait for the next read and are brought up to date once for several. Pure.

While a thousand frames are being taken, the next thousand arrive. A caller can look at a book only when the
event loop gets to it, so all but the last of its states would be made for nobody. Worked example, with a
flood from 3 frames on and a bound of 8:

    take({"depth.A": [1, 2, 3]}, 3)   -> {}                         a flood: A's frames wait
    take({"trade.A": [4]}, 1)         -> {"trade.A": [4], "depth.A": [1, 2, 3]}   no flood: all is due
    take({"depth.A": [5, 6, 7]}, 3)   -> {}
    take({"depth.A": [8] * 5}, 5)     -> {"depth.A": [5, 6, 7, 8, ...]}   eight wait: enough
    release()                         -> whatever waits, because something else happens to a stream

What waits comes before anything else that happens to its stream: whoever changes a stream's state by another
way (an answer over REST, a lost connection, a new callback) releases first.
"""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Batches", "Holding"]

Batches = dict[str, list[str]]
"""Frames by the stream they came on."""


class Holding:
    """What waits for the next read."""

    def __init__(self, flood: int, most: int) -> None:
        self._flood = flood
        self._most = most
        self.held: Batches = {}
        """What waits."""

    def take(self, batches: Batches, frames: int, may_wait: Callable[[str], bool]) -> Batches:
        """What is due of a read of so many frames; the rest waits while more of a flood is to be expected."""
        is_flood = frames >= self._flood
        if not is_flood and not self.held:
            return batches
        due: Batches = {}
        for stream, batch in batches.items():
            if may_wait(stream):
                self.held.setdefault(stream, []).extend(batch)  # behind what waits already
            else:
                due[stream] = batch
        if is_flood and self._count() < self._most:
            return due
        return due | self.release()

    def release(self) -> Batches:
        """Everything that waits, which waits no longer."""
        held, self.held = self.held, {}
        return held

    def drop(self, stream: str) -> None:
        """Forget what waits of a stream."""
        self.held.pop(stream, None)

    def _count(self) -> int:
        return sum(map(len, self.held.values()))
