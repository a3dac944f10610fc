"""Who owns what. Every unit of every asset moves in this file, and none appears or vanishes but by deposit
and withdrawal.

Beside the accounts there are three purses: `fees`, what the exchange took; `pot`, which pays and collects
profit and loss; `funding_pot`, which passes funding from one side to the other and keeps the rounding.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.records.figures import ZERO
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

    def balance(self, asset: str) -> Balance:
        """The balance of an asset, made if there is none."""
        balance = self.balances.get(asset)
        if balance is None:
            balance = self.balances[asset] = Balance()
        return balance

    def lent(self, asset: str) -> Decimal:
        """How much of an asset auto-lend has put to work: all free USDC, or nothing."""
        if not self.auto_lend or asset != USDC or asset not in self.balances:
            return ZERO
        return self.balances[asset].available

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
        self.pot = ZERO
        self.funding_pot = ZERO
        self.forgiven = ZERO
        """The debts that nobody will pay."""
        self._touched: Final = touched

    def open(self, public_key: str, now: int, fees: dict[str, Decimal], house: bool) -> Account:
        """A new account without funds."""
        account = Account(len(self.accounts) + 1, public_key, now, fees, house)
        self.accounts[account.id] = account
        return account

    def total(self, asset: str) -> Decimal:
        """Everything there is of an asset, purses included."""
        owned = sum((a.balances[asset].total for a in self.accounts.values() if asset in a.balances), ZERO)
        purses = self.fees.get(asset, ZERO)
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

    def charge_fee(self, account: Account, amount: Decimal) -> None:
        """Take a USDC fee from an account, or pay it a rebate."""
        self.settle(account, -amount)
        self.pot -= amount
        self.take_fee(USDC, amount)

    def settle(self, account: Account, amount: Decimal) -> None:
        """Pay profit out of the pot, or collect a loss into it; what cannot be collected stays as debt."""
        if amount >= 0:
            repaid = min(account.debt, amount)
            account.debt -= repaid
            amount -= repaid
            paid = amount
        else:
            paid = -min(account.balance(USDC).available, -amount)
            account.debt += paid - amount
        if paid:
            self.pot -= paid
            account.balance(USDC).available += paid
            self._touched.balances[account.id, USDC] = None

    def forgive(self, account: Account) -> None:
        """Give up what an account owes and has nothing left to pay with; the pot goes without it."""
        self.forgiven += account.debt
        account.debt = ZERO

    def pay_funding(self, account: Account, amount: Decimal) -> None:
        """Pass on a funding payment; positive is received."""
        self.settle(account, amount)
        self.pot += amount
        self.funding_pot -= amount
