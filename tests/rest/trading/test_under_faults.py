"""A thousand orders while requests and answers are lost: what callers were told is what the account shows."""

from __future__ import annotations

import types
from functools import partial

import pytest

from benchmarks.outcomes import FAULTS, MARKET, Counted, Trader, books_of, settings
from bpx_connector.rest.asking import enquiries
from tests.support.lossy import LossyVenue, lossy_exchange

ACTIONS = 1000
AFTER_ALL = 5.0
"""Seconds after which nothing can arrive any more."""


async def told_under_faults(is_asyncio: bool, seed: int, monkeypatch: pytest.MonkeyPatch) -> Counted:
    venue = LossyVenue(seed, [MARKET], FAULTS)
    monkeypatch.setattr(enquiries, "time", types.SimpleNamespace(monotonic=venue.monotonic))
    exchange = lossy_exchange(venue, is_asyncio=is_asyncio, **settings())
    counted = Counted("asyncio" if is_asyncio else "blocking")
    trader = Trader(exchange, partial(books_of, venue.sandbox), seed, counted, in_threads=False)
    await trader.begin()
    await trader.run(ACTIONS)
    venue.sandbox.faults.clear()
    venue.advance(AFTER_ALL)
    trader.compare()
    await trader.close()
    assert counted.counts["told"] > ACTIONS
    assert sum(venue.sandbox.faults.counts.values()) > ACTIONS / 4
    return counted


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("is_asyncio", [False, True], ids=["blocking", "asyncio"])
async def test_what_callers_are_told_under_faults_is_what_the_account_shows(
    is_asyncio: bool, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = await told_under_faults(is_asyncio, seed, monkeypatch)
    assert counted.wrong == []
    assert {name: counted.counts[name] for name in ("wrong", "unresolvable", "twice")} == {
        "wrong": 0,
        "unresolvable": 0,
        "twice": 0,
    }
