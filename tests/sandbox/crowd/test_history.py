"""What the streams say of candles and tickers is what the REST interface says."""

from __future__ import annotations

import pytest

from bpx_connector.sandbox.clock import DrivenClock
from bpx_connector.sandbox.crowd.history import CandlesAsked
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

    history = sandbox.context.history
    candle = history.candle("SOL_USDC", interval, start, end)

    [row] = history.candles(CandlesAsked("SOL_USDC", interval, start // SECOND, end // SECOND), end)
    assert candle is not None
    assert candle == row


def test_an_interval_without_trades_has_no_candle() -> None:
    sandbox = Sandbox(seed=1, clock=DrivenClock(NEW_YEAR), symbols=["SOL_USDC"])

    assert sandbox.context.history.candle("SOL_USDC", "1m", NEW_YEAR, NEW_YEAR + 60 * SECOND) is None
