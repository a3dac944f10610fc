"""A cost that the venue writes as a number instead of text is read in lists as well."""

from __future__ import annotations

from tests.rest.trading.test_lists_of_fired_stops import FIRED, exchange_with


def test_an_order_whose_cost_is_a_whole_number_has_an_average() -> None:
    exchange = exchange_with([{**FIRED, "executedQuoteQuantity": 198}])
    [order] = exchange.fetch_closed_orders("SOL/USDC", None, 20)
    assert (order["cost"], order["average"]) == (198, 99)
