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
from bpx_connector.sandbox.account.lending import Lending
from bpx_connector.sandbox.account.margin import Valuation
from bpx_connector.sandbox.exchange.order_life import Orders
from bpx_connector.sandbox.market.market import Market
from bpx_connector.sandbox.records.figures import ZERO
from bpx_connector.sandbox.records.lending import LIQUIDATION, RECONCILIATION
from bpx_connector.sandbox.records.orders import (
    ASK,
    BID,
    CONVERT_COLLATERAL,
    LIQUIDATE_ON_ADL,
    LIQUIDATE_ON_BACKSTOP,
    LIQUIDATE_ON_BOOK,
    MARKET,
    OrderRequest,
)
from bpx_connector.sandbox.records.positions import Position
from bpx_connector.sandbox.records.refusals import Refusal
from bpx_connector.sandbox.records.switches import Switches

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
        lending: Lending,
        switches: Switches,
        now: int,
    ) -> None:
        self._ledger: Final = ledger
        self._markets: Final = markets
        self._valuation: Final = valuation
        self._clearing: Final = clearing
        self._orders: Final = orders
        self._announcements: Final = announcements
        self._lending: Final = lending
        self._switches: Final = switches
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
            if (account.positions or account.lending) and not account.is_house:
                self._check_maintenance(account, now)
            if account.debt and not account.is_house:
                self._collect_debt(account, now)
            self._confirm_withdrawals(account, now)

    def _check_maintenance(self, account: Account, now: int) -> None:
        """Liquidate an account whose equity is under maintenance: first its orders, then its positions.

        "All open orders (spot and triggers too) are cancelled, borrows repaid and positions unwound in
        parallel by reduce-only market orders on the book in steps of 10 %; below the auto close margin
        fraction backstop providers take the position; then ADL" (the venue's pages on liquidation).
        """
        account.liquidating = self._valuation.is_below_maintenance(account)
        if not account.liquidating:
            return
        for order in account.all_open():
            self._orders.expire_resting(account, order, "Liquidation", now)
        for _ in range(choices.LIQUIDATION_STEPS_PER_CHECK):
            if account.positions and self._valuation.is_below_auto_close(account):
                is_moving = self._have_taken_over(account, now)
            else:
                is_moving = self._close_steps(account, now)
            if not (self._repay_loans(account, now) or is_moving):
                return
            account.liquidating = self._valuation.is_below_maintenance(account)
            if not account.liquidating:
                return

    def _close_steps(self, account: Account, now: int) -> bool:
        """Close a step of every position; whether anything could be done."""
        closed = [self._close_a_step(account, each, now) for each in list(account.positions.values())]
        return any(closed)

    def _have_taken_over(self, account: Account, now: int) -> bool:
        """Have all positions taken over: by the backstop provider, or by who holds the other side."""
        if self._switches.backstop == "full":
            reduced = [self._deleverage(account, symbol, now) for symbol in list(account.positions)]
            return any(reduced)
        if self._backstop is None:
            self._backstop = self._ledger.open("backstop provider", now, account.fees, house=True)
        for symbol in list(account.positions):
            self._orders.hand_over(account, self._backstop, self._markets[symbol], now, LIQUIDATE_ON_BACKSTOP)
        return True

    def _deleverage(self, account: Account, symbol: str, now: int) -> bool:
        """Reduce the positions of others who hold the other side, the highest leverage first (ADL)."""
        market, held = self._markets[symbol], account.position_quantity(symbol)
        others = [
            each
            for each in self._ledger.accounts.values()
            if each is not account and each.position_quantity(symbol) * held < 0
        ]
        others.sort(key=self._valuation.leverage, reverse=True)
        for other in others:
            left = abs(account.position_quantity(symbol))
            if not left:
                break
            most = min(left, abs(other.position_quantity(symbol)))
            self._orders.hand_over(account, other, market, now, LIQUIDATE_ON_ADL, most)
        return bool(others)

    def _repay_loans(self, account: Account, now: int) -> bool:
        """Repay what is borrowed: with what is free of it, else with what is bought for what is sold."""
        repaid = [self._repay(account, each, now) for each in list(account.lending) if account.owed(each)]
        return any(repaid)

    def _repay(self, account: Account, asset: str, now: int) -> bool:
        before = account.owed(asset)
        self._repay_with_free(account, asset, now)
        needed = account.owed(asset)
        if needed and (
            self._raise(account, needed, now) if asset == USDC else self._buy(account, asset, needed, now)
        ):
            self._repay_with_free(account, asset, now)
            return True
        return account.owed(asset) < before

    def _repay_with_free(self, account: Account, asset: str, now: int) -> None:
        free = min(account.owed(asset), account.balance(asset).available)
        if free:
            self._ledger.move_lending(account, asset, free, now, LIQUIDATION)

    def _buy(self, account: Account, asset: str, quantity: Decimal, now: int) -> bool:
        """Buy what is owed on its market, after selling other assets for the USDC that it takes."""
        market = self._markets.get(f"{asset}_{USDC}")
        best = None if market is None else market.book.best(ASK)
        if market is None or best is None:
            return False
        wanted = max(market.rules.ceil_to_step(quantity), market.rules.min_quantity)
        cost = wanted * best * choices.CONVERSION_MARGIN
        missing = cost - account.balance(USDC).available
        if missing > 0:
            return self._raise(account, missing, now)
        request = OrderRequest(symbol=market.symbol, side=BID, order_type=MARKET, quantity=wanted)
        return self._carried_out(account, market, request, now, CONVERT_COLLATERAL)

    def _raise(self, account: Account, amount: Decimal, now: int) -> bool:
        """Have an account receive USDC: for what it sells, or from the liquidity fund if nothing is left."""
        if self._sell(account, amount, now):
            return True
        is_tied = account.positions or any(balance.locked for balance in account.balances.values())
        if is_tied or self._sellable_assets(account):
            return False
        self._ledger.settle(account, amount, now, "BackstopLiquidityFundProceeds")
        return True

    def _collect_debt(self, account: Account, now: int) -> None:
        """Collect USDC that is owed; forgive what nothing can pay.

        "USDC lends are redeemed, then USDC is borrowed from the pool, then collateral is converted, in this
        order" (the venue's guide, settlement and realization): lent USDC is spent already, and who does not
        borrow for settlements is not made to.
        """
        if account.auto_borrow_settlements:
            borrowed = min(account.debt, self._lending.largest_loan(account, USDC))
            if borrowed:
                self._ledger.move_lending(account, USDC, -borrowed, now, RECONCILIATION)
        if not account.debt or self._sell(account, account.debt, now):
            return
        is_locked = any(balance.locked for balance in account.balances.values())
        if not self._sellable_assets(account) and not is_locked and not account.positions:
            self._ledger.forgive(account)

    def _sell(self, account: Account, amount: Decimal, now: int) -> bool:
        """Sell assets for so much USDC, what is worth most first; whether anything was sold."""
        sellable = self._sellable_assets(account)
        for asset in sorted(sellable, key=lambda asset: self._worth(account, asset), reverse=True):
            if self._convert(account, asset, amount, sellable[asset], now):
                return True
        return False

    def _sellable_assets(self, account: Account) -> dict[str, Decimal]:
        """What an account has that a market would take, and how much of it."""
        assets = {**account.balances, **account.lending}
        sellable = {asset: self._sellable(account, asset) for asset in assets if asset != USDC}
        return {asset: quantity for asset, quantity in sellable.items() if quantity}

    def _sellable(self, account: Account, asset: str) -> Decimal:
        """How much of an asset its market would take, if there is one."""
        market = self._markets.get(f"{asset}_{USDC}")
        if market is None:
            return ZERO
        quantity = market.rules.floor_to_step(account.balance(asset).available + account.lent(asset))
        return quantity if quantity >= market.rules.min_quantity else ZERO

    def _convert(self, account: Account, asset: str, amount: Decimal, sellable: Decimal, now: int) -> bool:
        """Sell as much of an asset as so much USDC asks for; whether anything was sold."""
        market = self._markets[f"{asset}_{USDC}"]
        best = market.book.best(BID)
        if best is None:
            return False
        wanted = market.rules.ceil_to_step(amount / best * choices.CONVERSION_MARGIN)
        quantity = min(max(wanted, market.rules.min_quantity), sellable)
        self._lending.cover(account, asset, quantity, now, RECONCILIATION)
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
