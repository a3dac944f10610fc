"""ccxt's methods for orders, on markets for requests for quotes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ccxt.base.errors import ArgumentsRequired, BadRequest, InvalidOrder, OrderNotFound

from tests.support.canned import CannedVenue
from tests.support.canned_rows import indicative_quote, past_rfq, rfq, rfq_fill

Canned = Callable[..., CannedVenue]

STOCK, CRYPTO, ID = "QNDX.US.RFQ/USDC", "SOL.RFQ/USDC", "113392053149171712"
SUBMIT, OPEN, CANCEL = "POST /api/v1/rfq", "GET /api/v1/rfqs", "POST /api/v1/rfq/cancel"
HISTORY, FILLS = "GET /wapi/v1/history/rfq", "GET /wapi/v1/history/rfq/fill"


def submitted(asked: dict[str, Any]) -> dict[str, Any]:
    told = {name: asked.get(name) for name in ("symbol", "side", "quantity", "price", "clientId")}
    return rfq(**told, executionMode=asked["executionMode"])


ANSWERS: dict[str, Any] = {
    SUBMIT: submitted,
    OPEN: [{"rfq": rfq(), "quotes": []}],
    CANCEL: rfq(status="Cancelled"),
    HISTORY: [past_rfq("2025-12-31T23:59:59", rfqId="5")],
    FILLS: [rfq_fill("2026-01-01T00:00:01", "Bid", "100", "10")],
    "GET /api/v1/stockIndicativeQuote": lambda asked: indicative_quote(asked["side"], "40.01"),
}


def test_a_limit_order_is_an_immediate_request_at_its_price(canned: Canned) -> None:
    venue = canned(ANSWERS)
    order = venue.call("create_order", CRYPTO, "limit", "buy", 10, "99.5", {"clientOrderId": "7"})
    assert venue.asked[-1].params == {
        "symbol": "SOL_USDC_RFQ",
        "side": "Bid",
        "quantity": "10",
        "price": "99.5",
        "executionMode": "Immediate",
        "clientId": 7,
    }
    assert (order["id"], order["type"], order["status"], order["clientOrderId"]) == (ID, "limit", "open", "7")
    assert (order["amount"], order["filled"], order["remaining"], order["price"]) == (10.0, 0.0, 10.0, 99.5)


def test_an_order_at_market_for_a_stock_is_bound_by_what_is_indicated(canned: Canned) -> None:
    venue = canned(ANSWERS)
    order = venue.call("create_order", STOCK, "market", "sell", 3)
    assert venue.asked[0].params == {"symbol": "QNDX.US", "side": "Ask", "quantity": "3"}
    assert (venue.asked[1].params["price"], order["type"]) == ("40.01", "market")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((CRYPTO, "market", "buy", 1), ArgumentsRequired),
        ((CRYPTO, "limit", "buy", 1), InvalidOrder),
        ((CRYPTO, "stop", "buy", 1, 90), InvalidOrder),
        ((CRYPTO, "limit", "buy", 1, 90, {"postOnly": True}), InvalidOrder),
        ((CRYPTO, "limit", "buy", 1, 90, {"triggerPrice": 5}), InvalidOrder),
        ((CRYPTO, "limit", "long", 1, 90), BadRequest),
        ((CRYPTO, "limit", "buy", 0, 90), BadRequest),
    ],
)
def test_what_a_request_cannot_be_is_refused_before_it_is_sent(
    canned: Canned, arguments: tuple[Any, ...], error: type[Exception]
) -> None:
    venue = canned(ANSWERS)
    with pytest.raises(error):
        venue.call("create_order", *arguments)
    assert venue.asked == []


def test_outside_its_sessions_a_stock_cannot_be_ordered_at_market(canned: Canned) -> None:
    venue = canned({**ANSWERS, "GET /api/v1/stockIndicativeQuote": indicative_quote("Bid", None)})
    with pytest.raises(InvalidOrder, match="MarketClosed"):
        venue.call("create_order", STOCK, "market", "buy", 3)
    assert len(venue.asked) == 1


@pytest.mark.parametrize("symbol", [CRYPTO, "SOL_USDC_RFQ"])
def test_it_is_cancelled_and_found_by_the_same_methods_as_any_order(canned: Canned, symbol: str) -> None:
    venue = canned(ANSWERS)
    assert venue.call("cancel_order", ID, symbol)["status"] == "canceled"
    assert venue.call("fetch_order", ID, symbol)["status"] == "open"
    assert venue.call("fetch_open_order", ID, symbol)["id"] == ID
    assert [order["id"] for order in venue.call("fetch_open_orders", symbol)] == [ID]
    ended, resting = venue.call("fetch_orders", symbol)
    assert (ended["id"], ended["status"], ended["filled"]) == ("5", "closed", 10.0)
    assert (resting["id"], resting["symbol"]) == (ID, CRYPTO)
    [trade] = venue.call("fetch_my_trades", symbol)
    assert (trade["order"], trade["symbol"], trade["cost"]) == (ID, CRYPTO, 1000.0)


def test_one_that_has_ended_is_not_open(canned: Canned) -> None:
    venue = canned({**ANSWERS, OPEN: []})
    assert venue.call("fetch_order", "5", CRYPTO)["status"] == "closed"
    with pytest.raises(OrderNotFound, match="request 5 is closed"):
        venue.call("fetch_open_order", "5", CRYPTO)
