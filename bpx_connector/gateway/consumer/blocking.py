"""The bus for programs that block: its connection lives in a thread of its own, beside the program."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["BusThread"]

Result = TypeVar("Result")


class BusThread:
    """An event loop in a thread that ends with the program."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="bpx-gateway", daemon=True)
        self._thread.start()

    def result(self, work: Coroutine[Any, Any, Result]) -> Result:
        """What comes of it, waited for."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()
