"""Which heads are plain: whatever else there may be in one, aiohttp reads it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpProcessingError
from aiohttp.http_parser import HttpResponseParser
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from bpx_connector.call.plain_answers import joined, plain_head

PLAIN = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 2\r\n"
    b"connection: keep-alive\r\n\r\n"
)


def test_a_plain_head_is_read() -> None:
    head = plain_head(PLAIN + b"{}")
    assert head is not None
    assert (head.status, head.reason, head.length) == (200, "OK", 2)
    assert head.headers == {
        "Content-Type": "application/json; charset=utf-8",
        "Content-Length": "2",
        "Connection": "keep-alive",
    }
    assert head.cookies == []
    assert (PLAIN + b"{}")[head.begins :] == b"{}"


def test_a_header_that_comes_twice_is_one_and_cookies_are_apart() -> None:
    more = b"\r\nset-cookie: a=b; Path=/\r\nSet-Cookie: c=d\r\nX-A: 1\r\nX-A: 2\r\nx-a: 3\r\n\r\n"
    head = plain_head(PLAIN.replace(b"\r\n\r\n", more))
    assert head is not None
    assert head.cookies == ["a=b; Path=/", "c=d"]
    assert head.headers["X-A"] == "1, 2"
    assert head.headers["x-a"] == "3"
    assert head.headers["Set-Cookie"] == "a=b; Path=/, c=d"
    assert joined([("a", "1"), ("b", "2"), ("a", "3")]) == {"a": "1, 3", "b": "2"}


@pytest.mark.parametrize("status", ["400 Bad Request", "503 ", "202 Accepted", "302 Found"])
def test_a_refusal_is_as_plain_as_an_answer(status: str) -> None:
    head = plain_head(PLAIN.replace(b"200 OK", status.encode()))
    assert head is not None
    assert f"{head.status} {head.reason}" == status


NOT_PLAIN = {
    "nothing": b"",
    "a part of a head": PLAIN[:-3],
    "another version": PLAIN.replace(b"1.1", b"1.0"),
    "a hint": PLAIN.replace(b"200 OK", b"103 Early Hints"),
    "no body": PLAIN.replace(b"200 OK", b"204 No Content"),
    "not modified": PLAIN.replace(b"200 OK", b"304 Not Modified"),
    "a status of two digits": PLAIN.replace(b"200 OK", b"20 OK"),
    "no length": PLAIN.replace(b"Content-Length: 2\r\n", b""),
    "two lengths": PLAIN.replace(b"Content-Length: 2", b"Content-Length: 2\r\ncontent-length: 3"),
    "the same length twice": PLAIN.replace(b"Content-Length: 2", b"Content-Length: 2\r\nContent-Length: 2"),
    "a length with a sign": PLAIN.replace(b"Length: 2", b"Length: +2"),
    "a length beyond reason": PLAIN.replace(b"Length: 2", b"Length: " + b"9" * 16),
    "chunks": PLAIN.replace(b"connection: keep-alive", b"Transfer-Encoding: chunked"),
    "packed": PLAIN.replace(b"connection: keep-alive", b"CONTENT-ENCODING: gzip"),
    "a trailer": PLAIN.replace(b"connection: keep-alive", b"Trailer: Expires"),
    "another protocol": PLAIN.replace(b"connection: keep-alive", b"Upgrade: websocket"),
    "an end": PLAIN.replace(b"keep-alive", b"close"),
    "an end by its older name": PLAIN.replace(b"connection: keep-alive", b"Proxy-Connection: close"),
    "an end said twice": PLAIN.replace(b"keep-alive", b"keep-alive\r\nConnection: close"),
    "a line that goes on": PLAIN.replace(b"connection", b" connection"),
    "a line of another end": PLAIN.replace(b"\r\nconnection", b"\nconnection"),
    "a control character": PLAIN.replace(b"json;", b"json\x00"),
    "other letters": PLAIN.replace(b"json;", "jsön;".encode()),
    "a name with a blank": PLAIN.replace(b"connection:", b"connection :"),
    "a line without a name": PLAIN.replace(b"connection: keep-alive", b"keep-alive"),
    "too long": PLAIN.replace(b"connection: keep-alive", b"X-Long: " + b"x" * 8190),
    "too many": PLAIN.replace(b"connection: keep-alive", b"\r\n".join([b"X-A: 1"] * 100)),
}


@pytest.mark.parametrize("name", NOT_PLAIN)
def test_whatever_is_unusual_is_not_plain(name: str) -> None:
    assert plain_head(NOT_PLAIN[name] + b"{}") is None


# --- as aiohttp reads it -----------------------------------------------------------------------------------

BODY = b"0123456789"
FIRSTS = st.sampled_from(
    [b"HTTP/1.1 200 OK"] * 6 + [b"HTTP/1.1 400 Bad  Request ", b"HTTP/1.1 503", b"HTTP/1.1  200 OK"]
)
NAMES = st.sampled_from(
    [b"content-length", b"X-A", b"x-a", b"X-b", b"connection", b"Set-Cookie", b"Keep-Alive", b"dATE", b"X_A"]
)
VALUES = st.one_of(
    st.sampled_from(
        [b"10", b"010", b"10, 10", b"keep-alive", b"Keep-Alive", b"close", b"a=b; Path=/", b"", b"a\tb"]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8).map(str.encode),
    st.binary(max_size=4),
)
COLONS = st.sampled_from([b": "] * 9 + [b":", b":  ", b" : "])
ENDS = st.sampled_from([b"\r\n"] * 9 + [b"\n", b" \r\n"])
LINES = st.tuples(NAMES, COLONS, VALUES, ENDS).map(b"".join)
LENGTH = b"Content-Length: 10\r\n"
HEADS = st.builds(
    lambda first, before, after: b"".join([first, b"\r\n", *before, LENGTH, *after, b"\r\n"]),
    FIRSTS,
    st.lists(LINES, max_size=2),
    st.lists(LINES, max_size=2),
)


async def read_by_aiohttp(data: bytes) -> Any:
    """Status, reason, headers and content; None of what aiohttp takes for no answer."""
    loop = asyncio.get_running_loop()
    parser: Any = HttpResponseParser(BaseProtocol(loop, parser=None), loop, 2**16, read_until_eof=True)
    try:
        [(message, payload)], _, _ = parser.feed_data(data)
    except (HttpProcessingError, ValueError):
        return None
    content = payload.read_nowait() if payload.is_eof() else None
    return message.code, message.reason, joined(message.headers.items()), content, message.should_close


@settings(max_examples=400)
@given(HEADS)
@example(PLAIN.replace(b"Length: 2", b"Length: 10"))
def test_what_is_plain_is_what_aiohttp_reads(head: bytes) -> None:
    found = plain_head(head + BODY)
    if found is None or found.begins + found.length != len(head + BODY):
        return
    event("plain")
    read = asyncio.run(read_by_aiohttp(head + BODY))
    assert read == (found.status, found.reason, found.headers, BODY, False)
