"""Parsing of public trades."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from ccxt.base.types import Trade

from bpx_connector.aliases import Payload
from bpx_connector.parse.figures import Reading, rows_of
from bpx_connector.parse.numbers import Number, iso8601_each, product

__all__ = ["public_trades"]

UNKNOWN_TRADE: Payload = {
    **dict.fromkeys(("info", "id", "timestamp", "datetime", "symbol", "order", "type", "side")),
    "takerOrMaker": "taker",
    **dict.fromkeys(("price", "amount", "cost", "fee", "fees")),
}
"""The same of a public trade; the side is the taker's."""

TRADE_FIGURES = ("price", "quantity", "quoteQuantity")
TRADE_FACTS = ("id", "timestamp", "isBuyerMaker")


def public_trades(rows: list[Payload], symbol: str | None, number: Number) -> list[Trade]:
    """Trades of one market, oldest first."""
    # The venue sends the newest first; within a millisecond its order is the order of the trades.
    ascending = rows[::-1]
    ascending.sort(key=itemgetter("timestamp"))
    datetimes = iso8601_each(row["timestamp"] for row in ascending)
    buy = {**UNKNOWN_TRADE, "symbol": symbol, "side": "buy"}
    sell = {**buy, "side": "sell"}
    trades: list[Any] = []
    for row, read, datetime in zip(ascending, _trade_rows(number).of(ascending), datetimes, strict=True):
        trade = sell.copy() if read.isBuyerMaker else buy.copy()
        identity, cost = read.id, read.quoteQuantity
        trade["info"] = row
        trade["id"] = None if identity is None else str(identity)
        trade["timestamp"] = read.timestamp
        trade["datetime"] = datetime
        trade["price"] = read.price
        trade["amount"] = read.quantity
        trade["cost"] = number(product(row["price"], row["quantity"])) if cost is None else cost
        trade["fee"] = {"cost": None, "currency": None}
        trade["fees"] = []
        trades.append(trade)
    return trades


def _trade_rows(number: Number) -> Reading:
    return rows_of("TradeFigures", TRADE_FIGURES, TRADE_FACTS, number)
