"""The pages in docs/: every block runs as written, what they take from elsewhere is there, the site is built.

Pages that are made by a tool, or that a test of their own runs, are left to them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ccxt.pro.backpack import backpack
from typer.main import get_command

from bpx_connector import bpx
from bpx_connector.cli.app import app
from bpx_connector.sandbox.server import SandboxThread
from bpx_connector.testing import generated_keys
from tests.programs.__main__ import PROGRAMS
from tests.support.blocks import IN_A_CLONE, ROOT, RUNS_ON, Block, blocks_of, run_python, run_shell
from tools.docs_hooks import SOURCES, TAKEN, is_method, on_page_markdown, section

DOCS = ROOT / "docs"
TESTED_ELSEWHERE = {"control.md", "gateway.md", "operations.md"}
PAGES = sorted(path for path in DOCS.glob("*.md") if path.name not in TESTED_ELSEWHERE)
CLOSED = Path(__file__).parent / "support" / "closed"
LANGUAGES = {"python", "sh", "toml"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxThread]:
    with SandboxThread(seed=7, speed=20) as sandbox:
        yield sandbox


@pytest.fixture
def environment(sandbox: SandboxThread) -> dict[str, str]:
    keys = generated_keys()
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": os.environ.get("HOME", "/"),
        "PYTHONPATH": str(CLOSED),
        "BPX_SANDBOX": sandbox.url,
        "BPX_API_KEY": keys.api_key,
        "BPX_SECRET": keys.secret,
    }


def own_blocks(page: Path) -> list[Block]:
    """The blocks that a page has itself: what it takes from the README runs there."""
    return blocks_of(page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_block_of_a_page_runs_as_written(
    page: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    for number, block in enumerate(own_blocks(page)):
        assert block.language in LANGUAGES, f"a block of {block.language!r}: nobody runs it"
        if block.language == "python":
            run_python(block.code, number, tmp_path, environment)
        elif block.language == "toml":
            (tmp_path / "pyproject.toml").write_text(block.code)
        elif block.language == "sh" and not block.code.startswith((RUNS_ON, *IN_A_CLONE)):
            run_shell(block.code, tmp_path, environment)


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_what_a_page_takes_from_elsewhere_is_there(page: Path) -> None:
    text = on_page_markdown(page.read_text(encoding="utf-8"))
    assert not TAKEN.search(text)
    assert "{{" not in re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def test_a_section_ends_where_the_next_heading_stands() -> None:
    text = "# A\n## B\none\n```sh\n# no heading\n```\n### C\ntwo\n## D\nthree"
    assert section(text, "B") == "one\n```sh\n# no heading\n```"
    with pytest.raises(KeyError, match="there is no section 'E'"):
        section(text, "E")


def test_every_page_is_in_the_navigation() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"\b(\w+\.md)$", text, re.MULTILINE))
    assert named == {path.name for path in DOCS.glob("*.md")}


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
    start = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'(?:src|href)="https?://(?!backpack\.exchange|docs\.|squidfunk)[^"]*"', start) == []
    assert "watch_order_book" in (tmp_path / "reference.html").read_text(encoding="utf-8")


def test_every_method_of_ccxts_class_is_told_of() -> None:
    table = SOURCES["ccxt_backpack"]("")
    for name, has in backpack().has.items():
        if has is True and is_method(name):
            assert f"| `{name}` |" in table


def test_every_method_named_for_users_of_the_sdk_is_there() -> None:
    rows = re.findall(
        r"^\| `[\w.]+`.*?\| (.*) \| (.*) \|$", (DOCS / "from_backpack_exchange_sdk.md").read_text(), re.M
    )
    assert len(rows) > 70
    from bpx_connector.pro import bpx as pro

    for row in rows:
        for name in re.findall(r"`(\w+)`", " ".join(row)):
            assert hasattr(pro, name) or hasattr(bpx, name), name


def test_every_command_is_in_the_table_of_commands() -> None:
    page = (DOCS / "command_line.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| (`.*?) \|", page, re.M)
    assert len(cells) > 10
    named = [name for cell in cells for name in re.findall(r"`([\w-]+)`", cell)]
    assert sorted(named) == sorted(get_command(app).commands)  # type: ignore[attr-defined]  # it is a group


# --- what is run elsewhere ----------------------------------------------------------------------------------


def test_the_commands_for_freqtrade_are_those_of_make_freqtrade() -> None:
    """freqtrade is no dependency of anything here; what its page says is run by `make freqtrade`."""
    folder = ROOT / "examples" / "freqtrade"
    in_blocks = "".join(block.code for block in blocks_of((folder / "README.md").read_text(encoding="utf-8")))
    commands = re.findall(r"^(?:bpx run .*)?freqtrade (\S+)(.*)$", in_blocks, re.M)
    run = (ROOT / "tests" / "programs" / "freqtrade.py").read_text(encoding="utf-8")
    assert len(commands) > 4
    for name, words in commands:
        assert f'"{name}"' in run, name
        assert all((folder / file).exists() for file in re.findall(r"-c (\S+)", words))


def test_the_programs_with_a_page_are_those_of_make_programs() -> None:
    page = (DOCS / "programs.md").read_text(encoding="utf-8")
    shown = re.findall(r'^\{\{ code "examples/programs/(\w+\.py)" \}\}$', page, re.M)
    assert sorted(shown) == sorted(program.script for program in PROGRAMS.values())
    assert sorted(shown) == sorted(path.name for path in (ROOT / "examples/programs").glob("*.py"))


# --- recipes ------------------------------------------------------------------------------------------------


def test_the_workflow_is_one() -> None:
    workflow = yaml.safe_load((ROOT / "examples/ci/github.yml").read_text(encoding="utf-8"))
    assert workflow[True] == ["push", "pull_request"]  # YAML reads `on` as true
    for job in workflow["jobs"].values():
        assert {"runs-on", "timeout-minutes", "steps"} <= job.keys()
        assert all(("uses" in step) != ("run" in step) for step in job["steps"])


def test_the_dockerfile_copies_what_is_there_and_starts_what_can_be_started() -> None:
    lines = re.findall(
        r"^([A-Z]+) (.*)$", (ROOT / "examples/ci/Dockerfile").read_text(encoding="utf-8"), re.M
    )
    assert {word for word, _ in lines} <= {
        *(
            "FROM",
            "WORKDIR",
            "COPY",
            "RUN",
            "USER",
            "EXPOSE",
            "STOPSIGNAL",
            "HEALTHCHECK",
            "ENTRYPOINT",
            "CMD",
        )
    }
    for name in [name for word, rest in lines if word == "COPY" for name in rest.split()[:-1]]:
        assert (ROOT / name).exists(), name
    words = [json.loads(rest) for word, rest in lines if word in ("ENTRYPOINT", "CMD")]
    command = [sys.executable, *words[0][1:], *words[1], "--help"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
