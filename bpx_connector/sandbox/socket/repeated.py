"""Streams that say the same thing again and again: one row each, from its name to its payload. Pure.

A kind of stream that is added here is asked for as `kind.SYMBOL` and sent once a period; nothing else in the
sandbox lists it. When within its second a stream is sent is read off captured frames: tickers about half a
second after it began, marks a little before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, Protocol

from bpx_connector.sandbox.exchange.exchange import Exchange
from bpx_connector.sandbox.exchange.rfqs import Rfqs
from bpx_connector.sandbox.market.candles import Candle, Ticker
from bpx_connector.sandbox.records.times import SECOND
from bpx_connector.sandbox.socket import payloads
from bpx_connector.sandbox.socket.by_clock import HALF_SECOND
from bpx_connector.sandbox.socket.payloads import Payload
from bpx_connector.sandbox.socket.stock_payloads import external_ticker, indicative_quote, stock_price

__all__ = ["REPEATED", "Figures", "Said", "Sources"]

MARK_PHASE: Final = 400_000
"""How far into each second marks are sent."""

OPEN_INTEREST_PERIOD: Final = 60 * SECOND


class Figures(Protocol):
    """What the streams ask between the exchange's events: figures that reach back into the past."""

    def ticker(self, symbol: str, now: int) -> Ticker | None:
        """The last 24 hours of one market; None if nothing traded in them."""

    def candle(self, symbol: str, interval: str, start: int, end: int) -> Candle | None:
        """One interval's candle, running or closed, or None if nothing traded in it."""


class Sources(NamedTuple):
    """What payloads are made of; without `rfqs`, whose maker quotes stocks, theirs are silent."""

    exchange: Exchange
    figures: Figures
    rfqs: Rfqs | None


class Said(NamedTuple):
    """A row: the payload of a symbol at a moment (None is not sent), how often, and when in the period."""

    payload: Callable[[Sources, str, int], Payload | None]
    period: int = SECOND
    phase: int = HALF_SECOND
    is_of_markets: bool = True
    """Whether its symbols are those of markets: it is silent for others, and while a market is closed."""


def _ticker(sources: Sources, symbol: str, now: int) -> Payload | None:
    row = sources.figures.ticker(symbol, now)
    return None if row is None else payloads.ticker(row, now)


def _mark_price(sources: Sources, symbol: str, now: int) -> Payload:
    return payloads.mark_price(sources.exchange.mark(symbol), now, now)


def _open_interest(sources: Sources, symbol: str, now: int) -> Payload | None:
    exchange = sources.exchange
    if not exchange.rules[symbol].is_perp:
        return None
    return payloads.open_interest(symbol, exchange.open_interest(symbol), now)


def _of_a_stock(payload: Callable[[Rfqs, str, int], Payload | None]) -> Said:
    def made(sources: Sources, symbol: str, now: int) -> Payload | None:
        return None if sources.rfqs is None else payload(sources.rfqs, symbol, now)

    return Said(made, is_of_markets=False)


REPEATED: Final[Mapping[str, Said]] = {
    "ticker": Said(_ticker),
    "markPrice": Said(_mark_price, phase=MARK_PHASE),
    "openInterest": Said(_open_interest, OPEN_INTEREST_PERIOD, 0),
    "externalTicker": _of_a_stock(external_ticker),
    "stockPrice": _of_a_stock(stock_price),
    "stockIndicativeQuote": _of_a_stock(indicative_quote),
}
