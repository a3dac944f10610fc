"""The straight way over ccxt's sessions: what its `fetch` does where nothing more is asked for.

Over connections that are kept it is straighter still (`aiohttp_pool`, `urllib3_pool`).
"""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter
from typing import Any

from aiohttp import ClientTimeout
from yarl import URL

from bpx_connector.call.aiohttp_bytes import ORIGIN_BEGINS, Asked
from bpx_connector.call.aiohttp_pool import answer_over_kept
from bpx_connector.call.plain_answers import Arrived, joined
from bpx_connector.call.urllib3_pool import reply_over_pool

__all__ = ["DETOURS", "is_straight", "received", "replied"]

DETOURS = (
    "aiohttp_proxy",
    "httpProxy",
    "httpProxyCallback",
    "http_proxy",
    "http_proxy_callback",
    "httpsProxy",
    "httpsProxyCallback",
    "https_proxy",
    "https_proxy_callback",
    "proxy",
    "proxyUrl",
    "proxyUrlCallback",
    "proxy_url",
    "proxy_url_callback",
    "socksProxy",
    "socksProxyCallback",
    "socks_proxy",
    "socks_proxy_callback",
)
"""ccxt's settings that lead a request another way than straight to the venue."""

_detours_of = attrgetter(*DETOURS)
_NO_DETOURS = (None,) * len(DETOURS)


def is_straight(exchange: Any) -> bool:
    """Whether no setting of the exchange leads its requests another way."""
    return bool(_detours_of(exchange) == _NO_DETOURS)


async def received(
    session: Any, method: str, url: str, headers: Any, body: str | None, timeout: float
) -> Arrived:
    """The answer to one request; `timeout` in milliseconds."""
    content = body.encode() if body else None
    route = session.routes.get(url[: url.find("/", ORIGIN_BEGINS)])
    if route is not None:
        asked = Asked(method, url, headers, content)
        arrived = await answer_over_kept(session, route, asked, timeout / 1000)
        if arrived is not None:
            return arrived
    response = await session.request(
        method,
        URL(url, encoded=True),
        data=content,
        headers=headers,
        timeout=_client_timeout(timeout),
    )
    content = await response.read()  # to its end, so that nothing is left to be released
    return Arrived(
        response.status,
        response.reason or "",
        joined(response.headers.items()),
        content.decode(errors="replace"),
    )


@lru_cache(maxsize=8)
def _client_timeout(milliseconds: float) -> ClientTimeout:
    """ccxt's `timeout`, for the whole and for each silence within it."""
    seconds = milliseconds / 1000
    return ClientTimeout(total=seconds, sock_connect=seconds, sock_read=seconds)


def replied(
    session: Any, method: str, url: str, headers: Any, body: str | None, how: tuple[float, Any]
) -> tuple[Arrived, bytes] | None:
    """The answer to one request on the blocking class, with its bytes; None if ccxt has to ask.

    `how` is the timeout in milliseconds and how certificates are verified.
    """
    timeout, verify = how
    asked = method, url, headers, body.encode() if body else None
    answer = reply_over_pool(session.inner, session.pools, asked, timeout / 1000, verify)
    if answer is None:
        return None
    text = answer.content.decode(errors="replace")
    return Arrived(answer.status, answer.reason or "", answer.headers, text), answer.content
