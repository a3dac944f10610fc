"""Makes docs/control.md: every door of the sandbox's control port, with an example that can be sent.

make operations         writes the file, beside the others
make operations-check   fails when it differs from what is made
"""

from __future__ import annotations

import json
import sys
from dataclasses import fields
from pathlib import Path
from typing import Final

from bpx_connector.sandbox.doors import DOORS, Door
from bpx_connector.sandbox.faults.kinds import KINDS
from bpx_connector.sandbox.records.switches import Switches

__all__ = ["TARGET", "as_text"]

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "control.md"
PORT: Final = 8788

INTRODUCTION = f"""# The control port

Made by `make operations` from the code; do not edit.

`bpx sandbox --control {PORT}` opens doors for programs in any language, on this machine only and to no page
in a browser but the port's own: `http://127.0.0.1:{PORT}`. It goes by that name and by `localhost`, and
`--page-host` names more (the header Host is looked at, as by the page); other names, and pages of other
sites, are answered 403. All doors speak JSON. `GET /` lists them, each with an example of what it takes.
Wrong words, such as one that a door does not know, are answered 400, what does not exist 404, another method
405, with `{{"message": "..."}}` that says what would be right; what has nothing to say answers 204.

Quantities and prices are best given as text: `"0.1"`. A key is the account's public key, as in `X-API-Key`.
"""


def example(door: Door) -> str:
    """A line for a shell."""
    words = ["curl"] if door.method == "GET" else ["curl", "-X", door.method]
    if door.takes is not None:
        words += ["-d", f"'{json.dumps(door.takes)}'"]
    return " ".join([*words, f"http://127.0.0.1:{PORT}{door.example}"]).replace(
        "the account's public key", "the public key"
    )


def door_rows(door: Door) -> str:
    """One door: what it is called, what it does, how it is asked."""
    path = door.path.replace("{id:[0-9]{1,18}}", "{id}")
    effect = door.effect[0].upper() + door.effect[1:]
    return f"## {door.method} {path}\n\n{effect}.\n\n```sh\n{example(door)}\n```\n"


def switch_rows() -> list[str]:
    """Every switch: its values, the default first, and its meaning."""
    return [
        f"| `{each.name}` | {', '.join(_word(value) for value in each.metadata['values'])} | "
        f"{each.metadata['meaning']} |"
        for each in fields(Switches)
    ]


def _word(value: object) -> str:
    word = {True: "on", False: "off"}[value] if isinstance(value, bool) else value
    return f"`{word}`"


def as_text() -> str:
    """The whole page."""
    return "\n".join(
        [
            INTRODUCTION,
            *(door_rows(door) for door in DOORS),
            "## Switches",
            "",
            "What the venue might do one way or another; the default comes first.",
            "",
            "| switch | values | what it decides |",
            "|---|---|---|",
            *switch_rows(),
            "",
            "## Faults",
            "",
            f"The kinds are {', '.join(f'`{kind}`' for kind in KINDS)}; see `docs/testing.md`.",
            "",
        ]
    )


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(TARGET.read_text(encoding="utf-8") != as_text())
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(as_text(), encoding="utf-8")
