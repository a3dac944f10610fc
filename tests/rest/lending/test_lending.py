"""Borrowing, repaying, lending and taking back; rates, interest and histories."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from ccxt.base.errors import BadRequest

from tests.support.canned import CannedVenue
from tests.support.canned_rows import (
    borrow_movement,
    interest_payment,
    lending_market,
    lending_position,
    lending_rate,
    past_lending_position,
)

Canned = Callable[..., CannedVenue]

YEAR = 365 * 24 * 3_600_000
SECOND = 1767225600000
MARKETS = "GET /api/v1/borrowLend/markets"
RATES = "GET /api/v1/borrowLend/markets/history"
POSITIONS = "GET /api/v1/borrowLend/positions"
EXECUTE = "POST /api/v1/borrowLend"
INTEREST = "GET /wapi/v1/history/interest"


# --- rates -------------------------------------------------------------------------------------------------


def test_a_borrow_rate_is_the_part_of_a_year(canned: Canned) -> None:
    venue = canned({MARKETS: [lending_market("USDC", "0.0875"), lending_market("SOL", "0.12")]})
    rates = venue.call("fetch_cross_borrow_rates")
    assert {code: (rate["rate"], rate["period"]) for code, rate in rates.items()} == {
        "USDC": (0.0875, YEAR),
        "SOL": (0.12, YEAR),
    }
    assert rates["SOL"]["timestamp"] == SECOND
    assert venue.call("fetch_cross_borrow_rate", "SOL") == rates["SOL"]


def test_a_currency_that_cannot_be_borrowed_has_no_rate(canned: Canned) -> None:
    venue = canned({MARKETS: [lending_market("USDC", "0.0875")]})
    with pytest.raises(BadRequest, match="SOL cannot be borrowed"):
        venue.call("fetch_cross_borrow_rate", "SOL")
    with pytest.raises(BadRequest, match="knows no currency 'XYZ'"):
        venue.call("fetch_cross_borrow_rate", "XYZ")


def test_past_rates_come_oldest_first_from_since_up_to_limit(canned: Canned) -> None:
    rows = [lending_rate(f"2026-01-01T0{hour}:00:00Z", f"0.0{hour}") for hour in (3, 1, 2)]
    venue = canned({RATES: rows})
    history = venue.call("fetch_borrow_rate_history", "USDC", SECOND + 3_600_000, 2)
    assert [rate["rate"] for rate in history] == [0.01, 0.02]
    assert {rate["currency"] for rate in history} == {"USDC"}
    assert [rate["rate"] for rate in venue.call("fetch_borrow_rate_history", "USDC", None, 1)] == [0.03]
    many = venue.call("fetch_borrow_rate_histories", ["USDC", "SOL"])
    assert {code: len(rates) for code, rates in many.items()} == {"USDC": 3, "SOL": 3}


@pytest.mark.parametrize(
    ("days", "interval"), [(0.5, "1d"), (5, "1w"), (20, "1month"), (200, "1year"), (900, "1year")]
)
def test_the_shortest_history_that_reaches_back_is_asked_for(
    canned: Canned, days: float, interval: str
) -> None:
    venue = canned({RATES: []})
    venue.call("fetch_borrow_rate_history", "USDC", int(SECOND - days * 86_400_000))
    assert venue.asked[0].params == {"symbol": "USDC", "interval": interval}
    venue.call("fetch_borrow_rate_history", "USDC", None, None, {"interval": "1w"})
    assert venue.asked[1].params["interval"] == "1w"
    with pytest.raises(BadRequest, match="interval has to be one of 1d, 1w, 1month, 1year"):
        venue.call("fetch_borrow_rate_history", "USDC", None, None, {"interval": "1h"})


def test_the_markets_of_lending_have_rates_pools_and_steps(canned: Canned) -> None:
    market = canned({MARKETS: [lending_market("SOL", "0.12")]}).call("fetch_lending_markets")["SOL"]
    assert (market["borrowRate"], market["lendRate"], market["active"]) == (0.12, 0.07, True)
    assert (market["lent"], market["borrowed"], market["precision"]["amount"]) == (1000.0, 600.0, 0.01)


def test_rates_of_a_tier_come_by_currency(canned: Canned) -> None:
    answer = {"borrowLend": [{"symbol": "SOL", "borrowRate": "0.1", "lendRate": "0.05"}], "staking": []}
    venue = canned({"GET /api/v1/borrowLend/apy": answer})
    rates = venue.call("fetch_lending_rates", {"tierId": 3})
    assert (rates["SOL"]["borrowRate"], rates["SOL"]["lendRate"]) == (0.1, 0.05)
    assert venue.asked[0].params == {"tierId": "3"}


# --- interest and positions --------------------------------------------------------------------------------


def test_interest_on_borrowed_money_is_what_was_paid(canned: Canned) -> None:
    rows = [
        interest_payment("2026-01-01T02:00:00", "-0.002", "Borrow"),
        interest_payment("2026-01-01T01:30:00", "0.5", "Lend"),
        interest_payment("2026-01-01T01:00:00", "0.001", "EntryFee"),
    ]
    venue = canned({INTEREST: rows})
    fee, interest = venue.call("fetch_borrow_interest", "USDC")
    assert (fee["interest"], interest["interest"]) == (0.001, 0.002)
    assert (interest["currency"], interest["interestRate"], interest["marginMode"]) == (
        "USDC",
        0.0875,
        "cross",
    )
    assert venue.asked[0].params["asset"] == "USDC"
    [earned] = venue.call("fetch_lending_interest")
    assert earned["interest"] == 0.5
    assert [row["interest"] for row in venue.call("fetch_borrow_interest", None, None, SECOND, 1)] == [0.001]


def test_what_is_lent_and_what_is_owed_have_sides(canned: Canned) -> None:
    venue = canned({POSITIONS: [lending_position("USDC", "-500.25"), lending_position("SOL", "3")]})
    owed, lent = venue.call("fetch_lending_positions")
    assert (owed["currency"], owed["side"], owed["amount"]) == ("USDC", "borrow", 500.25)
    assert (lent["currency"], lent["side"], lent["amount"]) == ("SOL", "lend", 3.0)
    assert lent["liquidationPrice"] is None
    assert venue.call("fetch_lending_positions", ["SOL"]) == [lent]


def test_movements_and_past_positions_are_told_oldest_first(canned: Canned) -> None:
    venue = canned(
        {
            "GET /wapi/v1/history/borrowLend": [
                borrow_movement("2026-01-01T00:00:02", "5", "LendRedeem", "SOL"),
                borrow_movement("2026-01-01T00:00:01", "9", "Lend", "SOL"),
            ],
            "GET /wapi/v1/history/borrowLend/positions": [
                past_lending_position("2026-01-01T00:00:01", "SOL")
            ],
        }
    )
    moved = venue.call("fetch_lending_history", "SOL")
    assert [(row["type"], row["amount"], row["currency"]) for row in moved] == [
        ("lend", 9.0, "SOL"),
        ("lendRedeem", 5.0, "SOL"),
    ]
    [position] = venue.call("fetch_lending_positions_history", "SOL", None, None, {"state": "Closed"})
    assert (position["side"], position["rate"], position["interest"]) == ("borrow", 0.09, 0.03)
    assert venue.asked[-1].params["state"] == "Closed"


# --- acting ------------------------------------------------------------------------------------------------


def sent(venue: CannedVenue) -> list[Any]:
    return [asked.params for asked in venue.asked if asked.call == EXECUTE]


@pytest.mark.parametrize(
    ("method", "held", "amount", "side", "quantity"),
    [
        ("borrow_cross_margin", "-5", "0.1", "Borrow", "0.1"),
        ("borrow_cross_margin", None, 1e-7, "Borrow", "0.0000001"),
        ("repay_cross_margin", "-5", 5, "Lend", "5"),
        ("repay_cross_margin", "-5.000001", None, "Lend", "5.000001"),
        ("lend", "3", Decimal("2.50"), "Lend", "2.5"),
        ("redeem_lent", "3", "3", "Borrow", "3"),
        ("redeem_lent", "3.25", None, "Borrow", "3.25"),
    ],
)
def test_money_is_borrowed_repaid_lent_and_taken_back(
    canned: Canned, method: str, held: str | None, amount: Any, side: str, quantity: str
) -> None:
    positions = [] if held is None else [lending_position("SOL", held), lending_position("USDC", "7")]
    venue = canned({POSITIONS: positions, EXECUTE: None}, {"number": Decimal})
    done = venue.call(method, "SOL", amount)
    assert sent(venue) == [{"symbol": "SOL", "side": side, "quantity": quantity}]
    assert (done["currency"], done["amount"], done["id"]) == ("SOL", Decimal(quantity), None)


@pytest.mark.parametrize(
    ("method", "held", "amount", "said"),
    [
        ("borrow_cross_margin", "3", 1, "3 SOL is lent and would be taken back instead"),
        ("lend", "-3", 1, "3 SOL is owed and would be repaid instead"),
        ("repay_cross_margin", "-3", 4, "3 SOL is owed, and of 4 the rest would be lent"),
        ("repay_cross_margin", "3", 1, "no SOL is owed"),
        ("repay_cross_margin", None, None, "no SOL is owed"),
        ("redeem_lent", "3", 4, "3 SOL is lent, and of 4 the rest would be borrowed"),
        ("redeem_lent", "-3", 1, "no SOL is lent"),
        ("lend", None, None, "amount has to be a number above zero"),
        ("borrow_cross_margin", None, 0, "amount has to be a number above zero"),
        ("repay_cross_margin", "-3", True, "amount has to be a number above zero"),
    ],
)
def test_nobody_comes_out_on_the_other_side(
    canned: Canned, method: str, held: str | None, amount: Any, said: str
) -> None:
    venue = canned({POSITIONS: [] if held is None else [lending_position("SOL", held)], EXECUTE: None})
    with pytest.raises(BadRequest, match=said):
        venue.call(method, "SOL", amount)
    assert sent(venue) == []


def test_the_liquidation_price_of_a_planned_loan_is_asked_in_base64(canned: Canned) -> None:
    prices = {"liquidationPrice": "0", "markPrice": "100.5"}
    venue = canned({"GET /api/v1/borrowLend/position/liquidationPrice": prices})
    found = venue.call("fetch_borrow_liquidation_price", "SOL", "1.50")
    assert (found["liquidationPrice"], found["markPrice"]) == (None, 100.5)
    planned = json.loads(base64.b64decode(venue.asked[0].params["borrow"]))
    assert planned == {"quantity": "1.5", "side": "Borrow", "symbol": "SOL"}
    with pytest.raises(BadRequest, match="side has to be one of borrow, lend"):
        venue.call("fetch_borrow_liquidation_price", "SOL", 1, "buy")
