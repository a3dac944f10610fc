"""What a gateway that does not lead has heard lately: all of it is published when it begins to. Pure."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

__all__ = ["Heard", "Ring"]

SECONDS = 2.5
"""Longer than a lead can be without a leader: the lease's life, an attempt's pause and its answer."""

MOST = 60_000
"""Messages kept, whatever their age."""


class Heard(NamedTuple):
    """One message that would have been published."""

    at: float
    subject: str
    payload: bytes
    identity: str | None


class Ring:
    """The messages of the last seconds, oldest first."""

    def __init__(self, seconds: float = SECONDS, most: int = MOST) -> None:
        self._seconds = seconds
        self._messages: deque[Heard] = deque(maxlen=most)

    def __len__(self) -> int:
        return len(self._messages)

    def add(self, now: float, subject: str, payload: bytes, identity: str | None = None) -> None:
        """Keep one more, and none that is too old."""
        messages = self._messages
        messages.append(Heard(now, subject, payload, identity))
        oldest = now - self._seconds
        while messages[0].at < oldest:
            messages.popleft()

    def take(self, now: float) -> list[Heard]:
        """All that are young enough, in the order in which they came; the ring is empty afterwards."""
        oldest = now - self._seconds
        taken = [message for message in self._messages if message.at >= oldest]
        self._messages.clear()
        return taken
