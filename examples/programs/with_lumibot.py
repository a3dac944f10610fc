"""lumibot: a strategy that trades live by its own broker for ccxt, here on the local exchange.

    pip install lumibot
    pip install '.[cli]'
    bpx run --sandbox examples/programs/with_lumibot.py

Two commands, in this order: asked for both at once, pip goes back through the releases of lumibot for half an
hour and more. After the second one pip names a conflict over certifi, which does no harm.
"""

from __future__ import annotations

import os
import time
from typing import Any

from lumibot.brokers import Ccxt
from lumibot.entities import Asset
from lumibot.strategies.strategy import Strategy
from lumibot.traders import Trader

CONFIG = {
    "exchange_id": "bpx",
    "apiKey": os.environ["BPX_API_KEY"],
    "secret": os.environ["BPX_SECRET"],
    "sandbox": True,
    "margin": False,
}
SOL, USDC = Asset("SOL", Asset.AssetType.CRYPTO), Asset("USDC", Asset.AssetType.CRYPTO)
PLACED: list[Any] = []
WAITS = 60


class Buys(Strategy):  # type: ignore[misc]  # lumibot is not there where types are checked
    """Buys one SOL at the market, and bids for another far below it."""

    def initialize(self) -> None:
        """Look once a second."""
        self.sleeptime = "1S"

    def on_trading_iteration(self) -> None:
        """Orders at the first look; afterwards it only watches."""
        if not PLACED:
            bars = self.get_historical_prices(SOL, 10, "minute", quote=USDC)
            print(len(bars.df), "candles, cash", self.get_cash())
            for order in (
                self.create_order(SOL, 1, "buy", quote=USDC),
                self.create_order(SOL, 1, "buy", limit_price=60, quote=USDC),
            ):
                PLACED.append(self.submit_order(order))


broker = Ccxt(CONFIG)
strategy = Buys(broker=broker, quote_asset=USDC)
trader = Trader()
trader.add_strategy(strategy)
trader.run_all(async_=True)
try:
    until = time.monotonic() + WAITS
    while time.monotonic() < until and not (len(PLACED) == 2 and PLACED[0].is_filled()):
        time.sleep(0.2)
    print([(order.order_type.value, order.status, order.avg_fill_price) for order in PLACED])
    print("has", strategy.get_position(SOL).quantity, "SOL, cash", strategy.get_cash())
    bought, resting = PLACED
    assert bought.is_filled()
    assert resting.is_active()
finally:
    strategy.cancel_open_orders()
    trader.stop_all()
print("fine", flush=True)
os._exit(0)  # lumibot's threads go on for a while
