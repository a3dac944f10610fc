"""Captured balances, positions and funding, every field; and the margin functions as tiers."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.parse.account.state import leverage_tiers
from bpx_connector.parse.rows import Row

Offline = Callable[..., Any]
Sample = Callable[[str], Any]


def test_a_spot_balance_has_every_field(offline: Offline, sample: Sample) -> None:
    payload = sample("rest/get_api_v1_capital")
    assert offline().parse_balance(payload) == {
        "info": payload,
        "timestamp": None,
        "datetime": None,
        "USDT": {"free": 30.0, "used": 0.0, "total": 30.0},
        "free": {"USDT": 30.0},
        "used": {"USDT": 0.0},
        "total": {"USDT": 30.0},
    }


def test_locked_and_staked_funds_are_in_use(offline: Offline) -> None:
    payload = {"SOL": {"available": "1.1", "locked": "0.2", "staked": "0.3"}}
    balance = offline({"number": str}).parse_balance(payload)
    assert balance["SOL"] == {"free": "1.1", "used": "0.5", "total": "1.6"}


def test_a_collateral_balance_has_every_field(offline: Offline, sample: Sample) -> None:
    payload = sample("get_api_v1_capital_collateral")
    assert offline().parse_collateral(payload) == {
        "info": payload,
        "timestamp": None,
        "datetime": None,
        "USDT": {"free": 30.0, "used": 0.0, "total": 30.0},
        "free": {"USDT": 30.0},
        "used": {"USDT": 0.0},
        "total": {"USDT": 30.0},
    }


def collateral(**figures: str) -> dict[str, Any]:
    return {"collateral": [{"symbol": "USDC", **figures}]}


def test_lent_money_is_not_lost_and_counts_as_free(offline: Offline) -> None:
    payload = collateral(
        totalQuantity="100", availableQuantity="10", lendQuantity="70", openOrderQuantity="20"
    )
    balance = offline({"number": str}).parse_collateral(payload)
    assert balance["USDC"] == {"free": "80", "used": "20", "total": "100"}


def test_free_is_never_more_than_there_is(offline: Offline) -> None:
    payload = collateral(
        totalQuantity="100", availableQuantity="100", lendQuantity="70", openOrderQuantity="0"
    )
    balance = offline({"number": str}).parse_collateral(payload)
    assert balance["USDC"] == {"free": "100", "used": "0", "total": "100"}


def test_a_long_position_has_every_field(offline: Offline, sample: Sample) -> None:
    payload = sample("get_api_v1_position.long_ETH")
    assert offline().parse_position(payload) == {
        "info": payload,
        "id": "4238420000",
        "symbol": "ETH/USDC:USDC",
        "timestamp": None,
        "datetime": None,
        "lastUpdateTimestamp": None,
        "hedged": False,
        "side": "long",
        "contracts": 0.0036,
        "contractSize": 1.0,
        "entryPrice": 3826.8888888888887,
        "markPrice": 3787.46813304,
        "lastPrice": None,
        "notional": 13.634885278944,
        "leverage": 50.0,
        "collateral": None,
        "initialMargin": 0.27269770557888,
        "initialMarginPercentage": 0.02,
        "maintenanceMargin": 0.1704360659868,
        "maintenanceMarginPercentage": 0.0125,
        "realizedPnl": 0.0,
        "unrealizedPnl": -0.141914,
        "liquidationPrice": None,
        "marginMode": "cross",
        "marginRatio": None,
        "percentage": -52.040775223519525,
        "stopLossPrice": None,
        "takeProfitPrice": None,
        "positionMargin": None,
    }


def test_a_short_position_has_every_field(offline: Offline, sample: Sample) -> None:
    [payload] = sample("get_api_v1_position.short")
    assert offline().parse_position(payload) == {
        "info": payload,
        "id": "28563660000",
        "symbol": "COINALPHA_HBOT_PERP",
        "timestamp": None,
        "datetime": None,
        "lastUpdateTimestamp": None,
        "hedged": False,
        "side": "short",
        "contracts": 0.01,
        "contractSize": None,
        "entryPrice": 126.93,
        "markPrice": 121.98,
        "lastPrice": None,
        "notional": 1.2198,
        "leverage": 100.0,
        "collateral": None,
        "initialMargin": 0.012198,
        "initialMarginPercentage": 0.01,
        "maintenanceMargin": 0.0164673,
        "maintenanceMarginPercentage": 0.0135,
        "realizedPnl": 0.051,
        "unrealizedPnl": 0.0048,
        "liquidationPrice": None,
        "marginMode": "cross",
        "marginRatio": None,
        "percentage": 39.350713231677325,
        "stopLossPrice": None,
        "takeProfitPrice": None,
        "positionMargin": None,
    }


def test_a_liquidation_price_other_than_zero_is_one(offline: Offline, sample: Sample) -> None:
    payload = {**sample("get_api_v1_position.long_ETH"), "estLiquidationPrice": "1234.5"}
    assert offline().parse_position(payload)["liquidationPrice"] == 1234.5


def test_an_empty_position_of_a_market_can_be_made(offline: Offline) -> None:
    exchange = offline()
    market = exchange.market("BTC/USDC:USDC")
    unknown = exchange.parse_position({}, market=market)
    assert (unknown["symbol"], unknown["contracts"], unknown["side"]) == ("BTC/USDC:USDC", None, None)
    flat = exchange.parse_flat_position(market)
    assert (flat["symbol"], flat["contracts"], flat["notional"], flat["side"]) == (
        "BTC/USDC:USDC",
        0.0,
        0.0,
        None,
    )


def test_a_funding_payment_has_every_field(offline: Offline, sample: Sample) -> None:
    payload = sample("get_wapi_v1_history_funding")
    expected = {
        "info": payload,
        "symbol": "ETH/USDC:USDC",
        "code": "USDC",
        "timestamp": 1754064000000,
        "datetime": "2025-08-01T16:00:00.000Z",
        "id": None,
        "amount": -0.001301,
        "rate": 0.0001,
    }
    assert offline().parse_income(payload) == expected
    assert offline().parse_funding_payments([payload]) == [expected]


ACCOUNT = {
    "spotMakerFee": "8",
    "spotTakerFee": "10",
    "futuresMakerFee": "-0.25",
    "futuresTakerFee": "5",
    "leverageLimit": "10",
}


@pytest.mark.parametrize(
    ("symbol", "maker", "taker"),
    [("SOL/USDC", "0.0008", "0.001"), ("BTC/USDC:USDC", "-0.000025", "0.0005")],
)
def test_fees_are_basis_points_and_a_negative_one_is_a_rebate(
    offline: Offline, symbol: str, maker: str, taker: str
) -> None:
    exchange = offline({"number": str})
    assert exchange.parse_trading_fee(ACCOUNT, exchange.market(symbol)) == {
        "info": ACCOUNT,
        "symbol": symbol,
        "maker": maker,
        "taker": taker,
        "percentage": True,
        "tierBased": True,
    }


def test_the_leverage_of_a_market_is_the_accounts(offline: Offline) -> None:
    exchange = offline()
    assert exchange.parse_leverage(ACCOUNT, exchange.market("BTC/USDC:USDC")) == {
        "info": ACCOUNT,
        "symbol": "BTC/USDC:USDC",
        "marginMode": "cross",
        "longLeverage": 10.0,
        "shortLeverage": 10.0,
    }


def test_a_leverage_tier_has_every_field(offline: Offline) -> None:
    exchange = offline()
    market = exchange.market("BTC/USDC:USDC")
    tiers = exchange.parse_market_leverage_tiers(market["info"], market)
    assert len(tiers) == 75
    assert tiers[0] == {
        "tier": 1,
        "symbol": "BTC/USDC:USDC",
        "currency": "USDC",
        "minNotional": 0.0,
        "maxNotional": 285814.70875373995,
        "maintenanceMarginRate": 0.007997861534349103,
        "maxLeverage": 75.0,
        "info": market["info"],
    }


# --- properties --------------------------------------------------------------------------------------

bases = st.decimals("0.005", "0.2", places=6)
factors = st.decimals("0.00001", "0.01", places=7)


@given(base=bases, factor=factors, maintenance_base=bases, maintenance_factor=factors)
def test_tiers_follow_the_margin_functions(
    base: Decimal, factor: Decimal, maintenance_base: Decimal, maintenance_factor: Decimal
) -> None:
    maintenance = {"base": str(maintenance_base), "factor": str(maintenance_factor)}
    tiers = leverage_tiers(Row({"base": str(base), "factor": str(factor)}), Row(maintenance))
    assert tiers[0]["minNotional"] == "0"
    assert tiers[-1]["maxLeverage"] == "1"
    for lower, upper in pairwise(tiers):
        assert lower["maxNotional"] == upper["minNotional"]
        assert int(lower["maxLeverage"]) == int(upper["maxLeverage"]) + 1
    for tier in tiers:
        leverage, notional = Decimal(tier["maxLeverage"]), Decimal(tier["maxNotional"])
        margin = max(base, factor * notional.sqrt())
        assert abs(margin * leverage - 1) < Decimal("1e-9"), "the margin at the end is 1/L"
        assert base * leverage <= 1
        rate = max(maintenance_base, maintenance_factor * notional.sqrt())
        assert abs(rate - Decimal(tier["maintenanceMarginRate"])) < Decimal("1e-9")
