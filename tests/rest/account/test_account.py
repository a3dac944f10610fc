"""Balances, positions and conditions, on each class, from cassettes and against the sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from ccxt.base.errors import BadRequest, BadSymbol, InvalidOrder, NotSupported

from tests.support.callers import Caller
from tests.support.scripted import NOT_FOUND, Asked, scripted_exchange

SOL = "SOL/USDC"
SWAP = "SOL/USDC:USDC"
START = 1767225600000


# --- balances ----------------------------------------------------------------------------------------


def test_what_an_order_holds_is_in_use(bpx: Caller) -> None:
    before = bpx.call("fetch_balance")
    assert before["USDC"] == {"free": 1_000_000.0, "used": 0.0, "total": 1_000_000.0}
    bpx.call("create_order", SOL, "limit", "buy", 2, 50)
    after = bpx.call("fetchBalance")
    assert after["USDC"] == {"free": 999_900.0, "used": 100.0, "total": 1_000_000.0}
    assert (after["free"]["USDC"], after["used"]["USDC"]) == (999_900.0, 100.0)


@pytest.mark.parametrize("kind", ["collateral", "margin", "swap"])
def test_the_collateral_view_shows_every_asset_of_the_margin_account(bpx: Caller, kind: str) -> None:
    balance = bpx.call("fetch_balance", {"type": kind})
    assert balance["USDC"] == {"free": 1_000_000.0, "used": 0.0, "total": 1_000_000.0}
    assert balance["SOL"]["total"] == 1000.0
    assert Decimal(balance["info"]["netEquity"]) > 1_000_000


def test_auto_lent_money_does_not_vanish(bpx: Caller) -> None:
    bpx.call("private_patch_api_v1_account", {"autoLend": True})
    balance = bpx.call("fetch_balance", {"type": "collateral"})
    assert balance["USDC"] == {"free": 1_000_000.0, "used": 0.0, "total": 1_000_000.0}


def test_the_default_type_decides_which_balance_it_is(bpx: Caller) -> None:
    swaps = bpx.configured({"options": {"defaultType": "swap"}})
    assert "netEquity" in swaps.call("fetch_balance")["info"]
    assert "netEquity" not in swaps.call("fetch_balance", {"type": "spot"})["info"]


# --- positions ---------------------------------------------------------------------------------------


def test_where_nothing_is_held_there_is_no_position(bpx: Caller) -> None:
    assert bpx.call("fetch_positions") == []
    assert bpx.call("fetch_positions", [SWAP]) == []
    assert bpx.call("fetch_positions_for_symbol", SWAP) == []
    flat = bpx.call("fetch_position", SWAP)
    assert (flat["symbol"], flat["contracts"], flat["side"]) == (SWAP, 0.0, None)


def test_a_position_is_the_sum_of_its_orders(bpx: Caller) -> None:
    bought = bpx.call("create_order", SWAP, "market", "buy", 3)
    bpx.call("create_order", SWAP, "market", "sell", 1)
    bpx.call("create_order", "BTC/USDC:USDC", "market", "sell", 0.01)
    position = bpx.call("fetch_position", SWAP)
    assert (position["symbol"], position["side"], position["contracts"]) == (SWAP, "long", 2.0)
    assert (position["leverage"], position["marginMode"]) == (10.0, "cross")
    assert position["entryPrice"] == bought["average"]
    assert position["notional"] == pytest.approx(2 * position["markPrice"])
    assert position["initialMargin"] == pytest.approx(position["notional"] / 10)
    assert bpx.call("fetch_positions", [SWAP]) == [position]
    both = bpx.call("fetch_positions")
    assert {row["symbol"]: row["side"] for row in both} == {SWAP: "long", "BTC/USDC:USDC": "short"}
    assert bpx.call("fetch_positions", [SWAP, "ETH/USDC:USDC"]) == [position]


@pytest.mark.parametrize(("side", "closing"), [("buy", "sell"), ("sell", "buy")])
def test_a_position_is_closed_at_market_the_other_way(bpx: Caller, side: str, closing: str) -> None:
    bpx.call("create_order", SWAP, "market", side, 2)
    with pytest.raises(InvalidOrder, match="the position in SOL/USDC:USDC is"):
        bpx.call("close_position", SWAP, "short" if side == "buy" else "long")
    order = bpx.call("close_position", SWAP)
    assert (order["side"], order["filled"], order["reduceOnly"]) == (closing, 2.0, True)
    with pytest.raises(InvalidOrder, match="no position is open in SOL/USDC:USDC"):
        bpx.call("close_position", SWAP)


# --- conditions --------------------------------------------------------------------------------------


def test_fees_are_the_accounts_own(bpx: Caller) -> None:
    fee = bpx.call("fetch_trading_fee", SWAP)
    assert (fee["symbol"], fee["maker"], fee["taker"]) == (SWAP, 0.0002, 0.0005)
    fees = bpx.call("fetch_trading_fees")
    assert fees[SWAP] == fee
    assert (fees[SOL]["maker"], fees[SOL]["taker"]) == (0.0008, 0.001)


def test_leverage_is_set_for_the_whole_account(bpx: Caller) -> None:
    assert bpx.call("fetch_leverage", SWAP)["longLeverage"] == 10.0
    changed = bpx.call("set_leverage", 5, SWAP)
    assert (changed["symbol"], changed["longLeverage"], changed["shortLeverage"]) == (SWAP, 5.0, 5.0)
    assert bpx.call("fetch_leverage", "BTC/USDC:USDC")["longLeverage"] == 5.0
    assert bpx.call("set_leverage", 5)["longLeverage"] == 5.0


@pytest.mark.parametrize("leverage", [0, 0.5, -3, 51, "high", None, float("nan")])
def test_leverage_out_of_range_is_refused_before_it_is_sent(leverage: object) -> None:
    exchange = scripted_exchange([])
    with pytest.raises(BadRequest, match="leverage has to be a number from 1 to"):
        exchange.set_leverage(leverage, "ETH/USDC:USDC")
    assert exchange.asked_for() == []


def test_leverage_that_the_venue_finds_too_high_is_a_bad_request(bpx: Caller) -> None:
    if bpx.sandbox is not None:
        bpx.sandbox.venue.switches.country = "20"
    with pytest.raises(BadRequest, match="Maximum leverage reached"):
        bpx.call("set_leverage", 75)


def test_leverage_that_is_set_already_is_not_sent() -> None:
    exchange = scripted_exchange([{"leverageLimit": "5.0"}])
    assert exchange.set_leverage(5, "BTC/USDC:USDC")["longLeverage"] == 5.0
    assert exchange.asked_for() == [Asked("GET /api/v1/account", {})]


def test_the_margin_mode_is_cross(bpx: Caller) -> None:
    assert bpx.call("fetch_margin_mode", SWAP) == {"info": {}, "symbol": SWAP, "marginMode": "cross"}
    assert bpx.call("set_margin_mode", "cross", SWAP, {})["marginMode"] == "cross"
    with pytest.raises(NotSupported, match="only 'cross' is possible"):
        bpx.call("set_margin_mode", "isolated", SWAP)
    with pytest.raises(BadRequest, match="marginMode has to be 'cross', not 'both'"):
        bpx.call("set_margin_mode", "both")


def test_leverage_tiers_come_with_the_markets(bpx: Caller) -> None:
    tiers = bpx.call("fetch_leverage_tiers")
    assert SWAP in tiers
    assert SOL not in tiers
    of_market = bpx.call("fetch_market_leverage_tiers", SWAP)
    assert tiers[SWAP] == bpx.call("fetch_leverage_tiers", [SWAP])[SWAP] == of_market
    assert (of_market[0]["minNotional"], of_market[0]["maxLeverage"]) == (0.0, 50.0)
    assert of_market[0]["maintenanceMarginRate"] >= 0.0135


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("fetch_positions", ([SOL],)),
        ("fetch_position", (SOL,)),
        ("fetch_leverage", (SOL,)),
        ("set_leverage", (3, SOL)),
        ("fetch_margin_mode", (SOL,)),
        ("set_margin_mode", ("cross", SOL)),
        ("fetch_leverage_tiers", ([SOL],)),
        ("fetch_market_leverage_tiers", (SOL,)),
        ("fetch_funding_history", (SOL,)),
        ("close_position", (SOL,)),
    ],
)
def test_a_spot_market_has_no_positions_and_no_margin(name: str, arguments: tuple[object, ...]) -> None:
    with pytest.raises(BadSymbol, match="SOL/USDC is a spot market; it takes futures"):
        getattr(scripted_exchange([]), name)(*arguments)


def test_a_position_that_is_not_found_is_flat() -> None:
    exchange = scripted_exchange([NOT_FOUND, []])
    assert exchange.fetch_positions(["BTC/USDC:USDC"]) == []
    assert exchange.fetch_positions(["BTC/USDC:USDC"]) == []


def test_a_kind_of_balance_that_there_is_not_is_refused() -> None:
    with pytest.raises(BadRequest, match="type has to be one of spot"):
        scripted_exchange([]).fetch_balance({"type": "option"})


# --- funding -----------------------------------------------------------------------------------------


def an_hour_passes(bpx: Caller) -> None:
    """In one leap: nobody trades meanwhile, which would take the sandbox a minute."""
    leap = 3599.0
    bpx.clock.advance(leap)
    if bpx.sandbox is not None:
        bpx.sandbox.clock._now += round(leap * 1_000_000)
    bpx.advance(1)


def test_funding_is_paid_and_received_every_hour(bpx: Caller) -> None:
    bpx.call("create_order", SWAP, "market", "buy", 2)
    bpx.call("create_order", "BTC/USDC:USDC", "market", "sell", 0.1)
    an_hour_passes(bpx)
    an_hour_passes(bpx)
    payments = bpx.call("fetch_funding_history", SWAP)
    assert [payment["timestamp"] for payment in payments] == [START + 3_600_000, START + 7_200_000]
    assert {(payment["symbol"], payment["code"]) for payment in payments} == {(SWAP, "USDC")}
    assert len(bpx.call("fetch_funding_history")) == 4
    assert bpx.call("fetch_funding_history", SWAP, START + 3_600_001) == payments[1:]
    assert bpx.call("fetch_funding_history", SWAP, 0, 1) == payments[:1]
    assert bpx.call("fetch_funding_history", SWAP, None, 1) == payments[1:]
    until = {"until": START + 3_600_000}
    assert bpx.call("fetch_funding_history", SWAP, None, None, until) == payments[:1]


def test_funding_is_read_page_by_page_and_each_payment_comes_once() -> None:
    def row(hour: int) -> dict[str, object]:
        return {
            "symbol": "BTC_USDC_PERP",
            "quantity": "-0.1",
            "fundingRate": "0.0001",
            "intervalEndTimestamp": (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)).isoformat()[
                :19
            ],
            "subaccountId": None,
            "userId": 1,
        }

    pages = [[row(hour) for hour in range(2000, 1000, -1)], [row(hour) for hour in range(1001, 800, -1)]]
    exchange = scripted_exchange(pages)
    payments = exchange.fetch_funding_history(None, 0)
    assert len(payments) == 1200
    assert [asked.params["offset"] for asked in exchange.asked_for()] == ["0", "1000"]
