"""What the streams say of candles and tickers is what the REST interface says."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bpx_connector.sandbox.clock import DrivenClock
from bpx_connector.sandbox.crowd.quotes import Quotes
from bpx_connector.sandbox.market.candles import interval_bounds
from bpx_connector.sandbox.server import Sandbox

NEW_YEAR = 1_767_225_600_000_000
SECOND = 1_000_000


@pytest.mark.parametrize("interval", ["1s", "1m", "5m", "1h", "1d", "1w", "1month"])
def test_a_candle_that_reaches_into_the_past_is_the_one_of_rest(interval: str) -> None:
    clock = DrivenClock(NEW_YEAR)
    sandbox = Sandbox(seed=1, clock=clock, symbols=["SOL_USDC"])
    sandbox.open_trading()
    clock.advance(10)
    start, end = interval_bounds(interval, NEW_YEAR - SECOND)

    candle = Quotes(sandbox.desk).candle("SOL_USDC", interval, start, end)

    history = sandbox.desk.history
    (row,) = history.klines("SOL_USDC", interval, start // SECOND, end // SECOND, end // SECOND, "Last")
    assert candle is not None
    figures = [candle.open, candle.high, candle.low, candle.close, candle.volume, candle.trades]
    assert figures == [Decimal(row[key]) for key in ("open", "high", "low", "close", "volume", "trades")]


def test_an_interval_without_trades_has_no_candle() -> None:
    sandbox = Sandbox(seed=1, clock=DrivenClock(NEW_YEAR), symbols=["SOL_USDC"])

    assert Quotes(sandbox.desk).candle("SOL_USDC", "1m", NEW_YEAR, NEW_YEAR + 60 * SECOND) is None
