"""Two gateways, a NATS server and readers, while all of them are killed, frozen and cut off, by a seed.

Everything runs on this machine: the venue is the sandbox in this process, gateways are processes of their
own that end by SIGKILL. What must hold: each book that is handed out is the engine's at its update, no
update number goes backwards but after a new start, and every fill is told once, whatever happens to whom.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ccxt.base.errors import NetworkError

from bpx_connector.pro import bpx
from bpx_connector.sandbox.faults.kinds import fault_of
from bpx_connector.sandbox.server import Sandbox
from tests.support.keys import FIRST
from tests.support.nats_servers import NatsServer
from tests.support.streaming import TrueBooks, exchange_on

__all__ = ["FAULTS", "Found", "chaos"]

PROJECT = Path(__file__).parent.parent.parent
MARKETS = ("SOL_USDC", "BTC_USDC", "ETH_USDC")
FAULTS = (
    "kill leader",
    "kill standby",
    "kill both",
    "freeze leader",
    "kill nats",
    "cut venue",
    "freeze nats",
)
RECOVERS_WITHIN = 30.0


@dataclass
class Found:
    """What was seen."""

    faults: Counter[str] = field(default_factory=Counter)
    books: int = 0
    wrong: int = 0
    unknown: int = 0
    backwards: int = 0
    late_joiners: int = 0
    kept_waiting: int = 0
    """Of them, those that had no book within half a minute: a busy machine starts a gateway slowly."""
    silences: dict[str, float] = field(default_factory=dict)
    """Seconds that a busy book has stood still, at most, after each kind of fault."""
    fills_made: set[str] = field(default_factory=set)
    fills_told: Counter[str] = field(default_factory=Counter)
    network_errors: int = 0

    @property
    def missing(self) -> set[str]:
        """Fills that nobody was told of."""
        return self.fills_made - self.fills_told.keys()

    @property
    def twice(self) -> list[str]:
        """Fills that were told more than once."""
        return [fill for fill, count in self.fills_told.items() if count > 1]


class _Process:
    """One gateway, started again each time it is killed."""

    def __init__(self, name: str, server: NatsServer, venue: Sandbox) -> None:
        self.name = name
        self._server = server
        self._venue = venue
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bpx_connector.gateway", "--nats", self._server.url),
            *("--net", "chaos", "--name", self.name, "--url", self._venue.url),
            cwd=PROJECT,
            env={**os.environ, "BPX_API_KEY": FIRST.api_key, "BPX_SECRET": FIRST.secret},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )

    async def kill(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    def signal(self, number: int) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)


@asynccontextmanager
async def _reader(server: NatsServer, user: str, **options: Any) -> AsyncIterator[Any]:
    gateway = {"servers": [server.url], "user": user, "net": "chaos", "patience": 20_000, **options}
    streams = {"shortestPause": 50, "longestPause": 250}
    exchange: Any = bpx({"options": {"gateway": gateway, "streams": streams}, "timeout": 20_000})
    exchange.timeout_on_exit = 0
    try:
        yield exchange
    finally:
        await exchange.close()


class _Chaos:
    def __init__(self, folder: Path, seed: int, seconds: float, faults: Sequence[str], pause: float) -> None:
        self._faults = faults
        self._pause = pause
        self.found = Found()
        self._random = random.Random(seed)
        self._seconds = seconds
        self._server = NatsServer(folder)
        self._venue = Sandbox(seed=seed, symbols=MARKETS, speed=20)
        self._gateways = [_Process(name, self._server, self._venue) for name in "ab"]
        self._is_over = False
        self._last = time.monotonic()
        self._fault = "start"
        self._books: Any = None

    async def run(self) -> Found:
        with self._server:
            async with self._venue:
                await asyncio.gather(*(gateway.start() for gateway in self._gateways))
                try:
                    await self._run()
                finally:
                    await asyncio.gather(*(gateway.kill() for gateway in self._gateways))
        return self.found

    async def _run(self) -> None:
        truth = TrueBooks(self._venue, MARKETS)
        async with (
            exchange_on(self._venue) as trader,
            _reader(self._server, "books") as books,
            _reader(self._server, "fills", resume="fills-fills") as fills,
        ):
            self._books = books
            await books.load_markets()
            await fills.load_markets()
            watchers = [asyncio.ensure_future(self._watch(books, market, truth)) for market in MARKETS]
            telling = asyncio.ensure_future(self._tell(fills))
            await asyncio.sleep(2)
            trading = asyncio.ensure_future(self._trade(trader))
            await self._break_things(truth)
            self._is_over = True
            await trading
            await self._settle(trader, truth, books)
            for task in (*watchers, telling):
                task.cancel()
            outcomes = await asyncio.gather(*watchers, telling, return_exceptions=True)
            for outcome in outcomes:
                if isinstance(outcome, Exception):
                    raise outcome

    # --- what is checked ---------------------------------------------------------------------------------

    async def _watch(self, exchange: Any, market: str, truth: TrueBooks) -> None:
        symbol, before = market.replace("_", "/"), 0
        while True:
            try:
                book = await exchange.watch_order_book(symbol)
            except NetworkError:
                self.found.network_errors += 1
                await asyncio.sleep(0.05)
                continue
            now = time.monotonic()
            if market == MARKETS[0]:
                silence = max(self.found.silences.get(self._fault, 0.0), now - self._last)
                self.found.silences[self._fault] = silence
                self._last = now
            verdict = truth.is_true(market, book, 10)
            self.found.books += 1
            self.found.wrong += verdict is False
            self.found.unknown += verdict is None
            self.found.backwards += book["nonce"] < before
            before = book["nonce"]

    async def _tell(self, exchange: Any) -> None:
        while True:
            for trade in await exchange.watch_my_trades():
                self.found.fills_told[trade["id"]] += 1

    async def _trade(self, trader: Any) -> None:
        while not self._is_over:
            side = self._random.choice(["buy", "sell"])
            order = await trader.create_order("SOL/USDC", "market", side, 0.1)
            for trade in await trader.fetch_order_trades(order["id"], "SOL/USDC"):
                self.found.fills_made.add(trade["id"])
            await asyncio.sleep(0.1)

    async def _settle(self, trader: Any, truth: TrueBooks, books: Any) -> None:
        """Wait until everything is as it should be, or has had its time."""
        deadline = time.monotonic() + RECOVERS_WITHIN
        while self.found.missing and time.monotonic() < deadline:  # noqa: ASYNC110  other processes change it
            await asyncio.sleep(0.1)
        async with asyncio.timeout(RECOVERS_WITHIN):
            for market in MARKETS:
                await books.watch_order_book(market.replace("_", "/"))

    # --- what is broken ----------------------------------------------------------------------------------

    async def _break_things(self, truth: TrueBooks) -> None:
        ends, turn = time.monotonic() + self._seconds, 0
        order = self._random.sample(self._faults, len(self._faults))
        while time.monotonic() < ends:
            fault = order[turn % len(order)]
            turn += 1
            self.found.faults[fault] += 1
            self._fault = fault
            await self._break(fault)
            await self._join_late(truth)
            await asyncio.sleep(self._pause + self._random.uniform(0.0, 1.0))

    async def _break(self, fault: str) -> None:
        what, _, whom = fault.partition(" ")
        leader = self._books.stream_counters()["gateway"]["leaders"].get("md")
        first, second = sorted(self._gateways, key=lambda gateway: gateway.name != leader)
        if whom == "nats":
            await self._break_nats(what)
        elif whom == "venue":
            self._venue.faults.add(fault_of("cut"))
            await asyncio.sleep(0.3)
            self._venue.faults.clear()
        elif what == "freeze":
            first.signal(signal.SIGSTOP)
            await asyncio.sleep(self._random.uniform(1.0, 2.0))
            first.signal(signal.SIGCONT)
        else:
            victims = {"leader": [first], "standby": [second], "both": [first, second]}[whom]
            await asyncio.gather(*(victim.kill() for victim in victims))
            await asyncio.sleep(self._random.uniform(0.0, 0.5))
            await asyncio.gather(*(victim.start() for victim in victims))

    async def _break_nats(self, what: str) -> None:
        if what == "kill":
            self._server.kill()
            await asyncio.sleep(self._random.uniform(0.0, 0.5))
            await asyncio.to_thread(self._server.start)
        else:
            self._server.freeze()
            await asyncio.sleep(self._random.uniform(0.5, 1.5))
            self._server.resume()

    async def _join_late(self, truth: TrueBooks) -> None:
        """A reader that comes now has a true book as well."""
        async with _reader(self._server, f"late{self.found.late_joiners}") as late:
            self.found.late_joiners += 1
            try:
                async with asyncio.timeout(RECOVERS_WITHIN):
                    await late.load_markets()
                    book = await late.watch_order_book("SOL/USDC")
            except (NetworkError, TimeoutError):
                self.found.kept_waiting += 1
                return
            self.found.books += 1
            self.found.wrong += truth.is_true("SOL_USDC", book, 10) is False


async def chaos(
    folder: Path, seed: int, seconds: float, faults: Sequence[str] = FAULTS, pause: float = 0.2
) -> Found:
    """What was seen while things were broken for so many seconds, with a pause of this and a second more."""
    return await _Chaos(folder, seed, seconds, faults, pause).run()
