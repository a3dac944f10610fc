"""Pages of orders, and arguments that cannot be right."""

from __future__ import annotations

from typing import Any

import pytest
from ccxt.base.errors import (
    BadRequest,
)

from tests.support.scripted import scripted_exchange
from tests.support.scripted_orders import FILLED, SOL, ended, past, view


def test_orders_are_read_back_to_since_and_no_further() -> None:
    exchange = scripted_exchange([[ended(n) for n in range(2000, 1000, -1)], []])
    since = exchange.parse8601(ended(1500)["createdAt"] + "Z")
    orders = exchange.fetch_orders(SOL, since, 3)
    assert [order["id"] for order in orders] == ["1500", "1501", "1502"]
    assert [asked.call for asked in exchange.asked_for()] == [
        "GET /wapi/v1/history/orders",
        "GET /api/v1/orders",
    ]


def test_as_many_pages_are_read_as_it_takes_to_find_enough_of_a_kind() -> None:
    rows = [ended(n, **(FILLED if n % 1000 == 0 else {})) for n in range(3000, 0, -1)]
    exchange = scripted_exchange([rows[:1000], rows[1000:2000]])
    orders = exchange.fetch_closed_orders(SOL, None, 2)
    assert [order["id"] for order in orders] == ["2000", "3000"]
    assert len(exchange.asked_for()) == 2


def test_an_order_on_the_book_and_in_the_history_is_listed_once_in_its_furthest_view() -> None:
    partly = {"status": "PartiallyFilled", "executedQuantity": "1", "executedQuoteQuantity": "50"}
    exchange = scripted_exchange([[past(), ended(5)], [view(**partly)]])
    orders = exchange.fetch_orders()
    assert [(order["id"], order["filled"]) for order in orders] == [("5", 0.0), ("11", 1.0)]


@pytest.mark.parametrize(
    "name",
    [
        "fetch_orders",
        "fetch_open_orders",
        "fetch_closed_orders",
        "fetch_canceled_orders",
        "fetch_canceled_and_closed_orders",
        "fetch_my_trades",
        "fetch_funding_history",
    ],
)
@pytest.mark.parametrize("arguments", [(None, None, 0), (None, None, "ten"), (None, "yesterday"), (None, -1)])
def test_a_limit_or_a_time_that_is_none_is_refused_before_anything_is_sent(
    name: str, arguments: tuple[Any, ...]
) -> None:
    exchange = scripted_exchange([])
    with pytest.raises(BadRequest):
        getattr(exchange, name)(*arguments)
    assert exchange.asked_for() == []


def test_a_kind_of_market_that_there_is_not_is_refused() -> None:
    with pytest.raises(BadRequest, match="type has to be one of spot, swap, not 'option'"):
        scripted_exchange([]).fetch_open_orders(None, None, None, {"type": "option"})
