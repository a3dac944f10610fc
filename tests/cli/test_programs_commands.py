"""`report`, `autoload`, and pictures: what they leave behind, and what they refuse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from bpx_connector.autoload import text_of
from bpx_connector.sandbox.server import SandboxThread
from tests.support.shell import Shell

ROOT = Path(__file__).parents[2]
PNG = b"\x89PNG\r\n"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxThread]:
    with SandboxThread(seed=1, symbols=("SOL_USDC", "SOL_USDC_PERP"), speed=20) as sandbox:
        yield sandbox


@pytest.fixture
def shell(sandbox: SandboxThread, tmp_path: Path) -> Shell:
    return Shell(sandbox.url, tmp_path)


# --- report and pictures ------------------------------------------------------------------------------------


def test_a_report_sums_up_what_was_traded(shell: Shell) -> None:
    for words in (("buy", "SOL/USDC", "2"), ("sell", "SOL/USDC", "1"), ("buy", "SOL/USDC:USDC", "1")):
        shell.shows(*words, "--yes")
    found = shell.gives("report")
    assert found["markets"]["SOL/USDC"]["amount"] == "1"
    assert found["markets"]["SOL/USDC:USDC"]["trades"] >= 1
    told = shell.shows("report", "SOL/USDC", "--plot", "gain.png").splitlines()
    assert told[0].split()[:3] == ["market", "trades", "bought"]
    assert told[-1] == "drawn into gain.png"
    assert (shell.folder / "gain.png").read_bytes().startswith(PNG)


def test_a_report_on_nothing_says_so(shell: Shell) -> None:
    assert shell.shows("report") == "no fills\n"
    assert "--since is then; it takes a date" in shell.refuses(2, "report", "--since", "then")


def test_candles_are_drawn(shell: Shell) -> None:
    shell.shows("candles", "SOL/USDC", "-t", "1m", "--limit", "30", "--plot", "deep/candles.svg")
    assert "<svg" in (shell.folder / "deep" / "candles.svg").read_text()


def test_a_picture_of_an_unknown_kind_is_refused_before_anything_is_asked(shell: Shell) -> None:
    shell.environment["BPX_SANDBOX"] = "http://127.0.0.1:9"
    for command in ("candles SOL/USDC", "report"):
        told = shell.refuses(2, *command.split(), "--plot", "a.bmp")
        assert told == "bpx: --plot is a.bmp; it takes the name of a file that ends in .png, .svg, .pdf\n"


def test_a_download_into_parquet_says_what_it_did_as_json(shell: Shell) -> None:
    words = ("download", "funding", "SOL/USDC:USDC", "--since", "2026-01-01", "--out", "f.parquet", "--json")
    first, second = (json.loads(shell.run(*words).stdout) for _ in range(2))
    assert (first["rows"] > 100, second["rows"], second["gaps"]) == (True, 0, [])
    assert "it takes the name of a file that ends in .csv or .parquet" in shell.refuses(
        2, *words[:-2], "f.xls"
    )


def test_what_was_recorded_is_said_as_json(shell: Shell) -> None:
    done = shell.run("record", "a.jsonl", "ticker.SOL_USDC", "--seconds", "2", "--json")
    said = json.loads(done.stdout)
    assert said["written"] == "a.jsonl"
    assert said["streams"]["ticker.SOL_USDC"] >= 1


# --- autoload -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment of its own, in which our packages are found; its Python."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    packages = subprocess.check_output(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
    ).strip()
    ours = next(path for path in map(Path, sys.path) if path.name == "site-packages")
    (Path(packages) / "found.pth").write_text(f"{ROOT}\n{ours}\n")
    return python


def run(python: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, *words], capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]}
    )


def test_autoload_is_switched_on_asked_about_and_switched_off(environment: Path) -> None:
    bpx = ("-m", "bpx_connector", "autoload")
    program = ("-c", "import ccxt; print('bpx' in ccxt.exchanges, ccxt.bpx().id)")
    assert run(environment, *bpx, "status").stdout.startswith("off: there is no ")
    refused = run(environment, *bpx, "on")
    assert (refused.returncode, "say --yes where nobody can be asked" in refused.stderr) == (2, True)
    assert run(environment, *program).returncode == 1
    assert run(environment, *bpx, "on", "--yes").stdout.startswith("on: every program")
    assert run(environment, *program).stdout == "True bpx\n"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {program[1]!r}])"
    assert run(environment, "-c", child).stdout == "True bpx\n"
    assert json.loads(run(environment, *bpx, "status", "--json").stdout)["name"] == "bpx"
    idle = run(environment, "-c", "import sys; print('ccxt' in sys.modules, 'typer' in sys.modules)")
    assert idle.stdout == "False False\n"
    assert run(environment, *bpx, "off").stdout.startswith("off: ")
    assert run(environment, *program).returncode == 1


def test_autoload_does_no_harm_where_the_package_is_gone() -> None:
    done = run(Path(sys.executable), "-S", "-c", text_of("bpx") + "print('fine')")
    assert (done.stdout, done.stderr) == ("fine\n", "")


def test_autoload_takes_three_words_and_ids_of_ccxt(shell: Shell) -> None:
    assert "autoload takes on, off or status, not onn; did you mean 'on'?" in shell.refuses(
        2, "autoload", "onn"
    )
    assert "ccxt's ids are lower-case identifiers" in shell.refuses(2, "autoload", "on", "--name", "A-B")
