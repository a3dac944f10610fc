"""Orders that are spread over time."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from ccxt.base.errors import ArgumentsRequired, BadRequest, BadSymbol, InvalidOrder, OrderNotFound

from tests.support.canned import CannedVenue
from tests.support.canned_rows import fill, past_strategy, strategy

Canned = Callable[..., CannedVenue]

CREATE, ONE, CANCEL = "POST /api/v1/strategy", "GET /api/v1/strategy", "DELETE /api/v1/strategy"
OPEN, CANCEL_ALL = "GET /api/v1/strategies", "DELETE /api/v1/strategies"
HISTORY, FILLS = "GET /wapi/v1/history/strategies", "GET /wapi/v1/history/fills"
ID = "113392053149171712"
SOL = "SOL/USDC"
NOT_FOUND = (404, {"code": "RESOURCE_NOT_FOUND", "message": "Not Found"})


def test_an_order_is_spread_over_time(canned: Canned) -> None:
    venue = canned({CREATE: strategy()})
    order = venue.call("create_twap_order", SOL, "buy", 10.009, 600_000)
    assert venue.asked[0].params == {
        "symbol": "SOL_USDC",
        "side": "Bid",
        "strategyType": "Scheduled",
        "quantity": "10",
        "duration": 600000,
        "interval": 30000,
    }
    assert (order["id"], order["type"], order["status"], order["amount"]) == (ID, "twap", "open", 10.0)
    assert (order["filled"], order["remaining"], order["average"]) == (0.0, 10.0, None)


def test_what_it_is_told_besides_goes_out_in_the_venues_words(canned: Canned) -> None:
    venue = canned({CREATE: strategy()})
    params = {
        "interval": 15000,
        "randomize": True,
        "clientOrderId": "7",
        "selfTradePrevention": "EXPIRE_MAKER",
        "slippageTolerance": "0.50",
        "slippageToleranceType": "Percent",
        "autoBorrow": True,
    }
    venue.call("create_twap_order", SOL, "sell", 1, 600_000, params)
    body = venue.asked[0].params
    assert {name: body[name] for name in body if name not in ("symbol", "strategyType", "quantity")} == {
        "side": "Ask",
        "duration": 600000,
        "interval": 15000,
        "randomizedIntervalQuantity": True,
        "clientStrategyId": 7,
        "selfTradePrevention": "RejectMaker",
        "slippageTolerance": "0.50",
        "slippageToleranceType": "Percent",
        "autoBorrow": True,
    }


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("XYZ/USDC", "buy", 1, 60_000), BadSymbol),
        ((SOL, "long", 1, 60_000), BadRequest),
        ((SOL, "buy", 0, 60_000), InvalidOrder),
        ((SOL, "buy", 1, 0), BadRequest),
        ((SOL, "buy", 1, 1000.5), BadRequest),
        ((SOL, "buy", 1, "long"), BadRequest),
        ((SOL, "buy", 1, 20_000), InvalidOrder),
        ((SOL, "buy", 1, 60_000, {"interval": -1}), BadRequest),
        ((SOL, "buy", 1, 60_000, {"slippageTolerance": 1}), ArgumentsRequired),
        (
            (SOL, "buy", 1, 60_000, {"slippageTolerance": 10, "slippageToleranceType": "Percent"}),
            InvalidOrder,
        ),
        ((SOL, "buy", 1, 60_000, {"slippageTolerance": 1, "slippageToleranceType": "Bps"}), BadRequest),
        ((SOL, "buy", 1, 60_000, {"clientOrderId": "x"}), InvalidOrder),
    ],
)
def test_what_breaks_a_rule_is_refused_before_it_is_sent(
    canned: Canned, arguments: tuple[Any, ...], error: type[Exception]
) -> None:
    venue = canned({CREATE: strategy()})
    with pytest.raises(error):
        venue.call("create_twap_order", *arguments)
    assert venue.asked == []


def test_one_is_found_running_or_ended(canned: Canned) -> None:
    running = canned({ONE: strategy(executedQuantity="4", executedQuoteQuantity="402")}, {"number": Decimal})
    order = running.call("fetch_twap_order", ID, SOL)
    assert (order["filled"], order["remaining"], order["average"]) == (4, 6, Decimal("100.5"))
    assert running.asked[0].params == {"strategyId": ID, "symbol": "SOL_USDC"}
    ended = canned({ONE: NOT_FOUND, HISTORY: [past_strategy("2026-01-01T00:00:00", status="Terminated")]})
    assert ended.call("fetch_twap_order", ID, SOL)["status"] == "canceled"
    with pytest.raises(OrderNotFound, match="knows no strategy 5"):
        ended.call("fetch_twap_order", "5", SOL)
    with pytest.raises(OrderNotFound):
        ended.call("fetch_twap_order", "", SOL, {"clientOrderId": 7})
    with pytest.raises(ArgumentsRequired, match="needs an id or params"):
        ended.call("fetch_twap_order", "", SOL)


def test_lists_are_oldest_first(canned: Canned) -> None:
    venue = canned(
        {
            OPEN: [strategy(id="2", createdAt=1767225600002), strategy(id="1", createdAt=1767225600001)],
            HISTORY: [
                past_strategy("2026-01-01T00:00:00.004", id="4"),
                past_strategy("2026-01-01T00:00:00.003", id="3"),
            ],
        }
    )
    assert [order["id"] for order in venue.call("fetch_open_twap_orders", SOL)] == ["1", "2"]
    assert [order["id"] for order in venue.call("fetch_twap_orders")] == ["3", "4"]
    assert [order["id"] for order in venue.call("fetch_twap_orders", SOL, 1767225600004)] == ["4"]
    assert venue.asked[-1].params["symbol"] == "SOL_USDC"


def test_the_fills_of_its_slices_are_its_own(canned: Canned) -> None:
    venue = canned({FILLS: [fill("2026-01-01T00:00:01", "Bid", "100", "1")]})
    [trade] = venue.call("fetch_twap_order_trades", ID, SOL)
    assert (trade["amount"], venue.asked[0].params["strategyId"]) == (1.0, ID)
    with pytest.raises(BadRequest, match="fills name no client id"):
        venue.call("fetch_twap_order_trades", "", SOL, params={"clientOrderId": 7})


def test_one_is_cancelled_by_either_id(canned: Canned) -> None:
    venue = canned({CANCEL: strategy(status="Cancelled", executedQuantity="3", executedQuoteQuantity="300")})
    order = venue.call("cancel_twap_order", ID, SOL)
    assert (order["status"], order["filled"]) == ("canceled", 3.0)
    venue.call("cancel_twap_order", None, SOL, {"clientOrderId": 7})
    assert [asked.params for asked in venue.asked] == [
        {"strategyId": ID, "symbol": "SOL_USDC"},
        {"clientStrategyId": 7, "symbol": "SOL_USDC"},
    ]


def test_a_cancellation_that_was_only_accepted_leaves_it_open(canned: Canned) -> None:
    order = canned({CANCEL: None}).call("cancel_twap_order", ID, SOL)
    assert (order["id"], order["status"], order["symbol"]) == (ID, "open", SOL)


def test_all_are_cancelled_market_by_market(canned: Canned) -> None:
    venue = canned(
        {
            OPEN: [strategy(), strategy(id="5", symbol="BTC_USDC")],
            CANCEL_ALL: lambda asked: [strategy(symbol=asked["symbol"], status="Cancelled")],
        }
    )
    orders = venue.call("cancel_all_twap_orders")
    assert [order["symbol"] for order in orders] == ["BTC/USDC", SOL]
    assert [order["symbol"] for order in venue.call("cancel_all_twap_orders", SOL)] == [SOL]
