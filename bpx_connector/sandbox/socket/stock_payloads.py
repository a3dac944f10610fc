"""What is told of stocks once a second, payload for payload. Pure.

`externalTicker.<symbol>` has the fields of a ticker. `stockPrice.<TICKER>` has its provider's bid, ask and
mid with the session and "the source timestamp in Unix milliseconds" (the venue's text on streams of October
2026), `stockIndicativeQuote.<TICKER>` what a share would cost or bring (estimatedAsk, estimatedBid) and the
session. The two go by bare tickers: NVDA, where the stock is NVDA.US. Sources: FACTS 17 and 22; public
clients of September and October 2026 for the names of the fields. Between sessions nobody provides a price,
so that stockPrice is silent then; an indicative quote says null.
"""

from __future__ import annotations

from typing import Final

from bpx_connector.sandbox.exchange.outside import outside_price, outside_ticker
from bpx_connector.sandbox.exchange.rfqs import Rfqs
from bpx_connector.sandbox.records.figures import plain
from bpx_connector.sandbox.records.orders import ASK, BID
from bpx_connector.sandbox.socket import payloads
from bpx_connector.sandbox.socket.payloads import Payload

__all__ = ["external_ticker", "indicative_quote", "stock_price"]

QUOTE: Final = "_USDC"


def external_ticker(rfqs: Rfqs, symbol: str, now: int) -> Payload | None:
    """`externalTicker.<symbol>`: the last 24 hours of a stock's price outside."""
    asset = symbol.removesuffix(QUOTE)
    if not symbol.endswith(QUOTE) or asset not in rfqs.hours.securities:
        return None
    return {**payloads.ticker(outside_ticker(asset, now), now), "e": "externalTicker"}


def stock_price(rfqs: Rfqs, ticker: str, now: int) -> Payload | None:
    """`stockPrice.<TICKER>`: what the provider of prices says, while a session is open."""
    asset = rfqs.hours.asset_of(ticker)
    bounds = None if asset is None else rfqs.bounds(asset, now)
    if asset is None or bounds is None:
        return None
    return {
        "symbol": ticker,
        "bid": plain(rfqs.indicated(asset, ASK, now)[1]),
        "ask": plain(rfqs.indicated(asset, BID, now)[1]),
        "mid": plain(outside_price(asset, now)),
        "session": bounds["name"],
        "timestamp": now // 1000,
    }


def indicative_quote(rfqs: Rfqs, ticker: str, now: int) -> Payload | None:
    """`stockIndicativeQuote.<TICKER>`: what a share would bring and cost; nulls while no session is open."""
    asset = rfqs.hours.asset_of(ticker)
    if asset is None:
        return None
    bounds = rfqs.bounds(asset, now)
    bid, ask = (None if bounds is None else plain(rfqs.indicated(asset, side, now)[1]) for side in (ASK, BID))
    return {
        "symbol": asset,
        "session": None if bounds is None else bounds["name"],
        "estimatedBid": bid,
        "estimatedAsk": ask,
        "publishedAt": now // 1000,
    }
