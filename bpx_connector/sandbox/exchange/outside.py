"""The outside price of stocks: what `source=External` shows and quotes are made from.

It swings evenly around its middle, by the clock and nothing else, so that candles of any range are known
without having been there.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.market.candles import Ticker
from bpx_connector.sandbox.records.figures import ZERO
from bpx_connector.sandbox.records.times import DAY, MINUTE

__all__ = ["OutsideCandle", "outside_candle", "outside_price", "outside_ticker"]

CENT: Final = Decimal("0.01")
MILLION: Final = 1_000_000


class OutsideCandle(NamedTuple):
    """Open, high, low and close of a stretch of time."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


def outside_price(asset: str, now: int) -> Decimal:
    """What a stock is worth at a moment, to the cent; zero for one that nobody knows."""
    return _priced(asset, _swing(now // MINUTE))


def outside_candle(asset: str, start: int, end: int) -> OutsideCandle:
    """What a stock was worth from one moment to another, in microseconds."""
    first, last = start // MINUTE, max(start // MINUTE, (end - 1) // MINUTE)
    swings = [_swing(minute) for minute in range(first, min(last, first + choices.STOCK_PERIOD) + 1)]
    ends = _swing(first), _swing(last)
    figures = (ends[0], max(swings), min(swings), ends[1])
    return OutsideCandle(*(_priced(asset, swing) for swing in figures))


def outside_ticker(asset: str, now: int, span: int = DAY) -> Ticker:
    """What a stock was worth over a span that ends now; nothing is traded there, so that volumes are zero."""
    seen = outside_candle(asset, now - span, now + 1)
    symbol = f"{asset}_{choices.QUOTE_ASSET}"
    return Ticker(symbol, seen.open, seen.close, seen.high, seen.low, ZERO, ZERO, 0)


def _swing(minute: int) -> int:
    """How far a minute's price is from the middle, in millionths."""
    half = choices.STOCK_PERIOD // 2
    place = minute % choices.STOCK_PERIOD
    climbed = place if place <= half else choices.STOCK_PERIOD - place
    return choices.STOCK_SWING * (2 * climbed - half) // half


def _priced(asset: str, swing: int) -> Decimal:
    middle = choices.STOCK_PRICES.get(asset, Decimal(0))
    return (middle * (MILLION + swing) / MILLION).quantize(CENT)
