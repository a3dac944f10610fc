"""A freqtrade strategy that trades often, so that something is seen within minutes. It earns nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from freqtrade.strategy import IStrategy
from pandas import DataFrame

HELD_FOR = timedelta(seconds=25)


class Often(IStrategy):  # type: ignore[misc]  # freqtrade is not there where types are checked
    """Goes with the last candle, keeps the position for half a minute, with a stop on the exchange."""

    can_short = False
    timeframe = "1m"
    startup_candle_count = 10
    process_only_new_candles = False
    minimal_roi = {"0": 0.05}
    stoploss = -0.004

    def leverage(self, pair: str, current_time: datetime, current_rate: float, **rest: Any) -> float:
        """Three times, where there is leverage."""
        return 3.0

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        """How far the candle went."""
        dataframe["change"] = dataframe["close"] - dataframe["open"]
        return dataframe

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        """Long after a rise (on spot always), short after a fall."""
        dataframe["enter_long"] = (dataframe["change"] >= 0) | (not self.can_short)
        dataframe["enter_short"] = (dataframe["change"] < 0) & self.can_short
        return dataframe

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        """Never by a signal: `custom_exit` does it."""
        dataframe["exit_long"] = 0
        dataframe["exit_short"] = 0
        return dataframe

    def custom_exit(
        self,
        pair: str,
        trade: Any,
        current_time: datetime,
        current_rate: float,
        current_profit: float,
        **rest: Any,
    ) -> str | None:
        """Out again when the time is over."""
        return "time" if current_time - trade.open_date_utc > HELD_FOR else None


class OftenBothWays(Often):
    """The same with shorts, for futures."""

    can_short = True
