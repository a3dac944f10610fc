"""`make fuzz`: every spoilt answer, absurd argument and status, for every method; exits 1 if one fails.

    python -m tests.fuzz                            an hour, two thirds of it for statuses
    python -m tests.fuzz --share 0.1 --seed 3       a tenth of it, another one with each seed
    python -m tests.fuzz --only answers --methods create_order,cancel_order
    python -m tests.fuzz --atheris 60               as long as that, guided by coverage (extra `fuzz`)

The sweep is exhaustive: each field with each value, one at a time. What atheris makes up spoils several at
once, frames of streams too, and has what is signed verified by the sandbox. Nothing is sent anywhere.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.fuzz.absurd_arguments import swept_arguments, swept_on_asyncio, swept_watches
from tests.fuzz.calls import CALLS, WATCHES, Asked, name_of
from tests.fuzz.guided import guided
from tests.fuzz.spoilt_answers import Report, swept
from tests.fuzz.statuses import acting, swept_statuses

Sweep = Callable[[Asked, Report, Callable[[], bool]], None]


def _answers_as(number: Any) -> Sweep:
    return lambda asked, report, chosen: swept(asked, report, chosen, number)


SWEEPS: dict[str, tuple[Sweep, Callable[[], tuple[Asked, ...]]]] = {
    "answers": (_answers_as(float), lambda: CALLS),
    "answers as text": (_answers_as(str), lambda: CALLS),
    "answers as Decimal": (_answers_as(Decimal), lambda: CALLS),
    "arguments": (swept_arguments, lambda: CALLS),
    "arguments on asyncio": (swept_on_asyncio, lambda: CALLS),
    "arguments of streams": (swept_watches, lambda: WATCHES),
    "statuses": (swept_statuses, acting),
}


def main() -> int:
    """Sweep and print; 1 if anything was wrong."""
    wanted = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.partition("\n")[0])
    wanted.add_argument("--share", type=float, default=1.0, help="how much of it all is tried (default: 1)")
    wanted.add_argument("--seed", type=int, default=1, help="which share (default: 1)")
    wanted.add_argument("--only", choices=list(SWEEPS), help="one of the sweeps")
    wanted.add_argument("--methods", default="", help="names of methods, by commas")
    wanted.add_argument("--atheris", type=int, metavar="SECONDS", help="guided by coverage instead")
    given = wanted.parse_args()
    logging.disable(logging.CRITICAL)
    if given.atheris:
        return guided(given.atheris)
    methods = frozenset(filter(None, given.methods.split(",")))
    reports = [
        _swept(name, methods, given.share, given.seed) for name in SWEEPS if given.only in (None, name)
    ]
    return int(any(report.faults for report in reports))


def _swept(name: str, methods: frozenset[str], share: float, seed: int) -> Report:
    sweep, calls = SWEEPS[name]
    report, dice, begun = Report(), random.Random(seed), time.monotonic()
    for asked in calls():
        if not methods or asked.name in methods:
            known = len(report.faults)
            sweep(asked, report, lambda: dice.random() < share)
            for fault in report.faults[known : known + 3]:
                print(f"  {name_of(asked)}: {fault[:300]}", flush=True)
    tried = report.counts["answers"] + report.counts["calls"]
    print(f"{name:22}{tried:>10,} tried{len(report.faults):>8,} wrong{time.monotonic() - begun:>8.0f} s")
    return report


if __name__ == "__main__":
    sys.exit(main())
