"""Stocks: hours, holidays, quantities, their price outside."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from bpx_connector.sandbox.clock import DRIVEN_START
from bpx_connector.sandbox.crowd.listings import stocks
from bpx_connector.sandbox.exchange.outside import outside_candle, outside_price
from bpx_connector.sandbox.exchange.stock_hours import StockHours
from tests.support.desk import LocalDesk
from tests.support.openapi import problems

RFQ = {"symbol": "AAPL.US_USDC_RFQ", "side": "Bid", "price": "300", "executionMode": "Immediate"}


@pytest.fixture
def desk() -> LocalDesk:
    return LocalDesk(symbols=["SOL_USDC"], speed=0)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000_000)


@pytest.mark.parametrize(
    ("moment", "session"),
    [
        ("2026-01-01T00:00", "US_EQUITIES_POST_MARKET"),
        ("2026-01-01T15:00", None),
        ("2026-01-02T02:00", None),
        ("2026-01-02T06:00", "US_EQUITIES_OVERNIGHT"),
        ("2026-01-02T15:00", "US_EQUITIES_REGULAR"),
        ("2026-12-24T15:00", "US_EQUITIES_REGULAR"),
        ("2026-12-24T18:30", None),
        ("2026-01-05T02:00", "US_EQUITIES_OVERNIGHT"),
    ],
)
def test_sessions_close_on_holidays_and_run_over_night(moment: str, session: str | None) -> None:
    """/stockHolidays: days or hours; /stockSessions: "US_EQUITIES_OVERNIGHT 20:00-04:00 among them"."""
    data = stocks()
    hours = StockHours(data["securities"], data["marketSessions"], data["holidays"])
    assert hours.session(at(moment)) == session


def test_a_stock_is_bought_while_a_session_is_open_and_refused_on_a_holiday(desk: LocalDesk) -> None:
    """The venue: "Stock RFQs run while the session is open" (FACTS 16)."""
    client = desk.client()
    done = client.done("POST", "/api/v1/rfq", body={**RFQ, "quantity": "2"})
    assert done["status"] == "Filled"
    assert client.done("GET", "/api/v1/capital")["AAPL.US"]["available"] == "2"
    desk.clock.leap(15 * 3_600)
    refused = client.ask("POST", "/api/v1/rfq", body={**RFQ, "quantity": "2"})
    assert (refused.status, refused.body["code"]) == (400, "TRADING_PAUSED")
    quote = desk.get("/api/v1/stockIndicativeQuote", symbol="AAPL.US", side="Bid", quantity="1")
    assert (quote["available"], quote["reason"]) == (False, "MarketClosed")
    desk.venue.switches.stock_hours = "always"
    assert client.done("POST", "/api/v1/rfq", body={**RFQ, "quantity": "0.5"})["status"] == "Filled"


def test_a_session_decides_the_quantities_of_a_stock(desk: LocalDesk) -> None:
    """/securities: "sessions [{name, minQuantity, maxQuantity, stepSize}]"."""
    client = desk.client()
    for quantity in ("0.5", "1001", "1.5"):
        refused = client.ask("POST", "/api/v1/rfq", body={**RFQ, "quantity": quantity})
        assert (refused.status, refused.body["code"]) == (400, "INVALID_QUANTITY")


def test_a_stock_asked_for_by_its_cost_gets_no_quotes(desk: LocalDesk) -> None:
    """The venue: "Base quantity only (quoteQuantity gets no quotes)"."""
    client = desk.client()
    body = {"symbol": RFQ["symbol"], "side": "Bid", "quoteQuantity": "500"}
    client.done("POST", "/api/v1/rfq", body=body)
    [row] = client.done("GET", "/api/v1/rfqs")
    assert row["quotes"] == []


def test_outside_prices_are_listed_for_every_stock(desk: LocalDesk) -> None:
    """The venue: "/tickers?source=External lists <ASSET>_USDC for every stock"; candles likewise."""
    rows = desk.get("/api/v1/tickers", source="External")
    assert [row["symbol"] for row in rows] == [f"{row['asset']}_USDC" for row in stocks()["securities"]]
    assert problems("GET /api/v1/tickers", 200, rows) == []
    one = desk.get("/api/v1/ticker", source="External", symbol="AAPL.US_USDC")
    assert one in rows
    now = desk.clock.now() // 1_000_000
    asked: dict[str, Any] = {"symbol": "AAPL.US_USDC", "interval": "5m", "startTime": now - 3_600}
    candles = desk.get("/api/v1/klines", source="External", **asked)
    assert problems("GET /api/v1/klines", 200, candles) == []
    assert len(candles) == 12
    assert desk.ask("GET", "/api/v1/ticker", {"source": "External", "symbol": "SOL_USDC"}).status == 400
    assert desk.ask("GET", "/api/v1/ticker", {"source": "Elsewhere", "symbol": "SOL_USDC"}).status == 400


def test_a_stock_is_quoted_around_its_outside_price(desk: LocalDesk) -> None:
    price = outside_price("AAPL.US", desk.clock.now())
    quote = desk.get("/api/v1/stockIndicativeQuote", symbol="AAPL.US", side="Bid", quantity="1")
    assert price < Decimal(quote["estimatedPrice"]) < Decimal(quote["price"]) < price * Decimal("1.01")


def test_outside_candles_of_any_length_hold_the_prices_within_them() -> None:
    for minutes in (1, 7, 79, 80, 81, 1_440):
        start = DRIVEN_START + 13 * 60_000_000
        end = start + minutes * 60_000_000
        candle = outside_candle("AAPL.US", start, end)
        prices = [outside_price("AAPL.US", start + minute * 60_000_000) for minute in range(minutes)]
        assert candle == (prices[0], max(prices), min(prices), prices[-1])
