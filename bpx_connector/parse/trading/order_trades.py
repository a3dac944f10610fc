"""What the fills of an order add to it: its trades, its fees, the time of the last one.

The venue's orders carry none of these over REST. They are added only when the fills account for all that the
order has executed: a part of the fees would be a wrong figure, and unknown is None.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from bpx_connector.parse.numbers import Number, plain

__all__ = ["order_trades"]

Structure = dict[str, Any]


def order_trades(order: Structure, trades: Sequence[Structure], number: Number) -> Structure:
    """The fields of ccxt's order that its fills decide, or nothing if the fills are not all of them."""
    executed = sum((Decimal(trade["info"]["quantity"]) for trade in trades), Decimal(0))
    if not trades or executed != Decimal(order["info"].get("executedQuantity") or 0):
        return {}
    costs: dict[str, Decimal] = {}
    for trade in trades:
        fill = trade["info"]
        if fill.get("feeSymbol"):
            costs[fill["feeSymbol"]] = costs.get(fill["feeSymbol"], Decimal(0)) + Decimal(fill["fee"])
    fees = [{"currency": currency, "cost": number(plain(cost))} for currency, cost in costs.items()]
    return {
        "trades": list(trades),
        "fees": fees,
        "fee": dict(fees[0]) if len(fees) == 1 else None,
        "lastTradeTimestamp": max(trade["timestamp"] for trade in trades),
    }
