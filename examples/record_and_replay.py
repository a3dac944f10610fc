"""A day of a market on tape, and a strategy that is tried on it without a network, as often as one likes.

    python examples/record_and_replay.py record day.jsonl --seconds 86400
    python examples/record_and_replay.py replay day.jsonl

What is replayed is what the venue said, frame by frame; the book is put together anew each time.
"""

from __future__ import annotations

import argparse
import asyncio
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

from ccxt.base.errors import ExchangeClosedByUser

from bpx_connector.pro import bpx

SYMBOL = "SOL/USDC"


class Pressure:
    """A strategy: long while bids outweigh asks. It only counts what it would have gained."""

    def __init__(self) -> None:
        self.held = Decimal(0)
        self.price = Decimal(0)
        self.gain = Decimal(0)
        self.updates = 0

    def see(self, book: Any) -> None:
        """One book."""
        bids, asks = (sum(Decimal(str(level[1])) for level in book[side]) for side in ("bids", "asks"))
        middle = (Decimal(str(book["bids"][0][0])) + Decimal(str(book["asks"][0][0]))) / 2
        if self.held:
            self.gain += middle - self.price
        self.held, self.price = Decimal(1) if bids > asks else Decimal(0), middle
        self.updates += 1


async def watch(exchange: bpx, strategy: Pressure) -> None:
    """Every book, as it comes, until there are no more."""
    while True:
        book = await exchange.watch_order_book(SYMBOL, 10)
        if book["bids"] and book["asks"]:
            strategy.see(book)


async def record(path: Path, seconds: float) -> Pressure:
    """Write down what the venue says, with the strategy looking on."""
    strategy = Pressure()
    async with bpx() as exchange:
        exchange.set_sandbox_mode(True)
        with exchange.record(path):
            try:
                async with asyncio.timeout(seconds):
                    await watch(exchange, strategy)
            except TimeoutError:
                pass
    return strategy


async def replay(path: Path) -> Pressure:
    """The same from the tape."""
    strategy = Pressure()
    async with bpx() as exchange:
        with exchange.play(path), suppress(ExchangeClosedByUser):  # the tape has ended
            await watch(exchange, strategy)
    return strategy


def main() -> None:
    """Record or replay, and say what the strategy came to."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("record", "replay"))
    parser.add_argument("path", type=Path)
    parser.add_argument("--seconds", type=float, default=86_400)
    wish = parser.parse_args()
    strategy = asyncio.run(record(wish.path, wish.seconds) if wish.what == "record" else replay(wish.path))
    print(f"{strategy.updates} books, {strategy.gain:+f} by the coin")


if __name__ == "__main__":
    main()
