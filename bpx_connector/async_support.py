"""The asyncio exchange: every unified method is a coroutine."""

from __future__ import annotations

from ccxt.async_support.base.exchange import Exchange

from bpx_connector.exchange import Backpack

__all__ = ["bpx"]


class bpx(Backpack, Exchange):
    """Backpack Exchange on asyncio: ccxt's unified methods over HTTP."""
