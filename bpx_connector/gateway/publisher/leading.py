"""Keeps the lease, and says when a lead begins and when it is over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from bpx_connector.gateway.bus.connection import UnansweredError
from bpx_connector.gateway.rules.lease import ANSWERED_WITHIN, Attempt, Lease

__all__ = ["Leading", "LeaseStore"]

TICK: Final = 0.05


class LeaseStore(Protocol):
    """What is needed of the bus."""

    async def store(
        self,
        subject: str,
        payload: bytes,
        seconds: float,
        identity: str | None = None,
        expected: int | None = None,
    ) -> int | None: ...


class Leading:
    """One gateway's part in the question who leads."""

    def __init__(
        self,
        name: str,
        subject: str,
        clock: Callable[[], float],
        began: Callable[[], Awaitable[None]],
        ended: Callable[[], None],
        report: Callable[[str, BaseException | None], None],
    ) -> None:
        self.lease = Lease()
        self.takeovers = 0
        self._name = name.encode()
        self._subject = subject
        self._clock = clock
        self._began = began
        self._ended = ended
        self._report = report

    def leads(self) -> bool:
        """Whether this gateway leads now."""
        return self.lease.leads(self._clock())

    async def keep(self, store: LeaseStore) -> None:
        """Try again and again to lead, or to go on leading, as long as the connection lasts."""
        while True:
            await self.step(store)
            await asyncio.sleep(TICK)

    async def step(self, store: LeaseStore) -> None:
        """Do what is due now."""
        attempt = self.lease.due(self._clock())
        if attempt is not None and await self._renewed(store, attempt):
            self.takeovers += 1
            await self._began()
        if not self.leads():
            self._ended()

    async def _renewed(self, store: LeaseStore, attempt: Attempt) -> bool:
        """Whether a lead begins with this attempt."""
        try:
            sequence = await store.store(
                self._subject, self._name, ANSWERED_WITHIN, expected=attempt.expected
            )
        except UnansweredError as error:
            self._report("the lease is not renewed", error)
            return False
        if sequence is None:
            self.lease.refused(attempt)
            return False
        return self.lease.granted(attempt, sequence, self._clock())
