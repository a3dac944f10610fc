"""Records of what is lent and owed, and of what moved money by itself: settlements, interest, dust."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from bpx_connector.sandbox.records.figures import ZERO

__all__ = [
    "AUTO_LEND",
    "AUTO_REPAY",
    "BORROW",
    "BORROW_REPAY",
    "DUST_CONVERSION",
    "LEND",
    "LEND_REDEEM",
    "LIQUIDATION",
    "MANUAL",
    "RECONCILIATION",
    "SPOT_MARGIN",
    "WITHDRAWAL",
    "DustConversion",
    "InterestPayment",
    "LendingMovement",
    "LendingPosition",
    "Settlement",
]

BORROW: Final = "Borrow"
BORROW_REPAY: Final = "BorrowRepay"
LEND: Final = "Lend"
LEND_REDEEM: Final = "LendRedeem"
"""BorrowLendEventType."""

MANUAL: Final = "Manual"
AUTO_LEND: Final = "AutoLend"
AUTO_REPAY: Final = "AutoBorrowRepay"
RECONCILIATION: Final = "Reconciliation"
SPOT_MARGIN: Final = "SpotMargin"
LIQUIDATION: Final = "Liquidation"
WITHDRAWAL: Final = "Withdrawal"
DUST_CONVERSION: Final = "DustConversion"
"""BorrowLendSource, as far as anything here is one."""


@dataclass(slots=True, kw_only=True)
class LendingPosition:
    """What an account has lent of an asset (positive) or owes (negative)."""

    id: int
    asset: str
    opened_at: int
    source: str
    quantity: Decimal = ZERO
    interest: Decimal = ZERO
    """All that was received since it was opened; negative when paid."""
    fresh: Decimal = ZERO
    """What of it began within the running hour, and bears interest from the next one on."""
    most: Decimal = ZERO
    """The largest it has been, without its sign."""
    is_lent: bool = True
    closed_at: int | None = None

    @property
    def lent(self) -> Decimal:
        """What is lent."""
        return max(ZERO, self.quantity)

    @property
    def owed(self) -> Decimal:
        """What is owed."""
        return max(ZERO, -self.quantity)


@dataclass(frozen=True, slots=True, kw_only=True)
class LendingMovement:
    """Money that went into a lending position or came out of it."""

    time: int
    kind: str
    asset: str
    quantity: Decimal
    position_id: int
    position_quantity: Decimal
    source: str
    order_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestPayment:
    """Interest of an hour, or the fee of beginning within one; positive when received."""

    time: int
    kind: str
    asset: str
    quantity: Decimal
    rate: Decimal
    position_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """USDC that was paid to an account or taken from it, and what for."""

    sequence: int
    time: int
    quantity: Decimal
    source: str
    position_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DustConversion:
    """A remainder that was too small to trade, and the USDC it became."""

    id: int
    time: int
    asset: str
    quantity: Decimal
    received: Decimal
