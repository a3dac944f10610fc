"""One reader's connection to the bus, made again when it is needed and gone; its gateways' signs of life."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec

from bpx_connector.gateway.bus.connection import Bus, BusDownError, Message, NobodyThereError
from bpx_connector.gateway.bus.subjects import desk_of_market, public_desks
from bpx_connector.gateway.consumer.settings import Reader

__all__ = ["Line"]

SILENCE: Final = 3.0
"""Seconds without a beat after which a gateway counts as gone, and what it said last as old."""

FIRST_BEAT_WITHIN: Final = 1.5
TICK: Final = 0.25


class Line:
    """Belongs to one event loop."""

    def __init__(self, reader: Reader, clock: Callable[[], float]) -> None:
        self.reader = reader
        self.reconnects = -1
        self.beats = 0
        self.epochs: dict[str, int] = {}
        self.leaders: dict[str, str] = {}
        """The gateway that leads each desk, by its name."""
        self._clock = clock
        self._bus: Bus | None = None
        self._lock = asyncio.Lock()
        self._heard: dict[str, float] = {}
        self._beaten = asyncio.Event()
        self._interested: dict[str, list[Callable[[frozenset[str] | None], None]]] = {}
        self._watching: asyncio.Task[None] | None = None
        self.is_closed = False

    async def bus(self) -> Bus:
        """A connection that is open, made if there is none; BusDownError if none is to be had."""
        async with self._lock:
            if self.is_closed:
                raise BusDownError("the line is closed")
            if self._bus is None or not self._bus.is_open:
                self._heard.clear()
                self._bus = await Bus.connected(self.reader.access)
                self.reconnects += 1
                desks = {*public_desks(self.reader.shards), self.reader.account}
                for desk in desks:
                    await self._listen(self._bus, desk)
                await self._bus.flush()
                for desk in desks:  # who leads there gives a sign of life
                    await self._bus.publish(self.reader.subjects.want(desk, self.reader.access.user), b"{}")
            if self._watching is None:
                self._watching = asyncio.get_running_loop().create_task(self._watch())
            return self._bus

    def is_led(self, desk: str) -> bool:
        """Whether a desk's gateway has shown a sign of life lately."""
        return self._clock() - self._heard.get(desk, -SILENCE) < SILENCE

    def desk_of(self, market: str | None) -> str:
        """The desk that has a market."""
        return desk_of_market(market, self.reader.shards)

    async def lead_of(self, desk: str) -> None:
        """Wait for a sign of life of a desk; NobodyThereError if none comes soon."""
        try:
            async with asyncio.timeout(FIRST_BEAT_WITHIN):
                while not self.is_led(desk):
                    self._beaten.clear()
                    await self._beaten.wait()
        except TimeoutError as error:
            raise NobodyThereError(f"no gateway leads at {desk}") from error

    def interest(self, desk: str, told: Callable[[frozenset[str] | None], None]) -> Callable[[], None]:
        """Be told which streams a desk has lost (None: the desk itself); what is returned ends it."""
        listeners = self._interested.setdefault(desk, [])
        listeners.append(told)
        return lambda: listeners.remove(told) if told in listeners else None

    async def close(self) -> None:
        """End the connection."""
        self.is_closed = True
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        if self._bus is not None:
            await self._bus.close()

    async def _listen(self, bus: Bus, desk: str) -> None:
        subjects = self.reader.subjects

        def beaten(message: Message) -> None:
            self._heard[desk] = self._clock()
            beat = msgspec.json.decode(message.data)
            self.epochs[desk], self.leaders[desk] = beat["epoch"], beat["gateway"]
            self.beats += 1
            self._beaten.set()

        def controlled(message: Message) -> None:
            self._tell(desk, frozenset(msgspec.json.decode(message.data).get("lost", ())))

        await bus.subscribe(subjects.beat(desk), beaten)
        await bus.subscribe(subjects.control(desk), controlled)

    async def _watch(self) -> None:
        """Tell of desks that have fallen silent, and of all of them when the connection is gone."""
        while True:
            await asyncio.sleep(TICK)
            is_open = self._bus is not None and self._bus.is_open
            for desk in list(self._interested):
                if not is_open or not self.is_led(desk):
                    self._tell(desk, None)

    def _tell(self, desk: str, lost: frozenset[str] | None) -> None:
        for told in list(self._interested.get(desk, ())):
            told(lost)
