"""`python -m benchmarks.gateway`: what reading over the gateway costs beside reading directly, in one run.

The canned venue sends the same frames of a hundred books at 3,000 a second, once to a consumer of its own,
once to a gateway with a real NATS server behind it and the consumer behind that. Each part is a process;
what is compared is the CPU time that the consumer's process takes for the same books. Rounds alternate, the
ratio is the median's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import Request, urlopen

from benchmarks import canned
from bpx_connector.pro import bpx
from tests.support.nats_servers import NatsServer

PROJECT = Path(__file__).parent.parent
RATE = 3_000
BOOKS = 100
WARM = 1_000
LONGEST = 60.0


@contextmanager
def process(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of ours, ended with the block."""
    started = subprocess.Popen(
        [sys.executable, "-m", *words], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        yield started
    finally:
        started.kill()
        started.wait()
        for pipe in (started.stdin, started.stdout):
            if pipe is not None:
                pipe.close()


def cpu_seconds(pid: int) -> float:
    """The CPU time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def control(port: int, path: str, order: dict[str, Any]) -> Any:
    """Have the canned venue do something."""
    request = Request(f"http://127.0.0.1:{port}/control/{path}", json.dumps(order).encode(), method="POST")
    with urlopen(request, timeout=LONGEST) as response:
        return json.load(response)


def streams() -> list[str]:
    """The depth streams of the books."""
    return [f"depth.{market}" for market in canned.market_ids()[:BOOKS]]


def measured(frames: int, through_gateway: bool, gather: float = 0.0) -> dict[str, float]:
    """CPU of one round: microseconds a frame of the consumer, cores of gateway and server."""
    with ExitStack() as stack:
        venue = stack.enter_context(process("benchmarks.server"))
        assert venue.stdout is not None
        port = int(venue.stdout.readline())
        bus, others = "", {}
        if through_gateway:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            server = stack.enter_context(NatsServer(folder))
            bus = server.url
            words = (
                "--public-only",
                "--gather",
                str(gather),
                "--nats",
                bus,
                "--net",
                "bench",
                "--url",
                f"http://127.0.0.1:{port}",
            )
            gateway = stack.enter_context(process("bpx_connector.gateway", *words))
            assert gateway.stdout is not None
            gateway.stdout.readline()
            others = {"gateway": gateway.pid, "nats": server.pid}
        consumer = stack.enter_context(process("benchmarks.gateway", "--consume", str(port), "--bus", bus))
        assert consumer.stdout is not None and consumer.stdin is not None
        joined = json.loads(consumer.stdout.readline())["joined"]
        per_book = frames // BOOKS
        order = {"streams": streams(), "first": 0, "count": per_book, "rate": RATE}
        control(port, "send", {**order, "prepare": True})
        before = {name: cpu_seconds(pid) for name, pid in others.items()}
        began = time.monotonic()
        control(port, "send", order)
        consumer.stdin.write(f"{canned.MEASURED_UPDATE + per_book}\n".encode())
        consumer.stdin.flush()
        took = json.loads(consumer.stdout.readline())
        seconds = time.monotonic() - began
        cores = {name: (cpu_seconds(pid) - before[name]) / seconds for name, pid in others.items()}
        late = {"late": late_joined(port, bus)} if through_gateway else {}
        return {"consumer": took["cpu"] / frames * 1e6, "joined": joined, **cores, **late}


def late_joined(port: int, bus: str) -> float:
    """Seconds in which a reader that comes later has every book."""
    with process("benchmarks.gateway", "--consume", str(port), "--bus", bus) as late:
        assert late.stdout is not None
        joined: float = json.loads(late.stdout.readline())["joined"]
        return joined


async def consume(port: int, bus: str) -> None:
    """Watch the books in plain loops; say when all are there, and the CPU time that they took in the end."""
    gateway = {"gateway": {"servers": [bus], "user": "bench", "net": "bench"}} if bus else {}
    exchange: Any = bpx({"enableRateLimit": False, "options": gateway})
    exchange.urls["api"] = f"http://127.0.0.1:{port}"
    exchange.timeout_on_exit = 0
    await exchange.load_markets()
    symbols = [canned.unified(market) for market in canned.market_ids()[:BOOKS]]
    nonces = dict.fromkeys(symbols, 0)

    async def watch(symbol: str) -> None:
        while True:
            nonces[symbol] = (await exchange.watch_order_book(symbol))["nonce"]

    began = time.monotonic()
    tasks = [asyncio.ensure_future(watch(symbol)) for symbol in symbols]
    while min(nonces.values()) == 0:  # noqa: ASYNC110  other processes change it
        await asyncio.sleep(0.005)
    joined = time.monotonic() - began
    while min(nonces.values()) < canned.MEASURED_UPDATE:  # noqa: ASYNC110  other processes change it
        await asyncio.sleep(0.01)
    before = time.process_time()
    print(json.dumps({"joined": joined}), flush=True)
    target = int(await asyncio.to_thread(sys.stdin.readline))
    deadline = time.monotonic() + LONGEST
    while min(nonces.values()) < target and time.monotonic() < deadline:  # noqa: ASYNC110  other processes change it
        await asyncio.sleep(0.01)
    print(json.dumps({"cpu": time.process_time() - before, "last": min(nonces.values())}), flush=True)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await exchange.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gateway", description=__doc__)
    parser.add_argument("--frames", type=int, default=9_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--gather", type=float, default=1.0, help="milliseconds, of the gateway")
    parser.add_argument("--consume", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--bus", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.consume is not None:
        asyncio.run(consume(options.consume, options.bus))
        return
    rounds = [
        (measured(options.frames, False), measured(options.frames, True, options.gather))
        for _ in range(options.rounds)
    ]
    direct = median(one["consumer"] for one, _ in rounds)
    over = median(one["consumer"] for _, one in rounds)
    ratio = median(two["consumer"] / one["consumer"] for one, two in rounds)
    print(f"consumer, us a frame: direct {direct:.1f}, over the gateway {over:.1f}, ratio {ratio:.2f}")
    for name in ("gateway", "nats"):
        print(f"{name}: {median(two[name] for _, two in rounds):.2f} of a core at {RATE:,} frames a second")
    first, late = (median(two[name] for _, two in rounds) for name in ("joined", "late"))
    print(f"{BOOKS} books: {first:.1f} s for the first reader of a new gateway, {late:.2f} s for a late one")


if __name__ == "__main__":
    main()
