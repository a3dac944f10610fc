"""The seeded traders: the same history for the same seed, lively and orderly markets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bpx_connector.sandbox.clock import DrivenClock
from bpx_connector.sandbox.server import Sandbox

SYMBOLS = ["SOL_USDC", "kBONK_USDC_PERP", "BTC_USDC_PERP", "AMZN.US_USDC_PERP", "HNT_USDC"]


def history(seconds: float, *, parts: int = 1, **options: Any) -> list[str]:
    """Everything that a sandbox announces in its first seconds, as text."""
    clock = DrivenClock()
    sandbox = Sandbox(clock=clock, **{"seed": 7, "symbols": SYMBOLS, **options})
    events: list[str] = []
    sandbox.venue.listeners.append(lambda event: events.append(repr(event)))
    sandbox.open_trading()
    for _ in range(parts):
        clock.advance(seconds / parts)
    return events


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    """A sandbox after five minutes."""
    clock = DrivenClock()
    sandbox = Sandbox(clock=clock, symbols=SYMBOLS)
    sandbox.open_trading()
    clock.advance(300)
    return sandbox


def test_one_seed_and_a_driven_clock_give_the_same_history_every_time() -> None:
    assert history(20) == history(20)


def test_another_seed_is_another_history() -> None:
    assert history(5) != history(5, seed=8)


def test_it_does_not_matter_in_which_portions_time_is_advanced() -> None:
    assert history(6) == history(6, parts=4)


def test_a_market_lives_the_same_life_whichever_others_are_listed() -> None:
    def trades(symbols: list[str]) -> list[str]:
        lines = history(10, symbols=symbols)
        return [
            line.partition("buyer_order_id")[0]
            for line in lines
            if line.startswith("Traded") and "'SOL_USDC'" in line
        ]

    assert trades(["SOL_USDC"]) == trades(["BTC_USDC_PERP", "SOL_USDC"])


def test_speed_multiplies_what_happens_and_not_the_time() -> None:
    slow, fast = (sum(line.startswith("Traded") for line in history(60, speed=speed)) for speed in (1, 5))
    assert 3 * slow < fast


def test_at_speed_zero_the_opening_books_stand() -> None:
    clock = DrivenClock()
    sandbox = Sandbox(clock=clock, symbols=SYMBOLS, speed=0)
    sandbox.open_trading()
    before = sandbox.venue.depth("SOL_USDC")
    clock.advance(30)
    assert sandbox.venue.depth("SOL_USDC") == before


@pytest.mark.parametrize("symbol", ["SOL_USDC", "kBONK_USDC_PERP", "BTC_USDC_PERP", "AMZN.US_USDC_PERP"])
def test_books_stay_deep_uncrossed_and_on_the_grid(sandbox: Sandbox, symbol: str) -> None:
    book, rules = sandbox.venue.depth(symbol), sandbox.venue.rules[symbol]
    assert book.bids[0][0] < book.asks[0][0]
    for side in (book.bids, book.asks):
        assert len(side) >= 5
        assert all(rules.is_on_tick(price) and rules.is_on_step(size) and size > 0 for price, size in side)


def test_the_busiest_markets_keep_twenty_levels(sandbox: Sandbox) -> None:
    book = sandbox.venue.depth("BTC_USDC_PERP")
    assert min(len(book.bids), len(book.asks)) >= 20


@pytest.mark.parametrize("symbol", ["SOL_USDC", "kBONK_USDC_PERP", "BTC_USDC_PERP"])
def test_open_markets_trade_near_their_index(sandbox: Sandbox, symbol: str) -> None:
    trades = sandbox.venue.trades(symbol)
    assert trades[0].time > sandbox.clock.now() - 60_000_000
    index = sandbox.venue.markets[symbol].marks.index
    assert abs(trades[0].price / index - 1) < Decimal("0.005")


def test_spot_and_perpetual_of_one_asset_stay_together() -> None:
    clock = DrivenClock()
    sandbox = Sandbox(clock=clock, symbols=["SOL_USDC", "SOL_USDC_PERP"])
    sandbox.open_trading()
    clock.advance(300)
    spot, perp = (sandbox.venue.markets[symbol].marks.index for symbol in ("SOL_USDC", "SOL_USDC_PERP"))
    assert spot != Decimal("100.65")
    assert abs(spot / perp - 1) < Decimal("0.001")


def test_a_post_only_market_has_quotes_and_no_trades(sandbox: Sandbox) -> None:
    assert sandbox.venue.depth("AMZN.US_USDC_PERP").bids
    assert not sandbox.venue.trades("AMZN.US_USDC_PERP")


def test_a_closed_market_is_left_alone(sandbox: Sandbox) -> None:
    assert not sandbox.venue.depth("HNT_USDC").bids
    assert not sandbox.venue.trades("HNT_USDC")


def test_prices_lean_back_towards_where_they_started() -> None:
    clock = DrivenClock()
    sandbox = Sandbox(clock=clock, symbols=["SOL_USDC"], speed=1)
    sandbox.open_trading()
    clock.advance(1_800)
    assert abs(sandbox.venue.markets["SOL_USDC"].last_price / Decimal("100.65") - 1) < Decimal("0.1")


def test_marks_and_open_interest_move(sandbox: Sandbox) -> None:
    assert sandbox.venue.open_interest("BTC_USDC_PERP") > 0
    mark = sandbox.venue.mark("BTC_USDC_PERP")
    assert mark.index is not None
    assert mark.mark != Decimal("77346.3")
    assert abs(mark.mark / mark.index - 1) < Decimal("0.005")
