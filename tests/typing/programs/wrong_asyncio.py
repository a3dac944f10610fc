"""Each line marked E is wrong on the asyncio class, and a checker has to say so."""

from bpx_connector.async_support import bpx

exchange = bpx()
exchange.fetch_ticker("SOL/USDC")["last"]  # E: not awaited


async def main() -> None:
    """What a user writes."""
    ticker = exchange.fetch_ticker("SOL/USDC")
    print(ticker["last"])  # E: not awaited
    balance = exchange.fetch_balance()
    print(balance["USDC"])  # E: not awaited
    for row in exchange.fetch_ohlcv("SOL/USDC"):  # E: not awaited
        print(row)
    await exchange.fetch_ticker(symbol=1)  # E: not a symbol
    print((await exchange.fetch_ticker("SOL/USDC"))["lost"])  # E: no such field
    await exchange.fetch_tickr("SOL/USDC")  # E: no such method
    exchange.private_get_api_v1_capital()["USDC"]  # E: not awaited
    exchange.close()  # E: never awaited
