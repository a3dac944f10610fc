"""How a command that waits for streams ends, also when it is interrupted: nothing is left open or running.

Ctrl-C cancels what runs, once. What closes meanwhile must not be cancelled with it, and nobody may go on
before all of it has ended: what is left then is cancelled again, in the middle of its closing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

__all__ = ["closed", "together"]


@asynccontextmanager
async def closed(exchange: Any) -> AsyncIterator[Any]:
    """An exchange object that is closed at the end, to the end."""
    try:
        yield exchange
    finally:
        await _whole(exchange.close())


async def _whole(work: Coroutine[Any, Any, Any]) -> None:
    """Work that is done to its end; who is cancelled meanwhile is told afterwards."""
    task, told = asyncio.ensure_future(work), None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as cancelled:
            told = cancelled
    if told is not None:
        raise told
    task.result()


async def together(*work: Coroutine[Any, Any, Any]) -> list[Any]:
    """What all of these give; if one fails or all are cancelled, every one has ended when that is told."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in work]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]
