"""The account's fills and orders for a program that is started again: nothing is lost while it is away.

The server remembers under the program's name how far it has come. What was handed out counts as read when the
program asks for more: if it dies before that, the next one is given it again, after five seconds at most.
Each event is stored once, so besides that none comes twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any, Final, NamedTuple

import msgspec
import nats.errors

from bpx_connector.gateway.bus.cancelling import heeding_cancels
from bpx_connector.gateway.bus.connection import Bus, BusDownError, Message
from bpx_connector.gateway.consumer.line import Line
from bpx_connector.orders.words import fill_words

__all__ = ["Resumed", "Words", "fill_in", "order_event_in"]

log = logging.getLogger("bpx_connector.gateway")
AT_ONCE: Final = 500
WAITS: Final = 5.0
AGAIN_AFTER: Final = 0.25
MOST_KNOWN: Final = 5_000
"""Events that are told from a repetition by their name."""

Words = dict[str, Any]


class _Event(NamedTuple):
    name: str
    words: Words
    message: Message


class Resumed:
    """What a program reads with `resume`: events of one kind, each until it is known to be read."""

    def __init__(
        self,
        line: Callable[[], Line],
        durable: str,
        words: Callable[[Words], Words | None],
        made: Callable[[list[Words]], list[Any]],
        from_the_beginning: bool = False,
    ) -> None:
        """`words` are what counts of a stored frame (None: nothing of this kind), `made` is what becomes of
        some of them. What was stored before the name was first used is read only `from_the_beginning`."""
        self._line = line
        self._durable = durable
        self._words = words
        self._made = made
        self._from_the_beginning = from_the_beginning
        self._bus: Bus | None = None
        self._reading: Any = None
        self._waiting: list[_Event] = []
        self._handed_out: list[_Event] = []
        self._known: deque[str] = deque(maxlen=MOST_KNOWN)
        self._lock = asyncio.Lock()

    async def next(self, markets: Collection[str] | None) -> list[Any]:
        """What has come (of some markets) since the last call; that of the last call is read by this."""
        async with self._lock:
            await self._acknowledge()
            while True:
                taken = [event for event in self._waiting if _is_of(event.words, markets)]
                self._waiting = [event for event in self._waiting if event not in taken]
                self._handed_out += taken
                if made := self._made_of([event.words for event in taken]):
                    return made
                await self._read_more()

    def _made_of(self, words: list[Words]) -> list[Any]:
        """What becomes of events. One that is not understood costs nobody anything but itself."""
        try:
            return self._made(words)
        except Exception as error:
            if len(words) == 1:
                log.warning("an event that was kept is not understood: %r", error)
                return []
            return [made for one in words for made in self._made_of([one])]

    async def _acknowledge(self) -> None:
        handed_out, self._handed_out = self._handed_out, []
        for event in handed_out:
            # One that is not acknowledged comes again: at worst it is handed out twice.
            with suppress(nats.errors.Error, OSError):
                await event.message.ack()

    async def _read_more(self) -> None:
        try:
            fetch = heeding_cancels((await self._source()).fetch)
            for message in await fetch(AT_ONCE, timeout=WAITS):
                name = _name_of(message)
                if name in self._known:
                    if not self._is_pending(name):
                        await message.ack()  # the first time it was said into a connection that had ended
                    continue
                words = self._words(msgspec.json.decode(message.data))
                if words is None:
                    await message.ack()
                else:
                    self._known.append(name)
                    self._waiting.append(_Event(name, words, message))
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
                subjects.log(account), self._durable, subjects.accounts(account), self._from_the_beginning
            )
            self._bus = bus
        return self._reading

    def _is_pending(self, name: str) -> bool:
        """Whether an event was read and is not known to be of use yet."""
        return any(event.name == name for event in (*self._waiting, *self._handed_out))


def fill_in(frame: Words) -> Words | None:
    """The fill in a stored frame, in the words of REST: an event's, or a row of the history."""
    if frame["stream"].startswith(ORDERS):
        return fill_words(frame["data"])
    words: Words | None = frame["data"] if frame["stream"] == "fill" else None
    return words


def order_event_in(frame: Words) -> Words | None:
    """The event of the order stream in a stored frame."""
    words: Words | None = frame["data"] if frame["stream"].startswith(ORDERS) else None
    return words


def _name_of(message: Message) -> str:
    """What an event was stored under, once; it is the same however often, and by whomever, it is stored."""
    return (message.headers or {}).get("Nats-Msg-Id") or str(message.metadata.sequence.stream)


def _is_of(words: Words, markets: Collection[str] | None) -> bool:
    return markets is None or words.get("symbol", words.get("s")) in markets


ORDERS: Final = "account.orderUpdate"
