"""aiohttp's websocket as a link. The only file that knows aiohttp's frames, and how it keeps them.

`PRIVATE_PARTS` are those: the parser that a connection's protocol feeds, and the queue that it fills. A test
asserts that the installed aiohttp has them, and that one without them still works, frame by frame.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import suppress
from typing import Any

import aiohttp
from aiohttp import WSMessage, WSMsgType

from bpx_connector.stream.coalescing import Coalescing
from bpx_connector.stream.link import Ended, Ping, Pong, Take

__all__ = ["LARGEST_FRAME", "PRIVATE_PARTS", "AiohttpLink", "connected", "inbox_of"]

LARGEST_FRAME = 16 * 1024 * 1024

PRIVATE_PARTS = {
    "websocket": ("_reader", "_conn"),
    "protocol": ("_payload_parser", "_reading_paused", "set_parser", "transport"),
    "queue": ("_buffer", "is_eof", "read"),
}
"""What `Inbox` needs that aiohttp does not promise. As of aiohttp 3.14, the only one that is allowed."""

NOTHING = WSMessage(WSMsgType.TEXT, "", None)
MOST_UNTOLD = 16 * 1024
"""Bytes; aiohttp holds a connection up at 64 KiB or more."""


class AiohttpLink:
    """A connection by aiohttp."""

    def __init__(
        self, websocket: aiohttp.ClientWebSocketResponse, coalescing: Coalescing | None = None
    ) -> None:
        self.websocket = websocket
        self._inbox = inbox_of(websocket, coalescing or Coalescing())

    async def read(self, take: Take) -> Ping | Pong | Ended:
        while True:
            if self._inbox is not None:
                await self._inbox.texts(take)
            message = await self.websocket.receive()
            if message.type is WSMsgType.TEXT:
                take((message.data,))
            elif (told := _told(message)) is not None:
                return told

    async def send(self, text: str) -> None:
        await self.websocket.send_str(text)

    async def ping(self, data: bytes) -> None:
        await self.websocket.ping(data)

    async def pong(self, data: bytes) -> None:
        await self.websocket.pong(data)

    async def close(self) -> None:
        await self.websocket.close()


async def connected(
    session: aiohttp.ClientSession,
    url: str,
    within: float,
    *,
    coalescing: Coalescing | None = None,
    **settings: Any,
) -> AiohttpLink:
    """A connection to `url`. One that cannot be made is a ConnectionError that says why in a few words.

    aiohttp's own error for a refused handshake carries the whole request: cookies, authorization, a proxy's
    password. Of it only status and reason are told.
    """
    try:
        async with asyncio.timeout(within):
            websocket = await session.ws_connect(
                url, autoping=False, autoclose=False, max_msg_size=LARGEST_FRAME, **settings
            )
    except (aiohttp.ClientError, TimeoutError) as error:
        reason = _reason(error, within)
        settings.clear()  # variables of a traceback are shown by tools, and headers and proxies are secret
    else:
        return AiohttpLink(websocket, coalescing)
    raise ConnectionError(reason)  # out here it has no context in which the request stands


def _reason(error: Exception, within: float) -> str:
    if isinstance(error, aiohttp.ClientResponseError):
        return f"the handshake was answered {error.status} {error.message}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"{error.host}:{error.port} cannot be reached: {error.strerror}"
    if isinstance(error, TimeoutError):
        return f"no answer to the handshake within {within:g} s"
    return f"{type(error).__name__} while connecting"


def _told(message: WSMessage) -> Ping | Pong | Ended | None:
    """What a message that is no text says; None for binary frames, which the venue does not send."""
    if message.type is WSMsgType.PING:
        return Ping(bytes(message.data))
    if message.type is WSMsgType.PONG:
        return Pong(bytes(message.data))
    if message.type in ENDS:
        return Ended(message.type.name)
    return None


ENDS = frozenset({WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR})


class Inbox:
    """aiohttp's frame parser, and the queue it fills: text frames are handed on as soon as they are parsed.

    Reading a frame the public way takes an iteration of the event loop, a step of the reading task and a
    `receive()`; that is more than parsing it, and without a look into the queue nothing says where a batch
    ends. Example: one packet from the network holds the texts A and B, a pong, and the text C. aiohttp calls
    `feed_data` once; A and B are handed on together before it returns. The pong stays in the queue, and C
    behind it, until the link has received the pong; then C is handed on.
    """

    def __init__(self, protocol: Any, queue: Any, coalescing: Coalescing) -> None:
        self._protocol = protocol
        self._parser = protocol._payload_parser
        self._queue = queue
        self._coalescing = coalescing
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
        frames = self._hand_on()
        pause = self._coalescing.pause_after(frames, time.monotonic())
        if pause and self._is_connected():
            self._protocol.transport.pause_reading()
            asyncio.get_running_loop().call_later(pause, self._read_on)
        return outcome

    def _is_connected(self) -> bool:
        transport = self._protocol.transport
        return transport is not None and not transport.is_closing()

    def _read_on(self) -> None:
        """Read again, unless it has ended, or aiohttp has stopped it meanwhile, which is too far ahead."""
        if self._is_connected() and not self._protocol._reading_paused:
            self._protocol.transport.resume_reading()

    def feed_eof(self) -> None:
        """Called by aiohttp when the connection has ended."""
        self._parser.feed_eof()
        self._hand_on()

    def _hand_on(self) -> int:
        """Hand on what has come, up to what is no text; how many frames that were."""
        frames = 0
        while self._take is not None and (texts := self._next_texts()):
            frames += len(texts)
            try:
                self._take(texts)
            except Exception as error:
                # aiohttp would take it for a broken connection: it is kept for the task that reads.
                self._trouble, self._take = error, None
        if self._messages or self._trouble or self._queue.is_eof():
            self._is_over.set()
        return frames

    def _next_texts(self) -> list[str]:
        """Take a batch out of the queue, past its own coroutine for reading a message at a time."""
        messages = self._messages
        taken: list[str] = []
        while messages and messages[0][0].type is WSMsgType.TEXT:
            message, size = messages.popleft()
            taken.append(message.data)
            self._taken += size + _OVERHEAD
        if self._taken > MOST_UNTOLD:
            self._tell_queue()
        return taken

    def _tell_queue(self) -> None:
        """Have the queue know what was taken out of it: it stops reading from a connection too far ahead.

        The queue counts bytes as its `read()` hands them out. So an empty message of the size of all that
        was taken is put in front and read back: that coroutine ends at its first step, as there is something
        to be read.
        """
        self._messages.appendleft((NOTHING, self._taken - _OVERHEAD))
        self._taken = 0
        with suppress(StopIteration):
            self._queue.read().send(None)


def inbox_of(websocket: Any, coalescing: Coalescing) -> Inbox | None:
    """Put an inbox between a connection and its parser; None where aiohttp is built in another way."""
    queue: Any = getattr(websocket, "_reader", None)
    protocol: Any = getattr(getattr(websocket, "_conn", None), "protocol", None)
    needed = (("protocol", protocol), ("queue", queue))
    if not all(hasattr(part, name) for kind, part in needed for name in PRIVATE_PARTS[kind]):
        return None
    if protocol._payload_parser is None:
        return None
    inbox = Inbox(protocol, queue, coalescing)
    protocol.set_parser(inbox, queue)
    return inbox


def _overhead() -> int:
    try:
        from aiohttp._websocket.reader_py import MSG_SIZE_OVERHEAD
    except ImportError:
        return 0  # where aiohttp has no such word a message counts its size only
    return MSG_SIZE_OVERHEAD


_OVERHEAD = _overhead()
