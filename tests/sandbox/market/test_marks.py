"""Marks and funding rates, from samples of the book's middle."""

# mypy: disable-error-code="comparison-overlap"
# Decimal(2) == 2 is true, which a type checker does not believe of tuples that hold them.

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.sandbox.market.marks import Marks
from tests.support.venues import HOUR, PERP, SPOT, START, Floor, rules_of


def marks(symbol: str = PERP) -> Marks:
    return Marks(rules_of(symbol), Decimal(150), START)


def test_a_quiet_market_pays_interest_alone() -> None:
    quiet = marks()
    for _ in range(100):
        quiet.sample(Decimal(150))
    assert quiet.rate == Decimal("0.0000125")
    assert quiet.mark == 150


def test_the_mark_leans_towards_the_book_bit_by_bit() -> None:
    leaning = marks()
    leaning.sample(Decimal(151))
    first = leaning.mark
    for _ in range(600):
        leaning.sample(Decimal(151))
    assert 150 < first < leaning.mark == 151


def test_after_a_minute_the_mark_has_come_two_thirds_of_the_way() -> None:
    """The venue: "mark = index + 1-minute EWMA of (mid - index)"."""
    leaning = marks()
    for _ in range(60):
        leaning.sample(Decimal(153))
    assert Decimal("151.88") < leaning.mark < Decimal("151.94")


def test_the_mark_stays_within_five_per_cent_of_the_index() -> None:
    """The venue: "the mark is bounded to a percentage of the index (their example: 5 %)"."""
    pulled = marks()
    for _ in range(600):
        pulled.sample(Decimal(300))
    assert pulled.mark == Decimal("157.50")
    for _ in range(1_200):
        pulled.sample(Decimal(1))
    assert pulled.mark == Decimal("142.50")


def test_while_a_market_is_post_only_its_index_is_its_mark() -> None:
    """The venue: "a market in PostOnly state uses the index as its mark until it is Open"."""
    floor = Floor()
    floor.bid(floor.alice, PERP, price=152, quantity=1)
    floor.ask(floor.bob, PERP, price=154, quantity=1)
    floor.wait(30)
    assert floor.venue.mark(PERP).mark > 150
    floor.venue.set_book_state(PERP, "PostOnly")
    floor.wait(1)
    assert floor.venue.mark(PERP).mark == 150
    floor.venue.set_book_state(PERP, "Open")
    floor.wait(1)
    assert floor.venue.mark(PERP).mark > 150


def test_funding_samples_the_premium_of_the_mark() -> None:
    """The venue: "premium = (mark - index) / index, sampled each second, mean over the interval"."""
    funded = marks()
    premiums = []
    for _ in range(50):
        funded.sample(Decimal(151))
        premiums.append((funded.mark - 150) / 150)
    mean = sum(premiums, Decimal(0)) / 50
    assert abs(funded.rate - (mean - Decimal("0.0005"))) < Decimal("0.000001")


def test_the_means_are_those_of_the_last_five_minutes() -> None:
    moved = marks()
    for _ in range(300):
        moved.sample(None)
    moved.set_index(Decimal(160))
    for _ in range(150):
        moved.sample(None)
    assert moved.mean_mark == 155
    for _ in range(150):
        moved.sample(None)
    assert moved.mean_mark == 160


def test_a_one_sided_book_adds_no_premium() -> None:
    one_sided = marks()
    one_sided.sample(None)
    assert (one_sided.mark, one_sided.rate) == (150, Decimal("0.0000125"))


def test_the_mark_follows_the_index_at_once() -> None:
    moved = marks()
    moved.set_index(Decimal("140.004"))
    assert (moved.index, moved.mark) == (Decimal("140.004"), Decimal("140.00"))


@given(st.lists(st.integers(100, 200), min_size=1, max_size=50))
def test_the_rate_keeps_within_the_markets_bounds(middles: list[int]) -> None:
    pushed = marks()
    for middle in middles:
        pushed.sample(Decimal(middle))
    assert Decimal("-0.01") <= pushed.rate <= Decimal("0.01")
    assert pushed.mark % Decimal("0.01") == 0


def test_a_book_far_above_the_index_reaches_the_upper_bound() -> None:
    high = marks()
    for _ in range(200):
        high.sample(Decimal(200))
    assert high.rate == Decimal("0.01")


def test_an_interval_ends_on_the_hour_and_the_next_begins() -> None:
    funded = marks()
    assert funded.next_funding == (START // HOUR + 1) * HOUR
    for _ in range(200):
        funded.sample(Decimal(200))
    ended = funded.end_interval()
    assert (ended.interval_end, ended.rate) == ((START // HOUR + 1) * HOUR, Decimal("0.01"))
    assert funded.next_funding == ended.interval_end + HOUR
    assert funded.rate == Decimal("0.0000125")
    assert [row.rate for row in funded.history()] == [Decimal("0.0000125"), Decimal("0.01")]


def test_spot_has_a_mark_and_nothing_else() -> None:
    spot = marks(SPOT)
    spot.sample(Decimal(200))
    shown = spot.shown()
    assert (shown.mark, shown.index, shown.funding_rate, shown.next_funding) == (150, None, None, None)
    assert spot.history() == []
