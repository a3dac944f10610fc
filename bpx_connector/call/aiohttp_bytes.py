"""A request's bytes as aiohttp would write them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from aiohttp import ClientRequest
from aiohttp.http import SERVER_SOFTWARE
from yarl import URL

from bpx_connector.call.masking import Masked

__all__ = ["ORIGIN_BEGINS", "Asked", "Route", "route_of", "written"]

ORIGIN_BEGINS = len("https://")


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


MORE_THAN_SENT = frozenset(
    {"connection", "content-encoding", "content-length", "cookie", "expect", "host", "transfer-encoding"}
)
"""Headers that aiohttp does more with than send them."""

TEXTS = frozenset({str, Masked})


def route_of(request: ClientRequest) -> tuple[str, Route] | None:
    """The beginning of a request's address, and the route that it took; None of one by a proxy."""
    if request.proxy is not None:
        return None
    return str(request.url.origin()), Route(request.connection_key, request.headers["Host"])


@lru_cache(maxsize=64)
def _template(names: tuple[str, ...], method: str, has_body: bool) -> tuple[str, str] | None:
    """A head with headers of these names up to where cookies stand, to be filled in, and what follows them;
    None if aiohttp would do something else with it."""
    used = {name.lower() for name in names}
    if used & MORE_THAN_SENT or len(used) < len(names) or (has_body and "content-type" not in used):
        return None
    if not "".join(names).isprintable():
        return None
    added = [*ClientRequest.DEFAULT_HEADERS.items(), ("User-Agent", SERVER_SOFTWARE)]
    lines = [f"{method} %s HTTP/1.1", "Host: %s", *[name.replace("%", "%%") + ": %s" for name in names]]
    lines += [f"{name}: {value}".replace("%", "%%") for name, value in added if name.lower() not in used]
    has_length = has_body or method not in ClientRequest.GET_METHODS
    return "".join([f"{line}\r\n" for line in lines]), "Content-Length: %d\r\n\r\n" if has_length else "\r\n"


def written(route: Route, asked: Asked, jar: Any) -> bytes | None:
    """The request as aiohttp would write it; None if it would do something else with it."""
    method, url, headers, body = asked
    template = _template(tuple(headers), method, body is not None)
    target, values = url[url.index("/", ORIGIN_BEGINS) :], tuple(headers.values())
    if template is None or {*map(type, values)} - TEXTS or not (target + "".join(values)).isprintable():
        return None  # control characters, which aiohttp refuses, or what is no text
    head, end = template
    cookies = _cookies(jar, url) if len(jar) else ""
    if "%" in end:
        end %= len(body or b"")
    return (head % (target, route.host, *values) + cookies + end).encode() + (body or b"")


def _cookies(jar: Any, url: str) -> str:
    """The header of the cookies that a request to this address carries, if there are any."""
    carried = jar.filter_cookies(URL(url, encoded=True)).output(header="", sep=";").strip()
    return f"Cookie: {carried}\r\n" if carried else ""
