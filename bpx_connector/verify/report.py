"""What was found, for people and for programs, and the answers on a tape that can be sent back.

Nothing of the account gets into either but its shape: in what is private every figure is replaced by one of
the same form, every word that is not an enumeration's by x.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bpx_connector.verify.asking import CONTRADICTION, NEWS, TROUBLE, Finding

__all__ = ["as_json", "as_markdown", "scrubbed", "scrubbed_event"]

HEADS = {
    CONTRADICTION: "Contradictions",
    TROUBLE: "Not answered",
    NEWS: "News: more, or what no document says",
}
FIGURE = re.compile(r"-?\d+(\.\d+)?$")
TIME = re.compile(r"\d{4}-\d\d-\d\d")
WORD = re.compile(r"[A-Za-z]{1,24}$")
KEPT_NAMES = frozenset(
    {"symbol", "asset", "feeSymbol", "quoteSymbol", "baseSymbol", "blockchain", "message", "code"}
)
IDENTITIES = frozenset(
    {
        "userId",
        "subaccountId",
        "clientId",
        "address",
        "transactionHash",
        "identifier",
        "fromAddress",
        "toAddress",
    }
)


def scrubbed(value: Any, name: str = "") -> Any:
    """A private answer without what it says of anybody: the same fields, kinds and forms."""
    if isinstance(value, Mapping):
        return {key: scrubbed(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [scrubbed(item, name) for item in value]
    if name in IDENTITIES and value is not None:
        return re.sub(r"[A-Za-z]", "x", re.sub(r"\d", "1", value)) if isinstance(value, str) else 1
    if not isinstance(value, str) or name in KEPT_NAMES or name.lower().endswith("id"):
        return value
    if FIGURE.match(value):
        return value if not value.strip("-0.") else re.sub(r"\d", "1", value)
    return value if TIME.match(value) or WORD.match(value) else re.sub(r"[A-Za-z0-9]", "x", value)


EVENT_WORDS = frozenset({"e", "s", "i"})
"""Of an event of the account: its kind, its market and its order, by which events belong together."""


def scrubbed_event(event: Any) -> Any:
    """The same for an event of an account's stream, whose fields are single letters."""
    if not isinstance(event, Mapping):
        return scrubbed(event)
    return {
        name: value if name in EVENT_WORDS else scrubbed(value, "clientId" if name in ("c", "C") else name)
        for name, value in event.items()
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
