"""A success that does not say which order it is about leaves open what happened."""

from __future__ import annotations

from typing import Any

import pytest
from ccxt.base.errors import ExchangeNotAvailable

from tests.support.scripted import scripted_exchange

SOL = "SOL/USDC"
NOT_ASKED = {"options": {"outcome": False}}
NO_LISTS: list[Any] = [{}, [{}], 0]


@pytest.mark.parametrize(
    "nothing", [{}, [], {"status": "New"}, {"id": None}, {"id": 7}, [{"id": "1"}], "pong", 5]
)
def test_a_success_that_names_no_order_is_an_unknown_outcome(nothing: Any) -> None:
    asked = {"symbol": SOL, "type": "limit", "side": "buy", "amount": 2, "price": 50}
    for call in (
        lambda exchange: exchange.create_order(SOL, "limit", "buy", 2, 50),
        lambda exchange: exchange.create_orders([asked, asked]),
        lambda exchange: exchange.cancel_order("11", SOL),
    ):
        with pytest.raises(ExchangeNotAvailable, match="whether the venue acted on it is not known"):
            call(scripted_exchange([nothing], NOT_ASKED))


def test_no_orders_is_an_answer_only_to_cancelling_them_all() -> None:
    assert scripted_exchange([[]]).cancel_all_orders(SOL) == []
    for nothing in NO_LISTS:
        with pytest.raises(ExchangeNotAvailable, match="instead of a list of orders"):
            scripted_exchange([nothing], NOT_ASKED).cancel_all_orders(SOL)
