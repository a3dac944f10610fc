"""Who may send a request, and when: the budgets of the account, with those who wait for them.

What the account has is spent by whoever leads, and by nobody else: the till is closed until it is opened for
a lead, and who waits when the lead is over is told so, and asks the next leader.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, NamedTuple

from bpx_connector.gateway.rules.budget import Bucket, FairBudget

__all__ = ["ORDERS", "OWN", "USUAL_LIMITS", "Limits", "Refused", "Stopped", "Till"]


class Limits(NamedTuple):
    """Requests a minute of each budget, and how many of them at once.

    The venue allows 2,000 (30 of historical data). 1,500 and 160 and twice 70 leave 200 of them, a tenth, to
    programs that go on alone when no gateway answers.
    """

    standard: float = 1500
    standard_burst: float = 240
    historical: float = 30
    historical_burst: float = 12
    orders: float = 160
    orders_burst: float = 60
    own: float = 70
    own_burst: float = 20
    """For the books of a gateway that does not lead: what it spends the leader does not see."""


USUAL_LIMITS: Final = Limits()
ORDERS: Final = "orders"
OWN: Final = "own"


class Refused(Exception):  # noqa: N818  it is an answer, not an error of ours
    """Too many requests of one user wait already."""

    kind = "budget"
    """As a reader is told of it."""


class Stopped(Refused):
    """This gateway does not lead, or no more: another one lets requests go."""

    kind = "nobody"


class Till:
    """Lets requests go, one after the other, round over those who wait."""

    def __init__(
        self, limits: Limits, clock: Callable[[], float], leads: Callable[[], bool] = lambda: True
    ) -> None:
        self._clock = clock
        self._limits = limits
        self._leads = leads
        self._open_until = 0.0
        self.waited: dict[str, float] = {}
        """The longest that a user has waited."""
        self._timers: dict[str, asyncio.TimerHandle] = {}
        own = Bucket(limits.own, limits.own_burst, clock())
        self.budgets: dict[str, FairBudget[asyncio.Future[None]]] = {
            name: FairBudget(bucket) for name, bucket in {**self._buckets(False), OWN: own}.items()
        }

    def begin(self, is_full: bool = False) -> None:
        """Begin with nothing, for another may have spent all there was; or full, if nobody has.

        Who waits goes on waiting, until the till is opened.
        """
        for name, bucket in self._buckets(is_full).items():
            self.budgets[name].restart(bucket)

    def open_until(self, moment: float) -> None:
        """Let requests go until then, as long as this gateway leads."""
        self._open_until = moment
        for name in self.budgets:
            self._grant(name)

    def stop(self) -> None:
        """Let nobody go; who waits is told."""
        self._open_until = 0.0
        for name, budget in self.budgets.items():
            for future in budget.dropped() if name != OWN else ():
                if not future.done():
                    future.set_exception(Stopped(STOPPED))

    def _buckets(self, is_full: bool) -> dict[str, Bucket]:
        now, limits = self._clock(), self._limits
        return {
            "standard": Bucket(limits.standard, limits.standard_burst, now, is_full),
            "historical": Bucket(limits.historical, limits.historical_burst, now, is_full),
            ORDERS: Bucket(limits.orders, limits.orders_burst, now, is_full),
        }

    async def leave(self, budget: str, user: str) -> None:
        """Wait until a request of this user may go; Refused if too many of its wait already, Stopped if this
        gateway does not lead."""
        if budget != OWN and not self._leads():
            raise Stopped(STOPPED)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if not self.budgets[budget].ask(user, future, self._clock()):
            raise Refused(f"{user} has too many requests waiting for the {budget} budget")
        self._grant(budget)
        await future

    def _grant(self, name: str) -> None:
        budget, now = self.budgets[name], self._clock()
        if name != OWN and not (self._leads() and now < self._open_until):
            return  # whoever opens it comes by here
        for granted in budget.granted(now):
            if not granted.ticket.done():
                granted.ticket.set_result(None)
            self.waited[granted.user] = max(granted.waited, self.waited.get(granted.user, 0.0))
        wait = budget.wait(now)
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()
        if wait is not None:
            loop = asyncio.get_running_loop()
            self._timers[name] = loop.call_later(max(wait, SHORTEST), self._grant, name)

    def close(self) -> None:
        """Let nobody go any more."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()


SHORTEST: Final = 0.001
STOPPED: Final = "this gateway does not lead"
