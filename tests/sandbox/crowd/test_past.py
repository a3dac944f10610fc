"""The invented past: pure, continuous, and the same at every resolution."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from bpx_connector.sandbox.crowd.listings import listings
from bpx_connector.sandbox.crowd.past import MINUTES_BACK, Past

BEGINNING = 29_453_760
SOL, PERP, BONK, CLOSED = listings(["SOL_USDC", "SOL_USDC_PERP", "BONK_USDC", "HNT_USDC"])


def test_the_past_ends_at_the_price_that_trading_starts_with() -> None:
    past = Past(7, SOL, BEGINNING)
    assert past.candles("1m", BEGINNING - 1, BEGINNING)[-1].close == SOL.start
    assert past.price(BEGINNING) == SOL.start


@given(st.integers(-MINUTES_BACK, -2))
def test_every_minute_opens_where_the_one_before_closed(back: int) -> None:
    first, second = Past(7, SOL, BEGINNING).minutes(BEGINNING + back, BEGINNING + back + 2)
    assert first.close == second.open
    assert first.start + 1 == second.start


@given(st.integers(0, 99), st.integers(-MINUTES_BACK, -1))
@settings(max_examples=30)
def test_a_minute_is_the_same_whichever_range_it_is_part_of(seed: int, back: int) -> None:
    minute = BEGINNING + back
    [alone] = Past(seed, BONK, BEGINNING).minutes(minute, minute + 1)
    among = [
        row for row in Past(seed, BONK, BEGINNING).minutes(minute - 70, minute + 70) if row.start == minute
    ]
    assert among == [alone]


@given(st.integers(-MINUTES_BACK, -1))
def test_prices_of_a_minute_enclose_one_another(back: int) -> None:
    [row] = Past(3, BONK, BEGINNING).minutes(BEGINNING + back, BEGINNING + back + 1)
    assert row.low <= min(row.open, row.close) <= max(row.open, row.close) <= row.high
    assert row.low > 0
    assert row.steps > 0
    assert row.trades > 0


def test_spot_and_perpetual_of_one_asset_went_the_same_way() -> None:
    minute = BEGINNING - 40_000
    spot, perp = Past(7, SOL, BEGINNING).price(minute), Past(7, PERP, BEGINNING).price(minute)
    assert spot != SOL.start
    assert abs(spot / SOL.start - perp / PERP.start) < Decimal("0.001")


def test_another_seed_is_another_history() -> None:
    minute = BEGINNING - 1_000
    assert Past(1, SOL, BEGINNING).price(minute) != Past(2, SOL, BEGINNING).price(minute)


def test_the_past_reaches_ninety_days_back_and_no_further() -> None:
    past = Past(7, SOL, BEGINNING)
    earliest = BEGINNING - 90 * 24 * 60
    assert [row.start for row in past.minutes(earliest - 5, earliest + 2)] == [earliest, earliest + 1]
    assert list(past.minutes(BEGINNING, BEGINNING + 5)) == []


def test_a_market_that_never_trades_has_no_past() -> None:
    assert list(Past(7, CLOSED, BEGINNING).minutes(BEGINNING - 10, BEGINNING)) == []


def test_a_candle_over_minutes_has_their_extremes_and_their_sums() -> None:
    past = Past(7, SOL, BEGINNING)
    first = BEGINNING // 5 * 5 - 5
    alone = past.candles("1m", first, first + 5)
    [whole] = past.candles("5m", first, first + 5)
    assert (whole.open, whole.close) == (alone[0].open, alone[-1].close)
    assert (whole.high, whole.low) == (max(row.high for row in alone), min(row.low for row in alone))
    assert whole.volume == sum(row.volume for row in alone)
    assert whole.quote_volume == sum(row.quote_volume for row in alone)
    assert whole.volume % SOL.rules.step == 0


def test_a_suffix_is_what_all_its_minutes_come_to() -> None:
    past = Past(7, SOL, BEGINNING)
    suffixes = past.suffixes(1)
    assert len(suffixes) == 24 * 60
    last = past.whole(suffixes[-90])
    minutes = past.candles("1m", BEGINNING - 90, BEGINNING)
    assert (last.open, last.close) == (minutes[0].open, minutes[-1].close)
    assert (last.volume, last.trades) == (sum(m.volume for m in minutes), sum(m.trades for m in minutes))


@given(st.integers(400_000, 500_000))
def test_funding_rates_stay_near_the_quiet_markets_rate(hour: int) -> None:
    rate = Past(7, SOL, BEGINNING).funding_rate(hour)
    assert Decimal("0.000009") <= rate <= Decimal("0.000016")
