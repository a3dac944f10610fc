"""Everything the exchange announces, as values: what changed, when (microseconds), and what it is now.

The venue calls its listeners with these in engine order; of two events, the one announced first happened
first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from bpx_connector.sandbox.records.orders import Fill, Order
from bpx_connector.sandbox.records.positions import Position
from bpx_connector.sandbox.records.rfqs import Quote, Rfq

__all__ = [
    "ORDER_ACCEPTED",
    "ORDER_CANCELLED",
    "ORDER_EXPIRED",
    "ORDER_FILL",
    "ORDER_MODIFIED",
    "POSITION_ADJUSTED",
    "POSITION_CLOSED",
    "POSITION_OPENED",
    "QUOTE_ACCEPTED",
    "QUOTE_CANCELLED",
    "QUOTE_FILLED",
    "RFQ_ACCEPTED",
    "RFQ_ACTIVE",
    "RFQ_CANCELLED",
    "RFQ_CANDIDATE",
    "RFQ_FILLED",
    "RFQ_REFRESHED",
    "TRIGGER_FAILED",
    "TRIGGER_PLACED",
    "BalanceChanged",
    "DepthChanged",
    "Event",
    "FundingPaid",
    "Liquidated",
    "MarkChanged",
    "OrderChanged",
    "PositionChanged",
    "RfqChanged",
    "TopChanged",
    "Traded",
]

ORDER_ACCEPTED: Final = "orderAccepted"
ORDER_CANCELLED: Final = "orderCancelled"
ORDER_EXPIRED: Final = "orderExpired"
ORDER_FILL: Final = "orderFill"
ORDER_MODIFIED: Final = "orderModified"
TRIGGER_PLACED: Final = "triggerPlaced"
TRIGGER_FAILED: Final = "triggerFailed"

POSITION_OPENED: Final = "positionOpened"
POSITION_ADJUSTED: Final = "positionAdjusted"
POSITION_CLOSED: Final = "positionClosed"


RFQ_ACCEPTED: Final = "rfqAccepted"
RFQ_ACTIVE: Final = "rfqActive"
RFQ_REFRESHED: Final = "rfqRefreshed"
RFQ_CANCELLED: Final = "rfqCancelled"
RFQ_CANDIDATE: Final = "rfqCandidate"
RFQ_FILLED: Final = "rfqFilled"
QUOTE_ACCEPTED: Final = "quoteAccepted"
QUOTE_CANCELLED: Final = "quoteCancelled"
QUOTE_FILLED: Final = "quoteFilled"
"""To the quoter; on the wire it is another rfqFilled."""


@dataclass(frozen=True, slots=True)
class DepthChanged:
    """Price levels after one engine event: absolute sizes, zero for a level that is gone."""

    time: int
    symbol: str
    first_id: int
    last_id: int
    bids: Mapping[Decimal, Decimal]
    asks: Mapping[Decimal, Decimal]


@dataclass(frozen=True, slots=True)
class TopChanged:
    """The best bid and ask after one engine event; None for an empty side."""

    time: int
    symbol: str
    update_id: int
    bid: Decimal | None
    bid_size: Decimal | None
    ask: Decimal | None
    ask_size: Decimal | None


@dataclass(frozen=True, slots=True)
class Traded:
    """One trade on the tape."""

    time: int
    symbol: str
    trade_id: int
    price: Decimal
    quantity: Decimal
    buyer_order_id: int
    seller_order_id: int
    buyer_is_maker: bool


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """One change of one order; `fill` only with kind `orderFill`."""

    time: int
    account_id: int
    kind: str
    order: Order
    fill: Fill | None = None


@dataclass(frozen=True, slots=True)
class PositionChanged:
    """One change of a position, and what it is worth after it."""

    time: int
    account_id: int
    kind: str
    position: Position
    mark: Decimal
    exposure_quantity: Decimal
    imf: Decimal
    mmf: Decimal


@dataclass(frozen=True, slots=True)
class BalanceChanged:
    """The absolute balance of one asset after a change, as `/capital` would show it."""

    time: int
    account_id: int
    asset: str
    available: Decimal
    locked: Decimal
    staked: Decimal


@dataclass(frozen=True, slots=True)
class MarkChanged:
    """A market's mark price; index, rate and next funding (microseconds) are None outside perpetuals."""

    time: int
    symbol: str
    mark: Decimal
    index: Decimal | None
    funding_rate: Decimal | None
    next_funding: int | None


@dataclass(frozen=True, slots=True)
class Liquidated:
    """One fill of a liquidation; `side` is that of the closing order."""

    time: int
    symbol: str
    side: str
    price: Decimal
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class FundingPaid:
    """One account's funding payment; positive when received."""

    time: int
    account_id: int
    symbol: str
    quantity: Decimal
    rate: Decimal
    interval_end: int


@dataclass(frozen=True, slots=True)
class RfqChanged:
    """One change of a request for quotes, or of a quote for it, as both are then.

    `price` is the taker's, with his fee, or the quoter's.
    """

    time: int
    kind: str
    rfq: Rfq
    quote: Quote | None = None
    price: Decimal | None = None


Event = (
    DepthChanged
    | TopChanged
    | Traded
    | OrderChanged
    | PositionChanged
    | BalanceChanged
    | MarkChanged
    | Liquidated
    | FundingPaid
    | RfqChanged
)
