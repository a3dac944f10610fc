"""What goes wrong with cancelling."""

from __future__ import annotations

from typing import Any

import pytest
from ccxt.base.errors import (
    ArgumentsRequired,
    ExchangeError,
    NetworkError,
    OrderNotFound,
)

from bpx_connector.venue.errors import RateLimited
from tests.support.scripted import NOT_FOUND, Asked, scripted_exchange
from tests.support.scripted_orders import ACCEPTED, CANCELLED, OLDER_NOT_FOUND, SOL, view


def test_a_cancellation_that_is_only_accepted_leaves_the_order_open() -> None:
    exchange = scripted_exchange([view(), ACCEPTED, *([view()] * 9)])
    created = exchange.create_order(SOL, "limit", "buy", 2, 50)
    assert exchange.cancel_order("11", SOL) == created


def test_a_cancellation_of_an_order_never_seen_says_what_it_knows() -> None:
    order = scripted_exchange([ACCEPTED], {"options": {"outcome": False}}).cancel_order("11", SOL)
    assert (order["id"], order["symbol"], order["status"], order["info"]) == ("11", SOL, "open", {})
    assert order["amount"] is order["filled"] is None


def test_an_accepted_cancellation_is_asked_for_until_it_is_done() -> None:
    exchange = scripted_exchange([ACCEPTED, view(), NOT_FOUND, [], NOT_FOUND, [view(**CANCELLED)]])
    assert exchange.cancel_order("11", SOL)["status"] == "canceled"


@pytest.mark.parametrize("not_found", [NOT_FOUND, OLDER_NOT_FOUND])
def test_cancelling_what_is_gone_is_order_not_found(not_found: Any) -> None:
    with pytest.raises(OrderNotFound):
        scripted_exchange([not_found, []]).cancel_order("11", SOL)


@pytest.mark.parametrize(
    "answer", [NetworkError("cut off"), RateLimited("no room"), ExchangeError("no"), {}, [{}], [view()]]
)
def test_whether_it_was_a_stop_is_asked_once_and_no_answer_changes_nothing(answer: Any) -> None:
    exchange = scripted_exchange([NOT_FOUND, answer])
    with pytest.raises(OrderNotFound):
        exchange.cancel_order("11", SOL)
    assert [asked.call for asked in exchange.asked_for()] == [
        "DELETE /api/v1/order",
        "GET /wapi/v1/history/orders",
    ]


def test_nothing_is_asked_of_an_order_that_was_seen_or_is_named_by_the_client() -> None:
    exchange = scripted_exchange([view(), NOT_FOUND, NOT_FOUND])
    exchange.create_order(SOL, "limit", "buy", 2, 50)
    with pytest.raises(OrderNotFound):
        exchange.cancel_order("11", SOL)
    with pytest.raises(OrderNotFound):
        exchange.cancel_order("", SOL, {"clientOrderId": 77})
    assert len(exchange.asked_for()) == 3


def test_the_venue_is_never_given_both_ids() -> None:
    exchange = scripted_exchange([view(**CANCELLED)])
    exchange.cancel_order("11", SOL, {"clientOrderId": 7})
    assert exchange.asked_for() == [Asked("DELETE /api/v1/order", {"clientId": 7, "symbol": "SOL_USDC"})]


def test_all_cancellations_are_tried_whatever_happens_to_one() -> None:
    exchange = scripted_exchange(
        [view(id="1", **CANCELLED), NetworkError("cut off"), NOT_FOUND, [], view(id="4", **CANCELLED)],
        {"options": {"outcome": False}},
    )
    with pytest.raises(NetworkError, match="cut off; 1 of 4 cancellations failed, done: 1, 3, 4"):
        exchange.cancel_orders(["1", "2", "3", "4"], SOL)
    assert len(exchange.asked_for()) == 5


def test_an_order_that_was_gone_keeps_its_place_in_the_list() -> None:
    exchange = scripted_exchange([view(id="1", **CANCELLED), NOT_FOUND, []])
    first, second = exchange.cancel_orders(["1", "2"], SOL)
    assert (first["id"], first["status"]) == ("1", "canceled")
    assert (second["id"], second["symbol"], second["status"]) == ("2", SOL, None)
    assert "Not Found" in second["info"]["message"]


def test_cancelling_a_list_of_nothing_is_refused() -> None:
    with pytest.raises(ArgumentsRequired, match="needs ids"):
        scripted_exchange([]).cancel_orders([], SOL)


def test_cancelling_all_counts_nothing_where_the_venue_only_accepts() -> None:
    exchange = scripted_exchange([ACCEPTED])
    assert exchange.cancel_all_orders(SOL) == []
