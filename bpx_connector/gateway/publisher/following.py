"""The venue's streams as a gateway follows them: all the time, whether or not it leads, and whoever reads."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from ccxt.base.errors import BaseError, NetworkError

from bpx_connector.gateway.bus.subjects import is_sayable
from bpx_connector.gateway.publisher.followers import KeptBook, KeptSeries, Watched
from bpx_connector.gateway.publisher.tap import Tap
from bpx_connector.gateway.rules.candles import LENGTHS, Series
from bpx_connector.gateway.rules.heads import Standing
from bpx_connector.gateway.rules.wants import Wants
from bpx_connector.stream.book import Snapshot
from bpx_connector.stream.client import StreamClient
from bpx_connector.stream.frames import stream_of
from bpx_connector.stream.link import Link
from bpx_connector.stream.socket import Tools
from bpx_connector.stream.topics import Kind, Topic
from bpx_connector.venue.streams import is_private

__all__ = ["Following", "Listener", "Streams"]

ON_WITHIN: Final = 1.5
KIND: Final = Kind("gateway")
WINDOWS: Final = ("200ms.", "600ms.", "1000ms.")


class Streams(Protocol):
    """What is needed of the venue."""

    @property
    def shown(self) -> Any: ...
    async def connect(self) -> Link: ...
    def signature(self) -> list[str]: ...
    def now(self) -> float: ...


class Listener(Protocol):
    """Who is told what the venue says, after the followers here have taken it."""

    def begin(self) -> None:
        """Some frames are about to be told."""

    def frame(self, stream: str, text: str) -> None:
        """A public one."""

    def event(self, stream: str, text: str) -> None:
        """One of the account."""

    def gone(self, stream: str) -> None:
        """A stream is off: what it would have said is missing."""

    def lost(self, streams: Sequence[str]) -> None:
        """All that have gone together, once."""


class Following:
    """Belongs to the event loop in which it began."""

    def __init__(
        self,
        venue: Streams,
        wants: Wants,
        snapshot: Callable[[str], Awaitable[Snapshot]],
        listener: Listener,
        clock: Callable[[], float],
        report: Callable[[str, BaseException | None], None],
    ) -> None:
        self._venue = venue
        self._wants = wants
        self._snapshot = snapshot
        self._listener = listener
        self._clock = clock
        self._report = report
        self._followed: dict[str, Watched] = {}
        self._on_since: dict[str, float] = {}
        self._refused: dict[str, str] = {}
        self._lost: set[str] = set()
        self._verdicts: dict[str, asyncio.Task[None]] = {}
        self._client: StreamClient | None = None

    def begin(self) -> None:
        """Follow what is wanted always."""
        tools = Tools(
            self._tapped,
            self._venue.signature,
            asyncio.sleep,
            self._clock,
            random.random,
            self._report,
            self._venue.shown,
            lambda what, texts: None,
        )
        self._client = StreamClient(tools)
        for stream in self._wants:
            self._follow(stream)

    async def close(self) -> None:
        """Follow nothing any more."""
        verdicts = list(self._verdicts.values())
        for verdict in verdicts:
            verdict.cancel()
        await asyncio.gather(*verdicts, return_exceptions=True)
        if self._client is not None:
            await self._client.close()

    # --- what is known -----------------------------------------------------------------------------------

    @property
    def streams(self) -> int:
        """How many streams are followed."""
        return len(self._followed)

    @property
    def streams_on(self) -> int:
        """How many of them are on."""
        return len(self._on_since)

    def is_on(self, stream: str) -> bool:
        """Whether what a stream says comes now."""
        return stream in self._on_since

    def younger_than(self, seconds: float) -> list[str]:
        """Streams that have not been on for so long."""
        now = self._clock()
        return [stream for stream, since in self._on_since.items() if now - since < seconds]

    def standings(self) -> list[Standing]:
        """How far each book has come that is known."""
        return [
            Standing(stream, follower.book.nonce, follower.last_frame or 0.0)
            for stream, follower in self._followed.items()
            if isinstance(follower, KeptBook) and follower.book.nonce is not None
        ]

    def book(self, market: str, limit: int, is_packed: bool = False) -> bytes | None:
        """The answer to a question for a book, if it is followed and known; the plain stream's first."""
        for stream in (f"depth.{market}", *(f"depth.{window}{market}" for window in WINDOWS)):
            follower = self._followed.get(stream)
            if isinstance(follower, KeptBook) and (answer := follower.answer(limit, is_packed)) is not None:
                return answer
        return None

    async def series(self, stream: str) -> Series | None:
        """The candles of a kline stream, followed from now on; None if it is not to be had at once."""
        if not is_sayable(stream):
            return None
        await self.want([stream])
        follower = self._followed.get(stream)
        is_there = isinstance(follower, KeptSeries) and follower.is_on.is_set()
        return follower.series if is_there and isinstance(follower, KeptSeries) else None

    # --- what is wanted ----------------------------------------------------------------------------------

    async def want(self, streams: Iterable[str]) -> Mapping[str, str]:
        """Have these streams followed; those that are not, each with the reason.

        Answers when they are on or refused, or after a moment: one that takes long is not refused. Streams of
        the account are followed always or never.
        """
        named = list(dict.fromkeys(streams))
        public = [stream for stream in named if not is_private(stream)]
        self._wants.want(public, self._clock())
        followers = [self._follow(stream) for stream in public]
        followers += [self._followed[stream] for stream in named if stream in self._followed]
        await asyncio.gather(*(_is_on_soon(follower) for follower in followers))
        absent = {stream for stream in named if is_private(stream)} - self._followed.keys()
        refused = {stream: self._refused[stream] for stream in public if stream in self._refused}
        return refused | dict.fromkeys(sorted(absent), "this gateway does not follow it")

    def drop_lapsed(self) -> None:
        """End the streams that nobody has wanted for long."""
        for stream in self._wants.lapsed(self._clock()):
            self._unfollow(stream)

    def _follow(self, stream: str) -> Watched:
        known = self._followed.get(stream)
        if known is not None:
            return known
        assert self._client is not None, "followed after begin()"
        made = self._followed[stream] = self._made(stream)
        topic = Topic(KIND, (stream,), [stream])
        self._client.want(topic, {stream: lambda: made})
        self._verdicts[stream] = asyncio.get_running_loop().create_task(self._judged(stream, topic))
        return made

    def _made(self, stream: str) -> Watched:
        kind, _, rest = stream.partition(".")
        if kind == "depth":
            market = rest.rpartition("ms.")[2] if rest.startswith(WINDOWS) else rest
            return KeptBook(stream, self._on, self._gone, lambda: self._snapshot(market))
        if kind == "kline" and rest.partition(".")[0] in LENGTHS:
            series = Series(LENGTHS[rest.partition(".")[0]])
            return KeptSeries(stream, self._on, self._gone, series, self._venue.now)
        return Watched(stream, self._on, self._gone)

    async def _judged(self, stream: str, topic: Topic) -> None:
        """Note a refusal of the venue. Nothing is ever published on the topic: only errors come."""
        while True:
            try:
                await topic.wait()
            except NetworkError as error:
                self._report(f"{stream} is not to be had for now", error)
            except BaseError as error:
                self._refused[stream] = str(error)
                self._followed.pop(stream, None)
                self._wants.forget(stream)
                return

    def _unfollow(self, stream: str) -> None:
        assert self._client is not None, "followed after begin()"
        verdict = self._verdicts.pop(stream, None)
        if verdict is not None:
            verdict.cancel()
        self._followed.pop(stream, None)
        self._on_since.pop(stream, None)
        self._client.leave(KIND, [stream])

    # --- what comes --------------------------------------------------------------------------------------

    async def _tapped(self) -> Link:
        return Tap(await self._venue.connect(), self._heard)

    def _heard(self, texts: Sequence[str]) -> None:
        """What the followers have been given is told, before anything else happens."""
        listener, followed = self._listener, self._followed
        listener.begin()
        for text in texts:
            stream = stream_of(text)
            if stream not in followed:
                continue
            if not is_private(stream):
                listener.frame(stream, text)
                continue
            try:
                listener.event(stream, text)
            except Exception as error:  # as in the followers, it costs nobody anything but itself
                self._report(f"a frame of {stream} is not understood", error)

    def _on(self, stream: str) -> None:
        self._on_since[stream] = self._clock()

    def _gone(self, stream: str) -> None:
        self._listener.gone(stream)
        self._on_since.pop(stream, None)
        if not self._lost:
            asyncio.get_running_loop().call_soon(self._tell_lost)
        self._lost.add(stream)

    def _tell_lost(self) -> None:
        lost, self._lost = self._lost, set()
        self._listener.lost(sorted(lost & self._followed.keys()))


async def _is_on_soon(follower: Watched) -> bool:
    try:
        async with asyncio.timeout(ON_WITHIN):
            await follower.is_on.wait()
    except TimeoutError:
        return False
    return True
