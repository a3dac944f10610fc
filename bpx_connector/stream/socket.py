"""The only I/O of the streams: connect, read, ping, notice silence, back off, connect again.

A socket knows no stream's meaning. It reads batches of frames (whatever has arrived is one batch), sends
what its subscriptions want sent, and reports to its owner. The way out, the clock, the pauses and the
jitter are handed in. Pings: "a Ping frame will be sent from the server every 60s, and a Pong is expected"
within 120 s; "the client should reconnect after receiving the Close frame" (Backpack OpenAPI, tag Streams,
"Keeping the connection alive").
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

import aiohttp
from aiohttp import WSMessage, WSMsgType

from bpx_connector.stream.frames import subscribe_frame, unsubscribe_frame
from bpx_connector.stream.subscriptions import Batch, Subscriptions, Verdict

__all__ = [
    "USUAL_PATIENCE",
    "AiohttpLink",
    "Link",
    "Owner",
    "Patience",
    "Socket",
    "Take",
    "Tools",
    "pause_after",
]


Take = Callable[[Sequence[WSMessage]], None]
"""Is given what text has arrived at once."""


class Link(Protocol):
    """One open connection."""

    async def read(self, take: Take) -> WSMessage:
        """Hand batches of text frames to `take` as they arrive; the next message that is none."""

    async def send(self, text: str) -> None: ...
    async def ping(self, data: bytes) -> None: ...
    async def pong(self, data: bytes) -> None: ...
    async def close(self) -> None: ...


class Tools(NamedTuple):
    """What a socket gets from outside."""

    connect: Callable[[], Awaitable[Link]]
    sign: Callable[[], Sequence[str]]
    sleep: Callable[[float], Awaitable[None]]
    clock: Callable[[], float]
    jitter: Callable[[], float]
    report: Callable[[str, BaseException | None], None]


class Patience(NamedTuple):
    """Durations in seconds."""

    shortest_pause: float = 0.25
    longest_pause: float = 30.0
    ping_after: float = 15.0
    silence: float = 30.0
    verdict: float = 2.0
    grace: float = 0.1
    tick: float = 1.0
    closing: float = 1.0


USUAL_PATIENCE = Patience()


class Owner(Protocol):
    """Who is told what happens on a socket."""

    def opened(self, socket: Socket) -> None: ...
    def received(self, socket: Socket, messages: Sequence[WSMessage]) -> None: ...
    def concluded(self, socket: Socket, verdict: Verdict) -> None: ...
    def unsigned(self, socket: Socket, streams: Sequence[str], error: Exception) -> None: ...
    def lost(self, socket: Socket) -> None: ...
    def unreachable(self, socket: Socket, error: Exception, failures: int) -> None: ...
    def unusable(self, socket: Socket, error: Exception) -> None: ...


UNREACHABLE = (aiohttp.ClientError, OSError, asyncio.TimeoutError)
BARRIER = b"barrier "
ALIVE = b"alive"
ENDS = frozenset({WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR})


def pause_after(failures: int, patience: Patience, jitter: float) -> float:
    """How long to wait before the next attempt: doubled with each failure, capped, spread by the jitter."""
    pause = min(patience.longest_pause, patience.shortest_pause * 2.0 ** min(failures, 30))
    return pause * (0.5 + jitter / 2)


class Socket:
    """One connection to the venue, made again whenever it is lost."""

    def __init__(
        self, subscriptions: Subscriptions, owner: Owner, tools: Tools, patience: Patience = USUAL_PATIENCE
    ) -> None:
        self.subscriptions = subscriptions
        self.frames = 0
        self.reconnects = 0
        self.last_heard: float | None = None
        self.is_open = False
        self._owner = owner
        self._tools = tools
        self._patience = patience
        self._to_unsubscribe: list[str] = []
        self._has_work = asyncio.Event()
        self._has_pong = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._barriers = 0
        self._asked_at = 0.0
        self._pinged_at = 0.0

    def start(self) -> None:
        """Run until `stop`."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Close the connection and end."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def unsubscribe(self, streams: Sequence[str]) -> None:
        """Have the venue told that these are no longer wanted."""
        if self.is_open:
            self._to_unsubscribe.extend(streams)
            self._has_work.set()

    def flush(self) -> None:
        """Send what the subscriptions want sent."""
        self._has_work.set()

    async def _run(self) -> None:
        failures = 0
        while True:
            try:
                link = await self._tools.connect()
            except UNREACHABLE as error:
                failures += 1
                self._owner.unreachable(self, error, failures)
            except Exception as error:  # two proxies at once, say: no attempt can succeed
                failures += 1
                self._owner.unusable(self, error)
            else:
                before = self.frames
                await self._serve(link)
                failures = 0 if self.frames > before else failures + 1
                self.reconnects += 1
            await self._tools.sleep(pause_after(failures, self._patience, self._tools.jitter()))

    async def _serve(self, link: Link) -> None:
        """Use a connection until it ends."""
        self.last_heard = self._pinged_at = self._tools.clock()
        self.is_open = True
        self._to_unsubscribe.clear()
        self._has_pong.clear()
        self._has_work.set()
        self._owner.opened(self)
        steps = (self._read, self._write, self._judge, self._watch_over)
        parts = [asyncio.ensure_future(step(link)) for step in steps]
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for part in parts:
                part.cancel()
            outcomes = await asyncio.gather(*parts, return_exceptions=True)
            self.is_open = False
            self.subscriptions.lose()
            self._owner.lost(self)
            for outcome in outcomes:
                if isinstance(outcome, Exception) and not isinstance(outcome, UNREACHABLE):
                    self._tools.report("a stream socket ended unexpectedly", outcome)
            with suppress(*UNREACHABLE):
                async with asyncio.timeout(self._patience.closing):
                    await link.close()

    async def _read(self, link: Link) -> None:
        while True:
            message = await link.read(self._take)
            self.last_heard = self._tools.clock()
            if message.type is WSMsgType.PING:
                await link.pong(message.data)
            elif message.type is WSMsgType.PONG:
                self._heard_pong(bytes(message.data))
            elif message.type in ENDS:
                return

    def _take(self, messages: Sequence[WSMessage]) -> None:
        self.last_heard = self._tools.clock()
        self._owner.received(self, messages)

    async def _write(self, link: Link) -> None:
        while True:
            await self._has_work.wait()
            self._has_work.clear()
            if self._to_unsubscribe:
                streams, self._to_unsubscribe = self._to_unsubscribe, []
                await link.send(unsubscribe_frame(streams))
            batch = self.subscriptions.next_batch()
            if batch is not None:
                await self._ask(link, batch)

    async def _ask(self, link: Link, batch: Batch) -> None:
        signature = None
        if batch.is_private:
            try:
                signature = self._tools.sign()
            except Exception as error:
                self.subscriptions.conclude()
                self._owner.unsigned(self, batch.streams, error)
                self._has_work.set()
                return
        self._barriers += 1
        self._asked_at = self._tools.clock()
        await link.send(subscribe_frame(batch.streams, signature))
        await link.ping(BARRIER + str(self._barriers).encode())

    async def _watch_over(self, link: Link) -> None:
        """Ping a quiet socket, give up a silent one, and conclude a batch whose pong does not come."""
        patience, clock = self._patience, self._tools.clock
        while True:
            await self._tools.sleep(patience.tick)
            now = clock()
            heard = now if self.last_heard is None else self.last_heard
            if now - heard >= patience.silence:
                self._tools.report(f"a stream socket was silent for {now - heard:.0f} s", None)
                return
            if self.subscriptions.asked is not None and now - self._asked_at >= patience.verdict:
                self._conclude()
            if now - max(heard, self._pinged_at) >= patience.ping_after:
                self._pinged_at = now
                await link.ping(ALIVE)

    def _heard_pong(self, data: bytes) -> None:
        if data == BARRIER + str(self._barriers).encode():
            self._has_pong.set()

    async def _judge(self, link: Link) -> None:
        while True:
            await self._has_pong.wait()
            self._has_pong.clear()
            asked = self.subscriptions.asked
            if asked is not None:
                if asked.may_be_refused_late:
                    await self._tools.sleep(self._patience.grace)
                self._conclude()

    def _conclude(self) -> None:
        verdict = self.subscriptions.conclude()
        self._has_work.set()
        self._owner.concluded(self, verdict)


class AiohttpLink:
    """A connection by aiohttp."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        self._websocket = websocket
        self._inbox = _inbox_of(websocket)

    async def read(self, take: Take) -> WSMessage:
        if self._inbox is not None:
            await self._inbox.texts(take)
            return await self._websocket.receive()
        while (message := await self._websocket.receive()).type is WSMsgType.TEXT:
            take((message,))
        return message

    async def send(self, text: str) -> None:
        await self._websocket.send_str(text)

    async def ping(self, data: bytes) -> None:
        await self._websocket.ping(data)

    async def pong(self, data: bytes) -> None:
        await self._websocket.pong(data)

    async def close(self) -> None:
        await self._websocket.close()


NOTHING = WSMessage(WSMsgType.TEXT, "", None)
MOST_UNTOLD = 16 * 1024
"""Bytes; aiohttp holds a connection up at 64 KiB or more."""


class Inbox:
    """aiohttp's frame parser, and the queue it fills: text frames are handed on as soon as they are parsed.

    A turn of the event loop, a step of the reading task and a `receive` a frame cost more than the parsing
    of the frame, and without a look into the queue nothing says where a batch ends. Whatever is not text
    stays in the queue, with all that came behind it, until it has been received.
    """

    def __init__(self, parser: Any, queue: Any) -> None:
        self._parser = parser
        self._queue = queue
        self._messages: deque[tuple[WSMessage, int]] = queue._buffer
        self._taken = 0
        self._take: Take | None = None
        self._trouble: Exception | None = None
        self._is_over = asyncio.Event()

    async def texts(self, take: Take) -> None:
        """Hand on text frames until something else is next, or nothing more can come."""
        self._take = take
        self._is_over.clear()
        try:
            self._hand_on()
            await self._is_over.wait()
        finally:
            self._take = None
        if self._trouble is not None:
            raise self._trouble

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Called by aiohttp with what has been read."""
        outcome: tuple[bool, bytes] = self._parser.feed_data(data)
        self._hand_on()
        return outcome

    def feed_eof(self) -> None:
        """Called by aiohttp when the connection has ended."""
        self._parser.feed_eof()
        self._hand_on()

    def _hand_on(self) -> None:
        while self._take is not None and (texts := self._next_texts()):
            try:
                self._take(texts)
            except Exception as error:
                self._trouble, self._take = error, None
        if self._messages or self._trouble or self._queue.is_eof():
            self._is_over.set()

    def _next_texts(self) -> list[WSMessage]:
        """Take a batch out of the queue, past its own coroutine for reading a message at a time."""
        messages = self._messages
        taken: list[WSMessage] = []
        while messages and messages[0][0].type is WSMsgType.TEXT:
            message, size = messages.popleft()
            taken.append(message)
            self._taken += size + _OVERHEAD
        if self._taken > MOST_UNTOLD:
            self._tell_queue()
        return taken

    def _tell_queue(self) -> None:
        """Have the queue know what was taken out of it: it holds up a connection that is too far ahead."""
        self._messages.appendleft((NOTHING, self._taken - _OVERHEAD))
        self._taken = 0
        with suppress(StopIteration):  # at once: there is something to be read
            self._queue.read().send(None)


def _inbox_of(websocket: aiohttp.ClientWebSocketResponse) -> Inbox | None:
    """Put an inbox between a connection and its parser; None where aiohttp is built in another way."""
    queue: Any = getattr(websocket, "_reader", None)
    protocol: Any = getattr(getattr(websocket, "_conn", None), "protocol", None)
    parser: Any = getattr(protocol, "_payload_parser", None)
    if parser is None or not hasattr(queue, "_buffer") or not hasattr(queue, "is_eof"):
        return None
    inbox = Inbox(parser, queue)
    protocol.set_parser(inbox, queue)
    return inbox


def _overhead() -> int:
    try:
        from aiohttp._websocket.reader_py import MSG_SIZE_OVERHEAD
    except ImportError:
        return 0  # before aiohttp 3.14 a message counted its size only
    return MSG_SIZE_OVERHEAD


_OVERHEAD = _overhead()
