"""No fill is missing from what is stored, and it is marked how far that is so.

A fill that came while the stream was off, or while nobody led, stands in the venue's history. It is asked
for from the last mark on, once the stream is on again: what comes later comes as an event.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol

import msgspec

from bpx_connector.gateway.bus.connection import UnansweredError
from bpx_connector.gateway.bus.subjects import Subjects
from bpx_connector.gateway.publisher.venue import Answer, Trouble
from bpx_connector.gateway.rules.identity import fill_identity

__all__ = ["Completeness", "Marks", "Storing"]

LOOKED_EVERY: Final = 0.25
OVERLAP_MS: Final = 1_000
MARKED_EVERY: Final = 2.0
STORED_WITHIN: Final = 2.0
SETTLED_MS: Final = 3_000
"""What is older than that has come, if the stream was on: events are late by milliseconds."""

FILLS_A_PAGE: Final = 1000
ASKER: Final = "gateway"


class Marks(Protocol):
    """What is needed of the bus."""

    async def store(self, subject: str, payload: bytes, seconds: float) -> int | None: ...
    async def last_stored(self, log: str, subject: str) -> bytes | None: ...


class Storing(Protocol):
    """What is needed of the way out."""

    @property
    def unstored(self) -> int: ...
    def store(self, subject: str, payload: bytes, identity: str) -> None: ...


Read = Callable[[str, str, dict[str, Any]], Awaitable[Answer | Trouble]]


class Completeness:
    """Of one account's fills."""

    def __init__(
        self,
        account: str,
        subjects: Subjects,
        outlet: Storing,
        read: Read,
        hears_orders: Callable[[], bool],
        clock: Callable[[], float],
        now: Callable[[], float],
        report: Callable[[str, BaseException | None], None],
    ) -> None:
        """`hears_orders` says whether this gateway leads and the account's orders come."""
        self.backfilled = 0
        self._account = account
        self._subjects = subjects
        self._outlet = outlet
        self._read = read
        self._hears_orders = hears_orders
        self._clock = clock
        self._now = now
        self._report = report
        self._is_complete = False
        """Whether every fill up to now is stored, or about to be."""
        self._marked = 0.0

    def lose(self) -> None:
        """Fills may come that nobody hears: the history is to be asked."""
        self._is_complete = False

    async def keep(self, bus: Marks) -> None:
        """See to it as long as the connection lasts."""
        self._marked = self._clock()
        while True:
            await asyncio.sleep(LOOKED_EVERY)
            try:
                await self.step(bus)
            except UnansweredError as error:
                self._report("it is not known how far the fills are stored", error)

    async def step(self, bus: Marks) -> None:
        """Do what is due now."""
        if not self._hears_orders():
            return
        now = self._clock()
        if not self._is_complete:
            self._is_complete = True  # until something says otherwise, while the history is asked
            if await self._backfill(bus):
                self._marked = now - MARKED_EVERY
            else:
                self._is_complete = False
        elif now - self._marked >= MARKED_EVERY and not self._outlet.unstored:
            await self._mark(bus, int(self._now() * 1000) - SETTLED_MS)
            self._marked = now

    async def _mark(self, bus: Marks, moment: int) -> None:
        if self._hears_orders() and self._is_complete:
            await bus.store(self._subjects.mark(self._account), str(moment).encode(), STORED_WITHIN)

    async def _backfill(self, bus: Marks) -> bool:
        """Store the fills of the venue's history since the last mark; whether that could be done."""
        began = int(self._now() * 1000)
        subjects, account = self._subjects, self._account
        mark = await bus.last_stored(subjects.mark_log(account), subjects.mark(account))
        if mark is None:
            await self._mark(bus, began)  # nobody has read anything yet
            return True
        offset = 0
        while True:
            rows = await self._page(int(mark) - OVERLAP_MS, offset)
            if rows is None:
                return False
            for row in rows:
                self._store(row)
            offset += len(rows)
            if len(rows) < FILLS_A_PAGE:
                return True

    async def _page(self, since: int, offset: int) -> list[dict[str, Any]] | None:
        request = {"from": since, "limit": FILLS_A_PAGE, "offset": offset, "sortDirection": "Asc"}
        answer = await self._read(ASKER, "wapi/v1/history/fills", request)
        if isinstance(answer, Trouble) or answer.status != 200:
            self._report(f"fills cannot be asked for: {answer}", None)
            return None
        rows: list[dict[str, Any]] = msgspec.json.decode(answer.body)
        return rows

    def _store(self, row: Mapping[str, Any]) -> None:
        subject = self._subjects.account(self._account, "fill", str(row["symbol"]))
        payload = msgspec.json.encode({"data": row, "stream": "fill"})
        self._outlet.store(subject, payload, fill_identity(str(row["symbol"]), row["tradeId"]))
        self.backfilled += 1
