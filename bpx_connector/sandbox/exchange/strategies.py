"""Orders that are spread over time: sliced into market orders, one an interval.

"Slices = duration / interval, market orders; randomised by up to 20 %; exceeding the slippage cancels the
whole strategy; spot and margin" (FACTS 22, the venue's page on TWAP).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.account.ledger import Account
from bpx_connector.sandbox.exchange.exchange import Exchange
from bpx_connector.sandbox.records import refusals
from bpx_connector.sandbox.records.orders import MARKET, OrderRequest
from bpx_connector.sandbox.records.refusals import Refusal
from bpx_connector.sandbox.records.strategies import Strategy

__all__ = ["Strategies"]

MILLISECOND: Final = 1000
REASONS: Final = {
    "INSUFFICIENT_FUNDS": "InsufficientFunds",
    "INSUFFICIENT_MARGIN": "InsufficientMargin",
    "INVALID_PRICE": "PriceOutOfBounds",
}
"""Why a strategy ends, by the refusal of its slice; all others are Unknown."""


class Strategies:
    """All strategies, running and ended."""

    def __init__(self, exchange: Exchange, seed: int) -> None:
        self._exchange: Final = exchange
        self._chance: Final = random.Random(seed)  # noqa: S311  sizes of slices, not secrets
        self._all: Final[dict[int, Strategy]] = {}
        self._running: Final[dict[int, Strategy]] = {}
        self._next_id = choices.FIRST_STRATEGY_ID
        self._is_slicing = False
        exchange.duties.append(self.carry_out)

    def create(self, account: Account, now: int, **told: Any) -> Strategy:
        """A strategy, its first slice traded at once; or a refusal, and nothing has changed."""
        rules = self._exchange.rules.get(told["symbol"])
        if rules is None:
            raise refusals.invalid_symbol()
        quantity, duration, interval = told["quantity"], told["duration"], told["interval"]
        if quantity < rules.min_quantity:
            raise refusals.quantity_below_minimum()
        if rules.floor_to_step(quantity) != quantity:
            raise refusals.quantity_too_fine()
        if interval <= 0 or duration < interval:
            raise refusals.invalid_order()
        strategy = Strategy(id=self._next_id, account_id=account.id, created_at=now, next_slice=now, **told)
        self._slice(strategy, now, is_first=True)
        self._next_id += 1
        self._all[strategy.id] = self._running[strategy.id] = strategy
        oldest = next(iter(self._all.values()))
        if len(self._all) > choices.HISTORY_LENGTH and oldest.status != "Running":
            del self._all[oldest.id]
        return strategy

    def of(
        self, account: Account, symbol: str, *, strategy_id: int | None = None, client_id: int | None = None
    ) -> Strategy:
        """One of an account's running strategies."""
        for strategy in self.all_of(account):
            is_named = strategy.id == strategy_id or (
                client_id is not None and strategy.client_id == client_id
            )
            if is_named and strategy.symbol == symbol and strategy.status == "Running":
                return strategy
        raise refusals.not_found()

    def all_of(self, account: Account) -> Iterator[Strategy]:
        """An account's strategies, newest first."""
        return (each for each in reversed(self._all.values()) if each.account_id == account.id)

    def cancel(self, strategy: Strategy) -> Strategy:
        """End a strategy; what it has traded stays."""
        strategy.status = "Cancelled"
        return strategy

    def carry_out(self, now: int) -> None:
        """Trade every slice that is due. A slice ticks nothing, so that it is not due twice."""
        if self._is_slicing:
            return
        self._is_slicing = True
        try:
            for strategy in list(self._running.values()):
                while strategy.status == "Running" and strategy.next_slice <= now:
                    self._slice(strategy, now)
                if strategy.status != "Running":
                    del self._running[strategy.id]
        finally:
            self._is_slicing = False

    def _slice(self, strategy: Strategy, now: int, *, is_first: bool = False) -> None:
        account = self._exchange.ledger.accounts[strategy.account_id]
        quantity = self._size(strategy)
        tolerance = strategy.slippage
        flags: dict[str, Any] = dict(strategy.auto)
        request = OrderRequest(
            symbol=strategy.symbol,
            side=strategy.side,
            order_type=MARKET,
            quantity=quantity,
            reduce_only=strategy.reduce_only or False,
            self_trade_prevention=strategy.self_trade_prevention,
            slippage_tolerance=None if tolerance is None else tolerance[0],
            slippage_tolerance_type=None if tolerance is None else tolerance[1],
            strategy_id=strategy.id,
            **flags,
        )
        try:
            order = self._exchange.execute(account, request, now).result
        except Refusal as refusal:
            if is_first:
                raise
            self._terminate(strategy, REASONS.get(refusal.code or "", "Unknown"))
            return
        strategy.executed += order.executed_quantity
        strategy.executed_quote += order.executed_quote_quantity
        strategy.slices_done += 1
        strategy.next_slice += strategy.interval * MILLISECOND
        if order.executed_quantity < quantity:
            self._terminate(strategy, "InsufficientLiquidity" if tolerance is None else "PriceOutOfBounds")
        elif strategy.executed >= strategy.quantity:
            strategy.status = "Completed"

    def _size(self, strategy: Strategy) -> Decimal:
        """The next slice, on the step; the last one takes what is left."""
        rules = self._exchange.rules[strategy.symbol]
        left = strategy.quantity - strategy.executed
        if strategy.slices_done + 1 >= strategy.slices:
            return left
        share = strategy.quantity / strategy.slices
        if strategy.is_randomized:
            share *= 1 + Decimal(self._chance.randint(-20, 20)) / 100
        sized = max(rules.floor_to_step(share), rules.min_quantity)
        return left if left - sized < rules.min_quantity else sized

    def _terminate(self, strategy: Strategy, reason: str) -> None:
        strategy.status, strategy.cancel_reason = "Terminated", reason
