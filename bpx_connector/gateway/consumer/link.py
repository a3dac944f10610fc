"""The bus as a connection to the streams: what is subscribed there comes as the venue's own frames."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, Self

import msgspec

from bpx_connector.gateway.bus.connection import Bus, BusDownError, Message
from bpx_connector.gateway.bus.reader import FrameReader
from bpx_connector.gateway.bus.subjects import market_of
from bpx_connector.gateway.consumer.line import Line
from bpx_connector.gateway.rules.repetition import Repetitions, is_known_again
from bpx_connector.gateway.rules.wants import RENEWED_EVERY
from bpx_connector.stream.frames import stream_of
from bpx_connector.stream.link import Ended, Ping, Pong, Take
from bpx_connector.venue.streams import is_private

__all__ = ["BusLink"]

ANSWERED_WITHIN: Final = 3.0
NO_SUCH_STREAM: Final = 4006


class BusLink:
    """One connection's worth of streams. It ends when its gateway falls silent or has missed something of
    it."""

    def __init__(self, line: Line, bus: Bus) -> None:
        self._line = line
        self._bus = bus
        self._take: Take | None = None
        self._texts: list[str] = []
        self._pongs: deque[bytes] = deque()
        self._is_over, self._why = False, "the bus is gone"
        self._changed = asyncio.Event()
        self._streams: dict[str, Callable[[], Awaitable[None]]] = {}
        self._desks: dict[str, Callable[[], None]] = {}
        self._wanting: set[asyncio.Task[None]] = set()
        self._renewing: asyncio.Task[None] | None = None
        self._is_called = False
        self._has_nameless = False
        """Whether there are streams whose frames do not tell that they are repeated."""
        self._repetitions = Repetitions()
        self._reader: FrameReader | None = None

    @classmethod
    async def made(cls, line: Line) -> Self:
        """A link over a connection that is open."""
        link = cls(line, await line.bus())
        link._reader = await FrameReader.connected(line.reader.access, link._read_together, link._end)
        return link

    # --- as the socket sees it ---------------------------------------------------------------------------

    async def read(self, take: Take) -> Ping | Pong | Ended:
        """Hand on frames until a pong or the end is next."""
        self._take = take
        try:
            while True:
                self._changed.clear()
                self._hand_on()
                if self._is_over or not self._bus.is_open:
                    return Ended(self._why)
                if self._pongs:
                    return Pong(self._pongs.popleft())
                await self._changed.wait()
        finally:
            self._take = None

    async def send(self, text: str) -> None:
        """A SUBSCRIBE or UNSUBSCRIBE frame. Signatures go no further than this."""
        frame = msgspec.json.decode(text)
        streams = frame["params"]
        if frame["method"] == "UNSUBSCRIBE":
            for stream in streams:
                end = self._streams.pop(stream, None)
                if end is not None:
                    await end()
            return
        self._has_nameless |= not all(map(is_known_again, streams))
        for stream in streams:
            if stream not in self._streams:
                self._streams[stream] = await self._subscribed(stream)
        task = asyncio.get_running_loop().create_task(self._want(streams))
        self._wanting.add(task)
        task.add_done_callback(self._wanting.discard)
        if self._renewing is None:
            self._renewing = asyncio.get_running_loop().create_task(self._renew())

    async def ping(self, data: bytes) -> None:
        """A pong follows when what was asked for before is on, or refused."""
        task = asyncio.get_running_loop().create_task(self._ponged(data, list(self._wanting)))
        self._wanting.add(task)
        task.add_done_callback(self._wanting.discard)

    async def pong(self, data: bytes) -> None:
        """Nobody waits for it."""

    async def close(self) -> None:
        """End the subscriptions."""
        self._end()
        tasks = [*self._wanting, *([self._renewing] if self._renewing else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for forget in self._desks.values():
            forget()
        for end in self._streams.values():
            await end()
        self._streams.clear()
        if self._reader is not None:
            self._reader.close()

    # --- what comes --------------------------------------------------------------------------------------

    def _read_together(self, texts: list[str]) -> None:
        """Public frames that were read at once: handed on as they are, if anybody reads."""
        if self._has_nameless:
            texts = [text for text in texts if self._is_new(text)]
        self._texts += texts
        self._hand_on()

    def _arrived(self, message: Message) -> None:
        """A frame. What was read together is handed on together, when the loop gets to it."""
        text = message.data.decode()
        if self._has_nameless and not self._is_new(text):
            return
        self._texts.append(text)
        if not self._is_called:
            self._is_called = True
            asyncio.get_running_loop().call_soon(self._hand_on)

    def _is_new(self, text: str) -> bool:
        """Whether a frame is none that a gateway has said before it began to lead, or both have said."""
        return is_known_again(stream_of(text)) or self._repetitions.is_new(text)

    def _hand_on(self) -> None:
        self._is_called = False
        take = self._take
        if take is None or not self._texts:
            return
        texts, self._texts = self._texts, []
        try:
            take(texts)
        except Exception:
            self._end()
            raise

    def _told(self, lost: frozenset[str] | None) -> None:
        if lost is None:
            self._end("the gateway is silent")
        elif lost & self._streams.keys():
            self._end("the gateway has missed something")

    def _end(self, why: str = "the bus is gone") -> None:
        self._is_over, self._why = True, why
        self._changed.set()

    # --- what is wanted ----------------------------------------------------------------------------------

    async def _subscribed(self, stream: str) -> Callable[[], Awaitable[None]]:
        subjects, account, reader = self._line.reader.subjects, self._line.reader.account, self._reader
        if is_private(stream):
            return await self._bus.subscribe(subjects.accounts(account, stream.split(".")[1]), self._arrived)
        assert reader is not None, "made with the link"
        number = reader.subscribe(subjects.frame(stream))

        async def end() -> None:
            reader.unsubscribe(number)

        return end

    def _by_desk(self, streams: Sequence[str]) -> dict[str, list[str]]:
        desks = defaultdict(list)
        for stream in streams:
            private = is_private(stream)
            desk = self._line.reader.account if private else self._line.desk_of(market_of(stream))
            desks[desk].append(stream)
        return desks

    async def _want(self, streams: Sequence[str]) -> None:
        try:
            if self._reader is not None:
                await self._reader.flush()  # two connections: what is wanted must be heard from its beginning
            for desk, some in self._by_desk(streams).items():
                await self._line.lead_of(desk)
                if desk not in self._desks:
                    self._desks[desk] = self._line.interest(desk, self._told)
                await self._want_at(desk, some)
        except BusDownError:
            self._end()

    async def _want_at(self, desk: str, streams: Sequence[str]) -> None:
        reader = self._line.reader
        subject = reader.subjects.want(desk, reader.access.user)
        answer = await self._bus.request(subject, msgspec.json.encode({"streams": streams}), ANSWERED_WITHIN)
        for stream, sentence in msgspec.json.decode(answer.data)["refused"].items():
            refusal = {"id": None, "error": {"code": NO_SUCH_STREAM, "message": f"{stream}: {sentence}"}}
            self._texts.append(msgspec.json.encode(refusal).decode())
        self._changed.set()

    async def _ponged(self, data: bytes, before: Sequence[asyncio.Task[None]]) -> None:
        await asyncio.gather(*before, return_exceptions=True)
        with suppress(BusDownError):
            await self._bus.flush()
            if self._reader is not None:
                await self._reader.flush()
            self._pongs.append(data)
        self._changed.set()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEWED_EVERY)
            with suppress(BusDownError):
                for desk, some in self._by_desk(list(self._streams)).items():
                    await self._want_at(desk, some)
