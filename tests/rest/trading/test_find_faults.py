"""Where an order is looked for, and what it is where views of it differ."""

from __future__ import annotations

from typing import Any

import pytest
from ccxt.base.errors import (
    ArgumentsRequired,
    OrderNotFound,
)

from tests.support.scripted import NOT_FOUND, Asked, scripted_exchange
from tests.support.scripted_orders import FILLED, OLDER_NOT_FOUND, SOL, past, view


@pytest.mark.parametrize("not_found", [NOT_FOUND, OLDER_NOT_FOUND])
def test_an_order_that_is_off_the_book_is_found_in_the_history(not_found: Any) -> None:
    exchange = scripted_exchange([not_found, [past(**FILLED)]])
    order = exchange.fetch_order("11", SOL)
    assert (order["status"], order["filled"], order["average"]) == ("closed", 2.0, 49.5)
    assert exchange.asked_for() == [
        Asked("GET /api/v1/order", {"orderId": "11", "symbol": "SOL_USDC"}),
        Asked(
            "GET /wapi/v1/history/orders", {"orderId": "11", "symbol": "SOL_USDC", "sortDirection": "Desc"}
        ),
    ]


def test_an_order_seen_filled_needs_no_history() -> None:
    exchange = scripted_exchange([view(**FILLED), NOT_FOUND])
    created = exchange.create_order(SOL, "limit", "buy", 2, 50)
    assert exchange.fetch_order(str(created["id"]), SOL) == created


def test_an_order_that_the_history_does_not_have_yet_is_found_as_it_was_seen() -> None:
    exchange = scripted_exchange([view(), NOT_FOUND, []])
    created = exchange.create_order(SOL, "limit", "buy", 2, 50)
    assert exchange.fetch_order(str(created["id"]), SOL) == created


def test_a_history_that_lags_does_not_move_an_order_backwards() -> None:
    partly = {"status": "PartiallyFilled", "executedQuantity": "1", "executedQuoteQuantity": "50"}
    exchange = scripted_exchange([view(**partly), NOT_FOUND, [past()]])
    exchange.create_order(SOL, "limit", "buy", 2, 50)
    assert exchange.fetch_order("11", SOL)["filled"] == 1.0


def test_an_order_is_found_by_its_client_id_in_the_history() -> None:
    exchange = scripted_exchange([NOT_FOUND, [past(id="12", clientId=8), past(clientId=7, **FILLED)]])
    order = exchange.fetch_order_with_client_order_id("7", SOL)
    assert (order["id"], order["clientOrderId"], order["status"]) == ("11", "7", "closed")
    assert exchange.asked_for()[0].params == {"clientId": "7", "symbol": "SOL_USDC"}
    assert exchange.asked_for()[1].params == {"symbol": "SOL_USDC", "limit": "1000", "sortDirection": "Desc"}


def test_the_client_id_of_an_order_seen_leads_to_its_own_id() -> None:
    exchange = scripted_exchange([view(clientId=7), NOT_FOUND, [past(clientId=7, **FILLED)]])
    exchange.create_order(SOL, "limit", "buy", 2, 50, {"clientOrderId": 7})
    assert exchange.fetch_order("", SOL, {"clientOrderId": 7})["status"] == "closed"
    assert exchange.asked_for()[-1].params["orderId"] == "11"


def test_without_a_symbol_the_open_orders_are_looked_through() -> None:
    exchange = scripted_exchange([[view(id="10"), view()]])
    assert exchange.fetch_order("11")["symbol"] == SOL
    assert exchange.asked_for() == [Asked("GET /api/v1/orders", {})]


def test_an_order_that_is_nowhere_is_not_found_and_the_message_says_where() -> None:
    exchange = scripted_exchange([[], []])
    with pytest.raises(OrderNotFound, match="no order with orderId 11 in any market"):
        exchange.fetch_order("11")


@pytest.mark.parametrize("name", ["fetch_order", "cancel_order", "fetch_open_order", "fetch_closed_order"])
def test_an_order_needs_a_name(name: str) -> None:
    with pytest.raises(ArgumentsRequired, match="needs an order id or"):
        getattr(scripted_exchange([]), name)("", SOL)


def test_an_open_order_is_no_closed_one() -> None:
    exchange = scripted_exchange([view()])
    with pytest.raises(OrderNotFound, match="is still open"):
        exchange.fetch_closed_order("11", SOL)
