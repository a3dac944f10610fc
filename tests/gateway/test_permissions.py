"""The printed configuration on a real server: what each role may say and hear, and nothing more."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import nkeys
import pytest

from bpx_connector.gateway.bus.connection import Access, Bus
from bpx_connector.gateway.bus.permissions import ROLES, User, nats_config
from bpx_connector.gateway.bus.reader import FrameReader
from bpx_connector.gateway.bus.subjects import Subjects
from bpx_connector.gateway.rules.limits import UserLimits
from bpx_connector.sandbox.server import Sandbox
from tests.support.certificates import made_certificates
from tests.support.gateways import gateway_on, reader_on, until
from tests.support.nats_servers import NatsServer
from tests.support.streaming import exchange_on, soon

SUBJECTS = Subjects("live")

SAID = {
    "bpx.live.md.depth.SOL_USDC": {"gateway"},
    "bpx.live.acct.main.orderUpdate.SOL_USDC": {"gateway"},
    "bpx.live.gw.md.beat": {"gateway"},
    "bpx.live.gw.md.control": {"gateway"},
    "bpx.live.gw.md-main.lease": {"gateway"},
    "bpx.live.gw.main.owner": {"gateway"},
    "bpx.live.want.md.SELF": {"gateway", "reader", "account-reader", "trader"},
    "bpx.live.want.md.other": {"gateway"},
    "bpx.live.rest.md.SELF.GET.api.v1.depth": {"gateway", "reader", "account-reader", "trader"},
    "bpx.live.rest.md.other.GET.api.v1.depth": {"gateway"},
    "bpx.live.rest.main.SELF.GET.api.v1.capital": {"gateway", "account-reader", "trader"},
    "bpx.live.rest.main.SELF.GET.wapi.v1.history.fills": {"gateway", "account-reader", "trader"},
    "bpx.live.rest.other.SELF.GET.api.v1.capital": {"gateway"},
    "bpx.live.rest.main.SELF.POST.api.v1.order": {"gateway", "trader"},
    "bpx.live.rest.main.SELF.DELETE.api.v1.orders": {"gateway", "trader"},
    "bpx.live.rest.main.other.POST.api.v1.order": {"gateway"},
    "bpx.live.rest.main.SELF.POST.wapi.v1.capital.withdrawals": {"gateway"},
    "bpx.live.rest.main.SELF.PATCH.api.v1.account": {"gateway"},
    "bpx.live.permit.main.SELF": {"gateway", "trader"},
    "bpx.live.permit.main.other": {"gateway"},
    "bpx.live.permit.other.SELF": {"gateway"},
    "bpx.sandbox.md.depth.SOL_USDC": set(),
    "_INBOX.other.x": {"gateway"},
    "$JS.API.STREAM.DELETE.bpx_live_ACCOUNT_main": {"gateway"},
    "$JS.API.STREAM.MSG.GET.bpx_live_ACCOUNT_main": {"gateway"},
    "$JS.API.CONSUMER.MSG.NEXT.bpx_live_ACCOUNT_main.SELF-fills": {"gateway", "account-reader", "trader"},
    "$JS.API.CONSUMER.MSG.NEXT.bpx_live_ACCOUNT_main.SELF-orders": {"gateway", "account-reader", "trader"},
    "$JS.API.CONSUMER.MSG.NEXT.bpx_live_ACCOUNT_main.other-orders": {"gateway"},
    "$JS.API.CONSUMER.MSG.NEXT.bpx_live_ACCOUNT_main.other-fills": {"gateway"},
    "bpx.live.gw.md-main.led": {"gateway"},
    "$JS.API.CONSUMER.CREATE.bpx_live_ACCOUNT_main.SELF-fills.bpx.live.acct.main.>": {
        *("gateway", "account-reader", "trader")
    },
    "$JS.API.CONSUMER.CREATE.bpx_live_ACCOUNT_other.SELF-fills.bpx.live.acct.other.>": {"gateway"},
}
"""Who may publish there; SELF is the user's own name."""

HEARD = {
    "bpx.live.md.>": set(ROLES),
    "bpx.live.gw.md.beat": set(ROLES),
    "bpx.live.gw.*.control": set(ROLES),
    "bpx.live.gw.main.owner": {"gateway"},
    "bpx.live.acct.main.>": {"gateway", "account-reader", "trader"},
    "bpx.live.acct.other.>": {"gateway"},
    "bpx.live.rest.>": {"gateway"},
    "bpx.live.permit.>": {"gateway"},
    "bpx.live.>": {"gateway"},
    ">": set(),
    "_INBOX.SELF.>": set(ROLES),
    "_INBOX.other.>": set(),
    "_INBOX.>": set(),
}
"""Who may subscribe to that."""

NAMES = {"gateway": "gw-a", "reader": "r1", "account-reader": "a1", "trader": "t1"}


@pytest.fixture(scope="module")
def seeds() -> dict[str, bytes]:
    return {role: nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER) for role in ROLES}


class Guarded(NatsServer):
    """A server with the printed configuration, and what a user needs besides its seed."""

    ca: str | None = None


@pytest.fixture(scope="module", params=["plain", "TLS"])
def guarded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, seeds: dict[str, bytes]
) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    users = [
        User(NAMES[role], role, nkey=nkeys.from_seed(bytearray(seed)).public_key.decode())
        for role, seed in seeds.items()
    ]
    made = made_certificates(folder) if request.param == "TLS" else None
    tls = None if made is None else (made.certificate, made.key)
    text = nats_config(users, SUBJECTS, tls=tls).replace("/var/lib/nats", str(folder / "store"))
    with Guarded(folder, text) as server:
        server.ca = None if made is None else made.authority
        yield server


async def connected(
    server: Guarded, folder: Path, role: str, seeds: dict[str, bytes]
) -> tuple[Bus, list[str]]:
    path = folder / f"{role}.nk"
    path.write_bytes(seeds[role])
    bus = await Bus.connected(Access((server.url,), NAMES[role], seed=str(path), ca=server.ca))
    denied: list[str] = []
    bus.denied = denied.append
    return bus, denied


async def refused(bus: Bus, denied: list[str], expected: set[str]) -> set[str]:
    """What the server has refused. It says so soon, not always before it answers the next ping."""
    await until(lambda: len(denied) >= len(expected))
    for _ in range(3):
        await bus.flush()
    return {sentence.rpartition(" to ")[2].strip('"') for sentence in denied}


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_says_what_it_may_and_no_more(
    guarded: Guarded, tmp_path: Path, seeds: dict[str, bytes], role: str
) -> None:
    bus, denied = await connected(guarded, tmp_path, role, seeds)
    own = {subject.replace("SELF", NAMES[role]): role in allowed for subject, allowed in SAID.items()}
    expected = {subject.lower() for subject, is_allowed in own.items() if not is_allowed}
    try:
        for subject in own:
            await bus.publish(subject, b"{}")
        assert await refused(bus, denied, expected) == expected
    finally:
        await bus.close()


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_hears_what_it_may_and_no_more(
    guarded: Guarded, tmp_path: Path, seeds: dict[str, bytes], role: str
) -> None:
    bus, denied = await connected(guarded, tmp_path, role, seeds)
    own = {subject.replace("SELF", NAMES[role]): role in allowed for subject, allowed in HEARD.items()}
    expected = {subject.lower() for subject, is_allowed in own.items() if not is_allowed}
    try:
        for subject in own:
            await bus.subscribe(subject, lambda message: None)
        assert await refused(bus, denied, expected) == expected
    finally:
        await bus.close()


async def test_nobody_comes_in_without_a_key(
    guarded: Guarded, tmp_path: Path, seeds: dict[str, bytes]
) -> None:
    other = tmp_path / "other.nk"
    other.write_bytes(nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER))
    for seed in (None, str(other)):
        with pytest.raises(ConnectionError):
            await Bus.connected(Access((guarded.url,), "r1", seed=seed, ca=guarded.ca))
        with pytest.raises(ConnectionError):
            await FrameReader.connected(
                Access((guarded.url,), "r1", seed=seed, ca=guarded.ca), lambda texts: None, lambda: None
            )


@pytest.mark.parametrize("connect", ["bus", "reader"])
async def test_a_server_that_nobody_vouches_for_is_not_spoken_to(
    guarded: Guarded, tmp_path: Path, seeds: dict[str, bytes], connect: str
) -> None:
    if guarded.ca is None:
        pytest.skip("without TLS on this machine nobody vouches")
    path = tmp_path / "reader.nk"
    path.write_bytes(seeds["reader"])
    strange = made_certificates(tmp_path / "strange").authority
    elsewhere = guarded.url.replace("127.0.0.1", "localhost")  # the certificate names the address only
    for server, ca in ((guarded.url, None), (guarded.url, strange), (elsewhere, guarded.ca)):
        access = Access((server,), "r1", seed=str(path), ca=ca)
        with pytest.raises(ConnectionError):
            if connect == "bus":
                await Bus.connected(access)
            else:
                await FrameReader.connected(access, lambda texts: None, lambda: None)


async def test_a_server_with_tls_is_not_spoken_to_without(
    guarded: Guarded, tmp_path: Path, seeds: dict[str, bytes]
) -> None:
    if guarded.ca is None:
        pytest.skip("this server has none")
    path = tmp_path / "reader.nk"
    path.write_bytes(seeds["reader"])
    access = Access((guarded.url.replace("tls://", "nats://"),), "r1", seed=str(path))
    with pytest.raises(ConnectionError):
        await Bus.connected(access)
    with pytest.raises(ConnectionError):
        await FrameReader.connected(access, lambda texts: None, lambda: None)


async def test_a_gateway_and_a_trader_work_under_the_printed_configuration(
    guarded: Guarded, tmp_path: Path, seeds: dict[str, bytes]
) -> None:
    for role in ("gateway", "trader"):
        (tmp_path / f"{role}.nk").write_bytes(seeds[role])
    async with (
        Sandbox(seed=1, symbols=("SOL_USDC",), speed=20) as venue,
        exchange_on(venue) as other,
        gateway_on(
            guarded,
            venue,
            "live",
            user=NAMES["gateway"],
            seed=str(tmp_path / "gateway.nk"),
            ca=guarded.ca,
            users={"t1": UserLimits()},
        ) as gateway,
        reader_on(
            guarded,
            "live",
            "t1",
            seed=str(tmp_path / "trader.nk"),
            ca=guarded.ca,
            resume="t1-fills",
            orders="through",
        ) as trader,
    ):
        assert (await soon(trader.watch_order_book("SOL/USDC")))["bids"]
        watching = asyncio.ensure_future(trader.watch_my_trades())
        await until(lambda: gateway.following.streams_on == 5)
        await trader.create_order("SOL/USDC", "market", "buy", 1)
        fills = await soon(watching)
        assert {fill["id"] for fill in fills} <= {
            fill["id"] for fill in await other.fetch_my_trades("SOL/USDC")
        }
