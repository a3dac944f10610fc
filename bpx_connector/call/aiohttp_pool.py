"""A request over a connection that aiohttp keeps, without aiohttp's machinery for making requests.

That machinery costs some 100 µs of CPU of the 200 that creating an order takes, since it prepares for what is
not asked for: redirects, proxies, uploads, traces, middlewares. Session, connector, TLS and cookies are
aiohttp's as before; so are the bytes, and whatever is no plain answer is read by its parser. Whatever is
otherwise, no connection that is kept first of all, goes the usual way, which also makes the connection.

For requests this is the one file that knows what aiohttp does not document. Before a byte is sent it is
certain that all of it is there, or the request goes the usual way: nothing is ever sent both ways.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from inspect import signature
from operator import attrgetter
from typing import Any

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
from aiohttp.http import HttpProcessingError
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from bpx_connector.call.aiohttp_bytes import Asked, Route, written
from bpx_connector.call.hearing import Hearing
from bpx_connector.call.plain_answers import Arrived, joined

__all__ = ["KEPT_SECONDS", "answer_over_kept", "keep_longer"]


# --- whether aiohttp is as it is known here ----------------------------------------------------------------

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

_parts_of = attrgetter("_connector", "_cookie_jar", "_default_headers")
_reading_of = attrgetter(*(f"_{name}" for name in READING))
_set_of = attrgetter(*USUAL)
_USUAL = tuple(USUAL.values())
_REQUEST = ClientSession._request
"""Libraries that play answers back put another in its place."""

_NEEDED = (
    (TCPConnector, ("_get", "_available_connections")),
    (ResponseHandler, ("read", "set_response_params", "should_close")),
    (StreamReader, ("is_eof", "read", "read_nowait")),
    (CookieJar, ("update_cookies_from_headers",)),
)
_IS_KNOWN = all(hasattr(kind, name) for kind, names in _NEEDED for name in names) and {
    "read_until_eof",
    *READING,
} <= set(signature(ResponseHandler.set_response_params).parameters)


BODILESS = "HEAD"
"""A method whose answer tells the length of a body that does not come."""


def _is_plain(session: Any) -> bool:
    """Whether a session is as ccxt makes them, and nobody has put another way of sending in its place."""
    try:
        connector, jar, headers = _parts_of(session)
        return (
            type(session) is ClientSession
            and session._loop is asyncio.get_running_loop()
            and ClientSession._request is _REQUEST
            and type(connector) is TCPConnector
            and not connector._force_close
            and type(jar) is CookieJar
            and not headers
            and _set_of(session) == _USUAL
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


# --- there and back ----------------------------------------------------------------------------------------


async def answer_over_kept(session: Any, route: Route, asked: Asked, seconds: float) -> Arrived | None:
    """The answer to one request over a connection that is kept; None if it has to go the usual way."""
    inner = session.inner
    if not (_IS_KNOWN and _is_plain(inner)) or asked.method == BODILESS:
        return None
    text = written(route, asked, inner._cookie_jar)
    if text is None:
        return None
    connection = await inner._connector._get(route.key, [])  # does not wait: there are no traces
    if connection is None:
        return None
    own = connection.protocol
    if own.should_close:  # something has come that nobody has asked for
        connection.close()
        return None
    ends, future = session.deadlines.after(seconds)
    hearing = Hearing(own.transport, own, future, partial(_get_ready, inner, own))
    try:
        own.transport.write(text)
        heard = await future
        if heard is None:
            async with asyncio.timeout_at(ends):
                arrived = await _arrived(inner, own, asked)
        else:
            head, content = heard
            arrived = Arrived(head.status, head.reason, head.headers, content.decode(errors="replace"))
            if head.cookies:
                _keep_cookies(inner, head.cookies, asked.url)
    except BaseException:
        hearing.give_back()
        connection.close()
        raise
    finally:
        session.deadlines.forget(future)
    connection.release()
    return arrived


def _get_ready(session: Any, protocol: Any) -> None:
    """Have a connection's own protocol read an answer."""
    protocol.set_response_params(read_until_eof=True, **dict(zip(READING, _reading_of(session), strict=True)))


async def _arrived(session: Any, protocol: Any, asked: Asked) -> Arrived:
    """An answer as aiohttp's own parser reads it."""
    message, payload = await _heard(protocol, asked)
    content = payload.read_nowait() if payload.is_eof() else await payload.read()
    cookies = message.headers.getall("Set-Cookie", ())
    if cookies:
        _keep_cookies(session, cookies, asked.url)
    text = content.decode(errors="replace")
    return Arrived(message.code, message.reason or "", joined(message.headers.items()), text)


def _keep_cookies(session: Any, cookies: Sequence[str], url: str) -> None:
    session.cookie_jar.update_cookies_from_headers(cookies, URL(url, encoded=True))


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
