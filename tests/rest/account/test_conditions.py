"""Leverages, margin modes, accounts, limits and settings, many markets at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ccxt.base.errors import ArgumentsRequired, BadRequest, BadSymbol

from tests.support.callers import Caller
from tests.support.canned import CannedVenue
from tests.support.canned_rows import account_summary, settlement

Canned = Callable[..., CannedVenue]

SOL, SWAP, BTC_SWAP = "SOL/USDC", "SOL/USDC:USDC", "BTC/USDC:USDC"
ACCOUNT = {"GET /api/v1/account": account_summary(leverageLimit="7")}


def test_leverages_are_the_accounts_one_for_all(canned: Canned) -> None:
    venue = canned(ACCOUNT)
    leverages = venue.call("fetch_leverages", [SWAP, BTC_SWAP])
    assert {symbol: row["longLeverage"] for symbol, row in leverages.items()} == {SWAP: 7.0, BTC_SWAP: 7.0}
    assert len(venue.asked) == 1
    assert SWAP in venue.call("fetch_leverages")
    assert SOL not in venue.call("fetch_leverages")


def test_margin_is_cross_and_positions_are_net_and_nobody_is_asked(canned: Canned) -> None:
    venue = canned({})
    modes = venue.call("fetch_margin_modes", [SWAP])
    assert (list(modes), modes[SWAP]["marginMode"]) == ([SWAP], "cross")
    assert venue.call("fetch_position_mode", SWAP)["hedged"] is False
    assert venue.call("fetch_position_mode")["hedged"] is False


@pytest.mark.parametrize("method", ["fetch_leverages", "fetch_margin_modes"])
def test_a_spot_market_has_neither_leverage_nor_margin_mode(canned: Canned, method: str) -> None:
    venue = canned(ACCOUNT)
    with pytest.raises(BadSymbol, match="SOL/USDC is no contract"):
        venue.call(method, [SWAP, SOL])
    with pytest.raises(BadRequest, match="symbols has to be a list"):
        venue.call(method, SWAP)
    assert venue.asked == []


@pytest.mark.parametrize(
    ("settled", "identity"),
    [
        ([], None),
        ([settlement("2026-01-01T00:00:00", "1", "RealizePnl")], "0"),
        ([settlement("2026-01-01T00:00:00", "1", "RealizePnl", subaccountId=3)], "3"),
    ],
)
def test_the_account_is_named_by_its_last_settlement(
    canned: Canned, settled: list[Any], identity: str | None
) -> None:
    venue = canned({**ACCOUNT, "GET /wapi/v1/history/settlement": settled})
    [account] = venue.call("fetch_accounts")
    assert (account["id"], account["type"], account["code"]) == (identity, "cross", None)
    assert account["info"]["leverageLimit"] == "7"


# --- limits ------------------------------------------------------------------------------------------------


def test_how_much_can_be_ordered_is_asked_for_each_side(canned: Canned) -> None:
    def limit(asked: dict[str, Any]) -> dict[str, Any]:
        return {
            "symbol": asked["symbol"],
            "side": asked["side"],
            "maxOrderQuantity": {"Bid": "12.5", "Ask": "3"}[asked["side"]],
        }

    venue = canned({"GET /api/v1/account/limits/order": limit})
    limits = venue.call("fetch_trading_limits", [SOL])[SOL]
    assert limits["limits"]["amount"] == {"min": 0.01, "max": 12.5}
    assert (limits["buy"]["amount"]["max"], limits["sell"]["amount"]["max"]) == (12.5, 3.0)
    only = venue.call("fetch_trading_limits", [SOL], {"side": "sell", "autoBorrow": True})[SOL]
    assert (only["limits"]["amount"]["max"], "buy" in only) == (3.0, False)
    assert venue.asked[-1].params == {"symbol": "SOL_USDC", "side": "Ask", "autoBorrow": "true"}


def test_limits_of_all_markets_would_be_hundreds_of_calls_and_are_not_made(canned: Canned) -> None:
    venue = canned({})
    with pytest.raises(ArgumentsRequired, match="needs a list of symbols"):
        venue.call("fetch_trading_limits")
    with pytest.raises(BadRequest, match="side has to be one of buy, sell"):
        venue.call("fetch_trading_limits", [SOL], {"side": "long"})
    assert venue.asked == []


def test_limits_come_from_the_account(bpx: Caller) -> None:
    most = bpx.call("fetch_max_order_quantity", SOL, "sell", 100)
    assert (most["symbol"], most["side"], most["amount"]) == (SOL, "sell", 1000.0)
    assert bpx.call("fetch_max_withdrawal_quantity", "SOL")["amount"] == 1000.0
    assert bpx.call("fetch_max_borrow_quantity", "USDC")["currency"] == "USDC"


@pytest.mark.parametrize("price", [0, -1, "x", True, float("nan")])
def test_a_price_that_is_none_is_refused_before_it_is_sent(canned: Canned, price: Any) -> None:
    venue = canned({})
    with pytest.raises(BadRequest, match="price has to be a number above zero"):
        venue.call("fetch_max_order_quantity", SOL, "buy", price)
    with pytest.raises(BadRequest, match="knows no currency 'XYZ'"):
        venue.call("fetch_max_borrow_quantity", "XYZ")
    assert venue.asked == []


# --- settings ----------------------------------------------------------------------------------------------


def test_a_switch_of_the_account_is_set(bpx: Caller) -> None:
    assert bpx.call("fetch_account_settings")["autoLend"] is False
    assert bpx.call("update_account_settings", {"autoLend": True})["autoLend"] is True
    assert bpx.call("fetch_account_settings")["autoLend"] is True


@pytest.mark.parametrize("settings", [{"autoLend": "yes"}, {"leverageLimit": True}, {"autoLend": 1}])
def test_a_setting_that_does_not_exist_is_refused_before_it_is_sent(
    canned: Canned, settings: dict[str, Any]
) -> None:
    venue = canned({})
    with pytest.raises(BadRequest, match="has to be"):
        venue.call("update_account_settings", settings)
    with pytest.raises(ArgumentsRequired, match="needs at least one of"):
        venue.call("update_account_settings", {})
    assert venue.asked == []
