"""How much an account could still do: the largest order and withdrawal that are not refused."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import Final

from bpx_connector.sandbox.account.clearing import fee_rate
from bpx_connector.sandbox.account.ledger import Account
from bpx_connector.sandbox.account.margin import Valuation, collateral_weight
from bpx_connector.sandbox.market.market import Market
from bpx_connector.sandbox.records.figures import ZERO
from bpx_connector.sandbox.records.orders import ASK, BID, OPPOSITE
from bpx_connector.sandbox.records.rules import MarketRules

__all__ = ["largest_order", "largest_withdrawal"]

WITHDRAWAL_UNIT: Final = Decimal("0.00000001")


def largest_order(
    account: Account,
    market: Market,
    side: str,
    valuation: Valuation,
    *,
    price: Decimal | None = None,
    reduce_only: bool = False,
) -> Decimal:
    """The largest base quantity of an order, on the step; without a price, at the best opposite one."""
    rules = market.rules
    if reduce_only:
        held = account.position_quantity(market.symbol)
        return max(ZERO, -held if side == BID else held)
    if rules.is_perp:
        return _largest_carried(account, market, side, valuation, price)
    if side == ASK:
        return rules.floor_to_step(_free(account, rules.base))
    expected = price or market.book.best(ASK) or market.last_price
    return rules.floor_to_step(_free(account, rules.quote) / expected)


def largest_withdrawal(
    account: Account, asset: str, valuation: Valuation, *, lend_redeem: bool = False
) -> Decimal:
    """How much of an asset could leave: what is free, and no more than positions and debts can do without."""
    free = _free(account, asset) + (account.lent(asset) if lend_redeem else ZERO)
    locked = valuation.initial_margin(account)
    worth = valuation.price_of(asset) * collateral_weight(asset)
    if not worth or not (locked or account.debt):
        return free
    spare = max(ZERO, valuation.equity(account) - locked)
    return min(free, (spare / worth).quantize(WITHDRAWAL_UNIT, rounding=ROUND_DOWN))


def _free(account: Account, asset: str) -> Decimal:
    balance = account.balances.get(asset)
    return ZERO if balance is None else balance.available


def _largest_carried(
    account: Account, market: Market, side: str, valuation: Valuation, price: Decimal | None
) -> Decimal:
    """Search the steps: what an order needs grows with its quantity, so the largest that fits is unique."""
    rules = market.rules
    cost = _cost_of_taking(account, market, side, price)

    def fits(steps: int) -> bool:
        quantity = steps * rules.step
        return valuation.carries(account, market.symbol, side, quantity, quantity * cost)

    low, high = 0, 1
    ceiling = _most_steps(rules)
    while high < ceiling and fits(high):
        low, high = high, high * 2
    high = min(high, ceiling + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low * rules.step


def _cost_of_taking(account: Account, market: Market, side: str, price: Decimal | None) -> Decimal:
    """What one unit loses at once: the fee, and trading worse than the mark; a resting order nothing."""
    if price is not None and not market.book.crosses(side, price):
        return ZERO
    expected = price or market.book.best(OPPOSITE[side]) or market.mark
    worse = expected - market.mark if side == BID else market.mark - expected
    return max(ZERO, worse) + expected * fee_rate(account, market.rules, is_maker=False)


def _most_steps(rules: MarketRules) -> int:
    """The market's own maximum, or far more than anyone could carry."""
    return 10**15 if rules.max_quantity is None else int(rules.max_quantity / rules.step)
