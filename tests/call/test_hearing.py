"""An answer is heard in the place of a connection's own protocol, which never finds out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from bpx_connector.call.hearing import Hearing

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
BODY = b"0123456789"


class Own:
    """A connection's own protocol, which notes what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args: self.told.append((name, *args))


class Transport:
    """A connection, as far as its protocol can be changed."""

    def __init__(self, own: Own) -> None:
        self.protocol: Any = own

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def get_protocol(self) -> Any:
        return self.protocol


class Scene:
    """A hearing that has just begun."""

    def __init__(self) -> None:
        self.own = Own()
        self.transport = Transport(self.own)
        self.future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.hearing = Hearing(
            self.transport, self.own, self.future, lambda: self.own.told.append("made ready")
        )

    @property
    def is_given_back(self) -> bool:
        return self.transport.protocol is self.own


@pytest.mark.parametrize("cuts", [[], [5], [1, 9], [0]])
async def test_a_plain_answer_is_given_in_however_many_parts_it_comes(cuts: list[int]) -> None:
    scene = Scene()
    places = [0, *(len(OK) + cut for cut in cuts), len(OK + BODY)]
    for begin, end in pairwise(places):
        assert not scene.future.done()
        scene.hearing.data_received((OK + BODY)[begin:end])
    head, content = await scene.future
    assert head.status == 200
    assert content == BODY
    assert scene.is_given_back
    assert scene.own.told == []


@pytest.mark.parametrize(
    "parts",
    [
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
        [OK[:20]],
        [OK + BODY + b"more"],
        [OK + BODY[:4], BODY[4:] + b"more"],
    ],
)
async def test_any_other_answer_goes_to_the_own_protocol_with_all_that_has_come(parts: list[bytes]) -> None:
    scene = Scene()
    for part in parts:
        scene.hearing.data_received(part)
    assert await scene.future is None
    assert scene.is_given_back
    assert scene.own.told == ["made ready", *(("data_received", part) for part in parts)]


@pytest.mark.parametrize("come", [b"", OK + BODY[:4]])
async def test_trouble_goes_to_the_own_protocol(come: bytes) -> None:
    scene, error = Scene(), ConnectionResetError()
    if come:
        scene.hearing.data_received(come)
    scene.hearing.connection_lost(error)
    assert await scene.future is None
    assert scene.is_given_back
    heard = [("data_received", come)] if come else []
    assert scene.own.told == ["made ready", *heard, ("connection_lost", error)]


async def test_an_end_goes_to_the_own_protocol() -> None:
    scene = Scene()
    scene.hearing.eof_received()
    assert await scene.future is None
    assert scene.own.told == ["made ready", ("eof_received",)]


async def test_what_comes_for_nobody_changes_nothing() -> None:
    scene = Scene()
    scene.future.cancel()
    scene.hearing.data_received(OK + BODY)
    assert scene.future.cancelled()
    assert scene.own.told == []
    scene.hearing.give_back()
    assert scene.is_given_back


async def test_the_flow_of_writing_is_the_own_protocols_matter() -> None:
    scene = Scene()
    scene.hearing.pause_writing()
    scene.hearing.resume_writing()
    assert scene.own.told == [("pause_writing",), ("resume_writing",)]
