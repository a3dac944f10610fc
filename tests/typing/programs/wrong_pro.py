"""Each line marked E is wrong on the class with streams, and a checker has to say so."""

from bpx_connector.pro import bpx

exchange = bpx()


async def main() -> None:
    """What a user writes."""
    book = exchange.watch_order_book("SOL/USDC")
    print(book["bids"])  # E: not awaited
    print((await exchange.fetch_ticker("SOL/USDC"))["lost"])  # E: no such field
    await exchange.watch_tickr("SOL/USDC")  # E: no such stream
    for trade in exchange.watch_trades("SOL/USDC"):  # E: not awaited
        print(trade)
    await exchange.watch_ohlcv(5)  # E: not a symbol
