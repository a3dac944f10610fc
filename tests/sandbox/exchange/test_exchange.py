"""The exchange's face: accounts, queries, and what a market shows."""

# mypy: disable-error-code="comparison-overlap"
# Decimal(2) == 2 is true, which a type checker does not believe of tuples that hold them.

from __future__ import annotations

from decimal import Decimal

import pytest

from bpx_connector.sandbox.records.events import BalanceChanged, OrderChanged, PositionChanged
from bpx_connector.sandbox.records.refusals import Refusal
from bpx_connector.sandbox.records.rules import market_rules
from tests.support.venues import FREE, OTHER_PERP, PERP, SECOND, SPOT, START, Floor, market_row


@pytest.fixture
def floor() -> Floor:
    return Floor()


def test_a_new_key_is_given_funds_once(floor: Floor) -> None:
    account = floor.venue.open_account("new", floor.now)
    assert floor.venue.open_account("new", floor.now) is account
    assert floor.venue.account("new") is account
    assert floor.venue.account("unknown") is None
    assert floor.venue.balances(account) == {
        "USDC": (1_000_000, 0, 0),
        "BTC": (10, 0, 0),
        "SOL": (1_000, 0, 0),
        "USDT": (50_000, 0, 0),
    }
    assert len(floor.venue.deposits(account)) == 4


def test_a_house_account_is_watched_by_nobody_but_for_its_orders(floor: Floor) -> None:
    house = floor.venue.open_account("house", floor.now, funds={"USDC": Decimal(10**9)}, house=True)
    floor.events.clear()
    floor.ask(floor.alice, PERP, price=150, quantity=1)
    floor.bid(house, PERP, quantity=1)
    heard = [*floor.seen(PositionChanged), *floor.seen(BalanceChanged)]
    assert {event.account_id for event in heard} == {floor.alice.id}
    assert house.id in {event.account_id for event in floor.seen(OrderChanged)}


def test_a_new_account_trades_at_the_published_fees(floor: Floor) -> None:
    summary = floor.venue.summary(floor.alice)
    assert (summary.spot_maker_fee, summary.spot_taker_fee) == (8, 10)
    assert (summary.futures_maker_fee, summary.futures_taker_fee) == (2, 5)
    assert (summary.limit_orders, summary.trigger_orders, summary.auto_lend) == (0, 0, False)


def test_the_summary_counts_open_orders_by_kind(floor: Floor) -> None:
    floor.bid(floor.alice, SPOT, price=149, quantity=1)
    floor.bid(floor.alice, PERP, price=149, quantity=1)
    floor.ask(floor.alice, SPOT, order_type="Market", trigger_price=140, trigger_quantity="1")
    summary = floor.venue.summary(floor.alice)
    assert (summary.limit_orders, summary.trigger_orders) == (2, 1)


def test_settings_change_one_by_one(floor: Floor) -> None:
    floor.venue.update_account(floor.alice, auto_repay_borrows=True, now=floor.now)
    floor.venue.update_account(floor.alice, auto_borrow_settlements=True, now=floor.now)
    summary = floor.venue.summary(floor.alice)
    assert (summary.auto_repay_borrows, summary.auto_borrow_settlements, summary.auto_lend) == (
        True,
        True,
        False,
    )


@pytest.mark.parametrize("query", ["depth", "trades", "mark", "open_interest", "funding_history"])
def test_an_unknown_market_is_refused_everywhere(floor: Floor, query: str) -> None:
    with pytest.raises(Refusal, match="Invalid market symbol"):
        getattr(floor.venue, query)("NO_SUCH")


def test_trades_are_newest_first_and_name_both_orders(floor: Floor) -> None:
    maker = floor.bid(floor.alice, SPOT, price=150, quantity=2)
    taker = floor.ask(floor.bob, SPOT, quantity=1)
    floor.ask(floor.bob, SPOT, quantity=1)
    newest, oldest = floor.venue.trades(SPOT)
    assert newest.trade_id == oldest.trade_id + 1
    assert (oldest.buyer_order_id, oldest.seller_order_id) == (maker.id, taker.id)
    assert oldest.buyer_is_maker


def test_open_interest_is_what_all_longs_hold(floor: Floor) -> None:
    floor.ask(floor.alice, PERP, price=150, quantity=5)
    floor.bid(floor.bob, PERP, quantity=5)
    assert floor.venue.open_interest(PERP) == 5
    floor.ask(floor.bob, PERP, price=150, quantity=5)
    floor.bid(floor.carol, PERP, quantity=5)
    assert floor.venue.open_interest(PERP) == 5
    floor.ask(floor.carol, PERP, price=150, quantity=5)
    floor.bid(floor.alice, PERP, quantity=5)
    assert floor.venue.open_interest(PERP) == 0


def test_a_flipped_position_is_closed_and_another_opened(floor: Floor) -> None:
    floor.ask(floor.alice, PERP, price=150, quantity=5)
    floor.bid(floor.bob, PERP, quantity=5)
    floor.events.clear()
    floor.bid(floor.alice, PERP, price=150, quantity=8)
    floor.ask(floor.bob, PERP, quantity=8)
    told = [event for event in floor.seen(PositionChanged) if event.account_id == floor.bob.id]
    assert [event.kind for event in told] == ["positionClosed", "positionOpened"]
    assert told[0].position.id != told[1].position.id
    assert told[1].position.quantity == -3
    held, closed = floor.venue.position_history(floor.bob)
    assert (held.quantity, closed.closing_price, closed.closed_quantity) == (-3, 150, 5)


def test_perpetual_fees_are_usdc_to_six_decimals(floor: Floor) -> None:
    """A captured fill of 0.0026 at 3826.15 cost a taker 0.004974 USDC; here the same with other figures."""
    floor.ask(floor.alice, OTHER_PERP, price="90000.1", quantity="0.00007")
    floor.bid(floor.bob, OTHER_PERP, quantity="0.00007")
    fill = floor.venue.fills(floor.bob)[0]
    assert (fill.fee, fill.fee_symbol) == (Decimal("0.003150"), "USDC")
    assert floor.venue.fills(floor.alice)[0].fee == Decimal("0.001260")


def test_candles_and_ticker_tell_of_trades(floor: Floor) -> None:
    floor.bid(floor.alice, SPOT, price=150, quantity=2)
    floor.ask(floor.bob, SPOT, quantity=2)
    (candle,) = floor.venue.candles(SPOT, "1m", START - 60 * SECOND, START + 60 * SECOND)
    assert (candle.open, candle.volume, candle.quote_volume, candle.trades) == (150, 2, 300, 1)
    for interval in ("1d", "1w"):
        ticker = floor.venue.ticker(SPOT, floor.now, interval)
        assert ticker is not None
        assert (ticker.last_price, ticker.volume, ticker.trades) == (150, 2, 1)
    assert floor.venue.ticker(PERP, floor.now) is None


def test_marks_have_candles_of_their_own(floor: Floor) -> None:
    floor.wait(3)
    for price_type in ("Mark", "Index"):
        (candle,) = floor.venue.candles(PERP, "1h", START - 3_600 * SECOND, floor.now, price_type)
        assert (candle.close, candle.volume) == (150, 0)


def test_a_closed_book_takes_no_orders_and_lets_them_be_cancelled(floor: Floor) -> None:
    order = floor.bid(floor.alice, SPOT, price=149, quantity=1)
    floor.venue.set_book_state(SPOT, "Closed")
    with pytest.raises(Refusal, match="Trading is paused"):
        floor.bid(floor.alice, SPOT, price=149, quantity=1)
    floor.venue.cancel(floor.alice, SPOT, order_id=order.id, now=floor.now)
    assert order.status == "Cancelled"


def test_open_orders_come_oldest_first_and_by_market(floor: Floor) -> None:
    first = floor.bid(floor.alice, PERP, price=149, quantity=1)
    second = floor.bid(floor.alice, FREE, price=1, quantity=1)
    assert floor.venue.open_orders(floor.alice) == [first, second]
    assert floor.venue.open_orders(floor.alice, FREE) == [second]


def test_rules_read_every_figure_of_a_row() -> None:
    rules = market_rules(market_row(PERP, tick="0.01", step="0.1", minimum="0.2", maxQuantity=None))
    assert (rules.tick, rules.step, rules.min_quantity) == (
        Decimal("0.01"),
        Decimal("0.1"),
        Decimal("0.2"),
    )
    assert (rules.funding_rate_upper, rules.funding_rate_lower) == (Decimal("0.01"), Decimal("-0.01"))
    assert (rules.mean_mark_min_multiplier, rules.mean_mark_max_multiplier) == (
        Decimal("0.925"),
        Decimal("1.075"),
    )
    assert rules.floor_to_step(Decimal("1.19")) == Decimal("1.1")
    assert rules.imf is not None
    assert rules.is_perp


def test_rules_forgive_absent_and_null_keys() -> None:
    row = market_row(SPOT, tick="0.01", step="0.01", minimum="0.01")
    del row["fundingInterval"], row["imfFunction"], row["orderBookState"], row["openInterestLimit"]
    row["filters"]["price"] = {"tickSize": "0.01", "minPrice": "0.01", "maxPrice": None}
    rules = market_rules(row)
    assert (rules.max_price, rules.min_multiplier, rules.funding_interval_ms) == (None, None, None)
    assert rules.state == "Open"
