"""What is repeated comes again after growing pauses, and never after the caller's time is over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ccxt.base.errors import ExchangeNotAvailable

from bpx_connector.call.calls import pause_before
from tests.support.callers import Caller
from tests.support.scripted_venue import Answer, ScriptedVenue

UNAVAILABLE = Answer("<html></html>", 503, "text/html")
EVERY_CLASS = pytest.mark.parametrize("is_asyncio", [False, True], ids=["blocking", "asyncio"])


def test_pauses_grow_to_a_bound_and_chance_takes_half_of_one_at_most() -> None:
    assert [pause_before(repeat, 0) for repeat in (1, 2, 3, 6, 7, 8, 1000)] == [
        *(100, 200, 400, 3200, 5000, 5000, 5000),
    ]
    assert pause_before(3, 1) == 200


@pytest.fixture
def venue() -> Iterator[ScriptedVenue]:
    with ScriptedVenue([UNAVAILABLE]) as running:
        yield running


def sleeping(caller: Caller) -> list[float]:
    """The pauses that are made: they pass on the object's own clock."""
    pauses: list[float] = []

    def passes(milliseconds: float) -> None:
        pauses.append(milliseconds)
        caller.clock.advance(milliseconds / 1000)

    async def awaited(milliseconds: float) -> None:
        passes(milliseconds)

    caller.exchange.sleep = awaited if caller.is_asyncio else passes
    caller.exchange.milliseconds = lambda: caller.clock.microseconds // 1000
    return pauses


@EVERY_CLASS
@pytest.mark.parametrize("timeout", [300, 2000, 10_000])
def test_no_repeat_begins_after_the_callers_timeout(
    is_asyncio: bool, timeout: int, venue: ScriptedVenue
) -> None:
    config: dict[str, Any] = {"timeout": timeout, "options": {"maxRetriesOnFailure": 50}}
    caller = Caller(is_asyncio=is_asyncio, sandbox=None, config=config, url=venue.url)
    pauses = sleeping(caller)
    with pytest.raises(ExchangeNotAvailable):
        caller.call("fetch_time")
    assert len(venue.requests) == len(pauses) + 1 > 1
    assert timeout / 4 < sum(pauses) <= timeout
    assert all(50 * 2**place <= pause <= 100 * 2**place for place, pause in enumerate(pauses[:6]))
    caller.close()


@EVERY_CLASS
def test_a_pause_that_the_caller_names_is_kept(is_asyncio: bool, venue: ScriptedVenue) -> None:
    options = {"maxRetriesOnFailure": 3, "maxRetriesOnFailureDelay": 250}
    caller = Caller(is_asyncio=is_asyncio, sandbox=None, config={"options": options}, url=venue.url)
    pauses = sleeping(caller)
    with pytest.raises(ExchangeNotAvailable):
        caller.call("fetch_time")
    assert pauses == [250, 250, 250]
    caller.close()
