"""`python -m benchmarks.gateway_readers`: what many readers of three books each cost the NATS server.

A process publishes 3,000 frames a second of a hundred streams, gathered as a gateway gathers them; others
hold connections that read three streams each, as an exchange object does. Measured is the server's CPU.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.gateway import cpu_seconds, process
from bpx_connector.gateway.bus.connection import Access, Bus
from bpx_connector.gateway.bus.reader import FrameReader
from tests.support.nats_servers import NatsServer

STREAMS, RATE, SIZE, EACH = 100, 3_000, 250, 3


async def publish(url: str, seconds: float, gather: float) -> None:
    """Say frames at the rate, gathered."""
    bus = await Bus.connected(Access((url,), "publisher"))
    payload, said, began = b"x" * SIZE, 0, time.monotonic()
    print("ready", flush=True)
    while (passed := time.monotonic() - began) < seconds:
        while said < passed * RATE:
            await bus.publish(f"bpx.bench.md.depth.M{said % STREAMS}", payload)
            said += 1
        await asyncio.sleep(gather)
    await bus.flush()
    print(json.dumps({"said": said}), flush=True)
    await bus.close()


async def read(url: str, readers: int) -> None:
    """Hold so many connections; say how many frames came when a line is read."""
    heard = 0

    def take(texts: list[str]) -> None:
        nonlocal heard
        heard += len(texts)

    made = []
    for number in range(readers):
        made.append(await FrameReader.connected(Access((url,), f"r{number}"), take, lambda: None))
        for each in range(EACH):
            made[-1].subscribe(f"bpx.bench.md.depth.M{(number * EACH + each) % STREAMS}")
    for reader in made:
        await reader.flush()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    print(json.dumps({"heard": heard, "open": sum(reader.is_open for reader in made)}), flush=True)
    for reader in made:
        reader.close()


def measured(readers: int, seconds: float, gather: float, processes: int) -> str:
    """One line of figures."""
    with ExitStack() as stack:
        server = stack.enter_context(NatsServer(Path(stack.enter_context(tempfile.TemporaryDirectory()))))
        words = ("benchmarks.gateway_readers", "--url", server.url)
        share = [readers // processes] * processes
        holding = [stack.enter_context(process(*words, "--hold", str(count))) for count in share]
        for one in holding:
            assert one.stdout is not None
            one.stdout.readline()
        publisher = stack.enter_context(
            process(*words, "--publish", str(seconds), "--gather", str(gather * 1000))
        )
        assert publisher.stdout is not None
        publisher.stdout.readline()
        before, began = cpu_seconds(server.pid), time.monotonic()
        said = json.loads(publisher.stdout.readline())["said"]
        cores = (cpu_seconds(server.pid) - before) / (time.monotonic() - began)
        memory = int(Path(f"/proc/{server.pid}/statm").read_text(encoding="utf-8").split()[1]) * 4 // 1024
        heard, are_open = 0, 0
        for one in holding:
            assert one.stdin is not None and one.stdout is not None
            one.stdin.write(b"\n")
            one.stdin.flush()
            answer = json.loads(one.stdout.readline())
            heard, are_open = heard + answer["heard"], are_open + answer["open"]
        due = said * sum(share) * EACH / STREAMS
        return (
            f"{sum(share)} readers of {EACH} books: {said / seconds:,.0f} frames a second said, "
            f"{heard / seconds:,.0f} delivered ({heard / due:.1%} of what was due), {are_open} still open; "
            f"nats-server {cores:.2f} of a core, {memory} MB"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gateway_readers", description=__doc__)
    parser.add_argument("--readers", type=int, nargs="+", default=[100, 300, 1000])
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--gather", type=float, default=1.0, help="milliseconds")
    parser.add_argument("--processes", type=int, default=2)
    for hidden in ("--url", "--hold", "--publish"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.publish:
        asyncio.run(publish(options.url, float(options.publish), options.gather / 1000))
    elif options.hold:
        asyncio.run(read(options.url, int(options.hold)))
    else:
        for readers in options.readers:
            print(measured(readers, options.seconds, options.gather / 1000, options.processes), flush=True)


if __name__ == "__main__":
    main()
