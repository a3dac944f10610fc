"""Backpack Exchange for every program that speaks ccxt.

`bpx` is the blocking exchange; `bpx_connector.async_support.bpx` the asyncio one; `bpx_connector.pro.bpx` the
asyncio one with streams. `register()` puts all three into ccxt by name.
"""

from __future__ import annotations

from ccxt.base.exchange import Exchange

from bpx_connector.exchange import Backpack
from bpx_connector.plugin import register, unregister

__all__ = ["bpx", "register", "unregister"]

__version__ = "0.1.0"


class bpx(Backpack, Exchange):
    """Backpack Exchange, blocking: ccxt's unified methods over HTTP."""
