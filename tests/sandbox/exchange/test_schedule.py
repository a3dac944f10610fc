"""What happens because time passes: settlement, funding, liquidation, withdrawals."""

# mypy: disable-error-code="comparison-overlap"
# Decimal(2) == 2 is true, which a type checker does not believe of tuples that hold them.

from __future__ import annotations

from decimal import Decimal

import pytest

from bpx_connector.sandbox.records.events import FundingPaid, Liquidated, MarkChanged, PositionChanged, Traded
from bpx_connector.sandbox.records.orders import LIQUIDATE_ON_BOOK
from bpx_connector.sandbox.records.refusals import Refusal
from tests.support.venues import HOUR, OTHER_PERP, PERP, SECOND, SPOT, START, Floor


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


def test_a_deposit_pays_what_is_owed_first(floor: Floor) -> None:
    """The press of the venue: a deposit covers "unsettled equity" first."""
    owing(floor)
    owed = floor.bob.debt
    floor.venue.deposit(floor.bob, "USDC", owed - 1, floor.now)
    assert (floor.bob.debt, floor.free(floor.bob)) == (1, 0)
    floor.venue.deposit(floor.bob, "USDC", Decimal(5), floor.now)
    assert (floor.bob.debt, floor.free(floor.bob)) == (0, 4)


def owing(floor: Floor) -> None:
    """Let bob, who has SOL that nobody bids for, lose more USDC than he has."""
    floor.venue.deposit(floor.bob, "SOL", Decimal(20), floor.now)
    floor.move_index(PERP, 125)
    tick_at(floor, START + 10 * SECOND)
    assert floor.bob.debt > 0


def test_what_a_sale_brings_pays_what_is_owed_first(floor: Floor) -> None:
    owing(floor)
    owed = floor.bob.debt
    floor.bid(floor.alice, price=150, quantity=1)
    floor.ask(floor.bob, quantity=1)
    assert (floor.bob.debt, floor.free(floor.bob)) == (owed - 150 * Decimal("0.999"), 0)


def test_who_borrows_for_settlements_sells_nothing(floor: Floor) -> None:
    floor.bid(floor.alice, price=150, quantity=500)
    floor.venue.deposit(floor.bob, "SOL", Decimal(20), floor.now)
    floor.venue.update_account(floor.bob, auto_borrow_settlements=True, now=floor.now)
    floor.move_index(PERP, 125)
    tick_at(floor, START + 10 * SECOND)
    assert (floor.free(floor.bob, "SOL"), floor.bob.debt) == (20, 0)
    assert floor.bob.owed("USDC") > 0


def test_collateral_is_sold_for_what_is_owed(floor: Floor) -> None:
    """The venue: "USDC lends are redeemed, then USDC is borrowed ..., then collateral is converted"."""
    owing(floor)
    owed = floor.bob.debt
    floor.bid(floor.alice, price=150, quantity=500)
    tick_at(floor, floor.now + SECOND)
    assert floor.bob.debt == 0
    [sold] = [fill for fill in floor.venue.fills(floor.bob) if fill.symbol == SPOT]
    assert sold.system_order_type == "CollateralConversion"
    assert owed < sold.quantity * 150 < owed * Decimal("1.05")
    assert floor.free(floor.bob) == sold.quantity * 150 - sold.fee - owed
    assert floor.free(floor.bob, "SOL") == 20 - sold.quantity


def test_nothing_that_secures_a_debt_can_be_withdrawn(floor: Floor) -> None:
    owing(floor)
    floor.bid(floor.alice, PERP, price=125, quantity=50)
    floor.ask(floor.bob, PERP, quantity=50)
    assert (floor.bob.positions, floor.bob.debt > 0) == ({}, True)
    most = floor.venue.max_withdrawal(floor.bob, "SOL")
    assert 0 < most < 20
    with pytest.raises(Refusal, match="Insufficient funds"):
        floor.venue.withdraw(
            floor.bob, "SOL", most + 1, floor.now, address="there", blockchain="Solana", fee=Decimal(0)
        )


# Liquidation ------------------------------------------------------------------------------------------------


def test_an_account_under_maintenance_is_closed_by_the_book_in_steps(floor: Floor) -> None:
    for _ in range(20):
        floor.bid(floor.alice, PERP, price="131.5", quantity=10)
    resting = floor.bid(floor.bob, PERP, price=100, quantity=1)
    floor.events.clear()
    floor.move_index(PERP, "131.5")
    tick_at(floor, START + SECOND)
    assert (resting.status, resting.expiry_reason) == ("Expired", "Liquidation")
    fills = floor.venue.fills(floor.bob)
    first = floor.seen(Liquidated)[0]
    assert (first.side, first.price, first.quantity) == ("Ask", Decimal("131.5"), 5)
    assert len(floor.seen(Liquidated)) == len(floor.seen(Traded))
    assert fills[0].system_order_type == LIQUIDATE_ON_BOOK
    assert floor.venue.order_history(floor.bob)[0].system_order_type == LIQUIDATE_ON_BOOK
    last = next(fill for fill in fills if fill.quantity == 5)
    assert last.fee == 5 * Decimal("131.5") * Decimal("0.0105")
    assert floor.bob.position_quantity(PERP) < 50


def test_an_account_in_liquidation_places_no_orders_until_it_is_sound(floor: Floor) -> None:
    floor.move_index(PERP, "131.5")
    tick_at(floor, START + SECOND)
    assert floor.venue.summary(floor.bob).liquidating
    with pytest.raises(Refusal, match="being liquidated"):
        floor.bid(floor.bob, PERP, price=100, quantity=1)
    floor.venue.deposit(floor.bob, "USDC", Decimal(10_000), floor.now)
    tick_at(floor, START + 2 * SECOND)
    assert not floor.venue.summary(floor.bob).liquidating
    assert floor.bid(floor.bob, PERP, price=100, quantity=1).status == "New"


def test_liquidation_begins_with_every_open_order(floor: Floor) -> None:
    """The venue: "all open orders (spot and triggers too) are cancelled"."""
    floor.venue.deposit(floor.bob, "SOL", Decimal("0.01"), floor.now)
    orders = [
        floor.bid(floor.bob, PERP, price=100, quantity=1),
        floor.ask(floor.bob, SPOT, price=170, quantity="0.01"),
        floor.ask(floor.bob, PERP, order_type="Market", trigger_price=100, trigger_quantity="100%"),
    ]
    floor.move_index(PERP, "131.5")
    tick_at(floor, START + SECOND)
    assert [(order.status, order.expiry_reason) for order in orders] == [("Expired", "Liquidation")] * 3


def test_all_positions_are_unwound_side_by_side(floor: Floor) -> None:
    """The venue: "positions unwound in parallel by reduce-only market orders in steps of 10 %"."""
    floor.venue.deposit(floor.bob, "USDC", Decimal(1_000), floor.now)
    floor.ask(floor.alice, OTHER_PERP, price=90_000, quantity="0.08")
    floor.bid(floor.bob, OTHER_PERP, quantity="0.08")
    floor.bid(floor.alice, PERP, price="131.5", quantity=100)
    floor.bid(floor.alice, OTHER_PERP, price=78_600, quantity=1)
    floor.move_index(PERP, "131.5")
    floor.move_index(OTHER_PERP, 78_600)
    floor.events.clear()
    tick_at(floor, START + SECOND)
    closed = [(event.symbol, event.quantity) for event in floor.seen(Liquidated)]
    assert closed[:2] == [(PERP, 5), (OTHER_PERP, Decimal("0.008"))]


def test_below_the_auto_close_fraction_the_backstop_takes_the_positions_beside_the_book(floor: Floor) -> None:
    """The venue: "below the auto close margin fraction backstop providers take the position", "not in the
    candles"."""
    floor.bid(floor.alice, PERP, price=130, quantity=100)
    candles = floor.venue.candles(PERP, "1m", START, START + 60 * SECOND)
    floor.move_index(PERP, "130.4")
    floor.events.clear()
    tick_at(floor, START + SECOND)
    assert floor.bob.positions == {}
    assert floor.seen(Traded) == []
    assert floor.venue.candles(PERP, "1m", START, START + 60 * SECOND) == candles
    fill = floor.venue.fills(floor.bob)[0]
    assert (fill.system_order_type, fill.price, fill.quantity) == (
        "LiquidatePositionOnBackstop",
        Decimal("130.4"),
        50,
    )
    assert fill.fee == 50 * Decimal("130.4") * Decimal("0.0105")
    assert not floor.bob.liquidating
    assert floor.venue.open_interest(PERP) == 50


def test_no_account_is_left_below_zero_for_ever(floor: Floor) -> None:
    total = floor.venue.ledger.total("USDC")
    floor.move_index(PERP, 100)
    tick_at(floor, START + SECOND)
    tick_at(floor, START + 2 * SECOND)
    assert (floor.bob.positions, floor.bob.debt, floor.free(floor.bob)) == ({}, 0, 0)
    assert floor.venue.ledger.forgiven > 0
    assert floor.venue.ledger.total("USDC") == total
    floor.venue.deposit(floor.bob, "USDC", Decimal(100), floor.now)
    assert floor.bid(floor.bob, PERP, price=95, quantity=1).status == "New"


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
