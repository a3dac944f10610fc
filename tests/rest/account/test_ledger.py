"""The ledger: every movement of money once, in order of time, adding up to what is there."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from ccxt.base.errors import BadRequest, NullResponse

from bpx_connector.parse.account.ledger import SOURCES
from tests.support.canned import CannedVenue
from tests.support.canned_rows import (
    borrow_movement,
    deposit,
    dust_conversion,
    fill,
    interest_payment,
    quote_fill,
    rfq_fill,
    settlement,
    withdrawal,
)

Canned = Callable[..., CannedVenue]

HISTORIES = {
    "GET /wapi/v1/history/settlement": [
        settlement("2026-01-01T00:00:09.500", "2.25", "FundingPayment", engineSequence=77),
        settlement("2026-01-01T00:00:09.250", "-0.125", "TradingFees"),
        settlement("2026-01-01T00:00:09", "10", "RealizePnl"),
    ],
    "GET /wapi/v1/history/interest": [
        interest_payment("2026-01-01T00:00:08", "0.5", "Lend"),
        interest_payment("2026-01-01T00:00:07.900", "0.25", "UnrealizedNegativePnl"),
    ],
    "GET /wapi/v1/history/borrowLend": [
        borrow_movement("2026-01-01T00:00:07.500", "0.5", "Lend", source="Interest"),
        borrow_movement("2026-01-01T00:00:07", "100", "Lend"),
    ],
    "GET /wapi/v1/history/dust": [dust_conversion("2026-01-01T00:00:06", "0.000005", "0.0005")],
    "GET /wapi/v1/history/fills": [fill("2026-01-01T00:00:05", "Bid", "100.1", "0.30000000000000004")],
    "GET /wapi/v1/history/rfq/fill": [rfq_fill("2026-01-01T00:00:04", "Ask", "101", "0.1")],
    "GET /wapi/v1/history/quote/fill": [quote_fill("2026-01-01T00:00:03", "Ask", "99", "0.2")],
    "GET /wapi/v1/capital/deposits": [
        deposit("2026-01-01T00:00:02.500", "7", status="pending", id=5000003),
        deposit("2026-01-01T00:00:01", "1000"),
    ],
    "GET /wapi/v1/capital/withdrawals": [
        withdrawal("2026-01-01T00:00:02", "50"),
    ],
}


def test_everything_that_moved_money_is_there_oldest_first(canned: Canned) -> None:
    entries = canned(HISTORIES).call("fetch_ledger")
    assert [entry["timestamp"] for entry in entries] == sorted(entry["timestamp"] for entry in entries)
    told = [(entry["id"].partition(":")[0], entry["type"], entry["direction"]) for entry in entries]
    assert told == [
        ("deposit", "transaction", "in"),
        ("withdrawal", "transaction", "out"),
        ("quote", "trade", "in"),
        ("quote", "trade", "out"),
        ("rfq", "trade", "out"),
        ("rfq", "trade", "in"),
        ("fill", "trade", "in"),
        ("fill", "trade", "out"),
        ("fill", "fee", "out"),
        ("dust", "trade", "out"),
        ("dust", "trade", "in"),
        ("lending", "margin", "out"),
        ("lending", "margin", "in"),
        ("interest", "margin", "out"),
        ("interest", "margin", "in"),
        ("settlement", "trade", "in"),
        ("settlement", "fee", "out"),
        ("settlement", "fee", "in"),
    ]
    assert len({entry["id"] for entry in entries}) == len(entries)


def test_a_whole_ledger_knows_what_was_there_before_and_after_to_the_last_digit(canned: Canned) -> None:
    entries = canned(HISTORIES, {"number": Decimal}).call(
        "fetch_ledger", None, None, None, {"paginate": True}
    )
    after = {(entry["account"], entry["currency"]): entry["after"] for entry in entries}
    bought = Decimal("0.30000000000000004")
    usdc = 1000 - 50 - Decimal("19.8") + Decimal("10.1") - Decimal("100.1") * bought
    assert after["spot", "USDC"] == usdc + Decimal("0.0005") - 100 - Decimal("0.25") + Decimal("12.125")
    assert after["lending", "USDC"] == Decimal("100.5")
    assert after["spot", "SOL"] == Decimal("0.1") + bought - Decimal("0.001") - Decimal("0.000005")
    for entry in entries:
        sign = -1 if entry["direction"] == "out" else 1
        assert entry["before"] + sign * entry["amount"] == entry["after"]


def test_of_a_part_of_the_ledger_nobody_knows_what_was_there_before(canned: Canned) -> None:
    entries = canned(HISTORIES).call("fetch_ledger", "USDC", None, 3)
    assert [(entry["before"], entry["after"]) for entry in entries] == [(None, None)] * 3
    assert [entry["amount"] for entry in entries] == [10.0, 0.125, 2.25]


def test_one_currency_is_all_of_it_and_nothing_else(canned: Canned) -> None:
    entries = canned(HISTORIES).call("fetch_ledger", "SOL")
    assert [(entry["id"].partition(":")[0], entry["direction"]) for entry in entries] == [
        ("quote", "in"),
        ("rfq", "out"),
        ("fill", "in"),
        ("fill", "out"),
        ("dust", "out"),
    ]


def test_since_and_until_cut_the_ledger(canned: Canned) -> None:
    second = 1767225600000
    entries = canned(HISTORIES).call("fetch_ledger", None, second + 4000, 2, {"until": second + 5000})
    assert [entry["id"].partition(":")[0] for entry in entries] == ["rfq", "rfq"]


def test_only_the_histories_named_are_read(canned: Canned) -> None:
    venue = canned(HISTORIES)
    venue.call("fetch_ledger", None, None, None, {"sources": ["deposit", "settlement"]})
    assert [asked.call for asked in venue.asked] == [
        "GET /wapi/v1/capital/deposits",
        "GET /wapi/v1/history/settlement",
    ]


def test_only_spot_fills_are_asked_for_since_contracts_settle(canned: Canned) -> None:
    venue = canned(HISTORIES)
    venue.call("fetch_ledger")
    [fills] = [asked for asked in venue.asked if asked.call.endswith("fills")]
    assert fills.params["marketType"] == "SPOT"


def test_an_entry_is_found_again_by_its_id(canned: Canned) -> None:
    venue = canned(HISTORIES)
    for entry in venue.call("fetch_ledger"):
        assert venue.call("fetch_ledger_entry", entry["id"]) == entry


def test_what_is_no_id_of_an_entry_is_refused_and_an_unknown_one_is_not_found(canned: Canned) -> None:
    venue = canned(HISTORIES)
    for wrong in ("7", "", "deposit", "deposit:", "elsewhere:7"):
        with pytest.raises(BadRequest, match="id has to be one that fetchLedger gave"):
            venue.call("fetch_ledger_entry", wrong)
    assert venue.asked == []
    with pytest.raises(NullResponse, match="has no entry"):
        venue.call("fetch_ledger_entry", "deposit:8")


@pytest.mark.parametrize("sources", ["deposit", [], ["deposits"], 5])
def test_unknown_histories_are_refused_before_anything_is_asked(canned: Canned, sources: Any) -> None:
    venue = canned(HISTORIES)
    with pytest.raises(BadRequest, match="source"):
        venue.call("fetch_ledger", None, None, None, {"sources": sources})
    assert venue.asked == []


def test_an_unknown_currency_is_refused_before_anything_is_asked(canned: Canned) -> None:
    venue = canned(HISTORIES)
    with pytest.raises(BadRequest, match="knows no currency 'XYZ'"):
        venue.call("fetch_ledger", "XYZ")
    assert venue.asked == []


def test_every_history_has_a_canned_answer_here() -> None:
    assert len(HISTORIES) == len(SOURCES)
