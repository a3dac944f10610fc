"""Records of orders that are spread over time."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bpx_connector.sandbox.records.figures import ZERO

__all__ = ["Strategy"]


@dataclass(slots=True, kw_only=True)
class Strategy:
    """An order in slices, one an interval (the venue's ScheduledStrategy)."""

    id: int
    account_id: int
    client_id: int | None
    symbol: str
    side: str
    quantity: Decimal
    duration: int
    interval: int
    is_randomized: bool
    reduce_only: bool | None
    self_trade_prevention: str
    slippage: tuple[Decimal, str] | None
    auto: dict[str, bool]
    created_at: int
    next_slice: int
    executed: Decimal = ZERO
    executed_quote: Decimal = ZERO
    status: str = "Running"
    cancel_reason: str | None = None
    slices_done: int = 0

    @property
    def slices(self) -> int:
        """ "Slices = duration / interval" (the venue's page on TWAP), at least one."""
        return max(1, self.duration // self.interval)
