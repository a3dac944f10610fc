"""What an order is: as it is asked for, as it lives on the exchange, and each of its fills.

Words are the venue's own strings, figures are exact decimals, times are microseconds; no behaviour beyond
plain sums.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from bpx_connector.sandbox.records.figures import ZERO

__all__ = [
    "ASK",
    "BID",
    "CANCELLED",
    "CONDITIONAL_ORDER",
    "CONVERT_COLLATERAL",
    "EXPIRED",
    "FILLED",
    "FOK",
    "FUTURE_EXPIRY",
    "GTC",
    "INDEX_PRICE",
    "IOC",
    "LAST_PRICE",
    "LIMIT",
    "LIQUIDATE_ON_ADL",
    "LIQUIDATE_ON_BACKSTOP",
    "LIQUIDATE_ON_BOOK",
    "LIQUIDATIONS",
    "MARKET",
    "MARK_PRICE",
    "NEW",
    "OPPOSITE",
    "ORDER_BOOK_CLOSED",
    "PARTIALLY_FILLED",
    "REJECT_BOTH",
    "REJECT_TAKER",
    "TICK_SIZE",
    "TRIGGER_FAILED",
    "TRIGGER_PENDING",
    "Fill",
    "Order",
    "OrderRequest",
]

BID: Final = "Bid"
ASK: Final = "Ask"
OPPOSITE: Final = {BID: ASK, ASK: BID}

LIMIT: Final = "Limit"
MARKET: Final = "Market"

GTC: Final = "GTC"
IOC: Final = "IOC"
FOK: Final = "FOK"

REJECT_TAKER: Final = "RejectTaker"
REJECT_BOTH: Final = "RejectBoth"

NEW: Final = "New"
PARTIALLY_FILLED: Final = "PartiallyFilled"
FILLED: Final = "Filled"
CANCELLED: Final = "Cancelled"
EXPIRED: Final = "Expired"
TRIGGER_PENDING: Final = "TriggerPending"
TRIGGER_FAILED: Final = "TriggerFailed"
TRIGGERED: Final = "Triggered"
"""Not in the OpenAPI's `OrderStatus`; a variant of the same enum in the venue's own Rust client."""

LAST_PRICE: Final = "LastPrice"
MARK_PRICE: Final = "MarkPrice"
INDEX_PRICE: Final = "IndexPrice"

TICK_SIZE: Final = "TickSize"

CONDITIONAL_ORDER: Final = "ConditionalOrder"
"""One of the two kinds of order to cancel, the venue's `CancelOrderTypeEnum`; the other is what rests."""

LIQUIDATE_ON_BOOK: Final = "LiquidatePositionOnBook"
LIQUIDATE_ON_BACKSTOP: Final = "LiquidatePositionOnBackstop"
CONVERT_COLLATERAL: Final = "CollateralConversion"
LIQUIDATE_ON_ADL: Final = "LiquidatePositionOnAdl"
FUTURE_EXPIRY: Final = "FutureExpiry"
ORDER_BOOK_CLOSED: Final = "OrderBookClosed"
LIQUIDATIONS: Final = frozenset({LIQUIDATE_ON_BOOK, LIQUIDATE_ON_BACKSTOP, LIQUIDATE_ON_ADL})
"""System order types, for orders that the exchange itself places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """An order as a client asks for it: the fields of the venue's `OrderExecutePayload`."""

    symbol: str
    side: str
    order_type: str
    price: Decimal | None = None
    quantity: Decimal | None = None
    quote_quantity: Decimal | None = None
    time_in_force: str = GTC
    post_only: bool = False
    reduce_only: bool | None = None
    self_trade_prevention: str = REJECT_TAKER
    client_id: int | None = None
    broker_id: int | None = None
    trigger_price: Decimal | None = None
    trigger_quantity: str | None = None
    """An amount, or a percentage such as "80%"."""
    trigger_by: str | None = None
    stop_loss_trigger_price: Decimal | None = None
    stop_loss_limit_price: Decimal | None = None
    stop_loss_trigger_by: str | None = None
    take_profit_trigger_price: Decimal | None = None
    take_profit_limit_price: Decimal | None = None
    take_profit_trigger_by: str | None = None
    slippage_tolerance: Decimal | None = None
    slippage_tolerance_type: str | None = None
    auto_lend: bool | None = None
    auto_lend_redeem: bool | None = None
    auto_borrow: bool | None = None
    auto_borrow_repay: bool | None = None
    strategy_id: int | None = None
    """The strategy of which it is a slice; no client can say so."""

    @property
    def has_children(self) -> bool:
        """Whether its fills arm a stop loss or a take profit."""
        return self.stop_loss_trigger_price is not None or self.take_profit_trigger_price is not None


@dataclass(slots=True, kw_only=True)
class Order:
    """An order's record from acceptance on; the engine changes it in place, everyone else reads."""

    id: int
    account_id: int
    request: OrderRequest
    """What was asked for; what the engine changes of it stands below."""
    created_at: int
    updated_at: int
    status: str = NEW
    quantity: Decimal | None = None
    """The base quantity as it is now: cut to a position, or none while the order waits for its trigger."""
    quote_quantity: Decimal | None = None
    executed_quantity: Decimal = ZERO
    executed_quote_quantity: Decimal = ZERO
    triggered_at: int | None = None
    related_order_id: int | None = None
    expiry_reason: str | None = None
    system_order_type: str | None = None
    held: Decimal = ZERO
    """What this order keeps locked of the asset it would give; spot only."""
    watches: str | None = None
    """The reference price that a trigger order waits for; None for other orders."""
    fires_upward: bool = False
    """Whether it waits for that price to rise."""
    child_ids: tuple[int, ...] = field(default=())
    """The stop loss and take profit that this order's fills have armed."""

    @property
    def remaining(self) -> Decimal:
        """The base quantity that is still to fill; zero when no quantity is set."""
        return ZERO if self.quantity is None else self.quantity - self.executed_quantity

    @property
    def is_open(self) -> bool:
        """Whether the order rests on the book or waits for its trigger."""
        return self.status in _OPEN

    @property
    def is_conditional(self) -> bool:
        """Whether the order waits, or waited, for a trigger price itself."""
        return self.watches is not None

    def snapshot(self) -> Order:
        """A copy that later changes of the order do not reach."""
        return copy.copy(self)


_OPEN: Final = frozenset({NEW, PARTIALLY_FILLED, TRIGGER_PENDING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One side of one trade, as its owner sees it."""

    trade_id: int
    order_id: int
    client_id: int | None
    symbol: str
    side: str
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_symbol: str
    is_maker: bool
    time: int
    system_order_type: str | None = None
