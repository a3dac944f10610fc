"""The till and who opens it: nobody is let go without a lead and a mark, and who waits is told of its end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bpx_connector.gateway.bus.connection import UnansweredError
from bpx_connector.gateway.publisher.spending import Spending
from bpx_connector.gateway.publisher.till import OWN, USUAL_LIMITS, Stopped, Till
from bpx_connector.gateway.rules.silence import ENOUGH, OPEN_FOR
from tests.support.links import settled


class Marks:
    """The bus: it keeps the last mark, by a clock of its own, or does not answer."""

    def __init__(self, clock: Clock) -> None:
        self.last: tuple[bytes, float] | None = None
        self.is_silent = False
        self._clock = clock

    async def store(self, subject: str, payload: bytes, seconds: float) -> int | None:
        if self.is_silent:
            raise UnansweredError("no answer")
        self.last = (payload, self._clock() + 7_000.0)
        return 1

    async def last_stored_at(self, log: str, subject: str) -> tuple[bytes, float] | None:
        return self.last


class Clock:
    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


class Leader:
    """A gateway as spending sees it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.marks = Marks(self.clock)
        self.leads = True
        self.epoch = 1
        self.till = Till(USUAL_LIMITS, self.clock, lambda: self.leads)
        self.spending = Spending(
            "log",
            "subject",
            self.till,
            lambda: self.leads,
            lambda: self.epoch,
            self.clock,
            lambda: 9_000.0 + self.clock(),
            lambda message, error: None,
        )

    def asks(self) -> asyncio.Future[None]:
        return asyncio.ensure_future(self.till.leave("standard", "u"))

    async def lets_go(self) -> bool:
        asked = self.asks()
        await settled()
        if asked.done():
            return asked.exception() is None
        asked.cancel()
        return False


@pytest.fixture
def leader() -> Any:
    return Leader()


async def test_before_the_mark_nobody_is_let_go_and_after_it_as_the_bucket_fills(leader: Leader) -> None:
    asked = leader.asks()
    leader.clock.at += 50
    await settled()
    assert not asked.done()
    await leader.spending.step(leader.marks)
    assert not leader.spending.began_full and not asked.done(), "the bucket begins empty"
    leader.clock.at += 1
    assert await leader.lets_go() and asked.done()
    leader.till.close()


@pytest.mark.parametrize(("silence", "is_full"), [(ENOUGH + 0.1, True), (ENOUGH - 1.0, False)])
async def test_after_a_long_silence_it_begins_full(leader: Leader, silence: float, is_full: bool) -> None:
    await leader.spending.step(leader.marks)
    leader.leads = False
    leader.spending.stop()
    leader.clock.at += silence
    leader.leads, leader.epoch = True, 2
    await leader.spending.step(leader.marks)
    assert leader.spending.began_full is is_full
    assert await leader.lets_go() is is_full
    leader.till.close()


@pytest.mark.parametrize("payload", [b"", b"soon", b"nan"])
async def test_a_mark_that_cannot_be_read_proves_nothing(leader: Leader, payload: bytes) -> None:
    leader.marks.last = (payload, 0.0)
    await leader.spending.step(leader.marks)
    assert not leader.spending.began_full


async def test_without_new_marks_the_till_closes_and_with_one_it_opens(leader: Leader) -> None:
    await leader.spending.step(leader.marks)
    leader.marks.is_silent = True
    leader.clock.at += OPEN_FOR - 0.1
    with pytest.raises(UnansweredError):
        await leader.spending.step(leader.marks)
    assert await leader.lets_go()
    leader.clock.at += 0.2
    assert not await leader.lets_go()
    leader.marks.is_silent = False
    await leader.spending.step(leader.marks)
    assert await leader.lets_go()
    leader.till.close()


async def test_who_waits_when_the_lead_is_over_is_told_and_nobody_is_let_go(leader: Leader) -> None:
    await leader.spending.step(leader.marks)
    waiting = [leader.asks() for _ in range(5)]
    await settled()
    leader.leads = False
    leader.clock.at += 5  # there would be enough for all of them
    with pytest.raises(Stopped):
        await leader.till.leave("orders", "u")
    leader.spending.stop()
    await settled()
    assert all(isinstance(one.exception(), Stopped) for one in waiting)
    own = asyncio.ensure_future(leader.till.leave(OWN, "gateway"))
    await settled()
    assert own.done() and own.exception() is None, "a gateway that does not lead has its own budget"
    leader.till.close()


async def test_a_mark_that_comes_when_the_lead_is_over_opens_nothing(leader: Leader) -> None:
    async def late(subject: str, payload: bytes, seconds: float) -> int | None:
        leader.leads = False
        return 1

    leader.marks.store = late  # type: ignore[method-assign]
    await leader.spending.step(leader.marks)
    leader.leads = True
    leader.clock.at += 1
    assert not await leader.lets_go()
