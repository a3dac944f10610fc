"""What time it is for the exchange."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.sandbox.clock import DRIVEN_START, STEP, DrivenClock, RealClock


def test_a_driven_clock_stands_still_until_it_is_advanced() -> None:
    clock = DrivenClock()
    assert clock.now() == clock.now() == DRIVEN_START


def test_advancing_steps_every_hundred_milliseconds() -> None:
    clock = DrivenClock(start=0)
    seen: list[int] = []
    clock.watch(seen.append)
    clock.advance(0.35)
    assert seen == [100_000, 200_000, 300_000]
    assert clock.now() == 350_000


@given(st.lists(st.integers(0, 3_000_000), max_size=8))
def test_a_driven_clock_ends_where_its_advances_add_up_to(parts: list[int]) -> None:
    clock = DrivenClock(start=0)
    for part in parts:
        clock.advance(part / 1_000_000)
    assert clock.now() == sum(parts)


def test_watchers_are_called_in_the_order_they_came() -> None:
    clock = DrivenClock(start=0)
    seen: list[str] = []
    clock.watch(lambda now: seen.append("first"))
    clock.watch(lambda now: seen.append("second"))
    clock.advance(STEP / 1_000_000)
    assert seen == ["first", "second"]


def test_a_real_clock_never_runs_backwards() -> None:
    readings = iter([5_000, 3_000, 9_000])
    clock = RealClock(read=lambda: next(readings))
    assert [clock.now(), clock.now(), clock.now()] == [5, 5, 9]


def test_a_driven_clock_lets_in_clients_that_keep_the_real_time() -> None:
    clock = DrivenClock(start=2_000_000, read=lambda: 9_000_000_000)
    assert clock.moments() == (2_000, 9_000)


def test_a_real_clock_that_is_stopped_moves_by_hand_and_goes_on_from_there() -> None:
    machine = [1_000_000_000]
    clock = RealClock(read=lambda: machine[0])
    assert clock.moments() == (1_000,)
    clock.stop()
    machine[0] = 5_000_000_000
    assert clock.now() == 1_000_000
    seen: list[int] = []
    clock.watch(seen.append)
    clock.advance(0.25)
    assert (seen, clock.now()) == ([1_100_000, 1_200_000], 1_250_000)
    assert clock.moments() == (1_250, 5_000)
    clock.go()
    machine[0] += 1_000_000_000
    assert clock.now() == 2_250_000
    assert clock.moments() == (2_250, 6_000)


def test_a_real_clock_that_runs_is_not_moved_by_hand() -> None:
    with pytest.raises(ValueError, match="stop it before"):
        RealClock().advance(1)
