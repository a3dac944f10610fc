"""What has happened in a sandbox, in one piece of JSON to keep: requests, markets, accounts."""

from __future__ import annotations

from typing import Any

from bpx_connector.sandbox.account.ledger import Account
from bpx_connector.sandbox.http import payloads
from bpx_connector.sandbox.http.context import Context
from bpx_connector.sandbox.records.figures import plain

__all__ = ["report"]

Shape = dict[str, Any]


def report(context: Context, now: int, key: str | None = None) -> Shape:
    """All that is known of the time since the exchange began; of one account if a key is named."""
    accounts = [each for each in context.exchange.ledger.accounts.values() if not each.is_house]
    return {
        "began": context.exchange.began // 1000,
        "time": now // 1000,
        "requests": _requests(context),
        "markets": {symbol: _market(context, symbol) for symbol in context.exchange.markets},
        "accounts": [_account(context, each) for each in accounts if key in (None, each.public_key)],
    }


def _requests(context: Context) -> dict[str, dict[str, int]]:
    """Operation -> status -> how often."""
    counted: dict[str, dict[str, int]] = {}
    for (operation, status), times in sorted(context.asked.items()):
        counted.setdefault(operation, {})[str(status)] = times
    return counted


def _market(context: Context, symbol: str) -> Shape:
    market = context.exchange.markets[symbol]
    return {
        "state": market.state,
        "index": plain(market.marks.index),
        "mark": plain(market.mark),
        "last": plain(market.last_price),
        "openInterest": plain(market.open_interest),
        "tradesKept": len(market.tape),
    }


def _account(context: Context, account: Account) -> Shape:
    exchange = context.exchange
    balances = exchange.balances(account)
    return {
        "key": account.public_key,
        "settings": payloads.account_summary(exchange.summary(account)),
        "collateral": payloads.margin_summary(exchange.margin(account)),
        "balances": {asset: payloads.balance(amounts) for asset, amounts in balances.items()},
        "owed": plain(account.debt),
        "positions": [
            payloads.position(view, exchange.rules[view.position.symbol])
            for view in exchange.positions(account)
        ],
        "openOrders": [payloads.order(row) for row in exchange.open_orders(account)],
        "orders": [payloads.history_order(row) for row in exchange.order_history(account)],
        "fills": [payloads.fill(row) for row in exchange.fills(account)],
        "funding": [
            payloads.funding_payment(row, account.user_id) for row in exchange.funding_payments(account)
        ],
        "deposits": [payloads.deposit(row) for row in exchange.deposits(account)],
        "withdrawals": [payloads.withdrawal(row) for row in exchange.withdrawals(account)],
    }
