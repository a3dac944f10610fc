"""Opens the till while this gateway leads and has left its mark, and says whether it begins full."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from bpx_connector.gateway.bus.connection import BusDownError
from bpx_connector.gateway.publisher.till import Till
from bpx_connector.gateway.rules.silence import MARKED_EVERY, OPEN_FOR, Mark, is_whole_again

__all__ = ["MarkStore", "Spending"]

STORED_WITHIN: Final = 2.0
AGAIN_AFTER: Final = 0.25


class MarkStore(Protocol):
    """What is needed of the bus."""

    async def store(self, subject: str, payload: bytes, seconds: float) -> int | None: ...
    async def last_stored_at(self, log: str, subject: str) -> tuple[bytes, float] | None: ...


class Spending:
    """One gateway's."""

    def __init__(
        self,
        log: str,
        subject: str,
        till: Till,
        leads: Callable[[], bool],
        epoch: Callable[[], int],
        clock: Callable[[], float],
        now: Callable[[], float],
        report: Callable[[str, BaseException | None], None],
    ) -> None:
        self.began_full = False
        """Whether the present lead began with a full budget."""
        self._log = log
        self._subject = subject
        self._till = till
        self._leads = leads
        self._epoch = epoch
        self._clock = clock
        self._now = now
        self._report = report
        self._opened: int | None = None
        """The lead for which the till was opened."""
        self._awake = asyncio.Event()

    def begin(self) -> None:
        """A lead has begun: the till is opened as soon as the mark is there."""
        self._awake.set()

    def stop(self) -> None:
        """It is over: nobody is let go any more."""
        self._opened = None
        self._till.stop()

    async def keep(self, bus: MarkStore) -> None:
        """Mark, as long as the connection lasts."""
        while True:
            pause = MARKED_EVERY
            try:
                await self.step(bus)
            except BusDownError as error:
                self._report("no mark is stored, without which nothing is asked", error)
                pause = AGAIN_AFTER
            self._awake.clear()
            try:
                async with asyncio.timeout(pause):
                    await self._awake.wait()
            except TimeoutError:
                continue

    async def step(self, bus: MarkStore) -> None:
        """Do what is due now."""
        epoch, asked_at = self._epoch(), self._clock()
        if not self._leads():
            return
        is_first = epoch != self._opened
        last = await self._last(bus) if is_first else None
        venue = self._now()
        await bus.store(self._subject, f"{venue:.3f}".encode(), STORED_WITHIN)
        stored = await bus.last_stored_at(self._log, self._subject) if is_first else None
        if not self._leads() or self._epoch() != epoch:
            return
        if is_first:
            self._opened = epoch
            self.began_full = stored is not None and is_whole_again(last, Mark(stored[1], venue))
            self._till.begin(self.began_full)
        self._till.open_until(asked_at + OPEN_FOR)

    async def _last(self, bus: MarkStore) -> Mark | None:
        """The mark of whoever led before; None if there is none, or none that can be read."""
        stored = await bus.last_stored_at(self._log, self._subject)
        if stored is None:
            return None
        try:
            return Mark(stored[1], float(stored[0]))
        except ValueError:
            return None
