"""The arithmetic of one position."""

# mypy: disable-error-code="comparison-overlap"
# Decimal(2) == 2 is true, which a type checker does not believe of tuples that hold them.

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.sandbox.records.positions import Position


def position(quantity: object, price: object) -> Position:
    opened = Position(id=1, account_id=1, symbol="SOL_USDC_PERP", opened_at=0)
    opened.add(Decimal(str(quantity)), Decimal(str(price)))
    return opened


def test_entry_and_break_even_agree_with_a_captured_position() -> None:
    """Figures of an ETH_USDC_PERP position shown in ccxt 4.5.90, `async_support/backpack.py`,
    parse_position."""
    held = position("0.0026", "3826.15")
    held.add(Decimal("0.001"), Decimal("3828.81"))
    held.fees = Decimal("0.006889")
    held.cumulative_funding = Decimal("-0.009218")
    assert str(held.entry_price) == "3826.888888888888888888888889"
    assert held.net_cost == Decimal("13.7768")
    assert held.unsettled(Decimal("3787.46813304")).quantize(Decimal("0.000001")) == Decimal("-0.141915")
    assert held.break_even_price.quantize(Decimal("0.001")) == Decimal("3831.363")


def test_a_long_gains_and_a_short_loses_when_the_price_rises() -> None:
    assert position(2, 100).unsettled(Decimal(103)) == 6
    assert position(-2, 100).unsettled(Decimal(103)) == -6


def test_closing_pays_out_everything_and_leaves_nothing() -> None:
    held = position(-3, 100)
    assert held.reduce(Decimal(3), Decimal("98.5")) == Decimal("4.5")
    assert (held.quantity, held.cash, held.net_cost, held.entry_price) == (0, 0, 0, 0)
    assert (held.pnl_realized, held.closed_quantity) == (Decimal("4.5"), 3)


def test_reducing_pays_out_the_closed_share_and_keeps_the_entry() -> None:
    held = position(4, 100)
    assert held.reduce(Decimal(-1), Decimal(110)) == 10
    assert (held.quantity, held.entry_price) == (3, 100)
    assert held.unsettled(Decimal(110)) == 30


def test_settling_pays_out_without_changing_size_or_entry() -> None:
    held = position(2, 100)
    assert held.settle(Decimal(105)) == 10
    assert held.settle(Decimal(105)) == 0
    assert (held.quantity, held.entry_price, held.pnl_realized) == (2, 100, 10)
    assert held.unsettled(Decimal(106)) == 2


FILLS = st.lists(st.tuples(st.integers(1, 50), st.integers(9_000, 11_000), st.booleans()), max_size=20)


@given(FILLS)
def test_all_that_was_paid_out_is_all_that_was_won(fills: list[tuple[int, int, bool]]) -> None:
    held = position(10, 100)
    paid, bought = Decimal(0), Decimal(1_000)
    for size, cents, settles in fills:
        price = Decimal(cents) / 100
        if settles:
            paid += held.settle(price)
        quantity = min(Decimal(size), held.quantity - 1) if held.quantity > 1 else Decimal(0)
        if quantity:
            paid += held.reduce(-quantity, price)
            bought -= quantity * price
        held.add(Decimal(size), price)
        bought += size * price
    worth = held.quantity * 100 - bought
    assert paid + held.unsettled(Decimal(100)) == worth
