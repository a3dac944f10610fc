"""What is lent and borrowed: who may, at which rate, and what it earns and costs.

Rates follow how much of a pool is in use, and interest is paid on the hour: amount x rate / 365 / 24. What
begins within an hour bears interest from the next one on; whoever borrows pays for the rest of the hour at
once, the entry fee (FACTS 22, the venue's page on lending). Each pool has a stock of its own beside what
accounts lend, so that there is always something to borrow.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Final

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.account.ledger import Account, Ledger
from bpx_connector.sandbox.account.margin import Valuation
from bpx_connector.sandbox.records import refusals
from bpx_connector.sandbox.records.figures import ONE, ZERO
from bpx_connector.sandbox.records.lending import (
    AUTO_LEND,
    AUTO_REPAY,
    MANUAL,
    InterestPayment,
    LendingPosition,
)
from bpx_connector.sandbox.records.times import HOUR

__all__ = ["Lending", "PoolState", "borrow_rate"]

HOURS_A_YEAR: Final = 365 * 24
UNIT: Final = Decimal("0.00000001")


@dataclass(frozen=True, slots=True)
class PoolState:
    """One asset's pool."""

    asset: str
    price: Decimal
    lent: Decimal
    borrowed: Decimal

    @property
    def utilization(self) -> Decimal:
        """The share that is in use."""
        return (self.borrowed / self.lent).quantize(UNIT) if self.lent else ZERO

    @property
    def borrow_rate(self) -> Decimal:
        """What borrowers pay, the part of a year."""
        return borrow_rate(self.utilization)

    @property
    def lend_rate(self) -> Decimal:
        """What lenders receive: what is paid on the share in use, less the exchange's fee."""
        rate = self.borrow_rate * self.utilization * (ONE - choices.LENDING_FEE)
        return rate.quantize(UNIT, rounding=ROUND_DOWN)


def borrow_rate(utilization: Decimal) -> Decimal:
    """A rate that rises slowly up to the optimal utilization and steeply beyond."""
    best = choices.OPTIMAL_UTILIZATION
    if utilization <= best:
        return (choices.OPTIMAL_BORROW_RATE * utilization / best).quantize(UNIT)
    beyond = (utilization - best) / (ONE - best)
    steep = choices.HIGHEST_BORROW_RATE - choices.OPTIMAL_BORROW_RATE
    return (choices.OPTIMAL_BORROW_RATE + steep * beyond).quantize(UNIT)


class Lending:
    """The pools, and what accounts have in them and owe to them."""

    def __init__(self, ledger: Ledger, valuation: Valuation, now: int) -> None:
        self._ledger: Final = ledger
        self._valuation: Final = valuation
        self._stock: Final = {asset: _stock(valuation.price_of(asset)) for asset in sorted(valuation.assets)}
        self._next_hour = _hour_after(now)

    # --- pools -------------------------------------------------------------------------------------------

    @property
    def assets(self) -> list[str]:
        """What can be lent and borrowed."""
        return [asset for asset, stock in self._stock.items() if stock]

    def pool(self, asset: str) -> PoolState:
        """The state of one pool."""
        if not self._stock.get(asset):
            raise refusals.invalid_asset()
        accounts = [account for account in self._ledger.accounts.values() if account.lending]
        lent = sum((account.lent(asset) for account in accounts), ZERO)
        borrowed = sum((account.owed(asset) for account in accounts), ZERO)
        stock = self._stock[asset]
        return PoolState(
            asset, self._valuation.price_of(asset), stock + lent, stock * choices.STOCK_IN_USE + borrowed
        )

    # --- commands ----------------------------------------------------------------------------------------

    def lend(self, account: Account, asset: str, quantity: Decimal, now: int) -> None:
        """Lend what is free, or repay with it what is owed first."""
        self.pool(asset)
        if quantity <= 0:
            raise refusals.quantity_below_minimum()
        if quantity > account.balance(asset).available:
            raise refusals.insufficient_funds()
        self._ledger.move_lending(account, asset, quantity, now, MANUAL)

    def borrow(self, account: Account, asset: str, quantity: Decimal, now: int) -> None:
        """Take back what is lent first, and borrow the rest."""
        self.pool(asset)
        if quantity <= 0:
            raise refusals.quantity_below_minimum()
        if quantity - account.lent(asset) > self.largest_loan(account, asset):
            raise refusals.borrow_limit()
        self._take(account, asset, quantity, now, MANUAL, None)

    def largest_loan(self, account: Account, asset: str) -> Decimal:
        """How much the account could borrow now: as much as its free equity carries at its leverage."""
        price = self._valuation.price_of(asset)
        spare = self._valuation.equity(account) - self._valuation.initial_margin(account)
        if not price or spare <= 0 or not self._stock.get(asset):
            return ZERO
        by_equity = (spare * account.leverage_limit / price).quantize(UNIT, rounding=ROUND_DOWN)
        state = self.pool(asset)
        left = state.lent * choices.MAX_UTILIZATION - state.borrowed
        return max(ZERO, min(by_equity, left.quantize(UNIT, rounding=ROUND_DOWN)))

    def reach(self, account: Account, asset: str, *, redeem: bool, borrow: bool) -> Decimal:
        """How much of an asset could be free, taking back and borrowing as far as that is wanted."""
        reach = account.balance(asset).available
        if redeem:
            reach += account.lent(asset)
        return reach + self.largest_loan(account, asset) if borrow else reach

    def cover(
        self,
        account: Account,
        asset: str,
        needed: Decimal,
        now: int,
        source: str,
        order_id: int | None = None,
    ) -> None:
        """Take back, then borrow what is missing; the caller knows that it is within reach."""
        missing = needed - account.balance(asset).available
        if missing > 0:
            self._take(account, asset, missing, now, source, order_id)

    def give(
        self,
        account: Account,
        asset: str,
        received: Decimal,
        now: int,
        *,
        repay: bool,
        lend: bool,
        source: str,
    ) -> None:
        """Repay with what was received, then lend it, as far as that is wanted."""
        free = min(received, account.balance(asset).available)
        owed = account.owed(asset)
        if repay and owed:
            self._ledger.move_lending(account, asset, min(free, owed), now, source)
            free -= min(free, owed)
        if lend and free > 0 and not account.owed(asset) and self._stock.get(asset):
            self._ledger.move_lending(account, asset, free, now, source)

    def sweep(self, account: Account, now: int) -> None:
        """What the account's settings ask for: repay what is owed, lend what is free of every asset."""
        if not account.auto_lend and not account.auto_repay_borrows:
            return
        for asset, balance in list(account.balances.items()):
            free, owed = balance.available, account.owed(asset)
            if account.auto_repay_borrows and owed and free > 0:
                self._ledger.move_lending(account, asset, min(free, owed), now, AUTO_REPAY)
                free -= min(free, owed)
            if account.auto_lend and free > 0 and not account.owed(asset) and self._stock.get(asset):
                self._ledger.move_lending(account, asset, free, now, AUTO_LEND)

    def take_all_back(self, account: Account, now: int) -> None:
        """Redeem everything that is lent."""
        for asset in list(account.lending):
            if account.lent(asset):
                self._ledger.move_lending(account, asset, -account.lent(asset), now, AUTO_LEND)

    def _take(
        self, account: Account, asset: str, quantity: Decimal, now: int, source: str, order_id: int | None
    ) -> None:
        owed = account.owed(asset)
        self._ledger.move_lending(account, asset, -quantity, now, source, order_id)
        begun = account.owed(asset) - owed
        if begun > 0:
            rate = self.pool(asset).borrow_rate
            rest = Decimal(self._next_hour - now) / HOUR
            fee = _interest(begun, rate * rest)
            self._pay(account, account.lending[asset], -fee, rate, "EntryFee", now)

    # --- time --------------------------------------------------------------------------------------------

    def carry_out(self, now: int) -> None:
        """Pay the interest of every hour that has ended, and do what the accounts' settings ask for."""
        while self._next_hour <= now:
            self._end_hour(self._next_hour)
            self._next_hour += HOUR
        for account in self._ledger.accounts.values():
            if not account.is_house:
                self.sweep(account, now)

    def _end_hour(self, hour: int) -> None:
        accounts = [account for account in self._ledger.accounts.values() if account.lending]
        rates = {asset: self.pool(asset) for account in accounts for asset in account.lending}
        for account in accounts:
            for asset, position in account.lending.items():
                bearing = max(ZERO, abs(position.quantity) - position.fresh)
                position.fresh = ZERO
                is_lent = position.quantity > 0
                rate = rates[asset].lend_rate if is_lent else rates[asset].borrow_rate
                paid = _interest(bearing, rate)
                self._pay(
                    account, position, paid if is_lent else -paid, rate, "Lend" if is_lent else "Borrow", hour
                )

    def _pay(
        self,
        account: Account,
        position: LendingPosition,
        quantity: Decimal,
        rate: Decimal,
        kind: str,
        now: int,
    ) -> None:
        if quantity:
            self._ledger.pay_interest(
                account,
                InterestPayment(
                    time=now,
                    kind=kind,
                    asset=position.asset,
                    quantity=quantity,
                    rate=rate,
                    position_id=position.id,
                ),
            )


def _interest(amount: Decimal, rate: Decimal) -> Decimal:
    """An hour's interest, in whole units of the eighth decimal."""
    return (amount * rate / HOURS_A_YEAR).quantize(UNIT, rounding=ROUND_HALF_UP)


def _stock(price: Decimal) -> Decimal:
    return (choices.POOL_NOTIONAL / price).to_integral_value(rounding=ROUND_DOWN) if price else ZERO


def _hour_after(now: int) -> int:
    return (now // HOUR + 1) * HOUR
