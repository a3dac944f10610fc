"""Has nobody led for so long that the account's budget is whole again? Pure.

Whoever leads leaves a mark on the bus, on disk, before it lets a request go, and again and again while it
does; without a new mark it stops after `OPEN_FOR`. So the last mark says when the last request can have been
let go. Two clocks date it, the bus's and the venue's as the gateways know it: what the shorter one says
counts, so that a clock that was put forward proves nothing. Without a mark nothing is known.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from bpx_connector.gateway.rules.budget import SLACK, WINDOW

__all__ = ["ENOUGH", "MARKED_EVERY", "OPEN_FOR", "Mark", "is_whole_again"]

MARKED_EVERY: Final = 2.0
"""Seconds between the marks of a leader."""

OPEN_FOR: Final = 6.0
"""Seconds, from before a mark was sent, for which its writer lets requests go."""

ENOUGH: Final = OPEN_FOR + WINDOW + SLACK
"""Seconds after a mark when no request of before is in the venue's window any more."""


class Mark(NamedTuple):
    """When a mark was stored, in seconds: by the bus's clock, and by the venue's."""

    bus: float
    venue: float


def is_whole_again(last: Mark | None, now: Mark) -> bool:
    """Whether a gateway that begins to lead may spend as if nobody had before it."""
    return last is not None and now.bus - last.bus >= ENOUGH and now.venue - last.venue >= ENOUGH
