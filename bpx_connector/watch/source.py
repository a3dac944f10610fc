"""The venue itself as a source of frames and answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, runtime_checkable

from bpx_connector.stream.aiohttp_link import connected
from bpx_connector.stream.book import Snapshot
from bpx_connector.stream.link import Link

__all__ = ["Snapshots", "Venue"]

HANDSHAKE_WITHIN = 10.0


@runtime_checkable
class Snapshots(Protocol):
    """A source that answers with a market's book in figures, and with many of them at the same time."""

    async def snapshot(self, market: str, depth: int) -> Snapshot:
        """The book as it is now, so many levels a side; ccxt's exceptions."""


class Connecting(Protocol):
    """What connecting needs of an exchange; its names are ccxt's."""

    options: Any
    session: Any

    def open(self) -> None: ...
    def check_ws_proxy_settings(self) -> Any: ...
    def get_socks_proxy_session(self, socks_proxy: Any) -> Any: ...


class Venue:
    """Frames over aiohttp, answers by ccxt's `fetch`."""

    def __init__(
        self, exchange: Connecting, stream_url: Callable[[], str], fetch: Callable[..., Awaitable[Any]]
    ) -> None:
        self._exchange = exchange
        self._stream_url = stream_url
        self._fetch = fetch

    async def connect(self) -> Link:
        """A connection to the streams, past the proxies that ccxt's settings name."""
        exchange = self._exchange
        exchange.open()
        http_proxy, https_proxy, socks_proxy = exchange.check_ws_proxy_settings()
        session = exchange.get_socks_proxy_session(socks_proxy) if socks_proxy else exchange.session
        options = exchange.options.get("streams") or {}
        return await connected(
            session,
            self._stream_url(),
            HANDSHAKE_WITHIN,
            compress=options.get("compress", 15),
            headers=options.get("headers"),
            proxy=http_proxy or https_proxy,
        )

    async def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        """The decoded answer to a request."""
        return await self._fetch(url, method, headers, body)
