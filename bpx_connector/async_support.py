"""The asyncio exchange: every unified method is a coroutine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from socket import gaierror
from typing import TYPE_CHECKING, Any

from aiohttp import ClientError
from ccxt.async_support.base.exchange import Exchange

from bpx_connector.call.aiohttp_pool import KEPT_SECONDS, keep_longer
from bpx_connector.call.errands import Errands, pause_of
from bpx_connector.call.sessions import AsyncioSession
from bpx_connector.call.straight import received
from bpx_connector.call.troubles import network_error, without_frames
from bpx_connector.exchange import Backpack
from bpx_connector.flow import ours

if TYPE_CHECKING:
    from bpx_connector.gateway.consumer.attached import Attached

__all__ = ["bpx"]

OF_A_LOOP = (
    "aiohttp_socks_connector",
    "asyncio_loop",
    "markets_loading",
    "session",
    "socks_proxy_sessions",
    "ssl_context",
    "tcp_connector",
)
"""What belongs to the event loop that an object was used in, and is made anew in the next one."""


ENDED_WITH_IT = frozenset({"errands", "streams"})
"""What of `clients` was tasks of that loop, and needs no closing any more."""

PAUSES = {"keepAlive": 10.0, "keepWarm": 0.01}
"""Options that want something done again and again, and the seconds between if they say no more than True."""

ERRANDS: dict[str, Callable[[Any], Any]] = {
    "keepAlive": lambda exchange: exchange.fetch2("api/v1/ping", "private"),  # where orders go
    "keepWarm": lambda exchange: exchange.rehearse_order(),
}


class bpx(Backpack, Exchange):
    """Backpack Exchange on asyncio: ccxt's unified methods over HTTP."""

    session: Any
    asyncio_loop: Any
    _gateway: Attached | None = None

    def __init__(self, config: Any = {}) -> None:
        super().__init__(config)
        if self.options.get("gateway"):
            from bpx_connector.gateway.consumer import through
            from bpx_connector.gateway.consumer.attached import Attached

            self._gateway = Attached(self, self._keep_line)
            self.fetch2 = through.awaited(self._gateway, self.fetch2)

    def _keep_line(self, line: Any) -> None:
        """Have ccxt's close() close it, as it does whatever is in `clients`.

        There is a session from now on, although nothing is sent over it: freqtrade closes only what has one.
        """
        self.open()
        self.clients = {**(self.clients or {}), "gateway": line}

    _made_anew = Backpack._made_anew | {"throttler", *OF_A_LOOP}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, **dict.fromkeys(OF_A_LOOP))
        self.init_throttler()

    def open(self, lazy: bool = False) -> None:
        """Make ccxt's session, if there is none; whoever made it, it sends once and follows no redirect."""
        if asyncio.get_running_loop() is self.asyncio_loop:
            if isinstance(self.session, AsyncioSession) and not self.closed_by_user:
                return  # it is open
        else:
            if self.session is not None and self._has_lost_its_loop():
                self._leave_behind()
            if self.session is None:
                # A second event loop is a new beginning, no straggler.
                lazy = lazy and not self.closed_by_user
                self.asyncio_loop = None
        if self.session is None and not self.verify:
            self._check_tls(self._addresses().private)
            # Of all that is empty aiohttp takes this alone; ccxt says nothing of the attribute's type.
            self.ssl_context = False  # type: ignore[assignment]
        super().open(lazy)
        if self.session is not None and not isinstance(self.session, AsyncioSession):
            keep_longer(self.session, float(self.options.get("keepConnections") or KEPT_SECONDS))
            self.session = AsyncioSession(self.session)
            self._run_errands()

    def _has_lost_its_loop(self) -> bool:
        """Whether its event loop has ended, as that of `asyncio.run` does, or is another process's."""
        loop: asyncio.AbstractEventLoop | None = self.asyncio_loop
        return self._is_inherited() or (loop is not None and loop.is_closed())

    def _is_inherited(self) -> bool:
        return isinstance(self.session, AsyncioSession) and self.session.is_inherited

    def _leave_behind(self) -> None:
        """Forget what has ended with its loop; a session that the caller has given is the caller's."""
        self._forget_tasks()
        session = None if self.own_session else self.session
        vars(self).update(dict.fromkeys(OF_A_LOOP), session=session)

    def _forget_tasks(self) -> None:
        self.clients = {name: one for name, one in (self.clients or {}).items() if name not in ENDED_WITH_IT}

    async def load_markets(self, reload: bool = False, params: Any = {}) -> Any:
        """The markets by symbol, loaded once for all who ask meanwhile, or anew.

        Who gives up waiting ends it for himself alone: in ccxt's own a call with a deadline takes along
        whoever waits for the same answer.
        """
        if self.markets and not reload:
            return await super().load_markets(reload, params)
        return await asyncio.shield(super().load_markets(reload, params))

    async def close(self, *args: Any, **kwargs: Any) -> None:
        """Close what is open, as ccxt does; what was left in a loop that has ended is past closing."""
        if self._is_inherited():
            self._leave_behind()
        elif self._has_lost_its_loop():
            self._forget_tasks()
        await super().close(*args, **kwargs)

    def _run_errands(self) -> None:
        """Begin what the options want done again and again; ccxt's close() ends it."""
        asked = {name: pause_of(name, self.options.get(name), usual) for name, usual in PAUSES.items()}
        if not any(asked.values()) or (self.clients or {}).get("errands"):
            return
        errands = Errands(self)
        self.clients = {**(self.clients or {}), "errands": errands}
        for name, pause in asked.items():
            if pause is not None:
                errands.run(pause, ERRANDS[name])

    def get_socks_proxy_session(self, socksProxy: str) -> Any:  # noqa: N803  ccxt's name
        """ccxt's session for a SOCKS proxy; it too sends once and follows no redirect."""
        return AsyncioSession(super().get_socks_proxy_session(socksProxy))

    @ours
    async def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        """The decoded answer, over ccxt's own session.

        What has to be logged, or goes by a proxy, is sent by ccxt's `fetch`; all else takes the straight way,
        which does the same for a sixth less.
        """
        self._check_timeout()
        if not self._goes_straight():
            return await super().fetch(url, method, headers, body)
        self.open(True)
        sent = self.last_request_headers = self.prepare_request_headers(headers)
        try:
            arrived = await received(self.session, method, url, sent, body, self.timeout)
        except (ClientError, TimeoutError, gaierror, RuntimeError) as error:  # aiohttp's, of what was closed
            trouble = network_error(f"{self.id} {method} {url}", url, error)
            raise without_frames(trouble) from error.with_traceback(None)
        text, answer = self._meaning(arrived, url, method, sent, body)
        return text if answer is None else answer
