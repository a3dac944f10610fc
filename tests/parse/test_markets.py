"""Captured markets, assets, prices, trades, candles and funding: every field of what a caller gets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Context, Decimal
from typing import Any

import pytest
from ccxt.base.decimal_to_precision import TICK_SIZE
from ccxt.base.exchange import Exchange
from ccxt.base.precise import Precise
from ccxt.test.exchange.base.test_currency import test_currency as check_currency
from ccxt.test.exchange.base.test_funding_rate_history import test_funding_rate_history as check_funding_rate
from ccxt.test.exchange.base.test_last_price import test_last_price as check_last_price
from ccxt.test.exchange.base.test_market import test_market as check_market
from ccxt.test.exchange.base.test_ohlcv import test_ohlcv as check_candle
from ccxt.test.exchange.base.test_open_interest import test_open_interest as check_open_interest
from ccxt.test.exchange.base.test_order_book import test_order_book as check_order_book
from ccxt.test.exchange.base.test_ticker import test_ticker as check_ticker
from ccxt.test.exchange.base.test_trade import test_trade as check_trade
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.parse.figures import (
    CERTAIN,
    NEAREST,
    SHORT,
    cut_quotient,
    exact_difference,
    exact_product,
    figure,
    rows_of,
    short_quotient,
    units,
)
from bpx_connector.parse.markets.books import order_book
from bpx_connector.parse.markets.candles import candle_rows, candles, opened_at, opened_each
from bpx_connector.parse.markets.funding import interval_name
from bpx_connector.parse.markets.listed import highest_leverage
from bpx_connector.parse.markets.prices import ticker
from bpx_connector.parse.markets.trades import public_trades
from bpx_connector.parse.numbers import iso8601

Offline = Callable[..., Any]
Sample = Callable[[str], Any]
NUMBERS = pytest.mark.parametrize("number", [float, str, Decimal])
NOW = 1_790_000_000_000


# --- markets -------------------------------------------------------------------------------------------


def row(sample: Sample, symbol: str) -> Any:
    return next(one for one in sample("rest/get_api_v1_markets") if one["symbol"] == symbol)


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


@pytest.mark.parametrize(
    ("identity", "symbol", "active"),
    [
        ("MU.US_USDC_PERP", "MU.US/USDC:USDC", True),
        ("kPEPE_USDC_PERP", "kPEPE/USDC:USDC", True),
        ("IP_USDC_PERP", "IP/USDC:USDC", False),  # Closed
        ("AMZN.US_USDC_PERP", "AMZN.US/USDC:USDC", False),  # PostOnly: nothing can be traded there
    ],
)
def test_names_keep_their_case_and_suffix_and_a_market_is_active_while_its_book_is_open(
    offline: Offline, sample: Sample, identity: str, symbol: str, active: bool
) -> None:
    market = offline().parse_market(row(sample, identity))
    assert (market["symbol"], market["active"]) == (symbol, active)


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


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"marketType": "IPERP", "symbol": "SOL_USDC_IPERP"},
            {
                "symbol": "SOL/USDC:SOL",
                "type": "swap",
                "swap": True,
                "linear": False,
                "inverse": True,
                "settle": "SOL",
            },
        ),
        (
            {"marketType": "DATED", "symbol": "SOL_USDC_270326"},
            {
                "symbol": "SOL/USDC:USDC-270326",
                "type": "future",
                "future": True,
                "linear": True,
                "swap": False,
            },
        ),
        (
            {"marketType": "PREDICTION", "symbol": "SOL_USDC_PREDICTION"},
            {
                "symbol": "SOL/USDC",
                "type": "prediction",
                "spot": False,
                "contract": False,
                "contractSize": None,
            },
        ),
    ],
)
def test_every_other_type_with_a_book_has_a_market(
    offline: Offline, sample: Sample, change: dict[str, Any], expected: dict[str, Any]
) -> None:
    (market,) = offline().parse_markets([{**row(sample, "SOL_USDC"), **change}])
    assert {name: market[name] for name in expected} == expected


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
    assert highest_leverage({"base": base, "factor": "0", "type": "sqrt"}) == leverage


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


# --- assets --------------------------------------------------------------------------------------------


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


def asset(symbol: str, *tokens: dict[str, Any]) -> dict[str, Any]:
    return {"symbol": symbol, "displayName": symbol, "coingeckoId": None, "tokens": list(tokens)}


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


# --- tickers -------------------------------------------------------------------------------------------


def test_a_ticker_has_every_field(offline: Offline, sample: Sample) -> None:
    payload = sample("get_api_v1_ticker.SOL_USDC")
    assert offline({"number": str}).parse_ticker(payload) == {
        "symbol": "SOL/USDC",
        "timestamp": None,
        "datetime": None,
        "high": "104.96",
        "low": "100.57",
        "bid": None,
        "bidVolume": None,
        "ask": None,
        "askVolume": None,
        "vwap": "102.471882662397475118",
        "open": "103.68",
        "close": "100.67",
        "last": "100.67",
        "previousClose": None,
        "change": "-3.01",
        "percentage": "-2.9032",
        "average": "102.17",
        "baseVolume": "11355.78",
        "quoteVolume": "1163648.1557",
        "indexPrice": None,
        "markPrice": None,
        "info": payload,
    }


TICKER_WORDS = {
    "firstPrice": "open",
    "lastPrice": "last",
    "high": "high",
    "low": "low",
    "priceChange": "change",
    "volume": "baseVolume",
    "quoteVolume": "quoteVolume",
}


def ccxts_own(exchange: Any, payload: dict[str, Any], market: Any) -> dict[str, Any]:
    """The same row through ccxt's own arithmetic, `safe_ticker`."""
    words: dict[str, Any] = {word: payload.get(name) for name, word in TICKER_WORDS.items()}
    fraction = payload.get("priceChangePercent")
    words["percentage"] = Precise.string_mul(fraction, "100") if fraction else None
    own: dict[str, Any] = exchange.safe_ticker(words, market)
    return own


DERIVED = ("open", "close", "last", "high", "low", "change", "percentage", "average", "vwap", "baseVolume")


@NUMBERS
def test_every_captured_ticker_equals_ccxts_own_arithmetic(
    offline: Offline, sample: Sample, number: Any
) -> None:
    exchange = offline({"number": number})
    tickers = exchange.parse_tickers(sample("get_api_v1_tickers"))
    assert len(tickers) == 9
    for one in tickers.values():
        market = exchange.markets.get(one["symbol"], {"precision": {"price": None}})
        # As text: ccxt overlooks a tick that is a Decimal.
        market = {
            "precision": {
                "price": market["info"]["filters"]["price"]["tickSize"] if "info" in market else None
            }
        }
        expected = ccxts_own(exchange, one["info"], market)
        assert {name: one[name] for name in DERIVED} == {name: expected[name] for name in DERIVED}


def as_written(whole: int, places: int, is_padded: bool) -> str:
    value = Decimal(whole).scaleb(-places)
    return format(value if is_padded else value.normalize(), "f")


def figures_of_up_to(digits: int, places: int) -> Any:
    """Decimal text above zero, short or long, with its point anywhere and its last zeros or without."""
    wholes = st.integers(1, digits).flatmap(lambda some: st.integers(1, 10**some - 1))
    return st.builds(as_written, wholes, st.integers(0, places), st.booleans())


prices = figures_of_up_to(9, 9) | figures_of_up_to(17, 12)
volumes = figures_of_up_to(17, 10) | st.sampled_from(["0", "0.00"])


@pytest.fixture(scope="module")
def arithmetic() -> dict[Any, Any]:
    kind: Any = Exchange
    return {number: kind({"number": number, "precisionMode": TICK_SIZE}) for number in (float, str, Decimal)}


@given(
    first=prices | st.just("0"),
    last=prices | st.just("0"),
    fraction=st.none() | st.decimals(-1, 5, places=6).map(lambda fraction: format(fraction, "f")),
    has_change=st.booleans(),
    volume=volumes,
    turnover=volumes,
    tick=st.sampled_from([None, "0.01", "0.0001", "0.000000001", "0.000000000001", "1", "10"]),
    number=st.sampled_from([float, str, Decimal]),
)
def test_any_ticker_equals_ccxts_own_arithmetic_to_the_last_digit(
    arithmetic: dict[Any, Any],
    first: str,
    last: str,
    fraction: str | None,
    has_change: bool,
    volume: str,
    turnover: str,
    tick: str | None,
    number: Any,
) -> None:
    if not has_change:
        fraction = None  # the stream, which has neither; over REST both are always there
    elif "0" in (first, last):
        return
    payload: dict[str, Any] = {"firstPrice": first, "lastPrice": last, "high": first, "low": last}
    payload |= {"volume": volume, "quoteVolume": turnover, "priceChangePercent": fraction}
    if has_change:
        payload["priceChange"] = format(Decimal(last) - Decimal(first), "f")
    market = None if tick is None else {"precision": {"price": tick}}
    found: Any = ticker(payload, "X/Y", None if tick is None else number(tick), number)
    expected = ccxts_own(arithmetic[number], payload, market)
    for name in DERIVED:
        same = found[name] == expected[name]
        if number is str and found[name] is not None and expected[name] is not None:
            same = Decimal(found[name]) == Decimal(expected[name])
        assert same, f"{name}: {found[name]!r} where ccxt has {expected[name]!r}"


def test_a_percentage_in_words_is_computed_instead(offline: Offline, sample: Sample) -> None:
    payload = {**sample("get_api_v1_ticker.SOL_USDC"), "priceChangePercent": "N/A"}
    for number in (float, str):
        assert float(offline({"number": number}).parse_ticker(payload)["percentage"]) == pytest.approx(
            -2.9032, rel=1e-4
        )


def test_a_market_without_trades_has_a_ticker_of_nothing(offline: Offline) -> None:
    exchange = offline()
    empty = exchange.parse_ticker({}, exchange.market("SOL/USDC"))
    assert {name for name, value in empty.items() if value is not None} == {"symbol", "info"}


def test_tickers_of_markets_that_are_not_loaded_go_by_the_venues_symbol(
    offline: Offline, sample: Sample
) -> None:
    exchange = offline()
    payload = [{**sample("get_api_v1_ticker.SOL_USDC"), "symbol": "NEW_USDC"}]
    assert list(exchange.parse_tickers(payload)) == ["NEW_USDC"]
    assert exchange.parse_tickers(payload, ["SOL/USDC"]) == {}


def test_spot_and_perpetual_of_one_pair_stay_apart(offline: Offline, sample: Sample) -> None:
    exchange = offline()
    tickers = exchange.parse_tickers(sample("get_api_v1_tickers"))
    assert tickers["BTC/USDC:USDC"]["last"] == 77353.4
    assert tickers["BTC_USDC"]["last"] == 77420.6  # its market is not among the captured ones


def test_a_ticker_passes_ccxts_own_test(offline: Offline, sample: Sample) -> None:
    exchange = offline()
    parsed = exchange.parse_ticker(sample("get_api_v1_ticker.SOL_USDC"))
    check_ticker(exchange, {}, "fetchTicker", parsed, "SOL/USDC")
    assert parsed["symbol"] == "SOL/USDC"


def test_a_last_price_has_every_field(offline: Offline, sample: Sample) -> None:
    exchange = offline()
    payload = sample("get_api_v1_ticker.SOL_USDC")
    parsed = exchange.parse_last_price(payload)
    assert parsed == {
        "symbol": "SOL/USDC",
        "timestamp": None,
        "datetime": None,
        "price": 100.67,
        "side": None,
        "info": payload,
    }
    check_last_price(exchange, {}, "fetchLastPrices", parsed, "SOL/USDC")


def test_a_mark_price_has_every_field(offline: Offline, sample: Sample) -> None:
    payload = next(one for one in sample("get_api_v1_markPrices") if one["symbol"] == "SOL_USDC_PERP")
    parsed = offline().parse_mark_price(payload)
    known = {"symbol": "SOL/USDC:USDC", "markPrice": 100.61, "indexPrice": 100.64352578, "info": payload}
    assert parsed == {**dict.fromkeys(parsed), **known}
    assert set(parsed) == set(offline().parse_ticker({}))


# --- books, trades, candles ----------------------------------------------------------------------------


def test_a_book_has_every_field_and_the_best_price_first(sample: Sample) -> None:
    book = order_book(sample("get_api_v1_depth.BTC_USDC_PERP_limit5"), "BTC/USDC:USDC", str)
    assert book == {
        "symbol": "BTC/USDC:USDC",
        "bids": [
            ["86781.4", "2.20229"],
            ["86779.8", "0.00115"],
            ["86779.7", "0.23172"],
            ["86779.6", "0.16803"],
            ["86777.7", "0.03571"],
        ],
        "asks": [
            ["86781.5", "5.54115"],
            ["86783.3", "1.22656"],
            ["86786", "0.00237"],
            ["86786.1", "0.00081"],
            ["86786.2", "2.09075"],
        ],
        "timestamp": 1790915412979,
        "datetime": "2026-10-02T04:30:12.979Z",
        "nonce": 6904864764,
    }


@NUMBERS
def test_a_book_is_sorted_by_value_and_cut_from_the_best(number: Any) -> None:
    depth = {
        "asks": [["10", "1"], ["9.5", "2"], ["100", "3"]],
        "bids": [["9", "1"], ["10.5", "2"], ["8.75", "3"]],
        "lastUpdateId": "7",
        "timestamp": 1,
    }
    book: Any = order_book(depth, "X/Y", number, 2)
    assert book["asks"] == [[number("9.5"), number("2")], [number("10"), number("1")]]
    assert book["bids"] == [[number("10.5"), number("2")], [number("9"), number("1")]]


def test_a_book_passes_ccxts_own_test(offline: Offline, sample: Sample) -> None:
    book = order_book(sample("rest/get_api_v1_depth"), "SOL/USDC", float)
    check_order_book(offline(), {}, "fetchOrderBook", book, "SOL/USDC")
    assert len(book["bids"]) == len(book["asks"]) == 20


def test_a_public_trade_has_every_field(sample: Sample) -> None:
    payload = sample("get_api_v1_trades")
    assert public_trades(payload, "SOL/USDC", float)[-1] == {
        "info": payload[0],
        "id": "381731418",
        "timestamp": 1788285123140,
        "datetime": "2026-09-01T17:52:03.140Z",
        "symbol": "SOL/USDC",
        "order": None,
        "type": None,
        "side": "buy",
        "takerOrMaker": "taker",
        "price": 100.67,
        "amount": 0.22,
        "cost": 22.1474,
        "fee": {"cost": None, "currency": None},
        "fees": [],
    }


def test_trades_come_oldest_first_and_in_their_own_order_within_a_millisecond(sample: Sample) -> None:
    trades = public_trades(sample("get_api_v1_trades"), "SOL/USDC", float)
    assert [one["id"] for one in trades] == [str(identity) for identity in range(381731409, 381731419)]


@given(st.lists(st.integers(0, 3000) | st.integers(0, 4 * 10**12), max_size=9))
def test_trades_have_the_datetime_of_their_time(times: list[int]) -> None:
    rows = [{"price": "1", "quantity": "2", "timestamp": time, "isBuyerMaker": True} for time in times]
    trades = public_trades(rows, "X/Y", float)
    assert [(one["timestamp"], one["datetime"]) for one in trades] == [
        (time, iso8601(time)) for time in sorted(times)
    ]


def test_a_trade_without_time_has_none() -> None:
    (trade,) = public_trades([{"price": "1", "quantity": "2", "timestamp": None}], "X/Y", float)
    assert (trade["timestamp"], trade["datetime"], trade["side"]) == (None, None, "buy")


@NUMBERS
def test_a_trade_without_id_and_cost_has_an_exact_cost(number: Any) -> None:
    payload = {"price": "0.1", "quantity": "0.7", "timestamp": 1, "isBuyerMaker": True}
    (trade,) = public_trades([payload], "X/Y", number)
    assert (trade["id"], trade["side"], trade["cost"]) == (None, "sell", number("0.07"))
    assert type(trade["price"]) is number


def test_ccxts_parsers_of_trades_know_public_ones(offline: Offline, sample: Sample) -> None:
    exchange = offline()
    market = exchange.market("SOL/USDC")
    parsed = exchange.parse_trades(sample("get_api_v1_trades"), market)
    assert parsed == public_trades(sample("get_api_v1_trades"), "SOL/USDC", float)
    for one in parsed:
        check_trade(exchange, {}, "fetchTrades", one, "SOL/USDC", NOW, True)


def test_a_candle_has_every_field_and_is_dated_by_its_open(sample: Sample) -> None:
    assert candles(sample("get_api_v1_klines"), float)[0] == [
        1788281520000,
        101.05,
        101.05,
        101.02,
        101.02,
        0.44,
    ]


@NUMBERS
def test_a_candles_figures_are_of_the_callers_type(offline: Offline, sample: Sample, number: Any) -> None:
    exchange = offline({"number": number})
    payload = sample("get_api_v1_klines")
    found = candles(payload, number)
    assert found == [exchange.parse_ohlcv(one) for one in payload]
    assert found[0][1] == number("101.05")
    assert {type(value) for value in found[0][1:]} == {number}
    if number is not Decimal:  # which ccxt's own test cannot write down
        check_candle(exchange, {}, "fetchOHLCV", found[0], "SOL/USDC", NOW)


def test_a_period_without_trades_has_no_candle(offline: Offline, sample: Sample) -> None:
    payload = sample("get_api_v1_klines")
    empty = {**payload[0], **dict.fromkeys(("open", "high", "low", "close")), "volume": "0", "trades": "0"}
    without_keys = {name: empty[name] for name in ("start", "end", "volume", "trades")}
    assert candles([empty, payload[1], without_keys], float) == candles([payload[1]], float)
    assert offline().parse_ohlcv(empty) == [1788281520000, None, None, None, None, 0.0]


seconds = st.datetimes(min_value=datetime.fromisoformat("1970-01-01")).map(
    lambda time: time.replace(microsecond=0)
)


@given(seconds)
def test_an_open_time_is_read_to_the_second(time: Any) -> None:
    assert (
        opened_at(candle_rows(float).of([{"start": str(time)}])[0])
        == int(time.replace(tzinfo=UTC).timestamp()) * 1000
    )


@given(st.lists(st.integers(0, 9) | st.integers(0, 60 * 24 * 365 * 80), max_size=12))
def test_candles_are_dated_by_their_opens_at_whatever_distance(minutes: list[int]) -> None:
    starts = [datetime.fromtimestamp(minute * 60, UTC).replace(tzinfo=None) for minute in minutes]
    rows = candle_rows(float).of([{"start": str(start)} for start in starts])
    assert opened_each(rows) == list(map(opened_at, rows)) == [minute * 60_000 for minute in minutes]


# --- funding and open interest -------------------------------------------------------------------------


def test_a_funding_rate_has_every_field_to_its_28_digits(offline: Offline, sample: Sample) -> None:
    exchange = offline({"number": str})
    payload = {**sample("get_api_v1_markPrices")[0], "symbol": "SOL_USDC_PERP"}
    assert exchange.parse_funding_rate(payload) == {
        "info": payload,
        "symbol": "SOL/USDC:USDC",
        "markPrice": "0.02346",
        "indexPrice": "0.02351565",
        "interestRate": None,
        "estimatedSettlePrice": None,
        "timestamp": None,
        "datetime": None,
        "fundingRate": "-0.0001703677559048204097085472",
        "fundingTimestamp": 1788285600000,
        "fundingDatetime": "2026-09-01T18:00:00.000Z",
        "nextFundingRate": None,
        "nextFundingTimestamp": None,
        "nextFundingDatetime": None,
        "previousFundingRate": None,
        "previousFundingTimestamp": None,
        "previousFundingDatetime": None,
        "interval": "1h",
    }


def test_a_settled_funding_rate_has_every_field(offline: Offline, sample: Sample) -> None:
    exchange = offline()
    payload = sample("get_api_v1_fundingRates")[1]
    parsed = exchange.parse_funding_rate_history(payload)
    assert parsed == {
        "info": payload,
        "symbol": "BTC/USDC:USDC",
        "fundingRate": 0.000008311,
        "timestamp": 1789336800000,
        "datetime": "2026-09-13T22:00:00.000Z",
    }
    check_funding_rate(exchange, {}, "fetchFundingRateHistory", parsed, "BTC/USDC:USDC")


@pytest.mark.parametrize(
    ("milliseconds", "name"),
    [(3600000, "1h"), ("28800000", "8h"), (1800000, "30m"), (5400000, "90m"), (None, None)],
)
def test_a_funding_interval_is_named_as_ccxt_names_it(milliseconds: Any, name: str | None) -> None:
    assert interval_name(milliseconds) == name


def test_an_open_interest_has_every_field(offline: Offline, sample: Sample) -> None:
    exchange = offline()
    payload = sample("rest/get_api_v1_openInterest")[0]
    parsed = exchange.parse_open_interest(payload)
    assert parsed == {
        "symbol": "SOL/USDC:USDC",
        "baseVolume": None,
        "quoteVolume": None,
        "openInterestAmount": 206529.68,
        "openInterestValue": None,
        "timestamp": 1788285149338,
        "datetime": "2026-09-01T17:52:29.338Z",
        "info": payload,
    }
    check_open_interest(exchange, {}, "fetchOpenInterest", parsed)


def test_an_open_interest_that_is_not_said_is_none(offline: Offline) -> None:
    parsed = offline().parse_open_interest({"symbol": "SOL_USDC_PERP", "timestamp": 1})
    assert parsed["openInterestAmount"] is None


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


# --- exact figures -------------------------------------------------------------------------------------


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=18))
def test_units_and_figures_are_each_others_inverse(value: Decimal) -> None:
    text = format(value, "f")
    assert units(text) == int(value.scaleb(18, Context(prec=60)))
    assert figure(Decimal, units(text)) == value
    assert figure(float, units(text)) == float(text)


written = st.decimals(allow_nan=False, allow_infinity=False, min_value=0, max_value=10**12, places=12).map(
    lambda value: format(value.normalize(), "f")
)
signs = st.sampled_from(["", "-"])


@NUMBERS
@given(one=written, other=written, sign=signs)
def test_derived_figures_equal_ccxts_own_arithmetic_to_the_last_digit(
    number: Any, one: str, other: str, sign: str
) -> None:
    difference, quotient = (
        exact_difference(sign + one, other, number),
        cut_quotient(sign + one, other, number),
    )
    assert difference == number(Precise.string_sub(sign + one, other))
    assert type(difference) is number
    if Decimal(other):
        assert quotient == number(Precise.string_div(sign + one, other))
    else:
        assert quotient is None
    assert exact_product(sign + one, other) == float(Precise.string_mul(sign + one, other))


@given(whole=st.integers(1, 10**15 - 1), places=st.integers(0, 9))
def test_a_short_figure_is_read_off_its_float_as_it_was_written(whole: int, places: int) -> None:
    text = format(Decimal(whole).scaleb(-places), "f")
    read = float(text) * 10.0**places + NEAREST - NEAREST
    assert (read, read / 10.0**places) == (whole, float(text))
    assert len(text) <= SHORT
    assert read < CERTAIN


@given(value=st.floats(0, 2**30) | st.floats(0, 2**30, width=32), places=st.integers(0, 9))
def test_a_float_that_stands_for_something_finer_is_not_taken_for_a_whole_number(
    value: float, places: int
) -> None:
    read = value * 10.0**places + NEAREST - NEAREST
    if read < CERTAIN and read / 10.0**places == value:
        assert float(format(Decimal(int(read)).scaleb(-places), "f")) == value


wholes = st.integers(1, 15).flatmap(lambda digits: st.integers(1, 10**digits - 1))


@given(one=wholes, other=wholes)
def test_a_quotient_of_whole_numbers_equals_ccxts_own_arithmetic_to_the_last_digit(
    one: int, other: int
) -> None:
    assert short_quotient(float(one), float(other)) == float(Precise.string_div(str(one), str(other)))


@given(numerator=st.integers(2**52, 2**53 - 1), other=wholes, more=st.integers(-2, 2))
def test_a_quotient_next_to_the_middle_of_two_floats_is_rounded_as_ccxt_rounds_it(
    numerator: int, other: int, more: int
) -> None:
    one = (2 * numerator + 1) * other // 2**53 + more  # one / other is about the middle after a float
    if 0 < one < CERTAIN:
        assert short_quotient(float(one), float(other)) == float(Precise.string_div(str(one), str(other)))


@NUMBERS
def test_words_in_the_place_of_a_figure_are_no_figure(number: Any) -> None:
    rows = [{"price": "", "size": "1"}, {"price": "N/A", "size": "2"}, {"price": "3", "size": None}]
    read = rows_of("Read", ("price", "size"), (), number).of(rows)
    assert [row.size for row in read] == [number("1"), number("2"), None]
    if number is not str:  # whose figures are the venue's text
        assert [row.price for row in read] == [None, None, number("3")]
