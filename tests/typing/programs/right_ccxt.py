"""A correct program that was written for any of ccxt's exchanges."""

from typing import Any

import ccxt
import ccxt.async_support
import ccxt.pro
from ccxt.base.types import Order, Ticker

from bpx_connector import async_support, bpx, pro


def last(exchange: ccxt.Exchange, symbol: str) -> Any:
    """Of whatever exchange."""
    return exchange.fetch_ticker(symbol)["last"]


async def orders(exchange: ccxt.async_support.Exchange) -> Any:
    """Of whatever exchange."""
    return await exchange.fetch_open_orders()


def shown(ticker: Ticker, order: Order) -> str:
    """A line of text."""
    return f"{ticker['last']} {order['status']}"


exchange = bpx()
print(last(exchange, "SOL/USDC"), orders(async_support.bpx()), orders(pro.bpx()))
print(shown(exchange.fetch_ticker("SOL/USDC"), exchange.fetch_order("1", "SOL/USDC")))
try:
    exchange.cancel_order("1", "SOL/USDC")
except ccxt.OrderNotFound as error:
    print(error)
