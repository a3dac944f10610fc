"""The asyncio exchange: every unified method is a coroutine."""

from __future__ import annotations

import logging
from functools import lru_cache
from operator import attrgetter
from socket import gaierror
from typing import TYPE_CHECKING, Any

from aiohttp import ClientConnectionError, ClientError, ClientTimeout
from ccxt.async_support.base.exchange import Exchange
from ccxt.base.errors import ExchangeNotAvailable, NetworkError, RequestTimeout
from yarl import URL

from bpx_connector.call.sessions import AsyncioSession
from bpx_connector.exchange import Backpack

if TYPE_CHECKING:
    from bpx_connector.gateway.consumer.attached import Attached

__all__ = ["bpx"]

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


class bpx(Backpack, Exchange):
    """Backpack Exchange on asyncio: ccxt's unified methods over HTTP."""

    session: Any
    _gateway: Attached | None = None

    def __init__(self, config: Any = {}) -> None:
        super().__init__(config)
        if self.options.get("gateway"):
            from bpx_connector.gateway.consumer.attached import Attached

            gateway = self._gateway = Attached(self, self._keep_line)
            directly = self.fetch2

            async def fetched(
                path: str,
                api: Any = "public",
                method: str = "GET",
                params: Any = {},
                *rest: Any,
                config: Any = {},
            ) -> Any:
                access = api if isinstance(api, str) else api[0]
                answer = await gateway.answered(path, access, method, params)
                if answer is not None:
                    return gateway.understood(method, path, answer)
                return await directly(path, api, method, params, *rest, config=config)

            self.fetch2 = fetched  # of this instance: without a gateway no call takes a step more

    def _keep_line(self, line: Any) -> None:
        """Have ccxt's close() close it, as it does whatever is in `clients`."""
        self.clients = {**(self.clients or {}), "gateway": line}

    async def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        """The decoded answer, over ccxt's own session.

        What has to be logged, or goes by a proxy, is sent by ccxt's `fetch`; all else takes the straight way,
        which does the same for a sixth less.
        """
        if self._goes_straight():
            return await self._fetched(url, method, headers, body)
        return await super().fetch(url, method, headers, body)

    def open(self, lazy: bool = False) -> None:
        """Make ccxt's session, if there is none; whoever made it, it sends once and follows no redirect."""
        super().open(lazy)
        if self.session is not None and not isinstance(self.session, AsyncioSession):
            self.session = AsyncioSession(self.session)

    def get_socks_proxy_session(self, socksProxy: str) -> Any:  # noqa: N803  ccxt's name
        """ccxt's session for a SOCKS proxy; it too sends once and follows no redirect."""
        return AsyncioSession(super().get_socks_proxy_session(socksProxy))

    def _goes_straight(self) -> bool:
        """Whether nothing is set that asks more of a request than to be sent and answered."""
        return not (
            self.verbose
            or self.returnResponseHeaders
            or _detours_of(self) != _NO_DETOURS
            or self.logger.isEnabledFor(logging.DEBUG)
        )

    async def _fetched(self, url: str, method: str, headers: Any, body: str | None) -> Any:
        self.open(True)
        sent = self.last_request_headers = self.prepare_request_headers(headers)
        try:
            response = await self.session.request(
                method,
                URL(url, encoded=True),
                data=body.encode() if body else None,
                headers=sent,
                timeout=_client_timeout(self.timeout),
            )
            content = await response.read()  # to its end, so that nothing is left to be released
        except TimeoutError as error:
            raise RequestTimeout(f"{self.id} {method} {url}") from error
        except (ClientConnectionError, gaierror) as error:
            raise ExchangeNotAvailable(f"{self.id} {method} {url}") from error
        except ClientError as error:
            raise NetworkError(f"{self._call(method, url)}: {error}") from error
        received = _joined(response.headers)
        status, reason = response.status, response.reason
        text = content.decode(errors="replace")
        text = self.on_rest_response(status, reason, url, method, received, text, sent, body)
        answer = self.parse_json(text)
        if self.enableLastHttpResponse:
            self.last_http_response = text
        if self.enableLastResponseHeaders:
            self.last_response_headers = received
        if self.enableLastJsonResponse:
            self.last_json_response = answer
        self.handle_errors(status, reason or "", url, method, received, text, answer, sent, body)
        return text if answer is None else answer


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
