"""How far a follower may trust its state: the one state machine of all that is restored over REST. Pure.

    state            moved by
    off              lose(): the connection is gone, frames are being missed
    on, owed         begin() after off; doubt() while known: an answer over REST is due
    on, settled      settle(): an answer has been taken, frames lead on from it

Example: a balance is watched. off -> begin -> owed; the answer comes: settled. Thirty seconds later doubt()
makes it owed again, and the answer that agrees settles it. The socket is cut: off, and `has_missed` from now
on, for what happened meanwhile came to nobody.
"""

from __future__ import annotations

__all__ = ["Trust"]


class Trust:
    """The trust of one follower in what it holds."""

    __slots__ = ("has_missed", "is_known", "is_on", "is_owed")

    def __init__(self) -> None:
        self.is_on = False
        """Whether what happens comes as frames."""
        self.is_owed = True
        """Whether REST has to be asked before the state is known, or known again."""
        self.is_known = False
        """Whether the state has ever been known since the stream was followed, or since `forget`."""
        self.has_missed = False
        """Whether the stream was on before and frames may have been missed since."""

    @property
    def must_ask(self) -> bool:
        """Whether to ask REST now: while the stream is off an answer would be out of date at once."""
        return self.is_on and self.is_owed

    @property
    def may_be_stale(self) -> bool:
        """Whether what is known may have changed without our knowing."""
        return not self.is_on or self.is_owed

    def begin(self) -> None:
        """The stream is on."""
        self.is_on = True

    def lose(self) -> None:
        """The stream is off."""
        self.has_missed |= self.is_on
        self.is_on = False
        self.is_owed = True

    def doubt(self) -> None:
        """What is held is to be confirmed."""
        self.is_owed = True

    def settle(self) -> None:
        """What is held is the venue's state."""
        self.is_owed = False
        self.is_known = True

    def forget(self) -> None:
        """What was known is not worth showing any more."""
        self.is_known = False
