"""Compares what the account's streams have told with the venue, once for all readers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from bpx_connector.gateway.publisher.completeness import ASKER, Read
from bpx_connector.gateway.publisher.venue import Trouble
from bpx_connector.gateway.rules.audit import OpenOrders
from bpx_connector.stream.frames import payload_of

__all__ = ["ORDERS", "Auditing"]

ORDERS = "account.orderUpdate"


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
        self._orders = OpenOrders()

    def take(self, stream: str, text: str) -> None:
        """An event of the account."""
        if stream == ORDERS:
            self._orders.take(payload_of(text))

    def lose(self, stream: str) -> None:
        """A stream is gone: the next answer is where it begins."""
        if stream == ORDERS:
            self._orders.lose()

    async def keep(self, every: float) -> None:
        """Audit for ever, with so many seconds between."""
        while True:
            await asyncio.sleep(every)
            await self.audit()

    async def audit(self) -> None:
        """Ask once, and tell of what does not agree."""
        if not self._hears(ORDERS):
            return
        answer = await self._read(ASKER, "api/v1/orders", {})
        if isinstance(answer, Trouble) or answer.status != 200:
            return
        self.audits += 1
        if not self._orders.agrees(msgspec.json.decode(answer.body)):
            self.doubts += 1
            self._doubted([ORDERS])
