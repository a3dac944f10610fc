"""`run`: any Python program, unchanged, with our classes under a name of ccxt's, and its child processes."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable, MutableMapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from ccxt import exchanges

from bpx_connector.cli.words import checked_address, refusal, sandbox_address
from bpx_connector.plugin import OUR_NAME, register
from bpx_connector.programs import furnish_when_imported

__all__ = ["USAGE", "run"]

USAGE = """\
python -m bpx_connector run [--name NAME] [--replace] -m MODULE [ARGUMENT...]
python -m bpx_connector run [--name NAME] [--replace] SCRIPT [ARGUMENT...]
python -m bpx_connector run [--name NAME] [--replace] PROGRAM [ARGUMENT...]

Registers the exchange as ccxt.NAME (bpx, unless another name is given), then runs the program
as `python -m MODULE`, `python SCRIPT` or PROGRAM would. Processes that the program starts find
the name too. --sandbox [URL] leads all of them to the local exchange. --replace lets NAME be
one that ccxt itself uses:

    python -m bpx_connector run --name backpack --replace freqtrade trade --config config.json
"""
CHILDREN = Path(__file__).parent / "children"
"""The folder whose `sitecustomize` registers the name in child processes."""


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
        raise refusal("run", f"{error}{hint}") from error
    start = _way_to_start(wish)
    furnish_when_imported(wish.name)
    _tell_children(wish.name, os.environ)
    start(wish)


def _wish(words: list[str]) -> _Wish:
    name, replace = OUR_NAME, False
    while words:
        word = words.pop(0)
        if word == "--sandbox":
            url = words.pop(0) if words and "://" in words[0] else sandbox_address()
            os.environ["BPX_SANDBOX"] = checked_address(url)
        elif word.startswith("--sandbox="):
            os.environ["BPX_SANDBOX"] = checked_address(word.partition("=")[2])
        elif word == "--replace":
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
            raise refusal("run", f"{word} is not an option of `run`, or lacks its value\n\n{USAGE}")
        else:
            return _Wish(name, replace, False, word, words)
    raise refusal("run", f"no program to run\n\n{USAGE}")


def _tell_children(name: str, environment: MutableMapping[str, str]) -> None:
    """Have every Python process that is started from here register the name when it imports ccxt."""
    path = environment.get("PYTHONPATH")
    environment["PYTHONPATH"] = os.pathsep.join([str(CHILDREN), *([path] if path else [])])
    environment["BPX_REGISTER"] = name


# --- what there is to run -----------------------------------------------------------------------------------


def _way_to_start(wish: _Wish) -> Callable[[_Wish], None]:
    if wish.is_module:
        if not _is_module(wish.program):
            raise refusal(
                "run", f"no module named {wish.program} in {sys.executable}; install it beside bpx_connector"
            )
        return _run_module
    script = Path(wish.program)
    if script.is_dir() and not (script / "__main__.py").exists():
        raise refusal("run", f"{wish.program} is a folder without a __main__.py: name a script in it")
    if script.exists():
        return _run_script
    if _program_called(wish.program) is not None:
        return _run_program
    raise refusal("run", _nothing_called(wish.program))


def _is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _program_called(word: str) -> str | None:
    """A program on the path; those beside this Python first, be its environment active or not."""
    beside = str(Path(sys.executable).parent)
    return shutil.which(word, path=os.pathsep.join([beside, os.environ.get("PATH", "")]))


def _nothing_called(word: str) -> str:
    if word.endswith(".py") or os.sep in word:
        return f"there is no file {word}"
    if word.isidentifier() and _is_module(word):
        return f"there is no file and no program {word}, but a module: run -m {word}"
    return f"there is no file {word}, no program of that name, and no module (run -m MODULE)"


def _run_module(wish: _Wish) -> None:
    sys.argv = [wish.program, *wish.arguments]
    runpy.run_module(wish.program, run_name="__main__", alter_sys=True)


def _run_script(wish: _Wish) -> None:
    sys.argv = [wish.program, *wish.arguments]
    sys.path[0] = str(Path(wish.program).resolve().parent)  # where `python SCRIPT` looks for its neighbours
    runpy.run_path(wish.program, run_name="__main__")


def _run_program(wish: _Wish) -> None:
    found = _program_called(wish.program)
    assert found is not None
    words = [found, *wish.arguments]
    if os.name == "nt":  # exec there returns to the shell at once
        sys.exit(subprocess.call(words))  # noqa: S603  # the user's own program
    os.execv(found, words)  # noqa: S606  # likewise
