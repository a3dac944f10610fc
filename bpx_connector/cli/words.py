"""What every command says when it cannot do as it was told: one sentence, and exit code 2."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

__all__ = [
    "FAILED",
    "SANDBOX",
    "WRONG_USAGE",
    "Refusal",
    "checked_address",
    "nearest",
    "refusal",
    "sandbox_address",
    "with_sandbox",
]

FAILED = 1
WRONG_USAGE = 2
SANDBOX = "http://127.0.0.1:8787"
"""Where `python -m bpx_connector.sandbox` listens unless it is told otherwise."""


class Refusal(Exception):  # noqa: N818  # it is told to a person, and no error of the program
    """A command cannot do as it was told; the message says what is wrong and what is allowed."""


def refusal(command: str, message: str) -> SystemExit:
    """The end of a command that was told wrongly; the sentence goes to stderr."""
    sys.stderr.write(f"bpx_connector {command}: {message.rstrip()}\n")
    return SystemExit(WRONG_USAGE)


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean "run"?` for a word that is nearly one of these, and nothing for any other."""
    found = get_close_matches(word, list(known), n=1)
    return f"; did you mean {found[0]!r}?" if found else ""


def sandbox_address() -> str:
    """Where the sandbox is, if nobody says: BPX_SANDBOX, or where it listens by itself."""
    return os.environ.get("BPX_SANDBOX") or SANDBOX


def checked_address(url: str) -> str:
    """The address of a sandbox; a Refusal if nobody can be reached by it."""
    from bpx_connector.call.addresses import is_address  # not before: it loads ccxt

    if not is_address(url):
        raise Refusal(f"--sandbox and BPX_SANDBOX take an address such as {SANDBOX}, not {url!r}")
    return url


def with_sandbox(words: Sequence[str]) -> tuple[list[str], str | None]:
    """The words without `--sandbox [URL]`, and the address it names; what follows `run` is the program's.

    Without an address it is the one in the environment, or else the one the sandbox itself takes.
    """
    kept: list[str] = []
    url = None
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word in ("run", "--"):
            kept += [word, *rest]
            break
        if word == "--sandbox":
            url = checked_address(rest.pop(0) if rest and "://" in rest[0] else sandbox_address())
        elif word.startswith("--sandbox="):
            url = checked_address(word.partition("=")[2])
        else:
            kept.append(word)
    return kept, url
