"""vectorbt: candles by its own downloader, and a crossing of two means tried on them.

pip install vectorbt '.[cli]'
bpx run --sandbox examples/programs/with_vectorbt.py
"""

from __future__ import annotations

import vectorbt as vbt

data = vbt.CCXTData.download(
    "SOL/USDC", exchange="bpx", start="10 hours ago UTC", timeframe="1m", show_progress=False
)
closes = data.get("Close")
fast, slow = vbt.MA.run(closes, 10), vbt.MA.run(closes, 50)
portfolio = vbt.Portfolio.from_signals(
    closes, fast.ma_crossed_above(slow), fast.ma_crossed_below(slow), fees=0.001, freq="1m"
)
print(len(closes), "candles,", portfolio.trades.count(), "trades,", f"{portfolio.total_return():.4%}")
assert len(closes) >= 590
assert portfolio.trades.count() > 0
print("fine")
