"""Requests over the bus: a question is asked until somebody answers, what acts is said once."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple
from uuid import uuid4

import msgspec
from ccxt.base.errors import (
    BadRequest,
    BaseError,
    ExchangeNotAvailable,
    NetworkError,
    PermissionDenied,
    RateLimitExceeded,
    RequestTimeout,
)

from bpx_connector.gateway.bus.connection import BusDownError, Message, NobodyThereError, UnansweredError
from bpx_connector.gateway.consumer.line import Line
from bpx_connector.venue.errors import NOTHING_SENT

__all__ = ["PACKED", "TROUBLES", "Answered", "asked", "permitted", "told_once"]

TROUBLES: Final[dict[str, type[BaseError]]] = {
    "arguments": BadRequest,
    "budget": RateLimitExceeded,
    "network": NetworkError,
    "refused": PermissionDenied,
    "timeout": RequestTimeout,
    "unreachable": ExchangeNotAvailable,
}
"""Kinds of trouble at the gateway, as a program is told of them; with "nobody" the next one is asked."""

OPEN: Final = frozenset({"network", "timeout"})
"""Those after which it is not known whether the venue has acted."""

AGAIN_AFTER: Final = 0.1

DEFLATED: Final = "deflate"
PACKED: Final = "levels"
"""Ways of writing an answer that are read here."""


class Answered(NamedTuple):
    """The venue's answer, or the gateway's in its place."""

    status: int
    body: bytes
    encoding: str | None

    @property
    def text(self) -> str:
        """The venue's words."""
        return self.body.decode()


async def asked(
    line: Line,
    desk: str,
    path: str,
    params: Any,
    seconds: float,
    clock: Callable[[], float],
    accepted: Sequence[str] = (),
) -> Answered:
    """The answer to a question; NetworkError when no gateway has answered for as long as patience lasts."""
    reader = line.reader
    subject = reader.subjects.request(desk, reader.access.user, "GET", path)
    deadline, last = clock() + reader.patience, clock() + LONGEST
    written = [*accepted, *([] if reader.access.is_local else [DEFLATED])]
    headers = {"Bpx-Accept": ", ".join(written)} if written else None
    while True:
        try:
            bus = await line.bus()
            return _answer(await bus.request(subject, _encoded(params), seconds, headers))
        except UnansweredError as error:
            # A gateway that is alive has it waiting for its turn: it is put again, and shares the answer.
            if clock() >= (last if line.is_led(desk) else deadline):
                raise RequestTimeout(f"GET /{path}: the gateway does not answer: {error}") from error
        except BusDownError as error:
            if clock() >= deadline:
                raise NetworkError(f"GET /{path}: {error}") from error
        await asyncio.sleep(AGAIN_AFTER)


async def told_once(
    line: Line, method: str, path: str, params: Any, seconds: float, before: float
) -> Answered:
    """The answer to what acts. It is said once: without an answer the outcome is not known.

    From `before` on, in milliseconds of the venue's clock, the gateway does not send it any more.
    """
    reader = line.reader
    subject = reader.subjects.request(reader.account, reader.access.user, method, path)
    call = f"{method} /{path}"
    try:
        bus = await line.bus()
    except BusDownError as error:
        raise ExchangeNotAvailable(f"{call}: {error}; {NOTHING_SENT}") from error
    try:
        headers = {"Bpx-Id": uuid4().hex, "Bpx-Within": f"{seconds:g}", "Bpx-Before": f"{before:.0f}"}
        return _answer(await bus.request(subject, _encoded(params), seconds, headers), acts=True)
    except NobodyThereError as error:
        raise ExchangeNotAvailable(f"{call}: {error}; {NOTHING_SENT}") from error
    except UnansweredError as error:
        raise RequestTimeout(f"{call}: {error}; the outcome is not known") from error
    except BusDownError as error:
        raise NetworkError(f"{call}: {error}; the outcome is not known") from error


async def permitted(line: Line, seconds: float) -> None:
    """Wait for leave to send one request oneself; BusDownError if nobody is there to give it."""
    reader = line.reader
    bus = await line.bus()
    subject = reader.subjects.permit(reader.account, reader.access.user)
    _answer(await bus.request(subject, b"{}", seconds), acts=True)


def _answer(message: Message, acts: bool = False) -> Answered:
    headers = message.headers or {}
    kind = headers.get("Bpx-Trouble")
    if kind == "nobody":
        raise NobodyThereError(message.data.decode())
    if kind is not None:
        sentence = f"the gateway: {message.data.decode()}"
        if acts and kind not in OPEN and not sentence.endswith(NOTHING_SENT):
            sentence = f"{sentence}; {NOTHING_SENT}"
        raise TROUBLES.get(kind, NetworkError)(sentence)
    body, encoding = message.data, headers.get("Bpx-Encoding")
    if encoding == DEFLATED:
        body, encoding = zlib.decompress(body), None
    return Answered(int(headers.get("Bpx-Status", "200")), body, encoding)


def _encoded(params: Any) -> bytes:
    return msgspec.json.encode(params, enc_hook=str)


LONGEST: Final = 120.0
"""Seconds for which a question may wait for its turn in the budget, as long as its gateway is alive."""
