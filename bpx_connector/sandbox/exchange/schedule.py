"""What happens because time passes: marks, funding, settlement, liquidations, withdrawals.

Nothing here reads a clock; time passes when `carry_out` is called with a later one.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.account.announcements import Announcements
from bpx_connector.sandbox.account.clearing import Clearing
from bpx_connector.sandbox.account.ledger import USDC, Account, Ledger
from bpx_connector.sandbox.account.margin import Valuation
from bpx_connector.sandbox.exchange.order_life import Orders
from bpx_connector.sandbox.market.market import Market
from bpx_connector.sandbox.records.figures import ZERO
from bpx_connector.sandbox.records.orders import (
    ASK,
    BID,
    CONVERT_COLLATERAL,
    LIQUIDATE_ON_BACKSTOP,
    LIQUIDATE_ON_BOOK,
    MARKET,
    OrderRequest,
)
from bpx_connector.sandbox.records.positions import Position
from bpx_connector.sandbox.records.refusals import Refusal

__all__ = ["Schedule"]


class Schedule:
    """Carries out what is due."""

    def __init__(
        self,
        ledger: Ledger,
        markets: Mapping[str, Market],
        valuation: Valuation,
        clearing: Clearing,
        orders: Orders,
        announcements: Announcements,
        now: int,
    ) -> None:
        self._ledger: Final = ledger
        self._markets: Final = markets
        self._valuation: Final = valuation
        self._clearing: Final = clearing
        self._orders: Final = orders
        self._announcements: Final = announcements
        self._backstop: Account | None = None
        self._next_sample = _following(now, choices.SAMPLE_PERIOD)
        self._next_settlement = _following(now, choices.SETTLEMENT_PERIOD)

    def carry_out(self, now: int) -> None:
        """Do everything that has become due by `now`, each thing once however late it is.

        Funding is the exception: every interval that ended is paid.
        """
        if now >= self._next_sample:
            self._next_sample = _following(now, choices.SAMPLE_PERIOD)
            for market in self._markets.values():
                self._announcements.tell(market.sample(now))
        self._end_funding_intervals(now)
        if now >= self._next_settlement:
            self._next_settlement = _following(now, choices.SETTLEMENT_PERIOD)
            self._clearing.realise_profits(self._markets, now)
        for account in list(self._ledger.accounts.values()):
            if account.positions and not account.is_house:
                self._check_maintenance(account, now)
            if account.debt:
                self._collect_debt(account, now)
            self._confirm_withdrawals(account, now)

    def _check_maintenance(self, account: Account, now: int) -> None:
        """Liquidate an account whose equity is under maintenance: first its orders, then its positions.

        "All open orders (spot and triggers too) are cancelled, positions unwound in parallel by reduce-only
        market orders on the book in steps of 10 %; below the auto close margin fraction backstop providers
        take the position" (the venue's pages on liquidation).
        """
        account.liquidating = self._valuation.is_below_maintenance(account)
        if not account.liquidating:
            return
        for order in account.all_open():
            self._orders.expire_resting(account, order, "Liquidation", now)
        for _ in range(choices.LIQUIDATION_STEPS_PER_CHECK):
            if self._valuation.is_below_auto_close(account):
                self._have_taken_over(account, now)
            elif not self._close_steps(account, now):
                return
            account.liquidating = self._valuation.is_below_maintenance(account)
            if not account.liquidating:
                return

    def _close_steps(self, account: Account, now: int) -> bool:
        """Close a step of every position; whether anything could be done."""
        closed = [self._close_a_step(account, each, now) for each in list(account.positions.values())]
        return any(closed)

    def _have_taken_over(self, account: Account, now: int) -> None:
        """Have the backstop provider take all positions of an account over."""
        if self._backstop is None:
            self._backstop = self._ledger.open("backstop provider", now, account.fees, house=True)
        for symbol in list(account.positions):
            self._orders.hand_over(account, self._backstop, self._markets[symbol], now, LIQUIDATE_ON_BACKSTOP)

    def _collect_debt(self, account: Account, now: int) -> None:
        """Sell collateral for USDC that is owed, what is worth most first; forgive what nothing can pay.

        "USDC lends are redeemed, then USDC is borrowed from the pool, then collateral is converted" (the
        venue's guide, settlement and realization): lent USDC is spent already, and who borrows for
        settlements is left alone.
        """
        if account.auto_borrow_settlements or account.is_house:
            return
        sellable = {asset: self._sellable(account, asset) for asset in account.balances if asset != USDC}
        assets = [asset for asset, quantity in sellable.items() if quantity]
        assets.sort(key=lambda asset: self._worth(account, asset), reverse=True)
        for asset in assets:
            if self._convert(account, asset, sellable[asset], now):
                return
        is_locked = any(balance.locked for balance in account.balances.values())
        if not assets and not is_locked and not account.positions:
            self._ledger.forgive(account)

    def _sellable(self, account: Account, asset: str) -> Decimal:
        """How much of an asset its market would take, if there is one."""
        market = self._markets.get(f"{asset}_{USDC}")
        if market is None:
            return ZERO
        quantity = market.rules.floor_to_step(account.balance(asset).available + account.lent(asset))
        return quantity if quantity >= market.rules.min_quantity else ZERO

    def _convert(self, account: Account, asset: str, sellable: Decimal, now: int) -> bool:
        """Sell as much of an asset as the debt asks for; whether anything was sold."""
        market = self._markets[f"{asset}_{USDC}"]
        best = market.book.best(BID)
        if best is None:
            return False
        wanted = market.rules.ceil_to_step(account.debt / best * choices.CONVERSION_MARGIN)
        quantity = min(max(wanted, market.rules.min_quantity), sellable)
        request = OrderRequest(
            symbol=market.symbol, side=ASK, order_type=MARKET, quantity=quantity, auto_lend_redeem=True
        )
        return self._carried_out(account, market, request, now, CONVERT_COLLATERAL)

    def _worth(self, account: Account, asset: str) -> Decimal:
        return account.net(asset) * self._valuation.price_of(asset)

    def _end_funding_intervals(self, now: int) -> None:
        for market in self._markets.values():
            while market.marks.next_funding is not None and market.marks.next_funding <= now:
                self._clearing.pay_funding(market, market.marks.end_interval(), now)

    def _close_a_step(self, account: Account, position: Position, now: int) -> bool:
        """Close a step of a position on the book; whether anything could be done."""
        market = self._markets[position.symbol]
        quantity = market.rules.floor_to_step(abs(position.quantity) * choices.LIQUIDATION_STEP)
        request = OrderRequest(
            symbol=position.symbol,
            side=ASK if position.quantity > 0 else BID,
            order_type=MARKET,
            quantity=max(quantity, min(market.rules.min_quantity, abs(position.quantity))),
            reduce_only=True,
        )
        return self._carried_out(account, market, request, now, LIQUIDATE_ON_BOOK)

    def _carried_out(
        self, account: Account, market: Market, request: OrderRequest, now: int, kind: str
    ) -> bool:
        """Place an order of the exchange's own; whether it traded."""
        try:
            order = self._orders.enter(account, market, request, now, system_order_type=kind)
        except Refusal:
            return False
        return order.executed_quantity > 0

    def _confirm_withdrawals(self, account: Account, now: int) -> None:
        for withdrawal in reversed(account.withdrawals):
            if withdrawal.status != "pending":
                return
            if now - withdrawal.created_at >= choices.WITHDRAWAL_CONFIRMED_AFTER:
                withdrawal.status = "confirmed"
                withdrawal.transaction_hash = f"{withdrawal.id:064x}"


def _following(now: int, period: int) -> int:
    return (now // period + 1) * period
