"""Connections that are kept, and what is done again and again while an exchange is open."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from ccxt.base.errors import BadRequest, NetworkError

from bpx_connector.async_support import bpx
from bpx_connector.call.aiohttp_pool import KEPT_SECONDS
from bpx_connector.call.errands import Errands, pause_of
from tests.support.keys import FIRST
from tests.support.scripted_venue import Answer, ScriptedVenue


@pytest.fixture
def venue() -> Iterator[ScriptedVenue]:
    with ScriptedVenue([Answer("pong", kind="text/plain")], keeps_open=True) as running:
        yield running


def exchange_at(venue: ScriptedVenue, **options: Any) -> Any:
    exchange: Any = bpx({**FIRST.credentials, "options": options})
    exchange.urls["api"] = venue.url
    exchange.timeout_on_exit = 1
    return exchange


class Noted:
    """An exchange of which only the errands are known."""

    id = "bpx"

    def __init__(self) -> None:
        self.times = 0
        self.enough = asyncio.Event()
        self.logger: Any = self

    def debug(self, *_: Any) -> None:
        """Hear of trouble."""

    def note(self) -> None:
        self.times += 1
        if self.times >= 3:
            self.enough.set()


@pytest.mark.parametrize(("asked", "pause"), [(None, None), (False, None), (True, 7), (2, 2), (0.5, 0.5)])
def test_an_option_is_a_switch_or_seconds(asked: Any, pause: float | None) -> None:
    assert pause_of("keepAlive", asked, 7) == pause


@pytest.mark.parametrize("asked", [0, -1, "10", [], 1e9, float("nan")])
def test_any_other_pause_is_refused_in_words(asked: Any) -> None:
    with pytest.raises(BadRequest, match=r"options\['keepAlive'\] is .*; it takes True, False, or seconds"):
        pause_of("keepAlive", asked, 7)


async def test_an_errand_is_run_again_and_again_until_it_is_closed() -> None:
    noted = Noted()
    errands = Errands(noted)
    errands.run(0.001, lambda exchange: exchange.note())
    await noted.enough.wait()
    await errands.close()
    times = noted.times
    await asyncio.sleep(0.01)
    assert noted.times == times


async def test_an_errand_that_fails_is_run_again() -> None:
    noted = Noted()

    async def fails(exchange: Noted) -> None:
        exchange.note()
        raise NetworkError("not now")

    errands = Errands(noted)
    errands.run(0.001, fails)
    await noted.enough.wait()
    await errands.close()


async def test_errands_keep_no_exchange_alive() -> None:
    noted = Noted()
    gone = weakref.ref(noted)
    errands = Errands(noted)
    errands.run(0.001, lambda exchange: exchange.note())
    del noted
    gc.collect()
    assert gone() is None
    await errands.close()


async def test_a_connection_is_kept_longer_than_aiohttp_would(venue: ScriptedVenue) -> None:
    for options, seconds in (({}, KEPT_SECONDS), ({"keepConnections": 33}, 33)):
        exchange = exchange_at(venue, **options)
        await exchange.public_get_api_v1_ping()
        assert exchange.session.connector._keepalive_timeout == seconds
        await exchange.close()


async def test_without_options_nothing_is_sent_by_itself(venue: ScriptedVenue) -> None:
    exchange = exchange_at(venue)
    exchange.open()
    assert "errands" not in (exchange.clients or {})
    await exchange.close()
    assert venue.requests == []


async def test_the_connection_of_orders_is_kept_alive_by_a_cheap_call(venue: ScriptedVenue) -> None:
    exchange = exchange_at(venue, keepAlive=0.005)
    exchange.open()
    while len(venue.requests) < 3:  # noqa: ASYNC110  the venue is in another thread
        await asyncio.sleep(0.001)
    await exchange.close()
    assert {(request.method, request.path) for request in venue.requests} == {("GET", "/api/v1/ping")}
    assert venue.connections == 1
    assert not exchange.clients


async def test_an_order_is_rehearsed_while_keep_warm_is_set(
    venue: ScriptedVenue, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange, rehearsed = exchange_at(venue, keepWarm=0.001), asyncio.Event()
    exchange.rehearse_order = rehearsed.set
    exchange.open()
    await rehearsed.wait()
    await exchange.close()
    assert venue.requests == []


async def test_a_wrong_pause_is_told_by_the_first_call(venue: ScriptedVenue) -> None:
    exchange = exchange_at(venue, keepAlive="often")
    with pytest.raises(BadRequest, match="keepAlive"):
        await exchange.public_get_api_v1_ping()
    await exchange.close()
