"""What the pages in docs/ take from elsewhere when they are built, so that it stands in one place.

{{ readme "Errors" }}             a section of the README, up to the next heading
{{ page "streams.md#Options" }}   the same of a page in docs/
{{ file "ARCHITECTURE.md" }}      a file, without its heading
{{ code "examples/twap.py" }}     a program, whole
{{ ccxt_backpack }}               the methods that ccxt's own class has, and ours beside them
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TAKEN = re.compile(r'^\{\{ (\w+)(?: "([^"]*)")? \}\}$', re.MULTILINE)
HEADING = re.compile(r"^(#+) (.*)$")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """mkdocs calls this with the text of each page."""
    return TAKEN.sub(lambda found: SOURCES[found[1]](found[2] or ""), markdown)


def section(text: str, name: str) -> str:
    """What stands under a heading, to the next one, of whatever level."""
    kept: list[str] = []
    is_there = in_code = False
    for line in text.splitlines():
        in_code ^= line.startswith("```")
        heading = None if in_code else HEADING.match(line)
        if heading and is_there:
            break
        if is_there:
            kept.append(line)
        is_there = is_there or bool(heading and heading[2] == name)
    if not is_there:
        raise KeyError(f"there is no section {name!r}")
    return "\n".join(kept).strip()


def of_readme(name: str) -> str:
    """A section of the README."""
    return section((ROOT / "README.md").read_text(encoding="utf-8"), name).replace("](docs/", "](")


def of_page(name: str) -> str:
    """A section of a page in docs/."""
    file, _, heading = name.partition("#")
    return section((ROOT / "docs" / file).read_text(encoding="utf-8"), heading)


def of_file(name: str) -> str:
    """A file, but for its first heading."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.sub(r"\A# .*\n", "", text).strip()


def of_program(name: str) -> str:
    """A program as a block."""
    return f"```python\n{(ROOT / name).read_text(encoding='utf-8').strip()}\n```"


def beside_ccxts_backpack(_: str = "") -> str:
    """Every method that ccxt's class says it has, and whether ours has it."""
    from ccxt.pro.backpack import backpack

    from bpx_connector.pro import bpx

    theirs, ours = backpack().has, bpx().has
    rows = ["| ccxt's `backpack` | here |", "|---|---|"]
    for name in sorted(name for name, has in theirs.items() if has is True and is_method(name)):
        rows.append(f"| `{name}` | {_beside(name, ours)} |")
    more = sorted(
        name for name, has in ours.items() if has is True and theirs.get(name) is not True and is_method(name)
    )
    rows += ["", f"Beyond these {len(more)}: " + ", ".join(f"`{name}`" for name in more) + "."]
    return "\n".join(rows)


def is_method(name: str) -> bool:
    """Whether an entry of `has` is called: it begins with a verb."""
    return (
        re.match(
            r"(fetch|create|cancel|edit|watch|un[wW]atch|withdraw|transfer|set|close|borrow|repay|load)", name
        )
        is not None
    )


def _beside(name: str, ours: dict[str, Any]) -> str:
    if ours.get(name) is True:
        return "yes"
    spelt = name.replace("unwatch", "unWatch")
    return f"yes, as `{spelt}`" if ours.get(spelt) is True else NOT_HERE[name]


NOT_HERE = {
    "fetchOpenInterestHistory": "no: the venue has no such operation, and the class says NotSupported"
}
SOURCES: dict[str, Callable[[str], str]] = {
    "readme": of_readme,
    "page": of_page,
    "file": of_file,
    "code": of_program,
    "ccxt_backpack": beside_ccxts_backpack,
}
