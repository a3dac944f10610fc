"""What an asyncio exchange does again and again while it is open, if its options ask for it."""

from __future__ import annotations

import asyncio
import inspect
import weakref
from collections.abc import Callable
from typing import Any

from ccxt.base.errors import BadRequest, BaseError

__all__ = ["Errands", "pause_of"]

SHORTEST_PAUSE, LONGEST_PAUSE = 0.001, 3600.0


def pause_of(name: str, asked: Any, usual: float) -> float | None:
    """The seconds between two errands that an option asks for: a number, True for the usual, or none."""
    if asked is None or asked is False:
        return None
    if asked is True:
        return usual
    if not isinstance(asked, int | float) or not SHORTEST_PAUSE <= asked <= LONGEST_PAUSE:
        raise BadRequest(
            f"options[{name!r}] is {asked!r}; it takes True, False, or seconds from "
            f"{SHORTEST_PAUSE:g} to {LONGEST_PAUSE:g}"
        )
    return float(asked)


class Errands:
    """The errands of one exchange object. They end when they are closed, or when nobody has the object."""

    def __init__(self, exchange: Any) -> None:
        self._exchange = weakref.ref(exchange)
        self._tasks: list[asyncio.Task[None]] = []

    def run(self, pause: float, errand: Callable[[Any], Any]) -> None:
        """Have this done with the exchange after each pause, in seconds."""
        self._tasks.append(asyncio.get_running_loop().create_task(self._run(pause, errand)))

    async def close(self) -> None:
        """End them."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, pause: float, errand: Callable[[Any], Any]) -> None:
        while True:
            await asyncio.sleep(pause)
            exchange = self._exchange()
            if exchange is None:
                return
            try:
                done = errand(exchange)
                if inspect.isawaitable(done):
                    await done
            except BaseError as error:  # the next one may do better
                exchange.logger.debug("%s errand: %s", exchange.id, error)
            del exchange
