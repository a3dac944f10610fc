"""An exchange with streams on a sandbox in the same event loop, and what the sandbox knows to be true."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from bpx_connector.pro import bpx
from bpx_connector.sandbox.clock import DrivenClock
from bpx_connector.sandbox.records.events import DepthChanged, Event
from bpx_connector.sandbox.server import Sandbox
from tests.support.keys import FIRST, KeyPair

__all__ = ["TrueBooks", "driven", "exchange_on", "sandbox_with", "soon"]

UPDATES_REMEMBERED = 20_000
HASTY = {"shortestPause": 5, "longestPause": 50}


def sandbox_with(*symbols: str, **options: Any) -> Sandbox:
    """A sandbox of these markets whose time is driven by the test."""
    return Sandbox(**{"seed": 1, "clock": DrivenClock(), "symbols": symbols, **options})


@asynccontextmanager
async def exchange_on(
    sandbox: Sandbox, keys: KeyPair = FIRST, options: dict[str, Any] = {}, **config: Any
) -> AsyncIterator[Any]:
    """The exchange with streams, its markets loaded, that reconnects without long pauses."""
    exchange: Any = bpx(
        {
            "enableRateLimit": False,
            "timeout_on_exit": 0,
            **keys.credentials,
            "options": {"streams": HASTY, **options},
            **config,
        }
    )
    socket = {"public": sandbox.socket_url, "private": sandbox.socket_url}
    exchange.urls["api"] = {"public": sandbox.url, "private": sandbox.url, "ws": socket}
    exchange.timeout_on_exit = 0
    try:
        await exchange.load_markets()
        yield exchange
    finally:
        await exchange.close()


class TrueBooks:
    """What each market's book was at each update, by the engine's own events."""

    def __init__(self, sandbox: Sandbox, symbols: Iterable[str]) -> None:
        self._books: dict[str, tuple[dict[float, float], dict[float, float]]] = {}
        self._history: dict[str, OrderedDict[int, Any]] = defaultdict(OrderedDict)
        for symbol in symbols:
            depth = sandbox.venue.depth(symbol)
            self._books[symbol] = _floats(depth.bids), _floats(depth.asks)
            self._remember(symbol, depth.last_update_id)
        sandbox.venue.listeners.append(self._on_event)

    def is_true(self, symbol: str, book: Any, depth: int) -> bool | None:
        """Whether the best levels are the engine's at the book's own update; None if that is long ago."""
        then = self._history[symbol].get(book["nonce"])
        if then is None:
            return None
        bids, asks = then
        return bool(book["bids"][:depth] == bids[:depth] and book["asks"][:depth] == asks[:depth])

    def _on_event(self, event: Event) -> None:
        if isinstance(event, DepthChanged) and event.symbol in self._books:
            bids, asks = self._books[event.symbol]
            _change(bids, event.bids)
            _change(asks, event.asks)
            self._remember(event.symbol, event.last_id)

    def _remember(self, symbol: str, update: int) -> None:
        bids, asks = self._books[symbol]
        history = self._history[symbol]
        history[update] = (
            [list(level) for level in sorted(bids.items(), reverse=True)],
            [list(level) for level in sorted(asks.items())],
        )
        if len(history) > UPDATES_REMEMBERED:
            history.popitem(last=False)


@asynccontextmanager
async def driven(sandbox: Sandbox, seconds: float = 0.2, every: float = 0.005) -> AsyncIterator[None]:
    """The sandbox's time passing in the background, faster than real time."""

    async def drive() -> None:
        while True:
            assert isinstance(sandbox.clock, DrivenClock)
            sandbox.clock.advance(seconds)
            await asyncio.sleep(every)

    driving = asyncio.ensure_future(drive())
    try:
        yield
    finally:
        driving.cancel()
        await asyncio.gather(driving, return_exceptions=True)


async def soon(awaitable: Any, seconds: float = 10.0) -> Any:
    """The result, or a failure instead of a test that hangs."""
    async with asyncio.timeout(seconds):
        return await awaitable


def _floats(levels: Iterable[tuple[Any, Any]]) -> dict[float, float]:
    return {float(price): float(size) for price, size in levels}


def _change(side: dict[float, float], changes: Any) -> None:
    for price, size in changes.items():
        if size:
            side[float(price)] = float(size)
        else:
            side.pop(float(price), None)
