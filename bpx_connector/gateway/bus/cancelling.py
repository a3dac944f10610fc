"""A cancellation that comes together with an answer is not lost.

`asyncio.wait_for` before Python 3.12 forgets a cancellation when what it waits for is done at the same
moment (https://github.com/python/cpython/issues/86296), and nats-py waits for every answer with it. A task
that is cancelled once and loops would go on for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

__all__ = ["heeding_cancels"]

Given = ParamSpec("Given")
Result = TypeVar("Result")


def heeding_cancels(
    call: Callable[Given, Awaitable[Result]],
) -> Callable[Given, Coroutine[Any, Any, Result]]:
    """The call, with CancelledError for a task that was cancelled during it, whatever became of the call."""

    @wraps(call)
    async def heeding(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        task = asyncio.current_task()
        assert task is not None, "awaited in a task"
        asked_before = task.cancelling()
        try:
            return await call(*args, **kwargs)
        finally:
            if task.cancelling() > asked_before:
                raise asyncio.CancelledError

    return heeding
