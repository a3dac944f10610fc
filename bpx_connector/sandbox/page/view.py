"""What the page shows of a sandbox at a moment, in one piece of JSON."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from bpx_connector.sandbox.account.ledger import Account
from bpx_connector.sandbox.clock import DrivenClock, RealClock
from bpx_connector.sandbox.doors import House
from bpx_connector.sandbox.http import payloads
from bpx_connector.sandbox.records.figures import plain
from bpx_connector.sandbox.records.times import MILLISECOND

__all__ = ["view"]

LEVELS, TRADES, PAST = 11, 30, 50
"""Levels a side of the book, newest trades, and rows of an account's past."""

Shape = dict[str, Any]


def view(house: House, query: Mapping[str, str]) -> Shape:
    """Time, markets, one market's book and trades, the accounts and one of them whole, faults, switches.

    `symbol` and `key` pick the market and the account; the first there is if they name none.
    """
    venue = house.venue
    symbol = query.get("symbol", "")
    symbol = symbol if symbol in venue.markets else next(iter(venue.markets))
    accounts = [each for each in venue.ledger.accounts.values() if not each.is_house]
    chosen = next((each for each in accounts if each.public_key == query.get("key")), None)
    chosen = chosen or next(iter(accounts), None)
    return {
        **_time(house),
        "symbol": symbol,
        "markets": {name: _market(house, name) for name in venue.markets},
        "market": _detail(house, symbol),
        "accounts": [each.public_key for each in accounts],
        "account": None if chosen is None else _account(house, chosen),
        "faults": [fault.row() for fault in house.faults.all],
        "counts": dict(house.faults.counts),
        "switches": house.switches.rows(),
    }


def _time(house: House) -> Shape:
    clock = house.clock
    is_driven = isinstance(clock, DrivenClock)
    is_stopped = is_driven or (isinstance(clock, RealClock) and clock.is_standing)
    return {"time": clock.now() // MILLISECOND, "driven": is_driven, "stopped": is_stopped}


def _market(house: House, symbol: str) -> Shape:
    market = house.venue.markets[symbol]
    return {"state": market.state, "last": plain(market.last_price)}


def _detail(house: House, symbol: str) -> Shape:
    market, rules = house.venue.markets[symbol], house.venue.rules[symbol]
    book = payloads.depth(house.venue.depth(symbol, LEVELS))
    ticker = house.context.history.ticker(symbol, house.clock.now(), "1d")
    return {
        "tick": plain(rules.tick),
        "step": plain(rules.step),
        "index": plain(market.marks.index),
        "mark": plain(market.mark),
        "ticker": None if ticker is None else payloads.ticker(ticker),
        "bids": book["bids"][::-1],
        "asks": book["asks"],
        "trades": [payloads.trade(row) for row in islice(house.venue.trades(symbol), TRADES)],
    }


def _account(house: House, account: Account) -> Shape:
    venue = house.venue
    balances = venue.balances(account)
    return {
        "key": account.public_key,
        "collateral": payloads.margin_summary(venue.margin(account)),
        "balances": {asset: payloads.balance(amounts) for asset, amounts in balances.items()},
        "positions": [
            payloads.position(each, venue.rules[each.position.symbol]) for each in venue.positions(account)
        ],
        "orders": [payloads.order(row) for row in venue.open_orders(account)],
        "fills": [payloads.fill(row) for row in islice(venue.fills(account), PAST)],
    }
