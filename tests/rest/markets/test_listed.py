"""What is listed, on each class, from cassettes and against the sandbox."""

from __future__ import annotations

from tests.support.callers import Caller
from tests.support.made_up import PERPETUAL, SPOT


def test_markets_and_currencies_are_loaded_together(bpx: Caller) -> None:
    markets = bpx.call("load_markets", True)
    assert markets[SPOT]["spot"]
    assert markets[PERPETUAL]["swap"]
    assert {"SOL", "USDC"} <= bpx.exchange.currencies.keys()
    assert bpx.exchange.symbols == sorted(markets)


def test_markets_of_one_type_can_be_asked_for(bpx: Caller) -> None:
    listed = bpx.call("fetch_markets", {"marketType": "PERP"})
    assert {market["type"] for market in listed} == {"swap"}
    both = bpx.call("fetch_markets", {"marketType": ["SPOT", "PERP"]})
    assert {market["type"] for market in both} == {"swap", "spot"}


def test_a_closed_market_is_listed_and_not_active(bpx: Caller) -> None:
    listed = {market["symbol"]: market["active"] for market in bpx.call("fetch_markets")}
    assert listed["HNT/USDC"] is False
    assert listed[SPOT] is True


def test_the_clock_is_measured_before_markets_if_the_user_wishes(bpx: Caller) -> None:
    bpx.exchange.options["adjustForTimeDifference"] = True
    bpx.exchange.options["timeDifference"] = 12345
    bpx.call("fetch_markets")
    assert bpx.exchange.options["timeDifference"] == 0


def test_currencies_have_networks_and_fees(bpx: Caller) -> None:
    currencies = bpx.call("fetch_currencies")
    assert currencies["SOL"]["networks"]["SOL"]["id"] == "Solana"
    assert currencies["SOL"]["fee"] > 0


def test_the_venue_works_and_tells_the_time(bpx: Caller) -> None:
    assert bpx.call("fetch_status")["status"] == "ok"
    assert bpx.call("fetch_time") == bpx.exchange.milliseconds()
