"""Who leads: one message that lives a second, written by whoever knows the number of the one before. Pure.

The server takes a message only if the writer names the sequence number of the last one (0 if that has
died), so of two that try at once one is refused. A holder counts from before it asked, the server from when
it was asked, and the holder stops a little earlier: so two never lead at once, however long an answer is
under way. A holder whose renewal is late does not lead either, whether or not anybody else does: what it
has heard meanwhile was not published, and has to be when it leads again.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["ANSWERED_WITHIN", "LIFETIME", "Attempt", "Lease"]

LIFETIME = 1.0
"""Seconds after which the server forgets the message."""

TRUSTED = 0.9
"""Seconds, from before it asked, for which a holder believes that it leads."""

EVERY = 0.25
"""Seconds between attempts."""

ANSWERED_WITHIN = 0.5
"""Seconds after which an attempt without an answer is given up, and another one made."""


class Attempt(NamedTuple):
    """What to write: only if the last message has this number (0: if there is none)."""

    expected: int
    at: float


class Lease:
    """One gateway's side of it."""

    def __init__(self) -> None:
        self.epoch = 0
        """The number of the message with which the present lead began."""
        self.is_refused = False
        """Whether the last attempt found another one's message."""
        self._held = 0
        self._trusted_until = 0.0
        self._next = 0.0
        self._under_way: Attempt | None = None

    def leads(self, now: float) -> bool:
        """Whether this gateway leads."""
        return self._held != 0 and now < self._trusted_until

    def due(self, now: float) -> Attempt | None:
        """What to write now, if it is time to; an answer is to be reported with the attempt."""
        pending = self._under_way
        if pending is not None and now < pending.at + ANSWERED_WITHIN:
            return None
        if now < self._next:
            return None
        self._next = now + EVERY
        self._under_way = Attempt(self._held, now)
        return self._under_way

    def granted(self, attempt: Attempt, sequence: int, now: float) -> bool:
        """The server took it; whether a lead begins here, so that what was held back is due."""
        began = not self.leads(now)
        self._under_way = None
        self.is_refused = False
        self._held = sequence
        self._trusted_until = attempt.at + TRUSTED
        if not self.leads(now):
            return False  # the answer came too late to be of use; the number is good for the next attempt
        if began:
            self.epoch = sequence
        return began

    def refused(self, attempt: Attempt) -> None:
        """The server has a newer message, or none: what is held is worth nothing."""
        self._under_way = None
        self.is_refused = True
        if attempt.expected == self._held:
            self._held = 0

    def give_up(self) -> None:
        """Lead no longer, by one's own will: the venue cannot be heard from here."""
        self._trusted_until = 0.0
