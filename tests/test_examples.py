"""Every program in examples/ runs as it stands, on a sandbox, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import os
import re
import runpy
import signal
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


def environment(sandbox: SandboxThread, keys: Keys) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(CLOSED),
        "BPX_SANDBOX": sandbox.url,
        "BPX_API_KEY": keys.api_key,
        "BPX_SECRET": keys.secret,
        "OTHER_API_KEY": generated_keys(b"o" * 32).api_key,
        "OTHER_SECRET": generated_keys(b"o" * 32).secret,
    }


def run(sandbox: SandboxThread, keys: Keys, *words: str, cwd: Path | None = None) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", *words],
        cwd=cwd,
        env=environment(sandbox, keys),
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


@pytest.fixture(scope="module")
def still() -> Iterator[SandboxThread]:
    """A sandbox on which nobody trades: what rests there rests until it is cancelled."""
    with SandboxThread(seed=7, speed=0, symbols=("SOL_USDC", "SOL_USDC_PERP")) as sandbox:
        yield sandbox


@pytest.mark.parametrize(
    ("words", "symbol", "code"),
    [
        (("twap.py", "buy", "3", "SOL/USDC", "--seconds", "3600"), "SOL/USDC", 130),
        (("market_maker.py", "SOL/USDC:USDC", "--seconds", "3600"), "SOL/USDC:USDC", -signal.SIGINT),
    ],
    ids=lambda words: words[0] if isinstance(words, tuple) else None,
)
def test_what_is_interrupted_leaves_no_order_behind(
    still: SandboxThread, keys: Keys, words: tuple[str, ...], symbol: str, code: int
) -> None:
    exchange = account(still, keys)
    command = [sys.executable, "-W", "error", str(EXAMPLES / words[0]), *words[1:]]
    with subprocess.Popen(
        command,
        env=environment(still, keys),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        while not exchange.fetch_open_orders(symbol):
            assert program.poll() is None
        program.send_signal(signal.SIGINT)
        program.communicate()
    assert program.returncode == code
    assert exchange.fetch_open_orders(symbol) == []
    assert {order["status"] for order in exchange.fetch_orders(symbol)} == {"canceled"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("funding_monitor.py --above x", "argument --above: 'x' is no number"),
        ("funding_monitor.py --above nan", "argument --above: 'nan' is no number"),
        ("market_maker.py --amount x", "argument --amount: 'x' is no number above zero"),
        ("market_maker.py --spread -1", "argument --spread: '-1' is no number above zero"),
        ("market_maker.py --most 0", "argument --most: '0' is no number above zero"),
        ("twap.py buy abc", "argument amount: 'abc' is no number above zero"),
        ("twap.py buy 0", "argument amount: '0' is no number above zero"),
        ("twap.py buy 1 --seconds -1", "argument --seconds: '-1' is no number above zero"),
        ("twap.py buy 1 --slices 0", "argument --slices: '0' is no whole number from 1 on"),
        ("twap.py buy 1 --slices 1.5", "argument --slices: '1.5' is no whole number from 1 on"),
        ("twap.py sell 0.03 --slices 6", "0.03 in 6 slices is too little: one has to be 0.01 at least"),
        ("twap.py sell 1 SOL/USD", "there is no market SOL/USD"),
        ("portfolio.py", "the following arguments are required: accounts"),
        ("portfolio.py none.json", "argument accounts: 'none.json' cannot be read as JSON of accounts"),
        ("portfolio.py empty.json", "argument accounts: 'empty.json' cannot be read as JSON of accounts"),
        ("portfolio.py list.json", "argument accounts: 'list.json' cannot be read as JSON of accounts"),
        ("portfolio.py keyless.json", "argument accounts: an account in 'keyless.json' does not name"),
        ("two_exchanges.py none.json", "argument accounts: 'none.json' cannot be read as JSON of accounts"),
        ("two_exchanges.py one.json", "it takes two accounts, and an amount above zero"),
        ("two_exchanges.py one.json --fees x", "argument --fees: 'x' is no number"),
    ],
)
def test_a_wrong_word_is_one_sentence(
    still: SandboxThread, keys: Keys, tmp_path: Path, words: str, said: str
) -> None:
    files = {"empty": "", "list": "[]", "keyless": '{"here": {}}'}
    for name, text in {**files, "one": '{"here": {"exchange": "bpx", "keys": "BPX"}}'}.items():
        (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")
    program, *rest = words.split()
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / program), *rest],
        cwd=tmp_path,
        env=environment(still, keys),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"usage: {program} ")
    assert f"{program}: error: {said}" in done.stderr.splitlines()[-1]


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


async def test_a_trade_on_two_exchanges_is_finished_though_the_time_is_over() -> None:
    finished = runpy.run_path(str(EXAMPLES / "two_exchanges.py"))["finished"]
    begun, answered, done = asyncio.Event(), asyncio.Event(), []

    async def trade() -> None:
        begun.set()
        await answered.wait()
        done.append("squared")

    waiting = asyncio.create_task(finished(trade()))
    await begun.wait()
    waiting.cancel()
    await asyncio.sleep(0)
    assert not waiting.done()
    answered.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert done == ["squared"]


def test_every_program_that_leaves_an_order_resting_takes_it_back() -> None:
    """`make programs` runs them, and looks what is open in the end; here they are read."""
    places = re.compile(r"limit_order\(|limit_price=|type=\"limit\"|\"type\": \"limit\"")
    scripts = {path.name: path.read_text(encoding="utf-8") for path in (EXAMPLES / "programs").glob("*.py")}
    resting = {name for name, text in scripts.items() if places.search(text)}
    assert len(resting) == 4
    assert {name for name in resting if "cancel" not in scripts[name]} == set()


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
