"""A stop that has fired is among the orders that ended, as what it fired has ended."""

from __future__ import annotations

from typing import Any

import pytest

from bpx_connector import bpx
from bpx_connector.keys import generated_keys

STOP: dict[str, Any] = {
    "id": "1", "symbol": "SOL_USDC", "side": "Ask", "orderType": "Market", "quantity": None, "price": None,
    "triggerPrice": "99", "triggerQuantity": "2", "executedQuantity": "0", "executedQuoteQuantity": "0",
    "status": "Triggered", "timeInForce": "GTC", "createdAt": "2026-09-01T17:54:04.000", "clientId": None,
    "relatedOrderId": None,
}  # fmt: skip
FIRED = {
    **STOP, "id": "2", "triggerPrice": None, "triggerQuantity": None, "quantity": "2", "status": "Filled",
    "executedQuantity": "2", "executedQuoteQuantity": "198", "createdAt": "2026-09-01T18:00:00.000",
}  # fmt: skip
LATER = {**FIRED, "id": "3", "quantity": "1", "status": "Cancelled", "createdAt": "2026-09-01T19:00:00.000"}
MARKET = {
    "symbol": "SOL_USDC", "baseSymbol": "SOL", "quoteSymbol": "USDC", "marketType": "SPOT",
    "orderBookState": "Open", "createdAt": "2025-01-21T06:34:54",
    "filters": {"price": {"tickSize": "0.01", "minPrice": "0.01"},
                "quantity": {"stepSize": "0.01", "minQuantity": "0.01"}},
}  # fmt: skip


def exchange_with(rows: list[dict[str, Any]], resting: list[dict[str, Any]] | None = None) -> Any:
    class Offline(bpx):
        def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
            path = url.split("?", maxsplit=1)[0]
            if path.endswith("/markets"):
                return [MARKET]
            return list(rows) if path.endswith("/history/orders") else list(resting or [])

    return Offline(generated_keys().config)


@pytest.mark.parametrize("link", [None, "1"])
def test_a_stop_whose_order_is_filled_is_closed(link: str | None) -> None:
    exchange = exchange_with([LATER, {**FIRED, "relatedOrderId": link}, STOP])
    orders = exchange.fetch_closed_orders("SOL/USDC", None, 20)
    assert [(order["id"], order["status"], order["filled"]) for order in orders] == [
        ("1", "closed", 2),
        ("2", "closed", 2),
    ]


def test_a_page_of_ones_own_knows_what_a_stop_has_fired() -> None:
    exchange = exchange_with([LATER, FIRED, STOP])
    orders = exchange.fetch_closed_orders("SOL/USDC", None, 20, {"offset": 0})
    assert [order["id"] for order in orders] == ["1", "2"]


def test_the_first_that_was_closed_is_the_stop_although_what_it_fired_comes_after_the_limit() -> None:
    exchange = exchange_with([LATER, FIRED, STOP])
    [order] = exchange.fetch_closed_orders("SOL/USDC", 0, 1)
    assert (order["id"], order["status"], order["filled"]) == ("1", "closed", 2)


def test_a_stop_of_which_nothing_more_is_known_has_not_ended() -> None:
    exchange = exchange_with([LATER, STOP])
    assert exchange.fetch_closed_orders("SOL/USDC", None, 20) == []
    [canceled] = exchange.fetch_canceled_orders("SOL/USDC", None, 1)
    assert canceled["id"] == "3"


def test_a_stop_that_has_sold_is_not_among_the_canceled() -> None:
    exchange = exchange_with([LATER, FIRED, STOP])
    assert [order["id"] for order in exchange.fetch_canceled_orders("SOL/USDC", None, 20)] == ["3"]


PLACED = 1_788_285_244_000
"""When the stop was placed, in milliseconds."""


@pytest.mark.parametrize("method", ["fetch_orders", "fetch_closed_orders"])
@pytest.mark.parametrize(
    "asked",
    [(None, None, {"until": PLACED}), (None, 1, {"until": PLACED}), (0, 1), (PLACED, 1, {"until": PLACED})],
)
def test_a_stop_is_told_as_it_ended_although_what_it_fired_is_not_within_the_span(
    method: str, asked: tuple[Any, ...]
) -> None:
    [order] = getattr(exchange_with([LATER, FIRED, STOP]), method)("SOL/USDC", *asked)
    assert (order["id"], order["status"], order["filled"]) == ("1", "closed", 2)


def test_a_stop_has_what_the_resting_order_that_it_fired_has_sold_although_that_is_not_within_the_span() -> (
    None
):
    rests = {**FIRED, "status": "PartiallyFilled", "executedQuantity": "0.5", "executedQuoteQuantity": "49"}
    [order] = exchange_with([STOP], [rests]).fetch_orders("SOL/USDC", None, None, {"until": PLACED})
    assert (order["id"], order["status"], order["filled"]) == ("1", "open", 0.5)
