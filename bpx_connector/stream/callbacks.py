"""Streams as they are: a callback gets the venue's payloads, and its mistakes are its own.

Plain functions are called as the frames are read. A coroutine function is awaited one payload after the
other by a task of its own, so that it holds up neither the reader nor other callbacks; what it has no time
for waits, and of more than a bound the oldest are dropped and counted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from inspect import isawaitable, iscoroutine
from typing import Any

__all__ = ["Callback", "RawSubscription"]

Payload = dict[str, Any]
Callback = Callable[[Payload], Any]


class RawSubscription:
    """One callback on one stream."""

    def __init__(
        self,
        stream: str,
        callback: Callback,
        report: Callable[[str, BaseException | None], None],
        waiting: int,
    ) -> None:
        self.stream = stream
        self.callback = callback
        self.dropped = 0
        self.failures = 0
        self._report = report
        self._waiting: deque[Payload] = deque(maxlen=waiting)
        self._current: Awaitable[Any] | None = None
        self._worker: asyncio.Task[None] | None = None

    def deliver(self, payload: Payload) -> None:
        """Give the callback a payload, now or after those that it is still busy with."""
        if self._worker is None:
            self._call(payload)
            if self._current is not None:
                self._worker = asyncio.get_running_loop().create_task(self._work())
        else:
            self.dropped += len(self._waiting) == self._waiting.maxlen
            self._waiting.append(payload)

    def stop(self) -> None:
        """Deliver nothing more."""
        self._waiting.clear()
        current, self._current = self._current, None
        if iscoroutine(current):
            current.close()  # its worker has not begun, and will not
        if self._worker is not None and self._worker is not asyncio.current_task():
            self._worker.cancel()

    def _call(self, payload: Payload) -> None:
        try:
            result = self.callback(payload)
        except Exception as error:
            self._failed(error)
            return
        self._current = result if isawaitable(result) else None

    async def _work(self) -> None:
        try:
            while self._current is not None:
                current, self._current = self._current, None
                try:
                    await current
                except Exception as error:
                    self._failed(error)
                while self._current is None and self._waiting:
                    self._call(self._waiting.popleft())
        finally:
            self._worker = None

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        self._report(f"a callback of stream {self.stream} failed", error)
