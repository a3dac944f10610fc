"""Fees and fills that an order gets only when they are all there."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bpx_connector.parse.trading.order_trades import order_trades


def order(executed: str) -> dict[str, Any]:
    return {"info": {"executedQuantity": executed}}


def trade(quantity: str, fee: str, currency: str = "USDC", timestamp: int = 1) -> dict[str, Any]:
    return {"timestamp": timestamp, "info": {"quantity": quantity, "fee": fee, "feeSymbol": currency}}


def test_fees_of_one_currency_are_added_exactly() -> None:
    trades = [trade("0.1", "0.1", timestamp=5), trade("0.2", "0.2", timestamp=9)]
    added = order_trades(order("0.3"), trades, Decimal)
    assert added == {
        "trades": trades,
        "fees": [{"currency": "USDC", "cost": Decimal("0.3")}],
        "fee": {"currency": "USDC", "cost": Decimal("0.3")},
        "lastTradeTimestamp": 9,
    }


def test_fees_of_two_currencies_are_not_one_fee() -> None:
    added = order_trades(order("2"), [trade("1", "0.5"), trade("1", "0.001", "SOL")], float)
    assert added["fee"] is None
    assert added["fees"] == [{"currency": "USDC", "cost": 0.5}, {"currency": "SOL", "cost": 0.001}]


def test_a_part_of_the_fills_adds_nothing() -> None:
    assert order_trades(order("2"), [trade("1", "0.5")], float) == {}
    assert order_trades(order("2"), [], float) == {}
