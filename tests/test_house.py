"""How the package is written: short functions, few branches, and nobody reaches into another's private parts.

Complexity is ruff's to count (`make check`); that it is asked to is tested here.
"""

from __future__ import annotations

import ast
import statistics
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "bpx_connector"

LONGEST = 60
TABLES_IN_A_FUNCTION = {
    "parse_market": "ccxt's market, key by key: a table with a value beside each name",
    "order_structures": "ccxt's order, key by key, twice: the template and what differs from it",
}
"""Functions that may be longer, with the reason."""

MAY_SET = {
    (
        "call/aiohttp_pool.py",
        "_keepalive_timeout",
    ): "ccxt makes the connector, and has no word for how long it keeps",
    ("stream/book.py", "_index"): "ccxt's OrderBookSide searches in a list of its own; ours is handed to it",
}
"""File and attribute that is set on another's object, with the reason."""


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How long a function is, its head and docstring not counted."""
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def whole_length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or 0) - function.lineno + 1


# --- length and branches ------------------------------------------------------------------------------------


def test_no_function_is_longer_than_a_page_but_for_the_tables_named_here() -> None:
    long = {
        function.name: f"{name_of(path)}: {function.name} has {whole_length(function)} lines"
        for path in modules()
        for function in functions(ast.parse(path.read_text(encoding="utf-8")))
        if whole_length(function) > LONGEST
    }
    assert [words for name, words in long.items() if name not in TABLES_IN_A_FUNCTION] == []


def test_half_of_all_functions_have_six_lines_or_fewer() -> None:
    lengths = [
        lines_of(function)
        for path in modules()
        for function in functions(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert statistics.median(lengths) <= 6


def test_ruff_is_asked_to_count_branches_and_statements() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["lint"]
    assert "C90" in settings["select"]
    assert settings["mccabe"]["max-complexity"] == 15
    assert settings["pylint"]["max-branches"] == 15
    assert not {"C901", "PLR0912", "PLR0915"} & set(settings["ignore"])


# --- private is private -------------------------------------------------------------------------------------


def private_imports(tree: ast.AST) -> Iterator[str]:
    """Names with an underscore that are imported from another module of the package.

    A module whose own name begins so is private to the package, and may be imported within it.
    """
    of_the_package = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and (node.level or (node.module or "").startswith("bpx_connector"))
    ]
    imported = [(node.module or "", alias) for node in of_the_package for alias in node.names]
    found_modules = {
        alias.asname or alias.name for package, alias in imported if is_module(package, alias.name)
    }
    for package, alias in imported:
        if is_private(alias.name) and not is_module(package, alias.name):
            yield f"{package}.{alias.name}"
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and is_private(node.attr)
            and ast.unparse(node.value) in found_modules
        ):
            yield ast.unparse(node)


def is_module(package: str, name: str) -> bool:
    """Whether a name that is imported from a package of ours is a module of it."""
    folder = ROOT.joinpath(*package.split("."))
    return (folder / f"{name}.py").exists() or (folder / name / "__init__.py").exists()


def own_attributes(tree: ast.AST) -> set[str]:
    """Every private name that a class of this module has: set on self, or written in its body."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_first_argument(node.value):
            found.add(node.attr)
        if isinstance(node, ast.ClassDef):
            for line in node.body:
                targets = line.targets if isinstance(line, ast.Assign) else [getattr(line, "target", None)]
                found.update(target.id for target in targets if isinstance(target, ast.Name))
    return found


def is_first_argument(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


SETTERS = ("setattr", "delattr", "object.__setattr__")


def set_on_others(tree: ast.AST) -> Iterator[str]:
    """Private attributes that are set on an object which is none of this module's classes."""
    own = own_attributes(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            target, name = node.value, node.attr
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in SETTERS and len(node.args) > 1:
            target, name = node.args[0], ast.unparse(node.args[1]).strip("'\"")
        else:
            continue
        if is_private(name) and not is_first_argument(target) and name not in own:
            yield name


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_module_imports_no_private_name_of_another(path: Path) -> None:
    assert list(private_imports(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_module_sets_no_private_attribute_on_another_modules_object(path: Path) -> None:
    found = set(set_on_others(ast.parse(path.read_text(encoding="utf-8"))))
    assert found - {name for file, name in MAY_SET if file == name_of(path)} == set()


REACHES_INTO_AIOHTTP = {"stream/aiohttp_link.py", "call/aiohttp_pool.py"}
"""Sockets and requests: each in one file, with tests of what it relies on."""


def test_only_two_files_reach_into_aiohttps_private_parts() -> None:
    assert {name_of(path) for path in modules() if reaches_into_aiohttp(path)} == REACHES_INTO_AIOHTTP


def reaches_into_aiohttp(path: Path) -> bool:
    """Whether a module that uses aiohttp reads a private attribute which no class of its own has."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = [
        node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    if not any(name.partition(".")[0] == "aiohttp" for name in imported):
        return False
    own = own_attributes(tree)
    return any(
        isinstance(node, ast.Attribute)
        and is_private(node.attr)
        and node.attr not in own
        and not is_first_argument(node.value)
        for node in ast.walk(tree)
    )


@pytest.mark.parametrize(
    "line",
    [
        "other._x = 1",
        "del other._x",
        "other._x += 1",
        "setattr(other, '_x', 1)",
        "self.part._x: int = 1",
        "a, b._x = 1, 2",
    ],
)
def test_reaching_into_another_object_is_seen(line: str) -> None:
    assert list(set_on_others(ast.parse(line))) == ["_x"]


@pytest.mark.parametrize(
    "lines",
    [
        "class A:\n    def f(self, other):\n        self._x = other._x = 1",
        "class A:\n    _x: int = 0\n\ndef made():\n    a = A()\n    a._x = 1",
        "other.x = 1",
        "other.__class__ = int",
    ],
)
def test_what_belongs_to_the_module_may_be_set(lines: str) -> None:
    assert list(set_on_others(ast.parse(lines))) == []


@pytest.mark.parametrize(
    "lines",
    [
        "from bpx_connector.venue import _x",
        "from .venue import _x",
        "from bpx_connector.venue import words\nwords._x",
    ],
)
def test_a_private_import_is_seen(lines: str) -> None:
    assert len(list(private_imports(ast.parse(lines)))) == 1


def test_a_private_module_may_be_imported() -> None:
    assert (
        list(
            private_imports(
                ast.parse("from bpx_connector import _ccxt\nfrom bpx_connector._ccxt import Ccxt")
            )
        )
        == []
    )
