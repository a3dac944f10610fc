"""Orders by way of a gateway while answers, requests and permits are lost: one outcome, as everywhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from ccxt.base.errors import ExchangeNotAvailable, NetworkError, RateLimitExceeded

from bpx_connector.gateway.bus.connection import Message
from bpx_connector.gateway.publisher.desk import Desk
from bpx_connector.gateway.publisher.service import Gateway
from bpx_connector.gateway.publisher.till import Refused
from bpx_connector.gateway.rules.limits import UserLimits
from bpx_connector.sandbox.faults.kinds import fault_of
from bpx_connector.sandbox.server import Sandbox
from bpx_connector.venue.errors import OutcomeUnknown
from tests.support.gateways import gateway_on, reader_on, until
from tests.support.keys import FIRST
from tests.support.nats_servers import NatsServer
from tests.support.streaming import exchange_on

SOL = "SOL/USDC"
ANYTHING = {"s7": UserLimits()}
WINDOW = 1_000


class Place:
    """A venue, a gateway, a program without keys, and the account as it is."""

    def __init__(self, venue: Sandbox, gateway: Gateway, reader: Any, direct: Any) -> None:
        self.venue = venue
        self.gateway = gateway
        self.reader = reader
        self.direct = direct

    async def open_ids(self) -> list[str]:
        return [order["id"] for order in await self.direct.fetch_open_orders(SOL)]

    async def order(self) -> Any:
        return await self.reader.create_order(SOL, "limit", "buy", 1, 90)


@asynccontextmanager
async def place_of(server: NatsServer, net: str, **reading: Any) -> AsyncIterator[Place]:
    async with (
        Sandbox(seed=1, symbols=("SOL_USDC",), speed=20) as venue,
        gateway_on(server, venue, net, users=ANYTHING) as gateway,
        reader_on(server, net, **reading) as reader,
        exchange_on(venue) as direct,
    ):
        reader.urls["api"] = venue.url
        reader.options["recvWindow"] = WINDOW
        reader.timeout = 4_000
        await reader.load_markets()
        await until(lambda: gateway.following.streams_on == 4)
        yield Place(venue, gateway, reader, direct)


@asynccontextmanager
async def with_orders_seen_by(
    server: NatsServer, net: str, monkeypatch: pytest.MonkeyPatch, change: Callable[[Message], bool]
) -> AsyncIterator[Place]:
    """The same with a gateway whose desk gets orders only as `change` says."""
    take = Desk.take

    def taken(desk: Desk, message: Message) -> None:
        if ".POST." not in message.subject or change(message):
            take(desk, message)

    monkeypatch.setattr(Desk, "take", taken)
    async with place_of(server, net) as place:
        yield place


@pytest.mark.parametrize("fault", ["lost", "refuse status=503", "refuse status=502 body=html"])
async def test_an_order_whose_answer_the_venue_loses_is_told_as_the_account_has_it(
    nats_server: NatsServer, net: str, fault: str
) -> None:
    async with place_of(nats_server, net) as place:
        kind, _, options = fault.partition(" ")
        place.venue.faults.add(fault_of(f"{kind} /api/v1/order method=POST times=1 {options}".strip()))
        try:
            told = [(await place.order())["id"]]
        except NetworkError as error:
            assert "was not placed" in str(error) and not isinstance(error, OutcomeUnknown)
            told = []
        assert await place.open_ids() == told and bool(told) == (kind == "lost")
        assert place.gateway.desk.counts["sent"] == 1


async def test_an_order_whose_answer_the_bus_loses_is_found(nats_server: NatsServer, net: str) -> None:
    async with place_of(nats_server, net) as place:
        place.reader.timeout = 2_500
        say = place.gateway.outlet.say
        lost: list[bytes] = []

        def said(subject: str, payload: bytes, *rest: Any, **more: Any) -> None:
            if payload.startswith(b'{"clientId"') or (b'"orderType"' in payload and not lost):
                lost.append(payload)
                return
            say(subject, payload, *rest, **more)

        place.gateway.outlet.say = said  # type: ignore[method-assign]
        order = await place.order()
        assert lost and await place.open_ids() == [order["id"]]


async def test_an_order_that_never_reaches_the_gateway_is_certainly_absent(
    nats_server: NatsServer, net: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with with_orders_seen_by(nats_server, net, monkeypatch, lambda message: False) as place:
        place.reader.timeout = 2_500
        with pytest.raises(NetworkError, match="was not placed") as failure:
            await place.order()
        assert not isinstance(failure.value, OutcomeUnknown) and await place.open_ids() == []


async def test_an_order_that_reaches_the_gateway_too_late_is_not_sent(
    nats_server: NatsServer, net: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[Message] = []

    def hold(message: Message) -> bool:
        held.append(message)
        return len(held) > 1

    async with with_orders_seen_by(nats_server, net, monkeypatch, hold) as place:
        place.reader.timeout = 2_500
        with pytest.raises(NetworkError, match="was not placed"):
            await place.order()
        desk = place.gateway.desk
        desk.take(held[0])  # only now: its sender counts it as never sent
        await until(lambda: desk.counts["late"] == 1)
        assert desk.counts["sent"] == 0 and await place.open_ids() == []


async def test_two_gateways_that_swap_in_the_middle_of_an_order_leave_one_order(
    nats_server: NatsServer, net: str
) -> None:
    async with (
        place_of(nats_server, net) as place,
        gateway_on(nats_server, place.venue, net, "b", users=ANYTHING) as second,
    ):
        say = place.gateway.outlet.say

        def said(subject: str, payload: bytes, *rest: Any, **more: Any) -> None:
            if b'"orderType"' not in payload:
                say(subject, payload, *rest, **more)
                return
            place.gateway.leading.lease.give_up()  # its answer never comes: it leads no more
            place.gateway.leading.lease.due = lambda now: None  # type: ignore[method-assign]

        place.gateway.outlet.say = said  # type: ignore[method-assign]
        place.reader.timeout = 3_000
        order = await place.order()
        assert await place.open_ids() == [order["id"]] and second.leads
        assert (place.gateway.desk.counts["sent"], second.desk.counts["sent"]) == (1, 0)


async def test_what_cannot_be_found_out_is_an_outcome_unknown_and_is_resolved_later(
    nats_server: NatsServer, net: str
) -> None:
    async with place_of(nats_server, net, patience=100) as place:
        place.venue.faults.add(fault_of("lost /api/v1/order method=POST times=1"))
        place.venue.faults.add(fault_of("refuse * method=GET"))
        with pytest.raises(OutcomeUnknown, match="resolve_order") as failure:
            await place.order()
        place.venue.faults.clear()
        found = await place.reader.resolve_order(failure.value.client_id, SOL)
        assert await place.open_ids() == [found["id"]]


async def test_a_permit_that_is_lost_sends_nothing(nats_server: NatsServer, net: str) -> None:
    async with place_of(nats_server, net, keys=FIRST, fallback={"share": 0.1}) as place:
        await place.reader.create_order(SOL, "limit", "buy", 1, 89)
        before = await place.open_ids()
        place.reader.timeout = 500

        async def never(budget: str, user: str) -> None:
            await asyncio.sleep(3600)

        place.gateway.till.leave = never  # type: ignore[method-assign]
        with pytest.raises(NetworkError, match=r"no leave came from the gateway; nothing was sent$"):
            await place.order()
        assert await place.open_ids() == before, "a gateway that is there but silent is not gone around"


async def test_a_refusal_of_the_gateway_is_no_open_question(nats_server: NatsServer, net: str) -> None:
    async with place_of(nats_server, net) as place:

        async def full(budget: str, user: str) -> None:
            raise Refused(f"{user} has too many requests waiting for the {budget} budget")

        place.gateway.till.leave = full  # type: ignore[method-assign]
        with pytest.raises(RateLimitExceeded, match=r"nothing was sent$"):
            await place.order()
        assert place.gateway.desk.counts["sent"] == 0


async def test_without_keys_nothing_goes_around_a_gateway_that_is_gone(
    nats_server: NatsServer, net: str
) -> None:
    async with reader_on(nats_server, net, patience=50) as reader:
        with pytest.raises(ExchangeNotAvailable, match=r"nothing was sent$"):
            await reader.private_post_api_v1_order(json.loads('{"symbol": "SOL_USDC", "clientId": 1}'))
