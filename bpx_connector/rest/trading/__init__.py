"""Unified methods: trading. Orders are placed and cancelled, replaced, found again and listed."""

from __future__ import annotations

from bpx_connector.rest.trading.lists import OrderHistory
from bpx_connector.rest.trading.replace import ReplacedOrders

__all__ = ["Trading"]


class Trading(ReplacedOrders, OrderHistory):
    """ccxt's methods for orders and fills."""
