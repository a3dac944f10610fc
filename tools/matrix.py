"""The tests on every Python that is supported, with the oldest and the newest releases that are allowed.

For each interpreter that is found, an environment for the lower bounds of pyproject.toml and one for whatever
the index has newest. An interpreter that is not found is named, and the run goes on with the others.

    make matrix                              all of them, the tests that touch ccxt, aiohttp and asyncio
    make matrix ARGS="--python 3.13"         one interpreter
    make matrix ARGS="--ages oldest -- tests/venue"
    make matrix ARGS="-- tests"              the whole suite on each: an hour and more
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / ".venv-matrix"
AGES = ("oldest", "newest")
VERSIONED = ("ccxt", "aiohttp", "msgspec", "PyNaCl")

# What touches ccxt, aiohttp, msgspec or asyncio, and is quick: the sockets of both sides, all parsers, both
# classes against ccxt's own tests of structures and signatures. A few minutes with two processors.
TESTS = (
    "tests/call",
    "tests/orders",
    "tests/parse",
    "tests/pro",
    "tests/rest/account",
    "tests/rest/asking",
    "tests/sandbox/faults",
    "tests/sandbox/socket",
    "tests/sandbox/test_malformed.py",
    "tests/sandbox/test_server.py",
    "tests/stream",
    "tests/test_async_support.py",
    "tests/test_ccxt_contract.py",
    "tests/test_ccxt_structures.py",
    "tests/test_exchange.py",
    "tests/test_flow.py",
    *(
        f"--ignore=tests/{path}"
        for path in ("call/test_carried.py", "pro/test_bounds.py", "pro/test_trust.py")
    ),
)


def project() -> dict[str, object]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: dict[str, object] = settings["project"]
    return found


def supported(classifiers: list[str]) -> list[str]:
    """The Pythons that pyproject.toml names: 3.11, 3.12, ..."""
    return [match[1] for line in classifiers if (match := re.search(r":: (3\.\d+)$", line))]


def lower_bounds(dependencies: list[str]) -> list[str]:
    """`aiohttp>=3.14.4,<4` -> `aiohttp==3.14.4`"""
    found = (re.match(r"([\w.-]+)(?:\[[^]]*\])?>=([\w.]+)", line) for line in dependencies)
    return [f"{match[1]}=={match[2]}" for match in found if match]


def interpreter(version: str) -> str | None:
    """The command that starts a Python of this version: on the path, or among those of pyenv."""
    of_pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    candidates = [f"python{version}", *map(str, of_pyenv)]
    return next((found for name in candidates if (found := shutil.which(name)) and starts(found)), None)


def starts(command: str) -> bool:
    """Whether it does: a shim may stand there for a Python that is not installed."""
    return subprocess.run([command, "-c", ""], capture_output=True, check=False).returncode == 0


def run(*command: str | Path) -> int:
    return subprocess.run([str(word) for word in command], cwd=ROOT, check=False).returncode


def prepared(python: str, version: str, age: str) -> Path | None:
    """The interpreter of an environment with the package, its tests' tools and releases of that age."""
    folder = ENVIRONMENTS / f"{version}-{age}"
    constraints = ENVIRONMENTS / f"{version}-{age}.txt"
    ENVIRONMENTS.mkdir(exist_ok=True)
    dependencies = project()["dependencies"]
    assert isinstance(dependencies, list)
    constraints.write_text("\n".join(lower_bounds(dependencies) if age == "oldest" else ()) + "\n")
    own = folder / "bin" / "python"
    if run(python, "-m", "venv", "--clear", folder):
        return None
    pip = (own, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-compile")
    return None if run(*pip, "--constraint", constraints, "--editable", f"{ROOT}[test]") else own


def installed(python: Path) -> str:
    """What was chosen: `ccxt 4.5.76, aiohttp 3.14.4, ...`"""
    line = (
        "import importlib.metadata as m, sys; print(*(f'{n} {m.version(n)}' for n in sys.argv[1:]), sep=', ')"
    )
    return subprocess.run(
        [python, "-c", line, *VERSIONED], capture_output=True, text=True, check=True
    ).stdout.strip()


def tested(python: Path, tests: list[str]) -> tuple[str, bool]:
    """What pytest says at its end, and whether anything failed; then all that it said is shown."""
    options = ("--quiet", "-p", "no:cacheprovider", "--numprocesses", "auto")
    command = [str(python), "-m", "pytest", *options, *tests]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if ended.returncode:
        print(ended.stdout[-20_000:], ended.stderr[-2_000:], flush=True)
    return (ended.stdout.strip().splitlines() or ["nothing was said"])[-1], ended.returncode != 0


def outcomes(versions: list[str], ages: list[str], tests: list[str]) -> Iterator[tuple[str, bool]]:
    """A line for each combination, and whether it failed."""
    for version in versions:
        python = interpreter(version)
        if python is None:
            yield f"Python {version}: not found, not tried", False
            continue
        for age in ages:
            own = prepared(python, version, age)
            if own is None:
                yield f"Python {version}, {age}: could not be installed", True
                continue
            said, failed = tested(own, tests)
            yield f"Python {version}, {age} ({installed(own)}): {'FAILED, ' * failed}{said}", failed


def main() -> int:
    parser = argparse.ArgumentParser(
        description="The tests on each Python, with the oldest and newest releases."
    )
    parser.add_argument("--python", action="append", help="only this version (3.12); may be given again")
    parser.add_argument("--ages", nargs="+", choices=AGES, default=list(AGES))
    parser.add_argument("tests", nargs="*", default=[])
    given = parser.parse_args()
    classifiers = project()["classifiers"]
    assert isinstance(classifiers, list)
    lines, failed = [], False
    for line, failure in outcomes(
        given.python or supported(classifiers), given.ages, given.tests or list(TESTS)
    ):
        print(line, flush=True)
        lines.append(line)
        failed = failed or failure
    print("\n".join(["", "In short:", *lines]))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
