"""Borrowed money that equity no longer carries, and positions that nobody takes over."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bpx_connector.sandbox.records.events import Traded
from tests.support.venues import FREE, PERP, SECOND, SPOT, START, Floor


@pytest.fixture
def floor() -> Floor:
    """Bob has 100 USDC and shorts SOL: four borrowed, and sold."""
    floor = Floor({"USDC": Decimal(100)})
    floor.venue.deposit(floor.alice, "USDC", Decimal(1_000_000), START)
    floor.venue.deposit(floor.alice, "SOL", Decimal(1_000), START)
    floor.bid(floor.alice, SPOT, price=150, quantity=4)
    floor.ask(floor.bob, SPOT, price=150, quantity=4, auto_borrow=True)
    assert floor.bob.owed("SOL") == 4 or floor.bob.owed("SOL") > 4
    return floor


def tick_at(floor: Floor, time: int) -> None:
    floor.now = time
    floor.venue.tick(time)


def test_who_borrows_is_liquidated_when_equity_no_longer_carries_it(floor: Floor) -> None:
    """The venue: "total exposure = sum over futures and spot margin"; "borrows repaid"."""
    for price in (160, 165, 170, 175):
        floor.ask(floor.alice, SPOT, price=price, quantity=10)
    floor.move_index(SPOT, 165)
    tick_at(floor, START + 10 * SECOND)
    assert floor.bob.owed("SOL") > 0, "still carried"
    floor.move_index(SPOT, 175)
    for second in range(11, 15):
        tick_at(floor, START + second * SECOND)
    assert floor.bob.owed("SOL") == 0
    assert not floor.bob.liquidating
    bought = [fill for fill in floor.venue.fills(floor.bob) if fill.side == "Bid"]
    assert {fill.system_order_type for fill in bought} == {"CollateralConversion"}


def test_a_loan_that_nothing_can_repay_is_repaid_by_the_fund(floor: Floor) -> None:
    for price in (200, 300):
        floor.ask(floor.alice, SPOT, price=price, quantity=10)
    total = floor.venue.ledger.total("USDC"), floor.venue.ledger.total("SOL")
    floor.move_index(SPOT, 300)
    for second in range(1, 8):
        tick_at(floor, START + second * SECOND)
    assert floor.bob.owed("SOL") == 0
    assert floor.bob.debt == 0
    assert floor.venue.valuation.equity(floor.bob) >= 0
    sources = {row.source for row in floor.bob.settlements}
    assert "BackstopLiquidityFundProceeds" in sources
    assert (floor.venue.ledger.total("USDC"), floor.venue.ledger.total("SOL")) == total


def test_where_the_backstop_is_full_the_highest_leverage_is_reduced_first() -> None:
    """The venue: "then ADL"; "backstop and ADL fills are not in the candles"."""
    floor = Floor({"USDC": Decimal(1_000)})
    floor.venue.switches.backstop = "full"
    floor.venue.deposit(floor.alice, "USDC", Decimal(1_000_000), START)
    floor.ask(floor.alice, PERP, price=150, quantity=40)
    floor.bid(floor.bob, PERP, quantity=40)
    floor.bid(floor.bob, PERP, price=150, quantity=10)
    floor.ask(floor.carol, PERP, quantity=10)
    before = floor.free(floor.carol)
    floor.events.clear()
    floor.move_index(PERP, "130.4")
    tick_at(floor, START + SECOND)
    assert floor.bob.positions == floor.carol.positions == {}
    assert floor.alice.position_quantity(PERP) == 0
    assert floor.seen(Traded) == []
    for account in (floor.alice, floor.bob, floor.carol):
        fill = floor.venue.fills(account)[0]
        assert (fill.system_order_type, fill.price) == ("LiquidatePositionOnAdl", Decimal("130.4"))
    [fill] = [row for row in floor.venue.fills(floor.carol) if row.system_order_type]
    assert fill.fee == 10 * Decimal("130.4") * Decimal("0.0002"), "no liquidation fee for who is reduced"
    assert floor.free(floor.carol) > before
    assert FREE in floor.venue.markets
