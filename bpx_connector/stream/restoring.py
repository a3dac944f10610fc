"""Asks REST until each follower knows its state again, and has states compared with REST now and then.

At most so many questions at once, one task a stream, with pauses that grow. What is refused for good is asked
again as well, for a market that is closed may open; but seldom, and it is told once.
"""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple, Protocol

from ccxt.base.errors import BadResponse, BaseError, ExchangeClosedByUser, ExchangeError

from bpx_connector.stream.followers import Follower
from bpx_connector.stream.socket import Patience, Tools, pause_after

__all__ = ["Owner", "Restoring"]

REFETCHING = Patience(shortest_pause=0.4, longest_pause=10.0)
"""Between questions that were not answered, or not well enough."""

REFUSED = Patience(shortest_pause=2.0, longest_pause=60.0)
"""Between questions that were refused: a closed market in a group of two hundred costs one a minute."""

OWED = Patience(shortest_pause=0.4, longest_pause=60.0)
"""Between questions whose answers leave something open: the history lags, or says it never."""

AT_ONCE = 3
"""So many attempts come quickly after one another, before the pauses grow."""


class Owner(Protocol):
    """Whose followers they are."""

    def is_followed(self, follower: Follower) -> bool:
        """Whether anybody still wants this follower's stream."""

    def catch_up(self) -> None:
        """Have followers take the frames that wait: they come before anything else."""

    def hand_in(self, follower: Follower, answer: Any) -> bool:
        """Have a follower take an answer, in its turn; whether it was enough."""

    def give_up(self, follower: Follower, error: BaseError) -> None:
        """REST refuses what a follower needs: tell whom it concerns."""


class Refusals(NamedTuple):
    """How often in a row a stream's question was refused, and when it may be put again."""

    in_a_row: int
    until: float


class Restoring:
    """The questions to REST of one client."""

    def __init__(self, owner: Owner, tools: Tools, at_once: int, tick: float) -> None:
        self._owner = owner
        self._tools = tools
        self._tick = tick
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._questions = asyncio.Semaphore(at_once)
        self._refusals: dict[str, Refusals] = {}
        self._audited: dict[str, float] = {}
        self._audits: dict[str, Follower] = {}
        self._auditor: asyncio.Task[None] | None = None

    def watch(self, follower: Follower) -> None:
        """Have a follower's state compared with REST as often as it wants."""
        if follower.fetch_every is None:
            return
        self._audits[follower.stream] = follower
        if self._auditor is None:
            self._auditor = asyncio.get_running_loop().create_task(self._audit())

    def begin(self, follower: Follower) -> None:
        """Ask for what a follower needs, unless somebody does so already."""
        if follower.needs_restoring and follower.stream not in self._tasks:
            task = asyncio.get_running_loop().create_task(self._restored(follower))
            self._tasks[follower.stream] = task

    def end(self, stream: str) -> None:
        """Ask no longer. Refusals are remembered: who asks again at once waits for the pause all the same."""
        self._audits.pop(stream, None)
        self._audited.pop(stream, None)
        task = self._tasks.pop(stream, None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    def stop(self) -> list[asyncio.Task[None]]:
        """End everything; the tasks that are to be waited for."""
        tasks = [*self._tasks.values(), *([self._auditor] if self._auditor else [])]
        for task in tasks:
            task.cancel()
        return tasks

    async def _restored(self, follower: Follower) -> None:
        """Ask, and take the task off the list before anybody else has a turn.

        If it were taken off an iteration of the loop later, a doubt that arises in between would find a task
        on the list which is no longer at work, and nobody would ask.
        """
        try:
            await self._ask_until_known(follower)
        finally:
            if self._tasks.get(follower.stream) is asyncio.current_task():
                del self._tasks[follower.stream]

    async def _ask_until_known(self, follower: Follower) -> None:
        attempts = 0
        await self._wait_for_the_pause(follower.stream)
        while self._must_ask(follower):
            try:
                is_enough = await self._ask(follower)
            except Exception as error:
                attempts += 1
                await self._sleep_after(error, attempts, follower)
                continue
            self._refusals.pop(follower.stream, None)
            if not self._must_ask(follower):
                return
            attempts = 0 if is_enough else attempts + 1
            await self._pause(attempts - AT_ONCE, OWED)

    async def _ask(self, follower: Follower) -> bool:
        assert follower.fetch is not None, "what needs restoring says how"
        losses = follower.losses
        async with self._questions:
            follower.refetches += 1
            answer = await follower.fetch()
        # An answer from before another loss says nothing about what was missed in that one.
        if losses != follower.losses or not follower.needs_restoring:
            return False
        return self._owner.hand_in(follower, answer)

    async def _sleep_after(self, error: Exception, attempts: int, follower: Follower) -> None:
        if not _is_final(error):
            self._tools.report(f"no answer over REST for {follower.stream}, attempt {attempts}", error)
            await self._pause(attempts - AT_ONCE, REFETCHING)
            return
        count = self._refused(follower.stream)
        if count == 1 and not isinstance(error, ExchangeClosedByUser):  # who closes it knows that
            self._tools.report(f"REST refuses what {follower.stream} needs", error)
        self._owner.give_up(follower, as_told(error, follower.stream))
        if self._must_ask(follower):  # or it is off the list, and nobody would end the pause
            await self._pause(count - 1, REFUSED)

    def _refused(self, stream: str) -> int:
        count = self._refusals.get(stream, Refusals(0, 0.0)).in_a_row + 1
        # Half a pause is the least that the jitter makes of it.
        until = self._tools.clock() + pause_after(count - 1, REFUSED, 0.0)
        self._refusals[stream] = Refusals(count, until)
        return count

    async def _wait_for_the_pause(self, stream: str) -> None:
        refused = self._refusals.get(stream)
        if refused is not None and (left := refused.until - self._tools.clock()) > 0:
            await self._tools.sleep(left)

    async def _pause(self, failures: int, patience: Patience) -> None:
        await self._tools.sleep(pause_after(failures, patience, self._tools.jitter()))

    def _must_ask(self, follower: Follower) -> bool:
        return follower.needs_restoring and self._owner.is_followed(follower)

    async def _audit(self) -> None:
        while True:
            await self._tools.sleep(self._tick)
            now = self._tools.clock()
            for stream, follower in list(self._audits.items()):
                due = self._audited.setdefault(stream, now) + (follower.fetch_every or float("inf"))
                if now >= due and not follower.needs_restoring:
                    self._owner.catch_up()
                    self._audited[stream] = now
                    follower.start_audit()
                    self.begin(follower)


def _is_final(error: Exception) -> bool:
    """Whether the venue has refused, or we do not understand its answer."""
    return not isinstance(error, BaseError) or isinstance(error, ExchangeError)


def as_told(error: Exception, stream: str) -> BaseError:
    """What callers are told: ccxt's exceptions only."""
    if isinstance(error, BaseError):
        return error
    told = BadResponse(f"the answer over REST for {stream} cannot be understood: {error!r}")
    told.__cause__ = error
    return told
