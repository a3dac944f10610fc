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
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TextIO
from urllib.parse import urlsplit

import msgspec

from bpx_connector.stream.frames import Refusal, read_frame
from bpx_connector.stream.link import Ended, Link, Ping, Pong, Source, Take

__all__ = ["Player", "Recorded", "Recorder", "request_line"]

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

    def socket(self) -> int:
        """The number of the next connection."""
        self._sockets += 1
        return self._sockets - 1

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


class Recorded:
    """A source of which everything is written down."""

    def __init__(self, source: Source, recorder: Recorder) -> None:
        self._source = source
        self._recorder = recorder

    async def connect(self) -> Link:
        return _RecordedLink(await self._source.connect(), self._recorder, self._recorder.socket())

    async def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        answer = await self._source.fetch(url, method, headers, body)
        self._recorder.answer(request_line(url, method), answer)
        return answer


class _RecordedLink:
    def __init__(self, link: Link, recorder: Recorder, socket: int) -> None:
        self._link = link
        self._recorder = recorder
        self._socket = socket

    async def read(self, take: Take) -> Ping | Pong | Ended:
        def noted(texts: Sequence[str]) -> None:
            for text in texts:
                self._recorder.frame(self._socket, "venue", text)
            take(texts)

        return await self._link.read(noted)

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

    What was said after an answer over REST is said after it again, unless nobody asks for that answer within
    half a second. With a `speed` the frames keep their distances in time, divided by it; without one each
    frame comes as soon as everybody has had time to look at the one before.
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
        self.frames: dict[str, deque[Frame]] = defaultdict(deque)
        self.refusals: dict[str, str] = {}
        self._awaited: deque[_Answer] = deque()
        self._passed = 0
        self._exact: dict[str, list[_Answer]] = defaultdict(list)
        self._alike: dict[str, list[_Answer]] = defaultdict(list)
        self._links: list[_PlayedLink] = []
        self._read_in(lines[1:])

    @property
    def has_ended(self) -> bool:
        """Whether every frame of the cassette has been played."""
        return not any(self.frames.values())

    async def connect(self) -> Link:
        """A connection to the cassette."""
        self._links.append(_PlayedLink(self))
        return self._links[-1]

    async def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        """The recorded answer to a request."""
        return self.answer(request_line(url, method))

    def answer(self, request: str) -> Any:
        """The answer to a request: in order, the last one for ever; times in the query need not agree."""
        for answers in (self._exact.get(request), self._alike.get(_without_times(request))):
            if answers:
                answer = next((answer for answer in answers if not answer.is_given), answers[-1])
                answer.is_given = True
                for link in self._links:
                    link.wake()
                return deepcopy(answer.content)
        known = ", ".join(sorted(self._exact)) or "none"
        raise LookupError(f"the cassette has no answer to {request}; it has answers to: {known}")

    def is_early(self, frame: Frame) -> bool:
        """Whether a frame was said after an answer that has not been asked for yet."""
        awaited = self._awaited
        while awaited and (awaited[0].is_given or awaited[0].line <= self._passed):
            awaited.popleft()
        return bool(awaited) and awaited[0].line < frame.line

    def pass_over(self, frame: Frame) -> None:
        """Wait no longer for the answers before a frame."""
        self._passed = max(self._passed, frame.line)

    def leave(self, link: _PlayedLink) -> None:
        """A connection has ended."""
        if link in self._links:
            self._links.remove(link)

    def _read_in(self, lines: list[dict[str, Any]]) -> None:
        asked: dict[int, list[str]] = {}
        for number, line in enumerate(lines, start=1):
            if "request" in line:
                answer = _Answer(number, line["answer"])
                self._awaited.append(answer)
                self._exact[line["request"]].append(answer)
                self._alike[_without_times(line["request"])].append(answer)
            elif "client" in line:
                asked[line["socket"]] = msgspec.json.decode(line["client"]).get("params", [])
            else:
                frame = read_frame(line["venue"])
                if isinstance(frame, str):
                    self.frames[frame].append(Frame(number, line["at"], line["venue"]))
                elif isinstance(frame, Refusal):
                    for stream in asked.get(line["socket"], []):
                        self.refusals[stream] = line["venue"]


class Frame(NamedTuple):
    """A frame of the venue: where it stands on the cassette, when it came, what it says."""

    line: int
    at: float
    text: str


@dataclass
class _Answer:
    line: int
    content: Any
    is_given: bool = False


class _PlayedLink:
    """One connection of a player: answers pings at once, and is quiet when the cassette has ended."""

    def __init__(self, player: Player) -> None:
        self._player = player
        self._streams: set[str] = set()
        self._control: deque[Pong | str] = deque()
        self._wake = asyncio.Event()
        self._at: float | None = None

    async def read(self, take: Take) -> Ping | Pong | Ended:
        player = self._player
        while True:
            self._wake.clear()
            if self._control:
                said = self._control.popleft()
                if isinstance(said, Pong):
                    return said
                take((said,))
                continue
            stream = self._next()
            if stream is None:
                await self._wake.wait()
                continue
            frame = player.frames[stream][0]
            if player.is_early(frame):
                try:
                    async with asyncio.timeout(ANSWER_ASKED_WITHIN):
                        await self._wake.wait()
                except TimeoutError:
                    player.pass_over(frame)
                continue
            await self._pause(frame.at)
            if stream in self._streams:
                player.frames[stream].popleft()
                take((frame.text,))

    async def send(self, text: str) -> None:
        frame = msgspec.json.decode(text)
        for stream in frame["params"]:
            if frame["method"] == "UNSUBSCRIBE":
                self._streams.discard(stream)
            elif stream in self._player.refusals:
                self._control.append(self._player.refusals[stream])
            else:
                self._streams.add(stream)
        self._wake.set()

    async def ping(self, data: bytes) -> None:
        self._control.append(Pong(data))
        self._wake.set()

    async def pong(self, data: bytes) -> None:
        """Nobody waits for it."""

    async def close(self) -> None:
        self._player.leave(self)

    def wake(self) -> None:
        """Something has happened that may let a frame through."""
        self._wake.set()

    def _next(self) -> str | None:
        """The subscribed stream whose next frame was recorded first."""
        frames = self._player.frames
        waiting = [stream for stream in self._streams if frames.get(stream)]
        return min(waiting, key=lambda stream: frames[stream][0].line, default=None)

    async def _pause(self, at: float) -> None:
        if self._player.speed is None:
            for _ in range(TURNS):
                await asyncio.sleep(0)
            return
        if self._at is not None and at > self._at:
            await self._player.sleep((at - self._at) / self._player.speed)
        self._at = at


ANSWER_ASKED_WITHIN = 0.5
"""Seconds that frames wait for the question whose answer came before them. Our own come within 0.1 s."""

TURNS = 5
"""Turns of the event loop between frames: a watcher that waits again at once sees every frame."""


TIMES = frozenset({"from", "to", "startTime", "endTime"})
"""Parameters that are different each time a request is made."""


def request_line(url: str, method: str) -> str:
    """What a request is told apart by: method, path and query."""
    parts = urlsplit(url)
    return f"{method} {parts.path}" + (f"?{parts.query}" if parts.query else "")


def _without_times(request: str) -> str:
    call, _, query = request.partition("?")
    kept = sorted(pair for pair in query.split("&") if pair.partition("=")[0] not in TIMES)
    return f"{call}?{'&'.join(kept)}"


def _scrubbed(text: str) -> str:
    frame = msgspec.json.decode(text)
    if "signature" in frame:
        frame["signature"] = [*SCRUBBED, *frame["signature"][len(SCRUBBED) :]]
    return msgspec.json.encode(frame).decode()
