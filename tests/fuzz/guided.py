"""Bytes that a fuzzer makes up, guided by which lines they reach, where atheris is installed (extra `fuzz`).

    python -m tests.fuzz.guided frames 60    one target, in a process of its own: atheris ends it

Only what reads is instrumented: with all that is loaded (ccxt's modules have 100,000 lines) it came no
further than that.
"""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from types import FunctionType
from typing import Any

from bpx_connector.flow import flow
from tests.fuzz.targets import TARGETS

__all__ = ["INSTRUMENTED", "functions_of", "guided"]

INSTRUMENTED: dict[str, tuple[str, ...]] = {
    "answers": ("parse", "rest", "orders", "call.answers"),
    "frames": ("stream", "watch", "orders", "parse.events", "parse.trading", "parse.account"),
    "signatures": ("call",),
}
"""The parts of the package whose branches guide each target."""

LONGEST = 400
"""Bytes of one input."""


def functions_of(parts: tuple[str, ...]) -> Iterator[FunctionType]:
    """Every function that is written in these parts, methods and flows included."""
    names = tuple(f"bpx_connector.{part}" for part in parts)
    for name, module in sorted(sys.modules.items()):
        if any(name == one or name.startswith(f"{one}.") for one in names):
            for value in list(vars(module).values()):
                if getattr(value, "__module__", None) == name:
                    yield from _functions_in(value)


def _functions_in(value: Any) -> Iterator[FunctionType]:
    if isinstance(value, type):
        for member in vars(value).values():
            yield from _functions_in(member)
    elif isinstance(value, flow):
        yield value.steps
    elif isinstance(value, property):
        yield from (one for one in (value.fget, value.fset) if isinstance(one, FunctionType))
    elif isinstance(value, staticmethod | classmethod):
        yield from _functions_in(value.__func__)
    elif isinstance(value, FunctionType):
        yield value


def guided(seconds: int) -> int:
    """Run atheris for that long, on each target a share of it; 1 if something was found."""
    if find_spec("atheris") is None:
        print("atheris is not installed here: pip install 'bpx-connector[fuzz]'")
        return 1
    outcomes = [_run(target, max(seconds // len(TARGETS), 1)) for target in TARGETS]
    return int(any(outcomes))


def _run(target: str, seconds: int) -> int:
    command = [sys.executable, "-m", "tests.fuzz.guided", target, str(seconds)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, errors="replace")
    runs = re.findall(r"Done (\d+) runs", ended.stderr) or re.findall(r"^#(\d+)", ended.stderr, re.MULTILINE)
    reached = re.findall(r"cov: (\d+)", ended.stderr)
    print(
        f"{target:22}{int(runs[-1]) if runs else 0:>10,} tried{bool(ended.returncode):>8} wrong{seconds:>8} s"
        f"   {reached[-1] if reached else '?'} branches"
    )
    if ended.returncode:
        print(ended.stderr[-3000:])
    return ended.returncode


def _fuzzed(target: str, seconds: int) -> None:
    """Instrument and run; does not return."""
    logging.disable(logging.CRITICAL)
    atheris = import_module("atheris")
    TARGETS[target](b"\0" * LONGEST)  # what is imported late is loaded now
    for function in dict.fromkeys(functions_of(INSTRUMENTED[target])):
        atheris.instrument_func(function)
    options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-verbosity=1", "-len_control=0"]
    atheris.Setup([sys.argv[0], *options], partial(_tried, target))
    atheris.Fuzz()


def _tried(target: str, data: bytes) -> None:
    TARGETS[target](data)


if __name__ == "__main__":
    _fuzzed(sys.argv[1], int(sys.argv[2]))
