"""One timer for everything that is waited for, and nobody waits longer than he was promised."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bpx_connector.call.deadlines import Deadlines


async def waited(deadlines: Deadlines, seconds: float) -> Any:
    _, future = deadlines.after(seconds)
    try:
        return await future
    finally:
        deadlines.forget(future)


async def test_what_is_not_done_in_time_is_a_timeout() -> None:
    deadlines = Deadlines()
    late = await asyncio.gather(
        *(waited(deadlines, seconds) for seconds in (0.02, 0.01, 0.03)), return_exceptions=True
    )
    assert list(map(type, late)) == [TimeoutError] * 3


async def test_what_is_done_in_time_is_given_and_forgotten() -> None:
    deadlines = Deadlines()
    moment, future = deadlines.after(60)
    assert moment is not None
    assert moment > asyncio.get_running_loop().time()
    future.set_result(7)
    assert await future == 7
    deadlines.forget(future)
    assert not deadlines._waiting


async def test_without_seconds_there_is_no_deadline() -> None:
    deadlines = Deadlines()
    moment, future = deadlines.after(0)
    assert moment is None
    assert deadlines._timer is None
    deadlines.forget(future)


async def test_one_timer_is_enough_for_many_and_a_sooner_moment_moves_it() -> None:
    deadlines = Deadlines()
    for _ in range(3):
        deadlines.forget(deadlines.after(60)[1])
    timer = deadlines._timer
    assert timer is not None
    for _ in range(3):
        deadlines.forget(deadlines.after(70)[1])
    assert deadlines._timer is timer
    with pytest.raises(TimeoutError):
        await waited(deadlines, 0.01)
    assert timer.cancelled()


async def test_the_timer_goes_on_for_those_who_have_more_time() -> None:
    deadlines = Deadlines()
    _, patient = deadlines.after(60)
    with pytest.raises(TimeoutError):
        await waited(deadlines, 0.01)
    assert deadlines._timer is not None
    assert not patient.done()
    patient.cancel()
    deadlines.forget(patient)
    deadlines._look()
    assert deadlines._timer is None


def test_in_another_loop_it_begins_anew() -> None:
    deadlines = Deadlines()

    async def late() -> None:
        deadlines.after(60)
        with pytest.raises(TimeoutError):
            await waited(deadlines, 0.01)

    for _ in range(2):
        asyncio.run(late())


async def test_who_was_cancelled_is_left_alone() -> None:
    deadlines = Deadlines()
    _, future = deadlines.after(0.01)
    future.cancel()
    with pytest.raises(TimeoutError):
        await waited(deadlines, 0.02)
    assert future.cancelled()
