"""`run`: any Python program, unchanged, with our classes under a name of ccxt's."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from ccxt import exchanges

from bpx_connector.plugin import OUR_NAME, register

__all__ = ["USAGE", "run"]

USAGE = """\
python -m bpx_connector run [--name NAME] [--replace] -m MODULE [ARGUMENT...]
python -m bpx_connector run [--name NAME] [--replace] SCRIPT [ARGUMENT...]

Registers the exchange as ccxt.NAME (bpx, unless another name is given), then runs the program
as `python -m MODULE` or `python SCRIPT` would. --replace lets NAME be one that ccxt itself uses:

    python -m bpx_connector run --name backpack --replace -m freqtrade trade --config config.json
"""
WRONG_USAGE = 2


class _Wish(NamedTuple):
    """What a command line asks for."""

    name: str
    replace: bool
    is_module: bool
    program: str
    arguments: list[str]


def run(command_line: Sequence[str]) -> None:
    """Register and run the program; its exit code and its errors are those of this process."""
    wish = _wish(list(command_line))
    try:
        register(wish.name, replace=wish.replace)
    except ValueError as error:
        hint = f"\non this command line: --name {wish.name} --replace" if wish.name in exchanges else ""
        raise _refusal(f"{error}{hint}") from error
    if wish.is_module:
        _run_module(wish)
    else:
        _run_script(wish)


def _wish(words: list[str]) -> _Wish:
    name, replace = OUR_NAME, False
    while words:
        word = words.pop(0)
        if word == "--replace":
            replace = True
        elif word == "--name" and words:
            name = words.pop(0)
        elif word.startswith("--name="):
            name = word.removeprefix("--name=")
        elif word == "-m" and words:
            return _Wish(name, replace, True, words[0], words[1:])
        elif word.startswith("-"):
            if word in ("-h", "--help"):
                sys.stdout.write(USAGE)
                sys.exit(0)
            raise _refusal(f"{word} is not an option of `run`, or lacks its value\n\n{USAGE}")
        else:
            return _Wish(name, replace, False, word, words)
    raise _refusal(f"no program to run\n\n{USAGE}")


def _run_module(wish: _Wish) -> None:
    try:
        found = find_spec(wish.program)
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise _refusal(f"no module named {wish.program} in {sys.executable}; install it beside bpx_connector")
    sys.argv = [wish.program, *wish.arguments]
    runpy.run_module(wish.program, run_name="__main__", alter_sys=True)


def _run_script(wish: _Wish) -> None:
    script = Path(wish.program)
    if not script.exists():
        raise _refusal(f"there is no file {wish.program}")
    sys.argv = [wish.program, *wish.arguments]
    sys.path[0] = str(script.resolve().parent)  # where `python SCRIPT` looks for the script's neighbours
    runpy.run_path(wish.program, run_name="__main__")


def _refusal(message: str) -> SystemExit:
    sys.stderr.write(f"bpx_connector run: {message.rstrip()}\n")
    return SystemExit(WRONG_USAGE)
