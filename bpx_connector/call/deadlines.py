"""One timer for everything that is waited for.

A timer for each request is made and thrown away again nearly every time: 7 of the 150 µs of CPU that creating
an order takes, with what `asyncio.timeout` does besides. This one is set once, and when it goes off it looks
what is overdue.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future, TimerHandle, get_running_loop
from math import inf
from typing import Any

__all__ = ["Deadlines"]


class Deadlines:
    """Futures of one event loop and until when they have to be done: who is late gets a TimeoutError."""

    __slots__ = ("_loop", "_timer", "_waiting")

    def __init__(self) -> None:
        self._loop: AbstractEventLoop | None = None
        self._waiting: dict[Future[Any], float] = {}
        self._timer: TimerHandle | None = None

    def after(self, seconds: float) -> tuple[float | None, Future[Any]]:
        """The moment so many seconds from now, by the loop's clock, and a future that has to be done by then.

        Without seconds there is no such moment. The future is to be given to `forget`.
        """
        loop = get_running_loop()
        if loop is not self._loop:  # a timer of another one never goes off
            self._loop, self._timer, self._waiting = loop, None, {}
        future = loop.create_future()
        if not seconds:
            return None, future
        moment = self._waiting[future] = loop.time() + seconds
        if self._timer is None or moment < self._timer.when():
            self._set(moment)
        return moment, future

    def forget(self, future: Future[Any]) -> None:
        """Nobody waits for it any more. The timer stays, for whoever is next."""
        self._waiting.pop(future, None)

    def _set(self, moment: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = get_running_loop().call_at(moment, self._look)

    def _look(self) -> None:
        now = get_running_loop().time()
        self._timer = None
        for future, moment in self._waiting.items():
            if moment <= now and not future.done():
                future.set_exception(TimeoutError())
        following = min((moment for moment in self._waiting.values() if moment > now), default=inf)
        if following < inf:
            self._set(following)
