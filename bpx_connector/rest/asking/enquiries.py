"""What became of something whose answer was lost: when it can still arrive, when to look, when to stop.

Nothing is ever sent a second time. What was sent can no longer reach the engine when its recvWindow has
passed; until then "it is nowhere" says nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

from ccxt.base.errors import BaseError, InvalidNonce, NetworkError

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Params
from bpx_connector.flow import Flow
from bpx_connector.venue.errors import NOTHING_SENT, RateLimited

__all__ = [
    "ABSENT",
    "MARGIN",
    "Enquiries",
    "Enquiry",
    "Sent",
    "is_certainly_absent",
    "is_open_question",
    "now_in_ms",
    "with_words",
]

ABSENT = "absent"
LONGEST_WINDOW = 60_000
MARGIN = 1000
"""Milliseconds beyond the recvWindow: for the engine, and for a clock that is a little ahead."""

SHORTEST_PAUSE = 100
LONGEST_PAUSE = 2000
CERTAINLY_REFUSED = (RateLimited, InvalidNonce)
"""Network errors after which it is certain that nothing happened."""

E = TypeVar("E", bound=BaseError)


def is_open_question(error: BaseError) -> bool:
    """Whether the venue may have done what it was asked, although this came back."""
    if not isinstance(error, NetworkError) or isinstance(error, CERTAINLY_REFUSED):
        return False
    return not str(error).endswith(NOTHING_SENT)


def with_words(error: E, words: str, **known: Any) -> E:
    """The same error with more to say, and more attributes."""
    more = error.__class__(f"{error}; {words}")
    vars(more).update(vars(error), **known)
    return more


def is_certainly_absent(error: BaseError) -> bool:
    """Whether it was found out that the order of this error was never placed."""
    return getattr(error, "outcome", None) == ABSENT


def now_in_ms() -> float:
    """Milliseconds of a clock that only goes on."""
    return time.monotonic() * 1000


class Sent(NamedTuple):
    """When something was sent, and how long the venue may still act on it; milliseconds."""

    at: float
    stamp: int
    """By the venue's clock, as it was signed."""

    recv_window: Any

    @property
    def window(self) -> int:
        """The recvWindow; it has been checked when the request was signed."""
        return int(self.recv_window or LONGEST_WINDOW)


class Enquiry:
    """When to ask again, and when to stop. Pauses count as time, whatever the clock says."""

    def __init__(self, sent: Sent, longest: float) -> None:
        self._sent = sent
        self._began = now_in_ms()
        self._longest = longest
        self._paused = 0.0
        self._pause: float = SHORTEST_PAUSE

    @property
    def left(self) -> float:
        """Milliseconds that may still be spent."""
        return self._longest - max(self._paused, now_in_ms() - self._began)

    @property
    def has_window_passed(self) -> bool:
        """Whether what was sent can no longer reach the engine."""
        return self._until_passed() <= 0

    def next_pause(self) -> float:
        """Milliseconds until the next look; 0 if it is to be the last one that was taken."""
        until_passed, left = self._until_passed(), self.left
        if left <= 0:
            return 0
        pause = min(self._pause, left)
        if 0 < until_passed < 2 * pause:
            pause = min(until_passed, left)  # the look that settles it
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        self._paused += pause
        return pause

    def _until_passed(self) -> float:
        since = max(self._began - self._sent.at + self._paused, now_in_ms() - self._sent.at)
        return self._sent.window + MARGIN - since


class Enquiries(Ccxt):
    """How long to ask, and asking."""

    _signed_at = 0.0
    """When something that acts was signed last, in milliseconds of a clock that only goes on."""

    def _note_signing(self) -> None:
        self._signed_at = now_in_ms()

    def _longest_enquiry(self) -> float:
        """Milliseconds that may be spent on finding out; 0 if the caller does not want it."""
        asked = self.options.get("outcome", True)
        if not asked:
            return 0.0
        limit = asked.get("timeout") if isinstance(asked, dict) else None
        timeout = float(self.timeout)
        return timeout if limit is None else min(float(limit), timeout)

    def _sent_now(self, params: Mapping[str, Any] = {}) -> Sent:
        return Sent(now_in_ms(), int(self.nonce()), params.get("recvWindow", self.options.get("recvWindow")))

    def _as_signed(self, sent: Sent) -> Sent:
        """The same, of what may have waited for the budget before it was signed: its window begins then.

        Asked for as soon as the answer is known to be lost. What other calls have signed since makes it later
        than it was, never earlier.
        """
        return sent._replace(at=max(sent.at, self._signed_at))

    def _look(self, path: str, params: Params, patience: float) -> Flow[Any]:
        """The answer to a question that does not wait for the budget longer than there is time."""
        return (yield self.fetch2(path, ["private"], "GET", params, {"patience": max(patience, 0.0)}))

    def _note_trouble(self, trouble: BaseError) -> None:
        self.logger.debug("%s looking for an order: %s", self.id, trouble)
