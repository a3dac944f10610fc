"""Parsing of public trades."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Protocol

from ccxt.base.types import Trade

from bpx_connector.aliases import Payload, Structure
from bpx_connector.garbage import uncollected
from bpx_connector.parse.arithmetic import arithmetic_in
from bpx_connector.parse.figures import UNREADABLE, Fields, Identity, Moment, Reading, rows_of
from bpx_connector.parse.numbers import Figure, Number, iso8601_each, milliseconds_of

__all__ = ["public_trades", "trade_moment"]

UNKNOWN_TRADE: Structure = {
    **dict.fromkeys(("info", "id", "timestamp", "datetime", "symbol", "order", "type", "side")),
    "takerOrMaker": "taker",
    **dict.fromkeys(("price", "amount", "cost", "fee", "fees")),
}
"""ccxt's trade of which nothing is known, but that the side is the taker's. Copied it costs half of one
written anew."""

TRADE_FIGURES = ("price", "quantity", "quoteQuantity")
TRADE_FACTS = (("id", Identity), ("timestamp", Moment | None), ("isBuyerMaker", bool | None))
FIELDS = Fields(TRADE_FIGURES, ("id",), ("timestamp",), ("isBuyerMaker",))
SIDE = {True: "sell", False: "buy", None: None}


class _TradeRow(Protocol):
    """What is read of a public trade."""

    id: Identity
    price: Figure | None
    quantity: Figure | None
    quoteQuantity: Figure | None
    timestamp: int | None
    isBuyerMaker: bool | None


@lru_cache(maxsize=8)
def _trade_rows(number: Number) -> Reading:
    return rows_of("TradeFigures", TRADE_FIGURES, TRADE_FACTS, number)


def trade_moment(row: Payload) -> int | None:
    """When a public trade happened, in milliseconds."""
    return milliseconds_of(row.get("timestamp"))


@uncollected
def public_trades(rows: Sequence[Payload], symbol: str | None, number: Number) -> list[Trade]:
    """Trades of one market, oldest first. A field that cannot be read is None."""
    # The venue sends the newest first; within a millisecond its order is the order of the trades.
    ascending = list(reversed(rows))
    try:
        ascending.sort(key=itemgetter("timestamp"))
        return _trades(ascending, ascending, symbol, number)
    except (*UNREADABLE, KeyError):
        ascending = list(reversed(rows))
        ascending.sort(key=lambda row: trade_moment(row) or 0)
        return _trades([FIELDS.legible(row) for row in ascending], ascending, symbol, number)


def _trades(
    rows: Sequence[Payload], infos: Sequence[Payload], symbol: str | None, number: Number
) -> list[Trade]:
    arithmetic = arithmetic_in(number)
    read: list[_TradeRow] = _trade_rows(number).of(rows)
    datetimes = iso8601_each([one.timestamp for one in read])
    unknown = {**UNKNOWN_TRADE, "symbol": symbol}
    trades: list[Any] = []
    for row, info, one, datetime in zip(rows, infos, read, datetimes, strict=True):
        trade = unknown.copy()
        identity, price, amount, cost = one.id, one.price, one.quantity, one.quoteQuantity
        if cost is None and price is not None and amount is not None:
            cost = arithmetic.product_of(row["price"], row["quantity"])
        trade["info"] = info
        trade["id"] = None if identity is None else str(identity)
        trade["timestamp"] = one.timestamp
        trade["datetime"] = datetime
        trade["side"] = SIDE[one.isBuyerMaker]
        trade["price"] = price
        trade["amount"] = amount
        trade["cost"] = cost
        trade["fee"] = {"cost": None, "currency": None}
        trade["fees"] = []
        trades.append(trade)
    return trades
