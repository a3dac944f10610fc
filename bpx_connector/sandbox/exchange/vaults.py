"""One vault: shares at a price that grows with time, minted at once, redeemed after a delay.

It is nobody's account here: what is put in is kept in the pool of its asset.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Final

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.account.ledger import USDC, Account
from bpx_connector.sandbox.exchange.exchange import Exchange
from bpx_connector.sandbox.records import refusals
from bpx_connector.sandbox.records.figures import ONE, ZERO
from bpx_connector.sandbox.records.refusals import Refusal
from bpx_connector.sandbox.records.times import DAY

__all__ = ["Mint", "Redemption", "Vault"]

YEAR: Final = 365 * DAY
UNIT: Final = Decimal("0.000001")

REQUESTED: Final = "Requested"
REDEEMED: Final = "Redeemed"
CANCELLED: Final = "Cancelled"
"""VaultRedeemStatus of the venue's own client for Rust."""


@dataclass(slots=True, kw_only=True)
class Mint:
    """Shares that were taken."""

    id: int
    account_id: int
    quantity: Decimal
    tokens: Decimal
    nav: Decimal
    time: int


@dataclass(slots=True, kw_only=True)
class Redemption:
    """Shares that wait to be redeemed, or what became of them."""

    id: int
    account_id: int
    tokens: Decimal
    asked_at: int
    status: str = REQUESTED
    received: Decimal | None = None
    nav: Decimal | None = None


class Vault:
    """The one vault of the sandbox."""

    id: Final = 1
    token: Final = choices.VAULT_SHARE

    def __init__(self, exchange: Exchange, now: int) -> None:
        self._exchange: Final = exchange
        self.began: Final = now
        self.supply = ZERO
        self.waiting: Final[dict[int, Redemption]] = {}
        """One an account."""
        self.mints: Final[deque[Mint]] = deque(maxlen=choices.HISTORY_LENGTH)
        self.redemptions: Final[deque[Redemption]] = deque(maxlen=choices.HISTORY_LENGTH)
        """Of all accounts, the oldest first."""
        self._next_id = choices.FIRST_TRANSFER_ID
        exchange.duties.append(self.carry_out)

    def nav(self, now: int) -> Decimal:
        """What a share is worth: one USDC at the beginning, growing evenly."""
        return (ONE + choices.VAULT_YIELD * (now - self.began) / YEAR).quantize(UNIT)

    def mint(self, account: Account, asset: str, quantity: Decimal, now: int, *, redeem: bool) -> None:
        """Put USDC in and receive shares."""
        if asset != USDC:
            raise refusals.invalid_asset()
        if quantity < choices.VAULT_MINIMUM:
            raise refusals.quantity_below_minimum()
        exchange = self._exchange
        if exchange.lending.reach(account, asset, redeem=redeem, borrow=False) < quantity:
            raise refusals.insufficient_funds()
        exchange.lending.cover(account, asset, quantity, now, "Manual")
        nav = self.nav(now)
        tokens = (quantity / nav).quantize(choices.VAULT_STEP, rounding=ROUND_DOWN)
        self._exchange_for(account, tokens, -quantity)
        self.mints.append(
            Mint(
                id=self._take_id(),
                account_id=account.id,
                quantity=quantity,
                tokens=tokens,
                nav=nav,
                time=now,
            )
        )

    def redeem(self, account: Account, tokens: Decimal | None, now: int) -> Redemption:
        """Ask for shares to be redeemed, all of them without a number; one request at a time."""
        held = account.balance(self.token).available
        wanted = held if tokens is None else tokens
        if account.id in self.waiting:
            raise Refusal(400, "PRECONDITION_FAILED", "A redeem is pending")
        if wanted < choices.VAULT_STEP:
            raise refusals.quantity_below_minimum()
        if wanted > held:
            raise refusals.insufficient_funds()
        redemption = Redemption(id=self._take_id(), account_id=account.id, tokens=wanted, asked_at=now)
        self.waiting[account.id] = redemption
        self.redemptions.append(redemption)
        return redemption

    def call_off(self, account: Account) -> None:
        """Forget a redemption that waits."""
        redemption = self.waiting.pop(account.id, None)
        if redemption is None:
            raise refusals.not_found()
        redemption.status = CANCELLED

    def carry_out(self, now: int) -> None:
        """Redeem what has waited long enough, as far as the shares are still there."""
        for redemption in list(self.waiting.values()):
            if now - redemption.asked_at < choices.VAULT_DELAY:
                continue
            del self.waiting[redemption.account_id]
            account = self._exchange.ledger.accounts[redemption.account_id]
            tokens, nav = min(redemption.tokens, account.balance(self.token).available), self.nav(now)
            received = (tokens * nav).quantize(UNIT, rounding=ROUND_DOWN)
            self._exchange_for(account, -tokens, received)
            redemption.status, redemption.received, redemption.nav = REDEEMED, received, nav

    def _take_id(self) -> int:
        number = self._next_id
        self._next_id += 1
        return number

    def _exchange_for(self, account: Account, tokens: Decimal, money: Decimal) -> None:
        ledger = self._exchange.ledger
        for asset, amount in ((self.token, tokens), (USDC, money)):
            ledger.pools[asset] = ledger.pools.get(asset, ZERO) - amount
            if amount > 0:
                ledger.credit(account, asset, amount)
            elif amount < 0:
                ledger.debit(account, asset, -amount)
        self.supply += tokens
