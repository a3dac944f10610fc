"""Names on the bus, and the configuration that makes a server enforce them."""

from __future__ import annotations

import pytest

from bpx_connector.gateway.bus.permissions import User, nats_config, permissions_of
from bpx_connector.gateway.bus.subjects import (
    Subjects,
    checked_token,
    desk_of_market,
    market_of,
    public_desks,
)

LIVE = Subjects("live")


def test_subjects_are_built_and_read() -> None:
    assert LIVE.frame("depth.200ms.SOL_USDC") == "bpx.live.md.depth.200ms.SOL_USDC"
    assert LIVE.account("main", "orderUpdate", "SOL_USDC") == "bpx.live.acct.main.orderUpdate.SOL_USDC"
    request = LIVE.request("md", "s7", "GET", "api/v1/depth")
    assert request == "bpx.live.rest.md.s7.GET.api.v1.depth"
    assert LIVE.read_request(request) == ("s7", "GET", "api/v1/depth")


@pytest.mark.parametrize("name", ["", "a.b", "a b", "*", ">", "a\n", "x" * 65, None, "ä"])
def test_a_name_that_could_mean_another_subject_is_refused(name: object) -> None:
    with pytest.raises(ValueError, match="letters, digits"):
        checked_token("the user", name)


@pytest.mark.parametrize("stream", ["account.orderUpdate", "depth.*", "depth.>", "depth..A", "depth. A", ""])
def test_a_stream_that_is_not_public_has_no_public_subject(stream: str) -> None:
    with pytest.raises(ValueError, match="not the name of a public stream"):
        LIVE.frame(stream)


@pytest.mark.parametrize(
    ("stream", "market"),
    [
        ("depth.SOL_USDC", "SOL_USDC"),
        ("depth.200ms.SOL_USDC", "SOL_USDC"),
        ("kline.1m.AMZN.US_USDC_PERP", "AMZN.US_USDC_PERP"),
        ("trade.SOL_USDC", "SOL_USDC"),
        ("liquidation", None),
    ],
)
def test_a_streams_market_is_read(stream: str, market: str | None) -> None:
    assert market_of(stream) == market


def test_markets_are_shared_out_among_desks() -> None:
    assert public_desks(1) == ("md",) and desk_of_market("SOL_USDC", 1) == "md"
    desks = {desk_of_market(f"M{number}_USDC", 2) for number in range(50)}
    assert desks == set(public_desks(2))
    assert desk_of_market(None, 2) == "md0of2"


def test_an_unknown_role_is_refused() -> None:
    with pytest.raises(ValueError, match="the role has to be one of"):
        User("a", "admin")


def test_a_reader_may_not_ask_for_an_account() -> None:
    allowed = permissions_of(User("r1", "reader"), LIVE)
    assert not any(".acct." in subject for subject in allowed.subscribe)
    assert not any(".main." in subject or "JS.API" in subject for subject in allowed.publish)


def test_the_printed_configuration_has_every_user() -> None:
    users = [User("gw-a", "gateway"), User("s7", "trader", nkey="UABC")]
    text = nats_config(users, LIVE, tls=("/c.pem", "/k.pem"))
    assert "nkey: UABC" in text and "nkey: NKEY_OF_gw-a" in text
    assert 'cert_file: "/c.pem"' in text and "sync_interval: always" in text
    assert "withdrawals" not in text
