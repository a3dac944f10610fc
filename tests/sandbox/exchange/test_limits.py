"""What an order may not pass: limits of markets, of accounts, of countries."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.exchange.exchange import Exchange
from bpx_connector.sandbox.records.refusals import Refusal
from bpx_connector.sandbox.records.rules import market_rules
from tests.support.venues import PERP, SPOT, START, Floor, market_row


@pytest.fixture
def floor() -> Floor:
    """A perpetual whose open interest may be a hundred, and accounts that could carry more."""
    floor = Floor({"USDC": Decimal(10_000_000)})
    row = market_row(PERP, tick="0.01", step="0.01", minimum="0.01", openInterestLimit="100")
    floor.venue = Exchange([market_rules(row)], now=START, prices={PERP: Decimal(150)})
    for name in ("alice", "bob", "carol"):
        account = floor.venue.open_account(name, START, funds={"USDC": Decimal(100_000_000)})
        setattr(floor, name, account)
    return floor


def test_open_interest_does_not_pass_its_limit(floor: Floor) -> None:
    """`openInterestLimit` of /markets."""
    floor.ask(floor.alice, PERP, price=150, quantity=100)
    floor.bid(floor.bob, PERP, quantity=100)
    assert floor.venue.open_interest(PERP) == 100
    with pytest.raises(Refusal, match="Open interest limit exceeded") as refusal:
        floor.bid(floor.carol, PERP, price=150, quantity=1)
    assert (refusal.value.status, refusal.value.code) == (400, "POSITION_LIMIT")
    assert floor.ask(floor.bob, PERP, price=150, quantity=100).status == "New", "what reduces may always"


def test_an_account_does_not_pass_its_position_limit(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    """`positionLimit` of /account, which counts each market by its positionLimitWeight."""
    monkeypatch.setattr(choices, "POSITION_LIMIT", Decimal(1_500))
    floor.ask(floor.alice, PERP, price=150, quantity=10)
    floor.bid(floor.bob, PERP, quantity=9)
    assert floor.venue.summary(floor.bob).position_limit == 1_500
    with pytest.raises(Refusal, match="Position limit exceeded") as refusal:
        floor.bid(floor.bob, PERP, price=140, quantity=2)
    assert refusal.value.code == "POSITION_LIMIT"
    assert floor.bid(floor.bob, PERP, price=140, quantity=1).status == "New"


@pytest.mark.parametrize(("country", "most"), [("75", 75), ("20", 20), ("10", 10)])
def test_the_country_decides_the_largest_leverage(country: str, most: int) -> None:
    """/wapi/v1/country/permissions: "75 in 172 countries, 20 in 27, 10 in one"."""
    floor = Floor()
    floor.venue.switches.country = country
    floor.venue.update_account(floor.bob, leverage_limit=Decimal(most), now=floor.now)
    with pytest.raises(Refusal, match="Maximum leverage reached"):
        floor.venue.update_account(floor.bob, leverage_limit=Decimal(most + 1), now=floor.now)


def test_some_countries_have_no_perpetuals() -> None:
    """/wapi/v1/country/permissions: "perps disabled in 12"."""
    floor = Floor()
    floor.venue.switches.country = "no_perps"
    with pytest.raises(Refusal, match="not available in your country"):
        floor.bid(floor.bob, PERP, price=140, quantity=1)
    assert floor.bid(floor.bob, SPOT, price=140, quantity=1).status == "New"
