"""Time in lockstep with the clients: it moves on when each of them has answered to the last step.

Every client that takes part says by how much time may pass as far as it is concerned. When all have said so,
the clock moves by the least of these, and those whose time has come go on. Before they do, every socket has
read what was sent: it has answered a ping that was behind the frames in its queue.

Example: A waits until second 10 and B until second 3. Time moves to 3, B acts and waits until 6, time moves
to 6, then to 9, then to 10, and A goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from bpx_connector.sandbox.clock import Clock
from bpx_connector.sandbox.records.times import SECOND

__all__ = ["PATIENCE", "Lockstep", "LockstepError"]

PATIENCE: Final = 60.0
"""Seconds of the machine's that one client waits for the others before it is told whom it waits for."""

Pass = Callable[[float], Awaitable[None]]
"""Lets seconds pass, and comes back when everybody has read what they brought."""


class LockstepError(ValueError):
    """A client that waits for others in vain; the message names them."""


class Lockstep:
    """Who takes part, and until when each lets time pass."""

    def __init__(self, clock: Clock, pass_by: Pass, patience: float = PATIENCE) -> None:
        self._clock: Final = clock
        self._pass_by: Final = pass_by
        self._patience: Final = patience
        self._until: Final[dict[str, int | None]] = {}
        """Client -> the time it waits for; None while it acts."""
        self._changed: Final = asyncio.Condition()
        self._is_moving = False

    @property
    def clients(self) -> dict[str, bool]:
        """Who takes part, and whether time waits for them."""
        return {name: until is None for name, until in self._until.items()}

    def join(self, name: str) -> None:
        """From now on time waits for this client as well."""
        self._until.setdefault(name, None)

    async def leave(self, name: str) -> bool:
        """Time waits for this client no more; whether it did."""
        is_known = name in self._until
        self._until.pop(name, None)
        await self._go_on()
        return is_known

    async def step(self, name: str, seconds: float) -> None:
        """Let so much time pass as far as this client is concerned, and wait until it has."""
        self.join(name)
        until = self._until[name] = self._clock.now() + round(seconds * SECOND)
        await self._go_on()
        try:
            async with asyncio.timeout(self._patience), self._changed:
                await self._changed.wait_for(lambda: self._until.get(name) != until)
        except TimeoutError:
            late = ", ".join(other for other, acts in self.clients.items() if acts)
            raise LockstepError(
                f"time waits for {late or 'nobody'}; DELETE /sandbox/lockstep/{{client}} lets it go on"
            ) from None
        finally:
            if self._until.get(name) == until:
                self._until[name] = None  # it waits no more, so that time waits for it

    async def _go_on(self) -> None:
        """Move time while everybody waits; those whose time has come act."""
        if self._is_moving:
            return
        self._is_moving = True
        try:
            while self._until and (waiting := self._all_wait()):
                now = self._clock.now()
                if waiting > now:
                    await self._pass_by((waiting - now) / SECOND)
                for name, until in self._until.items():
                    if until is not None and until <= self._clock.now():
                        self._until[name] = None
                async with self._changed:
                    self._changed.notify_all()
        finally:
            self._is_moving = False

    def _all_wait(self) -> int | None:
        """The earliest time that anybody waits for; None while somebody acts."""
        times = [until for until in self._until.values() if until is not None]
        return min(times) if times and len(times) == len(self._until) else None
