"""Clients that send nonsense, or too much, or too slowly: an answer, a line at most, and life goes on."""

from __future__ import annotations

import asyncio
import json
import logging
import resource
from collections.abc import AsyncIterator, Iterator

import pytest
from aiohttp import ClientSession, WSMsgType

from bpx_connector.sandbox.http.complaints import in_one_line
from bpx_connector.sandbox.server import Sandbox

HEAD = "POST /api/v1/order HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
SIGNED = HEAD + "X-API-Key: a\r\nX-Signature: b\r\nX-Timestamp: 1\r\n"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(symbols=["SOL_USDC"], speed=0) as sandbox:
        yield sandbox


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """Whatever the sandbox would write to the terminal, as it would be written."""
    lines: list[str] = []

    class Terminal(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    handler = Terminal(logging.WARNING)
    for logger in (logging.getLogger(), in_one_line):
        logger.addHandler(handler)
    yield lines
    for logger in (logging.getLogger(), in_one_line):
        logger.removeHandler(handler)


async def answered(sandbox: Sandbox, sent: bytes, *, hang_up: bool = False) -> bytes:
    """The first line of what comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", sandbox.port)
    writer.write(sent)
    await writer.drain()
    line = b"" if hang_up else await asyncio.wait_for(reader.readline(), 10)
    writer.close()
    return line


def nested(levels: int) -> list[bytes]:
    bodies = [
        b"[" * levels + b"]" * levels,
        b'{"symbol":' * levels + b"1" + b"}" * levels,
        b'{"symbol":' + b"[" * levels + b"]" * levels + b"}",
    ]
    return [f"{SIGNED}Content-Length: {len(body)}\r\n\r\n".encode() + body for body in bodies]


NONSENSE = [
    b"GARBAGE\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
    f"{HEAD}Content-Length: abc\r\n\r\n".encode(),
    f"{HEAD}Content-Length: -5\r\n\r\n".encode(),
    f"{HEAD}Transfer-Encoding: chunked\r\n\r\nZZ\r\nabc\r\n0\r\n\r\n".encode(),
    f"{HEAD}Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nabcde".encode(),
    f"{HEAD}Content-Encoding: deflate\r\nContent-Length: 5\r\n\r\nabcde".encode(),
    f"{HEAD}Expect: something\r\nContent-Length: 5\r\n\r\nabcde".encode(),
    b"GET /api/v1/depth?symbol=%ff%fe HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET http://[::1 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    *[each for levels in (100, 500, 990, 5_000, 200_000) for each in nested(levels)],
]


@pytest.mark.parametrize("sent", NONSENSE, ids=lambda sent: repr(sent[:40]))
async def test_nonsense_is_answered_and_costs_a_line_at_most(
    sandbox: Sandbox, complaints: list[str], sent: bytes
) -> None:
    line = await answered(sandbox, sent)
    assert line.split()[1][:1] == b"4", line
    assert [said for said in complaints if "\n" in said or "Traceback" in said] == []
    assert await answered(sandbox, b"GET /api/v1/ping HTTP/1.0\r\n\r\n") == b"HTTP/1.0 200 OK\r\n"


async def test_clients_that_leave_in_the_middle_cost_a_line_at_most(
    sandbox: Sandbox, complaints: list[str]
) -> None:
    for sent in NONSENSE:
        await answered(sandbox, sent[: len(sent) // 2], hang_up=True)
    await answered(sandbox, f"{HEAD}Content-Length: 100\r\n\r\nshort".encode(), hang_up=True)
    assert await answered(sandbox, b"GET /api/v1/ping HTTP/1.0\r\n\r\n") == b"HTTP/1.0 200 OK\r\n"
    assert [said for said in complaints if "\n" in said] == []
    assert len(complaints) <= len(NONSENSE) + 1


@pytest.mark.parametrize(
    "sent",
    [
        "[" * 100_000 + "]" * 100_000,
        '{"method":"SUBSCRIBE","params":' + "[" * 5_000 + "]" * 5_000 + "}",
        "1" * 5_000,
        '{"method":"SUBSCRIBE","params":["account.orderUpdate"],"signature":["\\ud800","a","1","5000"]}',
        '{"method":"SUBSCRIBE","params":["\\ud800"]}',
        json.dumps({"method": "SUBSCRIBE", "params": ["account.orderUpdate"], "signature": ["a"] * 4}),
        json.dumps(
            {
                "method": "SUBSCRIBE",
                "params": ["account.orderUpdate"],
                "signature": ["a", "b", "9" * 5_000, "5000"],
            }
        ),
    ],
    ids=lambda sent: sent[:60],
)
async def test_a_nonsensical_frame_is_an_error_and_the_socket_stays(sandbox: Sandbox, sent: str) -> None:
    async with ClientSession() as session, session.ws_connect(sandbox.socket_url) as line:
        await line.send_str(sent)
        answer = await line.receive(timeout=10)
        assert answer.type is WSMsgType.TEXT
        assert json.loads(answer.data)["error"]["code"] in (4002, 4003, 4006)
        await line.send_str("once more")
        assert (await line.receive_json(timeout=10))["error"]["code"] == 4002


async def test_slow_clients_hold_nobody_up(sandbox: Sandbox) -> None:
    slow = [await asyncio.open_connection("127.0.0.1", sandbox.port) for _ in range(50)]
    for _, writer in slow:
        writer.write(f"{HEAD}Content-Length: 1000\r\n\r\n".encode() + b"{")
        await writer.drain()
    assert await answered(sandbox, b"GET /api/v1/ping HTTP/1.0\r\n\r\n") == b"HTTP/1.0 200 OK\r\n"
    for _, writer in slow:
        writer.close()


async def test_it_survives_two_thousand_connections(sandbox: Sandbox) -> None:
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2_000 if most == resource.RLIM_INFINITY else min(2_000, most // 2 - 200)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(allowed, 2 * wanted + 200), most))
    lines = [await asyncio.open_connection("127.0.0.1", sandbox.port) for _ in range(wanted)]
    try:
        for _, writer in lines:
            writer.write(b"GET /api/v1/ping HTTP/1.1\r\nHost: a\r\n\r\n")
        answers = [await asyncio.wait_for(reader.readline(), 60) for reader, _ in lines]
        assert set(answers) == {b"HTTP/1.1 200 OK\r\n"}
    finally:
        for _, writer in lines:
            writer.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
    assert await answered(sandbox, b"GET /api/v1/ping HTTP/1.0\r\n\r\n") == b"HTTP/1.0 200 OK\r\n"
