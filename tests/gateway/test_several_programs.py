"""Three programs on one account that do what freqtrade does: candles of ten pairs each, and orders."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from bpx_connector.gateway.publisher.till import Limits
from bpx_connector.gateway.rules.limits import UserLimits
from bpx_connector.sandbox.server import Sandbox
from tests.support.gateways import gateway_on, reader_on
from tests.support.nats_servers import NatsServer
from tests.support.streaming import exchange_on

AT_ONCE = Limits(historical=60_000, historical_burst=60)
"""The gateway's own patience with the venue would only make this test wait: the sandbox enforces the 30 a
minute."""

PROGRAMS = ("f1", "f2", "f3")
PAIRS = 10


async def test_thirty_pairs_have_candles_without_a_refusal_and_orders_are_the_sandboxs(
    nats_server: NatsServer, net: str
) -> None:
    async with AsyncExitStack() as stack:
        venue = await stack.enter_async_context(Sandbox(seed=1, speed=1, limits=True))
        users = {name: UserLimits() for name in PROGRAMS}
        gateway = await stack.enter_async_context(
            gateway_on(nats_server, venue, net, users=users, limits=AT_ONCE)
        )
        programs = [await stack.enter_async_context(reader_on(nats_server, net, name)) for name in PROGRAMS]
        for program in programs:
            await program.load_markets()
        pairs = [symbol for symbol, market in programs[0].markets.items() if market["spot"]][:PAIRS]

        async def rounds(program: Any) -> None:
            for _ in range(3):  # a candle each time, as after every interval
                for pair in pairs:
                    assert len(await program.fetch_ohlcv(pair, "1m", limit=100)) > 0

        await asyncio.gather(*map(rounds, programs))
        orders = [await program.create_order("SOL/USDC", "limit", "buy", 1, 90) for program in programs]
        direct = await stack.enter_async_context(exchange_on(venue))
        there = {order["id"] for order in await direct.fetch_open_orders("SOL/USDC")}
        assert there == {order["id"] for order in orders}
        for program in programs:
            assert {order["id"] for order in await program.fetch_open_orders("SOL/USDC")} == there
        asked = gateway.till.budgets["historical"].used
        assert asked <= 3 * len(pairs), "each start in time is asked for once, whoever asks"
