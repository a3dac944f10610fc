"""Exchange objects are carried about: copied, pickled, sent to other processes, used in a new event loop."""

from __future__ import annotations

import asyncio
import copy
import multiprocessing
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import bpx_connector
import bpx_connector.async_support
import bpx_connector.pro
from tests.support.keys import FIRST
from tests.support.scripted_venue import Answer, ScriptedVenue

WAYS = {
    "copy.deepcopy": copy.deepcopy,
    "pickle": lambda exchange: pickle.loads(pickle.dumps(exchange)),
}
EVERY_WAY = pytest.mark.parametrize("way", WAYS)
ASYNCIO = [bpx_connector.async_support.bpx, bpx_connector.pro.bpx]


@pytest.fixture
def venue() -> Iterator[ScriptedVenue]:
    with ScriptedVenue([Answer('{"USDC": {"available": "1", "locked": "0", "staked": "0"}}')]) as running:
        yield running


def made(kind: Any, url: str) -> Any:
    exchange = kind({**FIRST.credentials, "urls": {"api": url}})
    exchange.timeout_on_exit = 0
    exchange.markets = {}
    return exchange


def free(exchange: Any) -> float:
    """What a process of its own asks."""
    balance: float = exchange.private_get_api_v1_capital()["USDC"]["available"]
    return float(balance)


@EVERY_WAY
def test_a_blocking_object_can_be_carried_before_and_after_calls(way: str, venue: ScriptedVenue) -> None:
    exchange = made(bpx_connector.bpx, venue.url)
    assert free(WAYS[way](exchange)) == 1
    assert free(exchange) == 1
    assert free(WAYS[way](exchange)) == 1


@EVERY_WAY
@pytest.mark.parametrize("kind", ASYNCIO, ids=lambda kind: kind.__module__)
def test_an_asyncio_object_can_be_carried_before_and_after_calls(
    way: str, kind: Any, venue: ScriptedVenue
) -> None:
    async def asked(exchange: Any) -> Any:
        carried = WAYS[way](exchange)
        answers = [await one.private_get_api_v1_capital() for one in (exchange, carried)]
        later = WAYS[way](exchange)
        answers.append(await later.private_get_api_v1_capital())
        for one in (exchange, carried, later):
            await one.close()
        return answers

    answers = asyncio.run(asked(made(kind, venue.url)))
    assert [answer["USDC"]["available"] for answer in answers] == ["1"] * 3


PROGRAM = """
import multiprocessing, operator, sys
from bpx_connector import bpx
if __name__ == "__main__":
    start, url, key, secret = sys.argv[1:]
    exchange = bpx({"apiKey": key, "secret": secret, "urls": {"api": url}})
    ask = operator.methodcaller("private_get_api_v1_capital")
    with multiprocessing.get_context(start).Pool(1) as pool:
        print([ask(exchange), *pool.map(ask, [exchange])])
"""


@pytest.mark.parametrize("start", ["spawn", "forkserver"])
def test_a_blocking_object_goes_to_other_processes(start: str, venue: ScriptedVenue, tmp_path: Path) -> None:
    if start not in multiprocessing.get_all_start_methods():
        pytest.skip(f"{sys.platform} has no {start}")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    told = subprocess.run(
        [sys.executable, str(program), start, venue.url, *FIRST], capture_output=True, text=True, check=True
    )
    assert told.stdout.count("'available': '1'") == 2


@pytest.mark.parametrize("kind", ASYNCIO, ids=lambda kind: kind.__module__)
def test_a_second_event_loop_after_a_proper_close_works(kind: Any, venue: ScriptedVenue) -> None:
    exchange = made(kind, venue.url)

    async def once() -> Any:
        try:
            return (await exchange.private_get_api_v1_capital())["USDC"]["available"]
        finally:
            await exchange.close()

    assert [asyncio.run(once()) for _ in range(3)] == ["1"] * 3


def test_what_is_carried_has_the_keys_and_the_markets_and_shares_nothing(venue: ScriptedVenue) -> None:
    exchange = made(bpx_connector.bpx, venue.url)
    free(exchange)
    carried = copy.deepcopy(exchange)
    assert carried.secret == exchange.secret
    assert carried.options is not exchange.options
    assert carried.urls == exchange.urls
