"""What it costs to be there at all: importing, and memory. Each runs in a process of its own."""

from __future__ import annotations

import asyncio
import gc
import time
import tracemalloc
from importlib import import_module

from benchmarks.stream_measures import Following, following
from benchmarks.subjects import Control, exchange_class

BOOKS = 20
CACHED_TRADES = 1000
FIRST_DELTAS, SETTLING = 30, 1000
"""Deltas before books are weighed, and those after which a book has as many levels as it will have."""


async def imports(_: str, __: int, name: str, ___: int) -> dict[str, float]:
    """CPU milliseconds that our package adds once ccxt is there."""
    import_module("ccxt")
    if name == "all":
        import_module("ccxt.async_support")
        import_module("ccxt.pro")
    gc.collect()
    before = time.process_time()
    package = import_module("bpx_connector")
    package.bpx  # noqa: B018  the class is loaded when it is asked for
    if name == "all":
        import_module("bpx_connector.async_support")
        import_module("bpx_connector.pro")
        package.register()
    return {"cpu": (time.process_time() - before) * 1e3}


def _start_tracing(subject: str) -> None:
    """Count from here on: growth should not look small beside what all the modules take."""
    exchange_class(subject, streams=True)
    gc.collect()
    gc.freeze()
    tracemalloc.start()


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


async def memory_of_books(subject: str, port: int, _: str, lasting: int) -> dict[str, float]:
    """KiB per followed book of 1,000 levels a side, the difference between 21 books and 1; and its growth."""
    _start_tracing(subject)
    async with following(subject, port, "depth", 1) as together:
        await _send(port, together, 0, FIRST_DELTAS)
        one = _traced()
        await _send(port, together, FIRST_DELTAS, SETTLING)
        before = _traced()
        await _send(port, together, FIRST_DELTAS + SETTLING, lasting)
        after = _traced()
    async with following(subject, port, "depth", 1 + BOOKS) as together:
        await _send(port, together, 0, FIRST_DELTAS)
        many = _traced()
    return {"KiB": (many - one) / BOOKS / 1024, "growth": max(0.0, after / before - 1) * 100}


async def memory_of_trades(subject: str, port: int, _: str, lasting: int) -> dict[str, float]:
    """KiB per 1,000 cached trades, and how much so many further frames add to that."""
    _start_tracing(subject)
    async with following(subject, port, "trade", 1) as together:
        await _send(port, together, 0, 6)
        empty = _traced()
        await _send(port, together, 6, CACHED_TRADES)
        full = _traced()
        await _send(port, together, 6 + CACHED_TRADES, CACHED_TRADES)
        before = _traced()
        await _send(port, together, 6 + 2 * CACHED_TRADES, lasting)
        after = _traced()
    return {"KiB": (full - empty) / 1024, "growth": max(0.0, after / before - 1) * 100}
