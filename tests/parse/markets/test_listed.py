"""Markets, every field of them."""

from __future__ import annotations

from typing import Any

import pytest
from ccxt.base.exchange import Exchange
from ccxt.test.exchange.base.test_market import test_market as check_market

from bpx_connector.parse.markets.listed import highest_leverage
from tests.support.parsing import NUMBERS, Offline, Sample, row


def test_a_spot_market_has_every_field(offline: Offline, sample: Sample) -> None:
    payload = row(sample, "SOL_USDC")
    assert offline().parse_market(payload) == {
        "id": "SOL_USDC",
        "lowercaseId": "sol_usdc",
        "symbol": "SOL/USDC",
        "base": "SOL",
        "quote": "USDC",
        "settle": None,
        "baseId": "SOL",
        "quoteId": "USDC",
        "settleId": None,
        "type": "spot",
        "subType": None,
        "spot": True,
        "margin": True,
        "swap": False,
        "future": False,
        "option": False,
        "index": False,
        "prediction": False,
        "stock": False,
        "active": True,
        "contract": False,
        "linear": None,
        "inverse": None,
        "taker": 0.001,
        "maker": 0.0008,
        "percentage": True,
        "tierBased": True,
        "feeSide": "get",
        "contractSize": None,
        "expiry": None,
        "expiryDatetime": None,
        "strike": None,
        "optionType": None,
        "precision": {"amount": 0.01, "price": 0.01, "cost": None, "base": None, "quote": None},
        "limits": {
            "leverage": {"min": None, "max": None},
            "amount": {"min": 0.01, "max": None},
            "price": {"min": 0.01, "max": None},
            "cost": {"min": None, "max": None},
        },
        "marginModes": {"cross": True, "isolated": False},
        "created": 1737441294691,
        "info": payload,
    }


def test_a_perpetual_has_every_field(offline: Offline, sample: Sample) -> None:
    payload = row(sample, "BTC_USDC_PERP")
    assert offline().parse_market(payload) == {
        "id": "BTC_USDC_PERP",
        "lowercaseId": "btc_usdc_perp",
        "symbol": "BTC/USDC:USDC",
        "base": "BTC",
        "quote": "USDC",
        "settle": "USDC",
        "baseId": "BTC",
        "quoteId": "USDC",
        "settleId": "USDC",
        "type": "swap",
        "subType": "linear",
        "spot": False,
        "margin": False,
        "swap": True,
        "future": False,
        "option": False,
        "index": False,
        "prediction": False,
        "stock": False,
        "active": True,
        "contract": True,
        "linear": True,
        "inverse": False,
        "taker": 0.0005,
        "maker": 0.0002,
        "percentage": True,
        "tierBased": True,
        "feeSide": "quote",
        "contractSize": 1.0,
        "expiry": None,
        "expiryDatetime": None,
        "strike": None,
        "optionType": None,
        "precision": {"amount": 0.00001, "price": 0.1, "cost": None, "base": None, "quote": None},
        "limits": {
            "leverage": {"min": 1.0, "max": 75.0},
            "amount": {"min": 0.00001, "max": None},
            "price": {"min": 0.1, "max": 1000000.0},
            "cost": {"min": None, "max": None},
        },
        "marginModes": {"cross": True, "isolated": False},
        "created": 1737441294691,
        "info": payload,
    }


def test_steps_above_one_and_minima_above_the_tick_are_kept(offline: Offline, sample: Sample) -> None:
    exchange = offline()
    assert exchange.parse_market(row(sample, "kPEPE_USDC_PERP"))["precision"]["amount"] == 100
    story = exchange.parse_market(row(sample, "IP_USDC_PERP"))
    assert (story["precision"]["price"], story["limits"]["price"]["min"]) == (0.00001, 0.0001)


def test_the_older_shape_of_a_market_is_still_read(offline: Offline, sample: Sample) -> None:
    exchange = offline()
    spot, perpetual = exchange.parse_markets(sample("get_api_v1_markets.older_shape"))
    assert (spot["symbol"], spot["margin"], spot["active"]) == ("SOL/USDC", False, True)
    assert perpetual["limits"]["leverage"]["max"] == 50
    rate = exchange.parse_funding_rate(perpetual["info"], perpetual)
    assert rate["interval"] == "8h"


def test_a_market_for_requests_for_quotes_is_left_out(offline: Offline, sample: Sample) -> None:
    assert offline().parse_markets([{**row(sample, "SOL_USDC"), "marketType": "RFQ"}]) == []


def test_the_stablecoin_pair_trades_for_nothing(offline: Offline) -> None:
    market = offline().market("USDT/USDC")
    assert (market["maker"], market["taker"]) == (0, 0)


@pytest.mark.parametrize(
    ("base", "leverage"),
    [("0.02", "50"), ("0.01333333", "75"), ("0.06666667", "15"), ("0.3", "3.3333"), ("0", None)],
)
def test_the_highest_leverage_is_one_over_the_margin_of_a_small_position(
    base: str, leverage: str | None
) -> None:
    assert highest_leverage(base) == leverage


def test_a_market_without_a_margin_function_has_no_highest_leverage() -> None:
    assert highest_leverage(None) is None


@NUMBERS
def test_a_markets_figures_are_of_the_callers_type(offline: Offline, sample: Sample, number: Any) -> None:
    market = offline({"number": number}).parse_market(row(sample, "BTC_USDC_PERP"))
    assert market["precision"]["amount"] == number("0.00001")
    assert market["taker"] == number("0.0005")
    assert market["limits"]["leverage"]["max"] == number("75")
    assert type(market["contractSize"]) is number


def test_every_captured_market_passes_ccxts_own_test(offline: Offline) -> None:
    exchange = offline()
    checked = 0
    for market in exchange.markets.values():
        # ccxt wants `base` in `currencies`, of which the captured reply holds one.
        check_market(exchange, {"currencyIdAndCode": True}, "fetchMarkets", market)
        checked += 1
    assert checked == len(exchange.symbols) >= 10


def test_loaded_markets_are_the_ones_that_ccxts_own_way_would_make(offline: Offline) -> None:
    exchange = offline()
    ours = {name: dict(market) for name, market in exchange.markets.items()}
    ids, symbols = exchange.ids, exchange.symbols
    Exchange.set_markets(exchange, list(ours.values()), exchange.currencies)
    assert exchange.markets == ours
    assert (exchange.ids, exchange.symbols) == (ids, symbols)
    assert exchange.codes == ["JTO"]


def test_markets_that_somebody_else_made_are_completed_in_ccxts_way(offline: Offline) -> None:
    exchange = offline()
    exchange.set_markets([{"id": "A_B", "symbol": "A/B", "base": "A", "quote": "B", "spot": True}])
    assert exchange.market("A/B")["limits"]["cost"] == {"min": None, "max": None}
    assert exchange.currency("A")["code"] == "A"


def test_the_status_has_every_field(offline: Offline, sample: Sample) -> None:
    payload = sample("get_api_v1_status")
    exchange = offline()
    assert exchange.parse_status(payload) == {
        "status": "ok",
        "updated": None,
        "eta": None,
        "url": "https://status.backpack.exchange",
        "info": payload,
    }
    assert exchange.parse_status({"status": "Maintenance"})["status"] == "maintenance"


def test_a_markets_parser_that_a_program_has_replaced_is_called_for_each_row(
    offline: Offline, sample: Sample
) -> None:
    exchange = offline()
    exchange.parse_market = lambda row: {"id": row["symbol"], "mine": True}
    rows = [row(sample, "SOL_USDC"), {**row(sample, "SOL_USDC"), "marketType": "RFQ"}]
    assert exchange.parse_markets(rows) == [{"id": "SOL_USDC", "mine": True}]


@NUMBERS
@pytest.mark.parametrize(
    ("change", "place", "name"),
    [
        ({"tickSize": "N/A"}, "precision", "price"),
        ({"tickSize": "NaN"}, "precision", "price"),
        ({"tickSize": "0"}, "precision", "price"),
        ({"tickSize": []}, "precision", "price"),
        ({"minPrice": {}}, "limits", "price"),
        ({"minPrice": "1e400"}, "limits", "price"),
    ],
    ids=repr,
)
def test_a_rule_that_cannot_be_read_is_none_and_all_else_is_as_it_was(
    offline: Offline, sample: Sample, number: Any, change: dict[str, Any], place: str, name: str
) -> None:
    exchange, sound = offline({"number": number}), row(sample, "SOL_USDC")
    filters = {**sound["filters"], "price": {**sound["filters"]["price"], **change}}
    odd = {**sound, "filters": filters}
    expected, other = exchange.parse_markets([sound, row(sample, "BTC_USDC_PERP")])
    found, beside = exchange.parse_markets([odd, row(sample, "BTC_USDC_PERP")])
    assert (found[place][name] if place == "precision" else found[place][name]["min"]) is None
    assert beside == other
    for key in expected.keys() - {place, "info"}:
        assert found[key] == expected[key]


@pytest.mark.parametrize("filters", [None, [], "x", {}, {"price": None}, {"quantity": 7}])
def test_a_market_without_rules_is_listed_without_them(
    offline: Offline, sample: Sample, filters: Any
) -> None:
    (market,) = offline().parse_markets([{**row(sample, "SOL_USDC"), "filters": filters}])
    assert market["symbol"] == "SOL/USDC"
    assert market["precision"]["price"] is None


@pytest.mark.parametrize("missing", ["symbol", "baseSymbol", "quoteSymbol"])
@pytest.mark.parametrize("value", [None, "", [], True])
def test_a_market_that_cannot_be_named_is_left_out_and_the_others_come(
    offline: Offline, sample: Sample, missing: str, value: Any
) -> None:
    rows = [{**row(sample, "SOL_USDC"), missing: value}, row(sample, "BTC_USDC_PERP")]
    assert [market["id"] for market in offline().parse_markets(rows)] == ["BTC_USDC_PERP"]


def test_markets_do_not_share_what_a_program_may_change(offline: Offline, sample: Sample) -> None:
    one, other = offline().parse_markets([row(sample, "SOL_USDC"), row(sample, "BTC_USDC_PERP")])
    one["limits"]["price"]["max"] = 7
    one["precision"]["cost"] = 7
    assert other["limits"]["price"]["max"] == 1_000_000
    assert other["precision"]["cost"] is None
