"""The package as users get it: a wheel, and an environment that it is installed into."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
ENVIRONMENT = ROOT / ".venv-wheel"
"""Kept between runs; made anew when pyproject.toml or the interpreter is another."""


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """What a program prints. Fails with all it said."""
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise AssertionError(f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def built_wheel(folder: Path, sources: Path = ROOT) -> Path:
    """A wheel of the sources as they are, without asking the index for the build backend."""
    run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-qq",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        folder,
        sources,
    )
    (wheel,) = folder.glob("*.whl")
    return wheel


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Tests run in several processes; the environment is made by one of them."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def installed(wheel: Path) -> Path:
    """The interpreter of an environment of its own, with the wheel and what it depends on."""
    python = ENVIRONMENT / "bin" / "python"
    stamp = ENVIRONMENT / "made-of"
    made_of = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + sys.version.encode()).hexdigest()
    content = hashlib.sha256(wheel.read_bytes()).hexdigest()
    pip = (python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-compile")
    with one_at_a_time(ROOT / ".venv-wheel.lock"):
        known = stamp.read_text().split() if stamp.exists() else ["", ""]
        if known == [made_of, content]:
            return python
        if known[0] != made_of:
            run(sys.executable, "-m", "venv", "--clear", ENVIRONMENT)
            run(*pip, wheel)
        else:
            run(*pip, "--no-deps", "--force-reinstall", wheel)
        stamp.write_text(f"{made_of} {content}")
    return python
