"""Transfers one by one, all addresses of a currency, fees in ccxt's older form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ccxt.base.errors import BadRequest, NullResponse

from tests.support.callers import Caller
from tests.support.canned import CannedVenue
from tests.support.canned_rows import deposit

Canned = Callable[..., CannedVenue]

ADDRESS = "2Yf5xqe2Tz8d9jSVpTzGkZrV3PCpP4Ah5bJdY1uUhFvS"


def test_a_withdrawal_is_found_by_its_id(bpx: Caller) -> None:
    asked = bpx.call("withdraw", "SOL", 1, ADDRESS, {"network": "SOL"})
    found = bpx.call("fetch_withdrawal", asked["id"])
    assert (found["id"], found["amount"], found["type"]) == (asked["id"], 1.0, "withdrawal")
    with pytest.raises(NullResponse, match="knows no 77"):
        bpx.call("fetch_withdrawal", "77")


def test_a_deposit_is_found_by_its_id_however_old_it_is(canned: Canned) -> None:
    rows = [deposit("2026-01-01T00:00:01", "1", id=number) for number in range(2500, 0, -1)]

    def page(asked: dict[str, Any]) -> list[Any]:
        offset = int(asked["offset"])
        return rows[offset : offset + int(asked["limit"])]

    venue = canned({"GET /wapi/v1/capital/deposits": page})
    assert venue.call("fetch_deposit", "3")["id"] == "3"
    assert len(venue.asked) == 3
    with pytest.raises(NullResponse, match="knows no 9999"):
        venue.call("fetch_deposit", "9999")


@pytest.mark.parametrize("method", ["fetch_deposit", "fetch_withdrawal"])
@pytest.mark.parametrize("identity", ["x", "", None, True, -1, 1.5])
def test_what_is_no_id_is_refused_before_anything_is_asked(
    canned: Canned, method: str, identity: Any
) -> None:
    venue = canned({})
    with pytest.raises(BadRequest, match="id has to be the venue's whole number"):
        venue.call(method, identity)
    assert venue.asked == []


def test_a_currency_has_an_address_on_each_network_that_takes_deposits(bpx: Caller) -> None:
    addresses = bpx.call("fetch_deposit_addresses_by_network", "USDC")
    networks = bpx.exchange.currencies["USDC"]["networks"]
    assert set(addresses) == {name for name, network in networks.items() if network["deposit"]}
    assert all(addresses[name]["network"] == name for name in addresses)
    with pytest.raises(BadRequest, match="knows no currency 'XYZ'"):
        bpx.call("fetch_deposit_addresses_by_network", "XYZ")


def test_fees_have_ccxts_older_form(bpx: Caller) -> None:
    fees = bpx.call("fetch_transaction_fees", ["SOL", "USDC"])
    newer = bpx.call("fetch_deposit_withdraw_fees", ["SOL", "USDC"])
    assert set(fees) == {"SOL", "USDC"}
    assert fees["SOL"]["withdraw"] == {"SOL": newer["SOL"]["networks"]["SOL"]["withdraw"]["fee"]}
    assert fees["SOL"]["deposit"] == {"SOL": None}
    assert bpx.call("fetch_transaction_fee", "SOL") == fees["SOL"]
