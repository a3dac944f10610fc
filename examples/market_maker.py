"""A market maker: a bid and an ask around the middle, leaning against what it holds; on the sandbox.

    eval "$(bpx keys)" && python examples/market_maker.py SOL/USDC:USDC --seconds 60

It is an example of how to place, move and withdraw quotes safely, and no way to earn money. Leave out the
line `set_sandbox_mode` and it trades on the venue.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from contextlib import suppress
from decimal import Decimal, InvalidOperation

from bpx_connector.pro import bpx

GUARDS = {"largestPosition": {"default": 50}, "furthestFromBook": "0.05", "ordersPerMinute": 300}


class Quotes:
    """The two orders that rest, and where they should be."""

    def __init__(self, exchange: bpx, symbol: str, amount: Decimal, spread: Decimal, most: Decimal) -> None:
        self.exchange, self.symbol = exchange, symbol
        self.amount, self.spread, self.most = amount, spread, most
        self.held = Decimal(0)
        self.placed: dict[str, Decimal] = {}

    def wanted(self, bid: Decimal, ask: Decimal) -> dict[str, Decimal]:
        """Prices by side. What is held moves both away from more of it; at the most only one side rests."""
        middle = (bid + ask) / 2
        lean = middle * self.spread * self.held / self.most
        prices = {"buy": middle * (1 - self.spread) - lean, "sell": middle * (1 + self.spread) - lean}
        if self.held >= self.most:
            del prices["buy"]
        if -self.held >= self.most:
            del prices["sell"]
        # Post-only orders that would take are refused: stay on the own side of the book.
        limits = {"buy": min(prices.get("buy", bid), bid), "sell": max(prices.get("sell", ask), ask)}
        return {side: Decimal(self.exchange.price_to_precision(self.symbol, limits[side])) for side in prices}

    async def place(self, prices: dict[str, Decimal]) -> None:
        """Replace both quotes if one of them is not where it should be."""
        if prices == self.placed:
            return
        await self.exchange.cancel_all_orders(self.symbol)
        self.placed = prices
        wanted = [
            {
                "symbol": self.symbol,
                "type": "limit",
                "side": side,
                "amount": self.amount,
                "price": price,
                "params": {"postOnly": True},
            }
            for side, price in prices.items()
        ]
        await self.exchange.create_orders(wanted)


async def count_fills(quotes: Quotes) -> None:
    """Keep what is held in step with one's fills."""
    while True:
        for trade in await quotes.exchange.watch_my_trades(quotes.symbol):
            signed = Decimal(str(trade["amount"])) * (1 if trade["side"] == "buy" else -1)
            quotes.held += signed
            quotes.placed = {}
            print(f"{trade['side']} {trade['amount']} at {trade['price']}; held {quotes.held}")


async def quote(quotes: Quotes) -> None:
    """Follow the book, and move the quotes when the middle has moved."""
    while True:
        book = await quotes.exchange.watch_order_book(quotes.symbol, 1)
        if book["bids"] and book["asks"]:
            bid, ask = (Decimal(str(book[side][0][0])) for side in ("bids", "asks"))
            await quotes.place(quotes.wanted(bid, ask))
        await asyncio.sleep(0.5)


def positive(text: str) -> Decimal:
    """A number above zero, for argparse: it does not know how Decimal refuses a word."""
    with suppress(InvalidOperation):
        if (number := Decimal(text)).is_finite() and number > 0:
            return number
    raise argparse.ArgumentTypeError(f"{text!r} is no number above zero")


async def main() -> None:
    """Quote for a while, and leave nothing behind."""
    parser = argparse.ArgumentParser()
    parser.add_argument("symbol", nargs="?", default="SOL/USDC:USDC")
    parser.add_argument("--amount", type=positive, default=Decimal(1))
    parser.add_argument(
        "--spread", type=positive, default=Decimal("0.0005"), help="a share of the price, each way"
    )
    parser.add_argument(
        "--most", type=positive, default=Decimal(10), help="hold no more than this, long or short"
    )
    parser.add_argument("--seconds", type=float, default=60)
    wish = parser.parse_args()
    config = {
        "apiKey": os.environ["BPX_API_KEY"],
        "secret": os.environ["BPX_SECRET"],
        "options": {"guards": GUARDS},
    }
    async with bpx(config) as exchange:
        exchange.set_sandbox_mode(True)
        await exchange.load_markets()
        quotes = Quotes(exchange, wish.symbol, wish.amount, wish.spread, wish.most)
        try:
            async with asyncio.timeout(wish.seconds), asyncio.TaskGroup() as tasks:
                tasks.create_task(count_fills(quotes))
                tasks.create_task(quote(quotes))
        except TimeoutError:
            pass
        finally:
            await exchange.cancel_all_orders(wish.symbol)
        print(f"done; held {quotes.held}, open {len(await exchange.fetch_open_orders(wish.symbol))}")


if __name__ == "__main__":
    asyncio.run(main())
