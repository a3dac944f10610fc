"""Stocks where ccxt's own class has them: as markets that need not be loaded, in tickers and lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ccxt.base.errors import BadRequest, BadSymbol, NotSupported

from tests.support.canned import CannedVenue
from tests.support.canned_rows import fill, history_order, past_rfq, rfq_fill
from tests.support.samples import sample

Canned = Callable[..., CannedVenue]

RFQ = "AAPL.US.RFQ/USDC"
TICKER = {**sample("rest/get_api_v1_ticker.SOL_USDC"), "symbol": "AAPL.US_USDC"}
ORDERS, FILLS = "GET /wapi/v1/history/orders", "GET /wapi/v1/history/fills"
OPEN, RFQS, RFQ_FILLS = "GET /api/v1/orders", "GET /wapi/v1/history/rfq", "GET /wapi/v1/history/rfq/fill"
STOCK = {"symbol": "AAPL.US_USDC_RFQ"}
ANSWERS: dict[str, Any] = {
    ORDERS: [history_order("7", "2026-01-01T00:00:02", symbol="AAPL.US_USDC", status="Filled")],
    FILLS: [fill("2026-01-01T00:00:02", "Bid", "100", "1", symbol="AAPL.US_USDC")],
    OPEN: [],
    "GET /api/v1/rfqs": [],
    RFQS: [
        past_rfq("2026-01-01T00:00:03", rfqId="9", status="Cancelled", **STOCK),
        past_rfq("2026-01-01T00:00:01", rfqId="8", status="Filled", **STOCK),
        past_rfq("2026-01-01T00:00:00", rfqId="5", status="Filled"),
    ],
    RFQ_FILLS: [rfq_fill("2026-01-01T00:00:01", "Bid", "100", "10", **STOCK)],
    "GET /api/v1/ticker": TICKER,
    "GET /api/v1/tickers": lambda asked: (
        [TICKER] if asked.get("source") == "External" else [sample("rest/get_api_v1_ticker.SOL_USDC")]
    ),
    "GET /api/v1/capital": {
        "AAPL.US": {"available": "2", "locked": "1", "staked": "0"},
        "USDC": {"available": "5", "locked": "0", "staked": "0"},
    },
}


def test_a_stocks_market_for_requests_is_known_before_it_is_loaded(canned: Canned) -> None:
    venue = canned(ANSWERS)
    for name in (RFQ, "AAPL.US_USDC_RFQ"):
        market = venue.caller.exchange.market(name)
        assert (market["id"], market["symbol"]) == ("AAPL.US_USDC_RFQ", RFQ)
        assert (market["active"], market["precision"]["amount"], market["stock"]) == (None, None, True)
    assert venue.call("fetch_ticker", RFQ)["symbol"] == RFQ
    assert venue.asked[-1].params == {"symbol": "AAPL.US_USDC", "source": "External"}
    for wrong in ("SOL.RFQ/USDC", "AAPL.US.RFQ/EUR", "AAPL.US/USDC", ".RFQ/USDC"):
        with pytest.raises(BadSymbol):
            venue.caller.exchange.market(wrong)


def test_once_they_are_loaded_a_stock_that_is_not_listed_has_none(canned: Canned) -> None:
    venue = canned({"GET /api/v1/securities": [{"asset": "AAPL.US", "name": "Apple", "sessions": []}]})
    venue.call("load_stock_markets")
    assert venue.caller.exchange.market(RFQ)["active"] is True
    with pytest.raises(BadSymbol):
        venue.caller.exchange.market("NOPE.US.RFQ/USDC")


def test_tickers_of_stocks_are_from_outside_and_under_their_symbols(canned: Canned) -> None:
    venue = canned(ANSWERS)
    assert set(venue.call("fetch_tickers", [RFQ])) == {RFQ}
    assert [asked.params for asked in venue.asked] == [{"source": "External"}]
    assert set(venue.call("fetch_tickers", [RFQ, "SOL/USDC"])) == {RFQ, "SOL/USDC"}
    assert set(venue.call("fetch_tickers", None, {"source": "External"})) == {RFQ}
    assert venue.call("fetch_tickers", None, {"stock": True}) == {}
    assert set(venue.call("fetch_tickers", None, {"stock": True, "source": "External"})) == {RFQ}


def test_what_has_no_book_says_so_before_anything_is_asked(canned: Canned) -> None:
    venue = canned(ANSWERS)
    for method in ("fetch_order_book", "fetch_trades"):
        with pytest.raises(NotSupported, match="has no book"):
            venue.call(method, RFQ)
    assert venue.asked == []


def test_orders_of_stocks_are_those_on_books_and_by_requests(canned: Canned) -> None:
    venue = canned(ANSWERS)
    orders = venue.call("fetch_orders", None, None, None, {"stock": True})
    assert [order["id"] for order in orders] == ["8", "7", "9"]
    [asked] = [asked for asked in venue.asked if asked.call == ORDERS]
    assert asked.params["assetClass"] == "STOCK"
    ended = {
        "fetch_closed_orders": ["8", "7"],
        "fetch_canceled_orders": ["9"],
        "fetch_canceled_and_closed_orders": ["8", "7", "9"],
    }
    for method, ids in ended.items():
        assert [order["id"] for order in venue.call(method, None, None, None, {"stock": True})] == ids
    assert [order["id"] for order in venue.call("fetch_orders", None, None, 1, {"stock": True})] == ["9"]
    assert venue.call("fetch_open_orders", None, None, None, {"stock": True}) == []


def test_ended_requests_are_in_the_lists_of_their_market(canned: Canned) -> None:
    venue = canned({**ANSWERS, RFQS: ANSWERS[RFQS][:2]})
    assert [order["id"] for order in venue.call("fetch_closed_orders", RFQ)] == ["8"]
    assert [order["id"] for order in venue.call("fetch_canceled_orders", RFQ)] == ["9"]


def test_trades_of_stocks_are_those_on_books_and_by_requests(canned: Canned) -> None:
    venue = canned(ANSWERS)
    trades = venue.call("fetch_my_trades", None, None, None, {"stock": True})
    assert [trade["symbol"] for trade in trades] == [RFQ, "AAPL.US_USDC"]


def test_a_balance_of_stocks_has_nothing_else(canned: Canned) -> None:
    balance = canned(ANSWERS).call("fetch_balance", {"stock": True})
    assert balance["total"] == {"AAPL.US": 3.0}
    assert "USDC" not in balance
    assert balance["AAPL.US"]["used"] == 1.0


def test_what_trades_no_stock_is_refused_where_stocks_are_wanted(canned: Canned) -> None:
    venue = canned(ANSWERS)
    for method in ("fetch_orders", "fetch_my_trades", "fetch_open_orders", "fetch_closed_orders"):
        with pytest.raises(BadSymbol, match="trades no stock"):
            venue.call(method, "SOL/USDC", None, None, {"stock": True})
        with pytest.raises(BadRequest, match="stock has to be True or False"):
            venue.call(method, None, None, None, {"stock": "maybe"})
    assert venue.asked == []
    assert venue.call("fetch_orders", RFQ, None, None, {"stock": True})


def test_listed_markets_say_whether_they_trade_a_stock(canned: Canned) -> None:
    listed = sample("rest/get_api_v1_markets")
    venue = canned({"GET /api/v1/markets": listed})
    told = {market["id"]: market["stock"] for market in venue.call("fetch_markets")}
    assert told == {row["symbol"]: row["baseSymbol"].endswith(".US") for row in listed}
