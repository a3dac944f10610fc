"""Found by name, in every place where programs look, and gone again without a trace."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module, reload
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
from bpx_connector.plugin import HOMES, class_called, register, unregister

MODULES: list[Any] = [ccxt, ccxt.async_support, ccxt.pro]
OURS = [bpx_connector.bpx, bpx_connector.async_support.bpx, bpx_connector.pro.bpx]


def lists() -> list[list[str]]:
    """Every list that names exchanges; a module that is loaded again has new ones."""
    return [module.exchanges for module in MODULES] + [module.__all__ for module in MODULES[:2]]


def what_ccxt_holds() -> list[Any]:
    """Everything that registering may change."""
    attributes = [
        {name: vars(module).get(name) for name in ("bpx", "backpack", "elsewhere")} for module in MODULES
    ]
    return [*attributes, *[list(names) for names in lists()]]


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
    assert [names.count("bpx") for names in lists()] == [1] * 5


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
    assert [names.count("backpack") for names in lists()] == [1] * 5
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


def command(
    *words: str, cwd: Path, path: Sequence[Path] = (), programs: Path | str = ""
) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parent.parent
    return subprocess.run(
        [sys.executable, "-m", "bpx_connector", *words],
        cwd=cwd,
        env={"PYTHONPATH": os.pathsep.join(map(str, [root, *path])), "PATH": str(programs)},
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
        (["run", "nowhere/bot"], "there is no file nowhere/bot"),
        (["run", "nowhere"], "there is no file nowhere, no program of that name, and no module"),
        (["run", "json"], "there is no file and no program json, but a module: run -m json"),
        (["run", "."], "a folder without a __main__.py"),
        (["run", "-m", ".relative"], "no module named .relative"),
        (["record-stream"], "No such command 'record-stream'. Did you mean 'record-streams'"),
        (["run"], "no program to run"),
        (["run", "--wrong", "x.py"], "--wrong is not an option"),
        (["run", "-m"], "-m is not an option of `run`, or lacks its value"),
        (["walk"], "python -m bpx_connector [OPTIONS] COMMAND"),
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


# --- children of `run` ----------------------------------------------------------------------------------

CHILDREN = '''
import multiprocessing, subprocess, sys

ASK = """import ccxt, ccxt.async_support, ccxt.pro
print(*(m.{name}().id for m in (ccxt, ccxt.async_support, ccxt.pro)), '{name}' in ccxt.exchanges)"""

def asked(queue):
    import ccxt
    queue.put((ccxt.{name}().id, "{name}" in ccxt.exchanges, ccxt.{name} is getattr(ccxt, "{name}")))

if __name__ == "__main__":
    for method in ("spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        queue = context.Queue()
        child = context.Process(target=asked, args=(queue,))
        child.start()
        print(method, *queue.get(timeout=30))
        child.join()
    print("subprocess", subprocess.check_output([sys.executable, "-c", ASK], text=True).strip())
'''

STARTS = """
import subprocess, sys
print(subprocess.check_output([sys.executable, "-c", {child!r}], text=True))
"""


@pytest.mark.parametrize(
    ("name", "options"), [("bpx", []), ("backpack", ["--name", "backpack", "--replace"])]
)
def test_every_kind_of_child_process_finds_the_name(name: str, options: list[str], tmp_path: Path) -> None:
    (tmp_path / "starts.py").write_text(CHILDREN.format(name=name))
    done = command("run", *options, "starts.py", cwd=tmp_path)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        f"spawn {name} True True",
        f"forkserver {name} True True",
        f"subprocess {name} {name} {name} True",
    ]


def test_a_child_that_imports_our_class_before_ccxt_finds_the_name(tmp_path: Path) -> None:
    child = "from bpx_connector.pro import bpx; import ccxt.pro; print(ccxt.pro.bpx is bpx)"
    (tmp_path / "starts.py").write_text(STARTS.format(child=child))
    assert command("run", "starts.py", cwd=tmp_path).stdout.split() == ["True"]


def test_a_sitecustomize_of_the_users_own_is_run_in_children_as_before(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "sitecustomize.py").write_text("import builtins\nbuiltins.MINE = 'mine'\n")
    child = "import sitecustomize, ccxt; print(MINE, sitecustomize.__file__, 'bpx' in ccxt.exchanges)"
    (tmp_path / "starts.py").write_text(STARTS.format(child=child))
    done = command("run", "starts.py", cwd=tmp_path, path=[tmp_path / "own"])
    assert done.stdout.split() == ["mine", str(tmp_path / "own" / "sitecustomize.py"), "True"]


def test_a_child_that_cannot_import_this_package_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "bpx_connector").mkdir()
    (tmp_path / "bpx_connector" / "__init__.py").write_text("raise ImportError('not this one')")
    children = Path(bpx_connector.__file__).parent / "cli" / "children"
    done = subprocess.run(
        [sys.executable, "-c", "print('well')"],
        env={"PYTHONPATH": os.pathsep.join([str(children), str(tmp_path)]), "BPX_REGISTER": "bpx"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("well\n", "")


def test_a_program_on_the_path_runs_with_its_arguments_and_its_exit_code(tmp_path: Path) -> None:
    script = tmp_path / "bin" / "bot"
    script.parent.mkdir()
    script.write_text(
        f"#!{sys.executable}\nimport sys, ccxt\nprint(sys.argv[1:], ccxt.bpx().id)\nsys.exit(5)\n"
    )
    script.chmod(0o755)
    done = command("run", "bot", "--dry-run", cwd=tmp_path, programs=script.parent)
    assert (done.stdout, done.stderr, done.returncode) == ("['--dry-run'] bpx\n", "", 5)


def test_python_itself_is_the_python_that_runs_this(program: Path) -> None:
    done = command("run", Path(sys.executable).name, "uses_bpx.py", "4", cwd=program)
    assert done.stdout.splitlines()[0] == "__main__ ['4'] bpx bpx bpx"
    assert done.returncode == 4


# --- loaded again, and pickled --------------------------------------------------------------------------


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize(("name", "replace"), [("bpx", False), ("backpack", True)])
def test_a_module_of_ccxt_that_is_loaded_again_has_the_name_again(
    home: str, name: str, replace: bool
) -> None:
    module = import_module(home)
    theirs = vars(module).get("backpack")
    register(name, replace=replace)
    reload(module)
    assert getattr(module, name)().id == name
    assert issubclass(getattr(module, name), import_module(HOMES[home]).bpx)
    assert module.exchanges.count(name) == 1
    register(name, replace=replace)
    unregister(name)
    assert vars(module).get("backpack") is theirs
    assert not hasattr(module, "bpx")
    assert ("bpx" in module.exchanges, "backpack" in module.exchanges) == (False, True)
    reload(module)
    assert not hasattr(module, "bpx")


def test_a_module_that_is_loaded_again_after_all_is_undone_is_ccxts_own() -> None:
    register("backpack", replace=True)
    unregister("backpack")
    reload(ccxt)
    assert getattr(ccxt, "backpack").__module__ == "ccxt.backpack"
    assert "__getattr__" not in vars(ccxt)


def test_what_no_module_of_ccxt_has_is_still_an_attribute_error() -> None:
    register()
    reload(ccxt)
    with pytest.raises(AttributeError, match="module 'ccxt' has no attribute 'nonsense'"):
        getattr(ccxt, "nonsense")


class Own(class_called("backpack", "bpx_connector")):  # type: ignore[misc]  # made at run time
    """A user's subclass of a renamed class."""


@pytest.mark.parametrize("home", HOMES)
def test_a_renamed_class_is_pickled_by_its_origin(home: str) -> None:
    register("backpack", replace=True)
    kind = import_module(home).backpack
    assert pickle.loads(pickle.dumps(kind)) is kind


def test_a_users_subclass_of_a_renamed_class_is_pickled_by_its_own_name() -> None:
    assert pickle.loads(pickle.dumps(Own)) is Own
