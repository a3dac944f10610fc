"""What the type checkers of users say, with their defaults, of programs that use an installed wheel."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.wheels import ROOT, built_wheel, installed

pytestmark = pytest.mark.timeout(600)  # the first run on a machine installs everything anew

PROGRAMS = Path(__file__).parent / "programs"
RIGHT = sorted(path.name for path in PROGRAMS.glob("right_*.py"))
WRONG = sorted(path.name for path in PROGRAMS.glob("wrong_*.py"))
FOR_ANY_EXCHANGE = (
    "right_ccxt.py"  # imports ccxt, which ships no types: mypy's defaults complain of that alone
)
MODULES = ("_shared", "_structures", "blocking", "async_support", "pro")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def python(wheel: Path) -> Path:
    """An interpreter that has the wheel."""
    return installed(wheel)


def mypy(python: Path, folder: Path, *options: str | Path) -> str:
    """What mypy prints, with no configuration but these options."""
    command = [sys.executable, "-m", "mypy", "--config-file=", f"--python-executable={python}"]
    command += [f"--cache-dir={folder / 'cache'}", "--no-error-summary", "--hide-error-context"]
    done = subprocess.run(
        [*command, *map(str, options)], cwd=PROGRAMS, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


def pyright(python: Path, folder: Path, *names: str) -> list[tuple[str, int]]:
    """The lines that pyright finds errors in, with its own defaults."""
    config = folder / "pyrightconfig.json"
    config.write_text(
        json.dumps({"typeCheckingMode": "standard", "include": [str(PROGRAMS / n) for n in names]})
    )
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", str(python)]
    done = subprocess.run(
        [*command, "-p", str(config)], cwd=folder, capture_output=True, text=True, check=False
    )
    found = json.loads(done.stdout)
    assert found["summary"]["filesAnalyzed"] == len(names), done.stdout + done.stderr
    errors = [row for row in found["generalDiagnostics"] if row["severity"] == "error"]
    return [(Path(row["file"]).name, row["range"]["start"]["line"] + 1) for row in errors]


def marked(name: str) -> list[tuple[str, int]]:
    """The lines of a program that are wrong."""
    lines = (PROGRAMS / name).read_text(encoding="utf-8").splitlines()
    return [(name, number) for number, line in enumerate(lines, 1) if "# E" in line]


def lines_of(output: str) -> list[tuple[str, int]]:
    found = re.findall(r"^(\w+\.py):(\d+): error", output, flags=re.MULTILINE)
    return sorted({(name, int(number)) for name, number in found})


@pytest.mark.parametrize("options", [(), ("--strict",)], ids=["defaults", "strict"])
def test_mypy_finds_nothing_in_right_programs(python: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    right = [name for name in RIGHT if name != FOR_ANY_EXCHANGE]
    assert len(right) == 3
    assert mypy(python, tmp_path, *options, *right) == ""


@pytest.mark.parametrize(
    "options", [["--ignore-missing-imports"], ["--follow-untyped-imports", "--strict"]], ids=str
)
def test_mypy_finds_nothing_in_a_program_for_any_exchange(
    python: Path, tmp_path: Path, options: list[str]
) -> None:
    if "--strict" in options:  # ccxt exports names that it only imports, and annotates few of its methods
        options = [*options, "--implicit-reexport", "--allow-untyped-calls"]
    assert mypy(python, tmp_path, *options, *RIGHT) == ""


def test_mypy_finds_every_wrong_line_and_no_other(python: Path, tmp_path: Path) -> None:
    assert lines_of(mypy(python, tmp_path, *WRONG)) == sorted(line for name in WRONG for line in marked(name))


def test_pyright_finds_every_wrong_line_and_no_other(python: Path, tmp_path: Path) -> None:
    found = sorted(set(pyright(python, tmp_path, *RIGHT, *WRONG)))
    assert found == sorted(line for name in WRONG for line in marked(name))


def test_the_stubs_themselves_have_no_error(wheel: Path, tmp_path: Path) -> None:
    """A name that a stub does not know would make what it describes Any, in silence."""
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(wheel), str(tmp_path)], check=True)
    stubs = [tmp_path / "bpx_connector" / f"{name}.pyi" for name in MODULES]
    assert mypy(Path(sys.executable), tmp_path, "--ignore-missing-imports", *stubs) == ""


def test_every_stub_of_the_repository_is_in_the_wheel(wheel: Path) -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "zipfile", "-l", str(wheel)], capture_output=True, text=True, check=True
    ).stdout
    names = {path.name for path in (ROOT / "stubs" / "bpx_connector").glob("*.pyi")}
    assert names == {f"{name}.pyi" for name in MODULES}
    assert all(f"bpx_connector/{name}" in listed for name in names)
