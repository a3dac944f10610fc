"""The gateway on the bus: whole frames, one leader of two, answers in their turn, orders once."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from bpx_connector.gateway.bus.connection import Bus, Message
from bpx_connector.gateway.bus.subjects import Subjects
from bpx_connector.gateway.publisher.metrics import metrics_text, serve_metrics
from bpx_connector.gateway.publisher.outlet import Outlet
from bpx_connector.gateway.publisher.settings import Settings
from bpx_connector.gateway.publisher.till import Limits
from bpx_connector.gateway.rules.limits import UserLimits
from bpx_connector.gateway.rules.snapshots import unpacked
from bpx_connector.sandbox.clock import DrivenClock
from bpx_connector.sandbox.faults.kinds import fault_of
from bpx_connector.sandbox.server import Sandbox
from bpx_connector.stream.frames import delta_of
from tests.support.gateways import bus_of, gateway_on, leading, reader_on, until
from tests.support.nats_servers import NatsServer
from tests.support.streaming import exchange_on, soon

PLENTY = Limits(historical=60_000, historical_burst=60)
MARKETS = ("SOL_USDC", "BTC_USDC")


def sandbox(**options: Any) -> Sandbox:
    return Sandbox(**{"seed": 1, "symbols": MARKETS, "speed": 20, **options})


async def want(bus: Bus, net: str, *streams: str) -> dict[str, str]:
    """Ask for streams; those that are refused."""
    payload = json.dumps({"streams": streams}).encode()
    answer = await bus.request(Subjects(net).want("md", "x1"), payload, 5.0)
    refused: dict[str, str] = json.loads(answer.data)["refused"]
    return refused


async def ask(bus: Bus, net: str, path: str, desk: str = "md", **params: Any) -> Message:
    return await bus.request(
        Subjects(net).request(desk, "x1", "GET", path), json.dumps(params).encode(), 10.0
    )


async def act(bus: Bus, net: str, identity: str, params: Any, path: str = "api/v1/order") -> Message:
    subject = Subjects(net).request("main", "x1", "POST", path)
    return await bus.request(subject, json.dumps(params).encode(), 10.0, {"Bpx-Id": identity})


async def test_frames_are_the_venues_and_have_no_hole(nats_server: NatsServer, net: str) -> None:
    async with sandbox() as venue, gateway_on(nats_server, venue, net), bus_of(nats_server) as bus:
        heard: list[str] = []
        await bus.subscribe(
            Subjects(net).frame("depth.SOL_USDC"), lambda message: heard.append(message.data.decode())
        )
        assert await want(bus, net, "depth.SOL_USDC") == {}
        await until(lambda: len(heard) > 50)
        assert all(
            text.startswith('{"data":{') and text.endswith('"stream":"depth.SOL_USDC"}') for text in heard
        )
        deltas = [delta for delta in map(delta_of, heard) if delta.u >= delta.U]
        assert [delta.U for delta in deltas[1:]] == [delta.u + 1 for delta in deltas[:-1]]


async def test_a_stream_that_the_venue_refuses_is_named_with_its_reason(
    nats_server: NatsServer, net: str
) -> None:
    async with sandbox() as venue, gateway_on(nats_server, venue, net), bus_of(nats_server) as bus:
        refused = await want(bus, net, "depth.SOL_USDC", "nothing.SOL_USDC")
        assert list(refused) == ["nothing.SOL_USDC"] and "4006" in refused["nothing.SOL_USDC"]


async def test_a_quiet_book_has_a_head(nats_server: NatsServer, net: str) -> None:
    async with (
        sandbox(clock=DrivenClock()) as venue,  # its time stands still
        gateway_on(nats_server, venue, net),
        bus_of(nats_server) as bus,
    ):
        heard: list[str] = []
        await bus.subscribe(
            Subjects(net).frame("depth.SOL_USDC"), lambda message: heard.append(message.data.decode())
        )
        await want(bus, net, "depth.SOL_USDC")
        await until(lambda: heard)
        update = int(
            json.loads((await ask(bus, net, "api/v1/depth", symbol="SOL_USDC")).data)["lastUpdateId"]
        )
        head = delta_of(heard[0])
        assert (head.U, head.u, head.a, head.b) == (update + 1, update, [], [])


async def test_the_second_takes_over_from_the_first_without_a_hole(nats_server: NatsServer, net: str) -> None:
    async with AsyncExitStack() as stack:
        venue = await stack.enter_async_context(sandbox())
        reader = await stack.enter_async_context(reader_on(nats_server, net))
        async with gateway_on(nats_server, venue, net, "a") as first:
            second = await stack.enter_async_context(gateway_on(nats_server, venue, net, "b"))
            assert leading(first, second) == [first]
            nonce = (await soon(reader.watch_order_book("SOL/USDC")))["nonce"]
            await until(lambda: second.following.streams_on == first.following.streams_on == 5)
            on_since = len(second.outlet.ring)
            await until(lambda: len(second.outlet.ring) > on_since + 20)
        await until(lambda: second.leads)
        assert second.leading.takeovers == 1 and second.replayed > 0
        for _ in range(30):
            assert (await soon(reader.watch_order_book("SOL/USDC")))["nonce"] >= nonce
        assert reader.stream_counters()["streams"]["depth.SOL_USDC"]["gaps"] == 0


async def test_many_equal_questions_cost_two_requests(nats_server: NatsServer, net: str) -> None:
    async with sandbox() as venue, gateway_on(nats_server, venue, net) as gateway, bus_of(nats_server) as bus:
        before = gateway.venue_requests
        answers = await asyncio.gather(*(ask(bus, net, "api/v1/capital", desk="main") for _ in range(200)))
        assert len({answer.data for answer in answers}) == 1
        assert gateway.venue_requests - before <= 2
        assert gateway.desk.spared >= 198


async def test_a_large_answer_is_deflated_for_who_asks_for_that_only(
    nats_server: NatsServer, net: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bpx_connector.gateway.publisher.desk.COMPRESSED_FROM", 100)
    async with (
        sandbox() as venue,
        gateway_on(nats_server, venue, net),
        bus_of(nats_server) as bus,
    ):
        subject = Subjects(net).request("md", "x1", "GET", "api/v1/markets")
        plain = await bus.request(subject, b"{}", 10.0)
        small = await bus.request(subject, b"{}", 10.0, {"Bpx-Accept": "levels, deflate"})
        assert plain.headers == {"Bpx-Status": "200"}
        assert (small.headers or {})["Bpx-Encoding"] == "deflate"
        assert zlib.decompress(small.data) == plain.data


async def test_a_kept_book_comes_packed_to_who_reads_that(nats_server: NatsServer, net: str) -> None:
    async with (
        sandbox(clock=DrivenClock()) as venue,
        gateway_on(nats_server, venue, net),
        bus_of(nats_server) as bus,
    ):
        subject = Subjects(net).request("md", "x1", "GET", "api/v1/depth")
        params = json.dumps({"symbol": "SOL_USDC"}).encode()
        accept = {"Bpx-Accept": "levels"}
        first = await bus.request(subject, params, 10.0, accept)
        assert (first.headers or {}).get("Bpx-Encoding") is None, "not kept: the venue's words"
        await want(bus, net, "depth.SOL_USDC")
        await until_packed(bus, subject, params)
        words = json.loads((await bus.request(subject, params, 10.0)).data)
        book = unpacked((await bus.request(subject, params, 10.0, accept)).data)
        assert str(book.update) == words["lastUpdateId"] == json.loads(first.data)["lastUpdateId"]
        assert [[float(figure) for figure in level] for level in words["asks"]] == [*map(list, book.asks)]


async def until_packed(bus: Bus, subject: str, params: bytes) -> None:
    """Wait until a book is kept."""
    while True:
        answer = await bus.request(subject, params, 10.0, {"Bpx-Accept": "levels"})
        if (answer.headers or {}).get("Bpx-Encoding") == "levels":
            return
        await asyncio.sleep(0.01)


async def test_kept_candles_are_the_venues(nats_server: NatsServer, net: str) -> None:
    async with (
        sandbox() as venue,
        gateway_on(nats_server, venue, net, limits=PLENTY) as gateway,
        bus_of(nats_server) as bus,
        exchange_on(venue) as direct,
    ):
        start = int(venue.clock.now() // 1_000_000) - 3600
        request: dict[str, Any] = {"symbol": "SOL_USDC", "interval": "1m", "startTime": start}
        theirs = await direct.public_get_api_v1_klines(request)
        asked = gateway.venue_requests
        for _ in range(5):
            ours = json.loads((await ask(bus, net, "api/v1/klines", **request)).data)
            assert ours[: len(theirs) - 1] == theirs[:-1]
        assert gateway.venue_requests == asked + 1
        answer = await ask(bus, net, "api/v1/klines", **{**request, "interval": "1month"})
        assert answer.headers == {"Bpx-Status": "200"}, "of intervals that are not kept the venue is asked"


async def test_an_order_is_sent_once_however_often_it_comes(nats_server: NatsServer, net: str) -> None:
    order = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "quantity": "1", "price": "90"}
    async with (
        sandbox() as venue,
        gateway_on(nats_server, venue, net, users={"x1": UserLimits()}) as gateway,
        bus_of(nats_server) as bus,
        exchange_on(venue) as direct,
    ):
        assert (await act(bus, net, "one", order)).headers == {"Bpx-Status": "200"}
        again = await act(bus, net, "one", order)
        assert (again.headers or {})["Bpx-Trouble"] == "refused"
        nameless = await act(bus, net, "", order)
        assert (nameless.headers or {})["Bpx-Trouble"] == "refused"
        assert gateway.desk.counts["sent"] == 1
        assert len(await direct.fetch_open_orders("SOL/USDC")) == 1


async def test_the_limits_of_a_user_hold_and_open_orders_are_counted(
    nats_server: NatsServer, net: str
) -> None:
    order = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "quantity": "1", "price": "90"}
    limits = {"x1": UserLimits(frozenset({"SOL_USDC"}), Decimal(500), 1)}
    async with (
        sandbox() as venue,
        gateway_on(nats_server, venue, net, users=limits) as gateway,
        bus_of(nats_server) as bus,
        exchange_on(venue) as direct,
    ):
        await until(lambda: gateway.following.streams_on == 4)
        dear = await act(bus, net, "a", {**order, "quantity": "10"})
        assert b"500 is this user's most" in dear.data
        sent = json.loads((await act(bus, net, "b", order)).data)
        assert b"1 orders are open" in (await act(bus, net, "c", order)).data
        await direct.cancel_order(sent["id"], "SOL/USDC")
        await until(lambda: not gateway.desk.owners)
        assert json.loads((await act(bus, net, "d", order)).data)["status"] == "New"


async def test_private_events_are_stored_once_by_two_gateways(nats_server: NatsServer, net: str) -> None:
    async with (
        sandbox() as venue,
        gateway_on(nats_server, venue, net, "a") as first,
        gateway_on(nats_server, venue, net, "b") as second,
        exchange_on(venue) as trader,
        bus_of(nats_server) as bus,
    ):
        await until(lambda: first.following.streams_on == second.following.streams_on == 4)
        for _ in range(3):
            await trader.create_order("SOL/USDC", "market", "buy", 1)
        leader, standby = (first, second) if first.leads else (second, first)
        await until(lambda: leader.outlet.counts["stored"] > 5 and not leader.outlet.unstored)
        log = Subjects(net).log("main")
        reading = await bus.stored_after(log, "check", f"bpx.{net}.acct.main.>")
        texts = [message.data for message in await reading.fetch(1000, timeout=1)]
        standby.outlet.lead()  # as if it, too, believed to lead: it says all that it has held back
        await until(lambda: standby.outlet.counts["stored"] > 0 and not standby.outlet.unstored)
        with pytest.raises(TimeoutError):
            await reading.fetch(1000, timeout=0.2)
        assert len(texts) == len(set(texts))


async def test_markets_shared_out_among_two_have_a_leader_each(nats_server: NatsServer, net: str) -> None:
    public = {"account": None, "shards": 2}
    async with (
        sandbox() as venue,
        gateway_on(nats_server, venue, net, "a", shard=0, **public) as first,
        gateway_on(nats_server, venue, net, "b", shard=1, **public) as second,
        gateway_on(nats_server, venue, net, "c", shards=0) as account,
        reader_on(nats_server, net, shards=2) as reader,
    ):
        assert len(leading(first, second, account)) == 3
        for symbol in ("SOL/USDC", "BTC/USDC"):
            assert (await soon(reader.watch_order_book(symbol)))["bids"]
        assert (await reader.fetch_balance())["total"]
        assert first.following.streams + second.following.streams == 2


async def test_an_account_is_compared_with_the_venue_once_for_all(nats_server: NatsServer, net: str) -> None:
    async with (
        sandbox() as venue,
        gateway_on(nats_server, venue, net, audit_every=0.05) as gateway,
        exchange_on(venue) as trader,
    ):
        await until(lambda: gateway.auditing.audits > 3)
        await trader.create_order("SOL/USDC", "limit", "buy", 1, 90)
        audits = gateway.auditing.audits
        await until(lambda: gateway.auditing.audits > audits + 3)
        assert gateway.auditing.doubts == 0


async def _used(reader: Any) -> bool:
    return bool((await reader.watch_balance())["USDC"]["used"])


async def _is_open(reader: Any) -> bool:
    return any(order["status"] == "open" for order in await reader.watch_orders())


async def _is_long(reader: Any) -> bool:
    return any(position["contracts"] for position in await reader.watch_positions())


@pytest.mark.parametrize(
    ("kind", "sees"), [("balanceUpdate", _used), ("orderUpdate", _is_open), ("positionUpdate", _is_long)]
)
async def test_an_event_that_was_lost_is_found_by_the_gateway_and_its_readers_are_told(
    nats_server: NatsServer, net: str, kind: str, sees: Callable[[Any], Awaitable[bool]]
) -> None:
    async with (
        sandbox(symbols=("SOL_USDC", "SOL_USDC_PERP")) as venue,
        gateway_on(nats_server, venue, net, audit_every=0.1) as gateway,
        exchange_on(venue) as trader,
        reader_on(nats_server, net) as reader,
    ):

        async def seen() -> None:
            while not await sees(reader):
                pass

        watching = asyncio.ensure_future(seen())
        stream = f"account.{kind}"
        counters = {"mayBeStale": True}
        await until(lambda: not reader.stream_counters()["streams"].get(stream, counters)["mayBeStale"])
        await until(lambda: gateway.following.streams_on == 4 and gateway.auditing.audits > 6)
        venue.faults.add(fault_of(f"lose {stream}"))
        await trader.create_order("SOL/USDC", "limit", "buy", 1, 90)
        await trader.create_order("SOL/USDC:USDC", "market", "buy", 1)
        await soon(watching)
        assert gateway.auditing.doubts


async def test_its_figures_are_there_to_be_scraped(nats_server: NatsServer, net: str) -> None:
    async with sandbox() as venue, gateway_on(nats_server, venue, net) as gateway:
        runner = await serve_metrics(gateway, "127.0.0.1", 0)
        try:
            port = runner.addresses[0][1]
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://127.0.0.1:{port}/metrics") as response,
            ):
                text = await response.text()
        finally:
            await runner.cleanup()
        assert 'bpx_gateway_leading{gateway="a"} 1' in text
        assert "# TYPE bpx_gateway_takeovers_total counter" in metrics_text(gateway)


@pytest.mark.parametrize(
    "wrong", [{"shards": 0, "account": None}, {"shard": 2, "shards": 2}, {"account": "a.b"}]
)
def test_settings_that_serve_nothing_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"gateway needs|shard|letters"):
        Settings("t", "a", **wrong)


async def test_more_events_than_are_stored_at_once_are_all_stored(nats_server: NatsServer, net: str) -> None:
    outlet = Outlet(Subjects(net), "main", lambda: 0.0)
    async with bus_of(nats_server) as bus:
        await bus.keep(f"E{net}", [f"{net}.e.>"], 600.0)
        for number in range(500):
            outlet.store(f"{net}.e.x", b"", f"fill.{number}")
        pumping = asyncio.ensure_future(outlet.pump_events(bus))
        await until(lambda: not outlet.unstored)
        assert outlet.counts["stored"] == 500
        pumping.cancel()
        await asyncio.gather(pumping, return_exceptions=True)
