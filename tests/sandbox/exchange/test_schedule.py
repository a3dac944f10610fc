"""What happens because time passes: settlement, funding, liquidation, withdrawals."""

# mypy: disable-error-code="comparison-overlap"
# Decimal(2) == 2 is true, which a type checker does not believe of tuples that hold them.

from __future__ import annotations

from decimal import Decimal

import pytest

from bpx_connector.sandbox.records.events import FundingPaid, Liquidated, MarkChanged, PositionChanged, Traded
from bpx_connector.sandbox.records.orders import LIQUIDATE_ON_BOOK
from bpx_connector.sandbox.records.refusals import Refusal
from tests.support.venues import HOUR, PERP, SECOND, SPOT, START, Floor


@pytest.fixture
def floor() -> Floor:
    """Accounts of 1,000 USDC; bob is long fifty, alice short fifty."""
    floor = Floor({"USDC": Decimal(1_000)})
    floor.venue.deposit(floor.alice, "USDC", Decimal(1_000_000), START)
    floor.ask(floor.alice, PERP, price=150, quantity=50)
    floor.bid(floor.bob, PERP, quantity=50)
    floor.events.clear()
    return floor


def tick_at(floor: Floor, time: int) -> None:
    floor.now = time
    floor.venue.tick(time)


def test_marks_are_told_once_a_second(floor: Floor) -> None:
    for tenth in range(1, 21):
        tick_at(floor, START + tenth * SECOND // 10)
    assert len([event for event in floor.seen(MarkChanged) if event.symbol == PERP]) == 2


def test_profit_is_paid_into_usdc_every_ten_seconds(floor: Floor) -> None:
    before = floor.free(floor.bob)
    floor.move_index(PERP, 153)
    tick_at(floor, START + 9 * SECOND)
    assert floor.free(floor.bob) == before
    tick_at(floor, START + 10 * SECOND)
    mark = floor.venue.mark(PERP).mark
    assert floor.free(floor.bob) == before + 50 * (mark - 150)
    (view,) = floor.venue.positions(floor.bob)
    assert (view.pnl_unrealized, view.position.pnl_realized) == (0, 50 * (mark - 150))
    assert (view.position.quantity, view.position.entry_price) == (50, 150)
    assert {event.kind for event in floor.seen(PositionChanged)} == {"positionAdjusted"}


def test_longs_pay_shorts_when_the_rate_is_positive(floor: Floor) -> None:
    tick_at(floor, HOUR * (START // HOUR + 1))
    (paid,) = floor.venue.funding_payments(floor.bob)
    (received,) = floor.venue.funding_payments(floor.alice)
    assert paid.rate == Decimal("0.0000125")
    assert paid.quantity == -Decimal("0.093750")
    assert received.quantity == -paid.quantity
    assert paid.interval_end == HOUR * (START // HOUR + 1)
    assert floor.venue.positions(floor.bob)[0].position.cumulative_funding == paid.quantity
    assert [event.quantity for event in floor.seen(FundingPaid)] == [received.quantity, paid.quantity]


def test_every_interval_that_ended_is_paid_however_late(floor: Floor) -> None:
    tick_at(floor, START + 5 * HOUR)
    assert len(floor.venue.funding_payments(floor.bob)) == 5
    running, *settled = floor.venue.funding_history(PERP)
    assert running.interval_end > floor.now
    assert [row.interval_end for row in settled] == sorted((r.interval_end for r in settled), reverse=True)
    assert len(settled) == 5


def test_a_loss_beyond_the_cash_becomes_debt_and_is_repaid_first(floor: Floor) -> None:
    floor.venue.deposit(floor.bob, "SOL", Decimal(1_000), floor.now)
    floor.move_index(PERP, 100)
    tick_at(floor, START + 10 * SECOND)
    summary = floor.venue.margin(floor.bob)
    assert floor.free(floor.bob) == 0
    assert summary.liabilities_value == floor.bob.debt > 1_000
    floor.move_index(PERP, 200)
    tick_at(floor, START + 20 * SECOND)
    assert floor.bob.debt == 0
    assert floor.free(floor.bob) > 1_000


# Liquidation ------------------------------------------------------------------------------------------------


def test_an_account_under_maintenance_is_closed_by_the_book_in_steps(floor: Floor) -> None:
    for _ in range(20):
        floor.bid(floor.alice, PERP, price=131, quantity=10)
    resting = floor.bid(floor.bob, PERP, price=100, quantity=1)
    floor.events.clear()
    floor.move_index(PERP, "131.5")
    tick_at(floor, START + SECOND)
    assert (resting.status, resting.expiry_reason) == ("Expired", "Liquidation")
    fills = floor.venue.fills(floor.bob)
    first = floor.seen(Liquidated)[0]
    assert (first.side, first.price, first.quantity) == ("Ask", 131, 5)
    assert len(floor.seen(Liquidated)) == len(floor.seen(Traded))
    assert fills[0].system_order_type == LIQUIDATE_ON_BOOK
    assert floor.venue.order_history(floor.bob)[0].system_order_type == LIQUIDATE_ON_BOOK
    last = next(fill for fill in fills if fill.quantity == 5)
    assert last.fee == 5 * 131 * Decimal("0.0105")
    assert floor.bob.position_quantity(PERP) < 50


def test_an_account_in_liquidation_places_no_orders_until_it_is_sound(floor: Floor) -> None:
    floor.move_index(PERP, 130)
    tick_at(floor, START + SECOND)
    assert floor.venue.summary(floor.bob).liquidating
    with pytest.raises(Refusal, match="being liquidated"):
        floor.bid(floor.bob, PERP, price=100, quantity=1)
    floor.venue.deposit(floor.bob, "USDC", Decimal(10_000), floor.now)
    tick_at(floor, START + 2 * SECOND)
    assert not floor.venue.summary(floor.bob).liquidating
    assert floor.bid(floor.bob, PERP, price=100, quantity=1).status == "New"


def test_a_sound_account_is_left_alone(floor: Floor) -> None:
    floor.bid(floor.alice, PERP, price=140, quantity=100)
    floor.move_index(PERP, 145)
    tick_at(floor, START + SECOND)
    assert floor.seen(Liquidated) == []
    assert floor.bob.position_quantity(PERP) == 50


# Transfers --------------------------------------------------------------------------------------------------


def test_a_withdrawal_leaves_at_once_and_is_confirmed_later(floor: Floor) -> None:
    row = floor.venue.withdraw(
        floor.carol, "USDC", Decimal(100), floor.now, address="there", blockchain="Solana", fee=Decimal(1)
    ).result
    assert (row.status, row.fee, floor.free(floor.carol)) == ("pending", 1, 900)
    tick_at(floor, floor.now + 10 * SECOND)
    assert row.status == "confirmed"
    assert row.transaction_hash
    assert floor.venue.withdrawals(floor.carol) == [row]


def test_deposits_are_listed_newest_first(floor: Floor) -> None:
    floor.venue.deposit(floor.carol, "SOL", Decimal(5), floor.now)
    first, second = floor.venue.deposits(floor.carol)
    assert (first.asset, first.quantity, second.asset) == ("SOL", 5, "USDC")
    assert floor.venue.balances(floor.carol)["SOL"] == (5, 0, 0)


def test_only_assets_that_trade_here_move(floor: Floor) -> None:
    with pytest.raises(Refusal, match="Invalid asset"):
        floor.venue.deposit(floor.carol, "NOPE", Decimal(5), floor.now)
    assert SPOT in floor.venue.rules
