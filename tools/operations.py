"""Makes docs/operations.md: each operation of the venue, what calls it, and what the sandbox answers.

Nothing in it is written by hand: the unified methods are those whose code reaches the operation's implicit
method, the sandbox's answers are its handlers, and ccxt's own class stands beside ours.

    make operations         writes the file
    make operations-check   fails when it differs from what is made
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import ccxt
import ccxt.pro

import bpx_connector
import bpx_connector.pro
from bpx_connector.sandbox.http.answering import HANDLERS
from bpx_connector.venue.endpoints import Endpoint, Endpoints, NewerEndpoints, UntoldEndpoints

__all__ = ["TARGET", "as_text"]

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "operations.md"
SOURCES = (ROOT / "bpx_connector" / "rest", ROOT / "bpx_connector" / "parse")
NOT_A_METHOD = frozenset({"CORS", "spot", "margin", "swap", "future", "option", "sandbox", "ws", "index"})
EVERY_CALL = "request"
"""What every method goes through is named with none."""

INTRODUCTION = """# Operations

Made by `make operations` from the code; do not edit.

Each operation of the venue's OpenAPI and the newer ones, the implicit method that calls it, the methods that
reach it (ccxt's names in **bold**, the others are this package's own), and what the sandbox answers: *state*
is driven by what was done before and by time, *static* is always the same. What is *not answered* there is
seen to answer on the venue, but nobody has told with what: it has an implicit method, and no other.
"""


def camel(name: str) -> str:
    """ccxt's camelCase of a method's name."""
    first, *rest = name.split("_")
    joined = first + "".join(word[:1].upper() + word[1:] for word in rest)
    return joined.replace("Ohlcv", "OHLCV")


def endpoints() -> dict[str, Endpoint]:
    """Each implicit method's snake_case name, and its row."""
    return {
        name: row
        for table in (Endpoints, NewerEndpoints, UntoldEndpoints)
        for name, row in vars(table).items()
        if isinstance(row, Endpoint) and "_" in name
    }


@cache
def asked_by_path() -> dict[Any, str]:
    """The implicit method of each question, by its path."""
    return {row.path: name for name, row in endpoints().items() if row.method == "GET"}


# --- what reaches an operation -----------------------------------------------------------------------------


def functions() -> Iterator[tuple[str, set[str]]]:
    """Every function of the connector's methods, and the names that it uses of itself or writes as text."""
    for folder in SOURCES:
        for path in sorted(folder.rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for kind in ast.walk(tree):
                for node in kind.body if isinstance(kind, ast.ClassDef) else ():
                    if isinstance(node, ast.FunctionDef):
                        yield node.name, set(used_in(node))


def used_in(node: ast.AST) -> Iterator[str]:
    """The attributes of `self`, and the names of modules' tables, that a piece of code uses.

    Where an answer is read in its own way the operation is named by its path: `self.request("api/v1/depth"`.
    """
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and part.value in asked_by_path():
            yield asked_by_path()[part.value]
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == "self":
            yield part.attr
        elif isinstance(part, ast.Name) and part.id.isupper():
            yield part.id
        elif isinstance(part, ast.Call):
            yield from asked_in(part)


def asked_in(call: ast.Call) -> Iterator[str]:
    """The implicit method of what is asked by its path: `self.request("api/v1/depth", ["public"], "GET")`."""
    texts = {part.value for part in call.args if isinstance(part, ast.Constant)}
    for name, row in endpoints().items():
        if {row.path, row.method} <= texts:
            yield name


def tables() -> Iterator[tuple[str, set[str]]]:
    """Module tables that name implicit methods as text, such as the ledger's histories, and single rows of
    the venue's: `ENDPOINTS["POST", "api/v1/order"]`."""
    known = endpoints()
    for folder in SOURCES:
        for path in sorted(folder.rglob("*.py")):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    said = {part.value for part in ast.walk(node.value) if isinstance(part, ast.Constant)}
                    texts = {str(text) for text in said if text in known}
                    if isinstance(node.value, ast.Subscript):
                        texts |= {name for name, row in known.items() if {row.method, row.path} <= said}
                    if texts:
                        yield node.targets[0].id, texts


def callers() -> dict[str, set[str]]:
    """Each implicit method, and the public methods whose code reaches it, through private ones or tables."""
    uses: dict[str, set[str]] = defaultdict(set)
    for name, used in (*functions(), *tables()):
        uses[name] |= used
    reached: dict[str, set[str]] = defaultdict(set)
    for name in uses:
        if not name.startswith("_") and not name.isupper() and name != EVERY_CALL:
            for endpoint in _reached_from(name, uses):
                reached[endpoint].add(name)
    return reached


def _reached_from(name: str, uses: dict[str, set[str]]) -> set[str]:
    known, seen, waiting = endpoints(), set(), [name]
    while waiting:
        for used in uses.get(waiting.pop(), ()):
            if used in seen:
                continue
            seen.add(used)
            if used.startswith("_") or used.isupper():
                waiting.append(used)
    return seen & known.keys()


# --- the sandbox -------------------------------------------------------------------------------------------


def sandbox_word(operation: str) -> str:
    """What stands behind the sandbox's answer to an operation."""
    handler = HANDLERS.get(operation)
    if handler is None:
        return "not answered"
    return "state" if uses_its_call(handler) else "static"


def uses_its_call(handler: Callable[..., Any]) -> bool:
    """Whether an answer depends on who asks, on what, on when, or on the exchange."""
    body = inspect.getsource(handler).partition(":\n")[2]
    return re.search(r"\bcall\b", body) is not None


# --- the page ----------------------------------------------------------------------------------------------


def operation_rows() -> Iterator[str]:
    """The lines of the table of operations."""
    reached, has = callers(), bpx_connector.pro.bpx().has
    for name, row in endpoints().items():
        operation = f"{row.method} /{row.path}"
        names = sorted(camel(method) for method in reached[name])
        methods = ", ".join(f"**{method}**" if has.get(method) else method for method in names)
        cells = (operation, camel(name), methods or "by its implicit method", sandbox_word(operation))
        yield f"| {' | '.join(cells)} |"


def has_rows() -> Iterator[str]:
    """The lines of the table of `has`: what either class says it has."""
    ours, theirs = bpx_connector.pro.bpx().has, vars(ccxt.pro)["backpack"]().has
    for name in sorted({*ours, *theirs} - NOT_A_METHOD):
        if ours.get(name) or theirs.get(name):
            yield f"| {name} | {_word(ours.get(name))} | {_word(theirs.get(name))} |"


def _word(value: Any) -> str:
    return "yes" if value else "no"


def as_text() -> str:
    """The whole page."""
    rows, has = list(operation_rows()), list(has_rows())
    words = [row.rstrip(" |").rpartition("| ")[2] for row in rows]
    counts = ", ".join(f"{words.count(word)} {word}" for word in ("state", "static", "not answered"))
    return "\n".join(
        [
            INTRODUCTION,
            f"{len(rows)} operations; of the sandbox's answers {counts}.",
            "",
            "| operation | implicit method | methods | sandbox |",
            "|---|---|---|---|",
            *rows,
            "",
            f"## `has`, beside that of ccxt's own class (ccxt {ccxt.__version__}, with streams)",
            "",
            f"{sum('| yes | ' in row for row in has)} of ours are true. A few of theirs name methods that do "
            "not exist; the page says what the classes say.",
            "",
            "| entry | bpx | ccxt's backpack |",
            "|---|---|---|",
            *has,
            "",
        ]
    )


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(TARGET.read_text(encoding="utf-8") != as_text())
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(as_text(), encoding="utf-8")
