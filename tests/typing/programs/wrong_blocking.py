"""Each line marked E is wrong on the blocking class, and a checker has to say so."""

import bpx_connector
from bpx_connector import bpx

bpx_connector.bpz()  # E: no such class
exchange = bpx({"apiKey": "key"})
exchange.fetch_tickr("SOL/USDC")  # E: no such method
exchange.fetch_ticker()  # E: lacks the symbol
exchange.fetch_ticker(5)  # E: not a symbol
exchange.fetch_ticker("SOL/USDC")["lost"]  # E: no such field
exchange.create_order("SOL/USDC", "limit")  # E: lacks side and amount
exchange.fetch_ohlcv("SOL/USDC", "1m", since="yesterday")  # E: not a time
name: int = exchange.fetch_ticker("SOL/USDC")  # E: not a number
for symbol in exchange.symbolz:  # E: no such attribute
    print(symbol)
exchange.symbols.lower()  # E: a list
exchange.public_get_api_v1_ticker({"symbol": "SOL_USDC"})["lastPrise"]  # E: no such field
exchange.public_get_api_v1_tickerz()  # E: no such operation
exchange.fetchTicker("SOL/USDC")["lost"]  # E: no such field


async def main() -> None:
    """What a user writes."""
    await exchange.fetch_ticker("SOL/USDC")  # E: nothing to wait for
    await exchange.fetch_ohlcv("SOL/USDC")  # E: nothing to wait for
