"""A connection that a test speaks through instead of the venue."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import Any

from bpx_connector.stream.client import USUAL_LIMITS, Limits, StreamClient
from bpx_connector.stream.floors import Horizon
from bpx_connector.stream.link import Ended, Link, Ping, Pong, Take
from bpx_connector.stream.socket import USUAL_PATIENCE, Patience, Tools

__all__ = ["FakeLink", "FakeVenue", "far_horizon", "settled", "text_frame"]

TURNS = 30


async def settled() -> None:
    """Let everybody do what they can do without time passing."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


def far_horizon() -> Horizon:
    """A clock by which no time of a test lies ahead."""
    return Horizon(lambda: 4_000_000_000_000)


def text_frame(stream: str, **data: Any) -> str:
    """A data frame as the venue writes it."""
    return json.dumps({"data": data, "stream": stream}, separators=(",", ":"))


class FakeLink:
    """The client's end of a connection; pings are answered unless the venue is mute."""

    def __init__(self, venue: FakeVenue) -> None:
        self.sent: list[Any] = []
        self.pongs: list[bytes] = []
        self.pings: list[bytes] = []
        self.is_closed = False
        self._venue = venue
        self._incoming: asyncio.Queue[Sequence[str] | Ping | Pong | Ended] = asyncio.Queue()

    async def read(self, take: Take) -> Ping | Pong | Ended:
        while True:
            heard = await self._incoming.get()
            if isinstance(heard, Ping | Pong | Ended):
                return heard
            take(heard)

    async def send(self, text: str) -> None:
        frame = json.loads(text)
        self.sent.append(frame)
        for stream in frame["params"]:
            error = self._venue.refused.get(stream)
            if error is not None and frame["method"] == "SUBSCRIBE":
                self.say(json.dumps({"id": None, "error": {"code": error, "message": "no"}}))

    async def ping(self, data: bytes) -> None:
        self.pings.append(data)
        if not self._venue.is_mute:
            self.receive(Pong(data))

    async def pong(self, data: bytes) -> None:
        self.pongs.append(data)

    async def close(self) -> None:
        self.is_closed = True

    def say(self, *texts: str) -> None:
        """Frames from the venue, in one batch."""
        self._incoming.put_nowait(texts)

    def receive(self, heard: Ping | Pong | Ended) -> None:
        """Something that is no text."""
        self._incoming.put_nowait(heard)

    def cut(self) -> None:
        """The end of the connection, without a Close frame."""
        self.receive(Ended())


class FakeVenue:
    """Everybody on the other side: hands out links, keeps a clock, remembers pauses and reports."""

    def __init__(self) -> None:
        self.links: list[FakeLink] = []
        self.refused: dict[str, int] = {}
        self.failures: list[Exception] = []
        self.is_mute = False
        self.now = 0.0
        self.pauses: list[float] = []
        self.reports: list[str] = []
        self.verbose = False
        self.logger = logging.getLogger("tests.links")
        self.traces: list[tuple[str, str]] = []
        self.signatures = 0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    @property
    def link(self) -> FakeLink:
        """The connection made last."""
        return self.links[-1]

    def tools(self) -> Tools:
        return Tools(
            self._connect,
            self._sign,
            self._sleep,
            lambda: self.now,
            lambda: 1.0,
            self._report,
            self,
            self._trace,
        )

    def client(self, limits: Limits = USUAL_LIMITS, patience: Patience = USUAL_PATIENCE) -> StreamClient:
        return StreamClient(self.tools(), limits, patience)

    async def advance(self, seconds: float) -> None:
        """Let time pass, tick by tick."""
        await settled()
        end = self.now + seconds
        while self._sleepers and min(due for due, _ in self._sleepers) <= end:
            due, sleeper = min(self._sleepers, key=lambda one: one[0])
            self._sleepers.remove((due, sleeper))
            self.now = max(self.now, due)
            if not sleeper.done():
                sleeper.set_result(None)
            await settled()
        self.now = end
        await settled()

    async def _connect(self) -> Link:
        if self.failures:
            raise self.failures.pop(0)
        self.links.append(FakeLink(self))
        return self.links[-1]

    def _sign(self) -> list[str]:
        self.signatures += 1
        return ["key", f"signature {self.signatures}", "1", "5000"]

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + seconds, sleeper))
        await sleeper

    def _trace(self, what: str, texts: Sequence[str]) -> None:
        self.traces += [(what, text) for text in texts or ("",)]

    def _report(self, message: str, error: BaseException | None) -> None:
        self.reports.append(message)
