"""How much of each part of the package a type checker sees: the share of expressions that are Any.

`mypy --any-exprs-report` over the package, summed by part. BOUNDS holds what has been reached, rounded up: a
part that gets worse fails. Lower a bound when a part has got better.

    make types-report
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "bpx_connector"

BOUNDS: dict[str, float] = {
    # What reads the venue's words: each row and event by a type.
    "parse": 5,
    "orders": 3,
    "stream": 4,
    "watch": 6,
    "venue": 3,
    "sandbox": 3,
    "gateway": 4,
    # What stands on ccxt: its own methods and attributes are mostly without types.
    "_ccxt": 30,
    "bpx_connector": 30,
    "blocking": 35,
    "async_support": 20,
    "exchange": 21,
    "pro": 22,
    "given": 15,
    "parquet": 22,
    "reports": 4,
    "rest": 9,
    "call": 15,
    "tapes": 30,
    "testing": 15,
    "plugin": 10,
    "downloads": 10,
    "flow": 20,
    "dead_man": 12,
    "keys": 3,
    "locks": 6,  # what is for Windows only is not looked at elsewhere
    "tape": 8,
    "verify": 11,
    "cli": 20,
    "programs": 25,
}
"""Part -> the largest share of Any that is let pass, in per cent. A part without a bound may have none."""

# `bpx_connector.parse.trading.orders   42   900   95.33%`
ROW = re.compile(r"^\s*(?P<module>[\w.]+)\s+(?P<anys>\d+)\s+(?P<expressions>\d+)\s+[\d.]+%$", re.MULTILINE)


class Share(NamedTuple):
    """Of one part."""

    part: str
    anys: int
    expressions: int

    @property
    def per_cent(self) -> float:
        return 100 * self.anys / self.expressions if self.expressions else 0.0


def part_of(module: str) -> str:
    """bpx_connector.parse.trading.orders -> parse"""
    return module.removeprefix(f"{PACKAGE}.").partition(".")[0]


def shares(report: str) -> list[Share]:
    """The report by part, in the order of the alphabet."""
    anys, expressions = Counter[str](), Counter[str]()
    for row in ROW.finditer(report):
        if row["module"].partition(".")[0] == PACKAGE:
            anys[part_of(row["module"])] += int(row["anys"])
            expressions[part_of(row["module"])] += int(row["expressions"])
    return [Share(part, anys[part], expressions[part]) for part in sorted(expressions)]


def report() -> str:
    """What mypy reports of the sources as they are."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "mypy", "--any-exprs-report", folder, "--package", PACKAGE]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)
        return Path(folder, "any-exprs.txt").read_text(encoding="utf-8")


def table(found: list[Share]) -> str:
    lines = [f"{'part':16} {'Any':>6} {'of':>7} {'per cent':>9} {'bound':>6}"]
    for share in found:
        bound = BOUNDS.get(share.part, 0)
        mark = "  worse" if share.per_cent > bound else ""
        numbers = f"{share.anys:6} {share.expressions:7} {share.per_cent:9.2f} {bound:6}"
        lines.append(f"{share.part:16} {numbers}{mark}")
    return "\n".join(lines)


if __name__ == "__main__":
    by_part = shares(report())
    print(table(by_part))
    raise SystemExit(any(share.per_cent > BOUNDS.get(share.part, 0) for share in by_part))
