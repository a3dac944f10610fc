"""A request over a connection that aiohttp keeps, without aiohttp's machinery for making requests.

That machinery costs some 100 µs of CPU of the 200 that creating an order takes, since it prepares for what is
not asked for: redirects, cookies, proxies, uploads, traces, middlewares. Session, connector, TLS and parser
are aiohttp's as before; so are the bytes. Whatever is otherwise, no connection that is kept first of all,
goes the usual way, which also makes the connection.

For requests this is the one file that knows what aiohttp does not document. Before a byte is sent it is
certain that all of it is there, or the request goes the usual way: nothing is ever sent both ways.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from inspect import signature
from operator import attrgetter
from typing import Any, NamedTuple

from aiohttp import (
    ClientConnectionError,
    ClientOSError,
    ClientRequest,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    CookieJar,
    RequestInfo,
    ServerDisconnectedError,
    StreamReader,
    TCPConnector,
)
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import SERVER_SOFTWARE, HttpProcessingError
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

__all__ = [
    "KEPT_SECONDS",
    "ORIGIN_BEGINS",
    "Arrived",
    "Asked",
    "Route",
    "answer_over_kept",
    "keep_longer",
    "route_of",
]


class Route(NamedTuple):
    """How aiohttp names the connections to a venue, and the venue in its requests."""

    key: Any
    host: str


class Asked(NamedTuple):
    """One request."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None


class Arrived(NamedTuple):
    """An answer as it came."""

    status: int
    reason: str
    headers: Any
    content: bytes


# --- whether aiohttp is as it is known here ----------------------------------------------------------------

ORIGIN_BEGINS = len("https://")
READING = ("read_bufsize", "max_line_size", "max_field_size", "max_headers")
"""How an answer is read, by the names of a session's attributes and of the parser's arguments."""

USUAL: dict[str, Any] = {
    "_auto_decompress": True,
    "_base_url": None,
    "_default_auth": None,
    "_default_proxy": None,
    "_middlewares": (),
    "_request_class": ClientRequest,
    "_response_class": ClientResponse,
    "_skip_auto_headers": frozenset(),
    "_trace_configs": [],
    "_trust_env": False,
}
"""A session that asks for nothing more than to send and to receive."""

_reading_of = attrgetter(*(f"_{name}" for name in READING))
_set_of = attrgetter(*USUAL)
_USUAL = tuple(USUAL.values())
_REQUEST = ClientSession._request
"""Libraries that play answers back put another in its place."""

_NEEDED = (
    (TCPConnector, ("_get", "force_close")),
    (ResponseHandler, ("read", "set_response_params")),
    (StreamReader, ("is_eof", "read", "read_nowait")),
    (CookieJar, ("update_cookies_from_headers",)),
)
_IS_KNOWN = all(hasattr(kind, name) for kind, names in _NEEDED for name in names) and {
    "skip_payload",
    "read_until_eof",
    *READING,
} <= set(signature(ResponseHandler.set_response_params).parameters)


def _is_plain(session: Any) -> bool:
    """Whether a session is as ccxt makes them, and nobody has put another way of sending in its place."""
    try:
        return (
            type(session) is ClientSession
            and ClientSession._request is _REQUEST
            and type(session.connector) is TCPConnector
            and not session.connector.force_close
            and _set_of(session) == _USUAL
            and not session.headers
            and not len(session.cookie_jar)
            and None not in _reading_of(session)
        )
    except AttributeError:
        return False


KEPT_SECONDS = 90.0
"""How long a connection is kept that nobody uses. aiohttp keeps it 15 seconds: then the next order would pay
for a name, a connection and TLS. Most networks on the way forget one after 350 seconds."""


def keep_longer(session: Any, seconds: float) -> None:
    """Have the connections of a session kept that long; ccxt makes them, and has no word for it."""
    connector = session.connector
    if type(connector) is TCPConnector and hasattr(connector, "_keepalive_timeout"):
        connector._keepalive_timeout = seconds


# --- the request as aiohttp would write it -----------------------------------------------------------------

MORE_THAN_SENT = frozenset(
    {"connection", "content-encoding", "content-length", "cookie", "expect", "host", "transfer-encoding"}
)
"""Headers that aiohttp does more with than send them."""


def route_of(request: ClientRequest) -> tuple[str, Route] | None:
    """The beginning of a request's address, and the route that it took; None of one by a proxy."""
    if request.proxy is not None:
        return None
    return str(request.url.origin()), Route(request.connection_key, request.headers["Host"])


@lru_cache(maxsize=64)
def _added(names: tuple[str, ...], method: str, has_body: bool) -> str | None:
    """The headers that aiohttp adds to those of these names, all but the length; None if it does more."""
    used = {name.lower() for name in names}
    if used & MORE_THAN_SENT or len(used) < len(names) or (has_body and "content-type" not in used):
        return None
    added = [*ClientRequest.DEFAULT_HEADERS.items(), ("User-Agent", SERVER_SOFTWARE)]
    lines = [f"{name}: {value}\r\n" for name, value in added if name.lower() not in used]
    has_length = has_body or method not in ClientRequest.GET_METHODS
    return "".join(lines) + ("Content-Length: " if has_length else "")


def _written(route: Route, asked: Asked) -> bytes | None:
    """The request as aiohttp would write it; None if it would do something else with it."""
    method, url, headers, body = asked
    added = _added(tuple(headers), method, body is not None)
    target = url[url.index("/", ORIGIN_BEGINS) :]
    lines = [f"{name}: {value}" for name, value in headers.items()]
    if added is None or not ("".join(lines) + target).isprintable():
        return None  # control characters, which aiohttp refuses
    head = f"{method} {target} HTTP/1.1\r\nHost: {route.host}\r\n" + "\r\n".join(lines)
    length = f"{len(body or b'')}\r\n" if added.endswith(": ") else ""
    return f"{head}\r\n{added}{length}\r\n".encode() + (body or b"")


# --- there and back ----------------------------------------------------------------------------------------


async def answer_over_kept(session: Any, route: Route, asked: Asked, seconds: float) -> Arrived | None:
    """The answer to one request over a connection that is kept; None if it has to go the usual way."""
    text = _written(route, asked) if _IS_KNOWN and _is_plain(session) else None
    if text is None:
        return None
    connection = await session.connector._get(route.key, [])  # does not wait: there are no traces
    if connection is None:
        return None
    try:
        _send(session, connection, asked, text)  # before the timeout is made, which takes time
        async with asyncio.timeout(seconds or None):
            arrived = await _arrived(session, connection.protocol, asked)
    except BaseException:
        connection.close()
        raise
    connection.release()
    return arrived


def _send(session: Any, connection: Any, asked: Asked, text: bytes) -> None:
    connection.protocol.set_response_params(
        skip_payload=asked.method == "HEAD",
        read_until_eof=True,
        **dict(zip(READING, _reading_of(session), strict=True)),
    )
    connection.transport.write(text)


async def _arrived(session: Any, protocol: Any, asked: Asked) -> Arrived:
    message, payload = await _heard(protocol, asked)
    content = payload.read_nowait() if payload.is_eof() else await payload.read()
    cookies = message.headers.getall("Set-Cookie", ())
    if cookies:
        session.cookie_jar.update_cookies_from_headers(cookies, URL(asked.url, encoded=True))
    return Arrived(message.code, message.reason, message.headers, content)


async def _heard(protocol: Any, asked: Asked) -> tuple[Any, Any]:
    """The head of the answer, and what its body is read from. Errors are those of aiohttp's `request`."""
    try:
        message, payload = await protocol.read()
        while 100 <= message.code < 200 and message.code != 101:
            message, payload = await protocol.read()
    except HttpProcessingError as error:
        address = URL(asked.url, encoded=True)
        info = RequestInfo(address, asked.method, CIMultiDictProxy(CIMultiDict(asked.headers)), address)
        raise ClientResponseError(
            info, (), status=error.code, message=error.message, headers=error.headers
        ) from error
    except (ClientOSError, ServerDisconnectedError) as error:
        raise ClientConnectionError(str(error) or type(error).__name__) from error
    return message, payload
