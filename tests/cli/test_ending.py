"""How commands end: what is closing is never cancelled in the middle of it, and nobody goes on before."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bpx_connector.cli.ending import closed, together


class SlowToClose:
    """An exchange object that takes some turns of the loop to close."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.is_closing = asyncio.Event()
        self.may_end = asyncio.Event()

    async def close(self) -> None:
        self.said.append("closing")
        self.is_closing.set()
        await self.may_end.wait()
        self.said.append("closed")


async def cancelled(task: asyncio.Task[Any]) -> None:
    with pytest.raises(asyncio.CancelledError):
        await task


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_is_cancelled_while_it_closes_closes_to_the_end() -> None:
    exchange = SlowToClose()

    async def used() -> None:
        async with closed(exchange) as entered:
            assert entered is exchange

    task = asyncio.ensure_future(used())
    await exchange.is_closing.wait()
    for _ in range(2):
        task.cancel()
        await turns()
    assert not task.done()
    exchange.may_end.set()
    await cancelled(task)
    assert exchange.said == ["closing", "closed"]


async def test_an_error_passes_and_what_was_used_is_closed() -> None:
    exchange = SlowToClose()
    exchange.may_end.set()
    with pytest.raises(ZeroDivisionError):
        async with closed(exchange):
            raise ZeroDivisionError
    assert exchange.said == ["closing", "closed"]


async def test_of_what_goes_on_together_nothing_is_left_when_it_is_cancelled() -> None:
    """One ends at once, the other takes longer to close: both have ended when that is told, uncancelled."""
    exchange, began = SlowToClose(), asyncio.Event()

    async def slow() -> None:
        async with closed(exchange):
            began.set()
            await asyncio.Event().wait()

    async def quick() -> None:
        await asyncio.Event().wait()

    task = asyncio.ensure_future(together(quick(), slow()))
    await began.wait()
    task.cancel()
    await exchange.is_closing.wait()
    await turns()
    assert not task.done()
    exchange.may_end.set()
    await cancelled(task)
    assert exchange.said == ["closing", "closed"]


async def test_what_goes_on_together_gives_what_each_gives_or_fails_as_the_first_one() -> None:
    async def given(value: int) -> int:
        return 1 // value

    assert await together(given(1), given(2)) == [1, 0]
    with pytest.raises(ZeroDivisionError):
        await together(given(0), asyncio.Event().wait())
