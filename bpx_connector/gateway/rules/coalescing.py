"""Equal questions are asked once, and nobody gets an answer that was asked for before its question. Pure.

An answer says what was true when the venue was asked or later. It goes to those whose question had come by
then; who comes while it is under way waits for the next one. So any number of askers cost two requests at
most, and what a reader takes from an answer is as true as if it had asked itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from typing import Generic, TypeVar

__all__ = ["Coalescing"]

Key = TypeVar("Key", bound=Hashable)
Asker = TypeVar("Asker")


class Coalescing(Generic[Key, Asker]):
    """Who waits for which question's answer."""

    def __init__(self) -> None:
        self.spared = 0
        self._waiting: defaultdict[Key, list[Asker]] = defaultdict(list)
        self._under_way: dict[Key, list[Asker]] = {}

    def ask(self, key: Key, asker: Asker) -> bool:
        """Wait for an answer; whether the question has to be put to the venue now."""
        waiting = self._waiting[key]
        waiting.append(asker)
        is_first = len(waiting) == 1 and key not in self._under_way
        self.spared += not is_first
        return is_first

    def sent(self, key: Key) -> None:
        """The venue is being asked, from now on: the answer is for those who wait so far."""
        self._under_way[key] = self._waiting.pop(key, [])

    def answered(self, key: Key) -> tuple[list[Asker], bool]:
        """Those whom the answer is for, and whether the question has to be put again for others."""
        askers = self._under_way.pop(key, [])
        again = bool(self._waiting.get(key))
        self.spared -= again
        return askers, again

    def dropped(self, key: Key) -> list[Asker]:
        """Those who wait for a question that cannot be asked."""
        return self._waiting.pop(key, [])
