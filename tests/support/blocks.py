"""Blocks of code in pages of text: copied whole, in order, into an empty folder, and run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
RUNS_ON = "bpx sandbox\n"
IN_A_CLONE = ("make ", "pip install ")
"""Beginnings of the blocks that are for a clone of the repository."""
PORT = 8787


class Block(NamedTuple):
    """One block, and the heading above it."""

    section: str
    language: str
    code: str


def blocks_of(text: str) -> list[Block]:
    """The blocks of a page."""
    found, section = [], ""
    for match in re.finditer(r"^(#+ [^\n]*)$|^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        heading, language, code = match.groups()
        if heading:
            section = heading.strip("# ")
        else:
            found.append(Block(section, language, code))
    return found


def done(words: list[str], cwd: Path, environment: dict[str, str]) -> str:
    """What a program prints; it has to end well."""
    ended = subprocess.run(
        words, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=100
    )
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    assert "Traceback" not in ended.stderr
    return ended.stdout


def run_python(code: str, number: int, cwd: Path, environment: dict[str, str]) -> None:
    """A program, or a test if there is one in it."""
    is_test = re.search(r"^(async )?def test_", code, re.MULTILINE)
    file = cwd / f"{'test_block' if is_test else 'block'}_{number}.py"
    file.write_text(code)
    if is_test:
        told = done([sys.executable, "-m", "pytest", "-q", file.name], cwd, environment)
        assert re.search(r"\d passed", told), told
    else:
        done([sys.executable, "-W", "error", file.name], cwd, environment)


def run_shell(code: str, cwd: Path, environment: dict[str, str]) -> None:
    """A few lines for a shell."""
    done(["sh", "-e", "-c", code], cwd, environment)
