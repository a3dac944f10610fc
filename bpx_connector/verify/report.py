"""What was found, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bpx_connector.verify.asking import CONTRADICTION, NEWS, TROUBLE, Finding

__all__ = ["as_json", "as_markdown"]

HEADS = {
    CONTRADICTION: "Contradictions",
    TROUBLE: "Not answered",
    NEWS: "News: more, or what no document says",
}


def as_markdown(findings: Sequence[Finding], about: Iterable[str]) -> str:
    """The report as a page."""
    lines = ["# bpx verify", "", *(f"- {line}" for line in about), ""]
    for kind, head in HEADS.items():
        rows = [found for found in findings if found.kind == kind]
        if rows:
            lines += [f"## {head}", "", "| where | found | the fact | from |", "|---|---|---|---|"]
            lines += [_row(found) for found in rows] + [""]
    if not findings:
        lines += ["Nothing is otherwise than it should be.", ""]
    return "\n".join(lines)


def _row(found: Finding) -> str:
    where = found.question + (f": `{found.where}`" if found.where else "")
    switch = f" (the sandbox's switch `{found.switch}`)" if found.switch else ""
    cells = [where, found.found, found.fact + switch, found.source]
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def as_json(findings: Iterable[Finding], about: Mapping[str, Any]) -> str:
    """The report for programs."""
    return json.dumps({**about, "findings": [found._asdict() for found in findings]}, indent=1)
