"""The straight way to the venue and ccxt's own way are the same to everybody who can look."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from ccxt.base.errors import BaseError, ExchangeNotAvailable, RequestTimeout

from bpx_connector.async_support import bpx
from bpx_connector.call.straight import DETOURS
from tests.support.keys import FIRST
from tests.support.sandboxes import RunningSandbox
from tests.support.scripted_venue import ANSWERS, Answer, ScriptedVenue

ORDER = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "price": "90", "quantity": "1"}
CALLS = [
    ("public_get_api_v1_ping", {}),
    ("public_get_api_v1_ticker", {"symbol": "SOL_USDC"}),
    ("private_post_api_v1_order", ORDER),
    ("private_delete_api_v1_order", {"symbol": "SOL_USDC", "orderId": "1"}),
]
MOMENT = 1_767_225_600_000


@pytest.fixture
def venue() -> Iterator[ScriptedVenue]:
    with ScriptedVenue() as running:
        yield running


def exchange_at(url: str, **config: Any) -> Any:
    exchange: Any = bpx({**FIRST.credentials, "enableRateLimit": False, "timeout": 5000, **config})
    exchange.urls["api"] = url
    exchange.milliseconds = lambda: MOMENT  # so that signatures are the same
    exchange.timeout_on_exit = 1
    return exchange


async def seen(exchange: Any, call: str, params: dict[str, Any]) -> dict[str, Any]:
    """What the caller gets, and what he can look up afterwards."""
    try:
        outcome: Any = await getattr(exchange, call)(params)
    except BaseError as error:
        outcome = type(error), str(error)
    return {
        "outcome": outcome,
        "text": exchange.last_http_response,
        "headers": exchange.last_response_headers,
        "url": exchange.last_request_url,
        "sent": exchange.last_request_headers,
    }


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize(("call", "params"), CALLS)
async def test_both_ways_give_the_same(
    venue: ScriptedVenue, name: str, call: str, params: dict[str, Any]
) -> None:
    venue.answers = [ANSWERS[name]]
    looks = []
    for is_straight in (True, False):
        async with exchange_at(venue.url, userAgent="mine") as exchange:
            exchange._goes_straight = lambda is_straight=is_straight: is_straight
            looks.append(await seen(exchange, call, params))
    assert looks[0] == looks[1]
    assert venue.requests[0] == venue.requests[1]


async def test_a_silent_venue_is_a_timeout() -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        exchange = exchange_at(f"http://127.0.0.1:{port}", timeout=50)
        with pytest.raises(RequestTimeout, match=r"bpx GET http.*/api/v1/ping"):
            await exchange.public_get_api_v1_ping()
        await exchange.close()


async def test_a_name_that_is_nobodys_is_a_venue_that_is_not_available() -> None:
    exchange = exchange_at("http://nowhere.invalid")
    with pytest.raises(ExchangeNotAvailable):
        await exchange.public_get_api_v1_ping()
    await exchange.close()


@pytest.mark.parametrize("setting", [*dict.fromkeys(DETOURS, "x"), "verbose", "returnResponseHeaders"])
def test_whatever_ccxt_would_heed_leads_over_ccxts_way(setting: str) -> None:
    exchange = exchange_at("http://127.0.0.1:9")
    assert exchange._goes_straight()
    setattr(exchange, setting, True)
    assert not exchange._goes_straight()


def test_a_log_of_every_request_leads_over_ccxts_way(caplog: pytest.LogCaptureFixture) -> None:
    exchange = exchange_at("http://127.0.0.1:9")
    caplog.set_level("DEBUG")
    assert not exchange._goes_straight()


def test_every_proxy_setting_of_ccxt_is_a_detour() -> None:
    settings = {
        name
        for name in dir(bpx)
        if "proxy" in name.lower() and not name.startswith("ws") and not callable(getattr(bpx, name))
    }
    assert settings - {"socks_proxy_sessions"} == set(DETOURS)


async def test_what_is_not_to_be_kept_is_not(venue: ScriptedVenue) -> None:
    venue.answers = [Answer('{"id": "1"}')]
    exchange = exchange_at(venue.url, enableLastHttpResponse=False, enableLastResponseHeaders=False)
    exchange.enableLastJsonResponse = True
    before = exchange.last_http_response, exchange.last_response_headers
    await exchange.public_get_api_v1_ticker({"symbol": "SOL_USDC"})
    assert (exchange.last_http_response, exchange.last_response_headers) == before
    assert exchange.last_json_response == {"id": "1"}
    await exchange.close()


async def test_who_gives_up_waiting_for_the_markets_ends_it_for_himself_alone(
    sandbox: RunningSandbox,
) -> None:
    exchange: Any = bpx({**FIRST.credentials, "urls": {"api": sandbox.url}})
    sandbox.run(lambda served: served.faults.set("late", "/api/v1/markets", seconds=0.5, times=1))
    try:
        hasty = asyncio.ensure_future(exchange.fetch_ticker("SOL/USDC"))
        patient = asyncio.ensure_future(exchange.create_order("SOL/USDC", "limit", "buy", 1, 50))
        await asyncio.sleep(0.05)
        assert exchange.markets is None
        hasty.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hasty
        assert (await patient)["status"] == "open"
    finally:
        await exchange.close()
