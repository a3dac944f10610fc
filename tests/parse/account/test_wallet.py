"""Captured deposits, withdrawals and addresses: every field of what a caller gets."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from ccxt.test.exchange.base.test_deposit_withdrawal import test_deposit_withdrawal as check_transaction

from bpx_connector.venue.words import DEPOSIT_SOURCE, TRANSACTION_STATUS
from tests.support.openapi import document

Offline = Callable[..., Any]
Sample = Callable[[str], Any]
NOW = 1_790_000_000_000
SCHEMAS = document()["components"]["schemas"]


def test_a_deposit_has_every_field(offline: Offline, sample: Sample) -> None:
    (payload,) = sample("get_wapi_v1_capital_deposits")
    assert offline().parse_transaction(payload) == {
        "info": payload,
        "id": "6695353",
        "txid": "0xcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
        "timestamp": 1753278954267,
        "datetime": "2025-07-23T13:55:54.267Z",
        "network": "ERC20",
        "address": "0x1111111111111111111111111111111111111111",
        "addressTo": "0x1111111111111111111111111111111111111111",
        "addressFrom": "0x3333333333333333333333333333333333333333",
        "tag": None,
        "tagTo": None,
        "tagFrom": None,
        "type": "deposit",
        "amount": 120.0,
        "currency": "USDC",
        "status": "ok",
        "updated": None,
        "fee": {"currency": None, "cost": None},
        "comment": None,
        "internal": False,
    }


def withdrawal(payload: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "info": payload,
        "id": "5479929",
        "txid": None,
        "timestamp": 1755113233817,
        "datetime": "2025-08-13T19:27:13.817Z",
        "network": "ERC20",
        "address": "0x2222222222222222222222222222222222222222",
        "addressTo": "0x2222222222222222222222222222222222222222",
        "addressFrom": None,
        "tag": None,
        "tagTo": None,
        "tagFrom": None,
        "type": "withdrawal",
        "amount": 10.0,
        "currency": "USDC",
        "status": "pending",
        "updated": None,
        "fee": {"currency": "USDC", "cost": 3.0},
        "comment": None,
        "internal": False,
        **changes,
    }


def test_a_withdrawal_has_every_field(offline: Offline, sample: Sample) -> None:
    (payload,) = sample("get_wapi_v1_capital_withdrawals")
    hash_of_it = "0xabababababababababababababababababababababababababababababababab"
    assert offline().parse_transaction(payload) == withdrawal(payload, status="ok", txid=hash_of_it)


def test_a_requested_withdrawal_has_every_field(offline: Offline, sample: Sample) -> None:
    payload = sample("post_wapi_v1_capital_withdrawals")
    assert offline().parse_transaction(payload) == withdrawal(payload)


@pytest.mark.parametrize("name", ["get_wapi_v1_capital_deposits", "get_wapi_v1_capital_withdrawals"])
def test_a_transaction_passes_ccxts_own_test(offline: Offline, sample: Sample, name: str) -> None:
    exchange = offline()
    exchange.currencies["USDC"] = {"code": "USDC"}
    parsed = exchange.parse_transaction(sample(name)[0])
    # The venue does not say when a transaction was last changed.
    check_transaction(exchange, {"updated": True}, "fetchDepositsWithdrawals", parsed, "USDC", NOW)
    assert parsed["currency"] == "USDC"


def test_a_deposit_from_within_the_venue_is_internal_and_has_no_network(
    offline: Offline, sample: Sample
) -> None:
    payload = {**sample("get_wapi_v1_capital_deposits")[0], "source": "internal", "platformMemo": "a gift"}
    parsed = offline().parse_transaction(payload)
    assert (parsed["internal"], parsed["network"], parsed["comment"]) == (True, None, "a gift")


def test_a_chain_that_ccxt_has_no_code_for_keeps_the_venues_word(offline: Offline, sample: Sample) -> None:
    payload = {**sample("post_wapi_v1_capital_withdrawals"), "blockchain": "NewChain"}
    assert offline().parse_transaction(payload)["network"] == "NewChain"


def test_a_status_never_seen_is_passed_on(offline: Offline, sample: Sample) -> None:
    payload = {**sample("post_wapi_v1_capital_withdrawals"), "status": "reviewed"}
    assert offline().parse_transaction(payload)["status"] == "reviewed"


@pytest.mark.parametrize("number", [str, Decimal])
def test_amounts_and_fees_are_of_the_callers_type(offline: Offline, sample: Sample, number: Any) -> None:
    payload = {
        **sample("post_wapi_v1_capital_withdrawals"),
        "quantity": "0.10",
        "fee": "0.000000000000000001",
    }
    parsed = offline({"number": number}).parse_transaction(payload)
    assert parsed["amount"] == number("0.10")
    assert parsed["fee"]["cost"] == number("0.000000000000000001")


def test_a_deposit_address_has_every_field(offline: Offline, sample: Sample) -> None:
    payload = sample("get_wapi_v1_capital_deposit_address")
    assert offline().parse_deposit_address(payload, {"code": "USDC"}) == {
        "info": payload,
        "currency": "USDC",
        "network": None,
        "address": "0x1111111111111111111111111111111111111111",
        "tag": None,
    }


@pytest.mark.parametrize("schema", ["DepositStatus", "WithdrawalStatus"])
def test_every_state_of_the_venue_is_one_of_ccxts(schema: str) -> None:
    for word in SCHEMAS[schema]["enum"]:
        assert TRANSACTION_STATUS[word] in ("ok", "pending", "failed", "canceled")


def test_every_chain_that_deposits_come_from_has_a_network() -> None:
    payment_services = {"administrator", "equalsMoney", "banxa", "internal"}
    for source in set(SCHEMAS["DepositSource"]["enum"]) - payment_services:
        assert source in DEPOSIT_SOURCE
