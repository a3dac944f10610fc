"""A strategy that can be tested: it decides from candles, and a few lines place what it decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def wanted(closes: Sequence[float], short: int = 5, long: int = 20) -> bool | None:
    """Whether to hold: the short mean is above the long one. None while there are too few candles."""
    if len(closes) < long:
        return None
    return sum(closes[-short:]) / short > sum(closes[-long:]) / long


def step(exchange: Any, symbol: str, amount: float) -> Any:
    """One look at the market: the order that was placed, or None."""
    closes = [row[4] for row in exchange.fetch_ohlcv(symbol, "1m", limit=50) if row[4] is not None]
    hold = wanted(closes)
    positions = exchange.fetch_positions([symbol])
    held = bool(positions) and bool(positions[0]["contracts"])
    if hold is None or hold == held:
        return None
    if hold:
        return exchange.create_order(symbol, "market", "buy", amount)
    return exchange.create_order(symbol, "market", "sell", amount, None, {"reduceOnly": True})
