"""What it costs to be there at all: importing, and memory. Each runs in a process of its own."""

from __future__ import annotations

import asyncio
import gc
import time
import tracemalloc
from importlib import import_module

from benchmarks.stream_measures import Following, following
from benchmarks.subjects import Control

BOOKS = 20
CACHED_TRADES = 1000
LASTING = 10_000
"""Further frames after which memory must stand where it stood."""


async def imports(_: str, __: int, name: str, ___: int) -> dict[str, float]:
    """CPU milliseconds that our package adds once ccxt is there."""
    import_module("ccxt")
    if name == "all":
        import_module("ccxt.async_support")
        import_module("ccxt.pro")
    gc.collect()
    before = time.process_time()
    package = import_module("bpx_connector")
    if name == "all":
        import_module("bpx_connector.async_support")
        import_module("bpx_connector.pro")
        package.register()
    return {"cpu": (time.process_time() - before) * 1e3}


def _traced() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


async def _send(port: int, together: Following, first: int, count: int) -> None:
    control = Control(port)
    together.aim(first + count)
    await control.ask("send", streams=together.streams, first=first, count=count)
    await together.until(first + count)
    control.close()
    await asyncio.sleep(0.05)


async def memory_of_books(subject: str, port: int, _: str, __: int) -> dict[str, float]:
    """KiB per followed book of 1,000 levels a side: the difference between 21 books and 1."""
    totals = []
    tracemalloc.start()
    for symbols in (1, 1 + BOOKS):
        async with following(subject, port, "depth", symbols) as together:
            await _send(port, together, 0, 30)
            totals.append(_traced())
    return {"KiB": (totals[1] - totals[0]) / BOOKS / 1024}


async def memory_of_trades(subject: str, port: int, _: str, __: int) -> dict[str, float]:
    """KiB per 1,000 cached trades, and how much 10,000 further frames add to that."""
    tracemalloc.start()
    async with following(subject, port, "trade", 1) as together:
        await _send(port, together, 0, 6)
        empty = _traced()
        await _send(port, together, 6, CACHED_TRADES)
        full = _traced()
        await _send(port, together, 6 + CACHED_TRADES, CACHED_TRADES)
        before = _traced()
        await _send(port, together, 6 + 2 * CACHED_TRADES, LASTING)
        after = _traced()
    return {"KiB": (full - empty) / 1024, "growth": max(0.0, after / before - 1) * 100}
