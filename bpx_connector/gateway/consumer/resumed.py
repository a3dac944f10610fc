"""The account's fills for a program that is started again: nothing is lost while it is away.

The server remembers under the program's name how far it has come. Fills that were handed out count as read
when the program asks for the next ones: if it dies before that, the next one is given them again, after five
seconds at most. Each is stored once, so besides that none comes twice.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NamedTuple

import msgspec
import nats.errors

from bpx_connector.gateway.bus.connection import Bus, BusDownError, Message
from bpx_connector.gateway.consumer.line import Line
from bpx_connector.orders.words import fill_words

__all__ = ["ResumedFills"]

AT_ONCE: Final = 500
WAITS: Final = 5.0
AGAIN_AFTER: Final = 0.25
MOST_KNOWN: Final = 5_000
"""Fills that are told from a repetition by their number."""


class _Fill(NamedTuple):
    trade: dict[str, Any]
    message: Message


class ResumedFills:
    """What `watch_my_trades` reads with `resume`."""

    def __init__(
        self,
        line: Callable[[], Line],
        durable: str,
        parse: Callable[[list[dict[str, Any]]], list[dict[str, Any]]],
    ) -> None:
        self._line = line
        self._durable = durable
        self._parse = parse
        self._bus: Bus | None = None
        self._reading: Any = None
        self._waiting: list[_Fill] = []
        self._handed_out: list[_Fill] = []
        self._known: deque[int] = deque(maxlen=MOST_KNOWN)
        self._lock = asyncio.Lock()

    async def next(self, symbol: str | None) -> list[dict[str, Any]]:
        """The fills (of a market) since the last call; those of the last call are read by that."""
        async with self._lock:
            await self._acknowledge()
            while not (taken := [fill for fill in self._waiting if symbol in (None, fill.trade["symbol"])]):
                await self._read_more()
            self._waiting = [fill for fill in self._waiting if fill not in taken]
            self._handed_out = taken
            return [fill.trade for fill in taken]

    async def _acknowledge(self) -> None:
        handed_out, self._handed_out = self._handed_out, []
        for fill in handed_out:
            # One that is not acknowledged comes again: at worst a fill is handed out twice.
            with suppress(nats.errors.Error, OSError):
                await fill.message.ack()

    async def _read_more(self) -> None:
        try:
            for message in await (await self._source()).fetch(AT_ONCE, timeout=WAITS):
                number = message.metadata.sequence.stream
                if number in self._known:
                    if not self._is_pending(number):
                        await message.ack()  # the first time it was said into a connection that had ended
                    continue
                fill = self._fill_of(message)
                if fill is None:
                    await message.ack()
                else:
                    self._known.append(number)
                    self._waiting.append(fill)
        except (nats.errors.TimeoutError, TimeoutError):
            return  # nothing has come
        except (BusDownError, nats.errors.Error, OSError):
            self._bus = None
            await asyncio.sleep(AGAIN_AFTER)

    async def _source(self) -> Any:
        line = self._line()
        bus = await line.bus()
        if bus is not self._bus:
            subjects, account = line.reader.subjects, line.reader.account
            self._reading = await bus.stored_after(
                subjects.log(account), self._durable, f"{subjects.root}.acct.{account}.>"
            )
            self._bus = bus
        return self._reading

    def _is_pending(self, number: int) -> bool:
        """Whether a fill was read and is not known to be of use yet."""
        pending = (*self._waiting, *self._handed_out)
        return any(fill.message.metadata.sequence.stream == number for fill in pending)

    def _fill_of(self, message: Message) -> _Fill | None:
        frame = msgspec.json.decode(message.data)
        words = frame["data"] if frame["stream"] == "fill" else None
        if frame["stream"].startswith("account.orderUpdate"):
            words = fill_words(frame["data"])
        if words is None:
            return None
        (trade,) = self._parse([words])
        return _Fill(trade, message)
