"""One portfolio over several exchanges of ccxt, ours among them by its name.

    python examples/portfolio.py accounts.json

accounts.json names each account, its exchange, and where in the environment its keys are:

    {"here": {"exchange": "bpx", "keys": "BPX", "config": {}},
     "there": {"exchange": "kraken", "keys": "KRAKEN", "config": {}}}

for BPX_API_KEY, BPX_SECRET, KRAKEN_API_KEY and KRAKEN_SECRET. What cannot be valued is listed, not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt.async_support

import bpx_connector

CASH = ("USDC", "USDT", "USD")


async def read(name: str, account: dict[str, Any]) -> tuple[str, dict[str, Decimal], dict[str, Decimal]]:
    """What an account holds, and prices of it in dollars."""
    keys = {
        "apiKey": os.environ[f"{account['keys']}_API_KEY"],
        "secret": os.environ[f"{account['keys']}_SECRET"],
    }
    kind = getattr(ccxt.async_support, account["exchange"])
    async with kind({**keys, **account.get("config", {})}) as exchange:
        await exchange.load_markets()
        total = (await exchange.fetch_balance())["total"]
        held = {asset: Decimal(str(amount)) for asset, amount in total.items() if amount}
        symbols = [
            f"{asset}/{cash}" for asset in held for cash in CASH if f"{asset}/{cash}" in exchange.markets
        ]
        tickers = await exchange.fetch_tickers(symbols) if symbols else {}
    prices = {cash: Decimal(1) for cash in CASH}
    for symbol, ticker in tickers.items():
        if ticker["last"] is not None:
            prices.setdefault(symbol.partition("/")[0], Decimal(str(ticker["last"])))
    return name, held, prices


def accounts_in(text: str) -> dict[str, dict[str, Any]]:
    """The accounts that a file names, for argparse."""
    try:
        accounts = json.loads(Path(text).read_text(encoding="utf-8"))
        if all({"exchange", "keys"} <= account.keys() for account in accounts.values()):
            return dict(accounts)
    except (OSError, ValueError, AttributeError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} cannot be read as JSON of accounts: {error}") from error
    raise argparse.ArgumentTypeError(f"an account in {text!r} does not name its exchange and its keys")


async def main(accounts: dict[str, dict[str, Any]]) -> None:
    """Ask all at once, and add up."""
    bpx_connector.register()
    found = await asyncio.gather(*(read(name, account) for name, account in accounts.items()))
    sums: dict[str, Decimal] = defaultdict(Decimal)
    prices: dict[str, Decimal] = {}
    for name, held, known in found:
        worth = sum((amount * known[asset] for asset, amount in held.items() if asset in known), Decimal(0))
        print(f"{name:<12}{len(held):>4} assets {worth:>18,.2f} USD")
        prices = {**known, **prices}
        for asset, amount in held.items():
            sums[asset] += amount
    total = Decimal(0)
    for asset, amount in sorted(sums.items()):
        price = prices.get(asset)
        total += amount * price if price is not None else 0
        valued = "not valued" if price is None else f"{amount * price:>18,.2f} USD"
        print(f"{asset:<12}{amount:>22,.6f} {valued}")
    print(f"{'together':<12}{total:>41,.2f} USD")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("accounts", type=accounts_in, help="a file in JSON, as at the top of this program")
    asyncio.run(main(parser.parse_args().accounts))
