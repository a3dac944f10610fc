"""The arithmetic of one net position: what a fill does to it and what it is worth.

`cash` is exact and carries everything: minus what was paid for the quantity held, plus what closing brought,
minus what has been paid out into USDC. So `quantity * price + cash` is what is not yet paid out, at any
price, and over all accounts the cash of a market's trades sums to zero. Entry price and net cost are for
show.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Final

from bpx_connector.sandbox.records.figures import ZERO

__all__ = ["USDC_UNIT", "Position"]

USDC_UNIT: Final = Decimal("0.000001")


@dataclass(slots=True, kw_only=True)
class Position:
    """One account's net position in one perpetual market."""

    id: int
    account_id: int
    symbol: str
    opened_at: int
    quantity: Decimal = ZERO
    """Positive when long, negative when short."""
    net_cost: Decimal = ZERO
    """Entry price times quantity, with its sign."""
    cash: Decimal = ZERO
    pnl_realized: Decimal = ZERO
    """All that was paid out of this position into USDC since it opened; negative for losses."""
    fees: Decimal = ZERO
    """Trading fees paid since it opened."""
    cumulative_funding: Decimal = ZERO
    """Funding received since it opened; negative when paid."""
    closed_quantity: Decimal = ZERO
    liquidation_fees: Decimal = ZERO
    closed_at: int | None = None
    closing_price: Decimal | None = None

    @property
    def entry_price(self) -> Decimal:
        """The average price of the quantity held; zero when flat."""
        return self.net_cost / self.quantity if self.quantity else ZERO

    @property
    def break_even_price(self) -> Decimal:
        """The price at which closing wins and loses nothing, fees and funding included; zero when flat."""
        if not self.quantity:
            return ZERO
        return (self.net_cost + self.fees - self.cumulative_funding) / self.quantity

    def unsettled(self, price: Decimal) -> Decimal:
        """The profit or loss at `price` that has not been paid out: the venue's pnlUnrealized."""
        return self.quantity * price + self.cash

    def snapshot(self) -> Position:
        """A copy that later changes of the position do not reach."""
        return copy.copy(self)

    def add(self, quantity: Decimal, price: Decimal) -> None:
        """Take in a fill that opens or enlarges the position; `quantity` has the position's sign."""
        self.quantity += quantity
        self.net_cost += quantity * price
        self.cash -= quantity * price

    def reduce(self, quantity: Decimal, price: Decimal) -> Decimal:
        """Take in a fill against the position, no larger than it; answers what it realised, to be paid out.

        That is the closed share of all that was unsettled at the fill's price. Closing all of it leaves no
        cash.
        """
        unsettled = self.unsettled(price)
        share = abs(quantity / self.quantity)
        self.closed_quantity += abs(quantity)
        self.cash -= quantity * price
        if self.quantity + quantity == 0:
            realised = unsettled
            self.net_cost = ZERO
        else:
            realised = (unsettled * share).quantize(USDC_UNIT, rounding=ROUND_DOWN)
            self.net_cost -= self.net_cost * share
        self.quantity += quantity
        return self.pay_out(realised)

    def settle(self, mark: Decimal) -> Decimal:
        """What the regular settlement pays out at `mark`, in whole millionths."""
        return self.pay_out(self.unsettled(mark).quantize(USDC_UNIT, rounding=ROUND_DOWN))

    def pay_out(self, amount: Decimal) -> Decimal:
        """Book `amount` as paid into the account's USDC."""
        self.cash -= amount
        self.pnl_realized += amount
        return amount
