"""The straight way over ccxt's asyncio session: what its `fetch` does where nothing more is asked for."""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from aiohttp import ClientTimeout
from yarl import URL

__all__ = ["DETOURS", "Received", "is_straight", "received"]

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


class Received(NamedTuple):
    """An answer as it came."""

    status: int
    reason: str
    headers: dict[str, str]
    text: str


def is_straight(exchange: Any) -> bool:
    """Whether no setting of the exchange leads its requests another way."""
    return bool(_detours_of(exchange) == _NO_DETOURS)


async def received(
    session: Any, method: str, url: str, headers: Any, body: str | None, timeout: float
) -> Received:
    """The answer to one request; `timeout` in milliseconds."""
    response = await session.request(
        method,
        URL(url, encoded=True),
        data=body.encode() if body else None,
        headers=headers,
        timeout=_client_timeout(timeout),
    )
    content = await response.read()  # to its end, so that nothing is left to be released
    return Received(
        response.status, response.reason or "", _joined(response.headers), content.decode(errors="replace")
    )


@lru_cache(maxsize=8)
def _client_timeout(milliseconds: float) -> ClientTimeout:
    """ccxt's `timeout`, for the whole and for each silence within it."""
    seconds = milliseconds / 1000
    return ClientTimeout(total=seconds, sock_connect=seconds, sock_read=seconds)


def _joined(headers: Any) -> dict[str, str]:
    """The headers of an answer; one that came several times is one with commas."""
    joined: dict[str, str] = {}
    for name, value in headers.items():
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined
