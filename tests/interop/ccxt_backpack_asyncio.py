"""ccxt's own asyncio `backpack` against a sandbox: python ccxt_backpack_asyncio.py URL API_KEY SECRET"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import ccxt.async_support

SPOT = "SOL/USDC"


async def main(url: str, api_key: str, secret: str) -> None:
    """Read, place, query, cancel; the first thing that is not as the venue has it ends the program."""
    kind: Any = ccxt.async_support.backpack  # type: ignore[attr-defined]  # not in its __all__
    exchange = kind({"apiKey": api_key, "secret": secret, "rateLimit": 1})
    exchange.urls["api"] = {"public": url, "private": url}
    try:
        markets = await exchange.load_markets()
        book = await exchange.fetch_order_book(SPOT)
        price = float(exchange.price_to_precision(SPOT, book["asks"][0][0] * 1.1))
        balances = await exchange.fetch_balance()
        assert balances["SOL"]["free"] == 1000
        placed = await exchange.create_order(SPOT, "limit", "sell", 2, price, {"clientOrderId": 29})
        assert (placed["status"], placed["side"]) == ("open", "sell")
        assert (await exchange.fetch_balance())["SOL"]["used"] == 2
        (found,) = await exchange.fetch_open_orders(SPOT)
        assert found["id"] == placed["id"]
        cancelled = await exchange.cancel_all_orders(SPOT)
        assert [order["id"] for order in cancelled] == [placed["id"]]
        print(
            f"ccxt {ccxt.__version__} backpack, asyncio: read {len(markets)} markets, "
            f"{len(balances['total'])} balances; order {placed['id']} placed, found, cancelled"
        )
    finally:
        await exchange.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
