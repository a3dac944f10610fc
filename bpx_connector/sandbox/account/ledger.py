"""Who owns what. Every unit of every asset moves in this file, and none appears or vanishes but by deposit
and withdrawal.

Beside the accounts there are four purses: `fees`, what the exchange took; `pot`, which pays and collects
profit and loss; `funding_pot`, which passes funding from one side to the other and keeps the rounding;
`pools`, one an asset, which lend what is borrowed, pay interest and keep what of it is left over. Every
movement of an account's money is in one of its histories, with its reason: fills, deposits, withdrawals,
settlements, lending movements, interest, conversions.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.records.figures import ZERO
from bpx_connector.sandbox.records.lending import (
    BORROW,
    BORROW_REPAY,
    LEND,
    LEND_REDEEM,
    RECONCILIATION,
    DustConversion,
    InterestPayment,
    LendingMovement,
    LendingPosition,
    Settlement,
)
from bpx_connector.sandbox.records.orders import TRIGGER_PENDING, Fill, Order
from bpx_connector.sandbox.records.outbox import Touched
from bpx_connector.sandbox.records.positions import Position

__all__ = ["USDC", "Account", "Deposit", "FundingPayment", "Ledger", "Withdrawal"]

USDC: Final = choices.QUOTE_ASSET


@dataclass(slots=True)
class Balance:
    """One asset of one account."""

    available: Decimal = ZERO
    locked: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """Free and locked together."""
        return self.available + self.locked


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """One transfer in."""

    id: int
    asset: str
    quantity: Decimal
    source: str
    status: str
    created_at: int
    from_address: str | None = None
    to_address: str | None = None
    transaction_hash: str | None = None


@dataclass(slots=True, kw_only=True)
class Withdrawal:
    """One transfer out; `quantity` left the balance, `fee` of it did not arrive."""

    id: int
    asset: str
    quantity: Decimal
    fee: Decimal
    blockchain: str
    address: str
    client_id: str | None
    status: str
    created_at: int
    transaction_hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingPayment:
    """One account's part in one funding interval; positive when received."""

    symbol: str
    quantity: Decimal
    rate: Decimal
    interval_end: int


class Account:
    """One account: settings, balances, positions, open orders and histories.

    Histories run oldest to newest. `fees` holds basis points under the names of `choices.FEES_BASIS_POINTS`.
    """

    def __init__(self, number: int, public_key: str, now: int, fees: dict[str, Decimal], house: bool) -> None:
        kept = choices.HOUSE_HISTORY_LENGTH if house else choices.HISTORY_LENGTH
        self.id: Final = number
        self.user_id: Final = choices.FIRST_USER_ID + number - 1
        self.public_key: Final = public_key
        self.created_at: Final = now
        self.is_house: Final = house
        self.fees: Final = fees
        self.leverage_limit = choices.DEFAULT_LEVERAGE_LIMIT
        self.auto_lend = False
        self.auto_borrow_settlements = False
        self.auto_repay_borrows = False
        self.liquidating = False
        self.exempt_addresses: Final[set[str]] = set()
        self.debt = ZERO
        self.balances: Final[dict[str, Balance]] = {}
        self.positions: Final[dict[str, Position]] = {}
        self.open_orders: Final[dict[str, dict[int, Order]]] = {}
        self.reduce_only_resting: Final[dict[int, Order]] = {}
        self.committed: Final[dict[tuple[str, str], Decimal]] = {}
        self.order_history: Final[deque[Order]] = deque(maxlen=kept)
        self.fill_history: Final[deque[Fill]] = deque(maxlen=kept)
        self.funding_history: Final[deque[FundingPayment]] = deque(maxlen=kept)
        self.position_history: Final[deque[Position]] = deque(maxlen=kept)
        self.deposits: Final[deque[Deposit]] = deque(maxlen=kept)
        self.withdrawals: Final[deque[Withdrawal]] = deque(maxlen=kept)
        self.lending: Final[dict[str, LendingPosition]] = {}
        self.lending_past: Final[deque[LendingPosition]] = deque(maxlen=kept)
        self.lending_movements: Final[deque[LendingMovement]] = deque(maxlen=kept)
        self.interest: Final[deque[InterestPayment]] = deque(maxlen=kept)
        self.settlements: Final[deque[Settlement]] = deque(maxlen=kept)
        self.dust: Final[deque[DustConversion]] = deque(maxlen=kept)

    def balance(self, asset: str) -> Balance:
        """The balance of an asset, made if there is none."""
        balance = self.balances.get(asset)
        if balance is None:
            balance = self.balances[asset] = Balance()
        return balance

    def lent(self, asset: str) -> Decimal:
        """How much of an asset is lent."""
        position = self.lending.get(asset)
        return ZERO if position is None else position.lent

    def owed(self, asset: str) -> Decimal:
        """How much of an asset is borrowed, with its interest."""
        position = self.lending.get(asset)
        return ZERO if position is None else position.owed

    def net(self, asset: str) -> Decimal:
        """All that is owned of an asset: free, locked and lent, less what is owed."""
        balance, position = self.balances.get(asset), self.lending.get(asset)
        return (ZERO if balance is None else balance.total) + (
            ZERO if position is None else position.quantity
        )

    def position_quantity(self, symbol: str) -> Decimal:
        """The net quantity held of a perpetual; zero when flat."""
        position = self.positions.get(symbol)
        return ZERO if position is None else position.quantity

    def committed_quantity(self, symbol: str, side: str) -> Decimal:
        """What resting orders of one side of a perpetual may still add; reduce-only ones add nothing."""
        return self.committed.get((symbol, side), ZERO)

    def commit(self, order: Order, quantity: Decimal) -> None:
        """Count a change in what a resting order may still trade."""
        if not order.request.reduce_only:
            key = (order.request.symbol, order.request.side)
            self.committed[key] = self.committed.get(key, ZERO) + quantity

    def list_order(self, order: Order) -> None:
        """Add an order that rests or waits."""
        self.open_orders.setdefault(order.request.symbol, {})[order.id] = order

    def unlist_order(self, order: Order) -> None:
        """Drop an order that no longer rests or waits."""
        of_market = self.open_orders.get(order.request.symbol)
        if of_market is not None and of_market.pop(order.id, None) is not None and not of_market:
            del self.open_orders[order.request.symbol]

    def open_in(self, symbol: str) -> list[Order]:
        """The open orders of one market, oldest first."""
        return list(self.open_orders.get(symbol, {}).values())

    def all_open(self) -> list[Order]:
        """All open orders, oldest first."""
        orders = [order for of_market in self.open_orders.values() for order in of_market.values()]
        return sorted(orders, key=lambda order: order.id)

    def count_open(self) -> tuple[int, int]:
        """How many orders rest and how many wait for a trigger."""
        waiting = total = 0
        for of_market in self.open_orders.values():
            total += len(of_market)
            waiting += sum(order.status == TRIGGER_PENDING for order in of_market.values())
        return total - waiting, waiting


class Ledger:
    """All accounts and the exchange's own purses; every balance that changes is reported to `touched`."""

    def __init__(self, touched: Touched) -> None:
        self.accounts: Final[dict[int, Account]] = {}
        self.fees: Final[dict[str, Decimal]] = {}
        self.pools: Final[dict[str, Decimal]] = {}
        self.pot = ZERO
        self.funding_pot = ZERO
        self.forgiven = ZERO
        """The debts that nobody will pay."""
        self._touched: Final = touched
        self._next_lending_id = choices.FIRST_LENDING_ID
        self._next_sequence = choices.FIRST_SEQUENCE

    def open(self, public_key: str, now: int, fees: dict[str, Decimal], house: bool) -> Account:
        """A new account without funds."""
        account = Account(len(self.accounts) + 1, public_key, now, fees, house)
        self.accounts[account.id] = account
        return account

    def total(self, asset: str) -> Decimal:
        """Everything there is of an asset, purses included."""
        owned = sum((account.net(asset) for account in self.accounts.values()), ZERO)
        purses = self.fees.get(asset, ZERO) + self.pools.get(asset, ZERO)
        return owned + purses + (self.pot + self.funding_pot if asset == USDC else ZERO)

    def credit(self, account: Account, asset: str, amount: Decimal) -> None:
        """Add to what is free; USDC pays what is owed first, wherever it comes from."""
        if account.debt and asset == USDC:
            repaid = min(account.debt, amount)
            account.debt -= repaid
            self.pot += repaid
            amount -= repaid
        account.balance(asset).available += amount
        self._touched.balances[account.id, asset] = None

    def debit(self, account: Account, asset: str, amount: Decimal) -> None:
        """Take from what is free; the caller knows that it is enough."""
        balance = account.balance(asset)
        balance.available -= amount
        if balance.available < 0:
            raise ValueError(f"account {account.id} would owe {-balance.available} {asset}")
        self._touched.balances[account.id, asset] = None

    def hold(self, account: Account, order: Order, asset: str, amount: Decimal) -> None:
        """Lock funds for a resting order."""
        self.debit(account, asset, amount)
        account.balance(asset).locked += amount
        order.held += amount

    def release(self, account: Account, order: Order, asset: str) -> None:
        """Free all that an order still keeps locked."""
        amount, order.held = order.held, ZERO
        if amount:
            account.balance(asset).locked -= amount
            self.credit(account, asset, amount)

    def spend_held(self, account: Account, order: Order, asset: str, amount: Decimal) -> None:
        """Take from what an order keeps locked."""
        order.held -= amount
        account.balance(asset).locked -= amount
        self._touched.balances[account.id, asset] = None

    def take_fee(self, asset: str, amount: Decimal) -> None:
        """Put a fee that was held back into the exchange's purse."""
        self.fees[asset] = self.fees.get(asset, ZERO) + amount

    def charge_fee(self, account: Account, amount: Decimal, now: int) -> None:
        """Take a USDC fee from an account, or pay it a rebate."""
        self.settle(account, -amount, now, "TradingFees")
        self.pot -= amount
        self.take_fee(USDC, amount)

    def settle(
        self, account: Account, amount: Decimal, now: int, source: str, position_id: int | None = None
    ) -> None:
        """Pay profit out of the pot, or collect a loss into it; what cannot be collected stays as debt.

        "USDC lends are redeemed, then USDC is borrowed from the pool" (the venue's guide, settlement): the
        latter where the account's settings say so.
        """
        if amount >= 0:
            repaid = min(account.debt, amount)
            account.debt -= repaid
            amount -= repaid
            paid = amount
        else:
            self._cover_settlement(account, -amount, now)
            paid = -min(account.balance(USDC).available, -amount)
            account.debt += paid - amount
        if paid:
            self.pot -= paid
            account.balance(USDC).available += paid
            self._touched.balances[account.id, USDC] = None
            self._record_settlement(account, paid, now, source, position_id)

    def forgive(self, account: Account) -> None:
        """Give up what an account owes and has nothing left to pay with; the pot goes without it."""
        self.forgiven += account.debt
        account.debt = ZERO

    def _record_settlement(
        self, account: Account, paid: Decimal, now: int, source: str, position_id: int | None
    ) -> None:
        if account.is_house:
            return
        account.settlements.append(
            Settlement(
                sequence=self._next_sequence,
                time=now,
                quantity=paid,
                source=source,
                position_id=position_id,
            )
        )
        self._next_sequence += 1

    def _cover_settlement(self, account: Account, amount: Decimal, now: int) -> None:
        missing = amount - account.balance(USDC).available
        if missing > 0 and account.lent(USDC):
            redeemed = min(missing, account.lent(USDC))
            self.move_lending(account, USDC, -redeemed, now, RECONCILIATION)
            missing -= redeemed
        if missing > 0 and account.auto_borrow_settlements:
            self.move_lending(account, USDC, -missing, now, RECONCILIATION)

    def pay_funding(self, account: Account, amount: Decimal, now: int, position_id: int) -> None:
        """Pass on a funding payment; positive is received."""
        self.settle(account, amount, now, "FundingPayment", position_id)
        self.pot += amount
        self.funding_pot -= amount

    def exchange_dust(self, asset: str, quantity: Decimal, received: Decimal) -> None:
        """The exchange keeps what was converted, and pays for it out of its own purse."""
        self.take_fee(asset, quantity)
        self.take_fee(USDC, -received)

    # --- lending -----------------------------------------------------------------------------------------

    def move_lending(
        self,
        account: Account,
        asset: str,
        quantity: Decimal,
        now: int,
        source: str,
        order_id: int | None = None,
    ) -> None:
        """Lend (positive) out of what is free, or take back (negative).

        What is owed is repaid by lending, and beyond what is lent it is borrowed: one movement for each side
        of nothing that it passes.
        """
        held = account.lending[asset].quantity if asset in account.lending else ZERO
        across = held * quantity < 0 and abs(quantity) > abs(held)
        for part in (-held, quantity + held) if across else (quantity,):
            self._move_lending_one_way(account, asset, part, now, source, order_id)

    def _move_lending_one_way(
        self, account: Account, asset: str, quantity: Decimal, now: int, source: str, order_id: int | None
    ) -> None:
        position = account.lending.get(asset)
        if position is None:
            position = account.lending[asset] = LendingPosition(
                id=self._next_lending_id, asset=asset, opened_at=now, source=source, is_lent=quantity > 0
            )
            self._next_lending_id += 1
        if quantity > 0:
            self.debit(account, asset, quantity)
            kind = BORROW_REPAY if position.quantity < 0 else LEND
        else:
            self.credit(account, asset, -quantity)
            kind = LEND_REDEEM if position.quantity > 0 else BORROW
        position.quantity += quantity
        position.most = max(position.most, abs(position.quantity))
        if kind in (LEND, BORROW):
            position.fresh += abs(quantity)
        account.lending_movements.append(
            LendingMovement(
                time=now,
                kind=kind,
                asset=asset,
                quantity=abs(quantity),
                position_id=position.id,
                position_quantity=position.quantity,
                source=source,
                order_id=order_id,
            )
        )
        if not position.quantity:
            position.closed_at = now
            account.lending_past.append(account.lending.pop(asset))

    def pay_interest(self, account: Account, payment: InterestPayment) -> None:
        """Add interest to a lending position, or what is owed; the asset's pool pays and collects it."""
        position = account.lending[payment.asset]
        position.quantity += payment.quantity
        position.interest += payment.quantity
        self.pools[payment.asset] = self.pools.get(payment.asset, ZERO) - payment.quantity
        account.interest.append(payment)
