"""One subject's callers in a fault run, in a process of their own: they watch, and write down what they get.

`python -m benchmarks.fault_callers <subject> <port of the sandbox> <market> ...` says "ready", and at the
next line of standard input gives its notes as one line of JSON. It judges nothing.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import Any

from nacl.bindings import crypto_sign_seed_keypair

from benchmarks.fault_truth import Notes, Sight, fingerprint
from benchmarks.subjects import OURS, PEER, exchange

__all__ = ["SETTINGS", "credentials"]

LOOK_EVERY = 0.05
AFTER_AN_ERROR = 0.01
"""How long a caller pauses before it asks again, in seconds."""
READY_WITHIN = 20.0

SETTINGS: dict[str, dict[str, Any]] = {
    PEER: {"ws": {"keepAlive": 500, "maxPingPongMisses": 2}},
    OURS: {
        "streams": {"pingAfter": 500, "silence": 1000, "shortestPause": 50, "longestPause": 500},
        "watchOrders": {"checkEvery": 1000},
    },
}
"""Both ping each half second and give a silent socket up after one, or the run would have to last minutes."""


def credentials(subject: str) -> tuple[str, str]:
    """Key and secret of a subject's own account."""
    seed = f"fault run of {subject}".encode().ljust(32)
    return b64encode(crypto_sign_seed_keypair(seed)[0]).decode(), b64encode(seed).decode()


class Callers:
    """All callers of one exchange object."""

    def __init__(self, subject: str, port: int, market_ids: Sequence[str]) -> None:
        self._market_ids = market_ids
        self.exchange = exchange(subject, port, streams=True)
        self.exchange.apiKey, self.exchange.secret = credentials(subject)
        self.exchange.timeout = 2_000
        self.exchange.options.update(SETTINGS[subject])
        self.notes = Notes()
        self._errors: Counter[str] = Counter()
        self._tasks: list[asyncio.Task[None]] = []
        self._untold = set(market_ids)
        self._all_told = asyncio.Event()

    async def begin(self) -> None:
        """Watch every book, the orders and the fills; return when each book has been told once."""
        asyncio.get_running_loop().set_exception_handler(self._unheard)
        await self.exchange.load_markets()
        for market_id in self._market_ids:
            self._watch_book(self.exchange.safe_symbol(market_id), market_id)
        self._start("orders", self.exchange.watch_orders, self._orders)
        if self.exchange.has.get("watchMyTrades"):
            self.notes.fills = []
            self._start("fills", self.exchange.watch_my_trades, self._fills)
        await asyncio.wait_for(self._all_told.wait(), READY_WITHIN)

    async def end(self) -> Notes:
        """Stop watching; what was noted."""
        noted = self.notes
        noted.pending = dict(noted.pending)
        noted.errors = dict(self._errors)
        for task in self._tasks:
            if task.done():
                task.result()  # a caller of ours that broke has noted nothing since
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.exchange.close()
        return noted

    def _watch_book(self, symbol: str, market_id: str) -> None:
        self._start(f"book of {symbol}", lambda: self.exchange.watch_order_book(symbol), self._book)
        self._tasks.append(asyncio.ensure_future(self._look_at(symbol, market_id)))

    def _start(self, name: str, watch: Callable[[], Awaitable[Any]], take: Callable[[Any], None]) -> None:
        self._tasks.append(asyncio.ensure_future(self._watch(name, watch, take)))

    async def _watch(
        self, name: str, watch: Callable[[], Awaitable[Any]], take: Callable[[Any], None]
    ) -> None:
        self.notes.pending[name] = time.monotonic()
        while True:
            try:
                answer = await watch()
            except Exception as error:
                self._errors[type(error).__name__] += 1
                await asyncio.sleep(AFTER_AN_ERROR)
                continue
            now = time.monotonic()
            if name.startswith("book"):
                self.notes.longest_wait = max(self.notes.longest_wait, now - self.notes.pending[name])
            self.notes.pending[name] = now
            take(answer)

    def _unheard(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self._errors[f"{type(error).__name__} to nobody" if error else "complaints of the event loop"] += 1

    def _book(self, book: Any) -> None:
        market_id = self.exchange.market(book["symbol"])["id"]
        self.notes.handed.append(self._sight(market_id, book))
        self._untold.discard(market_id)
        if not self._untold:
            self._all_told.set()

    async def _look_at(self, symbol: str, market_id: str) -> None:
        while True:
            book = self.exchange.orderbooks.get(symbol)
            self.notes.seen.append(self._sight(market_id, book))
            await asyncio.sleep(LOOK_EVERY)

    def _sight(self, market_id: str, book: Any) -> Sight:
        update = None if book is None else book["nonce"]
        if update is None:
            return Sight(time.monotonic(), market_id, None, 0)
        return Sight(time.monotonic(), market_id, int(update), fingerprint(book["bids"], book["asks"]))

    def _orders(self, orders: list[Any]) -> None:
        for order in orders:
            before = self.notes.orders.get(order["id"])
            filled, is_open = order["filled"] or 0.0, order["status"] == "open"
            if before is not None and (filled < before[0] or (is_open and not before[1])):
                self.notes.backwards += 1
            self.notes.orders[order["id"]] = (filled, is_open)

    def _fills(self, trades: list[Any]) -> None:
        assert self.notes.fills is not None
        for trade in trades:
            market_id = self.exchange.market(trade["symbol"])["id"]
            self.notes.fills.append((market_id, int(trade["id"]), int(trade["order"])))


async def _noted(subject: str, port: int, market_ids: Sequence[str]) -> Notes:
    callers = Callers(subject, port, market_ids)
    await callers.begin()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    return await callers.end()


def main() -> None:
    """Watch until told to stop."""
    logging.disable(logging.CRITICAL)  # faults are expected here, and counted
    notes = asyncio.run(_noted(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
    print(json.dumps(asdict(notes)), flush=True)


if __name__ == "__main__":
    main()
