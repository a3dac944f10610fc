"""The venue as the gateway sees it: one way to ask, one way to connect. Keys and signatures stay in here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import aiohttp

from bpx_connector.async_support import bpx
from bpx_connector.call.signer import DEFAULT_WINDOW, Signer, checked_window
from bpx_connector.stream.aiohttp_link import connected
from bpx_connector.stream.link import Link
from bpx_connector.venue.endpoints import ENDPOINTS, Endpoint

__all__ = ["Answer", "Trouble", "Venue"]

HANDSHAKE_WITHIN: Final = 10.0


class Answer(NamedTuple):
    """What the venue said, word for word."""

    status: int
    body: bytes
    encoding: str | None = None
    """What the body is if it is not the venue's text."""


class Trouble(NamedTuple):
    """Why there is no answer: its kind is one of those that a reader raises as ccxt's exceptions."""

    kind: str
    sentence: str


class Venue:
    """Asks and connects, with the keys of the account if there are any. Belongs to one event loop."""

    def __init__(
        self, config: Mapping[str, Any], url: str | None = None, socket_url: str | None = None
    ) -> None:
        self._exchange: Any = bpx({"enableRateLimit": False, **config})
        if url is not None:
            self._exchange.urls["api"] = {"public": url, "private": url}
        self._socket_url = socket_url or _socket_of(self._exchange, url)
        self.asked = 0

    @property
    def has_keys(self) -> bool:
        """Whether private calls and streams can be signed."""
        return bool(self._exchange.apiKey and self._exchange.secret)

    @property
    def shown(self) -> Any:
        """Whether what passes is to be shown: what the exchange's settings say."""
        return self._exchange

    async def ask(self, method: str, path: str, params: Any, window: int | None = None) -> Answer | Trouble:
        """The venue's answer to one request, sent once; the venue takes it for `window` milliseconds."""
        endpoint = ENDPOINTS.get((method, path))
        options = self._exchange.options
        usual = options.get("recvWindow", DEFAULT_WINDOW)
        if window is not None and isinstance(params, dict):
            params = {name: value for name, value in params.items() if name != "recvWindow"}
        try:
            options["recvWindow"] = usual if window is None else window
            request = self._exchange.sign(path, _access(endpoint), method, params)
        except Exception as error:
            return Trouble("arguments", f"{type(error).__name__}: {error}")
        finally:
            options["recvWindow"] = usual
        self._exchange.open()
        self.asked += 1
        timeout = aiohttp.ClientTimeout(total=self._exchange.timeout / 1000)
        try:
            async with self._exchange.session.request(
                method,
                request["url"],
                data=request["body"].encode() if request["body"] else None,
                headers=self._exchange.prepare_request_headers(request["headers"]),
                timeout=timeout,
            ) as response:
                return Answer(response.status, await response.read())
        except TimeoutError:
            return Trouble("timeout", f"the venue did not answer {method} /{path} in time")
        except aiohttp.ClientConnectorError:
            return Trouble("unreachable", f"the venue cannot be reached for {method} /{path}")
        except (aiohttp.ClientError, OSError) as error:
            return Trouble("network", f"{method} /{path}: {type(error).__name__}")

    async def connect(self) -> Link:
        """A connection to the streams."""
        self._exchange.open()
        return await connected(self._exchange.session, self._socket_url, HANDSHAKE_WITHIN, compress=15)

    def signature(self) -> list[str]:
        """What a private subscription is signed with."""
        signer = Signer(self._exchange.apiKey, self._exchange.secret)
        window = checked_window(self._exchange.options.get("recvWindow", DEFAULT_WINDOW))
        return list(signer.subscription(self._exchange.nonce(), window))

    def now(self) -> float:
        """Seconds by the venue's clock, as far as it is known."""
        return float(self._exchange.nonce()) / 1000

    async def close(self) -> None:
        """End every connection."""
        self._exchange.timeout_on_exit = 0
        await self._exchange.close()


def _access(endpoint: Endpoint | None) -> str:
    return "private" if endpoint is not None and "private" in endpoint.api else "public"


def _socket_of(exchange: Any, url: str | None) -> str:
    if url is not None:
        return "ws" + url.removeprefix("http")
    streams = exchange.urls["api"]["ws"]
    return str(streams if isinstance(streams, str) else streams["public"])
