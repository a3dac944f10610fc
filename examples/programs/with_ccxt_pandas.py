"""ccxt-pandas: what ccxt gives as rows, as DataFrames.

pip install ccxt-pandas '.[cli]'
bpx run --sandbox examples/programs/with_ccxt_pandas.py
"""

from __future__ import annotations

import os

import ccxt
from ccxt_pandas import CCXTPandasExchange

kind = ccxt.bpx  # put there by `bpx run`
plain = kind({"apiKey": os.environ["BPX_API_KEY"], "secret": os.environ["BPX_SECRET"]})
exchange = CCXTPandasExchange(exchange=plain)
candles = exchange.fetch_ohlcv(symbol="SOL/USDC", timeframe="1m", limit=30)
tickers = exchange.fetch_tickers()
trades = exchange.fetch_trades(symbol="SOL/USDC", limit=50)
balance = exchange.fetch_balance()
try:
    exchange.create_order(symbol="SOL/USDC", type="limit", side="buy", amount=1, price=60)
    orders = exchange.fetch_open_orders(symbol="SOL/USDC")
finally:
    plain.cancel_all_orders("SOL/USDC")
for name, frame in {"candles": candles, "tickers": tickers, "trades": trades, "orders": orders}.items():
    print(name, frame.shape)
    assert len(frame) > 0
print("fine")
