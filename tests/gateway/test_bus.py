"""The connection: what it refuses, what it says of its end, and what is stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpx_connector.gateway.bus.connection import Access, Bus, BusDownError, NobodyThereError
from tests.support.gateways import bus_of, until
from tests.support.nats_servers import NatsServer


@pytest.mark.parametrize(
    ("server", "sentence"),
    [
        ("nats://10.0.0.5:4222", "use tls://"),
        ("nats://nats.example:4222", "use tls://"),
        ("http://127.0.0.1:4222", "nats://host:port"),
        ("nats://user:secret@127.0.0.1:4222", "must not carry a password"),
        ("127.0.0.1:4222", "nats://host:port"),
    ],
)
def test_an_address_that_is_not_safe_is_refused(server: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as refusal:
        Access((server,), "s7")
    assert "secret@" not in str(refusal.value)


@pytest.mark.parametrize(
    "server", ["nats://127.0.0.1:1", "nats://localhost:1", "nats://[::1]:1", "tls://far:1"]
)
def test_this_machine_and_tls_are_safe(server: str) -> None:
    assert Access((server,), "s7").servers == (server,)


def test_another_machine_without_tls_has_to_be_asked_for() -> None:
    assert Access(("nats://10.0.0.5:4222",), "s7", insecure=True).insecure


def test_a_seed_is_not_shown() -> None:
    assert "s7.nk" not in repr(Access(("nats://127.0.0.1:1",), "s7", seed="/run/s7.nk"))


@pytest.mark.parametrize(
    ("servers", "is_local"),
    [
        (("nats://127.0.0.1:1", "tls://localhost:1"), True),
        (("tls://far:1",), False),
        (("nats://127.0.0.1:1", "tls://far:1"), False),
    ],
)
def test_whether_the_bus_is_on_this_machine_is_known(servers: tuple[str, ...], is_local: bool) -> None:
    assert Access(servers, "s7").is_local is is_local


async def test_what_is_said_is_heard(nats_server: NatsServer, net: str) -> None:
    async with bus_of(nats_server) as bus:
        heard: list[tuple[str, bytes]] = []
        end = await bus.subscribe(f"{net}.>", lambda message: heard.append((message.subject, message.data)))
        await bus.flush()
        await bus.publish(f"{net}.a", b"1")
        await until(lambda: heard)
        await end()
        await bus.publish(f"{net}.a", b"2")
        await bus.flush()
        assert heard == [(f"{net}.a", b"1")]


async def test_a_request_that_nobody_hears_says_so_at_once(nats_server: NatsServer, net: str) -> None:
    async with bus_of(nats_server) as bus:
        with pytest.raises(NobodyThereError):
            await bus.request(f"{net}.nobody", b"", 10.0)


async def test_of_two_writers_that_expect_the_same_one_is_refused(nats_server: NatsServer, net: str) -> None:
    async with bus_of(nats_server) as bus:
        await bus.keep(f"L{net}", [f"{net}.lease"], 60.0, in_memory=True, last_only=True)
        first = await bus.store(f"{net}.lease", b"a", 5.0, expected=0)
        assert first is not None
        assert await bus.store(f"{net}.lease", b"b", 5.0, expected=0) is None
        assert await bus.store(f"{net}.lease", b"b", 5.0, expected=first) is not None


async def test_an_identity_is_stored_once(nats_server: NatsServer, net: str) -> None:
    async with bus_of(nats_server) as bus:
        await bus.keep(f"E{net}", [f"{net}.e.>"], 600.0)
        number = await bus.store(f"{net}.e.x", b"a", 5.0, identity="fill.1")
        assert await bus.store(f"{net}.e.y", b"b", 5.0, identity="fill.1") == number
        assert await bus.last_stored(f"E{net}", f"{net}.e.x") == b"a"
        assert await bus.last_stored(f"E{net}", f"{net}.e.z") is None


async def test_the_end_of_a_server_ends_the_connection(tmp_path: Path) -> None:
    with NatsServer(tmp_path) as server:
        async with bus_of(server) as bus:
            server.kill()
            await until(bus.ended.is_set)
            assert not bus.is_open
            with pytest.raises(BusDownError):
                await bus.publish("a", b"")
            with pytest.raises(BusDownError):
                await Bus.connected(bus.access)
        server.start()
        async with bus_of(server) as again:
            assert again.is_open
