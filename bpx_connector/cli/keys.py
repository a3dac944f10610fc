"""`keys`: a new pair of API keys, to the screen or into a file that nobody else can read."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from bpx_connector.cli.words import Refusal
from bpx_connector.keys import Keys, generated_keys

__all__ = ["add_to"]

NOTE = """\
# The local exchange opens a funded account for these keys when they are first used. For the venue itself, add
# the public key (BPX_API_KEY) in its settings; the secret never leaves your machine.
"""


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("keys")(keys)


def keys(
    out: Annotated[Path | None, typer.Option(help="Write them to this file, for your eyes only.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Make a new Ed25519 key pair in the venue's format, as lines for a shell: eval "$(bpx keys)"."""
    made = generated_keys()
    if out is not None:
        _write(out, _lines(made))
        sys.stdout.write(json.dumps({"written": str(out)}) if as_json else f"written to {out}")
        sys.stdout.write("\n")
        return
    if as_json:
        sys.stdout.write(json.dumps({"BPX_API_KEY": made.api_key, "BPX_SECRET": made.secret}) + "\n")
        return
    sys.stdout.write(_lines(made))
    if sys.stdout.isatty():
        sys.stderr.write(NOTE)


def _lines(made: Keys) -> str:
    return f"export BPX_API_KEY={made.api_key}\nexport BPX_SECRET={made.secret}\n"


def _write(path: Path, text: str) -> None:
    """A new file that only its owner may read; one that is there is never overwritten, it may be in use."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Refusal(f"{path} is there already, and may hold keys in use: name another file") from error
    except OSError as error:
        raise Refusal(f"{path} cannot be written: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
