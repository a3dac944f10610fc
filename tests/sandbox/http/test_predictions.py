"""Predictions: listed when asked for, traded, resolved; and what the venue says of itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support.desk import LocalDesk
from tests.support.openapi import problems

SYMBOL = "BTCUP_USDC_PREDICTION"


@pytest.fixture
def desk() -> LocalDesk:
    return LocalDesk(symbols=["BTC_USDC", SYMBOL], speed=0)


def fitting(desk: LocalDesk, path: str, **query: object) -> Any:
    body = desk.get(path, **query)
    assert problems(f"GET {path}", 200, body) == []
    return body


def test_prediction_markets_are_listed_only_when_asked_for(desk: LocalDesk) -> None:
    """The venue: "GET /markets returns SPOT and PERP unless marketType= is given" (FACTS 6)."""
    assert [row["symbol"] for row in desk.get("/api/v1/markets")] == ["BTC_USDC"]
    [row] = fitting(desk, "/api/v1/markets", marketType="PREDICTION")
    assert (row["symbol"], row["marketType"]) == (SYMBOL, "PREDICTION")
    assert [row["symbol"] for row in desk.get("/api/v1/tickers")] == ["BTC_USDC"]


def test_a_prediction_is_traded_on_its_book_and_held_as_a_position(desk: LocalDesk) -> None:
    """The venue: "prices trade as ordinary books"; "markPrice without index and funding"."""
    client = desk.client()
    before = desk.get("/api/v1/openInterest", symbol=SYMBOL)[0]["openInterest"]
    row = client.order(SYMBOL, "Bid", quantity="100")
    assert row["status"] == "Filled"
    [position] = client.done("GET", "/api/v1/position")
    assert problems("GET /api/v1/position", 200, [position]) == []
    assert (position["symbol"], position["netQuantity"]) == (SYMBOL, "100")
    [after] = fitting(desk, "/api/v1/openInterest", symbol=SYMBOL)
    assert Decimal(after["openInterest"]) >= Decimal(before)
    [mark] = fitting(desk, "/api/v1/markPrices", marketType="PREDICTION")
    assert set(mark) == {"symbol", "markPrice"}


@pytest.mark.parametrize(("is_true", "worth"), [(True, 1), (False, 0)])
def test_a_prediction_that_resolves_pays_its_holders_and_closes_its_book(
    desk: LocalDesk, is_true: bool, worth: int
) -> None:
    client = desk.client()
    client.order(SYMBOL, "Bid", quantity="100")
    fills = client.done("GET", "/wapi/v1/history/fills")
    paid = sum(Decimal(row["price"]) * Decimal(row["quantity"]) + Decimal(row["fee"]) for row in fills)
    resting = client.order(SYMBOL, "Bid", quantity="10", price="0.1")
    total = desk.venue.ledger.total("USDC")
    desk.sandbox.context.prediction.resolve(is_true, desk.clock.now())
    assert client.done("GET", "/api/v1/position") == []
    last = client.done("GET", "/wapi/v1/history/fills")[0]
    assert (last["systemOrderType"], last["price"], last["fee"]) == ("FutureExpiry", str(worth), "0")
    free = Decimal(client.done("GET", "/api/v1/capital")["USDC"]["available"])
    assert free == 1_000_000 - paid + 100 * worth
    assert desk.venue.ledger.total("USDC") == total
    history = {row["id"]: row["status"] for row in client.done("GET", "/wapi/v1/history/orders")}
    assert history[resting["id"]] == "Expired"
    assert desk.get("/api/v1/market", symbol=SYMBOL)["orderBookState"] == "Closed"
    [event] = fitting(desk, "/api/v1/prediction", resolved="true")
    assert event["predictionMarkets"][0]["resolutionPrice"] == str(worth)


def test_a_prediction_resolves_by_itself_when_its_day_is_over(desk: LocalDesk) -> None:
    assert desk.get("/api/v1/prediction")[0]["resolved"] is False
    assert desk.get("/api/v1/prediction/tags") == [{"slug": "crypto", "title": "Crypto"}]
    index = desk.venue.markets["BTC_USDC"].marks.index
    desk.venue.set_index("BTC_USDC", index * 2, desk.clock.now())
    desk.clock.leap(86_400)
    [event] = desk.get("/api/v1/prediction")
    assert event["predictionMarkets"][0]["proposedResolution"] is True


# --- what the venue says of itself -------------------------------------------------------------------------


def test_in_maintenance_reads_are_answered_and_orders_are_not(desk: LocalDesk) -> None:
    """OpenAPI: 503 "System under maintenance" wherever something is asked to be done."""
    client = desk.client()
    status = desk.sandbox.context.status
    status.status, status.message = "Maintenance", "Back soon"
    assert fitting(desk, "/api/v1/status") == {"status": "Maintenance", "message": "Back soon"}
    body = {"symbol": "BTC_USDC", "side": "Bid", "orderType": "Market", "quantity": "0.01"}
    refused = client.ask("POST", "/api/v1/order", body=body)
    assert (refused.status, refused.body["code"]) == (503, "MAINTENANCE")
    assert client.ask("GET", "/api/v1/capital").status == 200


def test_a_network_that_is_shut_takes_no_withdrawals(desk: LocalDesk) -> None:
    client = desk.client()
    desk.sandbox.context.shut.add(("USDC", "Solana"))
    rows = {row["symbol"]: row for row in desk.get("/api/v1/assets")}
    [token] = [row for row in rows["USDC"]["tokens"] if row["blockchain"] == "Solana"]
    assert (token["depositEnabled"], token["withdrawEnabled"]) == (False, False)
    body = {"address": "x", "blockchain": "Solana", "quantity": "10", "symbol": "USDC"}
    assert client.ask("POST", "/wapi/v1/capital/withdrawals", body=body).body["code"] == "INVALID_ASSET"


def test_fee_tiers_and_countries_are_told(desk: LocalDesk) -> None:
    """The venue: "Fee tiers: 11 rows {futures, spot}"; leverage by country is that of the switch."""
    tiers = desk.get("/wapi/v1/feeTiers")
    assert {kind: len(rows) for kind, rows in tiers.items()} == {"futures": 11, "spot": 11}
    assert (tiers["futures"][0]["maker"], tiers["futures"][0]["taker"]) == ("2", "5")
    served = {row["countryCode"]: row for row in desk.get("/wapi/v1/country")}
    assert (served["IR"]["blocked"], served["IR"]["sanctioned"], served["CH"]["blocked"]) == (
        True,
        True,
        False,
    )
    desk.venue.switches.country = "20"
    rows = desk.get("/wapi/v1/country/permissions")
    assert {row["leverageLimit"] for row in rows} == {"20"}


def test_rows_of_stocks_and_coins_are_told_apart(desk: LocalDesk) -> None:
    """History calls take assetClass STOCK or CRYPTO since October 2026."""
    client = desk.client()
    client.order("BTC_USDC", "Bid", quantity="0.01")
    fills = "/wapi/v1/history/fills"
    assert len(client.done("GET", fills, assetClass="CRYPTO")) >= 1
    assert client.done("GET", fills, assetClass="STOCK") == []
