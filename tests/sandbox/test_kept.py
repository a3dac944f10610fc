"""State that survives a restart."""

from __future__ import annotations

import pickle
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bpx_connector.sandbox.clock import DrivenClock, FastClock, RealClock
from bpx_connector.sandbox.kept import StateError
from bpx_connector.sandbox.records.orders import OrderRequest
from bpx_connector.sandbox.server import Sandbox

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
