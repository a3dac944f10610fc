"""`bpx verify`: what it says, what it leaves behind, and that its tapes are tests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import bpx_connector
import bpx_connector.pro
from bpx_connector.keys import generated_keys
from bpx_connector.sandbox.server import SandboxThread
from bpx_connector.verify.calls import Call, private_calls, public_calls
from bpx_connector.verify.streams import private_streams
from tests.support.shell import Shell

SPOT, PERP = "SOL/USDC", "SOL/USDC:USDC"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxThread]:
    with SandboxThread(seed=1, symbols=("SOL_USDC", "SOL_USDC_PERP"), speed=20) as sandbox:
        yield sandbox


@pytest.fixture
def shell(sandbox: SandboxThread, tmp_path: Path) -> Shell:
    return Shell(sandbox.url, tmp_path)


class Verified(NamedTuple):
    """What one run said and left behind, for an account that has traded."""

    code: int
    said: str
    folder: Path
    secrets: tuple[str, ...]


@pytest.fixture(scope="module")
def verified(sandbox: SandboxThread, tmp_path_factory: pytest.TempPathFactory) -> Verified:
    shell = Shell(sandbox.url, tmp_path_factory.mktemp("verified"))
    exchange = sandbox.exchange(
        apiKey=shell.environment["BPX_API_KEY"], secret=shell.environment["BPX_SECRET"]
    )
    exchange.create_order(SPOT, "market", "buy", 1.37)
    exchange.create_order(PERP, "market", "buy", 2)
    exchange.create_order(SPOT, "limit", "buy", 1, 61.93)
    exchange.close()
    done = shell.run("verify", "--seconds", "2", "--orders", "--yes", "--out", "found")
    secrets = shell.environment["BPX_API_KEY"], shell.environment["BPX_SECRET"]
    return Verified(done.returncode, done.stdout, shell.folder / "found", secrets)


def test_verify_finds_nothing_in_a_sandbox_and_says_so(verified: Verified) -> None:
    assert verified.code == 0, verified.said
    assert ": 0 contradictions" in verified.said
    report = json.loads((verified.folder / "report.json").read_text())
    assert (report["questions"] > 50, report["frames"] > 5) == (True, True)
    assert {path.name for path in verified.folder.iterdir()} == {
        "report.md", "report.json", "answers.jsonl", "orders.jsonl", "streams.jsonl", "account.jsonl",
    }  # fmt: skip


def test_nothing_that_verify_writes_tells_whose_account_it_was(verified: Verified) -> None:
    written = "".join(path.read_text() for path in verified.folder.iterdir())
    assert not any(secret in written for secret in verified.secrets)
    of_the_account = [line for line in written.splitlines() if "/orders" in line or "/fills" in line]
    assert len(of_the_account) > 5  # its order is in the public book as well, and its trade among the others
    assert not any(figure in line for line in of_the_account for figure in ("1.37", "61.93"))


@pytest.mark.parametrize(
    "call", [*public_calls(SPOT, PERP), *private_calls(SPOT, PERP)], ids=lambda call: call.name
)
def test_a_method_is_answered_by_the_tape_of_verify(verified: Verified, call: Call) -> None:
    """With other keys, and without a network: as it would be in somebody's tests."""
    exchange: Any = bpx_connector.bpx(generated_keys().config)
    with exchange.play(verified.folder / "answers.jsonl"):
        exchange.load_markets()
        assert getattr(exchange, call.method)(*call.arguments) is not None
    exchange.close()


async def test_the_books_of_the_tape_are_followed(verified: Verified) -> None:
    async with bpx_connector.pro.bpx() as exchange:
        with exchange.play(verified.folder / "streams.jsonl"):
            for symbol in (SPOT, PERP):
                book = await exchange.watch_order_book(symbol, 5)
                assert book["bids"][0][0] < book["asks"][0][0]


async def test_the_accounts_events_are_on_a_tape_as_well(verified: Verified) -> None:
    heard: list[Any] = []
    async with bpx_connector.pro.bpx(generated_keys().config) as exchange:
        with exchange.play(verified.folder / "account.jsonl"):
            for stream in private_streams():
                await exchange.subscribe_stream(stream, heard.append)
            exchange.set_markets(bpx_markets(verified))
            positions = await exchange.watch_positions()
    assert [position["symbol"] for position in positions] == [PERP]


def bpx_markets(verified: Verified) -> Any:
    exchange: Any = bpx_connector.bpx()
    with exchange.play(verified.folder / "answers.jsonl"):
        markets = exchange.load_markets()
    exchange.close()
    return markets


def test_verify_without_keys_asks_what_anybody_may(shell: Shell) -> None:
    del shell.environment["BPX_API_KEY"], shell.environment["BPX_SECRET"]
    done = shell.run("verify", "--seconds", "0", "--json")
    assert json.loads(done.stdout)["questions"] < 45
    assert "this needs keys" in shell.refuses(2, "verify", "--orders")


def test_verify_exits_with_1_where_something_contradicts(tmp_path: Path) -> None:
    with SandboxThread(
        seed=1, symbols=("SOL_USDC", "SOL_USDC_PERP"), switches={"running_kline": True}
    ) as other:
        done = Shell(other.url, tmp_path).run("verify", "--seconds", "0")
    assert done.returncode == 1
    assert "klines lack the interval that is running" in done.stdout
    assert "FACTS 11" in (tmp_path / "bpx-verify" / "report.md").read_text()


def test_verify_asks_before_it_places_an_order(shell: Shell) -> None:
    done = shell.run("verify", "--seconds", "0", "--orders")
    assert done.returncode == 2
    assert "would place a post-only bid for" in done.stderr
    assert "say --yes where nobody can be asked" in done.stderr


LISTED = {"report.md", "report.json", "answers.jsonl", "orders.jsonl", "streams.jsonl", "account.jsonl"}
"""What docs/verify.md says is left behind."""


@pytest.fixture
def earlier(tmp_path: Path) -> dict[str, str]:
    """What stands in the folder `found` from before, and something of somebody's own."""
    files = {name: f"an earlier {name}" for name in [*LISTED, "notes.txt"]}
    (tmp_path / "found").mkdir()
    for name, text in files.items():
        (tmp_path / "found" / name).write_text(text)
    return files


def in_folder(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_run_that_fails_leaves_everything_as_it_was(shell: Shell, earlier: dict[str, str]) -> None:
    shell.environment["BPX_SANDBOX"] = "http://127.0.0.1:9"
    assert shell.run("verify", "--out", "found").returncode == 1
    assert in_folder(shell.folder / "found") == earlier
    del shell.environment["BPX_API_KEY"], shell.environment["BPX_SECRET"]
    assert "this needs keys" in shell.refuses(2, "verify", "--orders", "--out", "found")
    assert in_folder(shell.folder / "found") == earlier
    assert shell.run("verify", "--out", "new").returncode == 1
    assert not (shell.folder / "new").exists()


def test_a_second_run_replaces_what_it_makes_and_nothing_else(shell: Shell, earlier: dict[str, str]) -> None:
    """As the two commands of docs/verify.md do, one after the other."""
    done = shell.run("verify", "--seconds", "0", "--orders", "--yes", "--out", "found")
    assert done.returncode == 0
    now = in_folder(shell.folder / "found")
    assert set(now) == {*LISTED, "notes.txt"}
    kept = {name for name, text in now.items() if text == earlier[name]}
    assert kept == {"streams.jsonl", "account.jsonl", "notes.txt"}
    *_, written, old = done.stdout.splitlines()
    assert written == "written to found: report.md, report.json, answers.jsonl, orders.jsonl"
    assert old == "from before: streams.jsonl, account.jsonl"


def test_the_page_lists_what_is_left_behind() -> None:
    page = (Path(__file__).parent.parent.parent / "docs" / "verify.md").read_text(encoding="utf-8")
    table = page.partition("## What it leaves behind")[2]
    assert set(re.findall(r"`(\w+\.(?:md|jsonl?))`", table.partition("\n\nNo key")[0])) == LISTED
