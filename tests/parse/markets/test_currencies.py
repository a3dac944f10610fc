"""Currencies, every field of them, and what moving them costs."""

from __future__ import annotations

from typing import Any

import pytest
from ccxt.test.exchange.base.test_currency import test_currency as check_currency

from tests.support.parsing import Offline, Sample, asset


def test_a_currency_has_every_field(offline: Offline, sample: Sample) -> None:
    (payload,) = sample("get_api_v1_assets")
    limits = {"deposit": {"min": 0.28, "max": None}, "withdraw": {"min": 0.58, "max": None}}
    assert offline().parse_currency(payload) == {
        "info": payload,
        "id": "JTO",
        "numericId": None,
        "code": "JTO",
        "precision": None,
        "type": "crypto",
        "name": "Jito",
        "active": True,
        "deposit": True,
        "withdraw": True,
        "fee": 0.29,
        "fees": {},
        "networks": {
            "SOL": {
                "info": payload["tokens"][0],
                "id": "Solana",
                "network": "SOL",
                "name": "Solana",
                "active": True,
                "deposit": True,
                "withdraw": True,
                "fee": 0.29,
                "precision": None,
                "limits": limits,
            }
        },
        "limits": limits,
    }


def token(blockchain: str, **changes: Any) -> dict[str, Any]:
    return {
        "blockchain": blockchain,
        "contractAddress": None,
        "depositEnabled": True,
        "displayName": "x",
        "maximumWithdrawal": None,
        "minimumDeposit": "1",
        "minimumWithdrawal": "2",
        "withdrawEnabled": True,
        "withdrawalFee": "1",
        **changes,
    }


def test_a_currency_of_two_networks_has_the_lowest_fee_and_the_widest_limits(offline: Offline) -> None:
    payload = asset(
        "USDC",
        token("Solana", withdrawalFee="1", minimumWithdrawal="10", maximumWithdrawal="900", nativeDecimals=6),
        token(
            "Ethereum", withdrawalFee="0.5", minimumWithdrawal="9", maximumWithdrawal="1000", nativeDecimals=8
        ),
    )
    currency = offline({"number": str}).parse_currency(payload)
    assert currency["fee"] == "0.5"
    assert currency["limits"]["withdraw"] == {"min": "9", "max": "1000"}
    assert currency["precision"] == "0.000001"
    assert currency["networks"]["ERC20"]["precision"] == "0.00000001"


def test_one_network_without_a_maximum_leaves_the_currency_without_one(offline: Offline) -> None:
    payload = asset("USDC", token("Solana", maximumWithdrawal="900"), token("Ethereum"))
    assert offline().parse_currency(payload)["limits"]["withdraw"]["max"] is None


def test_a_currency_that_no_network_takes_is_not_active(offline: Offline) -> None:
    exchange = offline()
    closed = exchange.parse_currency(asset("X", token("Solana", withdrawEnabled=False)))
    assert (closed["active"], closed["deposit"], closed["withdraw"]) == (False, True, False)
    points = exchange.parse_currency(asset("POINTS"))
    assert (points["type"], points["active"], points["fee"], points["networks"]) == ("other", False, None, {})


def test_a_thousand_pepe_keep_their_small_letter(offline: Offline) -> None:
    exchange = offline()
    assert exchange.parse_currency(asset("kPEPE"))["code"] == "kPEPE"
    assert exchange.safe_currency_code("kPEPE") == "kPEPE"
    assert exchange.safe_currency_code(None, {"code": "X"}) == "X"
    assert exchange.safe_currency_code(None) is None


def test_state_money_is_fiat(offline: Offline) -> None:
    assert offline().parse_currency(asset("EUR", token("EqualsMoney")))["type"] == "fiat"


def test_a_currency_passes_ccxts_own_test(offline: Offline) -> None:
    exchange = offline()
    currency = exchange.parse_currency(asset("JTO", token("Solana", nativeDecimals=6)))
    check_currency(exchange, {}, "fetchCurrencies", currency)
    assert currency["precision"] == 0.000001


def test_what_withdrawing_costs_has_every_field(offline: Offline, sample: Sample) -> None:
    (payload,) = sample("get_api_v1_assets")
    unknown = {"fee": None, "percentage": None}
    known = {"fee": 0.29, "percentage": False}
    assert offline().parse_deposit_withdraw_fee(payload) == {
        "info": payload,
        "deposit": unknown,
        "withdraw": known,
        "networks": {"SOL": {"deposit": unknown, "withdraw": known}},
    }


def test_of_several_networks_none_speaks_for_the_currency(offline: Offline) -> None:
    fee = offline().parse_deposit_withdraw_fee(asset("USDC", token("Solana"), token("Ethereum")))
    assert fee["withdraw"] == {"fee": None, "percentage": None}
    assert set(fee["networks"]) == {"SOL", "ERC20"}


def test_a_currencies_parser_that_a_program_has_replaced_is_called_for_each_row(offline: Offline) -> None:
    exchange = offline()
    exchange.parse_currency = lambda row: {"code": row["symbol"], "mine": True}
    assert exchange.parse_currencies([asset("A")]) == {"A": {"code": "A", "mine": True}}


@pytest.mark.parametrize(
    "change",
    [
        {"withdrawalFee": "N/A"}, {"withdrawalFee": {}}, {"withdrawalFee": "NaN"},
        {"depositEnabled": "perhaps", "withdrawalFee": None}, {"nativeDecimals": -1, "withdrawalFee": None},
        {"nativeDecimals": "many", "withdrawalFee": None},
    ],
    ids=repr,
)  # fmt: skip
def test_what_cannot_be_read_of_a_network_is_none_and_the_other_currencies_come(
    offline: Offline, change: dict[str, Any]
) -> None:
    found = offline().parse_currencies([asset("A", token("Solana", **change)), asset("B", token("Solana"))])
    network = found["A"]["networks"]["SOL"]
    assert (network["fee"], network["precision"]) == (None, None)
    assert network["deposit"] is (None if "depositEnabled" in change else True)
    assert found["B"]["fee"] == 1


@pytest.mark.parametrize("tokens", [None, "x", [7], [{"blockchain": None}], [{"blockchain": ""}]])
def test_an_asset_on_no_chain_has_no_networks(offline: Offline, tokens: Any) -> None:
    currency = offline().parse_currency({"symbol": "X", "displayName": "", "tokens": tokens})
    assert (currency["networks"], currency["fee"], currency["name"]) == ({}, None, None)


@pytest.mark.parametrize("symbol", [None, "", [], True])
def test_an_asset_without_a_name_is_left_out(offline: Offline, symbol: Any) -> None:
    assert list(offline().parse_currencies([{**asset("X"), "symbol": symbol}, asset("Y")])) == ["Y"]
