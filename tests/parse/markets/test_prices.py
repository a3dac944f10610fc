"""Tickers, last prices and mark prices, every field of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from ccxt.base.decimal_to_precision import TICK_SIZE
from ccxt.base.exchange import Exchange
from ccxt.base.precise import Precise
from ccxt.test.exchange.base.test_last_price import test_last_price as check_last_price
from ccxt.test.exchange.base.test_ticker import test_ticker as check_ticker
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.parse.markets.prices import ticker
from tests.support.parsing import NUMBERS, Offline, Sample


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
