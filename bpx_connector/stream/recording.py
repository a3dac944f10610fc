"""Frames of a session to a tape and back: what was said, by whom, when, and nothing secret.

`bpx_connector.tape` says what a tape looks like. Signatures and keys are replaced on the way in. What the
venue says of the account stays: look before you share.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import msgspec

from bpx_connector.stream.frames import Refusal, read_frame
from bpx_connector.stream.link import Heard, Link, LinkAround, Never, Pong, Quiet, Source, Take
from bpx_connector.tape import Answer, Answers, NotOnTape, TapeEnded, TapeLine, read_tape

__all__ = ["Player", "Recorded"]

SCRUBBED = ("<public key>", "<signature>")


class Notes(Protocol):
    """Where frames are written down."""

    def socket(self) -> int: ...
    def frame(self, socket: int, speaker: str, text: str) -> None: ...


class Recorded:
    """A source of which every frame is written down."""

    def __init__(self, source: Source, notes: Notes) -> None:
        self._source = source
        self._notes = notes

    async def connect(self) -> Link:
        return _RecordedLink(await self._source.connect(), self._notes, self._notes.socket())

    async def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        """The answer itself; `bpx_connector.tapes` notes it, with all that came before it was decoded."""
        return await self._source.fetch(url, method, headers, body)


class _RecordedLink(LinkAround):
    def __init__(self, link: Link, notes: Notes, socket: int) -> None:
        super().__init__(link)
        self._notes = notes
        self._socket = socket

    async def read(self, take: Take) -> Heard:
        def noted(texts: Sequence[str]) -> None:
            for text in texts:
                self._notes.frame(self._socket, "venue", text)
            take(texts)

        return await self.link.read(noted)

    async def send(self, text: str) -> None:
        self._notes.frame(self._socket, "client", _scrubbed(text))
        await self.link.send(text)


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
        self.header, lines = read_tape(path)
        self.name = str(path)
        self.source = self.header.source
        self.speed = speed
        self.sleep = sleep
        self.frames: dict[str, deque[Frame]] = defaultdict(deque)
        self.refusals: dict[str, str] = {}
        self.streams: set[str] = set()
        """Every stream that was asked for when the tape was made."""
        self.reached: Callable[[float], None] = _nobody_is_told
        """Is told how far into the tape the frames have come, in seconds."""
        self.answers = Answers(self.name, enumerate(lines, start=1), self._given)
        self._awaited: deque[Answer] = deque(self.answers.in_order)
        self._passed = 0
        self._links: list[_PlayedLink] = []
        self._read_in(lines)

    @property
    def has_ended(self) -> bool:
        """Whether every frame of the cassette has been played."""
        return not any(self.frames.values())

    async def connect(self) -> Link:
        """A connection to the cassette."""
        self._links.append(_PlayedLink(self))
        return self._links[-1]

    async def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        """The recorded answer to a request, decoded."""
        return msgspec.json.decode(self.answers.answer(method, url, body).text)

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

    def error_of(self, stream: str) -> NotOnTape | TapeEnded:
        """What to say of a stream of which no frame is left."""
        if stream in self.streams:
            return TapeEnded(f"the tape {self.name} has ended: nothing more of {stream} is on it")
        known = ", ".join(sorted(self.streams)) or "none"
        return NotOnTape(f"the stream {stream} is not on the tape {self.name}; it has: {known}")

    def _given(self, answer: Answer) -> None:
        for link in self._links:
            link.wake()

    def _read_in(self, lines: Sequence[TapeLine]) -> None:
        asked: dict[int | None, list[str]] = {}
        for number, line in enumerate(lines, start=1):
            if line.client is not None:
                asked[line.socket] = msgspec.json.decode(line.client).get("params", [])
                self.streams.update(asked[line.socket])
            elif line.venue is not None:
                frame = read_frame(line.venue)
                if isinstance(frame, str):
                    self.frames[frame].append(Frame(number, line.at, line.venue))
                elif isinstance(frame, Refusal):
                    for stream in asked.get(line.socket, []):
                        self.refusals[stream] = line.venue
        self.streams.update(self.frames)


def _nobody_is_told(seconds: float) -> None:
    """Where nobody goes by the time on the tape."""


class Frame(NamedTuple):
    """A frame of the venue: where it stands on the cassette, when it came, what it says."""

    line: int
    at: float
    text: str


class _PlayedLink:
    """One connection of a player: answers pings at once, and says when nothing more is to come."""

    def __init__(self, player: Player) -> None:
        self._player = player
        self._streams: set[str] = set()
        self._control: deque[Pong | Never | str] = deque()
        self._wake = asyncio.Event()
        self._at: float | None = None

    async def read(self, take: Take) -> Heard:
        while True:
            self._wake.clear()
            said = self._control.popleft() if self._control else None
            if isinstance(said, str):
                take((said,))
            elif said is not None:
                return said
            elif (stream := self._next()) is not None:
                await self._play_next(stream, take)
            elif await self._nobody_asks(QUIET_FOR) and self._streams:
                return Quiet({stream: self._player.error_of(stream) for stream in self._streams})

    async def _play_next(self, stream: str, take: Take) -> None:
        player = self._player
        frame = player.frames[stream][0]
        if player.is_early(frame):
            if await self._nobody_asks(ANSWER_ASKED_WITHIN):
                player.pass_over(frame)
            return
        await self._pause(frame.at)
        if stream in self._streams:
            player.frames[stream].popleft()
            player.reached(frame.at)
            take((frame.text,))

    async def _nobody_asks(self, seconds: float) -> bool:
        """Whether nothing is subscribed, asked or answered for so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return True
        return False

    async def send(self, text: str) -> None:
        frame = msgspec.json.decode(text)
        for stream in frame["params"]:
            if frame["method"] == "UNSUBSCRIBE":
                self._streams.discard(stream)
            elif stream in self._player.refusals:
                self._control.append(self._player.refusals[stream])
            elif stream not in self._player.streams:
                self._control.append(Never(stream, self._player.error_of(stream)))
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

QUIET_FOR = 0.5
"""Seconds after the last frame until those who wait are told: a snapshot may still be on its way."""

TURNS = 5
"""Turns of the event loop between frames: a watcher that waits again at once sees every frame."""


def _scrubbed(text: str) -> str:
    frame = msgspec.json.decode(text)
    if "signature" in frame:
        frame["signature"] = [*SCRUBBED, *frame["signature"][len(SCRUBBED) :]]
    return msgspec.json.encode(frame).decode()
