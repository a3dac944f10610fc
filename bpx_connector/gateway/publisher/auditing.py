"""Compares what the account's streams have told with the venue, once for all readers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from bpx_connector.gateway.publisher.completeness import ASKER, Read
from bpx_connector.gateway.publisher.venue import Trouble
from bpx_connector.gateway.rules.audit import AUDITS, Audit, Told
from bpx_connector.stream.frames import payload_of

__all__ = ["Auditing"]


class Auditing:
    """Of one account."""

    def __init__(
        self, read: Read, hears: Callable[[str], bool], doubted: Callable[[Sequence[str]], None]
    ) -> None:
        """`hears` says whether this gateway leads and a stream comes; `doubted` is told which streams have
        kept something back."""
        self.audits = 0
        self.doubts = 0
        self._read = read
        self._hears = hears
        self._doubted = doubted
        self._told = {audit.stream: Told(audit) for audit in AUDITS}

    def take(self, stream: str, text: str) -> None:
        """An event of the account."""
        told = self._told.get(stream)
        if told is not None:
            told.take(payload_of(text))

    def lose(self, stream: str) -> None:
        """A stream is gone: the next answer is where it begins."""
        told = self._told.get(stream)
        if told is not None:
            told.lose()

    async def keep(self, every: float) -> None:
        """Audit for ever, with so many seconds between."""
        while True:
            await asyncio.sleep(every)
            await self.audit()

    async def audit(self) -> None:
        """Ask once for each stream, and tell of what does not agree."""
        doubtful = [audit.stream for audit in AUDITS if not await self._agrees(audit)]
        if doubtful:
            self.doubts += len(doubtful)
            self._doubted(doubtful)

    async def _agrees(self, audit: Audit) -> bool:
        if not self._hears(audit.stream):
            return True
        answer = await self._read(ASKER, audit.path, {})
        if isinstance(answer, Trouble) or answer.status != 200 or not self._hears(audit.stream):
            return True
        self.audits += 1
        return self._told[audit.stream].agrees(msgspec.json.decode(answer.body))
