"""`python -m benchmarks`: measure, print the table, and say whether each target is reached."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.report import (
    FRONT_PAGE,
    ON_THE_FRONT,
    PAGE,
    WIDE,
    Result,
    brief_table,
    machine,
    results,
    table,
    write,
)
from benchmarks.rows import Compared, measured_together, selected
from benchmarks.runner import run


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and frames: a minute or two")
    parser.add_argument("--rows", help="only rows whose names begin so, separated by commas")
    parser.add_argument(
        "--check", action="store_true", help=f"quick, ratios only, content with {WIDE:g} of a target"
    )
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument(
        "--write",
        action="store_true",
        help="put the tables into README.md, docs/performance.md and benchmarks/README.md",
    )
    return parser.parse_args()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _as_json(found: list[Result]) -> str:
    rows = [
        {
            **{key: value for key, value in asdict(result).items() if key != "row"},
            "row": result.row.name,
            "target": result.row.target,
            "reached": result.reached(),
        }
        for result in found
    ]
    return json.dumps({"machine": machine(), "rows": rows}, indent=1)


def main() -> int:
    """Exit with 1 if a target was missed."""
    arguments = _arguments()
    rows = selected(arguments.rows)
    is_quick = arguments.quick or arguments.check
    if is_quick:
        rows = tuple(row for row in rows if not row.is_optional)
    if arguments.check:
        rows = tuple(row for row in rows if row.compared is not Compared.OURS_ALONE)
    figures = asyncio.run(run(measured_together(rows), quick=is_quick, say=_say))
    found = results(rows, figures)
    circumstances = f"{'A short run. ' if is_quick else ''}{machine()}"
    text = f"{table(found)}\n\n{circumstances}"
    print(text, flush=True)
    if arguments.json:
        arguments.json.write_text(_as_json(found))
    if arguments.write:
        write("table", text)
        write("benchmarks", f"{brief_table(found)}\n\n{circumstances}", PAGE)
        write("benchmarks", brief_table(found, ON_THE_FRONT), FRONT_PAGE)
    part = WIDE if arguments.check else 1.0
    missed = [result.row.name for result in found if result.reached(part) is False]
    absent = [result.row.name for result in found if result.reached(part) is None]
    if missed or absent:
        print(f"\nmissed: {', '.join(missed) or 'none'}; not measured: {', '.join(absent) or 'none'}")
    return 1 if missed or absent else 0


if __name__ == "__main__":
    sys.exit(main())
