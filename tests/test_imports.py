"""Who may import whom. Arrows point only at the thing imported, and nothing goes back up."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "bpx_connector"

MAY_IMPORT: dict[str, set[str]] = {
    "venue": set(),
    "flow": {"given"},
    "given": set(),  # what callers give, the same for every method
    "garbage": set(),
    "forks": set(),
    "aliases": set(),
    "_ccxt": {"aliases", "venue"},  # to a type checker: the implicit methods
    "call": {"aliases", "flow", "forks", "garbage", "venue", "_ccxt"},
    "orders": {"aliases", "forks", "venue"},
    "parse": {"aliases", "garbage", "orders", "venue", "_ccxt"},
    "rest": {"aliases", "given", "orders", "parse", "venue", "flow", "_ccxt"},
    "tape": {"call", "locks"},
    "tapes": {"call", "tape", "_ccxt"},
    "exchange": {"aliases", "tapes", "rest", "call", "venue", "flow", "given", "_ccxt"},
    "blocking": {"exchange", "call", "flow", "gateway"},  # the gateway where it is asked for, and not before
    "dead_man": {"blocking"},  # a process of its own, started by its name
    "async_support": {"exchange", "call", "flow", "gateway"},
    "stream": {"aliases", "garbage", "orders", "tape", "venue"},
    "pro": {"aliases", "async_support", "call", "stream", "tapes", "venue", "watch"},
    "watch": {"aliases", "call", "given", "orders", "parse", "stream", "tape", "tapes", "venue"},
    "sandbox": {"keys"},  # a second reading of the venue's text: no signer or parser can agree with itself
    "after_import": set(),
    "keys": set(),
    "reports": set(),
    "locks": set(),  # one program at a time writes a file
    "parquet": {"downloads"},
    "downloads": {"locks"},  # asks an exchange object by ccxt's names
    "plugin": {"after_import"},  # finds the classes by name, when `register` is called
    "__init__": {"blocking", "plugin"},
    "cli": {
        "blocking",
        "__init__",
        "autoload",
        "call",
        "downloads",
        "gateway",
        "keys",
        "locks",
        "parquet",
        "plugin",
        "pro",
        "programs",
        "reports",
        "sandbox",
        "tape",
        "venue",
        "verify",
    },
    "programs": {"after_import"},
    "autoload": {"plugin", "programs"},  # at the start of every program, if somebody asked for it
    "verify": {"call", "orders", "parse", "stream", "tape", "tapes", "venue"},  # what it tries on the venue
    "__main__": {"cli"},
    "testing": {"call", "keys", "sandbox"},
    "gateway": {"async_support", "call", "orders", "stream", "venue"},
}
"""Part of the package -> the other parts that it may import."""

SANDBOX_MAY_IMPORT: dict[str, set[str]] = {
    "records": set(),  # what is known: everybody may read it
    "choices": {"records"},
    "clock": {"records"},
    "market": {"records", "choices"},
    "account": {"market", "records", "choices"},
    "exchange": {"account", "market", "records", "choices"},
    "crowd": {"exchange", "account", "market", "records", "choices"},
    "http": {"crowd", "exchange", "account", "market", "records", "choices", "clock"},
    "faults": {"http", "exchange", "market", "records"},
    "socket": {"faults", "http", "exchange", "account", "market", "records"},
    "trouble": {"records"},
    "lockstep": {"clock", "records"},
    "doors": {"lockstep", "faults", "http", "exchange", "account", "records", "clock"},
    "hosts": set(),
    "control": {"doors", "hosts", "http", "records"},
    "page": {"control", "doors", "hosts", "http", "account", "records", "clock"},
    "callers": {"records", "clock"},
    "kept": {"exchange"},
    "taped_book": set(),
    "recorded": {"taped_book", "records"},
    "replay": {"recorded", "records"},
    "server": {
        *(
            "control",
            "page",
            "callers",
            "kept",
            "lockstep",
            "recorded",
            "replay",
            "trouble",
            "socket",
            "faults",
            "http",
            "crowd",
            "exchange",
            "records",
            "clock",
        ),
    },
    "__init__": {"server"},  # where it is asked for, and not before
    "__main__": {"server", "hosts", "kept", "recorded", "trouble", "faults", "records", "clock"},
}
"""The same for the rooms of the sandbox, each of which imports only what stands above it."""

REST_MAY_IMPORT: dict[str, set[str]] = {
    "asking": set(),  # what every method asks with
    "guards": {"asking"},
    "account": {"asking"},
    "lending": {"asking"},
    "convert": {"asking"},
    "markets": {"asking", "convert"},  # stocks are markets, too
    "trading": {"asking", "guards", "convert"},  # a market for requests for quotes is traded like any other
    "order_request": {"trading"},
    "watched": {"account", "asking", "markets"},  # what streams may be asked, in the words of all subjects
    "__init__": set(),
}
"""The rooms of `rest`."""

PARSE_BRICKS = {"numbers", "figures", "arithmetic", "rows", "border", "names", "overriding"}
"""What is in `parse` itself: parts of parsers, of no subject."""

PARSE_MAY_IMPORT: dict[str, set[str]] = {
    **dict.fromkeys(PARSE_BRICKS, PARSE_BRICKS),
    "__init__": set(),
    "markets": PARSE_BRICKS,
    "account": {*PARSE_BRICKS, "markets"},
    "lending": {*PARSE_BRICKS, "account"},
    "convert": PARSE_BRICKS,
    "trading": {*PARSE_BRICKS, "markets"},
    "events": {*PARSE_BRICKS, "markets"},
}
"""The rooms of `parse`, which are called as those of `rest`."""

MOST_IN_A_ROOM = 15
"""Modules in one folder of `rest` or `parse`. With more nobody finds anything: it wants rooms of its own."""

ON_TOP = {"plugin", "autoload", "cli", "__main__", "testing", "dead_man"}
"""Nothing imports these, but for the package itself, which offers `register`."""


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    """The part of the package that a module belongs to: its folder, or its own name at the top."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """The parts of the package that a module imports, at its top or further down."""
    for name in imported_names(path):
        yield name.partition(".")[0] or "__init__"


def imported_names(path: Path) -> Iterator[str]:
    """What a module imports of the package, without the package's own name."""
    package = ["bpx_connector", *path.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*start, *([node.module] if node.module else [])])
            names = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            top, _, rest = name.partition(".")
            if top == "bpx_connector":
                yield rest


def test_the_walk_sees_imports_of_every_kind(tmp_path: Path) -> None:
    found = {part for path in modules() for part in imported(path)}
    assert {"venue", "parse", "rest", "exchange", "flow", "sandbox"} <= found


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_its_part_may(path: Path) -> None:
    part = part_of(path)
    assert part in MAY_IMPORT, f"{part} is new: say in MAY_IMPORT what it may import"
    assert set(imported(path)) - {part} <= MAY_IMPORT[part]


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "sandbox").rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_a_room_of_the_sandbox_imports_only_what_stands_above_it(path: Path) -> None:
    assert_its_room_may(path, "sandbox", SANDBOX_MAY_IMPORT)


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "rest").rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_a_room_of_rest_imports_only_what_it_may(path: Path) -> None:
    assert_its_room_may(path, "rest", REST_MAY_IMPORT)


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "parse").rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_a_room_of_parse_imports_only_what_it_may(path: Path) -> None:
    assert_its_room_may(path, "parse", PARSE_MAY_IMPORT)


def assert_its_room_may(path: Path, part: str, table: dict[str, set[str]]) -> None:
    room = path.relative_to(PACKAGE / part).parts[0].removesuffix(".py")
    assert room in table, f"{room} is new in {part}: say in the table above what it may import"
    rooms = {name.split(".")[1] for name in imported_names(path) if name.startswith(f"{part}.")}
    assert rooms - {room} <= table[room]


def test_a_subject_has_the_same_room_in_rest_and_in_parse() -> None:
    assert rooms_of("parse") <= rooms_of("rest")


def rooms_of(part: str) -> set[str]:
    return {path.parent.name for path in (PACKAGE / part).glob("*/__init__.py")}


@pytest.mark.parametrize("part", ["rest", "parse"])
def test_no_room_is_so_full_that_nobody_finds_anything(part: str) -> None:
    folders = [PACKAGE / part, *(path.parent for path in (PACKAGE / part).glob("*/__init__.py"))]
    full = {folder.name: len(list(folder.glob("*.py"))) for folder in folders}
    assert {name: count for name, count in full.items() if count > MOST_IN_A_ROOM} == {}


def test_the_rooms_of_the_sandbox_stand_one_above_the_other() -> None:
    above: set[str] = set()
    for room, imports in SANDBOX_MAY_IMPORT.items():
        assert imports <= above | {room}, f"{room} imports what stands below it"
        above.add(room)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_imports_what_stands_on_top(path: Path) -> None:
    part = part_of(path)
    if part not in ON_TOP | {"__init__"}:
        assert not set(imported(path)) & ON_TOP


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_opens_with_what_it_is_about(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "no module docstring"
