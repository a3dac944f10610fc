"""Unified methods: trading. Orders are placed in `orders`, read in `order_history`."""

from __future__ import annotations

from bpx_connector.rest.order_history import OrderHistory
from bpx_connector.rest.orders import Orders

__all__ = ["Trading"]


class Trading(Orders, OrderHistory):
    """ccxt's methods for orders and fills."""
