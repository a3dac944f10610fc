"""Everything goes wrong at once, and still no book is wrong and no fill lost or repeated."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from ccxt.base.errors import BaseError

from bpx_connector.sandbox.clock import RealClock
from tests.support.keys import FIRST
from tests.support.streaming import TrueBooks, exchange_on, sandbox_with

MARKETS = ("SOL_USDC", "BTC_USDC", "SOL_USDC_PERP")
FAULTS = (
    "lose depth.* every=97",
    "repeat depth.* every=31",
    "swap depth.* every=53",
    "delay depth.* chance=0.01 seconds=0.3",
    "lose account.* every=7",
    "repeat account.* every=5",
    "swap account.orderUpdate every=6",
    "delay account.* every=11 seconds=0.3",
    "refuse /api/v1/depth status=503 every=4",
    "refuse /api/v1/orders status=429 every=5",
    "refuse /wapi/* status=503 body=html every=4",
    "drop /api/v1/depth every=9",
    "late /api/v1/depth every=5 seconds=0.1",
    "stale * every=3 seconds=2",
    "cut * every=1s",
    "cut depth.* every=1.3s code=1001",
    "freeze account.* every=2s",
)
OPTIONS = {
    "streams": {
        "shortestPause": 5,
        "longestPause": 100,
        "streamsPerSocket": 2,
        "pingAfter": 500,
        "silence": 1000,
    },
    "watchOrders": {"checkEvery": 1000},
}


class Witness:
    """Watches everything and writes down what it is given."""

    def __init__(self, exchange: Any, truth: TrueBooks) -> None:
        self.fills: list[tuple[str, str]] = []
        self.orders: dict[str, Any] = {}
        self.books = 0
        self.wrong: list[Any] = []
        self.backwards: list[Any] = []
        self._exchange = exchange
        self._truth = truth

    async def watch_book(self, symbol: str, market_id: str) -> None:
        while True:
            book = await self._exchange.watch_order_book(symbol)
            self.books += 1
            if self._truth.is_true(market_id, book, 1000) is not True:
                self.wrong.append((symbol, book["nonce"]))

    async def watch_fills(self) -> None:
        while True:
            self.fills += [(trade["id"], trade["order"]) for trade in await self._exchange.watch_my_trades()]

    async def watch_orders(self) -> None:
        while True:
            for order in await self._exchange.watch_orders():
                before = self.orders.get(order["id"])
                if before and (
                    before["filled"] > order["filled"]
                    or (before["status"], order["status"]) == ("closed", "open")
                ):
                    self.backwards.append((before, order))
                self.orders[order["id"]] = order


async def trade(exchange: Any, dice: random.Random, seconds: float) -> list[str]:
    """Place orders for a while; the ids of those that were taken."""
    placed = []
    end = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:
        side, amount = dice.choice(["buy", "sell"]), round(dice.uniform(0.1, 1), 2)
        try:
            if dice.random() < 0.6:
                order = await exchange.create_order("SOL/USDC", "market", side, amount)
            else:
                price = exchange.tickers["SOL/USDC"]["last"]
                order = await exchange.create_order("SOL/USDC", "limit", side, amount, price)
                placed.append(order["id"])
                if dice.random() < 0.3:
                    await exchange.cancel_order(order["id"], "SOL/USDC")
            placed.append(order["id"])
        except BaseError:
            pass  # filled before it could be cancelled
        await asyncio.sleep(dice.uniform(0.01, 0.1))
    return placed


@pytest.mark.parametrize("seed", [1, 2])
async def test_no_wrong_book_and_no_lost_or_repeated_fill_whatever_goes_wrong(seed: int) -> None:
    async with (
        sandbox_with(*MARKETS, seed=seed, clock=RealClock(), speed=5) as sandbox,
        exchange_on(sandbox, options=OPTIONS) as exchange,
    ):
        truth = TrueBooks(sandbox, MARKETS)
        witness = Witness(exchange, truth)
        exchange.tickers["SOL/USDC"] = await exchange.fetch_ticker("SOL/USDC")
        watchers = [
            asyncio.ensure_future(witness.watch_fills()),
            asyncio.ensure_future(witness.watch_orders()),
        ]
        for symbol, market in exchange.markets.items():
            watchers.append(asyncio.ensure_future(witness.watch_book(symbol, market["id"])))
        await asyncio.sleep(0.5)
        for fault in FAULTS:
            sandbox.faults.add(fault)
        placed = await trade(exchange, random.Random(seed), 4)
        sandbox.faults.clear()
        account = sandbox.desk.account(FIRST.api_key)
        for _ in range(80):
            await asyncio.sleep(0.1)
            true = {(str(fill.trade_id), str(fill.order_id)) for fill in sandbox.venue.fills(account)}
            if true == set(witness.fills) and set(placed) <= set(witness.orders):
                break
        ended = [watcher for watcher in watchers if watcher.done()]
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)
        assert ended == []
        assert witness.books > 20
        assert witness.wrong == []
        assert sorted(witness.fills) == sorted(true)
        assert set(placed) <= set(witness.orders)
        assert witness.backwards == []
        still_open = {order["id"] for order in await exchange.fetch_open_orders("SOL/USDC")}
        assert {name for name, order in witness.orders.items() if order["status"] == "open"} == still_open
