"""A correct program on the asyncio class."""

import asyncio
from typing import Any

from bpx_connector.async_support import bpx


async def last(exchange: bpx, symbol: str) -> float:
    """The last price."""
    ticker = await exchange.fetch_ticker(symbol)
    return float(ticker["last"])


async def main() -> None:
    """What a user writes."""
    exchange = bpx({"apiKey": "key", "secret": "secret"})
    try:
        markets = await exchange.load_markets()
        print(markets["SOL/USDC"]["id"], exchange.symbols)
        prices = await asyncio.gather(last(exchange, "SOL/USDC"), last(exchange, "BTC/USDC"))
        print(sum(prices))
        order = await exchange.create_order("SOL/USDC", "limit", "buy", 0.1, 90)
        await exchange.cancel_order(order["id"], "SOL/USDC")
        balance = await exchange.fetch_balance()
        print(balance["USDC"]["free"], balance["total"]["USDC"])
        rows: list[Any] = await exchange.fetch_ohlcv("SOL/USDC")
        raw = await exchange.private_get_api_v1_capital()
        print(rows, raw["USDC"]["available"].rjust(3), exchange.price_to_precision("SOL/USDC", 1.2))
        books = await asyncio.gather(*[exchange.fetch_order_book(symbol) for symbol in exchange.symbols])
        print(books[0]["bids"][0])
        task = asyncio.create_task(exchange.fetch_tickers())
        print((await task)["SOL/USDC"]["last"])
    finally:
        await exchange.close()
    async with bpx() as other:
        print((await other.fetch_time()) + 1)


asyncio.run(main())
