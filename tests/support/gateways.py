"""Gateways and their readers on a sandbox and a real NATS server, all in one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from bpx_connector.gateway.bus.connection import Access, Bus
from bpx_connector.gateway.publisher.service import Gateway
from bpx_connector.gateway.publisher.settings import Settings
from bpx_connector.gateway.publisher.venue import Venue
from bpx_connector.pro import bpx
from bpx_connector.sandbox.server import Sandbox
from tests.support.keys import FIRST, KeyPair
from tests.support.nats_servers import NatsServer

__all__ = ["bus_of", "gateway_on", "leading", "reader_on", "running_gateway", "until"]

SOON = 60.0


async def until(condition: Callable[[], Any], seconds: float = SOON) -> None:
    """Wait until something is so; a failure instead of a test that hangs."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  what is waited for lives in other processes, too
            await asyncio.sleep(0.01)


def leading(*gateways: Gateway) -> list[Gateway]:
    """Those that lead."""
    return [gateway for gateway in gateways if gateway.leads]


@asynccontextmanager
async def running_gateway(
    server: NatsServer, url: str, net: str, name: str = "a", keys: KeyPair | None = FIRST, **settings: Any
) -> AsyncIterator[Gateway]:
    """A gateway at work, leading or not."""
    venue = Venue(keys.credentials if keys is not None else {}, url)
    gateway = Gateway(
        Access(
            (server.url,),
            settings.pop("user", f"gw-{name}"),
            settings.pop("seed", None),
            settings.pop("ca", None),
        ),
        venue,
        Settings(net, name, **settings),
    )
    task = asyncio.ensure_future(gateway.run())
    try:
        yield gateway
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def gateway_on(
    server: NatsServer, sandbox: Sandbox, net: str, name: str = "a", **settings: Any
) -> AsyncIterator[Gateway]:
    """A gateway that leads, unless another one does."""
    async with running_gateway(server, sandbox.url, net, name, **settings) as gateway:
        await until(lambda: gateway.leads or gateway.leading.lease.is_refused)
        yield gateway


@asynccontextmanager
async def reader_on(
    server: NatsServer, net: str, user: str = "s7", keys: KeyPair | None = None, **options: Any
) -> AsyncIterator[Any]:
    """An exchange object that reads from a gateway."""
    gateway = {"servers": [server.url], "user": user, "net": net, **options}
    exchange: Any = bpx({**(keys.credentials if keys else {}), "options": {"gateway": gateway}})
    exchange.timeout_on_exit = 0
    try:
        yield exchange
    finally:
        await exchange.close()


@asynccontextmanager
async def bus_of(server: NatsServer, user: str = "x1", **access: Any) -> AsyncIterator[Bus]:
    """A bare connection."""
    bus = await Bus.connected(Access((server.url,), user, **access))
    try:
        yield bus
    finally:
        await bus.close()
