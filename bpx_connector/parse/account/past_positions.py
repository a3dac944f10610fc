"""Closed positions and liquidations become ccxt's structures.

Sources: Backpack OpenAPI, schemas PositionHistoryRow and OrderFill.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ccxt.base.types import Market

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Payload
from bpx_connector.parse.account.state import CROSS
from bpx_connector.parse.border import legible
from bpx_connector.parse.numbers import (
    EXACT,
    figure_text,
    iso8601,
    milliseconds_of,
    number_or_none,
    plain,
    product,
)
from bpx_connector.parse.rows import Row
from bpx_connector.venue.words import SIDE

if TYPE_CHECKING:
    from bpx_connector.venue import payloads

__all__ = ["ParsePastPositions", "position_moment"]

SIZELESS = dict.fromkeys(
    (
        "collateral", "initialMargin", "maintenanceMargin", "maintenanceMarginPercentage",
        "liquidationPrice", "marginRatio", "percentage", "stopLossPrice", "takeProfitPrice",
        "positionMargin", "lastPrice",
    )
)  # fmt: skip
"""What a position has only while it is held."""


def position_moment(row: Payload) -> int | None:
    """When a position was closed; of an open one, when it was opened."""
    return milliseconds_of(row.get("closedAt") or row.get("openedAt"))


class ParsePastPositions(Ccxt):
    """Positions of the history, and liquidations."""

    @legible
    def parse_past_position(self, row: Payload, market: Market = None) -> Any:
        """ccxt's position, of a row of the position history.

        Of a closed one `contracts` is the volume that was closed; its side the venue does not say.
        """
        number = self.number
        market = self.safe_market(Row(row).needed("symbol"), market)
        opened = milliseconds_of(row.get("openedAt"))
        is_closed = row["state"] == "Closed"
        net = figure_text(row["netQuantity"])
        quantity = Decimal(net or 0)
        contracts = figure_text(row.get("closedVolume")) if is_closed else net and plain(EXACT.abs(quantity))
        side = None if not quantity else "long" if quantity > 0 else "short"
        mark = figure_text(row.get("closingPrice" if is_closed else "markPrice"))
        entry = figure_text(row.get("entryPrice"))
        return {
            "info": row,
            "id": Row(row).word("id"),
            "symbol": market["symbol"],
            "timestamp": opened,
            "datetime": iso8601(opened),
            "lastUpdateTimestamp": milliseconds_of(row.get("closedAt")),
            "hedged": False,
            "side": side,
            "contracts": number_or_none(number, contracts),
            "contractSize": market.get("contractSize"),
            "entryPrice": number(entry) if entry and Decimal(entry) else None,
            "markPrice": number_or_none(number, mark),
            "notional": number_or_none(number, product(contracts, mark)),
            "leverage": number_or_none(number, row.get("accountLeverage")),
            "initialMarginPercentage": None if is_closed else number_or_none(number, row.get("imf")),
            "realizedPnl": number_or_none(number, row.get("cumulativePnlRealized")),
            "unrealizedPnl": number_or_none(number, "0" if is_closed else row.get("unrealizedPnl")),
            "marginMode": CROSS,
            **SIZELESS,
        }

    @legible
    def parse_liquidation(self, liquidation: Any, market: Market = None) -> Any:
        """ccxt's liquidation, of one of the account's fills."""
        said: payloads.OrderFill = liquidation
        number = self.number
        market = self.safe_market(Row(said).needed("symbol"), market)
        timestamp = milliseconds_of(said.get("timestamp"))
        quantity, price = (figure_text(said.get(name)) for name in ("quantity", "price"))
        return {
            "info": said,
            "symbol": market["symbol"],
            "contracts": number_or_none(number, quantity),
            "contractSize": market.get("contractSize"),
            "price": number_or_none(number, price),
            "side": SIDE.get(said.get("side") or ""),
            "baseValue": number_or_none(number, quantity),
            "quoteValue": number_or_none(number, product(quantity, price)),
            "timestamp": timestamp,
            "datetime": iso8601(timestamp),
        }
