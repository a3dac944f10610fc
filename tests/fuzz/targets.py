"""What a fuzzer drives: bytes in, an AssertionError or a raw exception where something is wrong.

- answers: a method's answer with some of its fields replaced, or replaced altogether
- frames: one frame of a stream, after which the stream has to be heard again
- signatures: params of a signed request, sent as the sandbox reads them and verified by its own reading
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ccxt.base.errors import BaseError

from bpx_connector.sandbox.http.schema import PlainRefusal, body_fields, operation_for, query_fields
from bpx_connector.sandbox.http.signatures import credentials, verify
from bpx_connector.sandbox.records.refusals import Refusal
from bpx_connector.venue.endpoints import ENDPOINTS
from tests.fuzz.calls import CALLS, Asked
from tests.fuzz.drawn import Drawn
from tests.fuzz.good_answers import good_answer
from tests.fuzz.spoilt_answers import AS_THEY_ARE, as_json, difference, oddities, places, spoil
from tests.fuzz.venue import NOW, RAISED, Answered, answered_exchange, outcome_of, result_of
from tests.support.scripted_source import ScriptedSource, scripted
from tests.support.spoilt_streams import (
    ACCOUNT_ANSWERS,
    ACCOUNT_STREAMS,
    BOOK,
    STREAMS,
    DeafError,
    Stream,
    hears,
    snapshot,
)

__all__ = ["TARGETS", "answer_tried", "frame_tried", "signature_tried"]

EDITS = 3


# --- answers ---------------------------------------------------------------------------------------------


class Known:
    """A method that is answered well, and what it says then."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.renew()
        self.operations = list(self.exchange.asked)

    def renew(self) -> None:
        """Begin with an object that remembers nothing."""
        self.exchange: Answered = answered_exchange()
        self.right = outcome_of(self.exchange, self.asked)


@cache
def _known(place: int) -> Known:
    return Known(CALLS[place])


def answer_tried(data: bytes) -> None:
    """One method with one answer spoilt, and once more with good ones."""
    drawn = Drawn(data)
    known = _known(drawn.number(len(CALLS)))
    if not known.operations:
        return
    operation = drawn.one_of(known.operations)
    known.exchange.begin({operation: (200, _body(drawn, operation))})
    with suppress(BaseError):
        result = result_of(known.exchange, known.asked)
        found = [] if known.asked.name in AS_THEY_ARE else list(oddities(result))
        assert found == [], (known.asked, found)
    known.exchange.begin()
    again = outcome_of(known.exchange, known.asked)
    if again != known.right:
        is_worse = not again.startswith(known.right[: len(RAISED)]) and again.startswith((RAISED, "RAW"))
        assert not is_worse, (known.asked, operation, difference(known.right, again))
        known.renew()  # what an order says of itself may be true


def _body(drawn: Drawn, operation: str) -> str:
    good = good_answer(operation)
    if not drawn.number(6) or not isinstance(good, list | dict):
        return drawn.rest()
    for _ in range(1 + drawn.number(EDITS)):
        where = [(), *places(good)]
        good = spoil(good, drawn.one_of(where), drawn.value()) if isinstance(good, list | dict) else good
    return as_json(good)


# --- frames ----------------------------------------------------------------------------------------------


ALL_STREAMS = (*STREAMS, *ACCOUNT_STREAMS, BOOK)


class Heard:
    """An exchange that watches, in a loop of its own."""

    MOST = 1000
    """Frames after which it begins anew, so that what it keeps does not grow."""
    PATIENCE = 100
    """How often good frames come, with a moment between, before a stream is called deaf."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.troubles: list[str] = []
        self.loop.set_exception_handler(lambda _, context: self.troubles.append(str(context)))
        self.number = self.tried = 0
        self._open()

    def _open(self) -> None:
        self._stack = AsyncExitStack()
        answers = {**ACCOUNT_ANSWERS, "/api/v1/depth": lambda query: snapshot(self.number)}
        entering = self._stack.enter_async_context(scripted(answers))
        opened: tuple[Any, ScriptedSource] = self.loop.run_until_complete(entering)
        self._exchange, self._source = opened

    def tried_with(self, data: bytes) -> None:
        """One frame of one stream, as these bytes have it."""
        drawn = Drawn(data)
        stream = drawn.one_of(ALL_STREAMS)
        self.tell(stream, _frame(drawn, stream, self.number + 10))

    def tell(self, stream: Stream, text: str) -> None:
        """One frame, and good ones until the stream is heard again."""
        if self.tried == self.MOST:
            self._end()
            self._open()
            self.tried = 0
        self.tried += 1
        self.loop.run_until_complete(self._tell(stream, text))
        assert self.troubles == [], self.troubles

    def close(self) -> None:
        """End its connections, and the loop."""
        self._end()
        self.loop.close()

    def _end(self) -> None:
        self.loop.run_until_complete(self._stack.aclose())

    async def _tell(self, stream: Stream, text: str) -> None:
        self.number += 20
        watching = asyncio.ensure_future(stream.watch(self._exchange))
        await self._source.subscribed(stream.name)
        self._source.say_text(stream.name, text)
        for _ in range(20):
            await asyncio.sleep(0)
        watching.cancel()
        with suppress(BaseError, asyncio.CancelledError):
            _check(await watching, text)
        for _ in range(self.PATIENCE):
            with suppress(BaseError, DeafError):  # what was asked for anew may not be answered so soon
                _check(await hears(self._exchange, self._source, stream, self.number + 1), text)
                return
            await asyncio.sleep(0.002)
        raise AssertionError(f"{stream.name} is deaf after {text}")


def _check(told: Any, text: str) -> None:
    found = list(oddities(told, earliest=0))  # an early time is one, as far as a stream's order goes
    assert found == [], (text, found)


@cache
def _heard() -> Heard:
    return Heard()


def frame_tried(data: bytes) -> None:
    """One frame of one stream."""
    _heard().tried_with(data)


def _frame(drawn: Drawn, stream: Stream, number: int) -> str:
    if not drawn.number(6):
        return drawn.rest() + (f',"stream":"{stream.name}"}}' if drawn.number(2) else "")
    payload: Any = stream.frame(number)
    for _ in range(1 + drawn.number(EDITS)):
        where = [(), *places(payload)] if isinstance(payload, list | dict) else [()]
        payload = spoil(payload, drawn.one_of(where), drawn.value())
    return f'{{"data":{as_json(payload)},"stream":"{stream.name}"}}'


# --- signatures ------------------------------------------------------------------------------------------

SIGNED = tuple((method, path) for (method, path), row in ENDPOINTS.items() if row.instruction is not None)


@cache
def _signing() -> Answered:
    return answered_exchange()


def signature_tried(data: bytes) -> None:
    """A signed request with params of any kind: what is sent is what was signed, as the sandbox reads it."""
    drawn = Drawn(data)
    method, path = drawn.one_of(SIGNED)
    operation = operation_for(method, f"/{path}")
    names = sorted(ENDPOINTS[method, path].parameters)
    if {"orderId", "clientId"} <= set(names) and drawn.number(2):
        names.remove("clientId")  # of both the venue reads one, and the signature is over both
    elif "orderId" in names and "clientId" in names:
        names.remove("orderId")
    rows = [_params(drawn, names) for _ in range(1 + drawn.number(2) * operation.takes_list)]
    try:
        request = _signing().sign(path, "private", method, rows if operation.takes_list else rows[0])
    except BaseError:
        return
    headers = {name.upper(): value for name, value in request["headers"].items()}
    query = parse_qsl(urlsplit(request["url"]).query, keep_blank_values=True, strict_parsing=False)
    body = (request["body"] or "").encode()
    try:
        read = query_fields(operation, query)
        bodies = body_fields(operation, "application/json", body, ALL_SYMBOLS)
    except (Refusal, PlainRefusal):
        return  # what the venue takes in no request; it is not a question of the signature
    payloads = [one.texts for one in bodies] if operation.takes_list else [[read, *bodies][-1].texts]
    assert operation.instruction is not None
    verify(credentials(headers, or_session=False), operation.instruction, payloads, [NOW])


class _All:
    def __contains__(self, symbol: object) -> bool:
        return True


ALL_SYMBOLS = _All()


def _params(drawn: Drawn, names: list[str]) -> dict[str, Any]:
    return {drawn.one_of(names): drawn.value(1) for _ in range(drawn.number(8))} if names else {}


TARGETS: dict[str, Callable[[bytes], None]] = {
    "answers": answer_tried,
    "frames": frame_tried,
    "signatures": signature_tried,
}
