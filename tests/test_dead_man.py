"""The dead man's switch: when it acts, how long it sweeps, and that it outlives the process that armed it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from queue import Empty
from typing import Any

import pytest
from ccxt.base.errors import BadRequest, NetworkError, OperationRejected

from bpx_connector import async_support, bpx
from bpx_connector.dead_man import sweep, watch
from bpx_connector.sandbox.server import SandboxThread
from tests.support.keys import FIRST

SOL = "SOL/USDC"


class Clock:
    """Time that passes when somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> bool:
        """Wait; nobody comes back meanwhile."""
        self.now += seconds
        return False


def lines(clock: Clock, *said: tuple[float, Any]) -> Callable[[float], str | None]:
    """Lines that come at their times: a timeout in milliseconds, or None for the end of the pipe."""
    coming = list(said)

    def next_line(seconds: float) -> str | None:
        if not coming or coming[0][0] > clock.now + seconds:
            clock.now += seconds
            raise Empty
        clock.now, timeout = coming.pop(0)
        return None if timeout is None else json.dumps({"timeout": timeout})

    return next_line


# --- when it acts -------------------------------------------------------------------------------------------


def test_it_acts_when_a_timeout_has_passed_in_silence() -> None:
    clock = Clock()
    reason = watch(lines(clock, (3.0, 5000), (7.0, 5000)), clock, 5.0)
    assert (reason, clock.now) == ("nothing was heard for 5 s", 12.0)


def test_each_renewal_counts_from_its_own_time_and_may_change_the_timeout() -> None:
    clock = Clock()
    watch(lines(clock, (4.9, 60_000)), clock, 5.0)
    assert clock.now == pytest.approx(64.9)


def test_it_acts_at_once_when_the_other_process_has_ended() -> None:
    clock = Clock()
    assert watch(lines(clock, (1.0, None)), clock, 3600.0) == "the process that started it has ended"
    assert clock.now == 1.0


def test_disarmed_it_never_acts() -> None:
    clock = Clock()
    assert watch(lines(clock, (1.0, 0)), clock, 5.0) is None


# --- how it cancels -----------------------------------------------------------------------------------------


class Venue:
    """Orders appear at their times, as those do that were under way; some calls fail."""

    def __init__(self, clock: Clock, arrivals: list[tuple[float, str]], failures: int = 0) -> None:
        self.clock, self.arrivals, self.failures = clock, arrivals, failures
        self.cancelled: list[tuple[float, str | None]] = []
        self.options = {"recvWindow": 5000}

    def fetch_open_orders(self, symbol: str | None = None) -> list[str]:
        """The orders that have arrived."""
        if self.failures:
            self.failures -= 1
            raise NetworkError("cut off")
        return [s for at, s in self.arrivals if at <= self.clock.now and symbol in (None, s)]

    def cancel_all_orders(self, symbol: str | None = None) -> None:
        """Away with them."""
        self.cancelled.append((self.clock.now, symbol))
        self.arrivals = [
            row for row in self.arrivals if row[0] > self.clock.now or symbol not in (None, row[1])
        ]


def swept(venue: Venue, symbols: list[str] | None = None) -> tuple[bool, list[str]]:
    said: list[str] = []
    return sweep(venue, symbols, venue.clock, venue.clock.pause, said.append), said


def test_it_sweeps_until_no_order_can_arrive_any_more() -> None:
    venue = Venue(Clock(), [(0.0, "A"), (4.0, "A"), (8.5, "B")])
    assert swept(venue) == (True, [])
    assert venue.arrivals == []
    assert venue.clock.now >= 8.5 + 5
    assert len(venue.cancelled) == 3


def test_it_tries_again_while_the_venue_cannot_be_reached_and_says_so() -> None:
    venue = Venue(Clock(), [(0.0, "A")], failures=4)
    is_done, said = swept(venue)
    assert is_done
    assert said == ["could not cancel, trying again: NetworkError: cut off"] * 4
    assert venue.arrivals == []


def test_it_gives_up_after_ten_minutes_and_does_not_claim_success() -> None:
    venue = Venue(Clock(), [(0.0, "A")], failures=10**9)
    assert not swept(venue)[0]
    assert venue.clock.now >= 600


def test_it_stops_when_its_starter_is_back_and_nothing_is_open() -> None:
    clock = Clock()
    venue = Venue(clock, [(0.0, "A"), (3.0, "A")])
    assert sweep(venue, None, clock, lambda seconds: not clock.pause(seconds), lambda _: None)
    assert venue.cancelled == [(0.0, None)]
    assert venue.arrivals == [(3.0, "A")]


def test_it_leaves_other_markets_alone_if_it_was_told_which() -> None:
    venue = Venue(Clock(), [(0.0, "A"), (0.0, "B")])
    assert swept(venue, ["A"])[0]
    assert venue.arrivals == [(0.0, "B")]


# --- processes ----------------------------------------------------------------------------------------------

PROGRAM = """
import os, signal, sys
from bpx_connector import bpx

exchange = bpx({"apiKey": sys.argv[2], "secret": sys.argv[3], "options": {"recvWindow": 1000}})
exchange.urls["test"] = sys.argv[1]
exchange.set_sandbox_mode(True)
exchange.create_order("SOL/USDC", "limit", "buy", 1, 50)
assert exchange.cancel_all_orders_after(3_600_000)["process"]
assert len(exchange.fetch_open_orders()) == 1
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with SandboxThread(symbols=["SOL_USDC"], seed=1, speed=0) as sandbox:
        yield sandbox.url


def configured(kind: Any, url: str, **config: Any) -> Any:
    exchange = kind({**FIRST.credentials, "options": {"recvWindow": 1000}, **config})
    exchange.urls["test"] = url
    exchange.set_sandbox_mode(True)
    return exchange


def wait_until(is_so: Callable[[], bool]) -> None:
    """Look until it is so; a test that waits in vain ends by its own limit."""
    while not is_so():
        time.sleep(0.05)


def test_orders_are_cancelled_when_their_process_is_killed(url: str) -> None:
    command = [sys.executable, "-c", PROGRAM, url, FIRST.api_key, FIRST.secret]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == -9, ended.stderr
    witness = configured(bpx, url)
    wait_until(lambda: witness.fetch_open_orders() == [])


def test_a_switch_is_renewed_and_disarmed_and_closing_disarms_it(url: str) -> None:
    exchange = configured(bpx, url)
    order = exchange.create_order(SOL, "limit", "buy", 1, 50)
    first = exchange.cancel_all_orders_after(60_000)
    again = exchange.cancel_all_orders_after(60_000)
    assert (first["fired"], again["process"]) == (False, first["process"])
    assert exchange.cancel_all_orders_after(0)["process"] is None
    exchange.cancel_all_orders_after(60_000)
    exchange.close()
    assert exchange.fetch_order(order["id"], SOL)["status"] == "open"
    exchange.cancel_order(order["id"], SOL)


def test_a_switch_that_has_fired_is_told_and_armed_anew(url: str) -> None:
    exchange = configured(bpx, url)
    exchange.create_order(SOL, "limit", "buy", 1, 50)
    first = exchange.cancel_all_orders_after(1000)
    wait_until(lambda: exchange.fetch_open_orders() == [])
    again = exchange.cancel_all_orders_after(60_000)
    assert again["fired"]
    assert again["process"] not in (None, first["process"])
    exchange.close()


async def test_the_asyncio_class_has_it_too_and_goes_on_while_it_starts(url: str) -> None:
    exchange = configured(async_support.bpx, url)
    armed = await exchange.cancel_all_orders_after(60_000)
    assert armed["process"] is not None
    await exchange.close()


def test_a_switch_that_could_not_sign_is_refused_at_once(url: str) -> None:
    wrong = configured(bpx, url, secret="A" * 43 + "=")
    with pytest.raises(OperationRejected, match="has no switch: "):
        wrong.cancel_all_orders_after(60_000)


@pytest.mark.parametrize("timeout", [-1, 1, 999, 1.5, "5000", None, True])
def test_a_timeout_that_cannot_be_meant_is_refused(timeout: Any) -> None:
    with pytest.raises(BadRequest, match="takes milliseconds, 1000 or more, or 0"):
        bpx(FIRST.credentials).cancel_all_orders_after(timeout)


def test_a_param_that_it_does_not_know_is_refused() -> None:
    with pytest.raises(BadRequest, match="takes symbols"):
        bpx(FIRST.credentials).cancel_all_orders_after(5000, {"symbol": SOL})


# --- on close -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [bpx, async_support.bpx])
async def test_orders_placed_by_an_instance_are_cancelled_when_it_closes_and_no_others(
    url: str, kind: Any
) -> None:
    other = configured(bpx, url)
    kept = other.create_order(SOL, "limit", "buy", 1, 50)
    exchange = configured(kind, url)
    exchange.options["cancelOnClose"] = True
    mine = []
    for price in (51, 52):
        order = exchange.create_order(SOL, "limit", "buy", 1, price)
        mine.append(order if kind is bpx else await order)
    closing = exchange.close()
    if closing is not None:
        await closing
    open_ids = {order["id"] for order in other.fetch_open_orders()}
    assert kept["id"] in open_ids
    assert not {order["id"] for order in mine} & open_ids
    other.cancel_order(kept["id"], SOL)
