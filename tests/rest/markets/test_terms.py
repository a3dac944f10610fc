"""The venue's terms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ccxt.base.errors import AuthenticationError, BadRequest

from tests.support.callers import Caller
from tests.support.canned import CannedVenue

Canned = Callable[..., CannedVenue]

DELAY = "/wapi/v1/capital/withdrawals/delay"
SESSION = {"headers": {"Cookie": "session=1"}}


def test_every_currency_has_a_weight_as_collateral(bpx: Caller) -> None:
    weights = bpx.call("fetch_collateral_parameters")
    assert weights["USDC"]["weight"] == 1.0
    assert 0 < weights["SOL"]["weight"] < 1


def test_the_venues_wallets_are_told_by_blockchain(bpx: Caller) -> None:
    wallets = {row["blockchain"]: row["address"] for row in bpx.call("fetch_venue_wallets")}
    assert wallets["Solana"]


def test_what_is_not_documented_comes_as_it_is(canned: Canned) -> None:
    rows = [
        {"countryCode": "CH", "isPerpEnabled": True, "leverageLimit": "75"},
        {"countryCode": "US", "isPerpEnabled": False, "leverageLimit": None},
    ]
    tiers = {"futures": [{"tier": 1}], "spot": [{"tier": 1}]}
    venue = canned({"GET /wapi/v1/country/permissions": rows, "GET /wapi/v1/feeTiers": tiers})
    countries = venue.call("fetch_country_permissions")
    assert (countries["CH"]["swap"], countries["CH"]["leverage"]) == (True, 75.0)
    assert (countries["US"]["swap"], countries["US"]["leverage"]) == (False, None)
    assert venue.call("fetch_fee_tiers") == {"info": tiers, **tiers}


def test_countries_that_are_not_served_are_told(canned: Canned) -> None:
    rows = [{"countryCode": "IR", "blocked": True, "sanctioned": True}, {"countryCode": "CH", "blocked": 7}]
    countries = canned({"GET /wapi/v1/country": rows}).call("fetch_countries")
    assert (countries["IR"]["blocked"], countries["IR"]["sanctioned"]) == (True, True)
    assert (countries["CH"]["blocked"], countries["CH"]["sanctioned"]) == (None, None)


def test_the_delay_of_withdrawals_is_for_a_browsers_session(canned: Canned) -> None:
    venue = canned({})
    for call in (("fetch_withdrawal_delay",), ("create_withdrawal_delay", 24, "123456")):
        with pytest.raises(AuthenticationError, match="browser session"):
            venue.call(*call)
    assert venue.asked == []


def test_with_a_session_the_delay_is_read_set_and_changed(canned: Canned) -> None:
    delay = {
        "currentWithdrawalDelayHours": 24,
        "pendingWithdrawalDelayHours": 12,
        "pendingWithdrawalDelayHoursEnabledAt": "2026-01-02T00:00:00",
    }
    venue = canned({f"GET {DELAY}": delay, f"POST {DELAY}": None, f"PATCH {DELAY}": delay}, SESSION)
    found = venue.call("fetch_withdrawal_delay")
    assert (found["hours"], found["pendingHours"], found["pendingTimestamp"]) == (24, 12, 1767312000000)
    assert venue.call("create_withdrawal_delay", "24", "123456") is None
    assert venue.call("update_withdrawal_delay", 12, "123456") == found
    assert venue.asked[1].params == {"withdrawalDelayHours": 24, "twoFactorToken": "123456"}
    assert canned({f"GET {DELAY}": None}, SESSION).call("fetch_withdrawal_delay") is None


@pytest.mark.parametrize(("hours", "token"), [(0, "1"), (1.5, "1"), ("x", "1"), (24, ""), (24, 123456)])
def test_a_delay_that_is_none_is_refused_before_it_is_sent(canned: Canned, hours: Any, token: Any) -> None:
    venue = canned({}, SESSION)
    with pytest.raises(BadRequest):
        venue.call("create_withdrawal_delay", hours, token)
    assert venue.asked == []
