"""A correct program on the class with streams."""

import asyncio

from bpx_connector.pro import bpx


async def follow(exchange: bpx) -> None:
    """Frames as they come."""
    for _ in range(3):
        book = await exchange.watch_order_book("SOL/USDC", 5)
        print(book["bids"][0][0], book["nonce"])
        ticker = await exchange.watch_ticker("SOL/USDC")
        print(ticker["last"] - 1)
        for order in await exchange.watch_orders():
            print(order["id"].lower(), order["status"])
        balance = await exchange.watch_balance()
        print(balance["USDC"]["free"])
        for trade in await exchange.watch_trades("SOL/USDC"):
            print(trade["price"])
    await exchange.un_watch_order_book("SOL/USDC")


async def main() -> None:
    """What a user writes."""
    exchange = bpx({"newUpdates": True})
    try:
        await exchange.load_markets()
        order = await exchange.create_order("SOL/USDC", "limit", "buy", 0.1, 90)
        await exchange.cancel_order(order["id"], "SOL/USDC")
        await asyncio.wait_for(follow(exchange), 10)
    finally:
        await exchange.close()


asyncio.run(main())
