"""State that survives a restart."""

from __future__ import annotations

import asyncio
import logging
import pickle
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bpx_connector.sandbox import server
from bpx_connector.sandbox.__main__ import main
from bpx_connector.sandbox.clock import DrivenClock, FastClock, RealClock
from bpx_connector.sandbox.kept import LostError, StateError
from bpx_connector.sandbox.records.orders import OrderRequest
from bpx_connector.sandbox.server import Sandbox, SandboxThread

SPOT, PERP = "SOL_USDC", "SOL_USDC_PERP"


def opened(state: Path, **options: Any) -> Sandbox:
    return Sandbox(seed=1, symbols=[SPOT, PERP], state=state, **{"clock": DrivenClock(), **options})


def order(symbol: str, side: str, **fields: Any) -> OrderRequest:
    return OrderRequest(symbol=symbol, side=side, **{"order_type": "Market", **fields})


async def test_accounts_orders_positions_and_books_are_there_after_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    async with opened(state) as first:
        first.switches.running_kline = True
        now = first.clock.now()
        account = first.venue.open_account("me", now, funds={"USDC": Decimal(1_000)})
        first.venue.execute(account, order(PERP, "Bid", quantity=Decimal(2)), now)
        resting = order(SPOT, "Bid", order_type="Limit", price=Decimal(50), quantity=Decimal(1))
        placed = first.venue.execute(account, resting, now).result
        first.clock.advance(30)  # type: ignore[attr-defined]
        balances, depth = first.venue.balances(account), first.venue.depth(SPOT)
        time = first.clock.now()
    async with opened(state) as second:
        again = second.venue.account("me")
        assert again is not None
        assert second.clock.now() == time
        assert second.venue.balances(again) == balances
        assert [row.id for row in second.venue.open_orders(again)] == [placed.id]
        assert again.position_quantity(PERP) == 2
        assert second.switches.running_kline is True
        assert second.venue.depth(SPOT).bids[-1] == depth.bids[-1]
        trades = len(second.venue.trades(SPOT))
        second.clock.advance(30)  # type: ignore[attr-defined]
        assert len(second.venue.trades(SPOT)) > trades
        assert len(second.venue.duties) == len(first.venue.duties)
        later = second.venue.execute(again, order(PERP, "Ask", quantity=Decimal(2)), second.clock.now())
        assert later.result.id > placed.id
        assert again.positions == {}


async def test_a_state_of_other_markets_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    async with opened(state):
        pass
    with pytest.raises(StateError, match=f"is of other markets: {SPOT} {PERP}"):
        Sandbox(seed=1, symbols=[SPOT], state=state, clock=DrivenClock())


def test_a_file_that_is_no_state_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    state.write_text("x" * 200, encoding="utf-8")
    with pytest.raises(StateError, match="is no state of a sandbox"):
        opened(state)


class Imported:
    """Something that a module of the sandbox has merely imported."""

    def __reduce__(self) -> Any:
        return getattr, (Sandbox.start, "__globals__")


@pytest.mark.parametrize("evil", [{"venue": print}, Sandbox.start.__globals__["time"].sleep, Imported()])
async def test_a_state_that_names_anything_foreign_is_not_read(tmp_path: Path, evil: Any) -> None:
    state = tmp_path / "state.db"
    async with opened(state):
        pass
    with sqlite3.connect(state) as database:
        database.execute("UPDATE state SET value = ? WHERE name = 'kept'", (pickle.dumps(evil),))
    database.close()
    with pytest.raises(StateError, match="which no sandbox has written"):
        opened(state)


async def test_a_clock_that_is_behind_a_state_goes_on_from_its_time(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    async with opened(state) as first:
        time = first.clock.now()
    for clock in (RealClock(read=lambda: 5_000_000_000), FastClock(10, read=lambda: 5_000_000_000)):
        assert opened(state, clock=clock).clock.now() == time


# --- one sandbox a file -------------------------------------------------------------------------------------


async def test_a_second_sandbox_is_refused_as_long_as_the_first_runs(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    (tmp_path / "link.db").symlink_to(state)
    async with opened(state) as first:
        first.venue.open_account("me", first.clock.now())
        for path in (state, tmp_path / "link.db"):
            with pytest.raises(StateError, match=f"another sandbox runs on {path}: take another file"):
                await opened(path).start()
    async with opened(state) as second:
        assert second.venue.account("me") is not None


async def test_a_sandbox_that_was_made_before_another_wrote_its_file_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    late = opened(state)
    async with opened(state) as first:
        first.venue.open_account("me", first.clock.now())
    with pytest.raises(StateError, match="another sandbox has just written"):
        await late.start()
    async with opened(state) as second:
        assert second.venue.account("me") is not None


async def test_a_sandbox_that_cannot_listen_leaves_the_file_to_others_as_it_was(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    async with Sandbox(symbols=[SPOT], clock=DrivenClock()) as other:
        with pytest.raises(OSError, match="address already in use"):
            await opened(state, port=other.port).start()
    assert not state.exists()
    async with opened(state):
        assert state.exists()


# --- what cannot be written ---------------------------------------------------------------------------------


@contextmanager
def unwritable(state: Path) -> Iterator[None]:
    """A directory is where SQLite wants its journal: not even who may do anything can write there."""
    journal = state.with_name(state.name + "-journal")
    journal.mkdir()
    yield
    journal.rmdir()


async def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    state = tmp_path / "new" / "and newer" / "state.db"
    async with opened(state):
        assert state.stat().st_size, "it is written at once"


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What the command says when it does not start."""
    with pytest.raises(SystemExit) as end:
        main([*words, "--port", "0", "--speed", "0"])
    shown = capsys.readouterr()
    assert (end.value.code, shown.out, shown.err.count("\n")) == (2, "", 1), shown.err
    return shown.err


def test_a_state_that_cannot_be_written_is_refused_at_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    state = tmp_path / "file" / "state.db"
    said = refused(["--state", str(state)], capsys)
    assert f"{state} cannot be written ({state.parent} is no folder)" in said
    state = tmp_path / "state.db"
    with unwritable(state):
        said = refused(["--state", str(state)], capsys)
    assert f"{state} cannot be written (" in said


def test_a_second_sandbox_is_told_so_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state.db"
    with SandboxThread(state=state, speed=0):
        said = refused(["--state", str(state)], capsys)
    assert f"another sandbox runs on {state}" in said


async def test_saving_that_fails_is_said_once_and_tried_until_it_goes_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    state, tries = tmp_path / "state.db", asyncio.Semaphore(0)
    monkeypatch.setattr(server, "SAVED_EVERY", 0)

    class Counted(Sandbox):
        def _to_keep(self) -> Any:
            tries.release()
            return super()._to_keep()

    async def tried(times: int) -> None:
        while not tries.locked():
            await tries.acquire()
        for _ in range(times):
            await tries.acquire()

    async with Counted(seed=1, symbols=[SPOT], state=state, clock=DrivenClock()) as sandbox:
        with unwritable(state), caplog.at_level(logging.WARNING):
            await tried(3)
            [said] = [record.getMessage() for record in caplog.records]
            assert said.startswith(f"the state is not kept: {state} cannot be written (")
            sandbox.venue.open_account("somebody new", sandbox.clock.now())
        await tried(2)
        [_, said] = [record.getMessage() for record in caplog.records]
        assert said == f"the state is kept again in {state}"
        with sqlite3.connect(state) as database:
            [(kept,)] = database.execute("SELECT value FROM state WHERE name = 'kept'")
        database.close()
        assert b"somebody new" in kept


async def test_a_fault_of_our_own_does_not_end_the_saving_either(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path / "state.db") as sandbox:
        assert sandbox._state is not None
        sandbox._state.try_to_write([SPOT], 0, {"venue": sandbox.venue, "other": lambda: None})
        assert caplog.records[0].exc_info is not None
        sandbox._state.try_to_write(*sandbox._to_keep())
        assert caplog.records[1].getMessage().startswith("the state is kept again in ")


async def test_what_cannot_be_written_in_the_end_is_told_when_all_else_is_done(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    sandbox = opened(state, control=0)
    await sandbox.start()
    with (
        unwritable(state),
        pytest.raises(LostError, match="since it was last written is lost"),
    ):
        await sandbox.stop()
    async with opened(state, port=sandbox.port):
        pass


def test_a_sandbox_in_a_thread_tells_so_too(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    thread = SandboxThread(symbols=[SPOT], state=state, clock=DrivenClock())
    thread.__enter__()
    with unwritable(state), pytest.raises(LostError):
        thread.__exit__(None, None, None)


def test_the_command_ends_in_a_sentence_where_its_state_is_lost(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    words = ["--port", "0", "--speed", "0", "--state", str(state)]
    with subprocess.Popen(
        [sys.executable, "-m", "bpx_connector.sandbox", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("listening on ")
        with unwritable(state):
            process.send_signal(signal.SIGINT)
            _, said = process.communicate()
    assert process.returncode == 1
    assert said.startswith(f"python -m bpx_connector.sandbox: {state} cannot be written (")
    assert said.endswith("): what has happened since it was last written is lost\n")
    assert said.count("\n") == 1
