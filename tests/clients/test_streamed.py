"""How programs for many exchanges use an object with streams: in a thread of its own, again after close."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from typing import Any

import pytest
from ccxt.base.errors import ExchangeClosedByUser

from bpx_connector.sandbox.server import SandboxThread
from tests.support.clients import SPOT, streaming_exchange


def test_a_socket_object_works_in_another_thread_and_its_candles_are_read_from_this_one(
    running: SandboxThread,
) -> None:
    exchange = streaming_exchange(running)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def there(steps: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(steps, loop).result(timeout=20)

    try:
        there(exchange.watch_ohlcv(SPOT, "1m"))
        candles = exchange.ohlcvs[SPOT]["1m"]
        assert len(candles) >= 1
        assert len(candles[-1]) == 6
        assert exchange.session is not None
        there(exchange.close())
        assert exchange.session is None
        assert not exchange.socks_proxy_sessions
        assert there(exchange.watch_ohlcv(SPOT, "1m")), "it is used again after it was closed"
        there(exchange.close())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def test_who_waits_while_the_exchange_is_closed_is_told_that_the_user_did_it(
    running: SandboxThread,
) -> None:
    exchange = streaming_exchange(running)
    await exchange.load_markets()
    waiting = asyncio.create_task(exchange.watch_my_trades())
    await asyncio.sleep(0.1)
    await exchange.close()
    with pytest.raises(ExchangeClosedByUser):
        await waiting


async def seen_while_ordering(exchange: Any, symbol: Any) -> tuple[set[str], set[str]]:
    """The ids of orders that one watch answers with, and of those that were placed meanwhile."""
    watched, placed = asyncio.create_task(exchange.watch_orders(symbol)), set()
    while not watched.done():
        placed.add((await exchange.create_order(SPOT, "limit", "buy", 1, 60))["id"])
        await asyncio.sleep(0.02)
    return {order["id"] for order in await watched}, placed


async def test_orders_and_balance_are_watched_without_a_symbol(running: SandboxThread) -> None:
    exchange = streaming_exchange(running)
    balance = await exchange.watch_balance()
    assert balance["USDC"]["free"] > 0
    seen, placed = await seen_while_ordering(exchange, None)
    assert seen
    assert seen <= placed
    await exchange.close()


@pytest.mark.parametrize("new_updates", [True, False])
async def test_new_updates_decides_between_what_is_new_and_all(
    running: SandboxThread, new_updates: bool
) -> None:
    exchange = streaming_exchange(running, {"newUpdates": new_updates})
    first, _ = await seen_while_ordering(exchange, SPOT)
    second, _ = await seen_while_ordering(exchange, SPOT)
    assert second - first, "something new each time"
    assert (first & second == set()) if new_updates else first <= second
    await exchange.close()


INTERRUPTED = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background shell's children ignore it
import asyncio, os, signal, sys
from bpx_connector.pro import bpx

async def main():
    exchange = bpx({"urls": {"api": {"public": sys.argv[1], "private": sys.argv[1],
                                     "ws": {"public": sys.argv[2], "private": sys.argv[2]}}}})
    while True:
        await exchange.watch_order_book("SOL/USDC", 5)
        signal.raise_signal(signal.SIGINT)

asyncio.run(main())
"""


def test_a_watch_loop_that_is_interrupted_ends_with_ccxts_own_advice(running: SandboxThread) -> None:
    words = [sys.executable, "-c", INTERRUPTED, running.url, running.socket_url]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "KeyboardInterrupt" in done.stderr
    assert "await exchange.close()" in done.stderr
    assert "ImportError" not in done.stderr
