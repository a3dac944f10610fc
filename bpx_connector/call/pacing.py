"""The venue's request budgets: which one a call draws on, and when it may go. Pure: the time is an argument.

A budget is so many requests in any 60 seconds. The venue counts per account, so all instances that use one
key draw on the same budgets, whatever class they are of. Waiting here is what spares the caller a 429.

Source: Backpack support, "API and developer docs, FAQs": 2,000 requests a minute on standard endpoints and
30 on historical market data, each per account.
"""

from __future__ import annotations

import math
from collections import deque
from threading import Lock
from weakref import WeakValueDictionary

__all__ = ["WINDOW", "Pacing", "RollingBudget", "shared_pacing"]

WINDOW = 60_000
"""The milliseconds over which the venue counts."""


class RollingBudget:
    """At most `requests` in any window, first come first served."""

    def __init__(self, requests: float) -> None:
        self.requests = requests
        self._taken: deque[float] = deque()

    def reserve(self, now: float) -> float:
        """Take one place and answer how many milliseconds from `now` it comes free."""
        taken = self._taken
        while taken and taken[0] <= now - WINDOW:
            taken.popleft()
        room = max(1, math.floor(self.requests))
        goes_at = now if len(taken) < room else max(now, taken[-room] + WINDOW)
        taken.append(goes_at)
        return goes_at - now


class Pacing:
    """The budgets of one account. Safe to share between threads."""

    def __init__(self) -> None:
        self._budgets: dict[str, RollingBudget] = {}
        self._lock = Lock()

    def wait(self, budget: str, requests_per_minute: float, now: float) -> float:
        """How many milliseconds the next call of this budget has to wait; its place is taken."""
        with self._lock:
            rolling = self._budgets.get(budget)
            if rolling is None:
                rolling = self._budgets[budget] = RollingBudget(requests_per_minute)
            rolling.requests = requests_per_minute
            return rolling.reserve(now)


_shared: WeakValueDictionary[tuple[str, str | None], Pacing] = WeakValueDictionary()
_shared_lock = Lock()


def shared_pacing(host: str, api_key: str | None) -> Pacing:
    """The one Pacing of an account on a host, for as long as anybody holds it."""
    with _shared_lock:
        pacing = _shared.get((host, api_key))
        if pacing is None:
            pacing = _shared[(host, api_key)] = Pacing()
        return pacing
