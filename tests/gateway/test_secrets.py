"""Nothing secret is ever said on the bus: every byte of it is looked through."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from bpx_connector.gateway.publisher.venue import Venue
from bpx_connector.gateway.rules.limits import UserLimits
from bpx_connector.sandbox.server import Sandbox
from tests.support.gateways import gateway_on, reader_on, until
from tests.support.keys import FIRST, SECOND
from tests.support.nats_servers import NatsServer
from tests.support.streaming import soon


class Ear:
    """Passes bytes on to a server, both ways, and keeps them all."""

    def __init__(self, port: int) -> None:
        self.heard = bytearray()
        self.url = ""
        self._port = port

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Ear]:
        ways: set[asyncio.Task[None]] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
            for source, sink in ((reader, far_writer), (far_reader, writer)):
                task = asyncio.ensure_future(self._pass(source, sink))
                ways.add(task)
                task.add_done_callback(ways.discard)

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        self.url = f"nats://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65_536):
                self.heard += data
                sink.write(data)
                await sink.drain()
        finally:
            with suppress(OSError):
                sink.transport.abort()


async def test_no_key_secret_or_signature_is_ever_on_the_bus(
    nats_server: NatsServer, net: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    signatures: list[str] = []
    signed = Venue.signature

    def noted(venue: Venue) -> list[str]:
        signature = signed(venue)
        signatures.append(signature[1])
        return signature

    monkeypatch.setattr(Venue, "signature", noted)
    async with (
        Sandbox(seed=1, symbols=("SOL_USDC",), speed=20) as venue,
        Ear(nats_server.port).listening() as ear,
    ):
        await everything(ear, venue, net)
    assert signatures, "private streams were subscribed"
    heard = bytes(ear.heard)
    assert b"orderUpdate" in heard and b"api.v1.order" in heard, "there was something to hear"
    for pair in (FIRST, SECOND):
        for secret in (pair.credentials["apiKey"], pair.credentials["secret"]):
            raw = base64.b64decode(secret)
            assert secret.encode() not in heard and raw not in heard and raw.hex().encode() not in heard
    assert not any(signature.encode() in heard for signature in signatures)
    for name in (b"X-Signature", b"X-API-Key", b"X-Window", b"SUBSCRIBE", b'"signature"'):
        assert name.lower() not in heard.lower()


async def everything(ear: Any, venue: Sandbox, net: str) -> None:
    """Streams of both kinds, answers, orders of all ways and a failover."""
    users = {"s7": UserLimits(), "s8": UserLimits()}
    async with gateway_on(ear, venue, net, "b", users=users):
        pass
    async with (
        gateway_on(ear, venue, net, "a", users=users) as gateway,
        reader_on(ear, net, "s7", resume="s7-fills") as through,
        reader_on(ear, net, "s8", keys=FIRST) as direct,
    ):
        direct.urls["api"] = venue.url
        await soon(through.watch_order_book("SOL/USDC"))
        await until(lambda: gateway.following.streams_on == 5)
        for exchange in (through, direct):
            watching = [asyncio.ensure_future(exchange.watch_orders())]
            watching.append(asyncio.ensure_future(exchange.watch_balance()))
            order = await exchange.create_order("SOL/USDC", "limit", "buy", 1, 90)
            await exchange.fetch_balance()
            await exchange.cancel_order(order["id"], "SOL/USDC")
            await exchange.create_order("SOL/USDC", "market", "buy", 1)
            await soon(asyncio.gather(*watching))
        await soon(through.watch_my_trades())
