"""One answer over a connection that belongs to somebody else, who gets it back as it was.

For as long as the answer is awaited its bytes come here. A plain answer is read here (`plain_answers`). Any
other, and every trouble, goes to the connection's own protocol with all that has come, as if nobody had stood
in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from bpx_connector.call.plain_answers import Head, plain_head

__all__ = ["Hearing"]


class Hearing(asyncio.Protocol):
    """In the place of a connection's own protocol until one answer has come.

    The future gets the head and the content, or None when the own protocol has the rest of the matter.
    """

    __slots__ = ("_come", "_future", "_get_ready", "_head", "_missing", "_own", "_transport")

    def __init__(
        self, transport: Any, own: Any, future: asyncio.Future[Any], get_ready: Callable[[], None]
    ) -> None:
        self._transport = transport
        self._own = own
        self._future = future
        self._get_ready = get_ready
        """Makes the connection's own protocol ready to read an answer."""
        self._head: Head | None = None
        self._come: list[bytes] = []
        self._missing = 0
        transport.set_protocol(self)

    def give_back(self) -> None:
        """End it, whatever has come."""
        if self._transport.get_protocol() is self:
            self._transport.set_protocol(self._own)

    def data_received(self, data: bytes) -> None:
        head = self._head
        if head is None:
            head = plain_head(data)
            missing = -1 if head is None else head.begins + head.length - len(data)
        else:
            missing = self._missing - len(data)
        if head is None or missing < 0:  # not plain, or more than an answer
            self._come.append(data)
            self._hand_over()
        elif missing or self._come:
            self._go_on(head, data, missing)
        else:
            self._end(head, data)

    def _go_on(self, head: Head, data: bytes, missing: int) -> None:
        """Take a part of an answer that comes in several."""
        self._come.append(data)
        self._head, self._missing = head, missing
        if not missing:
            self._end(head, b"".join(self._come))

    def _end(self, head: Head, data: bytes) -> None:
        if not self._future.done():
            self._transport.set_protocol(self._own)
            self._future.set_result((head, data[head.begins :]))

    def _hand_over(self) -> None:
        self.give_back()
        self._get_ready()
        for part in self._come:  # as they came: of what follows an answer the answer must not suffer
            self._own.data_received(part)
        if not self._future.done():
            self._future.set_result(None)

    def eof_received(self) -> Any:
        self._hand_over()
        return self._own.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._hand_over()
        self._own.connection_lost(exc)

    def pause_writing(self) -> None:
        self._own.pause_writing()

    def resume_writing(self) -> None:
        self._own.resume_writing()
