"""The venue itself as a source of frames and answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, runtime_checkable

from ccxt.base.errors import BadRequest

from bpx_connector.stream.aiohttp_link import connected
from bpx_connector.stream.book import Snapshot
from bpx_connector.stream.coalescing import Coalescing
from bpx_connector.stream.link import Link

__all__ = ["Snapshots", "Venue", "coalescing_of"]

HANDSHAKE_WITHIN = 10.0


LONGEST_PAUSE = 100
"""Milliseconds between two reads; a venue's ping waits as long."""


def coalescing_of(options: Mapping[str, Any]) -> Coalescing:
    """What `options["streams"]["coalesce"]` asks for; BadRequest if it is no number of milliseconds."""
    pause = (options.get("streams") or {}).get("coalesce")
    if pause is None:
        return Coalescing()
    if not isinstance(pause, int | float) or not 0 <= pause <= LONGEST_PAUSE:
        raise BadRequest(
            f"options['streams']['coalesce'] is {pause!r}; it takes milliseconds from 0 to {LONGEST_PAUSE}, "
            "0 for never"
        )
    return Coalescing(pause / 1000)


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
        self._exchange.open()
        return await connected(
            self._session(),
            self._stream_url(),
            HANDSHAKE_WITHIN,
            coalescing=coalescing_of(self._exchange.options),
            **self._handshake_settings(),
        )

    def _session(self) -> Any:
        *_, socks_proxy = self._exchange.check_ws_proxy_settings()
        return self._exchange.get_socks_proxy_session(socks_proxy) if socks_proxy else self._exchange.session

    def _handshake_settings(self) -> dict[str, Any]:
        """What the handshake says and by which proxy it goes: in no variable of a frame that may fail."""
        http_proxy, https_proxy, _ = self._exchange.check_ws_proxy_settings()
        options = self._exchange.options.get("streams") or {}
        return {
            "compress": options.get("compress", 15),
            "headers": options.get("headers"),
            "proxy": http_proxy or https_proxy,
        }

    async def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        """The decoded answer to a request."""
        return await self._fetch(url, method, headers, body)
