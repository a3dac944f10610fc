"""What is said on the bus, in its order, while this gateway leads; what is held back while it does not."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final, NamedTuple

from bpx_connector.gateway.bus.connection import Bus, BusDownError
from bpx_connector.gateway.bus.subjects import Subjects
from bpx_connector.gateway.rules.identity import event_identity, event_symbol
from bpx_connector.gateway.rules.repetition import is_known_again
from bpx_connector.gateway.rules.ring import Ring
from bpx_connector.stream.frames import payload_of

__all__ = ["Outlet"]

STORED_WITHIN: Final = 2.0
STORED_AT_ONCE: Final = 64
AGAIN_AFTER: Final = 0.25


class _Said(NamedTuple):
    subject: str
    payload: bytes
    reply: str
    headers: Mapping[str, str] | None


class Outlet:
    """One gateway's way out."""

    def __init__(
        self, subjects: Subjects, account: str, clock: Callable[[], float], always: bool = False
    ) -> None:
        """With `always` what a reader knows again is said whether or not this gateway leads."""
        self._always = always
        self.leads = False
        self.counts: Counter[str] = Counter()
        self.ring = Ring()
        self._subjects = subjects
        self._account = account
        self._clock = clock
        self._names: dict[str, str] = {}
        self._waiting: deque[_Said] = deque()
        self._to_store: deque[tuple[str, bytes, str]] = deque()
        self._has_more = asyncio.Event()
        self._has_events = asyncio.Event()

    @property
    def unstored(self) -> int:
        """Private events that are not known to be stored."""
        return len(self._to_store)

    # --- saying ------------------------------------------------------------------------------------------

    def frame(self, stream: str, text: str) -> None:
        """A public frame of the venue."""
        subject = self._names.get(stream)
        if subject is None:
            try:
                subject = self._names[stream] = self._subjects.frame(stream)
            except ValueError:
                return
        payload = text.encode()
        if self.leads or (self._always and is_known_again(stream)):
            self.say(subject, payload)
        else:
            self.ring.add(self._clock(), subject, payload)

    def event(self, stream: str, text: str) -> None:
        """A private frame: it is stored as well, once, whoever heard it."""
        data = payload_of(text)
        subject = self._subjects.account(self._account, stream.split(".")[1], event_symbol(data))
        identity = event_identity(stream, data, text)
        if self.leads or (self._always and is_known_again(stream)):
            self.store(subject, text.encode(), identity)
        else:
            self.ring.add(self._clock(), subject, text.encode(), identity)

    def say(
        self, subject: str, payload: bytes, reply: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        """Say something, after all that was said before."""
        self._waiting.append(_Said(subject, payload, reply, headers))
        self._has_more.set()

    def store(self, subject: str, payload: bytes, identity: str) -> None:
        """Say something that is stored, again and again until it is."""
        self._to_store.append((subject, payload, identity))
        self._has_events.set()

    def lead(self) -> int:
        """Begin to lead: what was held back is said first. How much that was."""
        self.leads = True
        held = self.ring.take(self._clock())
        for message in held:
            if message.identity is None:
                self.say(message.subject, message.payload)
            else:
                self.store(message.subject, message.payload, message.identity)
        return len(held)

    def follow(self) -> None:
        """Lead no longer. What was about to be said is held back with all that comes, but for answers."""
        self.leads = False
        if self._always:
            return
        now = self._clock()
        waiting = list(self._waiting)
        self._waiting.clear()
        for said in waiting:
            if said.headers is None:
                self.ring.add(now, said.subject, said.payload)
            else:
                self._waiting.append(said)

    # --- the two tasks of a connection -------------------------------------------------------------------

    async def pump(self, bus: Bus, gather: float = 0.0) -> None:
        """Say what waits, as long as the connection lasts: at once, or so many seconds' worth together."""
        waiting, counts = self._waiting, self.counts
        while True:
            while waiting:
                said = waiting.popleft()
                await bus.publish(said.subject, said.payload, said.reply, said.headers)
                counts["messages"] += 1
                counts["bytes"] += len(said.payload)
            self._has_more.clear()
            await self._has_more.wait()
            if gather:
                await asyncio.sleep(gather)

    async def pump_events(self, bus: Bus) -> None:
        """Have private events stored, begun in their order, as long as the connection lasts."""
        under_way: set[asyncio.Task[None]] = set()
        begun: dict[int, tuple[str, bytes, str]] = {}
        try:
            while True:
                self._has_events.clear()
                for event in list(self._to_store):
                    if id(event) in begun:
                        continue
                    if len(begun) >= STORED_AT_ONCE:
                        break
                    begun[id(event)] = event
                    task = asyncio.create_task(self._stored(bus, event, begun))
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
                await self._has_events.wait()
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _stored(
        self, bus: Bus, event: tuple[str, bytes, str], begun: dict[int, tuple[str, bytes, str]]
    ) -> None:
        subject, payload, identity = event
        while True:
            with suppress(BusDownError):
                await bus.store(subject, payload, STORED_WITHIN, identity)
                break
            if not bus.is_open:
                return  # the next connection begins with it
            await asyncio.sleep(AGAIN_AFTER)
        self.counts["stored"] += 1
        begun.pop(id(event), None)
        with suppress(ValueError):
            self._to_store.remove(event)
        self._has_events.set()
