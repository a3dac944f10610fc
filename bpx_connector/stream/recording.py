"""Frames of a session to a WebSocket cassette and back: what was said, by whom, when, and nothing secret.

A cassette is a file of JSON lines. The first one names its source; then come frames of the client and of the
venue with their relative time and the number of their socket, and the answers over REST that were needed
meanwhile, so that a session can be played again without any network:

    {"cassette": 1, "source": "..."}
    {"at": 0.012, "socket": 0, "client": "{\\"method\\":\\"SUBSCRIBE\\",...}"}
    {"at": 0.031, "socket": 0, "venue": "{\\"data\\":{...},\\"stream\\":\\"...\\"}"}
    {"at": 0.040, "request": "GET /api/v1/depth?symbol=SOL_USDC", "answer": {...}}

Signatures and keys are replaced on the way in. What the venue says of the account stays: look before you
share.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

import msgspec
from aiohttp import WSMessage, WSMsgType

from bpx_connector.stream.frames import Refusal, read_frame
from bpx_connector.stream.socket import Link

__all__ = ["Player", "Recorder"]

VERSION = 1
SCRUBBED = ("<public key>", "<signature>")


class Recorder:
    """Writes what passes to a cassette, line by line."""

    def __init__(self, path: Path, source: str, clock: Callable[[], float]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: TextIO = path.open("w", encoding="utf-8")
        self._clock = clock
        self._started = clock()
        self._sockets = 0
        self._write({"cassette": VERSION, "source": source})

    async def connect(self, connect: Callable[[], Awaitable[Link]]) -> Link:
        """A connection of which everything is written down."""
        link = await connect()
        self._sockets += 1
        return _RecordedLink(link, self, self._sockets - 1)

    def frame(self, socket: int, speaker: str, text: str) -> None:
        """Write down one text frame."""
        self._write({"at": self._elapsed(), "socket": socket, speaker: text})

    def answer(self, request: str, answer: Any) -> None:
        """Write down one answer over REST."""
        self._write({"at": self._elapsed(), "request": request, "answer": answer})

    def close(self) -> None:
        """Finish the cassette."""
        self._file.close()

    def _elapsed(self) -> float:
        return round(self._clock() - self._started, 6)

    def _write(self, line: dict[str, Any]) -> None:
        if not self._file.closed:
            self._file.write(msgspec.json.encode(line).decode() + "\n")


class _RecordedLink:
    def __init__(self, link: Link, recorder: Recorder, socket: int) -> None:
        self._link = link
        self._recorder = recorder
        self._socket = socket

    async def read(self) -> Sequence[WSMessage]:
        messages = await self._link.read()
        for message in messages:
            if message.type is WSMsgType.TEXT:
                self._recorder.frame(self._socket, "venue", message.data)
        return messages

    async def send(self, text: str) -> None:
        self._recorder.frame(self._socket, "client", _scrubbed(text))
        await self._link.send(text)

    async def ping(self, data: bytes) -> None:
        await self._link.ping(data)

    async def pong(self, data: bytes) -> None:
        await self._link.pong(data)

    async def close(self) -> None:
        await self._link.close()


class Player:
    """Plays a cassette: each stream's frames from the moment it is subscribed, answers by their request.

    With a `speed` the frames keep their distances in time, divided by it; without one each frame comes as
    soon as everybody has had time to look at the one before.
    """

    def __init__(
        self,
        path: Path,
        speed: float | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        lines = [msgspec.json.decode(line) for line in path.read_text(encoding="utf-8").splitlines()]
        if not lines or lines[0].get("cassette") != VERSION:
            raise ValueError(f"{path} is not a WebSocket cassette of version {VERSION}")
        self.source: str = lines[0]["source"]
        self.speed = speed
        self.sleep = sleep
        self.frames: dict[str, deque[tuple[int, float, str]]] = defaultdict(deque)
        self.refusals: dict[str, str] = {}
        self._answers: dict[str, deque[Any]] = defaultdict(deque)
        self._by_path: dict[str, deque[Any]] = defaultdict(deque)
        self._read_in(lines[1:])

    async def connect(self) -> Link:
        """A connection to the cassette."""
        return _PlayedLink(self)

    def answer(self, request: str) -> Any:
        """The answer to a request: in order, the last one for ever; times in the query need not agree."""
        for answers in (self._answers.get(request), self._by_path.get(request.partition("?")[0])):
            if answers:
                return answers.popleft() if len(answers) > 1 else answers[0]
        known = ", ".join(sorted(self._answers)) or "none"
        raise LookupError(f"the cassette has no answer to {request}; it has answers to: {known}")

    def _read_in(self, lines: list[dict[str, Any]]) -> None:
        asked: dict[int, list[str]] = {}
        for number, line in enumerate(lines):
            if "request" in line:
                self._answers[line["request"]].append(line["answer"])
                self._by_path[line["request"].partition("?")[0]].append(line["answer"])
            elif "client" in line:
                asked[line["socket"]] = msgspec.json.decode(line["client"]).get("params", [])
            else:
                frame = read_frame(line["venue"])
                if isinstance(frame, str):
                    self.frames[frame].append((number, line["at"], line["venue"]))
                elif isinstance(frame, Refusal):
                    for stream in asked.get(line["socket"], []):
                        self.refusals[stream] = line["venue"]


class _PlayedLink:
    """One connection of a player: answers pings at once, and is quiet when the cassette has ended."""

    def __init__(self, player: Player) -> None:
        self._player = player
        self._streams: set[str] = set()
        self._control: deque[WSMessage] = deque()
        self._wake = asyncio.Event()
        self._at: float | None = None

    async def read(self) -> Sequence[WSMessage]:
        while True:
            if self._control:
                return (self._control.popleft(),)
            stream = self._next()
            if stream is not None:
                _, at, text = self._player.frames[stream].popleft()
                await self._pause(at)
                return (WSMessage(WSMsgType.TEXT, text, None),)
            self._wake.clear()
            await self._wake.wait()

    async def send(self, text: str) -> None:
        frame = msgspec.json.decode(text)
        for stream in frame["params"]:
            if frame["method"] == "UNSUBSCRIBE":
                self._streams.discard(stream)
            elif stream in self._player.refusals:
                self._control.append(WSMessage(WSMsgType.TEXT, self._player.refusals[stream], None))
            else:
                self._streams.add(stream)
        self._wake.set()

    async def ping(self, data: bytes) -> None:
        self._control.append(WSMessage(WSMsgType.PONG, data, None))
        self._wake.set()

    async def pong(self, data: bytes) -> None:
        """Nobody waits for it."""

    async def close(self) -> None:
        """There is nothing to close."""

    def _next(self) -> str | None:
        """The subscribed stream whose next frame was recorded first."""
        frames = self._player.frames
        waiting = [stream for stream in self._streams if frames.get(stream)]
        return min(waiting, key=lambda stream: frames[stream][0][0], default=None)

    async def _pause(self, at: float) -> None:
        if self._player.speed is None:
            for _ in range(TURNS):
                await asyncio.sleep(0)
            return
        if self._at is not None and at > self._at:
            await self._player.sleep((at - self._at) / self._player.speed)
        self._at = at


TURNS = 5
"""Turns of the event loop between frames: a watcher that waits again at once sees every frame."""


def _scrubbed(text: str) -> str:
    frame = msgspec.json.decode(text)
    if "signature" in frame:
        frame["signature"] = [*SCRUBBED, *frame["signature"][len(SCRUBBED) :]]
    return msgspec.json.encode(frame).decode()
