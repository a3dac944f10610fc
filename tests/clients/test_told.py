"""What programs for many exchanges read before the first call: abilities, features, markets, fees."""

from __future__ import annotations

from typing import Any

from ccxt.base.decimal_to_precision import TICK_SIZE

import bpx_connector
import bpx_connector.async_support
import bpx_connector.pro
from tests.support.callers import Caller
from tests.support.clients import EVERY_CLASS, PERP, SPOT
from tests.support.sandboxes import SYMBOLS

NEEDED = "createOrder cancelOrder fetchBalance fetchOHLCV fetchOrder fetchL2OrderBook fetchTicker"
WANTED = (
    "fetchMyTrades createLimitOrder createMarketOrder fetchOrderBook fetchTickers fetchTrades fetchOrders "
    "fetchOpenOrders fetchClosedOrders fetchCanceledOrders fetchTime fetchTradingFees"
)
WANTED_FOR_FUTURES = (
    "setLeverage setMarginMode fetchFundingHistory fetchFundingRateHistory fetchPositions fetchLeverageTiers "
    "fetchMarketLeverageTiers fetchMarkOHLCV fetchIndexOHLCV"
)
WANTED_OF_STREAMS = "watchOHLCV unWatchOHLCV unWatchOHLCVForSymbols watchOrders watchBalance"
WANTED_OF_PRICES = ("fetchPremiumIndexOHLCV", "fetchBidsAsks")
"""Reckoned from candles of mark and index, and from books: the venue has neither by itself."""


@EVERY_CLASS
def test_what_programs_need_is_there_and_exactly_true(kind: Any) -> None:
    has = kind().has
    names = f"{NEEDED} {WANTED} {WANTED_FOR_FUTURES}".split()
    assert [name for name in names if has[name] is not True] == []
    assert [has[name] for name in WANTED_OF_PRICES] == [True, True]


def test_the_streams_that_programs_want_are_there_and_exactly_true() -> None:
    has = bpx_connector.pro.bpx().has
    assert [name for name in WANTED_OF_STREAMS.split() if has[name] is not True] == []


@EVERY_CLASS
def test_timeframes_are_named_as_ccxt_names_them(kind: Any) -> None:
    assert {"1m", "5m", "15m", "30m", "1h", "4h", "1d", "1w", "1M"} <= set(kind().timeframes)


@EVERY_CLASS
def test_the_most_candles_of_one_call_are_told_for_spot_and_for_linear_swaps(kind: Any) -> None:
    features = kind().features
    assert features["spot"]["fetchOHLCV"]["limit"] > 0
    assert features["swap"]["linear"]["fetchOHLCV"]["limit"] > 0


@EVERY_CLASS
def test_swap_and_future_features_have_both_kinds(kind: Any) -> None:
    features = kind().features
    assert {"linear", "inverse"} <= set(features["swap"]) & set(features["future"])


def test_a_market_has_every_field_that_programs_read(trader: Caller) -> None:
    markets = trader.call("load_markets", True)
    for market in markets.values():
        assert {
            "id",
            "symbol",
            "base",
            "quote",
            "spot",
            "margin",
            "swap",
            "type",
            "linear",
            "inverse",
        } <= set(market)
        assert market["active"] in (True, False)
        assert market["taker"] >= market["maker"]
        assert market["precision"]["amount"] > 0
        assert market["precision"]["price"] > 0
        for limit in ("cost", "amount"):
            assert {"min", "max"} <= set(market["limits"][limit])
        assert (market["contractSize"] == 1) == market["swap"]
        assert (market["linear"], market["inverse"]) == ((True, False) if market["swap"] else (None, None))
    assert len(markets) == len(SYMBOLS)
    assert markets[SPOT]["active"] is markets[PERP]["active"] is True


@EVERY_CLASS
def test_fees_precision_and_the_price_of_a_market_buy_are_told(kind: Any) -> None:
    exchange = kind()
    assert exchange.fees["trading"]["taker"] > 0
    assert exchange.precisionMode == TICK_SIZE
    assert exchange.options["createMarketBuyOrderRequiresPrice"] is False
