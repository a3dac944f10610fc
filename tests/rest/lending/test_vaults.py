"""Shares of vaults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ccxt.base.errors import BadRequest

from tests.support.canned import CannedVenue
from tests.support.canned_rows import vault

Canned = Callable[..., CannedVenue]

MINT, REDEEM, CALL_OFF = "POST /api/v1/vault/mint", "POST /api/v1/vault/redeem", "DELETE /api/v1/vault/redeem"
HISTORY = "GET /api/v1/vaults/history"


def test_vaults_say_what_they_take_and_how_long_they_keep_it(canned: Canned) -> None:
    [found] = canned({"GET /api/v1/vaults": [vault()]}).call("fetch_vaults")
    assert (found["id"], found["token"], found["currency"]) == (1, "BLT", "USDC")
    assert (found["redeemDelay"], found["limits"]["mint"]["min"], found["remaining"]) == (
        86400000,
        10.0,
        None,
    )


def test_the_worth_of_a_share_comes_oldest_first(canned: Canned) -> None:
    rows = [
        {"vaultId": 1, "timestamp": f"2026-01-0{day}T00:00:00+00:00", "nav": f"1.0{day}",
         "vaultEquity": None, "tokenCirculatingSupply": None}
        for day in (3, 1, 2)
    ]  # fmt: skip
    venue = canned({HISTORY: rows})
    assert [row["nav"] for row in venue.call("fetch_vault_history", 1)] == [1.01, 1.02, 1.03]
    assert venue.asked[0].params == {"vaultId": "1", "interval": "1month"}
    assert [row["nav"] for row in venue.call("fetch_vault_history", None, 1767312000000, 1)] == [1.02]
    with pytest.raises(BadRequest, match="interval has to be one of"):
        venue.call("fetch_vault_history", 1, None, None, {"interval": "1h"})


def test_shares_are_taken_given_back_and_kept(canned: Canned) -> None:
    venue = canned({MINT: None, REDEEM: None, CALL_OFF: None})
    venue.call("mint_vault_shares", 1, "USDC", "100.50", {"autoLendRedeem": True})
    venue.call("redeem_vault_shares", "1", 5)
    venue.call("redeem_vault_shares", 1)
    venue.call("cancel_vault_redeem", 1)
    assert [(asked.call, asked.params) for asked in venue.asked] == [
        (MINT, {"vaultId": 1, "symbol": "USDC", "quantity": "100.5", "autoLendRedeem": True}),
        (REDEEM, {"vaultId": 1, "vaultTokenQuantity": "5"}),
        (REDEEM, {"vaultId": 1}),
        (CALL_OFF, {"vaultId": 1}),
    ]


def test_the_vaults_own_key_sees_who_waits_and_what_it_is_worth(canned: Canned) -> None:
    waiting = {
        "status": "Requested",
        "id": "9",
        "vaultId": 1,
        "vaultTokenQuantity": "5",
        "timestamp": 1767225600000,
    }
    figures = ("nav", "twapNav", "mintNav", "redeemNav", "vaultEquity", "netEquity", "tokenCirculatingSupply")
    nav = {**dict.fromkeys(figures, "1.05"), "lastCrankTimestamp": 1767225600000}
    venue = canned({"GET /api/v1/vault/redeems/pending": [waiting], "GET /api/v1/vault/nav": nav})
    [redeem] = venue.call("fetch_pending_vault_redeems", 1)
    assert (redeem["status"], redeem["amount"], redeem["received"]) == ("requested", 5.0, None)
    worth = venue.call("fetch_vault_nav")
    assert (worth["mintNav"], worth["timestamp"]) == (1.05, 1767225600000)


@pytest.mark.parametrize("identity", [None, "x", 1.0, True, -1, 2**32])
def test_what_is_no_vault_is_refused_before_it_is_sent(canned: Canned, identity: Any) -> None:
    venue = canned({})
    for method, more in (
        ("mint_vault_shares", ("USDC", 1)),
        ("redeem_vault_shares", ()),
        ("cancel_vault_redeem", ()),
    ):
        with pytest.raises(BadRequest, match="vaultId has to be"):
            venue.call(method, identity, *more)
    assert venue.asked == []


@pytest.mark.parametrize("amount", [0, -1, "x", None, float("inf")])
def test_an_amount_that_is_none_is_refused_before_it_is_sent(canned: Canned, amount: Any) -> None:
    venue = canned({})
    with pytest.raises(BadRequest, match="amount has to be a number above zero"):
        venue.call("mint_vault_shares", 1, "USDC", amount)
    with pytest.raises(BadRequest, match="knows no currency"):
        venue.call("mint_vault_shares", 1, "XYZ", 1)
    assert venue.asked == []


MINTS, REDEEMS = "GET /wapi/v1/history/vault/mint", "GET /wapi/v1/history/vault/redeem"


def minted(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "vaultId": 1,
        "vaultToken": "BLT",
        "symbol": "USDC",
        "quantity": "100.5",
        "vaultTokensMinted": "100",
        "nav": "1.005",
        "timestamp": 1767225600000 + number,
        **changes,
    }


def test_what_was_minted_comes_oldest_first_page_by_page(canned: Canned) -> None:
    rows = [minted(number) for number in range(2_500, 0, -1)]

    def page(asked: Any) -> Any:
        offset = int(asked.get("offset", 0))
        return rows[offset : offset + int(asked["limit"])]

    venue = canned({MINTS: page})
    found = venue.call("fetch_vault_mints", 1, None, None, {"paginate": True})
    assert [row["id"] for row in found] == list(range(1, 2_501))
    assert (found[0]["token"], found[0]["currency"], found[0]["cost"], found[0]["amount"]) == (
        "BLT",
        "USDC",
        100.5,
        100.0,
    )
    assert venue.asked[0].params == {"vaultId": "1", "limit": "1000", "offset": "0"}
    assert [row["id"] for row in venue.call("fetch_vault_mints", None, 1767225602000, 3)] == [
        2000,
        2001,
        2002,
    ]


def test_what_was_redeemed_says_what_became_of_it(canned: Canned) -> None:
    row = {
        **{"status": "Redeemed", "id": "9", "vaultId": 1, "vaultTokenQuantity": "5", "vaultToken": "BLT"},
        **{"symbol": "USDC", "quantity": "5.1", "nav": "1.02", "reason": None, "timestamp": 1767225600000},
    }
    venue = canned({REDEEMS: [row, {**row, "id": "8", "status": "SomeFutureStatus"}]})
    new, done = venue.call("fetch_vault_redeems")
    assert (done["status"], done["received"], done["nav"]) == ("redeemed", 5.1, 1.02)
    assert new["status"] == "somefuturestatus"
    assert venue.asked[0].params == {"limit": "100", "offset": "0"}
    with pytest.raises(BadRequest, match="vaultId has to be"):
        venue.call("fetch_vault_redeems", "x")
