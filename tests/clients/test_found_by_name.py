"""How programs for many exchanges find a class: by its name in ccxt, whichever module they look in.

What is asked here and in the modules beside this one was read off freqtrade 2026.9, vectorbt 1.2.0,
investing-algorithm-framework 8.10, lumibot 4.6.30 and octobot-trading 2.5.13, by running them with small
classes or by reading them. Where a venue is needed it is the sandbox.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import bpx_connector
import bpx_connector.async_support
import bpx_connector.pro
from tests.support.clients import CLASSES, MODULES


@pytest.fixture
def registered() -> Iterator[None]:
    bpx_connector.register()
    yield
    bpx_connector.unregister()


@pytest.mark.usefixtures("registered")
def test_a_program_that_looks_in_ccxts_lists_finds_the_name_in_all_three() -> None:
    assert all("bpx" in module.exchanges for module in MODULES)
    assert len({id(module.exchanges) for module in MODULES}) == 3


@pytest.mark.usefixtures("registered")
def test_a_program_that_reads_the_name_off_a_module_gets_the_class_of_that_module() -> None:
    assert [getattr(module, "bpx") for module in MODULES] == CLASSES


@pytest.mark.usefixtures("registered")
def test_a_star_import_brings_the_class_along() -> None:
    names: dict[str, Any] = {}
    exec("from ccxt import *\nblocking = bpx\nfrom ccxt.async_support import *", names)
    assert (names["blocking"], names["bpx"]) == (bpx_connector.bpx, bpx_connector.async_support.bpx)


@pytest.mark.usefixtures("registered")
def test_the_id_is_in_lower_case_and_the_same_as_class_and_name() -> None:
    for module in MODULES:
        exchange = module.bpx()
        assert exchange.id == type(exchange).__name__ == "bpx"


def test_under_ccxts_own_name_id_and_class_are_called_by_it() -> None:
    bpx_connector.register("backpack", replace=True)
    try:
        exchanges = [module.backpack() for module in MODULES]
        assert [exchange.id for exchange in exchanges] == ["backpack"] * 3
        assert [type(exchange).__name__ for exchange in exchanges] == ["backpack"] * 3
    finally:
        bpx_connector.unregister("backpack")


def test_a_program_runs_unchanged_behind_the_wrapper(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import ccxt.pro, sys\nprint(ccxt.pro.bpx().id, 'bpx' in ccxt.exchanges, sys.argv[1:])\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "bpx_connector", "run", str(program), "--dry-run"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("bpx True ['--dry-run']\n", "", 0)
