"""The class that freqtrade needs to trade futures here, to put stops on the exchange and to use the streams.

freqtrade looks for `freqtrade.exchange.<Name>`; an exchange that has no class there is spot only. `bpx run
freqtrade ...` puts this one there. It is loaded by freqtrade's own import, never before.
"""

from __future__ import annotations

from datetime import datetime
from types import ModuleType
from typing import Any

from ccxt.base.errors import BaseError
from ccxt.base.errors import DDoSProtection as TooMany
from freqtrade.enums import MarginMode, PriceType, TradingMode
from freqtrade.exceptions import DDosProtection, TemporaryError
from freqtrade.exchange import Exchange

__all__ = ["Backpack", "furnish"]


class Backpack(Exchange):  # type: ignore[misc]  # freqtrade is not there where types are checked
    """Spot, and perpetuals on cross margin: the venue has no other."""

    _ft_has: Any = {
        "ws_enabled": True,
        # /klines lacks the candle that is running (seen on the venue), so that none is to be dropped: the
        # candle that closed last is complete, and read from the stream instead of asked for pair by pair.
        "ohlcv_partial_candle": False,
        "order_time_in_force": ["GTC", "FOK", "IOC", "PO"],
        "stoploss_on_exchange": True,
        "stoploss_order_types": {"limit": "limit", "market": "market"},
        # A waiting trigger order locks nothing. On spot freqtrade is to cancel it all the same before it
        # sells by itself: one that fires meanwhile would sell as much again.
        "stoploss_blocks_assets": True,
        "trades_has_history": True,
        "trades_pagination": "time",
    }
    _ft_has_futures: Any = {
        "funding_fee_timeframe": "1h",
        "mark_ohlcv_timeframe": "1h",
        "stoploss_blocks_assets": False,  # it only reduces, and guards the position until it is gone
        "stop_price_type_field": "triggerPriceType",
        "stop_price_type_value_mapping": {
            PriceType.LAST: "last",
            PriceType.MARK: "mark",
            PriceType.INDEX: "index",
        },
    }
    _supported_trading_mode_margin_pairs: Any = [
        (TradingMode.SPOT, MarginMode.NONE),
        (TradingMode.FUTURES, MarginMode.CROSS),
    ]

    def get_trades_for_order(
        self, order_id: str, pair: str, since: datetime, params: dict[str, Any] | None = None
    ) -> list[Any]:
        """The fills of an order; of a stop that has fired those of the order that it placed."""
        found: list[Any] = super().get_trades_for_order(order_id, pair, since, params)
        if found or self._config["dry_run"]:
            return found
        try:
            trades = self._api.fetch_order_trades(order_id, pair)
        except TooMany as error:
            raise DDosProtection(error) from error
        except BaseError as error:
            raise TemporaryError(f"Could not get the trades of {order_id}: {error}") from error
        return list(self._trades_contracts_to_amount(trades))

    def dry_run_liquidation_price(
        self,
        pair: str,
        open_rate: float,
        is_short: bool,
        amount: float,
        stake_amount: float,
        leverage: float,
        wallet_balance: float,
        open_trades: list[Any],
    ) -> float | None:
        """The price at which the whole wallet is used up: that is what backs a position on cross margin.

        What the other positions have to keep is taken off. None if no price can do it.
        """
        ratio = self._maintenance_ratio(pair, stake_amount * leverage)
        others = [(trade.pair, trade.amount * trade.open_rate) for trade in open_trades if trade.pair != pair]
        kept = sum(notional * self._maintenance_ratio(of, notional) for of, notional in others)
        return liquidation_price(open_rate, amount, wallet_balance - kept, ratio, is_short=is_short)

    def _maintenance_ratio(self, pair: str, notional: float) -> float:
        ratio, _ = self.get_maintenance_ratio_and_amt(pair, notional)
        return float(ratio)


def liquidation_price(
    entry: float, amount: float, backing: float, maintenance: float, *, is_short: bool
) -> float | None:
    """Where backing and profit are what has to be kept: backing + s (p - entry) a = maintenance p a."""
    sign = -1 if is_short else 1
    price = (entry - sign * backing / amount) / (1 - sign * maintenance)
    return price if price > 0 else None


def furnish(exchanges: ModuleType, name: str) -> None:
    """Put the class where freqtrade looks for that of an exchange of this name; one that is there stays."""
    title = name.title()
    if not hasattr(exchanges, title):
        setattr(
            exchanges, title, type(title, (Backpack,), {"__module__": __name__, "__doc__": Backpack.__doc__})
        )
