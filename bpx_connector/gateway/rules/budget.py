"""The account's request budget, shared fairly: rounds over the users, out of buckets that fill steadily.
Pure.

A bucket never holds more than its burst and is empty in the beginning, unless it is known that nobody has
spent anything for a minute (`silence`). With burst + rate x (60 + slack) at
most the venue's limit, no 60 seconds ever see more than the limit, whoever spent what before: a gateway
that takes over starts from nothing and needs to know nothing. The slack is how long a permit that was given
may wait to be used, and how long two gateways may both believe that they lead.

Whose turn it is goes round over the users that wait, one request each: a greedy user waits behind its own.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable, Iterator
from typing import Generic, NamedTuple, TypeVar

from bpx_connector.gateway.rules.lease import LIFETIME

__all__ = ["PERMIT_LIFE", "SLACK", "WINDOW", "Bucket", "FairBudget", "Granted"]

PERMIT_LIFE = 5.0
"""Seconds for which a permit may be used."""

SLACK = PERMIT_LIFE + LIFETIME
WINDOW = 60.0
"""Seconds over which the venue counts."""

MOST_WAITING = 500
"""Requests of one user that may wait; more are refused, so that nobody waits for minutes without knowing."""

Ticket = TypeVar("Ticket", bound=Hashable)


class Granted(NamedTuple, Generic[Ticket]):
    """A request that may go now, and how long it has waited."""

    user: str
    ticket: Ticket
    waited: float


class Bucket:
    """Fills at a steady rate, up to its burst."""

    def __init__(self, limit: float, burst: float, now: float, is_full: bool = False) -> None:
        """Never more than `limit` in any window, at most `burst` of them at once."""
        if not 1 <= burst <= limit:
            raise ValueError(f"a burst of {burst} does not fit into {limit} a minute: from 1 to the limit")
        self.rate = (limit - burst) / (WINDOW + SLACK)
        self._burst = burst
        self._tokens = burst if is_full else 0.0
        self._at = now

    def take(self, now: float) -> bool:
        """Take one, if there is one."""
        self._fill(now)
        if self._tokens < 1 - ROUNDING:
            return False
        self._tokens -= 1
        return True

    def wait(self, now: float) -> float:
        """Seconds until there is one; infinite if it never fills."""
        self._fill(now)
        missing = 1 - self._tokens
        if missing <= ROUNDING:
            return 0.0
        return missing / self.rate if self.rate else float("inf")

    def _fill(self, now: float) -> None:
        if now > self._at:
            self._tokens = min(self._burst, self._tokens + (now - self._at) * self.rate)
            self._at = now


ROUNDING = 1e-9


class FairBudget(Generic[Ticket]):
    """One bucket and those who wait for it."""

    def __init__(self, bucket: Bucket, most_waiting: int = MOST_WAITING) -> None:
        self.used = 0
        self.refused = 0
        self._bucket = bucket
        self._most = most_waiting
        self._waiting: OrderedDict[str, deque[tuple[Ticket, float]]] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def restart(self, bucket: Bucket) -> None:
        """Go on from another bucket: who waits goes on waiting."""
        self._bucket = bucket

    def ask(self, user: str, ticket: Ticket, now: float) -> bool:
        """Queue a request; False if this user has too many waiting already."""
        queue = self._waiting.setdefault(user, deque())
        if len(queue) >= self._most:
            self.refused += 1
            return False
        queue.append((ticket, now))
        return True

    def granted(self, now: float) -> Iterator[Granted[Ticket]]:
        """The requests that may go now, in their order: a round over the users, one each."""
        while self._waiting and self._bucket.take(now):
            user, queue = self._waiting.popitem(last=False)
            ticket, since = queue.popleft()
            if queue:
                self._waiting[user] = queue  # at the end of the round
            self.used += 1
            yield Granted(user, ticket, now - since)

    def dropped(self) -> list[Ticket]:
        """Those who wait; they wait no more."""
        dropped = [ticket for queue in self._waiting.values() for ticket, _ in queue]
        self._waiting.clear()
        return dropped

    def wait(self, now: float) -> float | None:
        """Seconds until the next request may go; None if nobody waits."""
        return self._bucket.wait(now) if self._waiting else None

    def waiting_of(self) -> dict[str, int]:
        """How many requests wait, by user."""
        return {user: len(queue) for user, queue in self._waiting.items()}
