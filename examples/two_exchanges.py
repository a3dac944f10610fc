"""A bot on two exchanges of ccxt: it buys where it is cheap and sells where it is dear.

    python examples/two_exchanges.py accounts.json SOL/USDC --amount 1 --seconds 60 --trade

accounts.json names two accounts as in portfolio.py. Without `--trade` it only says what it would do. Both
sides of a trade are sent at once, immediate or cancelled; what only one side did is squared at once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections.abc import Coroutine
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import ccxt.pro

import bpx_connector


def made(account: dict[str, Any]) -> Any:
    """An exchange object of ccxt, by name."""
    keys = {
        "apiKey": os.environ[f"{account['keys']}_API_KEY"],
        "secret": os.environ[f"{account['keys']}_SECRET"],
    }
    return getattr(ccxt.pro, account["exchange"])({**keys, **account.get("config", {})})


async def best(exchange: Any, symbol: str) -> tuple[Decimal, Decimal]:
    """The best bid and ask."""
    book = await exchange.fetch_order_book(symbol, 5)
    return Decimal(str(max(book["bids"])[0])), Decimal(str(min(book["asks"])[0]))


def gain(bid: Decimal, ask: Decimal, fees: Decimal) -> Decimal:
    """What buying at `ask` and selling at `bid` leaves, as a share of the price."""
    return bid / ask - 1 - fees


async def swap(cheap: Any, dear: Any, symbol: str, amount: Decimal, ask: Decimal, bid: Decimal) -> None:
    """Buy here, sell there, and square what only one of them did."""
    orders = await asyncio.gather(
        cheap.create_order(symbol, "limit", "buy", amount, ask, {"timeInForce": "IOC"}),
        dear.create_order(symbol, "limit", "sell", amount, bid, {"timeInForce": "IOC"}),
        return_exceptions=True,
    )
    bought, sold = (
        Decimal(0) if isinstance(order, BaseException) else Decimal(str(order["filled"] or 0))
        for order in orders
    )
    print(f"bought {bought} at {ask}, sold {sold} at {bid}")
    if bought > sold:
        await cheap.create_order(symbol, "market", "sell", bought - sold)
    elif sold > bought:
        await dear.create_order(symbol, "market", "buy", sold - bought)


async def finished(trade: Coroutine[Any, Any, None]) -> None:
    """Wait for a trade to its end, though the time is over or somebody interrupts: half of one is none."""
    task = asyncio.ensure_future(trade)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


def figure(text: str) -> Decimal:
    """A number, for argparse: it does not know how Decimal refuses a word."""
    with suppress(InvalidOperation):
        if (number := Decimal(text)).is_finite():
            return number
    raise argparse.ArgumentTypeError(f"{text!r} is no number")


def accounts_in(text: str) -> dict[str, dict[str, Any]]:
    """The accounts that a file names, for argparse."""
    try:
        accounts = json.loads(Path(text).read_text(encoding="utf-8"))
        if all({"exchange", "keys"} <= account.keys() for account in accounts.values()):
            return dict(accounts)
    except (OSError, ValueError, AttributeError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} cannot be read as JSON of accounts: {error}") from error
    raise argparse.ArgumentTypeError(f"an account in {text!r} does not name its exchange and its keys")


async def main() -> None:
    """Compare until the time is over."""
    parser = argparse.ArgumentParser()
    parser.add_argument("accounts", type=accounts_in)
    parser.add_argument("symbol", nargs="?", default="SOL/USDC")
    parser.add_argument("--amount", type=figure, default=Decimal(1))
    parser.add_argument(
        "--fees", type=figure, default=Decimal("0.002"), help="of both sides together, as a share"
    )
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--trade", action="store_true")
    wish = parser.parse_args()
    if len(wish.accounts) != 2 or wish.amount <= 0:
        parser.error("it takes two accounts, and an amount above zero")
    bpx_connector.register()
    one, other = (made(account) for account in wish.accounts.values())
    swaps = 0
    try:
        await asyncio.gather(one.load_markets(), other.load_markets())
        async with asyncio.timeout(wish.seconds):
            while True:
                (bid, ask), (their_bid, their_ask) = await asyncio.gather(
                    best(one, wish.symbol), best(other, wish.symbol)
                )
                for cheap, dear, low, high in ((one, other, ask, their_bid), (other, one, their_ask, bid)):
                    left = gain(high, low, wish.fees)
                    if left > 0:
                        swaps += 1
                        print(f"buy at {low}, sell at {high}: {left:.4%} after fees")
                        if wish.trade:
                            await finished(swap(cheap, dear, wish.symbol, wish.amount, low, high))
                await asyncio.sleep(1)
    except TimeoutError:
        print(f"done: {swaps} chances")
    finally:
        await asyncio.gather(one.close(), other.close())


if __name__ == "__main__":
    asyncio.run(main())
