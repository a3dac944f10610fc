"""Fills and orders for a program that is killed: what it was not known to have read comes again, once."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bpx_connector.gateway.consumer.resumed import fill_in, order_event_in
from bpx_connector.gateway.consumer.settings import reader_of
from bpx_connector.sandbox.server import Sandbox
from tests.support.gateways import gateway_on, reader_on, until
from tests.support.nats_servers import NatsServer
from tests.support.streaming import exchange_on, soon

PROGRAM = """
import asyncio, json, sys
from bpx_connector.pro import bpx

async def main():
    exchange = bpx({"options": {"gateway": json.loads(sys.argv[1])}})
    await exchange.load_markets()
    print("ready", flush=True)
    for _ in range(int(sys.argv[2])):
        orders = await exchange.watch_orders()
        print(json.dumps([[order["id"], order["status"], order["filled"]] for order in orders]), flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@asynccontextmanager
async def strategy(server: NatsServer, net: str, rounds: int) -> AsyncIterator[asyncio.StreamReader]:
    """A program of its own that reads orders so many times; it ends as if the power had gone."""
    gateway = {"servers": [server.url], "user": "s7", "net": net, "resume": "s7-fills", "patience": 20_000}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, json.dumps(gateway), str(rounds)), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        assert await soon(process.stdout.readline(), 60) == b"ready\n"
        yield process.stdout
    finally:
        process.kill()
        await process.wait()


async def told(lines: asyncio.StreamReader) -> list[list[Any]]:
    found: list[list[Any]] = json.loads(await soon(lines.readline(), 30))
    return found


async def test_a_strategy_that_is_killed_is_told_of_its_orders_when_it_is_there_again(
    nats_server: NatsServer, net: str
) -> None:
    async with (
        Sandbox(seed=1, symbols=("SOL_USDC",), speed=20) as venue,
        gateway_on(nats_server, venue, net) as gateway,
        exchange_on(venue) as trader,
    ):
        await until(lambda: gateway.following.streams_on == 4)
        async with reader_on(nats_server, net, resume="s7-fills") as first:
            await first.load_markets()
            watching = asyncio.ensure_future(first.watch_orders())
            await until(lambda: first.stream_counters()["gateway"]["isOpen"])
            before = None
            while not watching.done():  # the name is known from the first question on
                before = await trader.create_order("SOL/USDC", "limit", "buy", 1, 90)
                await asyncio.wait([watching], timeout=0.5)
            assert before is not None and {order["status"] for order in watching.result()} == {"open"}
        async with strategy(nats_server, net, rounds=1) as lines:  # reads once, and never says that it has
            again = await told(lines)
            assert all(status == "open" for _, status, _ in again)
        kept = await trader.create_order("SOL/USDC", "limit", "buy", 2, 90)
        gone = await trader.create_order("SOL/USDC", "limit", "buy", 3, 90)
        await trader.cancel_order(gone["id"], "SOL/USDC")
        bought = await trader.create_order("SOL/USDC", "market", "buy", 1)
        await until(lambda: not gateway.outlet.unstored)
        state: dict[str, list[Any]] = {}
        async with strategy(nats_server, net, rounds=50) as lines:
            # What was handed out and is not known to be read comes again as well, after some seconds.
            expected = {again[0][0], kept["id"], gone["id"], bought["id"]}
            while expected - state.keys() or state[bought["id"]][0] != "closed":
                state |= {identity: rest for identity, *rest in await told(lines)}
        assert state[kept["id"]] == ["open", 0.0] and state[gone["id"]][0] == "canceled"
        assert state[bought["id"]] == ["closed", 1.0]


async def test_orders_are_told_of_the_markets_asked_for_each_in_its_latest_state_with_its_fees(
    nats_server: NatsServer, net: str
) -> None:
    async with (
        Sandbox(seed=1, symbols=("SOL_USDC", "BTC_USDC"), speed=20) as venue,
        gateway_on(nats_server, venue, net) as gateway,
        exchange_on(venue) as trader,
        reader_on(nats_server, net, resume="s7") as reader,
    ):
        await until(lambda: gateway.following.streams_on == 4)
        await reader.load_markets()
        with pytest.raises(TimeoutError):
            await soon(reader.watch_orders("BTC/USDC"), 0.5)  # from now on the name is known
        other = await trader.create_order("SOL/USDC", "market", "buy", 1)
        order = await trader.create_order("BTC/USDC", "market", "buy", 0.01)
        orders: dict[str, Any] = {}
        while orders.get(order["id"], {}).get("status") != "closed":
            orders |= {one["id"]: one for one in await soon(reader.watch_orders("BTC/USDC"))}
        assert orders.keys() == {order["id"]} and orders[order["id"]]["fee"]["currency"]
        rest = {one["id"]: one for one in await soon(reader.watch_orders())}
        assert rest.keys() == {other["id"]} and rest[other["id"]]["filled"] == 1.0


def test_what_counts_of_a_stored_frame() -> None:
    event = {"e": "orderAccepted", "i": "1", "s": "A"}
    stored = {"stream": "account.orderUpdate", "data": event}
    assert order_event_in(stored) == event and fill_in(stored) is None
    row = {"stream": "fill", "data": {"symbol": "A", "tradeId": 1}}
    assert fill_in(row) == row["data"] and order_event_in(row) is None
    assert order_event_in({"stream": "account.balanceUpdate", "data": {}}) is None


@pytest.mark.parametrize(("resume", "orders"), [("s7-fills", "s7-orders"), ("s7", "s7-orders"), (None, None)])
def test_orders_have_a_name_of_their_own_beside_the_fills(resume: str | None, orders: str | None) -> None:
    options = {"servers": ["nats://127.0.0.1:1"], "user": "s7", "resume": resume}
    assert reader_of(options, False).resume_orders == orders
