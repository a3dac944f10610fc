"""What time it is for the exchange."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.sandbox.__main__ import arguments
from bpx_connector.sandbox.clock import DRIVEN_START, STEP, DrivenClock, FastClock, RealClock
from bpx_connector.sandbox.server import Sandbox


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


def test_a_fast_clock_takes_every_step_of_a_time_that_runs_many_times_over() -> None:
    machine = [1_000_000_000]
    clock = FastClock(20, read=lambda: machine[0])
    seen: list[int] = []
    clock.watch(seen.append)
    clock.pass_by()
    assert seen == []
    machine[0] += 25_000_000  # 25 ms of the machine, half a second there
    clock.pass_by()
    assert seen == [1_100_000, 1_200_000, 1_300_000, 1_400_000, 1_500_000]
    assert clock.now() == 1_500_000
    assert clock.moments() == (1_500, 1_025)
    assert clock.pause == 0.005


def test_a_machine_that_cannot_keep_up_makes_a_fast_clock_slower_and_loses_no_step() -> None:
    machine = [1_000_000_000]
    clock = FastClock(1000, read=lambda: machine[0])
    seen: list[int] = []
    clock.watch(seen.append)
    for _ in range(3):
        machine[0] += 1_000_000_000  # ten thousand steps are due, of which ten are taken at once
        clock.pass_by()
    assert seen == [1_000_000 + 100_000 * step for step in range(1, 31)]


def test_a_fast_clock_can_be_stopped_moved_and_let_go() -> None:
    machine = [1_000_000_000]
    clock = FastClock(10, read=lambda: machine[0])
    clock.stop()
    machine[0] += 1_000_000_000
    clock.pass_by()
    assert clock.now() == 1_000_000
    clock.advance(0.5)
    assert clock.now() == 1_500_000
    clock.go()
    machine[0] += 10_000_000
    clock.pass_by()
    assert clock.now() == 1_600_000


@pytest.mark.parametrize("times", [0, -1, 1001, float("nan")])
def test_a_clock_runs_no_faster_than_a_thousand_times(times: float) -> None:
    with pytest.raises(ValueError, match="at most 1000"):
        FastClock(times)


async def test_the_exchange_runs_on_a_fast_clock_with_sockets_attached() -> None:
    async with Sandbox(seed=7, symbols=["SOL_USDC"], clock=FastClock(100)) as sandbox:
        before = sandbox.clock.now()
        async with sandbox.exchange("pro") as exchange:
            await exchange.watch_trades("SOL/USDC")
            order = await exchange.create_order("SOL/USDC", "limit", "buy", 1, 60)
            while sandbox.clock.now() < before + 30_000_000:
                await exchange.watch_trades("SOL/USDC")
            assert (await exchange.fetch_order(order["id"], "SOL/USDC"))["status"] == "open"


@pytest.mark.parametrize(("word", "kind"), [("real", "real"), ("DRIVEN", "driven"), ("100x", "100x")])
def test_the_command_line_takes_clocks_by_name_or_by_their_speed(word: str, kind: str) -> None:
    assert arguments(["--clock", word]).clock == kind


@pytest.mark.parametrize("word", ["fast", "0x", "2000x", "x", "-5x"])
def test_any_other_clock_is_refused_in_a_sentence(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments([f"--clock={word}"])
    assert "no number of times such as 100x" in capsys.readouterr().err
