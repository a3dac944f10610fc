"""The one prediction: whether BTC is dearer a day after the exchange began, traded as yes at 0 to 1 USDC.

Its market is listed where the sandbox lists it, and resolves by itself or at the control port: orders expire,
positions are closed at 1 or 0 by system orders of the type FutureExpiry.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from bpx_connector.sandbox.exchange.exchange import Exchange
from bpx_connector.sandbox.records.figures import ONE, ZERO
from bpx_connector.sandbox.records.times import DAY

__all__ = ["Prediction"]


class Prediction:
    """The one prediction of the sandbox."""

    symbol: Final = "BTCUP_USDC_PREDICTION"

    def __init__(self, exchange: Exchange) -> None:
        self._exchange: Final = exchange
        self._first_price: Final = self._price()
        self.ends_at: Final = exchange.began + DAY
        self.resolved_at: int | None = None
        self.is_true: bool | None = None
        exchange.duties.append(self.carry_out)

    @property
    def price(self) -> Decimal:
        """What yes was last traded at, or is worth in the end."""
        if self.is_true is not None:
            return ONE if self.is_true else ZERO
        market = self._exchange.markets.get(self.symbol)
        return Decimal("0.5") if market is None else market.last_price

    def carry_out(self, now: int) -> None:
        """Resolve when the day is over."""
        if self.resolved_at is None and now >= self.ends_at:
            self.resolve(self._price() > self._first_price, now)

    def resolve(self, is_true: bool, now: int) -> None:
        """End it, and its market with it."""
        self.is_true, self.resolved_at = is_true, now
        if self.symbol in self._exchange.markets:
            self._exchange.close_out(self.symbol, ONE if is_true else ZERO, now)

    def _price(self) -> Decimal:
        return self._exchange.valuation.price_of("BTC")
