"""Every program in examples/ runs as it stands, on a sandbox, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest

from bpx_connector import bpx
from bpx_connector.keys import Keys, generated_keys
from bpx_connector.sandbox.server import SandboxThread

EXAMPLES = Path(__file__).parent.parent / "examples"
CLOSED = Path(__file__).parent / "support" / "closed"
RUN_ELSEWHERE = {"demo.py"}
"""tests/cli runs it as `bpx demo`."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxThread]:
    with SandboxThread(
        seed=7, speed=20, symbols=("SOL_USDC", "BTC_USDC", "SOL_USDC_PERP", "BTC_USDC_PERP")
    ) as sandbox:
        yield sandbox


@pytest.fixture
def keys() -> Keys:
    return generated_keys()


def run(sandbox: SandboxThread, keys: Keys, *words: str, cwd: Path | None = None) -> str:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(CLOSED),
        "BPX_SANDBOX": sandbox.url,
        "BPX_API_KEY": keys.api_key,
        "BPX_SECRET": keys.secret,
        "OTHER_API_KEY": generated_keys(b"o" * 32).api_key,
        "OTHER_SECRET": generated_keys(b"o" * 32).secret,
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", *words],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def account(sandbox: SandboxThread, keys: Keys) -> Any:
    return sandbox.exchange(bpx, **keys.config)


def test_the_market_maker_quotes_both_sides_and_withdraws(sandbox: SandboxThread, keys: Keys) -> None:
    told = run(
        sandbox,
        keys,
        str(EXAMPLES / "market_maker.py"),
        "SOL/USDC:USDC",
        "--seconds",
        "5",
        "--spread",
        "0.0001",
    )
    assert re.search(r"^done; held -?[\d.]+, open 0$", told, re.MULTILINE)
    orders = account(sandbox, keys).fetch_orders("SOL/USDC:USDC", None, 100)
    assert {order["side"] for order in orders} == {"buy", "sell"}
    assert all(order["postOnly"] for order in orders)


def test_the_twap_trades_the_whole_amount(sandbox: SandboxThread, keys: Keys) -> None:
    told = run(
        sandbox, keys, str(EXAMPLES / "twap.py"), "buy", "3", "SOL/USDC", "--seconds", "1.5", "--slices", "3"
    )
    assert re.search(r"^done: 3(\.0+)? for [\d.]+, [\d.]+ on average$", told, re.MULTILINE), told
    assert account(sandbox, keys).fetch_open_orders() == []


def test_the_funding_monitor_tells_rates_by_the_year(sandbox: SandboxThread, keys: Keys) -> None:
    told = run(sandbox, keys, str(EXAMPLES / "funding_monitor.py"), "--updates", "2", "--above", "0")
    assert re.search(r"^\S+Z +(SOL|BTC)/USDC:USDC +-?[\d.]+ % a year", told, re.MULTILINE)


def accounts(sandbox: SandboxThread, folder: Path) -> str:
    """Ours, and ccxt's own class as the other exchange."""
    addresses = {"urls": {"api": {"public": sandbox.url, "private": sandbox.url}}}
    named = {
        "here": {"exchange": "bpx", "keys": "BPX"},
        "there": {"exchange": "backpack", "keys": "OTHER", "config": addresses},
    }
    (folder / "accounts.json").write_text(json.dumps(named))
    return str(folder / "accounts.json")


def test_the_portfolio_adds_up_several_exchanges(sandbox: SandboxThread, keys: Keys, tmp_path: Path) -> None:
    told = run(sandbox, keys, str(EXAMPLES / "portfolio.py"), accounts(sandbox, tmp_path))
    worth = {
        line.split()[0]: Decimal(line.split()[-2].replace(",", ""))
        for line in told.splitlines()
        if "USD" in line[-4:]
    }
    assert worth["here"] > 1_000_000
    assert abs(worth["here"] + worth["there"] - worth["together"]) < worth["together"] / 100


def test_the_bot_on_two_exchanges_squares_what_it_does(
    sandbox: SandboxThread, keys: Keys, tmp_path: Path
) -> None:
    words = ("SOL/USDC", "--fees", "-0.01", "--seconds", "4", "--trade")
    told = run(sandbox, keys, str(EXAMPLES / "two_exchanges.py"), accounts(sandbox, tmp_path), *words)
    assert re.search(r"^done: [1-9]\d* chances$", told, re.MULTILINE), told
    both = [account(sandbox, keys), account(sandbox, generated_keys(b"o" * 32))]
    net = Decimal(0)
    for exchange in both:
        for trade in exchange.fetch_my_trades("SOL/USDC"):
            net += Decimal(str(trade["amount"])) * (1 if trade["side"] == "buy" else -1)
    assert net == 0


def test_what_is_recorded_is_replayed_to_the_same_end(
    sandbox: SandboxThread, keys: Keys, tmp_path: Path
) -> None:
    program, tape = str(EXAMPLES / "record_and_replay.py"), str(tmp_path / "day.jsonl")
    recorded = run(sandbox, keys, program, "record", tape, "--seconds", "4")
    assert re.match(r"[1-9]\d* books, [+-][\d.]+ by the coin$", recorded)
    first, second = (run(sandbox, keys, program, "replay", tape) for _ in range(2))
    assert first == second
    assert re.match(r"[1-9]\d* books, [+-][\d.]+ by the coin$", first)


def test_the_strategys_own_tests_pass(sandbox: SandboxThread, keys: Keys) -> None:
    words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore", "test_strategy.py")
    assert "2 passed" in run(sandbox, keys, *words, cwd=EXAMPLES / "strategy")


def test_the_notebook_runs_from_its_first_cell_to_its_last(monkeypatch: pytest.MonkeyPatch) -> None:
    mpl.use("Agg")
    notebook = json.loads((EXAMPLES / "candles.ipynb").read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    assert len(names["candles"]) == 200
    assert names["order"]["status"] == "closed"


def test_the_notebook_opens_with_the_table_and_the_chart() -> None:
    """So that whoever looks at it without running it sees them."""
    notebook = json.loads((EXAMPLES / "candles.ipynb").read_text(encoding="utf-8"))
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    assert {output["output_type"] for output in outputs} == {"execute_result", "display_data"}
    shown = {kind for output in outputs for kind in output["data"]}
    assert {"text/html", "image/png"} <= shown


def test_every_example_is_listed_and_run() -> None:
    listed = set(re.findall(r"^\| `([\w./]+)`", (EXAMPLES / "README.md").read_text(), re.MULTILINE))
    assert listed == {
        path.name + ("/" if path.is_dir() else "")
        for path in EXAMPLES.iterdir()
        if path.name not in ("README.md", "__pycache__")
    }
    here = Path(__file__).read_text(encoding="utf-8")
    programs = {path.name for path in EXAMPLES.glob("*.py")} - RUN_ELSEWHERE
    assert [name for name in programs if f'"{name}"' not in here] == []
