"""Readers' messages: which streams they need, always; requests and permits, while this gateway leads."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any, Protocol

import msgspec

from bpx_connector.gateway.bus.connection import Bus, BusDownError, Message
from bpx_connector.gateway.bus.subjects import Subjects, is_sayable
from bpx_connector.gateway.publisher.desk import Desk
from bpx_connector.gateway.publisher.outlet import Outlet
from bpx_connector.gateway.publisher.settings import Settings

__all__ = ["Answering"]


class Wanted(Protocol):
    """What is needed of what follows the venue."""

    async def want(self, streams: Iterable[str]) -> Mapping[str, str]: ...


class Answering:
    """One gateway's."""

    def __init__(
        self,
        settings: Settings,
        following: Wanted,
        desk: Desk,
        outlet: Outlet,
        greet: Callable[[], None],
        report: Callable[[str, BaseException | None], None],
    ) -> None:
        """`greet` gives a sign of life: whoever comes waits for one before it reads."""
        self._greet = greet
        self._account = settings.account
        self._desks = settings.desks
        self._subjects = Subjects(settings.net)
        self._following = following
        self._desk = desk
        self._outlet = outlet
        self._report = report
        self._ends: list[Callable[[], Awaitable[None]]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self, bus: Bus) -> None:
        """Hear what both gateways have to hear."""
        if self._account is not None:
            await bus.subscribe(self._subjects.owner(self._account), self._on_owner)
        for desk in self._desks:
            await bus.subscribe(
                self._subjects.want(desk, "*"), lambda message: self._start(self._wanted(bus, message))
            )

    async def begin(self, bus: Bus) -> None:
        """Answer requests and give permits from now on."""
        subjects = self._subjects
        for desk in self._desks:
            self._ends.append(await bus.subscribe(f"{subjects.root}.rest.{desk}.>", self._desk.take))
        if self._account is not None:
            permit = subjects.permit(self._account, "*")
            self._ends.append(await bus.subscribe(permit, self._desk.take_permit))
        await bus.flush()

    def stop(self) -> None:
        """Answer no more."""
        for end in self._ends:
            self._start(_ended(end))
        self._ends.clear()

    async def close(self) -> None:
        """End what is under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def say_owner(self, order: str, user: str) -> None:
        """Tell the other gateway whose an order is."""
        if self._account is not None:
            payload = msgspec.json.encode({"order": order, "user": user})
            self._outlet.say(self._subjects.owner(self._account), payload)

    def _on_owner(self, message: Message) -> None:
        said = msgspec.json.decode(message.data)
        self._desk.owners.setdefault(said["order"], said["user"])

    async def _wanted(self, bus: Bus, message: Message) -> None:
        """Have what a reader needs followed; answer when it is on, or is refused, or takes long."""
        self._greet()
        named = [name for name in msgspec.json.decode(message.data).get("streams", ()) if _is_stream(name)]
        refused = await self._following.want(named)
        if not message.reply:
            return
        try:
            await bus.publish(message.reply, msgspec.json.encode({"refused": refused}))
        except BusDownError as error:
            self._report("a reader was not answered", error)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _ended(end: Callable[[], Awaitable[None]]) -> None:
    await end()


def _is_stream(name: object) -> bool:
    return isinstance(name, str) and is_sayable(name)
