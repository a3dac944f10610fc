"""`bpx download`: what it refuses, what it leaves alone, and what it fills in."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bpx_connector.call.pacing import Pacing
from bpx_connector.downloads import HistoryFile
from bpx_connector.sandbox.clock import DrivenClock
from bpx_connector.sandbox.server import SandboxThread
from tests.support.shell import Shell

BEGAN = datetime(2026, 11, 30, 12, tzinfo=UTC)
SOL, PERP = "SOL/USDC", "SOL/USDC:USDC"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxThread]:
    """One whose time stands still: what is asked twice is answered twice alike."""
    clock = DrivenClock(int(BEGAN.timestamp()) * 1_000_000)
    options = {"seed": 1, "symbols": ("SOL_USDC", "BTC_USDC", "SOL_USDC_PERP"), "speed": 0}
    with SandboxThread(clock=clock, **options) as sandbox:
        yield sandbox


@pytest.fixture
def shell(sandbox: SandboxThread, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """One that does not wait for the request budget: these tests ask more than 30 times a minute."""
    monkeypatch.setattr(Pacing, "wait", lambda *arguments: 0.0)
    return Shell(sandbox.url, tmp_path)


def ago(**span: int) -> str:
    return (BEGAN - timedelta(**span)).isoformat()


def candles(market: str, out: str, since: str, *words: str) -> tuple[str, ...]:
    return ("download", "candles", market, "--out", out, "--since", since, *words)


def times(path: Path) -> list[int]:
    with HistoryFile(path, "candles") as file:
        return [int(row[0]) for row in file.rows()]


def test_a_command_that_is_refused_leaves_no_file(shell: Shell) -> None:
    told = shell.refuses(2, *candles(SOL, "h.csv", ago(hours=3), "-t", "7m"))
    assert "there are no candles of 7m" in told
    assert "there is no market NO/USDC" in shell.refuses(2, *candles("NO/USDC", "new/h.csv", ago(hours=3)))
    assert "takes a date" in shell.refuses(2, *candles(SOL, "h.csv", "soon"))
    assert list(shell.folder.iterdir()) == []


def test_a_file_of_ones_own_is_refused_as_it_is(shell: Shell) -> None:
    mine = shell.folder / "mine.csv"
    mine.write_text("name,balance\nI,1\nno end of line")
    told = shell.refuses(2, *candles(SOL, "mine.csv", ago(hours=3)))
    assert (
        told == "bpx: mine.csv does not begin with timestamp,open,high,low,close,volume: name another file\n"
    )
    assert mine.read_text() == "name,balance\nI,1\nno end of line"


@pytest.mark.parametrize("out", ["a.csv", "a.parquet"])
@pytest.mark.parametrize(
    ("kind", "first", "other", "said"),
    [
        ("candles", (SOL, "-t", "1h"), ("BTC/USDC", "-t", "1h"), "BTC/USDC"),
        ("candles", (SOL, "-t", "1h"), (PERP, "-t", "1h"), PERP),
        ("candles", (SOL, "-t", "1h"), (SOL, "-t", "1d"), "1d"),
        ("candles", (SOL, "-t", "1d"), (SOL, "-t", "1h"), "1h"),
        ("trades", (SOL,), ("BTC/USDC",), "BTC/USDC"),
    ],
)
def test_rows_of_something_else_are_never_added(
    shell: Shell, kind: str, first: tuple[str, ...], other: tuple[str, ...], said: str, out: str
) -> None:
    words = ("--out", out, "--since", ago(days=8))
    shell.run("download", kind, *first, *words, *([] if kind == "trades" else ["--until", ago(hours=2)]))
    before = (shell.folder / out).read_bytes()
    assert before
    told = shell.refuses(2, "download", kind, *other, *words)
    assert said in told
    assert told.endswith(": name another file\n") or told.endswith("; name another file\n")
    assert (shell.folder / out).read_bytes() == before
    assert [path.name for path in shell.folder.iterdir()] == [out]
    assert "new rows in" in shell.run("download", kind, *first, *words).stdout


def test_funding_rates_of_another_market_are_known_by_more_than_the_last(shell: Shell) -> None:
    """Two markets often pay alike, so that one row alone tells nothing."""
    words = ("download", "funding", PERP, "--out", "f.csv", "--since", ago(hours=9))
    shell.run(*words, "--until", ago(hours=2))
    path = shell.folder / "f.csv"
    head, first, *others = path.read_text().splitlines()
    path.write_text("\n".join([head, first.partition(",")[0] + ",0.7", *others, ""]))
    before = path.read_bytes()
    assert "holds funding rates that are not those of SOL/USDC:USDC" in shell.refuses(2, *words)
    assert path.read_bytes() == before


def test_an_earlier_beginning_is_filled_in(shell: Shell) -> None:
    for out in ("a.csv", "a.parquet"):
        later = candles(SOL, out, ago(hours=5), "-t", "1m", "--until", ago(hours=4))
        assert shell.run(*later).stdout == f"60 new rows in {out}\n"
        earlier = candles(SOL, out, ago(hours=6), "-t", "1m", "--until", ago(hours=3))
        assert shell.run(*earlier).stdout == f"120 new rows in {out}\n"
        assert shell.shows(*earlier) == f"0 new rows in {out}\n"
    found = times(shell.folder / "a.csv")
    assert [later - sooner for sooner, later in itertools.pairwise(found)] == [60_000] * 179
    assert found[0] == (BEGAN - timedelta(hours=6)).timestamp() * 1000


def test_a_candle_that_was_written_while_it_ran_is_fetched_anew(shell: Shell) -> None:
    words = candles(SOL, "a.csv", ago(hours=5), "-t", "1h")
    shell.run(*words, "--until", ago(hours=2))
    path = shell.folder / "a.csv"
    whole = path.read_text()
    *lines, last = whole.splitlines()
    path.write_text("\n".join([*lines, last.rpartition(",")[0] + ",0.01", ""]))
    assert shell.run(*words, "--until", ago(hours=2)).stdout == "1 new rows in a.csv\n"
    assert path.read_text() == whole


def test_a_week_that_has_not_ended_is_left_out(shell: Shell) -> None:
    """Weeks begin on Mondays, and not where thousands of hours since 1970 end."""
    shell.run(*candles(SOL, "w.csv", ago(days=60), "-t", "1w"))
    found = times(shell.folder / "w.csv")
    assert found
    assert found[-1] + timedelta(days=7).total_seconds() * 1000 <= BEGAN.timestamp() * 1000


def test_two_downloads_into_one_file_do_not_mix(shell: Shell) -> None:
    words = candles(SOL, "a.csv", ago(hours=3))
    with HistoryFile(shell.folder / "a.csv", "candles"):
        told = shell.refuses(2, *words)
    assert told == "bpx: another download is writing a.csv: wait for it, or name another file\n"
    assert shell.run(*words).stdout == "3 new rows in a.csv\n"
