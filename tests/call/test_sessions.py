"""A request is sent once, and to nobody but the venue."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ccxt.base.errors import ExchangeError, ExchangeNotAvailable, NetworkError

from tests.support.callers import Caller
from tests.support.scripted_venue import HANGS_UP, Answer, ScriptedVenue

GONE = Answer('{"code":"RESOURCE_NOT_FOUND","message":"Not Found"}', 404)
ORDER = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "price": "90", "quantity": "1"}
CALLS = [
    ("public_get_api_v1_ticker", {"symbol": "SOL_USDC"}),
    ("private_get_api_v1_capital", {}),
    ("private_post_api_v1_order", ORDER),
    ("private_patch_api_v1_account", {"autoLend": True}),
    ("private_delete_api_v1_order", {"symbol": "SOL_USDC", "orderId": "1"}),
]
EVERY_CALL = pytest.mark.parametrize(("name", "params"), CALLS, ids=[name for name, _ in CALLS])

Calling = Callable[..., Caller]


@pytest.fixture
def venue() -> Iterator[ScriptedVenue]:
    with ScriptedVenue() as running:
        yield running


@pytest.fixture(params=[False, True], ids=["blocking", "asyncio"])
def calling(request: pytest.FixtureRequest, venue: ScriptedVenue) -> Iterator[Calling]:
    """`calling(config)`: a caller of either class that speaks to the scripted venue."""
    opened: list[Caller] = []

    def calling(config: dict[str, Any] | None = None) -> Caller:
        opened.append(Caller(is_asyncio=request.param, sandbox=None, config=config or {}, url=venue.url))
        return opened[-1]

    yield calling
    for caller in opened:
        caller.close()


@pytest.fixture(params=["quiet", "verbose"])
def config(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Both ways that a request can take on the asyncio class."""
    return {"verbose": request.param == "verbose", "logger": logging.getLogger("tests.sessions")}


@EVERY_CALL
def test_nothing_is_sent_again_when_the_connection_breaks(
    calling: Calling, venue: ScriptedVenue, name: str, params: Any, config: dict[str, Any]
) -> None:
    """aiohttp sends a GET or DELETE again: a cancellation that worked was told as OrderNotFound."""
    venue.answers = [HANGS_UP, GONE]
    with pytest.raises(NetworkError) as failure:
        calling(config).call(name, params)
    assert not isinstance(failure.value, ExchangeError)
    assert len(venue.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@EVERY_CALL
def test_no_redirect_is_followed(
    calling: Calling, venue: ScriptedVenue, name: str, params: Any, status: int, config: dict[str, Any]
) -> None:
    with ScriptedVenue() as stranger:
        venue.answers = [Answer('{"id": "1"}', status, headers={"Location": stranger.url + "/"})]
        with pytest.raises(ExchangeNotAvailable, match=f"answered {status} .*not followed"):
            calling(config).call(name, params)
        assert stranger.requests == []
    assert len(venue.requests) == 1


def test_what_is_set_on_a_session_counts(calling: Calling) -> None:
    caller = calling()
    caller.call("public_get_api_v1_ping")
    session = caller.exchange.session
    session.headers.update({"X-Own": "1"}) if not caller.is_asyncio else None
    assert session.closed is False if caller.is_asyncio else session.trust_env is False
    if not caller.is_asyncio:
        session.trust_env = True
        assert caller.exchange.session.trust_env is True
        caller.call("public_get_api_v1_ping")
