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
from bpx_connector.sandbox.account.ledger import Account, Ledger
from bpx_connector.sandbox.account.margin import Valuation
from bpx_connector.sandbox.exchange.order_life import Orders
from bpx_connector.sandbox.market.market import Market
from bpx_connector.sandbox.records.orders import (
    ASK,
    BID,
    LIQUIDATE_ON_BOOK,
    MARKET,
    TRIGGER_PENDING,
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
            if account.positions:
                self._check_maintenance(account, now)
            self._confirm_withdrawals(account, now)

    def _check_maintenance(self, account: Account, now: int) -> None:
        """Liquidate an account whose equity is under maintenance: first its orders, then its positions."""
        account.liquidating = self._valuation.is_below_maintenance(account)
        if not account.liquidating:
            return
        self._expire_perp_orders(account, now)
        for _ in range(choices.LIQUIDATION_STEPS_PER_CHECK):
            if not account.liquidating or not self._close_a_step(account, now):
                return
            account.liquidating = self._valuation.is_below_maintenance(account)

    def _end_funding_intervals(self, now: int) -> None:
        for market in self._markets.values():
            while market.marks.next_funding is not None and market.marks.next_funding <= now:
                self._clearing.pay_funding(market, market.marks.end_interval(), now)

    def _expire_perp_orders(self, account: Account, now: int) -> None:
        for order in account.all_open():
            if self._markets[order.request.symbol].rules.is_perp and order.status != TRIGGER_PENDING:
                self._orders.expire_resting(account, order, "Liquidation", now)

    def _close_a_step(self, account: Account, now: int) -> bool:
        """Close a step of the position with the largest notional; whether anything could be done."""
        position = max(account.positions.values(), key=self._notional)
        market = self._markets[position.symbol]
        quantity = market.rules.floor_to_step(abs(position.quantity) * choices.LIQUIDATION_STEP)
        request = OrderRequest(
            symbol=position.symbol,
            side=ASK if position.quantity > 0 else BID,
            order_type=MARKET,
            quantity=max(quantity, min(market.rules.min_quantity, abs(position.quantity))),
            reduce_only=True,
        )
        try:
            order = self._orders.enter(account, market, request, now, system_order_type=LIQUIDATE_ON_BOOK)
        except Refusal:
            return False
        return order.executed_quantity > 0

    def _notional(self, position: Position) -> Decimal:
        return abs(position.quantity) * self._markets[position.symbol].mark

    def _confirm_withdrawals(self, account: Account, now: int) -> None:
        for withdrawal in reversed(account.withdrawals):
            if withdrawal.status != "pending":
                return
            if now - withdrawal.created_at >= choices.WITHDRAWAL_CONFIRMED_AFTER:
                withdrawal.status = "confirmed"
                withdrawal.transaction_hash = f"{withdrawal.id:064x}"


def _following(now: int, period: int) -> int:
    return (now // period + 1) * period
