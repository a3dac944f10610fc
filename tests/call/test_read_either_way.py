"""Whether an answer over a kept connection is read here or by aiohttp, nobody can tell."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from ccxt.base.errors import BaseError

import bpx_connector.async_support
from bpx_connector.call import hearing
from bpx_connector.call.plain_answers import plain_head
from tests.support.keys import FIRST
from tests.support.raw_server import OK, serving

ORDER = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "price": "90", "quantity": "1"}
PACKED = gzip.compress(b'{"a":1}')


def body(text: bytes, first: bytes = b"HTTP/1.1 200 OK", *headers: bytes) -> bytes:
    lines = [first, b"Content-Type: application/json", *headers, b"Content-Length: %d" % len(text)]
    return b"\r\n".join([*lines, b"", text])


READ_HERE = {
    "an order": body(b'{"id":"7"}'),
    "nothing": body(b""),
    "accepted": body(b"", b"HTTP/1.1 202 Accepted"),
    "a refusal": body(b'{"code":"INVALID_ORDER","message":"no"}', b"HTTP/1.1 400 Bad Request"),
    "too many": body(b"slow down", b"HTTP/1.1 429 Too Many Requests", b"Retry-After: 1"),
    "no reason": body(b"{}", b"HTTP/1.1 503 "),
    "elsewhere": body(b"", b"HTTP/1.1 302 Found", b"Location: http://127.0.0.1:9/"),
    "headers twice": body(b"{}", b"HTTP/1.1 200 OK", b"X-A: 1", b"X-A: 2", b"x-a: 3"),
    "small letters": body(b"{}").replace(b"Content-", b"content-"),
    "stays open": body(b"{}", b"HTTP/1.1 200 OK", b"Connection: keep-alive"),
    "a cookie": body(b"{}", b"HTTP/1.1 200 OK", b"Set-Cookie: a=b; Path=/"),
    "other letters": body('{"a":"ä"}'.encode()),
    "no letters": body(b"\xff\xfe"),
    "much": body(b'["' + b"x" * 500_000 + b'"]'),
}
READ_THERE = {
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "packed": body(PACKED, b"HTTP/1.1 200 OK", b"Content-Encoding: gzip"),
    "said to be packed": body(b"{}", b"HTTP/1.1 200 OK", b"Content-Encoding: gzip"),
    "an end": body(b"{}", b"HTTP/1.1 200 OK", b"Connection: close"),
    "the older version": body(b"{}", b"HTTP/1.0 200 OK"),
    "no length": b"HTTP/1.1 200 OK\r\n\r\n{}",
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "a hint before": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK,
    "more than an answer": OK + b"more",
    "two answers": OK + OK,
    "two lengths": body(b"{}", b"HTTP/1.1 200 OK", b"Content-Length: 3"),
    "a line that goes on": OK.replace(b"application/json", b"application/json\r\n ; charset=utf-8"),
    "other line ends": OK.replace(b"\r\n", b"\n"),
    "a letter of its own": OK.replace(b"application", "äpplication".encode()),
    "a control character": OK.replace(b"application", b"appli\x01cation"),
    "a name with a blank": OK.replace(b"Content-Type:", b"Content-Type :"),
    "a very long head": OK.replace(b"application", b"a" * 9_000),
    "too many headers": OK.replace(b"\r\nContent-Type", b"\r\nX-A: 1" * 200 + b"\r\nContent-Type"),
}
CUT = {
    "at once": b"",
    "in its first line": OK[:12],
    "in its head": OK[:30],
    "behind its head": OK[:-2],
    "in its body": OK[:-1],
    "in its chunks": READ_THERE["chunks"][:-8],
    "nonsense": b"nonsense\r\n\r\n",
    "another protocol": b"\x16\x03\x01\x02\x00",
}


async def outcome(answer: bytes, *, hangs_up: bool) -> dict[str, Any]:
    """What an order is told by this answer, what can be looked up then, and what the next one goes over."""
    answers = [OK, answer] if hangs_up else [OK, answer, OK, OK]
    with serving(*answers, hangs_up=hangs_up) as server:
        kind: Any = bpx_connector.async_support.bpx
        exchange = kind({**FIRST.credentials, "enableRateLimit": False, "timeout": 2_000})
        exchange.urls["api"] = server.url
        exchange.milliseconds = lambda: 1_767_225_600_000
        await exchange.public_get_api_v1_status()
        try:
            told: Any = await exchange.private_post_api_v1_order(ORDER)
        except BaseError as error:
            told = type(error), str(error)
        requests = len(server.requests)
        seen = {
            "told": told,
            "text": exchange.last_http_response,
            "headers": exchange.last_response_headers,
            "requests": requests,
            "cookies": sorted(cookie.key for cookie in exchange.session.cookie_jar),
        }
        if not hangs_up:
            await exchange.public_get_api_v1_status()
            seen["connections"] = server.connections
        await exchange.close()
    text = str(seen).replace(server.url, "there")
    return {**seen, "told": text}


@pytest.mark.parametrize("name", [*READ_HERE, *READ_THERE])
async def test_what_comes_whole_is_the_same_either_way(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {**READ_HERE, **READ_THERE}[name]
    hangs_up = name == "no length"
    here = await outcome(answer, hangs_up=hangs_up)
    heads: list[Any] = []

    def noted(data: bytes) -> Any:
        heads.append(plain_head(data))

    monkeypatch.setattr(hearing, "plain_head", noted)  # gives None: aiohttp reads everything
    there = await outcome(answer, hangs_up=hangs_up)
    assert here == there
    assert here["requests"] == 2
    is_plain = heads[0] is not None and heads[0].begins + heads[0].length >= len(answer)
    assert is_plain == (name in READ_HERE)


async def test_a_head_without_the_body_that_it_tells_of_is_not_waited_for() -> None:
    told = []
    for is_straight in (True, False):
        with serving(OK, OK[:-2]) as server:
            kind: Any = bpx_connector.async_support.bpx
            async with kind({"enableRateLimit": False, "timeout": 5_000}) as exchange:
                exchange.urls["api"] = server.url
                exchange._goes_straight = lambda is_straight=is_straight: is_straight
                await exchange.public_get_api_v1_status()
                told.append(await exchange.fetch(f"{server.url}/api/v1/status", "HEAD"))
    assert told[0] == told[1]


@pytest.mark.parametrize("name", CUT)
async def test_what_breaks_off_is_the_same_either_way(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    here = await outcome(CUT[name], hangs_up=True)
    monkeypatch.setattr(hearing, "plain_head", lambda data: None)
    assert here == await outcome(CUT[name], hangs_up=True)
    assert "NetworkError" in here["told"] or "ExchangeNotAvailable" in here["told"]
    assert here["requests"] == 2, "an order is sent once"
