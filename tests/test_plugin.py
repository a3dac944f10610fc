"""Found by name, in every place where programs look, and gone again without a trace."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import ccxt
import ccxt.async_support
import ccxt.pro
import pytest

import bpx_connector
import bpx_connector.async_support
import bpx_connector.pro
from bpx_connector.plugin import HOMES, register, unregister

MODULES: list[Any] = [ccxt, ccxt.async_support, ccxt.pro]
OURS = [bpx_connector.bpx, bpx_connector.async_support.bpx, bpx_connector.pro.bpx]
LISTS = [module.exchanges for module in MODULES] + [module.__all__ for module in MODULES[:2]]


def what_ccxt_holds() -> list[Any]:
    """Everything that registering may change."""
    attributes = [
        {name: vars(module).get(name) for name in ("bpx", "backpack", "elsewhere")} for module in MODULES
    ]
    return [*attributes, *[list(names) for names in LISTS]]


@pytest.fixture(autouse=True)
def _ccxt_is_left_as_it_was() -> Iterator[None]:
    before = what_ccxt_holds()
    yield
    for name in ("bpx", "backpack", "elsewhere"):
        unregister(name)
    assert what_ccxt_holds() == before


def test_importing_the_package_registers_nothing() -> None:
    assert all(not hasattr(module, "bpx") for module in MODULES)


def test_registering_puts_each_class_where_it_belongs() -> None:
    register()
    assert [module.bpx for module in MODULES] == OURS


def test_registering_adds_the_name_to_every_list_once() -> None:
    register()
    assert [names.count("bpx") for names in LISTS] == [1] * 5


def test_registering_twice_is_harmless() -> None:
    register()
    first = what_ccxt_holds()
    register()
    assert what_ccxt_holds() == first


def test_unregistering_undoes_everything() -> None:
    before = what_ccxt_holds()
    register()
    assert what_ccxt_holds() != before
    unregister()
    assert what_ccxt_holds() == before


def test_unregistering_what_was_never_registered_is_harmless() -> None:
    before = what_ccxt_holds()
    unregister("backpack")
    assert what_ccxt_holds() == before


def test_a_name_that_ccxt_uses_is_refused_with_the_way_out() -> None:
    with pytest.raises(ValueError, match=r"ccxt.* already has 'backpack'.*replace=True") as failure:
        register("backpack")
    assert "register() uses 'bpx'" in str(failure.value)


def test_a_refused_name_changes_nothing() -> None:
    before = what_ccxt_holds()
    with pytest.raises(ValueError, match="already has"):
        register("kraken")
    assert what_ccxt_holds() == before


def test_a_class_that_cannot_be_loaded_leaves_nothing_half_done(monkeypatch: pytest.MonkeyPatch) -> None:
    before = what_ccxt_holds()
    monkeypatch.setitem(HOMES, "ccxt.pro", "bpx_connector.nowhere")
    with pytest.raises(ModuleNotFoundError):
        register()
    assert what_ccxt_holds() == before
    monkeypatch.undo()
    register()
    assert [module.bpx for module in MODULES] == OURS


def test_ccxts_own_name_is_taken_with_that_id() -> None:
    theirs = [module.backpack for module in MODULES]
    register("backpack", replace=True)
    for module, ours, former in zip(MODULES, OURS, theirs, strict=True):
        assert issubclass(module.backpack, ours)
        assert module.backpack is not former
        assert module.backpack.__name__ == "backpack"
        assert module.backpack().id == "backpack"
    assert [names.count("backpack") for names in LISTS] == [1] * 5
    unregister("backpack")
    assert [module.backpack for module in MODULES] == theirs


def test_a_name_of_ones_own_is_the_id_of_the_class() -> None:
    register("elsewhere")
    assert ccxt.elsewhere().id == "elsewhere"  # type: ignore[attr-defined]  # made at run time
    assert ccxt.elsewhere().has["fetchTicker"] is True  # type: ignore[attr-defined]  # likewise


def test_both_names_may_be_ours_at_once() -> None:
    register()
    register("backpack", replace=True)
    assert [module.bpx for module in MODULES] == OURS
    assert ccxt.backpack().id == "backpack"  # type: ignore[attr-defined]  # ccxt lists its classes in no __all__


@pytest.mark.parametrize("name", ["Bpx", "b-p", "", "9x", "a b"])
def test_a_name_that_no_exchange_could_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="lower-case"):
        register(name)


@pytest.mark.parametrize(("home", "ours"), HOMES.items())
def test_the_class_has_the_id_and_the_name_that_programs_ask_for(home: str, ours: str) -> None:
    register()
    exchange = getattr(import_module(home), "bpx")()
    assert exchange.id == "bpx"
    assert type(exchange) is import_module(ours).bpx


def test_other_tools_find_the_three_classes_as_entry_points() -> None:
    declared = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    found = {point.name: point.value for point in entry_points(group="ccxt.exchanges")}
    if not found:  # run from the source tree alone: what an installation would find
        found = {
            name: f"bpx_connector{part}:bpx"
            for name, part in [("bpx", ""), ("bpx-async", ".async_support"), ("bpx-pro", ".pro")]
            if f'{name} = "bpx_connector{part}:bpx"' in declared
        }
    loaded = {
        name: getattr(import_module(where.split(":")[0]), where.split(":")[1])
        for name, where in found.items()
    }
    assert loaded == {"bpx": OURS[0], "bpx-async": OURS[1], "bpx-pro": OURS[2]}


# --- python -m bpx_connector run ------------------------------------------------------------------------

PROGRAM = """
import sys
import ccxt, ccxt.async_support, ccxt.pro
import neighbour
modules = ccxt, ccxt.async_support, ccxt.pro
print(__name__, sys.argv[1:], *(getattr(module, {name!r})().id for module in modules))
print({name!r} in ccxt.exchanges, neighbour.FOUND)
sys.exit(int(sys.argv[1]))
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (tmp_path / "neighbour.py").write_text("FOUND = 'the neighbour'")
    for name in ("bpx", "backpack"):
        (tmp_path / f"uses_{name}.py").write_text(PROGRAM.format(name=name))
    (tmp_path / "fails.py").write_text("raise RuntimeError('of the program itself')")
    return tmp_path


def command(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).parent.parent)
    return subprocess.run(
        [sys.executable, "-m", "bpx_connector", *words],
        cwd=cwd,
        env={"PYTHONPATH": root, "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_script_runs_unchanged_with_its_arguments_and_its_exit_code(program: Path) -> None:
    elsewhere = program.parent
    done = command("run", str(program / "uses_bpx.py"), "7", "--flag", "-m", cwd=elsewhere)
    assert done.stdout.splitlines() == ["__main__ ['7', '--flag', '-m'] bpx bpx bpx", "True the neighbour"]
    assert done.returncode == 7
    assert done.stderr == ""


def test_a_module_runs_unchanged_with_its_arguments_and_its_exit_code(program: Path) -> None:
    done = command("run", "-m", "uses_bpx", "0", "--name", "x", cwd=program)
    assert done.stdout.splitlines() == ["__main__ ['0', '--name', 'x'] bpx bpx bpx", "True the neighbour"]
    assert done.returncode == 0


def test_a_program_can_be_given_ccxts_own_name(program: Path) -> None:
    done = command("run", "--name", "backpack", "--replace", "-m", "uses_backpack", "3", cwd=program)
    assert done.stdout.splitlines()[0] == "__main__ ['3'] backpack backpack backpack"
    assert done.returncode == 3


def test_an_error_of_the_program_is_shown_as_python_shows_it(program: Path) -> None:
    done = command("run", "fails.py", cwd=program)
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith("RuntimeError: of the program itself")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["run", "--name", "backpack", "x.py"], "--name backpack --replace"),
        (["run", "-m", "no_such_module"], "no module named no_such_module"),
        (["run", "-m", "no_such_package.inside"], "no module named no_such_package.inside"),
        (["run", "nowhere.py"], "there is no file nowhere.py"),
        (["run"], "no program to run"),
        (["run", "--wrong", "x.py"], "--wrong is not an option"),
        (["run", "-m"], "-m is not an option of `run`, or lacks its value"),
        (["walk"], "python -m bpx_connector COMMAND"),
        ([], "python -m bpx_connector COMMAND"),
    ],
)
def test_a_command_line_that_cannot_be_is_refused_with_a_sentence(
    words: list[str], complaint: str, tmp_path: Path
) -> None:
    done = command(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_help_is_no_error(tmp_path: Path) -> None:
    for words in (["--help"], ["run", "--help"]):
        done = command(*words, cwd=tmp_path)
        assert done.returncode == 0
        assert "python -m bpx_connector run" in done.stdout
