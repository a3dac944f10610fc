"""Stocks: their markets for requests for quotes, sessions, holidays and indicative quotes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ccxt.base.errors import BadRequest, BadSymbol

from tests.support.callers import Caller
from tests.support.canned import CannedVenue
from tests.support.canned_rows import indicative_quote, security
from tests.support.samples import sample

Canned = Callable[..., CannedVenue]

SECURITIES = [
    security("AAPL.US", ("PRE", "1", "1000", "1"), ("REGULAR", "0.01", "10000", "0.01")),
    security("BRK.B.US", ("REGULAR", "100", None, "100")),
    security("HACK.US"),
]
ANSWERS: dict[str, Any] = {
    "GET /api/v1/securities": SECURITIES,
    "GET /api/v1/stockIndicativeQuote": lambda asked: indicative_quote(asked["side"], "200.5"),
}


def test_every_stock_has_a_market_for_requests_for_quotes(canned: Canned) -> None:
    apple, tencent, new = canned(ANSWERS).call("fetch_stock_markets")
    assert (apple["id"], apple["symbol"]) == ("AAPL.US_USDC_RFQ", "AAPL.US.RFQ/USDC")
    assert (apple["type"], apple["stock"], apple["executionModel"]) == ("spot", True, "rfq")
    assert apple["limits"]["amount"] == {"min": 0.01, "max": 10000.0}
    assert apple["precision"]["amount"] == 0.01
    assert tencent["limits"]["amount"] == {"min": 100.0, "max": None}
    assert new["precision"]["amount"] is None


def test_stock_markets_are_loaded_once_beside_the_others(canned: Canned) -> None:
    venue = canned(ANSWERS)
    before = set(venue.caller.exchange.markets)
    loaded = venue.call("load_stock_markets")
    assert set(loaded) - before == {"AAPL.US.RFQ/USDC", "BRK.B.US.RFQ/USDC", "HACK.US.RFQ/USDC"}
    assert venue.caller.exchange.market("AAPL.US_USDC_RFQ")["symbol"] == "AAPL.US.RFQ/USDC"
    assert before < set(venue.call("load_stock_markets"))
    assert len(venue.asked) == 1


@pytest.mark.parametrize("symbol", ["AAPL.US", "AAPL.US/USDC", "AAPL.US.RFQ/USDC", "AAPL.US_USDC_RFQ"])
def test_an_indicative_quote_is_of_a_stock_however_it_is_named(canned: Canned, symbol: str) -> None:
    venue = canned(ANSWERS)
    quote = venue.call("fetch_stock_indicative_quote", symbol, "buy", "1.50")
    assert venue.asked[0].params == {"symbol": "AAPL.US", "side": "Bid", "quantity": "1.5"}
    assert (quote["available"], quote["price"], quote["side"], quote["amount"]) == (True, 200.5, "buy", 1.5)
    assert (quote["limits"]["max"], quote["precision"]) == (1000.0, 0.01)


def test_a_quote_that_is_not_to_be_had_says_why(canned: Canned) -> None:
    venue = canned({"GET /api/v1/stockIndicativeQuote": indicative_quote("Bid", None, quantityFilter=None)})
    quote = venue.call("fetch_stock_indicative_quote", "AAPL.US", "buy", 1)
    assert (quote["available"], quote["reason"], quote["price"]) == (False, "MarketClosed", None)


def test_what_is_no_stock_is_refused_before_anything_is_asked(canned: Canned) -> None:
    venue = canned(ANSWERS)
    with pytest.raises(BadSymbol, match="takes a stock such as"):
        venue.call("fetch_stock_indicative_quote", "SOL/USDC", "buy", 1)
    with pytest.raises(BadRequest, match="side has to be one of"):
        venue.call("fetch_stock_indicative_quote", "AAPL.US", "long", 1)
    with pytest.raises(BadRequest, match="amount has to be a number above zero"):
        venue.call("fetch_stock_indicative_quote", "AAPL.US", "buy", 0)
    assert venue.asked == []


def test_sessions_are_told_in_their_local_times(bpx: Caller) -> None:
    sessions = {session["name"]: session for session in bpx.call("fetch_stock_sessions")}
    regular = sessions["US_EQUITIES_REGULAR"]
    assert (regular["start"], regular["end"], regular["timezone"]) == (
        "09:30:00",
        "16:00:00",
        "America/New_York",
    )
    assert (regular["firstWeekday"], regular["lastWeekday"]) == (1, 5)


def test_holidays_have_a_date_and_perhaps_times(canned: Canned) -> None:
    row = {
        "market": "US",
        "name": "Christmas Eve",
        "date": "2026-12-24",
        "startTime": "09:30:00",
        "endTime": "13:00:00",
        "timezone": "America/New_York",
    }
    [holiday] = canned({"GET /api/v1/stockHolidays": [row]}).call("fetch_stock_holidays")
    assert (holiday["name"], holiday["date"], holiday["end"]) == ("Christmas Eve", "2026-12-24", "13:00:00")


# --- among the markets -------------------------------------------------------------------------------------

LISTED = sample("rest/get_api_v1_markets")


def asked_types(venue: CannedVenue) -> list[Any]:
    return [asked.params.get("marketType") for asked in venue.asked if asked.call == "GET /api/v1/markets"]


def test_markets_of_stocks_are_listed_when_they_are_asked_for(canned: Canned) -> None:
    venue = canned({**ANSWERS, "GET /api/v1/markets": LISTED})
    usual = venue.call("fetch_markets")
    assert [asked.call for asked in venue.asked] == ["GET /api/v1/markets"]
    everything = venue.call("fetch_markets", {"marketType": ["spot", "swap", "stock"]})
    more = {market["symbol"] for market in everything} - {market["symbol"] for market in usual}
    assert more == {"AAPL.US.RFQ/USDC", "BRK.B.US.RFQ/USDC", "HACK.US.RFQ/USDC"}
    only = venue.call("fetch_markets", {"stock": True})
    assert {market["base"].endswith(".US") for market in only} == {True}
    assert {"AAPL.US.RFQ/USDC"} < {market["symbol"] for market in only}
    requests = venue.call("fetch_markets", {"marketType": "RFQ"})
    assert len(requests) == len(SECURITIES)
    assert asked_types(venue) == [None, "PERP", "PERP"]  # of repeated ones the last is read here


def test_a_type_of_markets_is_asked_for_in_each_of_three_words(canned: Canned) -> None:
    venue = canned({"GET /api/v1/markets": []})
    for word in ("marketType", "type", "types"):
        assert venue.call("fetch_markets", {word: "prediction"}) == []
    assert asked_types(venue) == ["PREDICTION"] * 3
    with pytest.raises(BadRequest, match="marketType has to be one of"):
        venue.call("fetch_markets", {"type": "option"})


def test_the_options_can_ask_for_them_too(canned: Canned) -> None:
    options = {"options": {"fetchMarkets": {"types": ["spot", "prediction"]}}}
    venue = canned({"GET /api/v1/markets": []}, options)
    assert venue.call("fetch_markets") == []
    assert asked_types(venue) == ["PREDICTION"]
    with pytest.raises(BadRequest, match="marketType has to be one of"):
        venue.call("fetch_markets", {"marketType": "option"})


def test_a_market_for_requests_has_the_feed_of_fair_prices(canned: Canned) -> None:
    ticker = {**sample("rest/get_api_v1_ticker.SOL_USDC"), "symbol": "AAPL.US_USDC"}
    venue = canned({**ANSWERS, "GET /api/v1/ticker": ticker, "GET /api/v1/klines": []})
    venue.call("load_stock_markets")
    assert venue.call("fetch_ticker", "AAPL.US.RFQ/USDC")["symbol"] == "AAPL.US.RFQ/USDC"
    assert venue.asked[-1].params == {"symbol": "AAPL.US_USDC", "source": "External"}
    assert venue.call("fetch_ohlcv", "AAPL.US.RFQ/USDC", "1h", None, 3) == []
    asked = venue.asked[-1].params
    assert (asked["symbol"], asked["source"]) == ("AAPL.US_USDC", "External")
    venue.call("fetch_ticker", "SOL/USDC", {"source": "Venue"})
    assert venue.asked[-1].params == {"symbol": "SOL_USDC", "source": "Venue"}
