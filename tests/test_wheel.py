"""The wheel: the same bytes whenever it is built, and all that a user's empty environment needs."""

from __future__ import annotations

import os
import shutil
import tomllib
from pathlib import Path

import pytest

from tests.support.wheels import ROOT, built_wheel, installed, run

pytestmark = pytest.mark.timeout(600)  # the first run on a machine installs everything anew

SOURCES = ("bpx_connector", "stubs", "pyproject.toml", "hatch_build.py", "README.md", "LICENSE")

PROGRAM = """
from bpx_connector import bpx
from bpx_connector.sandbox.server import SandboxThread
import bpx_connector.async_support, bpx_connector.pro

with SandboxThread(symbols=["SOL_USDC"], speed=0) as sandbox:
    exchange = bpx()
    exchange.urls["test"] = sandbox.url
    exchange.set_sandbox_mode(True)
    print(exchange.fetch_ticker("SOL/USDC")["symbol"], bpx_connector.__file__)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_wheel(tmp_path_factory.mktemp("wheel"))


def test_a_wheel_is_the_same_whenever_and_wherever_it_is_built(wheel: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "sources"
    elsewhere.mkdir()
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, elsewhere / name)
    for path in elsewhere.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    again = built_wheel(tmp_path / "again", elsewhere)
    assert again.name == wheel.name
    assert again.read_bytes() == wheel.read_bytes()


def test_it_works_in_an_environment_that_was_empty(wheel: Path, tmp_path: Path) -> None:
    symbol, file = run(installed(wheel), "-I", "-c", PROGRAM, cwd=tmp_path).split()
    assert symbol == "SOL/USDC"
    assert Path(file).parts[-3:] == ("site-packages", "bpx_connector", "__init__.py")


def test_it_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = run("python3", "-m", "zipfile", "-l", wheel).splitlines()[1:]
    tops = {line.split("/")[0].split(" ")[0] for line in names}
    assert tops == {"bpx_connector", f"{wheel.name.partition('-py3')[0]}.dist-info"}
    assert not [line for line in names if "__pycache__" in line]


def test_every_dependency_has_a_lower_bound_and_those_we_reach_into_an_upper_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bounds = {line.partition(">=")[0]: line for line in project["dependencies"]}
    assert all(">=" in line for line in bounds.values())
    assert all(",<" in bounds[name] for name in ("ccxt", "aiohttp"))


def test_the_constraints_name_releases_and_no_index() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line for line in lines if not line.startswith("#")]
    assert len(pinned) > 30
    assert all(line.count("==") == 1 and "/" not in line and " " not in line for line in pinned)
    assert {"ccxt", "aiohttp", "msgspec", "pynacl"} <= {line.partition("==")[0] for line in pinned}
