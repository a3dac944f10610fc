"""`python -m benchmarks.soak`: a hundred books and an account are watched while sockets are cut.

The sandbox runs in a process of its own with the machine's time, so the memory that is measured is the
client's. What must hold: memory settles, no book disagrees with a fresh snapshot, nobody who waits gets an
error, every fill is told once, and after close() no task and no socket is left. Exits with 1 if anything
of that does not.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import gc
import hashlib
import logging
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ccxt.base.errors import BaseError, ExchangeClosedByUser
from nacl.signing import SigningKey

from bpx_connector import pro
from bpx_connector.venue.streams import DEPTH_WINDOWS

__all__ = ["Report", "Wanted", "soak"]

PROJECT = Path(__file__).parent.parent
MEBIBYTE = 1024 * 1024
SHARE, LEAST = 0.15, 12.0
"""Memory may grow by this part of what it was after the first third, and by so many MiB in any case."""
FAULTS = (
    "lose depth.* chance=0.002",
    "swap depth.* chance=0.002",
    "refuse /api/v1/depth chance=0.02",
    "late /api/v1/depth chance=0.02 seconds=200ms",
)


@dataclass(frozen=True)
class Wanted:
    """How long, how many books, how often sockets are cut and books compared, how lively the traders."""

    seconds: float = 180.0
    books: int = 100
    cut_every: float = 4.0
    speed: float = 3.0
    check_every: float = 5.0
    say: Callable[[str], None] = print


@dataclass
class Report:
    """What has happened, and what should not have."""

    megabytes: list[float] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)

    @property
    def growth(self) -> float:
        """MiB at the end above those after the first third."""
        settled = self.megabytes[len(self.megabytes) // 3]
        return self.megabytes[-1] - settled

    @property
    def bound(self) -> float:
        """MiB that it may have grown."""
        return max(LEAST, self.megabytes[len(self.megabytes) // 3] * SHARE)


def resident() -> float:
    """MiB of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MEBIBYTE


def open_sockets() -> int:
    """How many sockets this process has open."""
    count = 0
    for entry in Path("/proc/self/fd").iterdir():
        try:
            count += str(entry.readlink()).startswith("socket:")
        except OSError:
            continue  # the descriptor of this very listing
    return count


@asynccontextmanager
async def _sandbox(wanted: Wanted) -> AsyncIterator[tuple[str, str]]:
    """The addresses of a sandbox in a process of its own."""
    faults = [f"cut every={wanted.cut_every:g}s", f"cut every={wanted.cut_every * 2.3:g}s code=1012", *FAULTS]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bpx_connector.sandbox", "--port", "0", "--speed", f"{wanted.speed:g}"),
        *(word for line in faults for word in ("--fault", line)),
        stdout=PIPE,
        stderr=DEVNULL,
        cwd=PROJECT,
    )
    try:
        url = await _address(process)
        yield url, "ws" + url.removeprefix("http")
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _address(process: Process) -> str:
    assert process.stdout is not None, "it was asked for"
    line = (await process.stdout.readline()).decode()
    if "http" not in line:
        raise SystemExit("the sandbox has not started")
    return line[line.index("http") :].strip()


def _exchange(url: str, socket_url: str, number: int, check_every: int) -> Any:
    """One of several exchange objects, each with an account of its own."""
    seed = hashlib.sha256(f"soak {number}".encode()).digest()
    public_key = bytes(SigningKey(seed).verify_key)
    exchange: Any = pro.bpx(
        {
            "apiKey": base64.b64encode(public_key).decode(),
            "secret": base64.b64encode(seed).decode(),
            "enableRateLimit": False,
            "options": {
                "watchOrderBook": {"checkEvery": check_every},
                "watchOrders": {"checkEvery": 3_000},
                # Caches that are full before memory is first looked at.
                "ordersLimit": 50,
                "tradesLimit": 50,
                "streams": {"shortestPause": 50, "longestPause": 2_000},
            },
        }
    )
    exchange.timeout_on_exit = 0  # milliseconds that ccxt sleeps on close()
    exchange.urls["api"] = {
        "public": url,
        "private": url,
        "ws": {"public": socket_url, "private": socket_url},
    }
    return exchange


class _Soak:
    """Everybody who watches, and what they were told."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.tasks: list[asyncio.Task[None]] = []
        self.fills: Counter[tuple[str, str, str]] = Counter()
        self.shown: set[tuple[int, str]] = set()

    def watch(self, watch: Callable[[], Any], take: Callable[[Any], None]) -> None:
        """Call a watch method for ever."""
        self.tasks.append(asyncio.get_running_loop().create_task(self._watch(watch, take)))

    async def _watch(self, watch: Callable[[], Any], take: Callable[[Any], None]) -> None:
        while True:
            try:
                take(await watch())
            except ExchangeClosedByUser:
                return
            except BaseError as error:
                self._trouble(f"a watcher was told {error!r}")
                await asyncio.sleep(0.5)

    def _trouble(self, text: str) -> None:
        self.report.counts["troubles"] += 1
        if len(self.report.troubles) < 20:
            self.report.troubles.append(text)

    def book(self, exchange: Any, number: int, symbol: str, window: str | None) -> None:
        """Watch one book and look whether it can be one."""
        params = {} if window is None else {"interval": window}
        last = 0

        def take(book: Any) -> None:
            nonlocal last
            self.report.counts["books"] += 1
            self.shown.add((number, symbol))
            bids, asks, nonce = book["bids"], book["asks"], book["nonce"]
            if bids and asks and bids[0][0] >= asks[0][0]:
                self._trouble(f"{symbol} is crossed at {nonce}: {bids[0]} {asks[0]}")
            if nonce < last:
                self._trouble(f"{symbol} went back from {last} to {nonce}")
            last = nonce

        self.watch(lambda: exchange.watch_order_book(symbol, None, params), take)

    def account(self, exchange: Any) -> None:
        """Watch an account and keep it busy."""

        def take(trades: Any) -> None:
            self.report.counts["fills"] += len(trades)
            self.fills.update((trade["symbol"], trade["id"], trade["order"]) for trade in trades)

        self.watch(exchange.watch_my_trades, take)
        for watch in (exchange.watch_orders, exchange.watch_balance, exchange.watch_positions):
            self.watch(watch, lambda _: None)

    async def trade(self, exchange: Any, end: float) -> None:
        """Buy and sell in turns until it is time to stop."""
        loop = asyncio.get_running_loop()
        side = "buy"
        while loop.time() < end:
            await exchange.create_order("SOL/USDC", "market", side, 0.1)
            side = "sell" if side == "buy" else "buy"
            await asyncio.sleep(0.2)

    async def compare_fills(self, exchange: Any, since: int) -> None:
        """Every fill of the account has been told, once."""
        true: set[tuple[str, str, str]] = set()
        for _ in range(50):
            rows = await exchange.fetch_my_trades("SOL/USDC", since, 10_000)
            true = {(row["symbol"], row["id"], row["order"]) for row in rows}
            if true <= set(self.fills):
                break
            await asyncio.sleep(0.2)
        if missing := true - set(self.fills):
            self._trouble(f"{len(missing)} of {len(true)} fills were never told")
        if twice := [name for name, times in self.fills.items() if times > 1]:
            self._trouble(f"{len(twice)} fills were told more than once: {twice[:3]}")


async def soak(wanted: Wanted) -> Report:
    """Watch for as long as is wanted, then close everything and see what is left."""
    report = Report()
    tasks_before, sockets_before = asyncio.all_tasks(), open_sockets()
    async with _sandbox(wanted) as (url, socket_url):
        work = _Soak(report)
        exchanges = await _watched(work, url, socket_url, wanted)
        loop = asyncio.get_running_loop()
        begun, since = loop.time(), exchanges[0].milliseconds()
        trader = loop.create_task(work.trade(exchanges[0], begun + wanted.seconds - 1))
        while (passed := loop.time() - begun) < wanted.seconds:
            await asyncio.sleep(min(max(1.0, wanted.seconds / 18), wanted.seconds - passed))
            gc.collect()
            report.megabytes.append(resident())
            wanted.say(_line(loop.time() - begun, report, exchanges))
        await trader
        await work.compare_fills(exchanges[0], since)
        _count(report, exchanges)
        await asyncio.gather(*(exchange.close() for exchange in exchanges))
        _, waiting = await asyncio.wait(work.tasks, timeout=2)
        if waiting:
            report.troubles.append(f"{len(waiting)} callers still wait after close()")
    await asyncio.sleep(0.1)
    exchanges.clear()
    gc.collect()
    left = [task for task in asyncio.all_tasks() - tasks_before if not task.done()]
    if left:
        report.troubles.append(f"{len(left)} tasks are left: {left[:3]}")
    if (sockets := open_sockets() - sockets_before) > 0:
        report.troubles.append(f"{sockets} sockets are left open")
    if report.growth > report.bound:
        report.troubles.append(f"memory has grown by {report.growth:.1f} MiB, more than {report.bound:.1f}")
    if report.counts["disagreements"]:
        report.troubles.append(f"{report.counts['disagreements']} books disagreed with a fresh snapshot")
    if report.counts["shown"] < wanted.books:
        report.troubles.append(f"only {report.counts['shown']} of {wanted.books} books were ever shown")
    return report


async def _watched(work: _Soak, url: str, socket_url: str, wanted: Wanted) -> list[Any]:
    """As many exchange objects as it takes for that many books, each market once in each."""
    exchanges: list[Any] = []
    books = 0
    while books < wanted.books:
        number = len(exchanges)
        exchange = _exchange(url, socket_url, number, int(wanted.check_every * 1000))
        await exchange.load_markets()
        exchanges.append(exchange)
        lively = [symbol for symbol, market in exchange.markets.items() if market["active"]]
        for place, symbol in enumerate(lively[: wanted.books - books]):
            windows = (None, *DEPTH_WINDOWS)
            work.book(exchange, number, symbol, windows[(number + place) % len(windows)])
            books += 1
    work.account(exchanges[0])
    await asyncio.sleep(1.0)
    return exchanges


def _count(report: Report, exchanges: list[Any]) -> None:
    counts = report.counts
    for exchange in exchanges:
        counters = exchange.stream_counters()
        counts["unreadable"] += counters["unreadable"]
        counts["reconnects"] += sum(socket["reconnects"] for socket in counters["sockets"])
        for stream in counters["streams"].values():
            for name in ("frames", "gaps", "refetches", "agreements", "disagreements"):
                counts[name] += stream.get(name, 0)
        counts["shown"] += len(exchange.orderbooks)


def _line(passed: float, report: Report, exchanges: list[Any]) -> str:
    reconnects = sum(s["reconnects"] for e in exchanges for s in e.stream_counters()["sockets"])
    return (
        f"{passed:6.0f} s {report.megabytes[-1]:8.1f} MiB {report.counts['books']:9} books handed out"
        f" {reconnects:5} reconnects {len(report.troubles):3} troubles"
    )


def main() -> int:
    """Soak, say how it went, and exit with 1 if it went wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--books", type=int, default=100)
    parser.add_argument("--cut-every", type=float, default=4.0, help="seconds (default: %(default)s)")
    parser.add_argument("--speed", type=float, default=3.0, help="how lively the traders are")
    given = parser.parse_args()
    logging.disable(logging.WARNING)  # reconnects are warned of, here by the hundred
    report = asyncio.run(soak(Wanted(given.minutes * 60, given.books, given.cut_every, given.speed)))
    print(f"memory {report.megabytes[0]:.1f} to {report.megabytes[-1]:.1f} MiB, grown by {report.growth:.1f}")
    print(", ".join(f"{name} {count}" for name, count in sorted(report.counts.items())))
    for trouble in report.troubles:
        print("TROUBLE:", trouble)
    print("failed" if report.troubles else "passed")
    return 1 if report.troubles else 0


if __name__ == "__main__":
    sys.exit(main())
