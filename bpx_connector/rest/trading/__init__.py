"""Unified methods: trading. Orders are placed and cancelled, replaced, found again and listed, fills too;
and guarded by what `options["guards"]` allows.
"""

from __future__ import annotations

from bpx_connector.rest.guards.guarding import GuardedOrders
from bpx_connector.rest.trading.cancel import CancelledOrders
from bpx_connector.rest.trading.edit_many import EditedOrders
from bpx_connector.rest.trading.fills import Fills
from bpx_connector.rest.trading.find import OneOrder
from bpx_connector.rest.trading.leaving import LeavingOrders
from bpx_connector.rest.trading.lists import ListedOrders
from bpx_connector.rest.trading.place import PlacedOrders
from bpx_connector.rest.trading.prepare import PreparedOrders
from bpx_connector.rest.trading.replace import ReplacedOrders
from bpx_connector.rest.trading.strategies import Strategies

__all__ = ["Trading"]


class Trading(
    PreparedOrders,
    PlacedOrders,
    CancelledOrders,
    ReplacedOrders,
    EditedOrders,
    OneOrder,
    ListedOrders,
    Fills,
    Strategies,
    LeavingOrders,
    GuardedOrders,
):
    """ccxt's methods for orders and fills."""
