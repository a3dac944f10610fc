"""The table: each row's figures, their ratio, the target, and whether it is reached."""

from __future__ import annotations

import os
import platform
from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

from benchmarks.rows import Compared, Row
from benchmarks.runner import Figures
from benchmarks.subjects import FLOOR, OURS, PEER

PACKAGES = ("ccxt", "aiohttp", "msgspec", "PyNaCl", "orjson", "cryptography", "bpx-connector")
PROJECT = Path(__file__).parent.parent
FRONT_PAGE, OWN_PAGE = PROJECT / "README.md", PROJECT / "benchmarks" / "README.md"
PAGE = PROJECT / "docs" / "performance.md"
ON_THE_FRONT = (
    "depth delta to a restored book, burst",
    "order update to the caller, burst",
    "1,000 trades",
    "load_markets, 200 markets",
    "createOrder round trip",
    "price to order on the wire, 2,000/s, p50",
)
"""The rows that the README shows; `PAGE` has them all."""
WIDE = 0.7
"""The regression check is content with this part of a target: it runs on busy machines."""


@dataclass(frozen=True)
class Result:
    """One row with its figures: the medians of their rounds, and the median of the ratios of the rounds.

    What the machine is busy with lasts for seconds and meets both sides of a round's ratio.
    """

    row: Row
    peer: float | None
    ours: float | None
    floor: float | None
    ratio: float | None
    note: str

    def reached(self, part: float = 1.0) -> bool | None:
        """Whether the target, or that part of it, is reached; None if it was not measured."""
        if self.row.is_optional:
            return True
        if self.ratio is None:
            return None
        if self.row.at_least:
            return self.ratio >= self.row.target * part
        return self.ratio <= self.row.target / part


def results(rows: tuple[Row, ...], figures: Figures) -> list[Result]:
    """Each row's result."""
    return [_result(row, figures) for row in rows]


def _rounds(figures: Figures, measurement: str, subject: str, figure: str) -> list[float]:
    rounds = figures.get(measurement, {}).get(subject, {}).get(figure)
    return rounds if isinstance(rounds, list) else []


def _median(rounds: list[float]) -> float | None:
    return median(rounds) if rounds else None


def _result(row: Row, figures: Figures) -> Result:
    peer, ours, floor = (
        _rounds(figures, row.measurement, subject, row.figure) for subject in (PEER, OURS, FLOOR)
    )
    if row.compared is Compared.OURS_ALONE:
        ratio = _median(ours)
    elif row.compared is Compared.MANY_TO_ONE:
        ratio = _median_ratio(ours, _rounds(figures, row.one, OURS, row.figure))
    else:
        ratio = _median_ratio(peer, ours)
    note = "; ".join(_notes(row, figures))
    return Result(row, _median(peer), _median(ours), _median(floor), ratio, note)


def _median_ratio(dividends: list[float], divisors: list[float]) -> float | None:
    """Of as many rounds as both have; they were taken in turn."""
    return _median([one / other for one, other in zip(dividends, divisors, strict=False) if other > 0])


def _notes(row: Row, figures: Figures) -> list[str]:
    notes = []
    for subject, values in figures.get(row.measurement, {}).items():
        notes += [f"{subject}: {values[key]}" for key in ("failed", "missing") if key in values]
        wrong_books = sum(_rounds(figures, row.measurement, subject, "wrong_books"))
        if wrong_books:
            notes.append(f"{subject}: {wrong_books:.0f} wrong books")
    return notes


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}" if value < 100 else f"{value:.0f}"


def _target(row: Row) -> str:
    if row.is_optional:
        return "-"
    if row.compared is Compared.OURS_ALONE:
        return " ".join(("≤", f"{row.target:g}", *row.unit.split()[:1]))
    return f"{'≥' if row.at_least else '≤'} {row.target:g} x"


def _line(result: Result) -> str:
    row, reached = result.row, result.reached()
    ratio = "-" if result.ratio is None or row.compared is Compared.OURS_ALONE else f"{result.ratio:.2f} x"
    verdict = "-" if reached is None or row.is_optional else "yes" if reached else "**no**"
    title = row.title + (f" ({result.note})" if result.note else "")
    cells = (
        title,
        row.unit,
        _number(result.peer),
        _number(result.ours),
        ratio,
        _target(row),
        verdict,
        _number(result.floor),
    )
    return "| " + " | ".join(cells) + " |"


def table(found: list[Result]) -> str:
    """The rows as a markdown table."""
    head = ("row", "unit", "ccxt backpack", "bpx", "ratio", "target", "reached", "floor")
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join(["---", "---", *["---:"] * 6]) + "|"]
    return "\n".join(lines + [_line(result) for result in found])


def brief_table(found: list[Result], titles: Container[str] | None = None) -> str:
    """The rows that compare, without floors and targets; only those of these titles, if there are any."""
    lines = ["| row | unit | ccxt backpack | bpx | ratio |", "|---|---|---:|---:|---:|"]
    lines += [
        f"| {result.row.title} | {result.row.unit} | {_number(result.peer)} | {_number(result.ours)} "
        f"| {result.ratio:.1f} x |"
        for result in found
        if result.row.compared is Compared.PEER_TO_OURS and result.ratio is not None
        if titles is None or result.row.title in titles
    ]
    return "\n".join(lines)


def write(section: str, text: str, page: Path = OWN_PAGE) -> None:
    """Put a text between the two comments that mark a section of a page."""
    begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    before, found, rest = page.read_text().partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise SystemExit(f"{page} has no section between {begin} and {end}")
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def machine() -> str:
    """The machine and the versions, in one sentence."""
    packages = ", ".join(f"{name} {found}" for name in PACKAGES if (found := _version(name)))
    return (
        f"{_processor()}, {os.cpu_count()} CPUs, {platform.system()} {platform.release()}, "
        f"{platform.python_implementation()} {platform.python_version()}, {packages}; "
        f"{datetime.now(UTC):%Y-%m-%d}."
    )


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.exists():
        for line in described.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
