"""A request written at once to a connection that urllib3 keeps, its answer read by the standard library.

urllib3 writes a request line by line and its body by itself, and wraps the answer twice: a hundred of the
250 µs of CPU that creating an order takes on the blocking class, and one packet more. Pool, connection, TLS
and the reader of heads are the same; so are the bytes. Whatever is otherwise, no connection that is kept
first of all, is answered with None and goes urllib3's way, which also makes the connection.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from functools import lru_cache
from http.client import HTTPException, HTTPResponse, IncompleteRead
from io import BytesIO
from ssl import SSLError
from typing import Any, NamedTuple

import urllib3
from requests.structures import CaseInsensitiveDict
from urllib3._collections import HTTPHeaderDict
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import ProtocolError, ReadTimeoutError
from urllib3.exceptions import SSLError as TlsTrouble

__all__ = ["Asked", "Replied", "answer_over_kept_socket"]


class Asked(NamedTuple):
    """One request; its headers are all there are but `Host`."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes | None


class Replied(NamedTuple):
    """An answer, decompressed."""

    status: int
    reason: str | None
    headers: Any
    content: bytes


ITS_POOLS, ITS_CONNECTIONS = "urllib3.connectionpool", "urllib3.connection"
"""Modules of classes that are urllib3's own. Who plays answers back puts others under the same names, and may
have done so before this is imported."""

_REPLACED_BY_OTHERS = (
    (HTTPConnectionPool, "urlopen"),
    (HTTPConnectionPool, "_get_conn"),
    (HTTPConnectionPool, "_put_conn"),
    (HTTPConnection, "request"),
    (HTTPConnection, "getresponse"),
)
_OURS = [(kind, name, getattr(kind, name, None)) for kind, name in _REPLACED_BY_OTHERS]
"""Libraries that trace requests or play answers back put others in their places."""

_IS_KNOWN = None not in [ours for _, _, ours in _OURS]

ADDED_BY_URLLIB3 = {"accept-encoding", "user-agent"}
"""What it adds where it is missing."""


def _is_as_usual(pool: Any) -> bool:
    return (
        _IS_KNOWN
        and type(pool).__module__ == ITS_POOLS
        and all(getattr(kind, name) is ours for kind, name, ours in _OURS)
    )


@lru_cache(maxsize=64)
def _are_all(names: tuple[str, ...]) -> bool:
    """Whether urllib3 would add nothing to headers of these names but the host."""
    lowered = {name.lower() for name in names}
    return lowered >= ADDED_BY_URLLIB3 and "host" not in lowered


def _host(connection: Any) -> str:
    """The host as the standard library names it in a request."""
    host, port = connection.host, connection.port
    named = f"[{host.partition('%')[0]}]" if ":" in host else host
    return named if port == connection.default_port else f"{named}:{port}"


def _written(asked: Asked, host: str) -> bytes | None:
    """The request as urllib3 would write it; None if it would do something else with it."""
    method, target, headers, body = asked
    if not host.isascii() or not _are_all(tuple(headers)):
        return None
    lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
    try:
        head = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{''.join(lines)}\r\n".encode("latin-1")
    except UnicodeEncodeError:
        return None
    return head + (body or b"")


def answer_over_kept_socket(pool: Any, asked: Asked, seconds: float) -> Replied | None:
    """The answer to one request over a connection that is kept; None if it has to go urllib3's way.

    Errors are urllib3's. Nothing is sent twice: once a byte has left there is an answer or an error.
    """
    if not _is_as_usual(pool) or seconds <= 0:
        return None
    connection = pool._get_conn()
    is_kept = type(connection).__module__ == ITS_CONNECTIONS and isinstance(connection.sock, socket.socket)
    text = _written(asked, _host(connection)) if is_kept else None
    if text is None:
        pool._put_conn(connection)
        return None
    is_open = False
    try:
        response, content = _exchanged(pool, connection, asked, text, seconds)
        is_open = not response.will_close
    finally:
        if not is_open:
            connection.close()
        pool._put_conn(connection)
    headers = HTTPHeaderDict(response.headers.items())
    if "content-encoding" in headers:
        packed = urllib3.HTTPResponse(BytesIO(content), headers, response.status, request_method=asked.method)
        content = packed.data
    return Replied(response.status, response.reason, CaseInsensitiveDict(headers), content)


def _exchanged(
    pool: Any, connection: Any, asked: Asked, text: bytes, seconds: float
) -> tuple[HTTPResponse, bytes]:
    response: HTTPResponse = connection.response_class(connection.sock, method=asked.method)
    try:
        connection.sock.settimeout(seconds)
        with suppress(BrokenPipeError):  # there may be an answer all the same
            connection.sock.sendall(text)
        response.begin()
        content = response.read()
    except TimeoutError as error:
        told = f"Read timed out. (read timeout={seconds})"
        raise ReadTimeoutError(pool, asked.target, told) from error
    except IncompleteRead as error:
        raise ProtocolError(f"Connection broken: {error!r}", error) from error
    except SSLError as error:
        raise TlsTrouble(error) from error
    except (HTTPException, OSError) as error:
        raise ProtocolError("Connection aborted.", error) from error
    finally:
        response.close()  # its own handle; what was read to the end leaves the connection open
    return response, content
