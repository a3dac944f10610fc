"""What is asked of many markets at once, and candles of the premium."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from ccxt.base.errors import BadRequest, BadSymbol

from bpx_connector.rest.markets.several import premium_candles
from tests.support.callers import Caller
from tests.support.canned import CannedVenue

Canned = Callable[..., CannedVenue]

SOL, SWAP = "SOL/USDC", "SOL/USDC:USDC"
DEPTH = {
    "asks": [["101.5", "2"], ["103", "1"]],
    "bids": [["9.5", "7"], ["100.5", "3"]],  # the best comes last, and is no text's greatest
    "lastUpdateId": "5",
    "timestamp": 1767225600123456,
}


def test_books_of_the_markets_asked_for_come_by_symbol(bpx: Caller) -> None:
    books = bpx.call("fetch_order_books", [SOL, SWAP], 5)
    assert list(books) == [SOL, SWAP]
    assert [len(book["bids"]) for book in books.values()] == [5, 5]
    assert books[SWAP]["symbol"] == SWAP


def test_best_prices_are_the_tops_of_the_books(bpx: Caller) -> None:
    tickers = bpx.call("fetch_bids_asks", [SOL])
    book = bpx.call("fetch_order_book", SOL, 5)
    ticker = tickers[SOL]
    assert [ticker["bid"], ticker["bidVolume"]] == book["bids"][0][:2]
    assert [ticker["ask"], ticker["askVolume"]] == book["asks"][0][:2]


def test_the_best_bid_is_the_highest_wherever_it_stands(canned: Canned) -> None:
    ticker = canned({"GET /api/v1/depth": DEPTH}).call("fetch_bids_asks", [SOL])[SOL]
    assert (ticker["bid"], ticker["bidVolume"], ticker["ask"], ticker["askVolume"]) == (100.5, 3, 101.5, 2)
    assert ticker["timestamp"] == 1767225600123


def test_an_empty_side_has_no_best_price(canned: Canned) -> None:
    ticker = canned({"GET /api/v1/depth": {**DEPTH, "bids": []}}).call("fetch_bids_asks", [SOL])[SOL]
    assert (ticker["bid"], ticker["bidVolume"], ticker["ask"]) == (None, None, 101.5)


def test_without_symbols_every_open_market_is_asked_once(canned: Canned) -> None:
    venue = canned({"GET /api/v1/depth": DEPTH})
    tickers = venue.call("fetch_bids_asks", None, {"type": "swap"})
    markets = venue.caller.exchange.markets.values()
    open_swaps = {market["symbol"] for market in markets if market["swap"] and market["active"]}
    assert set(tickers) == open_swaps
    assert len(venue.asked) == len(open_swaps)


@pytest.mark.parametrize("method", ["fetch_order_books", "fetch_bids_asks"])
def test_wrong_arguments_are_refused_before_anything_is_asked(canned: Canned, method: str) -> None:
    venue = canned({})
    with pytest.raises(BadRequest, match="symbols has to be a list"):
        venue.call(method, SOL)
    with pytest.raises(BadSymbol):
        venue.call(method, [SOL, "XYZ/USDC"])
    with pytest.raises(BadRequest, match="type has to be one of"):
        venue.call(method, None, params={"type": "option"})
    assert venue.asked == []


# --- the premium -------------------------------------------------------------------------------------------


def test_a_premium_candle_is_known_at_its_two_ends(bpx: Caller) -> None:
    candles = bpx.call("fetch_premium_index_ohlcv", SWAP, "1h", None, 4)
    marks = bpx.call("fetch_mark_ohlcv", SWAP, "1h", None, 4)
    indexes = bpx.call("fetch_index_ohlcv", SWAP, "1h", None, 4)
    assert [candle[0] for candle in candles] == [mark[0] for mark in marks]
    for candle, mark, index in zip(candles, marks, indexes, strict=True):
        assert candle[1] == pytest.approx((mark[1] - index[1]) / index[1], abs=1e-15)
        assert candle[4] == pytest.approx((mark[4] - index[4]) / index[4], abs=1e-15)
        assert (candle[2], candle[3]) == (max(candle[1], candle[4]), min(candle[1], candle[4]))
        assert candle[5] is None


def test_the_premium_is_exact_in_the_callers_kind_of_number() -> None:
    marks: list[list[Any]] = [[0, Decimal("100.5"), None, None, Decimal(99), None], [60, 1, 1, 1, 1, 1]]
    indexes: list[list[Any]] = [[0, Decimal(100), None, None, Decimal(100), None]]
    assert premium_candles(marks, indexes, Decimal) == [
        [0, Decimal("0.005"), Decimal("0.005"), Decimal("-0.01"), Decimal("-0.01"), None]
    ]


def test_the_premium_has_no_price_to_choose(canned: Canned) -> None:
    with pytest.raises(BadRequest, match="takes no price"):
        canned({}).call("fetch_premium_index_ohlcv", SWAP, params={"price": "mark"})


@pytest.mark.parametrize("method", ["fetch_order_books", "fetch_bids_asks"])
def test_a_market_that_has_closed_is_left_out_unless_nothing_else_was_asked_for(
    canned: Canned, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    def depth(params: Any) -> Any:
        if params["symbol"] == "SOL_USDC_PERP":
            raise BadSymbol("Not Found")
        return DEPTH

    venue = canned({"GET /api/v1/depth": depth})
    assert SOL in venue.call(method)
    assert SWAP not in venue.call(method)
    assert "SOL/USDC:USDC has no book and is left out" in caplog.text
    assert list(venue.call(method, [SWAP, SOL])) == [SOL]
    with pytest.raises(BadSymbol):
        venue.call(method, [SWAP])


def test_a_ticker_of_a_closed_market_comes_without_its_top(canned: Canned) -> None:
    def depth(params: Any) -> Any:
        if params["symbol"] == "SOL_USDC_PERP":
            raise BadSymbol("Not Found")
        return DEPTH

    row = {
        **dict.fromkeys(("firstPrice", "high", "lastPrice", "low", "priceChange", "priceChangePercent"), "1"),
        **dict.fromkeys(("quoteVolume", "trades", "volume"), "1"),
    }
    rows = [{**row, "symbol": "SOL_USDC"}, {**row, "symbol": "SOL_USDC_PERP"}]
    venue = canned({"GET /api/v1/depth": depth, "GET /api/v1/tickers": rows})
    tickers = venue.call("fetch_tickers", [SOL, SWAP], {"bidAsk": True})
    assert (tickers[SOL]["bid"], tickers[SWAP]["bid"], tickers[SWAP]["last"]) == (100.5, None, 1)


def test_high_and_low_of_the_premium_are_compared_as_figures() -> None:
    marks = [[1, "0.9", None, None, "1.2", None]]
    [candle] = premium_candles(marks, [[1, "1", None, None, "1", None]], str)
    assert candle[1:5] == ["-0.1", "0.2", "-0.1", "0.2"]
    marks = [[1, "0.5", None, None, "0.91", None]]
    [candle] = premium_candles(marks, [[1, "1", None, None, "1", None]], str)
    assert candle[1:5] == ["-0.5", "-0.09", "-0.5", "-0.09"]
