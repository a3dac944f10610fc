"""How far prices may go: the bands of the venue's futures specifications.

Quotations are from the venue's support page "Futures Specs", section on order price bands.
"""

# mypy: disable-error-code="comparison-overlap"
# Decimal(2) == 2 is true, which a type checker does not believe of tuples that hold them.

from __future__ import annotations

from decimal import Decimal

import pytest

from bpx_connector.sandbox.exchange.exchange import Exchange
from bpx_connector.sandbox.records.orders import ASK, BID, LIMIT, Order, OrderRequest
from bpx_connector.sandbox.records.refusals import Refusal
from bpx_connector.sandbox.records.rules import market_rules
from tests.support.venues import PERP, SPOT, START, Floor, market_row


@pytest.fixture
def floor() -> Floor:
    """Asks from 150 up and bids from 149 down, ten each, a price apart; the impact band is one per cent."""
    floor = Floor()
    for away in range(12):
        floor.ask(floor.alice, PERP, price=150 + away, quantity=10)
        floor.bid(floor.alice, PERP, price=149 - away, quantity=10)
    return floor


def outcome(order: Order) -> tuple[str, Decimal, str | None]:
    return order.status, order.executed_quantity, order.expiry_reason


def test_a_limit_order_that_takes_stops_at_the_impact_band_and_its_rest_expires(floor: Floor) -> None:
    """The venue: "impact band, for every taker order (limit too): takes up to best opposite price x
    max/minImpactMultiplier; what is left then expires, partially filled"."""
    buy = floor.bid(floor.bob, PERP, price=160, quantity=50)
    assert outcome(buy) == ("Expired", 20, "PriceImpact")
    sell = floor.ask(floor.bob, PERP, price=140, quantity=50)
    assert outcome(sell) == ("Expired", 20, "PriceImpact")


def test_within_the_impact_band_the_rest_of_a_limit_order_rests(floor: Floor) -> None:
    assert outcome(floor.bid(floor.bob, PERP, price=151, quantity=50)) == ("PartiallyFilled", 20, None)


def test_a_limit_order_that_takes_nothing_knows_no_impact_band(floor: Floor) -> None:
    assert floor.bid(floor.bob, PERP, price="149.50", quantity=50).status == "New"
    assert floor.bid(floor.bob, PERP, price=120, quantity=50).status == "New"


def test_fill_or_kill_counts_what_the_band_allows(floor: Floor) -> None:
    kill = floor.bid(floor.bob, PERP, price=160, quantity=30, time_in_force="FOK")
    assert outcome(kill) == ("Expired", 0, "FillOrKill")


def wide(floor: Floor) -> Floor:
    """The same with an impact band that does not count."""
    row = market_row(PERP, tick="0.01", step="0.01", minimum="0.01")
    row["filters"]["price"] |= {
        "minImpactMultiplier": "0.5",
        "maxImpactMultiplier": "2",
        "meanPremiumBand": {"tolerancePct": "0.05"},
    }
    floor.venue = Exchange([market_rules(row)], now=START, prices={PERP: Decimal(150)})
    floor.alice, floor.bob = (floor.venue.open_account(name, START) for name in ("alice", "bob"))
    for away in range(20):
        floor.ask(floor.alice, PERP, price=150 + away, quantity=1)
        floor.bid(floor.alice, PERP, price=149 - away, quantity=1)
    return floor


@pytest.mark.parametrize("kind", ["market", "limit"])
def test_every_taker_stops_at_the_mean_mark_band(floor: Floor, kind: str) -> None:
    """The venue: "mean mark band, every taker order: up to the 5-minute mean of the mark x multiplier; the
    rest expires"."""
    floor = wide(floor)
    floor.wait(300)
    # Mark and index leap, and with them the premium band; the mean is near 149.6, times 1.075 is 160.8.
    floor.move_index(PERP, 158)
    limit = {} if kind == "market" else {"price": 169}
    order = floor.bid(floor.bob, PERP, quantity=20, **limit)
    assert outcome(order) == ("Expired", 11, "PriceOutOfBounds")


def test_every_taker_stops_at_the_mean_premium_band(floor: Floor) -> None:
    """The venue: "mean premium band, every taker order: up to the level at which the premium is the 5-minute
    mean premium +- tolerance; the rest expires"."""
    floor = wide(floor)
    # The index is 150 and the premium about 0, so 157.5 is the farthest; the mark's band ends at 161.25.
    assert outcome(floor.bid(floor.bob, PERP, quantity=20)) == ("Expired", 8, "PriceOutOfBounds")
    assert outcome(floor.ask(floor.bob, PERP, quantity=20)) == ("Expired", 7, "PriceOutOfBounds")


@pytest.mark.parametrize(("seconds", "taken"), [(0, 12), (300, 16)])
def test_the_mean_bands_follow_in_five_minutes(floor: Floor, seconds: int, taken: int) -> None:
    floor = wide(floor)
    floor.wait(60)
    floor.move_index(PERP, 165)
    floor.wait(seconds)
    assert floor.bid(floor.bob, PERP, quantity=20).executed_quantity == taken


def test_a_switch_takes_the_mean_bands_away(floor: Floor) -> None:
    floor = wide(floor)
    floor.venue.switches.mean_bands = False
    assert floor.bid(floor.bob, PERP, quantity=20).status == "Filled"


def test_spot_has_its_mean_mark_band_too(floor: Floor) -> None:
    """Captured: meanMarkPriceBand is present on spot (SOL_USDC 0.97-1.03)."""
    row = market_row(SPOT, tick="0.01", step="0.01", minimum="0.01")
    row["filters"]["price"] |= {
        "maxImpactMultiplier": "2",
        "meanMarkPriceBand": {"minMultiplier": "0.97", "maxMultiplier": "1.03"},
    }
    floor.venue = Exchange([market_rules(row)], now=START, prices={SPOT: Decimal(100)})
    floor.alice, floor.bob = (floor.venue.open_account(name, START) for name in ("alice", "bob"))
    for price in (100, 103, 104):
        floor.ask(floor.alice, SPOT, price=price, quantity=1)
    assert outcome(floor.bid(floor.bob, SPOT, quantity=3)) == ("Expired", 2, "PriceOutOfBounds")


@pytest.mark.parametrize(
    ("bid", "ask", "last", "active"),
    [(140, 145, 100, 140), (140, 145, 142, 142), (140, 145, 200, 145), (None, 145, 100, 100)],
)
def test_the_limit_band_lies_around_the_active_price(
    floor: Floor, bid: int | None, ask: int, last: int, active: int
) -> None:
    """The venue: "limit band, for limit orders: active price = median(best bid, best ask, last) x min/max
    multiplier; outside it is rejected"."""
    rules = market_rules(market_row(PERP, tick="0.01", step="0.01", minimum="0.01"))
    venue = Exchange([rules], now=START, prices={PERP: Decimal(last)})
    account = venue.open_account("somebody", START)

    def place(side: str, price: Decimal) -> None:
        request = OrderRequest(
            symbol=PERP, side=side, order_type=LIMIT, price=price, quantity=Decimal("0.01")
        )
        venue.execute(account, request, START)

    place(ASK, Decimal(ask))
    if bid is not None:
        place(BID, Decimal(bid))
    place(BID, Decimal(active) / 4)
    with pytest.raises(Refusal, match="too far from the last active price"):
        place(BID, Decimal(active) / 4 - Decimal("0.01"))
    place(ASK, Decimal(active) * 2)
    with pytest.raises(Refusal, match="too far from the last active price"):
        place(ASK, Decimal(active) * 2 + Decimal("0.01"))
