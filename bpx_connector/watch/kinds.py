"""The kinds of data that can be watched: one row each, with how it is handed out.

Their streams, followers and caches stand in the module of each kind; nothing else in the package lists them.
"""

from __future__ import annotations

from bpx_connector.stream.topics import Kind

__all__ = [
    "BALANCE",
    "BID_ASK",
    "CANDLES",
    "EXTERNAL_TICKER",
    "FUNDING_RATE",
    "LIQUIDATIONS",
    "MARK_PRICE",
    "MY_LIQUIDATIONS",
    "MY_TRADES",
    "OPEN_INTEREST",
    "ORDERS",
    "ORDER_BOOK",
    "POSITIONS",
    "RFQS",
    "STOCK_PRICE",
    "STOCK_QUOTE",
    "TICKER",
    "TRADES",
]

TICKER = Kind("ticker")
EXTERNAL_TICKER = Kind("externalTicker")
STOCK_PRICE = Kind("stockPrice")
STOCK_QUOTE = Kind("stockIndicativeQuote")
BID_ASK = Kind("bidask")
MARK_PRICE = Kind("markPrice")
FUNDING_RATE = Kind("fundingRate")
OPEN_INTEREST = Kind("openInterest")
ORDER_BOOK = Kind("orderbook", one_at_a_time=True)
CANDLES = Kind("ohlcv", one_at_a_time=True)
TRADES = Kind("trades", one_at_a_time=True, is_event=True)
LIQUIDATIONS = Kind("liquidations", is_event=True, needs_every_stream=False)
ORDERS = Kind("orders", is_event=True)
MY_LIQUIDATIONS = Kind("myLiquidations", is_event=True)
MY_TRADES = Kind("myTrades", is_event=True)
RFQS = Kind("rfqs", is_event=True)
POSITIONS = Kind("positions")
BALANCE = Kind("balance")
