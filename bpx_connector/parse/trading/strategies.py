"""Strategies become ccxt's orders. The venue has one kind, Scheduled: an order spread over time (TWAP).

Sources: Backpack OpenAPI, schemas ScheduledStrategy and Strategy.
"""

from __future__ import annotations

from typing import Any

from ccxt.base.types import Market, Order

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Payload
from bpx_connector.parse.border import legible
from bpx_connector.parse.numbers import (
    difference,
    figure_text,
    iso8601,
    milliseconds_of,
    number_or_none,
    quotient,
)
from bpx_connector.parse.rows import Row
from bpx_connector.venue.words import SIDE

__all__ = ["STRATEGY_STATUS", "ParseStrategies", "strategy_moment"]

STRATEGY_STATUS = {
    "Running": "open",
    "Completed": "closed",
    "Cancelled": "canceled",
    "Terminated": "canceled",
}
"""Terminated is the venue's own end: `cancelReason` in `info` says why."""

TWAP = "twap"


def strategy_moment(row: Payload) -> int | None:
    """When a strategy was created: open ones say it in milliseconds, the history in text."""
    return milliseconds_of(row.get("createdAt"))


class ParseStrategies(Ccxt):
    """Orders spread over time."""

    @legible
    def parse_strategy(self, row: Payload, market: Market = None) -> Order:
        """ccxt's order of a strategy: what it has traded so far of what it is to trade."""
        number = self.number
        market = self.safe_market(Row(row).needed("symbol"), market)
        timestamp, client_id = strategy_moment(row), row.get("clientStrategyId")
        status = Row(row).word("status")
        amount, filled, cost = (
            figure_text(row.get(name)) for name in ("quantity", "executedQuantity", "executedQuoteQuantity")
        )
        reduce_only = row.get("reduceOnly")
        told: Any = {
            "info": row,
            "id": Row(row).word("id"),
            "clientOrderId": None if client_id is None else str(client_id),
            "timestamp": timestamp,
            "datetime": iso8601(timestamp),
            "lastTradeTimestamp": None,
            "lastUpdateTimestamp": None,
            "symbol": market["symbol"],
            "type": TWAP,
            "timeInForce": Row(row).word("timeInForce"),
            "postOnly": False,
            "reduceOnly": None if reduce_only is None else reduce_only is True,
            "side": SIDE.get(row.get("side") or ""),
            "price": number_or_none(number, quotient(cost, filled)),
            "triggerPrice": None,
            "stopPrice": None,
            "stopLossPrice": None,
            "takeProfitPrice": None,
            "amount": number_or_none(number, amount),
            "cost": number_or_none(number, cost),
            "average": number_or_none(number, quotient(cost, filled)),
            "filled": number_or_none(number, filled),
            "remaining": number_or_none(number, difference(amount, filled)),
            "status": STRATEGY_STATUS.get(status or "", status),
            "fee": None,
            "fees": [],
            "trades": [],
        }
        found: Order = told
        return found
