"""`python -m bpx_connector.sandbox`: the local exchange on a port, until it is interrupted."""

from __future__ import annotations

import argparse
import asyncio
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

from bpx_connector.sandbox.clock import FASTEST_CLOCK, Clock, DrivenClock, FastClock
from bpx_connector.sandbox.faults.kinds import KINDS, Fault, FaultError, fault_of
from bpx_connector.sandbox.hosts import checked_host
from bpx_connector.sandbox.kept import LostError, StateError
from bpx_connector.sandbox.recorded import READ, ReplayError
from bpx_connector.sandbox.records.nearest import nearest
from bpx_connector.sandbox.records.switches import SwitchError, switch_of
from bpx_connector.sandbox.server import DEFAULT_PORT, LOOPBACK, Sandbox
from bpx_connector.sandbox.trouble import (
    FASTEST,
    PORTS,
    SPEEDS,
    ListenError,
    checked_port,
    checked_speed,
    is_loopback,
)

__all__ = ["arguments", "main"]

PROGRAM = "python -m bpx_connector.sandbox"
WRONG_USAGE = 2
LOST = 1


class _Parser(argparse.ArgumentParser):
    """Says in one sentence what is wrong, and which option was meant."""

    def error(self, message: str) -> NoReturn:
        for word in message.removeprefix("unrecognized arguments: ").split():
            if message.startswith("unrecognized") and word.startswith("-"):
                options = [option for option in self._option_string_actions if option.startswith("--")]
                message = f"there is no option {word}{nearest(word.partition('=')[0], options)}"
                break
        self.exit(WRONG_USAGE, f"{PROGRAM}: {message} ({PROGRAM} --help lists all options)\n")


def _fault(line: str) -> Fault:
    try:
        return fault_of(line)
    except FaultError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _switch(text: str) -> tuple[str, Any]:
    try:
        return switch_of(text)
    except SwitchError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _clock(text: str) -> str:
    word = text.strip().lower()
    times = FAST.fullmatch(word)
    if word in ("real", "driven") or (times and 0 < float(times[1]) <= FASTEST_CLOCK):
        return word
    raise argparse.ArgumentTypeError(
        f"{text!r} is none of real, driven, and no number of times such as 100x, up to {FASTEST_CLOCK:g}x"
    )


FAST = re.compile(r"([0-9]+(?:\.[0-9]+)?)x")


def _clock_of(word: str) -> Clock | None:
    """The clock that is asked for; None: the machine's."""
    times = FAST.fullmatch(word)
    if times:
        return FastClock(float(times[1]))
    return DrivenClock() if word == "driven" else None


def _port(text: str) -> int:
    try:
        return checked_port(int(text) if text.isascii() and text.isdigit() else -1)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: {PORTS}") from None


def _page_host(text: str) -> str:
    try:
        return checked_host(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _seed(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None


def _speed(text: str) -> float:
    try:
        return checked_speed(float(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is {SPEEDS}") from None


OPTIONS: Final[Mapping[tuple[str, ...], Mapping[str, Any]]] = {
    ("--host",): {
        "default": LOOPBACK,
        "help": "address to listen on: only programs of this machine reach %(default)s (the default), all "
        "that can reach this machine 0.0.0.0",
    },
    ("--port",): {
        "type": _port,
        "default": DEFAULT_PORT,
        "help": "0 takes a free one (default: %(default)s)",
    },
    ("--seed",): {
        "type": _seed,
        "default": 7,
        "help": "decides all that the traders do (default: %(default)s)",
    },
    ("--speed",): {
        "type": _speed,
        "default": 1.0,
        "help": f"multiplies the traders' activity, not the clock; 0 to {FASTEST} (default: %(default)s)",
    },
    ("--clock",): {
        "type": _clock,
        "default": "real",
        "help": "driven: time stands still until it is advanced at the control port, by hand or in lockstep "
        "with the clients; 100x: it runs a hundred times as fast, or as fast as the machine can (default: "
        "%(default)s)",
    },
    ("--closed",): {"action": "store_true", "help": "refuse keys that have no account"},
    ("--account",): {
        "action": "append",
        "default": [],
        "metavar": "KEY",
        "help": "open a funded account for this public key at the start; may be given several times",
    },
    ("--budgets", "--limits"): {"action": "store_true", "help": "enforce the venue's request budgets"},
    ("--switch",): {
        "action": "append",
        "type": _switch,
        "default": [],
        "metavar": "NAME=VALUE",
        "help": "what the venue might do one way or another: fired_orders=same_id; may be given often",
    },
    ("--fault",): {
        "action": "append",
        "type": _fault,
        "default": [],
        "metavar": "LINE",
        "help": 'make something go wrong: "lose depth.* every=50", "cut every=30s", "refuse /api/* '
        f'status=503"; may be given several times; faults are {", ".join(KINDS)}',
    },
    ("--no-page",): {
        "action": "store_true",
        "help": "serve no page to browsers of this machine at the address it prints",
    },
    ("--page-host",): {
        "action": "append",
        "type": _page_host,
        "default": [],
        "metavar": "HOST:PORT",
        "help": "an address under which browsers of any machine may open the page, as from outside a "
        "container; the control port goes by it as well; may be given several times (default: this machine "
        "only)",
    },
    ("--replay",): {
        "action": "append",
        "default": [],
        "metavar": "FILE",
        "help": "lead prices and books by a recording: frames (.jsonl) that `bpx record-streams` has written "
        f"of {', '.join(READ)}, or SYMBOL=FILE with candles or trades of `bpx download` (.csv, .parquet); "
        "markets that are not in it go on by themselves; may be given several times",
    },
    ("--state",): {
        "metavar": "FILE",
        "help": "keep the state in this file, once a minute and in the end, and go on with it later; one "
        "sandbox at a time has it (FILE.lock beside it says so)",
    },
    ("--control",): {
        "type": _port,
        "metavar": "PORT",
        "help": "let it be steered by HTTP at this port of this machine, GET / tells how (default: off)",
    },
}
"""Everything that can be asked for on the command line."""


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    """What the command line asks for."""
    parser = _Parser(
        prog=PROGRAM,
        description=(
            "A local exchange that speaks Backpack's REST and WebSocket interfaces. "
            "Prints its address when ready."
        ),
    )
    for names, option in OPTIONS.items():
        parser.add_argument(*names, **option)
    return parser.parse_args(words)


def _stop_on_signals(interrupted: asyncio.Event) -> None:
    """Have SIGINT and SIGTERM end the sandbox, on loops without signal handlers (Windows) too."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, interrupted.set)
        except NotImplementedError:
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(interrupted.set))


async def _serve(options: argparse.Namespace) -> None:
    interrupted = asyncio.Event()
    _stop_on_signals(interrupted)
    async with Sandbox(
        host=options.host,
        port=options.port,
        seed=options.seed,
        speed=options.speed,
        clock=_clock_of(options.clock),
        closed=options.closed,
        accounts=options.account,
        budgets=options.budgets,
        switches=dict(options.switch),
        faults=options.fault,
        control=options.control,
        state=options.state,
        replay=options.replay,
        page=not options.no_page,
        page_hosts=options.page_host,
    ) as sandbox:
        print(f"listening on {sandbox.url}", flush=True)
        if not is_loopback(sandbox.host):
            print("open to every machine that can reach this one; leave --host out to close it", flush=True)
        if options.page_host and not options.no_page:
            print(f"the page is open to whoever comes by {', '.join(options.page_host)}", flush=True)
        if sandbox.control is not None:
            print(f"control at {sandbox.control.url}", flush=True)
        await interrupted.wait()


def main(words: Sequence[str] | None = None) -> None:
    """Run the sandbox until SIGINT or SIGTERM.

    Exits with 2 and a sentence if it cannot start, with 1 and one if its state cannot be saved in the end.
    """
    options = arguments(words)
    try:
        asyncio.run(_serve(options))
    except ListenError as error:
        sys.stderr.write(f"{PROGRAM}: {error.strerror}\n")
        sys.exit(WRONG_USAGE)
    except LostError as error:
        sys.stderr.write(f"{PROGRAM}: {error}\n")
        sys.exit(LOST)
    except (StateError, ReplayError) as error:
        sys.stderr.write(f"{PROGRAM}: {error}\n")
        sys.exit(WRONG_USAGE)
    except KeyboardInterrupt:  # before the handler was there
        sys.exit(130)


if __name__ == "__main__":
    main()
