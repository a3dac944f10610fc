"""investing-algorithm-framework: a strategy that trades live, here on the local exchange.

    pip install investing-algorithm-framework '.[cli]'
    bpx run --sandbox examples/programs/with_investing_algorithm_framework.py

The framework takes no address for an exchange; `--sandbox` leads it there all the same.
"""

from __future__ import annotations

import os
import tempfile
from typing import Any

import ccxt
from investing_algorithm_framework import DataSource, DataType, TimeUnit, TradingStrategy, create_app

SEEN: list[Any] = []


class Buys(TradingStrategy):  # type: ignore[misc]  # the framework is not there where types are checked
    """Looks at candles, and places an order that rests far from the market."""

    time_unit = TimeUnit.MINUTE
    interval = 1
    data_sources = [
        DataSource(
            identifier="candles",
            symbol="SOL/USDC",
            data_type=DataType.OHLCV,
            time_frame="1m",
            market="BPX",
            warmup_window=30,
            pandas=True,
        )
    ]

    def run_strategy(self, context: Any, data: dict[str, Any]) -> None:
        """One look."""
        candles = data["candles"]
        SEEN.append(len(candles))
        print(len(candles), "candles, the last one at", candles["Close"].iloc[-1])
        if len(SEEN) == 1:
            order = context.create_limit_order(target_symbol="SOL", order_side="BUY", amount=1, price=60)
            print("placed", order.status)


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    app = create_app(config={"RESOURCE_DIRECTORY": folder})
    app.add_strategy(Buys)
    app.add_market(
        market="BPX",
        trading_symbol="USDC",
        api_key=os.environ["BPX_API_KEY"],
        secret_key=os.environ["BPX_SECRET"],
        initial_balance=1000,
    )
    try:
        app.run(number_of_iterations=1)
    finally:
        kind = ccxt.bpx  # put there by `bpx run`
        keys = {"apiKey": os.environ["BPX_API_KEY"], "secret": os.environ["BPX_SECRET"]}
        kind(keys).cancel_all_orders("SOL/USDC")
        os.chdir("/")
assert SEEN
print("fine")
