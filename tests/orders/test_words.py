"""Events of the order stream in the words of REST."""

from __future__ import annotations

from typing import Any

from bpx_connector.orders.words import fill_words, order_words

FILL: Any = {
    "e": "orderFill",
    "E": 1_788_284_044_094_123,
    "T": 1_788_284_044_094_099,
    "s": "SOL_USDC",
    "c": 7,
    "S": "Bid",
    "o": "LIMIT",
    "X": "Filled",
    "i": "112",
    "t": 5,
    "l": "0.5",
    "L": "20.1",
    "z": "0.5",
    "Z": "10.05",
    "m": True,
    "n": "0.0000001",
    "N": "SOL",
    "P": None,
}


def test_what_an_event_leaves_open_is_absent() -> None:
    order = order_words(FILL)
    assert order["executedQuantity"] == "0.5"
    assert "triggerPrice" not in order
    assert "createdAt" not in order


def test_the_first_event_of_an_order_dates_it() -> None:
    accepted: Any = {**FILL, "e": "orderAccepted"}
    assert order_words(accepted)["createdAt"] == FILL["T"] // 1000
    assert fill_words(accepted) is None


def test_a_fill_is_told_in_the_words_of_the_history() -> None:
    assert fill_words(FILL) == {
        "clientId": "7",
        "fee": "0.0000001",
        "feeSymbol": "SOL",
        "isMaker": True,
        "orderId": "112",
        "price": "20.1",
        "quantity": "0.5",
        "side": "Bid",
        "symbol": "SOL_USDC",
        "systemOrderType": None,
        "timestamp": "2026-09-01T17:34:04.094",
        "tradeId": 5,
    }
