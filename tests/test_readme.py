"""README runs as written: every block of every section, copied whole, in order, from an empty folder.

No network: what leaves the machine fails. Where a block needs the local exchange it finds this module's one,
by BPX_SANDBOX instead of port 8787; nothing else is changed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bpx_connector.sandbox.server import SandboxThread
from bpx_connector.testing import generated_keys
from tests.support.blocks import IN_A_CLONE, ROOT, RUNS_ON, blocks_of, done, run_python

README = (ROOT / "README.md").read_text(encoding="utf-8")
CLOSED = Path(__file__).parent / "support" / "closed"
PROGRAMS = Path(sys.executable).parent

BLOCKS = blocks_of(README)
SECTIONS = list(dict.fromkeys(block.section for block in BLOCKS))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxThread]:
    with SandboxThread(seed=7, speed=20) as sandbox:
        yield sandbox


@pytest.fixture
def environment(sandbox: SandboxThread) -> dict[str, str]:
    """What a newcomer's shell has, and the local exchange running."""
    keys = generated_keys()
    return {
        "PATH": f"{PROGRAMS}{os.pathsep}/usr/local/bin{os.pathsep}/usr/bin{os.pathsep}/bin",
        "HOME": os.environ.get("HOME", "/"),
        "PYTHONPATH": str(CLOSED),
        "BPX_SANDBOX": sandbox.url,
        "BPX_API_KEY": keys.api_key,
        "BPX_SECRET": keys.secret,
    }


def run_shell(code: str, cwd: Path, environment: dict[str, str]) -> None:
    if code == RUNS_ON:
        starts(code, cwd, environment)
    elif code.startswith(IN_A_CLONE):
        # Listed, not run: `make test` is what runs this. pip has the build backend at hand, and no index.
        pip = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0"}
        aside = {"PIP_TARGET": str(cwd / "installed"), "MAKEFLAGS": "n"}
        done(["sh", "-e", "-c", code], ROOT, environment | pip | aside)
    else:
        done(["sh", "-e", "-c", code], cwd, environment)


def starts(code: str, cwd: Path, environment: dict[str, str]) -> None:
    """A program that runs until it is interrupted says that it is ready, and ends well."""
    words = ["sh", "-c", f"exec {code}"]
    with subprocess.Popen(
        words, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        process.terminate()
        if not first and "8787" in (complaint := process.stderr.read()):
            pytest.skip(f"somebody uses the port that README names: {complaint}")
        assert first == "listening on http://127.0.0.1:8787\n"
        assert process.wait(10) == 0


@pytest.mark.parametrize("section", SECTIONS)
def test_every_block_runs_as_written(section: str, tmp_path: Path, environment: dict[str, str]) -> None:
    for number, block in enumerate(block for block in BLOCKS if block.section == section):
        if block.language == "python":
            run_python(block.code, number, tmp_path, environment)
        else:
            assert block.language == "sh", f"a block of {block.language!r}: nobody runs it"
            run_shell(block.code, tmp_path, environment)


def test_there_are_no_blocks_that_nobody_runs() -> None:
    outside = re.sub(r"^```\w*\n.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL)
    assert re.findall(r"^ {4,}\S.*$", outside, re.MULTILINE) == []
    assert {block.language for block in BLOCKS} == {"python", "sh"}


def test_each_class_has_a_quick_start_of_a_dozen_lines() -> None:
    starts = [block for block in BLOCKS if block.section == "Quick start" and block.language == "python"]
    modules = {re.search(r"^from (\S+) import bpx$", block.code, re.MULTILINE) for block in starts}
    assert {found.group(1) for found in modules if found} == {
        "bpx_connector",
        "bpx_connector.async_support",
        "bpx_connector.pro",
    }
    for block in starts:
        assert "BPX_API_KEY" in block.code
        assert sum(1 for line in block.code.splitlines() if line.strip()) <= 14


def test_no_block_leads_to_the_venue_by_accident() -> None:
    for block in BLOCKS:
        if block.language == "python" and "create_order" in block.code:
            assert re.search(r"set_sandbox_mode|sandbox\.url|_sandbox\b|play\(", block.code), block.code
