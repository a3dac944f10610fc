"""Time in lockstep: it moves when every client has answered, and no socket is left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession

from bpx_connector.sandbox.clock import DRIVEN_START, DrivenClock
from bpx_connector.sandbox.lockstep import Lockstep, LockstepError
from bpx_connector.sandbox.records.times import SECOND
from bpx_connector.sandbox.server import Sandbox, SandboxThread
from tests.support.listeners import until
from tests.support.streaming import exchange_on, sandbox_with, soon


class Room:
    """A clock that is moved in lockstep, and by how much at a time."""

    def __init__(self, patience: float = 5.0) -> None:
        self.clock = DrivenClock()
        self.steps: list[float] = []
        self.lockstep = Lockstep(self.clock, self._pass_by, patience)

    async def _pass_by(self, seconds: float) -> None:
        self.steps.append(seconds)
        self.clock.advance(seconds)
        await asyncio.sleep(0)

    @property
    def now(self) -> float:
        return (self.clock.now() - DRIVEN_START) / SECOND


async def test_a_client_alone_has_time_pass_as_it_likes() -> None:
    room = Room()
    for seconds in (1, 0.5, 10):
        await soon(room.lockstep.step("a", seconds))
    assert room.steps == [1, 0.5, 10]
    assert room.lockstep.clients == {"a": True}


async def test_time_stands_while_anybody_acts_and_moves_by_the_least_that_is_wanted() -> None:
    room = Room()
    room.lockstep.join("b")
    waiting = asyncio.ensure_future(room.lockstep.step("a", 10))
    for _ in range(5):
        await asyncio.sleep(0)
    assert (room.now, room.lockstep.clients) == (0, {"b": True, "a": False})
    for reached in (3, 6, 9):
        await soon(room.lockstep.step("b", 3))
        assert room.now == reached
        assert not waiting.done()
    last = asyncio.ensure_future(room.lockstep.step("b", 3))
    await soon(waiting)
    assert room.now == 10
    assert not last.done()
    await soon(room.lockstep.leave("a"))
    await soon(last)
    assert room.now == 12
    assert room.steps == [3, 3, 3, 1, 2]


async def test_who_waits_for_one_that_is_gone_is_told_whom() -> None:
    room = Room(patience=0.05)
    room.lockstep.join("gone")
    with pytest.raises(LockstepError, match="time waits for gone"):
        await soon(room.lockstep.step("a", 1))
    assert room.lockstep.clients == {"gone": True, "a": True}
    assert await room.lockstep.leave("gone")
    assert not await room.lockstep.leave("gone")
    await soon(room.lockstep.step("a", 1))
    assert room.now == 1


# --- at the doors ------------------------------------------------------------------------------------------


class Bot:
    """A program in any language: it knows HTTP and nothing else."""

    def __init__(self, sandbox: Sandbox, session: ClientSession, name: str) -> None:
        assert sandbox.control is not None
        self._url = f"{sandbox.control.address}/sandbox/lockstep"
        self._session = session
        self._name = name

    async def ask(self, method: str, body: Any = None, name: str | None = None) -> tuple[int, Any]:
        url = f"{self._url}/{name or self._name}" if name != "" else self._url
        async with self._session.request(method, url, json=body) as answer:
            return answer.status, await answer.json()

    async def step(self, seconds: float) -> int:
        status, answer = await self.ask("POST", {"advance": seconds})
        assert status == 200, answer
        time: int = answer["time"]
        return time


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with sandbox_with("SOL_USDC", control=0) as sandbox:
        yield sandbox


async def test_two_programs_go_on_together(sandbox: Sandbox) -> None:
    start = sandbox.clock.now() // 1000
    async with ClientSession() as session:
        one, other = (Bot(sandbox, session, name) for name in ("one", "other"))
        assert (await other.ask("PUT"))[1] == {"other": True}
        waiting = asyncio.ensure_future(one.step(2))
        await soon(until(lambda: len(sandbox.lockstep.clients) == 2))
        assert await soon(other.step(1.5)) - start == 1_500
        assert not waiting.done()
        assert (await other.ask("DELETE"))[1] == {"one": True}
        assert await soon(waiting) - start == 2_000
        assert (await other.ask("DELETE"))[0] == 404
        assert (await one.ask("GET", name=""))[1] == {"one": True}
        for nonsense in (0, -1, "soon", None):
            assert (await one.ask("POST", {"advance": nonsense}))[0] == 400


async def test_a_clock_that_nobody_drives_knows_no_lockstep() -> None:
    async with Sandbox(symbols=["SOL_USDC"], speed=0, control=0) as sandbox, ClientSession() as session:
        bot = Bot(sandbox, session, "me")
        for method, body in (("POST", {"advance": 1}), ("PUT", None)):
            status, answer = await bot.ask(method, body)
            assert (status, "keeps the machine's time" in answer["message"]) == (400, True)


async def test_what_a_step_brought_has_been_read_when_it_is_over(sandbox: Sandbox) -> None:
    async with exchange_on(sandbox) as exchange, ClientSession() as session:
        bot = Bot(sandbox, session, "me")
        heard: list[Any] = []
        await exchange.subscribe_stream("markPrice.SOL_USDC", heard.append)
        await soon(until(lambda: sandbox.feed.connections and sandbox.feed.connections[0].keys))
        for seconds in (1, 2, 30):
            before = len(heard)
            await soon(bot.step(seconds))
            assert len(heard) - before == seconds


async def test_clients_that_do_not_read_hold_nobody_up(sandbox: Sandbox) -> None:
    async with exchange_on(sandbox) as exchange:
        await exchange.subscribe_stream("ticker.SOL_USDC", lambda payload: None)
        await soon(until(lambda: sandbox.feed.connections and sandbox.feed.connections[0].keys))
        [connection] = sandbox.feed.connections
        connection.freeze()
        await soon(sandbox.pass_time(1))
    await soon(sandbox.pass_time(1))


def test_a_blocking_program_lets_time_pass_in_its_sandbox() -> None:
    with SandboxThread(symbols=["SOL_USDC"], clock=DrivenClock(), speed=0) as sandbox:
        before = sandbox.run(lambda inner: inner.clock.now())
        sandbox.pass_time(25)
        assert sandbox.run(lambda inner: inner.clock.now()) - before == 25 * SECOND
