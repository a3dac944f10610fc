"""Our classes beside ccxt's own `backpack`, on the same bytes: `python -m benchmarks`."""
