"""Tickers, books and mark prices."""

from __future__ import annotations

import pytest
from ccxt.base.errors import NullResponse

from bpx_connector.rest.markets.prices import depth_limit
from tests.support.callers import Caller
from tests.support.made_up import PERPETUAL, SPOT, made_up


def test_a_ticker_tells_of_a_days_trading(bpx: Caller) -> None:
    one = bpx.call("fetch_ticker", SPOT)
    assert one["symbol"] == SPOT
    assert one["low"] <= one["last"] <= one["high"]
    assert one["percentage"] == float(one["info"]["priceChangePercent"] + "e2")
    assert bpx.call("fetch_ticker", SPOT, {"interval": "1w"})["baseVolume"] >= one["baseVolume"]


def test_tickers_of_all_markets_or_of_some_take_one_request(bpx: Caller) -> None:
    everything = bpx.call("fetch_tickers")
    assert {SPOT, PERPETUAL} <= everything.keys()
    assert bpx.call("fetch_tickers", [SPOT]) == {SPOT: everything[SPOT]}
    spot = bpx.call("fetch_tickers", None, {"type": "spot"})
    assert spot == {symbol: one for symbol, one in everything.items() if ":" not in symbol}
    assert set(bpx.call("fetch_tickers", [], {"type": "swap"})) == everything.keys() - spot.keys()


def test_last_prices_are_those_of_the_tickers(bpx: Caller) -> None:
    last = bpx.call("fetch_last_prices", [SPOT, PERPETUAL])
    assert set(last) == {SPOT, PERPETUAL}
    assert last[SPOT]["price"] == bpx.call("fetch_ticker", SPOT)["last"]


def test_a_book_has_its_best_prices_first(bpx: Caller) -> None:
    book = bpx.call("fetch_order_book", SPOT, 7)
    assert len(book["bids"]) == len(book["asks"]) == 7
    assert book["bids"] == sorted(book["bids"], reverse=True)
    assert book["asks"] == sorted(book["asks"])
    assert book["bids"][0][0] < book["asks"][0][0]
    assert bpx.call("fetch_l2_order_book", SPOT, 7) == book
    assert len(bpx.call("fetch_order_book", SPOT)["bids"]) > 7


def test_mark_prices_are_those_of_the_perpetuals(bpx: Caller) -> None:
    marks = bpx.call("fetch_mark_prices")
    assert all(bpx.exchange.market(symbol)["swap"] for symbol in marks)
    one = bpx.call("fetch_mark_price", PERPETUAL)
    assert one == marks[PERPETUAL] == bpx.call("fetch_mark_prices", [PERPETUAL])[PERPETUAL]
    assert one["markPrice"] > 0
    assert one["indexPrice"] > 0


def test_spot_mark_prices_are_to_be_had_too(bpx: Caller) -> None:
    assert bpx.call("fetch_mark_prices", [SPOT])[SPOT]["markPrice"] > 0
    assert bpx.call("fetch_mark_price", SPOT)["symbol"] == SPOT


@pytest.mark.parametrize(
    ("limit", "depth"),
    [(1, 5), (5, 5), (6, 10), (21, 50), (999, 1000), (1000, 1000), (5000, 1000), (None, 1000)],
)
def test_a_book_is_asked_for_in_the_next_depth_that_the_venue_has(limit: int | None, depth: int) -> None:
    exchange = made_up(lambda *_: {"asks": [], "bids": [], "lastUpdateId": "1", "timestamp": 1})
    assert exchange.fetch_order_book(SPOT, limit)["bids"] == []
    assert exchange._queries == [{"symbol": "SOL_USDC", "limit": str(depth)}]
    assert depth_limit(limit) == depth


def test_a_market_that_never_traded_has_an_empty_ticker() -> None:
    assert made_up(lambda *_: "").fetch_ticker(SPOT)["last"] is None


@pytest.mark.parametrize("call", ["fetch_mark_price", "fetch_funding_rate", "fetch_open_interest"])
def test_an_answer_that_leaves_out_the_market_is_said_to_be_empty(call: str) -> None:
    with pytest.raises(NullResponse, match=PERPETUAL):
        getattr(made_up(lambda *_: []), call)(PERPETUAL)
