"""What accounts are worth, what positions and orders tie up, and how much more would fit."""

# mypy: disable-error-code="comparison-overlap"
# Decimal(2) == 2 is true, which a type checker does not believe of tuples that hold them.

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpx_connector.sandbox.records.orders import ASK, BID
from bpx_connector.sandbox.records.refusals import Refusal
from bpx_connector.sandbox.records.rules import MarginFunction
from tests.support.venues import OTHER_PERP, PERP, SPOT, Floor

USDC = {"USDC": Decimal(10_000)}


@pytest.fixture
def floor() -> Floor:
    """Accounts of 10,000 USDC each, at a leverage limit of 10."""
    return Floor(USDC)


def test_a_margin_fraction_grows_with_the_root_of_the_notional() -> None:
    function = MarginFunction(base=Decimal("0.02"), factor=Decimal("0.0001"))
    assert function.fraction(Decimal(0)) == Decimal("0.02")
    assert function.fraction(Decimal(40_000)) == Decimal("0.02")
    assert function.fraction(Decimal(90_000)) == Decimal("0.03")


def test_a_perpetual_order_locks_equity_and_not_balances(floor: Floor) -> None:
    floor.bid(floor.alice, PERP, price=150, quantity=100)
    assert floor.locked(floor.alice) == 0
    summary = floor.venue.margin(floor.alice)
    assert (summary.net_exposure_futures, summary.net_equity_locked) == (15_000, 1_500)
    assert (summary.net_equity, summary.net_equity_available) == (10_000, 8_500)
    assert summary.imf == Decimal("0.1")
    assert summary.margin_fraction == Decimal(10_000) / Decimal(15_000)


def test_bids_and_asks_of_one_market_tie_up_the_worse_of_the_two(floor: Floor) -> None:
    floor.bid(floor.alice, PERP, price=149, quantity=100)
    floor.ask(floor.alice, PERP, price=151, quantity=300)
    assert floor.venue.margin(floor.alice).net_equity_locked == 4_500


def test_an_order_beyond_the_equity_is_refused(floor: Floor) -> None:
    with pytest.raises(Refusal, match="Insufficient margin") as refused:
        floor.bid(floor.alice, PERP, price=150, quantity=667)
    assert refused.value.code == "INSUFFICIENT_MARGIN"
    assert floor.bid(floor.alice, PERP, price=150, quantity=666).status == "New"


def test_the_leverage_limit_decides_how_much_fits(floor: Floor) -> None:
    floor.venue.update_account(floor.alice, leverage_limit=Decimal(40), now=floor.now)
    assert floor.bid(floor.alice, PERP, price=150, quantity=1_000).status == "New"
    assert floor.venue.margin(floor.alice).net_equity_locked < 10_000
    with pytest.raises(Refusal, match="Maximum leverage reached"):
        floor.venue.update_account(floor.alice, leverage_limit=Decimal(76), now=floor.now)
    assert floor.venue.summary(floor.alice).leverage_limit == 40


def test_an_order_that_reduces_is_always_carried(floor: Floor) -> None:
    floor.ask(floor.bob, PERP, price=150, quantity=600)
    floor.bid(floor.alice, PERP, quantity=600)
    floor.move_index(PERP, 145)
    with pytest.raises(Refusal, match="Insufficient margin"):
        floor.bid(floor.alice, PERP, price=140, quantity=100)
    assert floor.ask(floor.alice, PERP, price=151, quantity=600).status == "New"


def test_what_is_lost_at_once_must_be_there_too(floor: Floor) -> None:
    floor.ask(floor.bob, PERP, price="151.5", quantity=660)
    with pytest.raises(Refusal, match="Insufficient margin"):
        floor.bid(floor.alice, PERP, price="151.5", quantity=660)


def test_a_position_shows_its_figures(floor: Floor) -> None:
    floor.ask(floor.bob, PERP, price=150, quantity=100)
    floor.bid(floor.alice, PERP, quantity=100)
    floor.ask(floor.alice, PERP, price=160, quantity=300)
    floor.move_index(PERP, 152)
    (view,) = floor.venue.positions(floor.alice)
    assert (view.position.entry_price, view.position.net_cost, view.mark) == (150, 15_000, 152)
    assert (view.pnl_unrealized, view.position.pnl_realized) == (200, 0)
    assert (view.exposure_quantity, view.exposure_notional) == (200, 30_400)
    assert (view.imf, view.mmf) == (Decimal("0.1"), Decimal("0.0135"))
    assert view.position.break_even_price == Decimal("150.075")
    assert view.user_id == floor.alice.user_id


@pytest.mark.parametrize("side", [BID, ASK])
def test_at_its_liquidation_price_equity_meets_maintenance(floor: Floor, side: str) -> None:
    other = ASK if side == BID else BID
    floor.place(floor.bob, PERP, other, price=150, quantity=600)
    floor.place(floor.alice, PERP, side, quantity=600)
    (view,) = floor.venue.positions(floor.alice)
    floor.move_index(PERP, view.estimated_liquidation_price)
    valuation = floor.venue.valuation
    gap = valuation.equity(floor.alice) - valuation.maintenance_margin(floor.alice)
    assert abs(gap) < 600 * Decimal("0.01")


def test_a_small_position_has_no_liquidation_price(floor: Floor) -> None:
    floor.ask(floor.bob, PERP, price=150, quantity=1)
    floor.bid(floor.alice, PERP, quantity=1)
    assert floor.venue.positions(floor.alice)[0].estimated_liquidation_price == 0


def test_other_assets_count_by_their_weight() -> None:
    floor = Floor({"USDC": Decimal(100), "USDT": Decimal(30), "SOL": Decimal(2)})
    floor.ask(floor.alice, SPOT, price=160, quantity=1)
    summary = floor.venue.margin(floor.alice)
    rows = {row.symbol: row for row in summary.collateral}
    assert (rows["USDT"].collateral_weight, rows["USDT"].collateral_value) == (
        Decimal("0.95"),
        Decimal("28.5"),
    )
    sol = rows["SOL"]
    assert (sol.total_quantity, sol.available_quantity, sol.open_order_quantity) == (2, 1, 1)
    assert (sol.balance_notional, sol.collateral_value) == (300, 270)
    assert summary.assets_value == summary.net_equity == Decimal("398.5")
    assert (summary.margin_fraction, summary.net_exposure_futures) == (None, 0)


# Auto-lend --------------------------------------------------------------------------------------------------


@pytest.fixture
def lending(floor: Floor) -> Floor:
    floor.venue.update_account(floor.alice, auto_lend=True, now=floor.now)
    return floor


def test_lent_money_leaves_the_spot_view_and_stays_in_the_collateral_view(lending: Floor) -> None:
    assert lending.venue.balances(lending.alice) == {}
    (row,) = lending.venue.margin(lending.alice).collateral
    assert (row.symbol, row.total_quantity, row.lend_quantity, row.available_quantity) == (
        "USDC",
        10_000,
        10_000,
        0,
    )
    assert lending.venue.margin(lending.alice).net_equity == 10_000
    lending.venue.update_account(lending.alice, auto_lend=False, now=lending.now)
    assert lending.venue.balances(lending.alice) == {"USDC": (10_000, 0, 0)}


def test_lent_money_is_redeemed_for_a_spot_order_by_itself(lending: Floor) -> None:
    """The venue's page on lending: "lends are redeemed automatically for spot trades and withdrawals"."""
    assert lending.bid(lending.alice, SPOT, price=150, quantity=1).status == "New"
    assert lending.venue.balances(lending.alice) == {"USDC": (0, 150, 0)}
    before = lending.alice.lent("USDC")
    lending.venue.withdraw(
        lending.alice, "USDC", Decimal(50), lending.now, address="there", blockchain="Solana"
    )
    assert lending.alice.lent("USDC") == before - 50


def test_lent_money_may_be_spent_only_when_the_order_says_so(lending: Floor) -> None:
    lending.venue.switches.lend_redeem = "asked"
    with pytest.raises(Refusal, match="Insufficient funds"):
        lending.bid(lending.alice, SPOT, price=150, quantity=1)
    order = lending.bid(lending.alice, SPOT, price=150, quantity=1, auto_lend_redeem=True)
    assert order.status == "New"
    assert lending.venue.balances(lending.alice) == {"USDC": (0, 150, 0)}


def test_lent_money_still_carries_positions(lending: Floor) -> None:
    assert lending.bid(lending.alice, PERP, price=150, quantity=600).status == "New"


# Limits -----------------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(
    side=st.sampled_from([BID, ASK]),
    symbol=st.sampled_from([SPOT, PERP, OTHER_PERP]),
    held=st.integers(-300, 300),
)
def test_the_largest_order_passes_and_one_step_more_is_refused(side: str, symbol: str, held: int) -> None:
    floor = Floor({"USDC": Decimal(10_000), "SOL": Decimal(7)})
    if held:
        floor.place(floor.bob, PERP, ASK if held > 0 else BID, price=150, quantity=abs(held))
        floor.place(floor.alice, PERP, BID if held > 0 else ASK, quantity=abs(held))
    rules, price = floor.venue.rules[symbol], floor.venue.mark(symbol).mark
    most = floor.venue.max_order_quantity(floor.alice, symbol, side, price=price)
    with pytest.raises(Refusal, match="Insufficient"):
        floor.place(floor.alice, symbol, side, price=price, quantity=most + rules.step)
    assert floor.place(floor.alice, symbol, side, price=price, quantity=most).status == "New"


def test_the_largest_reduce_only_order_is_the_position(floor: Floor) -> None:
    floor.ask(floor.bob, PERP, price=150, quantity=3)
    floor.bid(floor.alice, PERP, quantity=3)
    largest = floor.venue.max_order_quantity
    assert largest(floor.alice, PERP, ASK, reduce_only=True) == 3
    assert largest(floor.alice, PERP, BID, reduce_only=True) == 0


def test_what_positions_need_cannot_be_withdrawn(floor: Floor) -> None:
    assert floor.venue.max_withdrawal(floor.alice, "USDC") == 10_000
    floor.bid(floor.alice, PERP, price=150, quantity=100)
    assert floor.venue.max_withdrawal(floor.alice, "USDC") == 8_500
    with pytest.raises(Refusal, match="Insufficient funds"):
        floor.venue.withdraw(floor.alice, "USDC", Decimal(8_501), floor.now, address="a", blockchain="Solana")
