"""`python -m bpx_connector.sandbox`: the local exchange on a port, until it is interrupted."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Sequence

from bpx_connector.sandbox.faults.kinds import KINDS, Fault, FaultError, fault_of
from bpx_connector.sandbox.server import DEFAULT_PORT, LOOPBACK, Sandbox


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bpx_connector.sandbox",
        description=(
            "A local exchange that speaks Backpack's REST and WebSocket interfaces. "
            "Prints its address when ready."
        ),
    )
    parser.add_argument("--host", default=LOOPBACK, help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="0 takes a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=7, help="decides all that the traders do (default: %(default)s)"
    )
    parser.add_argument(
        "--speed", type=float, default=1.0, help="multiplies the traders' activity, not the clock"
    )
    parser.add_argument("--closed", action="store_true", help="refuse keys that have no account")
    parser.add_argument(
        "--budgets", "--limits", action="store_true", help="enforce the venue's request budgets"
    )
    parser.add_argument(
        "--fault",
        action="append",
        type=_fault,
        default=[],
        metavar="LINE",
        help='make something go wrong: "lose depth.* every=50", "cut every=30s", "refuse /api/* status=503"; '
        f"may be given several times; faults are {', '.join(KINDS)}",
    )
    parser.add_argument(
        "--control",
        type=int,
        metavar="PORT",
        help="let faults be set by HTTP at this port of this machine, see control.py (default: off)",
    )
    return parser.parse_args(words)


def _fault(line: str) -> Fault:
    try:
        return fault_of(line)
    except FaultError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


async def _serve(options: argparse.Namespace) -> None:
    interrupted = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupted.set)
    async with Sandbox(
        host=options.host,
        port=options.port,
        seed=options.seed,
        speed=options.speed,
        closed=options.closed,
        budgets=options.budgets,
        faults=options.fault,
        control=options.control,
    ) as sandbox:
        print(f"listening on {sandbox.url}", flush=True)
        if sandbox.control is not None:
            print(f"faults at {sandbox.control.url}", flush=True)
        await interrupted.wait()


def main(words: Sequence[str] | None = None) -> None:
    """Run the sandbox until SIGINT or SIGTERM."""
    asyncio.run(_serve(arguments(words)))


if __name__ == "__main__":
    main()
