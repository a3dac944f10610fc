"""What is shipped: typed, of one version, free of secrets, of machines and of the places it was made in."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import requires, version
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

import bpx_connector
from tests.support.cassettes import CASSETTES, KEPT_ANSWER_HEADERS, KEPT_REQUEST_HEADERS, VENUE
from tests.support.keys import key_pair
from tests.support.samples import SAMPLES
from tests.support.stream_cassettes import STREAM_CASSETTES

ROOT = Path(__file__).parent.parent
NOT_OURS = {".git", "__pycache__", "build", "dist", "node_modules"}
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".json", ".jsonl", ".txt", ".cfg", ".ini", ".sh", ""}

# Put together here, or this file would be the first to be found.
MACHINE_PATHS = [
    "/" + "/".join(parts) + "/" for parts in (["work", "main"], ["work", "shared"], ["root"], ["home"])
]
REGISTRY_HOSTS = [
    ".".join(parts)
    for parts in (
        ["pypi", "org"],
        ["pythonhosted", "org"],
        ["npmjs", "org"],
        ["npmjs", "com"],
        ["deb", "debian", "org"],
        ["crates", "io"],
    )
]


SCRUBBED = ["<public key>", "<signature>"]


def project_files() -> Iterator[Path]:
    """Every text file of the project, none of what tools leave behind."""
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        is_left_behind = NOT_OURS & set(parts) or parts[0].startswith(".venv") or parts[0].endswith("_cache")
        if path.is_file() and path.suffix in TEXT and not is_left_behind and parts[0] != ".hypothesis":
            yield path


def cassettes() -> list[Path]:
    return sorted(CASSETTES.rglob("*.yaml"))


def stream_cassettes() -> list[Path]:
    return sorted(path for path in STREAM_CASSETTES.rglob("*") if path.is_file())


def interactions(path: Path) -> list[dict[str, Any]]:
    loaded = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    recorded: list[dict[str, Any]] = loaded["interactions"]
    return recorded


def declared() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project


def test_the_package_says_that_it_is_typed() -> None:
    assert files("bpx_connector").joinpath("py.typed").is_file()


def test_the_version_is_the_same_everywhere() -> None:
    assert declared()["version"] == bpx_connector.__version__
    assert f"## [{bpx_connector.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_running_needs_the_four_libraries_and_no_more() -> None:
    names = {re.split(r"[<>=~ ]", line)[0] for line in declared()["dependencies"]}
    assert names == {"ccxt", "aiohttp", "PyNaCl", "msgspec"}


def test_the_addresses_of_the_project_are_absolute_and_its_authors_are_those_of_the_licence() -> None:
    project = declared()
    assert all(url.startswith("https://") for url in project["urls"].values())
    [author] = project["authors"]
    assert f"Copyright (c) 2026 {author['name']}" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_links_of_the_readme_lead_somewhere_from_a_package_index_too() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    headings = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }
    links = re.findall(r"(?<!!)\[[^\]]*\]\(([^)]+)\)", text)
    assert links
    assert [
        link for link in links if not link.startswith("https://") and link.lstrip("#") not in headings
    ] == []


def test_pictures_of_the_readme_are_there_and_say_what_they_show() -> None:
    pictures = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert pictures
    for words, path in pictures:
        assert words
        assert (ROOT / path).is_file(), path


def test_the_bounds_of_aiohttp_are_those_that_ccxt_leaves_within_reach() -> None:
    [ours] = [Requirement(line) for line in declared()["dependencies"] if line.startswith("aiohttp")]
    [theirs] = [
        found
        for line in requires("ccxt") or []
        if (found := Requirement(line)).name == "aiohttp" and found.marker is None
    ]
    lowest = next(str(part.version) for part in ours.specifier if part.operator == ">=")
    assert lowest in theirs.specifier, f"{ours} allows what ccxt's {theirs} never installs"


TESTED_AIOHTTP = ("3.14",)
"""The minor versions with which the tests of aiohttp's private parts have passed.

`stream/aiohttp_link.py` takes frames out of its queue, `call/aiohttp_pool.py` sends over connections that it
keeps. To allow another one, add it here and in pyproject.toml, and run with it
`make matrix ARGS="-- tests/stream/test_socket.py tests/call"`.
"""


def test_only_minor_versions_of_aiohttp_are_allowed_for_which_its_private_parts_are_tested() -> None:
    [ours] = [Requirement(line) for line in declared()["dependencies"] if line.startswith("aiohttp")]
    minors = {f"{major}.{minor}" for major in (3, 4) for minor in range(40)}
    allowed = {minor for minor in minors if f"{minor}.999" in ours.specifier}
    assert allowed == set(TESTED_AIOHTTP)
    assert version("aiohttp").rpartition(".")[0] in allowed


def test_nothing_names_a_machine_it_was_made_on() -> None:
    found = {
        str(path.relative_to(ROOT)): word
        for path in project_files()
        for word in MACHINE_PATHS
        if word in path.read_text(encoding="utf-8", errors="replace")
    }
    assert found == {}


def test_nothing_names_a_registry() -> None:
    found = {
        str(path.relative_to(ROOT)): word
        for path in project_files()
        for word in REGISTRY_HOSTS
        if word in path.read_text(encoding="utf-8", errors="replace")
    }
    assert found == {}


def test_nothing_reaches_out_of_the_project() -> None:
    outside = "../" + "shared"
    assert [
        str(path) for path in project_files() if outside in path.read_text(encoding="utf-8", errors="replace")
    ] == []


def test_there_are_cassettes() -> None:
    assert len(cassettes()) > 50


@pytest.mark.parametrize("path", cassettes(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_cassette_holds_the_venues_side_and_nothing_secret(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    secrets = [word for number in range(1, 5) for word in key_pair(number)]
    assert [secret for secret in secrets if secret in text] == []
    assert "127.0.0.1" not in text
    for interaction in interactions(path):
        request, answer = interaction["request"], interaction["response"]
        assert request["uri"].startswith(f"https://{VENUE}/")
        assert {name.lower() for name in request["headers"]} <= KEPT_REQUEST_HEADERS
        assert {name.lower() for name in answer["headers"]} <= KEPT_ANSWER_HEADERS


def test_there_are_websocket_cassettes() -> None:
    assert len(stream_cassettes()) > 40


@pytest.mark.parametrize("path", stream_cassettes(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_websocket_cassette_says_its_source_and_holds_nothing_secret(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    secrets = [word for number in range(1, 5) for word in key_pair(number)]
    assert [secret for secret in secrets if secret in text] == []
    assert "127.0.0.1" not in text
    header, *lines = [json.loads(line) for line in text.splitlines()]
    assert header["cassette"] == 1
    assert len(header["source"]) > 40
    for said in (json.loads(line["client"]) for line in lines if "client" in line):
        assert said.get("signature", SCRUBBED)[:2] == SCRUBBED
    for line in lines:
        assert set(line) in (
            {"at", "socket", "client"},
            {"at", "socket", "venue"},
            {"at", "request", "answer"},
        )


@pytest.mark.parametrize("path", cassettes(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_cassette_belongs_to_a_test(path: Path) -> None:
    folder = ROOT / "tests" / "rest" / path.parent.name
    modules = [*(ROOT / "tests").rglob(f"test_{path.parent.name}.py"), *folder.glob("test_*.py")]
    tests = {
        node.name
        for module in modules
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    assert path.stem.partition("[")[0] in tests, "an orphan: `make record` removes it"


@pytest.mark.parametrize(
    "path", sorted(SAMPLES.rglob("*.json")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_a_sample_says_where_it_comes_from(path: Path) -> None:
    assert set(content := json.loads(path.read_text(encoding="utf-8"))) == {"source", "payload"}
    assert len(content["source"]) > 20
