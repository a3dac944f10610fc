"""Gateways that say all the time: no pause when the leader dies, and nothing is told twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bpx_connector.gateway.bus.connection import Bus
from bpx_connector.gateway.bus.subjects import Subjects
from bpx_connector.gateway.publisher.outlet import Outlet
from bpx_connector.gateway.rules.lease import LIFETIME
from bpx_connector.gateway.rules.repetition import MOST, Repetitions, is_known_again
from bpx_connector.sandbox.server import Sandbox
from tests.support.gateways import bus_of, gateway_on, leading, reader_on, until
from tests.support.links import text_frame
from tests.support.nats_servers import NatsServer
from tests.support.streaming import TrueBooks, exchange_on, soon

MARKETS = ("SOL_USDC",)


@asynccontextmanager
async def somebody_else_leads(bus: Bus, net: str) -> AsyncIterator[None]:
    """The lease is held by nobody who speaks, as in the second after a leader has died."""
    subjects = Subjects(net)
    log, subject = subjects.lease_log("md-main"), subjects.lease("md-main")
    await bus.keep(log, [subject], LIFETIME, True, True)

    async def hold() -> None:
        held = 0
        while True:
            held = await bus.store(subject, b"other", 5.0, expected=held) or 0
            await asyncio.sleep(0.2)

    holding = asyncio.ensure_future(hold())
    try:
        await asyncio.sleep(0)
        yield
    finally:
        holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)


@pytest.mark.parametrize("always", [True, False])
async def test_frames_go_on_while_nobody_leads(nats_server: NatsServer, net: str, always: bool) -> None:
    async with (
        Sandbox(seed=1, symbols=MARKETS, speed=20) as venue,
        bus_of(nats_server) as bus,
        somebody_else_leads(bus, net),
        gateway_on(nats_server, venue, net, always=always) as gateway,
    ):
        assert not gateway.leads
        heard: list[str] = []
        await bus.subscribe(
            Subjects(net).frame("depth.SOL_USDC"), lambda message: heard.append(message.subject)
        )
        wanted = json.dumps({"streams": ["depth.SOL_USDC"]}).encode()
        await bus.request(Subjects(net).want("md", "x1"), wanted, 5.0)
        kept_back = len(gateway.outlet.ring)
        if always:
            await until(lambda: len(heard) > 10)
        else:
            await until(lambda: len(gateway.outlet.ring) > kept_back + 10)
            assert not heard


async def test_what_two_gateways_say_at_once_is_told_once_and_in_order(
    nats_server: NatsServer, net: str
) -> None:
    async with (
        Sandbox(seed=1, symbols=MARKETS, speed=20) as venue,
        gateway_on(nats_server, venue, net, "a", always=True) as first,
        gateway_on(nats_server, venue, net, "b", always=True) as second,
        exchange_on(venue) as trader,
        reader_on(nats_server, net) as reader,
    ):
        assert len(leading(first, second)) == 1
        truth, nonce = TrueBooks(venue, MARKETS), 0
        seen: list[str] = []

        async def trades() -> None:
            while len(seen) < 20:
                seen.extend(trade["id"] for trade in await reader.watch_trades("SOL/USDC"))

        fills: list[str] = []

        async def own() -> None:
            while len(fills) < 3:
                fills.extend(trade["id"] for trade in await reader.watch_my_trades())

        watching = asyncio.ensure_future(asyncio.gather(trades(), own()))
        for _ in range(30):
            book = await soon(reader.watch_order_book("SOL/USDC"))
            assert truth.is_true("SOL_USDC", book, 10) in (True, None) and book["nonce"] >= nonce
            nonce = book["nonce"]
        await until(lambda: first.following.streams_on == second.following.streams_on == 6)
        for _ in range(3):
            await trader.create_order("SOL/USDC", "market", "buy", 1)
        await soon(watching)
        assert len(seen) == len(set(seen)) and len(fills) == len(set(fills))
        assert reader.stream_counters()["streams"]["depth.SOL_USDC"]["gaps"] == 0
        both = [gateway.outlet.counts["messages"] for gateway in (first, second)]
        assert min(both) > 30, "both say what they hear"


def test_events_without_a_number_are_said_by_the_leader_only() -> None:
    outlet = Outlet(Subjects("t"), "main", lambda: 1.0, always=True)
    said: list[str] = []
    outlet.say = lambda subject, *rest: said.append(subject)  # type: ignore[method-assign]
    for stream in ("liquidation", "trade.A"):
        outlet.frame(stream, text_frame(stream, s="A"))
    assert said == ["bpx.t.md.trade.A"] and len(outlet.ring) == 1
    outlet.event("account.rfqUpdate", text_frame("account.rfqUpdate", s="A"))
    outlet.event("account.orderUpdate", text_frame("account.orderUpdate", s="A", i="1", e="x", T=1))
    assert len(outlet.ring) == 2 and outlet.unstored == 1
    outlet.lead()
    assert said == ["bpx.t.md.trade.A", "bpx.t.md.liquidation"] and outlet.unstored == 2


@pytest.mark.parametrize(
    ("stream", "is_known"),
    [
        ("depth.200ms.A", True),
        ("account.orderUpdate", True),
        ("account.orderUpdate.A", True),
        ("liquidation", False),
        ("liquidation.A", False),
        ("account.rfqUpdate", False),
        ("somethingNew.A", False),
    ],
)
def test_which_frames_tell_that_they_are_repeated(stream: str, is_known: bool) -> None:
    assert is_known_again(stream) is is_known


def test_of_texts_that_do_not_tell_the_last_are_remembered() -> None:
    repetitions = Repetitions()
    assert [repetitions.is_new(text) for text in ("a", "b", "a", "b", "c")] == [
        True,
        True,
        False,
        False,
        True,
    ]
    for number in range(MOST):
        repetitions.is_new(str(number))
    assert repetitions.is_new("a") and not repetitions.is_new(str(MOST - 1))


async def test_a_liquidation_that_is_said_twice_is_told_once(nats_server: NatsServer, net: str) -> None:
    async with (
        Sandbox(seed=1, symbols=MARKETS, speed=20) as venue,
        gateway_on(nats_server, venue, net) as gateway,
        reader_on(nats_server, net) as reader,
    ):
        heard: list[int] = []
        for stream in ("liquidation", "trade.SOL_USDC"):
            await reader.subscribe_stream(stream, lambda event: heard.append(event["E"]))
        await until(lambda: gateway.following.streams_on == 6 and heard)
        heard.clear()
        frames = [text_frame("liquidation", e="liquidation", E=number) for number in (-1, -1, -2, -1)]
        for frame in frames:
            gateway.outlet.frame("liquidation", frame)
        await until(lambda: -2 in heard)
        assert [number for number in heard if number < 0] == [-1, -2]
