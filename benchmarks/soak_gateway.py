"""`python -m benchmarks.soak_gateway`: tests/support/gateway_chaos.py for minutes, seed after seed.

Exits with 1 if a book was wrong, a fill missing or told twice.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.support.gateway_chaos import FAULTS, Found, chaos

__all__ = ["sentences"]


def sentences(seed: int, found: Found) -> str:
    """What was seen, in a line."""
    faults = ", ".join(f"{count} x {name}" for name, count in sorted(found.faults.items()))
    stood_still = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in sorted(found.silences.items()))
    return (
        f"seed {seed}: {faults}; {found.books:,} books looked at, {found.wrong} wrong, {found.backwards} "
        f"backwards; {len(found.fills_made)} fills, {len(found.missing)} missing, {len(found.twice)} twice; "
        f"{found.late_joiners} late readers, {found.kept_waiting} kept waiting; a busy book stood still at "
        f"most: {stood_still}"
    )


def main() -> None:
    """Run the seeds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak_gateway", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--faults", nargs="+", default=FAULTS, help=f"of {', '.join(FAULTS)}")
    parser.add_argument("--pause", type=float, default=0.2, help="seconds between faults, and up to one more")
    parser.add_argument("--seeds", type=int, nargs="+", default=[2, 3, 4])
    options = parser.parse_args()
    is_right = True
    for seed in options.seeds:
        with tempfile.TemporaryDirectory() as folder:
            found = asyncio.run(chaos(Path(folder), seed, options.seconds, options.faults, options.pause))
        print(sentences(seed, found), flush=True)
        is_right &= not (found.wrong or found.backwards or found.missing or found.twice)
    sys.exit(0 if is_right else 1)


if __name__ == "__main__":
    main()
