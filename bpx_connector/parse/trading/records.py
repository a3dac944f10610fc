"""ccxt's orders and trades, made of what the log of orders knows.

The log speaks the venue's words; here, behind it, its records become structures: what an order says, and what
its fills add. They are added only when they account for all that the order has executed: a part of the fees
would be a wrong figure, and unknown is None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bpx_connector.aliases import Payload, Structure
from bpx_connector.orders.fills import Fills
from bpx_connector.orders.life import executed_of, figure_of
from bpx_connector.orders.log import Record
from bpx_connector.parse.numbers import Number
from bpx_connector.parse.trading.fills import fill_structures
from bpx_connector.parse.trading.orders import order_structures

__all__ = ["all_fills_added", "fills_added", "record_structures", "trade_structures"]

NamesOf = Mapping[Any, str | None]


def trade_structures(
    new: Sequence[tuple[Record | None, Payload]], symbols: NamesOf, currencies: NamesOf, number: Number
) -> list[Structure]:
    """ccxt's trades of fills that are new, kept with the orders that are known, in the same order."""
    trades = fill_structures([fill for _, fill in new], symbols, currencies, number)
    for (record, _), trade in zip(new, trades, strict=True):
        if record is not None:
            record.fills.trades.append(trade)
    return trades


def record_structures(
    records: Sequence[Record], symbols: NamesOf, currencies: NamesOf, number: Number
) -> list[Structure]:
    """ccxt's orders; the trades of their fills have been made before."""
    words = [record.outcome if record.is_stop else record.order for record in records]
    infos = [
        record.info if said is record.order else said for record, said in zip(records, words, strict=True)
    ]
    orders = order_structures(words, infos, symbols, number)
    for order, record in zip(orders, records, strict=True):
        if record.note is not None:
            order["info"] = {**order["info"], "note": record.note}
        source = record if record.fired is None else record.fired  # a stop's fills are those of what it fired
        time = max(record.time, source.time)
        if time:
            order["lastUpdateTimestamp"] = time // 1000
        if source.fills.trades:
            order.update(fills_added(source.fills, source.has_all_fills, currencies, number))
    return orders


def fills_added(fills: Fills, are_all: bool, currencies: NamesOf, number: Number) -> Structure:
    """The fields of ccxt's order that its fills decide; of fees and trades none unless they are all."""
    trades = sorted(fills.trades, key=_moment) if len(fills.trades) > 1 else fills.trades[:]
    last = {"lastTradeTimestamp": trades[-1]["timestamp"]}
    if not are_all:
        return last
    paid = fills.fees
    assets = dict.fromkeys(trade["info"].get("feeSymbol") for trade in trades) if len(paid) > 1 else paid
    fees = [{"currency": currencies[asset], "cost": number(paid[asset])} for asset in assets if asset in paid]
    return last | {"trades": trades, "fees": fees, "fee": dict(fees[0]) if len(fees) == 1 else None}


def _moment(trade: Structure) -> tuple[int, int, str]:
    identity = trade["id"] or ""
    return trade["timestamp"] or 0, len(identity), identity  # ids are digits: a longer one is later


def all_fills_added(
    order: Structure, trades: Sequence[Structure], currencies: NamesOf, number: Number
) -> Structure:
    """The fields that these fills of an order decide, or nothing if they are not all of them."""
    fills = Fills()
    for trade in trades:
        fills.add(trade["info"], figure_of(trade["info"]["quantity"]))
    fills.trades = list(trades)
    if not trades or not fills.are_all(executed_of(order["info"])):
        return {}
    return fills_added(fills, True, currencies, number)
