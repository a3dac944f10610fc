"""One client's socket: what it hears, and what is still to be sent to it.

A connection has a queue of its own and a task that empties it, so that a client which reads slowly holds
nobody up; one whose queue is full is dropped without a word.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from aiohttp import web

from bpx_connector.sandbox.records.keys import Key

__all__ = ["Connection"]

BURST: Final = 256
"""Frames written to one connection before others have their turn."""


class Connection:
    """One client's socket: what it hears, and what is still to be sent to it."""

    def __init__(
        self, socket: web.WebSocketResponse, transport: asyncio.Transport | None, queue_limit: int
    ) -> None:
        self.socket: Final = socket
        self.keys: Final[dict[Key, None]] = {}
        self.is_frozen = False
        """A frozen connection stays open and does nothing any more."""
        self.unanswered_since: float | None = None
        """When the oldest ping that has had no answer was sent, by the event loop's time."""
        self._transport: Final = transport
        self._limit: Final = queue_limit
        self._queue: Final[deque[str | bytes]] = deque()
        self._unread: Final[dict[bytes, asyncio.Future[None]]] = {}
        self._asked = 0
        self._wake: Final = asyncio.Event()

    def send(self, text: str) -> None:
        """Put a frame in the queue; never waits."""
        if self.is_frozen:
            return
        if len(self._queue) >= self._limit:
            self.cut()
            return
        self._queue.append(text)
        self._wake.set()

    def read(self) -> asyncio.Future[None]:
        """Done when the client has read what was sent so far: it answers a ping that is behind it."""
        self._asked += 1
        mark = b"read %d" % self._asked
        future = self._unread[mark] = asyncio.get_running_loop().create_future()
        self._queue.append(mark)
        self._wake.set()
        return future

    def answered(self, mark: bytes) -> None:
        """A pong has come."""
        future = self._unread.pop(mark, None)
        if future is not None and not future.done():
            future.set_result(None)

    def forget(self) -> None:
        """Nobody waits any more for what this client reads."""
        for mark in list(self._unread):
            self.answered(mark)

    def cut(self) -> None:
        """End the connection abruptly, without a Close frame."""
        self._queue.clear()
        if self._transport is not None:
            self._transport.abort()

    def freeze(self) -> None:
        """Stop answering, but keep the connection open."""
        self.is_frozen = True
        self._queue.clear()

    @property
    def is_lost(self) -> bool:
        """Whether the network connection is gone."""
        return self._transport is None or self._transport.is_closing()

    async def close(self, code: int, reason: bytes = b"") -> None:
        """Say goodbye with a Close frame; a frozen connection is cut instead."""
        if self.is_frozen:
            self.cut()
        else:
            await self.socket.close(code=code, message=reason)

    async def write(self) -> None:
        """Empty the queue, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            written = 0
            while self._queue:
                item = self._queue.popleft()
                await (self.socket.ping(item) if isinstance(item, bytes) else self.socket.send_str(item))
                written += 1
                if written % BURST == 0:
                    await asyncio.sleep(0)
