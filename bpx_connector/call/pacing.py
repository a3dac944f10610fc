"""The venue's request budgets: which one a call draws on, and when it may go. Pure: the time is an argument.

A budget is so many requests in any 60 seconds. The venue counts per account, so all instances that use one
key draw on the same budgets, whatever class they are of and however long they live. Waiting here is what
spares the caller a 429.

Source: Backpack support, "API and developer docs, FAQs": 2,000 requests a minute on standard endpoints and
30 on historical market data, each per account.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Callable
from threading import Lock

__all__ = ["WINDOW", "Pacing", "RollingBudget", "Spacing", "shared_pacing"]

WINDOW = 60_000
"""The milliseconds over which the venue counts."""

SAME = 0.01
"""Milliseconds that adding and subtracting times may cost."""

MOST_ACCOUNTS = 64
"""Accounts are forgotten above this count, those first that have asked for nothing in the last minute."""


class RollingBudget:
    """At most `requests` in any window, first come first served."""

    def __init__(self, requests: float) -> None:
        self.requests = requests
        self._taken: list[float] = []

    def reserve(self, now: float) -> float:
        """Take one place and answer how many milliseconds from `now` it comes free."""
        taken = self._taken
        passed = 0
        while passed < len(taken) and taken[passed] <= now - WINDOW:
            passed += 1
        if passed:
            del taken[:passed]
        room = max(1, math.floor(self.requests))
        goes_at = now if len(taken) < room else max(now, taken[-room] + WINDOW)
        insort(taken, goes_at)
        return goes_at - now

    def give_back(self, goes_at: float) -> None:
        """Free a place that nobody will use."""
        place = next((place for place in self._taken if abs(place - goes_at) < SAME), None)
        if place is not None:
            self._taken.remove(place)

    def is_idle(self, now: float) -> bool:
        """Whether nothing that still counts has been asked for."""
        return not self._taken or self._taken[-1] <= now - WINDOW


class Spacing:
    """Calls that are at least so many milliseconds apart: ccxt's `rateLimit`."""

    def __init__(self) -> None:
        self._next = -math.inf

    def reserve(self, interval: float, now: float) -> float:
        """Take the next place and answer how many milliseconds from `now` it comes."""
        goes_at = max(now, self._next)
        self._next = goes_at + interval
        return goes_at - now

    def give_back(self, interval: float, goes_at: float) -> None:
        """Free a place that nobody will use, if no later one was taken."""
        if abs(self._next - goes_at - interval) < SAME:
            self._next = goes_at


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

    def give_back(self, budget: str, goes_at: float) -> None:
        """Free the place of a call that was given up before it went."""
        with self._lock:
            self._budgets[budget].give_back(goes_at)

    def is_idle(self, now: float) -> bool:
        """Whether forgetting these budgets would change nothing."""
        with self._lock:
            return all(rolling.is_idle(now) for rolling in self._budgets.values())


_shared: dict[tuple[str, str | None], Pacing] = {}
_shared_lock = Lock()


def shared_pacing(host: str, api_key: str | None, clock: Callable[[], float] = lambda: math.inf) -> Pacing:
    """The one Pacing of an account on a host, for as long as what it counts counts with the venue."""
    with _shared_lock:
        pacing = _shared.get((host, api_key))
        if pacing is None:
            if len(_shared) >= MOST_ACCOUNTS:
                _forget_idle(clock())
            pacing = _shared[(host, api_key)] = Pacing()
        return pacing


def _forget_idle(now: float) -> None:
    for address in [address for address, pacing in _shared.items() if pacing.is_idle(now)]:
        del _shared[address]
