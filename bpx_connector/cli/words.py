"""What every command says when it cannot do as it was told: one sentence, and exit code 2."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["FAILED", "WRONG_USAGE", "nearest", "refusal"]

FAILED = 1
WRONG_USAGE = 2


def refusal(command: str, message: str) -> SystemExit:
    """The end of a command that was told wrongly; the sentence goes to stderr."""
    sys.stderr.write(f"bpx_connector {command}: {message.rstrip()}\n")
    return SystemExit(WRONG_USAGE)


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean "run"?` for a word that is nearly one of these, and nothing for any other."""
    found = get_close_matches(word, list(known), n=1)
    return f"; did you mean {found[0]!r}?" if found else ""
