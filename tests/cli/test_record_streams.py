"""`python -m bpx_connector record-streams` against a sandbox; what docs/streams.md does with the cassette."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bpx_connector.__main__ import main
from bpx_connector.cli.record_streams import record_streams
from bpx_connector.pro import bpx
from bpx_connector.sandbox.server import SandboxThread
from bpx_connector.tape import TapeWriter, read_tape
from tests.support.gateways import until
from tests.support.keys import FIRST

ROOT = Path(__file__).parent.parent.parent
SECONDS = "0.4"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxThread]:
    """One that lives in real time, faster than usual."""
    with SandboxThread(seed=1, symbols=("SOL_USDC", "SOL_USDC_PERP"), speed=40) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BPX_API_KEY", raising=False)
    monkeypatch.delenv("BPX_SECRET", raising=False)


def recorded(*words: str) -> Any:
    """The exit code of the command."""
    with pytest.raises(SystemExit) as end:
        record_streams(words)
    return end.value.code


def cassette(path: Path) -> tuple[Any, list[Any]]:
    header, *lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return header, lines


def test_streams_are_recorded_for_some_seconds(
    sandbox: SandboxThread, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "sol.jsonl"
    streams = ("depth.SOL_USDC", "depth.200ms.SOL_USDC_PERP")
    assert recorded(*streams, "--seconds", SECONDS, "--out", str(out), "--url", sandbox.url) == 0
    header, lines = cassette(out)
    assert header == {"cassette": 1, "source": f"recorded from {sandbox.url}", "began": header["began"]}
    frames = [json.loads(line["venue"]) for line in lines if "venue" in line]
    assert {frame["stream"] for frame in frames} == set(streams)
    requests = {line["request"].partition("?")[0] for line in lines if "request" in line}
    assert requests == {"GET /api/v1/markets", "GET /api/v1/assets", "GET /api/v1/depth"}
    told = capsys.readouterr().out
    assert re.search(r"^depth\.SOL_USDC: [1-9]\d* frames$", told, re.MULTILINE)
    assert f"written to {out}" in told


def test_what_was_recorded_is_played_by_the_example_on_the_page(
    sandbox: SandboxThread, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ("depth.SOL_USDC", "--seconds", SECONDS, "--out", "sol.jsonl", "--url", sandbox.url)
    assert recorded(*command) == 0
    readme = (ROOT / "docs" / "streams.md").read_text(encoding="utf-8")
    [example] = [
        code for code in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if 'play("sol.jsonl")' in code
    ]
    names: dict[str, Any] = {}
    exec(compile(example, "streams.md", "exec"), names)
    [test] = [value for name, value in names.items() if name.startswith("test_")]
    asyncio.run(test())


def test_streams_of_the_account_come_with_what_rest_says_of_it(
    sandbox: SandboxThread, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BPX_API_KEY", FIRST.api_key)
    monkeypatch.setenv("BPX_SECRET", FIRST.secret)
    out = tmp_path / "account.jsonl"
    streams = ("account.orderUpdate", "account.balanceUpdate", "account.positionUpdate")
    assert recorded(*streams, "--seconds", SECONDS, "--out", str(out), "--url", sandbox.url) == 0
    text = out.read_text(encoding="utf-8")
    assert FIRST.api_key not in text
    assert FIRST.secret not in text
    _, lines = cassette(out)
    requests = {line["request"] for line in lines if "request" in line}
    assert requests >= {"GET /api/v1/orders", "GET /api/v1/capital", "GET /api/v1/position"}
    exchange: Any = bpx({**FIRST.credentials, "timeout_on_exit": 0})

    async def played() -> Any:
        with exchange.play_streams(out):
            balance = await exchange.watch_balance()
            await exchange.close()
        return balance

    assert asyncio.run(played())["USDC"]["total"] == 1_000_000


def test_a_stream_that_is_refused_is_said_to_be(
    sandbox: SandboxThread, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    streams = ("nonsense.SOL_USDC", "trade.NO_SUCH", "depth.NO_SUCH")
    out = str(tmp_path / "a.jsonl")
    assert recorded(*streams, "--seconds", SECONDS, "--out", out, "--url", sandbox.url) == 1
    told = capsys.readouterr().out.splitlines()
    quiet = "nothing (it is quiet, or there is no such market)"
    assert told[:3] == ["nonsense.SOL_USDC: refused", f"trade.NO_SUCH: {quiet}", f"depth.NO_SUCH: {quiet}"]


def test_an_address_where_nobody_is_says_so(
    unused_tcp_port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}"
    out = str(tmp_path / "a.jsonl")
    assert recorded("trade.SOL_USDC", "--seconds", SECONDS, "--out", out, "--url", url) == 1
    assert f"ExchangeNotAvailable: bpx GET {url}/api/v1/" in capsys.readouterr().err


def test_a_tape_that_is_there_is_replaced_only_if_that_is_said(
    sandbox: SandboxThread, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "a.jsonl"
    out.write_text("mine\n")
    words = ("trade.SOL_USDC", "--seconds", SECONDS, "--out", str(out), "--url", sandbox.url)
    assert recorded(*words) == 2
    assert f"{out} is there already: name another file, or say --replace" in capsys.readouterr().err
    assert out.read_text() == "mine\n"
    assert recorded(*words, "--replace") == 0
    assert cassette(out)[1]


def test_a_tape_stays_where_nobody_is_reached_and_none_is_begun(
    unused_tcp_port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = tmp_path / "old.jsonl", tmp_path / "new.jsonl"
    old.write_text("mine\n")
    for out in (old, new):
        words = ("--seconds", SECONDS, "--out", str(out), "--url", f"http://127.0.0.1:{unused_tcp_port}")
        assert recorded("trade.SOL_USDC", *words, "--replace") == 1
    assert old.read_text() == "mine\n"
    assert not new.exists()


def test_a_tape_that_another_program_writes_is_left_to_it(
    sandbox: SandboxThread, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "a.jsonl"
    with TapeWriter(out, "another"):
        words = ("--seconds", SECONDS, "--out", str(out), "--url", sandbox.url, "--replace")
        assert recorded("trade.SOL_USDC", *words) == 2
    said = f"bpx_connector record-streams: another program is writing {out}: name another file\n"
    assert capsys.readouterr().err == said
    assert read_tape(out)[1] == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--seconds", "1", "--out", "a"), "required: STREAM"),
        (("trade.SOL_USDC", "--out", "a"), "required: --seconds"),
        (("trade.SOL_USDC", "--seconds", "1"), "required: --out"),
        (("trade.SOL_USDC", "--seconds", "0", "--out", "a"), "a positive number, not 0"),
        (("trade.SOL_USDC", "--seconds", "inf", "--out", "a"), "a positive number, not inf"),
        (("trade.SOL_USDC", "--seconds", "soon", "--out", "a"), "invalid float value: 'soon'"),
        (("trade.SOL_USDC", "--seconds", "1", "--out", "."), "is a directory: name a file in it"),
        (("account.orderUpdate", "--seconds", "1", "--out", "a"), "set BPX_API_KEY and BPX_SECRET"),
    ],
)
def test_a_wrong_command_line_is_answered_with_what_is_wrong(
    words: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert recorded(*words) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert "record-streams STREAM... --seconds SECONDS --out FILE" in told


def test_help_is_given(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert recorded("--help") == 0
    told = capsys.readouterr().out
    assert "BPX_API_KEY" in told
    monkeypatch.setattr(sys, "argv", ["bpx_connector", "record-streams", "--help"])
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().out == told


async def test_who_interrupts_it_is_told_and_finds_what_there_was(
    sandbox: SandboxThread, tmp_path: Path
) -> None:
    words = ("-m", "bpx_connector", "record", "a.jsonl", "depth.SOL_USDC")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *words,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "BPX_SANDBOX": sandbox.url},
        stderr=asyncio.subprocess.PIPE,
    )
    tape = tmp_path / "a.jsonl"
    await until(lambda: tape.exists() and "depth.SOL_USDC" in tape.read_text(), 30)
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(20):
        _, said = await process.communicate()
    assert (process.returncode, said.decode()) == (
        130,
        "bpx_connector record-streams: interrupted; a.jsonl ends here\n",
    )
    assert len(read_tape(tape)[1]) > 1
