"""Markets shared out among pairs of gateways, and a pair for each of two accounts, on one bus."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

from bpx_connector.gateway.bus.subjects import desk_of_market
from bpx_connector.gateway.rules.limits import UserLimits
from bpx_connector.sandbox.server import Sandbox
from tests.support.gateways import gateway_on, leading, reader_on, running_gateway, until
from tests.support.keys import FIRST, SECOND
from tests.support.nats_servers import NatsServer
from tests.support.streaming import exchange_on, soon

MARKETS = ("SOL_USDC", "SOL_USDC_PERP")
SYMBOLS = {"md0of2": "SOL/USDC:USDC", "md1of2": "SOL/USDC"}
"""A market of each of two desks."""
ANYTHING = {"s1": UserLimits(), "s2": UserLimits()}


def test_each_desk_has_its_market() -> None:
    assert [desk_of_market(market, 2) for market in MARKETS] == ["md1of2", "md0of2"]


def turns_of(pair: list[Any]) -> int:
    """How often one of a pair has begun to lead."""
    return sum(gateway.leading.takeovers for gateway in pair)


async def test_a_pair_that_changes_its_leader_is_nothing_to_the_other_pair(
    nats_server: NatsServer, net: str
) -> None:
    async with AsyncExitStack() as stack:
        venue = await stack.enter_async_context(Sandbox(seed=1, symbols=MARKETS, speed=20))
        public: dict[str, Any] = {"account": None, "shards": 2}
        first = await stack.enter_async_context(AsyncExitStack())
        leader = await first.enter_async_context(gateway_on(nats_server, venue, net, "a0", shard=0, **public))
        others = [
            await stack.enter_async_context(gateway_on(nats_server, venue, net, name, shard=shard, **public))
            for name, shard in (("b0", 0), ("a1", 1), ("b1", 1))
        ]
        reader = await stack.enter_async_context(reader_on(nats_server, net, shards=2))
        assert leading(leader, *others) == [leader, others[1]]
        for symbol in SYMBOLS.values():
            assert (await soon(reader.watch_order_book(symbol)))["bids"]
        before, turns = reader.stream_counters()["gateway"]["epochs"], turns_of(others[1:])
        await first.aclose()
        await until(lambda: others[0].leads)
        await until(lambda: reader.stream_counters()["gateway"]["leaders"]["md0of2"] == "b0")
        for symbol in SYMBOLS.values():
            assert (await soon(reader.watch_order_book(symbol)))["bids"]
        after = reader.stream_counters()
        # A machine that stands still for a second makes a pair change its leader by itself.
        is_new = after["gateway"]["epochs"]["md1of2"] != before["md1of2"]
        assert not is_new or turns_of(others[1:]) > turns
        assert after["streams"]["depth.SOL_USDC"]["gaps"] == 0


async def test_two_accounts_have_a_gateway_each_and_see_nothing_of_one_another(
    nats_server: NatsServer, net: str
) -> None:
    async with AsyncExitStack() as stack:
        venue = await stack.enter_async_context(Sandbox(seed=1, symbols=MARKETS, speed=20))
        await stack.enter_async_context(gateway_on(nats_server, venue, net, "m", account=None))
        readers, gateways = [], []
        for name, user, keys in (("one", "s1", FIRST), ("two", "s2", SECOND)):
            gateways.append(
                await stack.enter_async_context(
                    running_gateway(
                        nats_server, venue.url, net, name, keys, account=name, shards=0, users=ANYTHING
                    )
                )
            )
            readers.append(await stack.enter_async_context(reader_on(nats_server, net, user, account=name)))
        await until(lambda: len(leading(*gateways)) == 2)
        await until(lambda: all(gateway.following.streams_on == 4 for gateway in gateways))
        orders = [await reader.create_order("SOL/USDC", "limit", "buy", 1, 90) for reader in readers]
        for reader, order, keys in zip(readers, orders, (FIRST, SECOND), strict=True):
            assert [one["id"] for one in await reader.fetch_open_orders("SOL/USDC")] == [order["id"]]
            direct = await stack.enter_async_context(exchange_on(venue, keys))
            assert [one["id"] for one in await direct.fetch_open_orders("SOL/USDC")] == [order["id"]]
            assert (await soon(reader.watch_balance()))["USDC"]["used"] > 0
            assert (await soon(reader.watch_order_book("SOL/USDC")))["bids"], "public data is everybody's"
        assert [gateway.desk.counts["sent"] for gateway in gateways] == [1, 1]
