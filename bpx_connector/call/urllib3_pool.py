"""A request over the pool of connections that requests keeps, without requests' way of making requests.

Of the 470 µs of CPU that it takes to ask by `Session.request` 320 are spent on what is not asked for:
cookies, redirects, proxies, hooks, authentication, streaming. Session, adapter, pool and TLS are the same as
before, and so are the bytes. Whatever is otherwise is answered with None, and goes the usual way.
"""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from requests import PreparedRequest, RequestException, Session
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import Timeout

from bpx_connector.call.kept_socket import Asked, Replied, answer_over_kept_socket

__all__ = ["Pools", "reply_over_pool"]


class Address(NamedTuple):
    """Where a request goes, as requests would have it."""

    url: str
    target: str


Pools = dict[tuple[str, Any], Any]
"""urllib3's pools, by the beginning of an address and by how certificates are verified."""

USUAL: dict[str, Any] = {
    "auth": None,
    "cert": None,
    "hooks": {"response": []},
    "params": {},
    "proxies": {},
    "stream": False,
    "trust_env": False,
    "verify": True,
}
"""A session that asks for nothing more than to send and to receive."""

_set_of = attrgetter(*USUAL)
_USUAL = tuple(USUAL.values())
_REPLACED_BY_OTHERS = (
    (Session, ("request", "send", "get_adapter")),
    (HTTPAdapter, ("send", "cert_verify", "get_connection_with_tls_context")),
)
_OURS = [(kind, name, vars(kind)[name]) for kind, names in _REPLACED_BY_OTHERS for name in names]
"""Libraries that play answers back put others in their places."""

BODILESS = frozenset({"GET", "HEAD"})
ORIGIN_BEGINS = len("https://")


def _is_plain(session: Any) -> bool:
    """Whether a session is as ccxt makes them, and nobody has put another way of sending in its place."""
    return (
        type(session) is Session
        and _set_of(session) == _USUAL
        and all(vars(kind)[name] is ours for kind, name, ours in _OURS)
    )


@lru_cache(maxsize=256)
def _address(url: str) -> Address | None:
    """What is asked again and again is written once."""
    prepared = PreparedRequest()
    try:
        prepared.prepare_url(url, None)
    except (RequestException, ValueError):
        return None
    return Address(prepared.url or "", prepared.path_url)


@lru_cache(maxsize=64)
def _are_apart(names: tuple[str, ...], of_session: tuple[str, ...]) -> bool:
    """Whether these headers can be put together as they are: no name is written in two ways, and none is
    one that requests works out itself."""
    together = dict.fromkeys((*of_session, *names))
    lowered = {name.lower() for name in together}
    return len(lowered) == len(together) and lowered.isdisjoint(
        {"content-length", "cookie", "transfer-encoding"}
    )


def _headers(session: Any, method: str, given: dict[str, str], body: bytes | None) -> dict[str, str] | None:
    """The headers as requests would send them; None if it would do something else with them."""
    if not _are_apart(tuple(given), tuple(session.headers)) or not "".join(given.values()).isprintable():
        return None
    headers = {**session.headers, **given}
    if body:
        headers["Content-Length"] = str(len(body))
    elif method not in BODILESS:
        headers["Content-Length"] = "0"
    return headers


def _pool(session: Any, pools: Pools, url: str, verify: Any) -> Any:
    """The pool that the session's adapter would take; None if the adapter is somebody else's."""
    key = url[: url.find("/", ORIGIN_BEGINS)], verify
    known = pools.get(key)
    if known is not None and known.pool is not None:  # not closed meanwhile
        return known
    adapter = session.get_adapter(url)
    if type(adapter) is not HTTPAdapter:
        return None
    asked = PreparedRequest()
    asked.url = url
    found = adapter.get_connection_with_tls_context(asked, verify, proxies={}, cert=None)
    adapter.cert_verify(found, url, verify, None)
    pools[key] = found
    return found


def reply_over_pool(
    session: Any, pools: Pools, asked: tuple[str, str, Any, bytes | None], seconds: float, verify: Any
) -> Replied | None:
    """The answer to one request (method, address, headers, body); None if it has to go the usual way."""
    method, url, given, body = asked
    address = _address(str(url))
    if address is None or not _is_plain(session):
        return None
    headers, pool = _headers(session, method, given, body), _pool(session, pools, address.url, verify)
    if headers is None or pool is None or type(session.get_adapter(address.url)) is not HTTPAdapter:
        return None
    session.cookies.clear()  # as ccxt does before each request
    reply = answer_over_kept_socket(pool, Asked(method, address.target, headers, body), seconds)
    if reply is not None:
        return reply
    answer = pool.urlopen(
        method,
        address.target,
        body=body,
        headers=headers,
        retries=session.get_adapter(address.url).max_retries,
        redirect=False,
        assert_same_host=False,
        timeout=Timeout(connect=seconds, read=seconds),
    )
    return Replied(answer.status, answer.reason, CaseInsensitiveDict(answer.headers), answer.data)
