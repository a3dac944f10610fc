"""A cancellation is never lost to an answer that comes at the same moment."""

from __future__ import annotations

import asyncio

import pytest

from bpx_connector.gateway.bus.cancelling import heeding_cancels
from tests.support.gateways import bus_of
from tests.support.nats_servers import NatsServer


async def test_a_cancellation_beside_an_answer_is_heeded() -> None:
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    task = asyncio.ensure_future(heeding_cancels(asyncio.wait_for)(answer, 60))
    await asyncio.sleep(0)
    answer.set_result(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_without_a_cancellation_nothing_changes() -> None:
    async def answered() -> int:
        return 1

    assert await heeding_cancels(answered)() == 1
    with pytest.raises(TimeoutError):
        await heeding_cancels(asyncio.wait_for)(asyncio.get_running_loop().create_future(), 0)


async def test_what_ends_something_may_ask_while_its_task_is_cancelled() -> None:
    asked: list[int] = []

    async def ended() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            asked.append(await heeding_cancels(asyncio.sleep)(0, 1))

    task = asyncio.ensure_future(ended())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asked == [1]


async def test_every_question_to_the_bus_heeds_its_cancellation(nats_server: NatsServer, net: str) -> None:
    """Cancelled at each of the steps of the loop that its answer may take."""
    async with bus_of(nats_server) as bus:
        await bus.keep(f"C{net}", [f"{net}.c"], 60.0)
        for steps in range(200):
            storing = asyncio.ensure_future(bus.store(f"{net}.c", b"", 5.0))
            for _ in range(steps):
                await asyncio.sleep(0)
            if storing.done():
                continue
            storing.cancel()
            await asyncio.wait([storing])
            assert storing.cancelled()
