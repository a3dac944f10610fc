"""What the tests of other programs' demands share: the three classes, markets, orders, a failing venue."""

from __future__ import annotations

from typing import Any

import ccxt
import ccxt.async_support
import ccxt.pro
import pytest

import bpx_connector
import bpx_connector.async_support
import bpx_connector.pro
from bpx_connector.sandbox.server import SandboxThread
from tests.support.callers import Caller
from tests.support.keys import FIRST

__all__ = [
    "CLASSES",
    "EVERY_CLASS",
    "MODULES",
    "PERP",
    "SPOT",
    "bought",
    "close",
    "failing",
    "resting",
    "streaming_exchange",
]

SPOT, PERP = "SOL/USDC", "SOL/USDC:USDC"
CLASSES: list[Any] = [bpx_connector.bpx, bpx_connector.async_support.bpx, bpx_connector.pro.bpx]
EVERY_CLASS = pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__module__)
MODULES: list[Any] = [ccxt, ccxt.async_support, ccxt.pro]


def resting(trader: Caller, symbol: str = SPOT) -> Any:
    """A new order that nobody takes."""
    return trader.call("create_order", symbol, "limit", "buy", 1, 90)


def bought(trader: Caller, symbol: str = SPOT) -> Any:
    """A new order that was filled at once."""
    return trader.call("create_order", symbol, "market", "buy", 1)


def close(trader: Caller, exchange: Any) -> None:
    """Close an exchange object of the same class as the trader's."""
    if trader.is_asyncio:
        trader.result(exchange.close())
    else:
        exchange.session.close()


def streaming_exchange(sandbox: SandboxThread, config: Any = {}) -> Any:
    """An exchange object with streams, on this sandbox."""
    exchange: Any = bpx_connector.pro.bpx({"enableRateLimit": False, **FIRST.credentials, **config})
    sockets = {"public": sandbox.socket_url, "private": sandbox.socket_url}
    exchange.urls["api"] = {"public": sandbox.url, "private": sandbox.url, "ws": sockets}
    exchange.timeout_on_exit = 0
    return exchange


class failing:
    """A sandbox that goes wrong in one way as long as the block lasts."""

    def __init__(self, trader: Caller, fault: str) -> None:
        assert trader.sandbox is not None
        self._sandbox, self._fault = trader.sandbox, fault

    def __enter__(self) -> None:
        self._sandbox.run(lambda inner: inner.faults.add(self._fault))

    def __exit__(self, *_: object) -> None:
        self._sandbox.run(lambda inner: inner.faults.clear())
