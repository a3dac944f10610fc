"""Unified methods: every open position is closed."""

from __future__ import annotations

from typing import Any

from ccxt.base.errors import BaseError, InvalidOrder
from ccxt.base.types import Order

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Params
from bpx_connector.flow import Flow, flow

__all__ = ["ClosingAll"]


class ClosingAll(Ccxt):
    """Leaving all positions."""

    @flow
    def close_all_positions(self, params: Params = {}) -> Flow[list[Order]]:
        """The orders that close every open position: at market, reduce-only, one after the other.

        https://docs.backpack.exchange/#tag/Order/operation/execute_order

        All are tried, whatever happens to one; the first error is raised at the end and names what was left.
        A position that was closed meanwhile is no error. `params` are those of create_order.
        """
        positions = [one for one in (yield self.fetch_positions()) if one["symbol"] is not None]
        orders: list[Any] = []
        failures: list[tuple[str, BaseError]] = []
        for position in positions:
            try:
                orders.append((yield self.close_position(position["symbol"], None, params)))
            except InvalidOrder as error:
                if "no position is open" not in str(error):
                    failures.append((position["symbol"], error))
            except BaseError as error:
                failures.append((position["symbol"], error))
        if failures:
            left = ", ".join(symbol for symbol, _ in failures)
            first = failures[0][1]
            raise first.__class__(f"{first}; {self.id} closeAllPositions() left: {left}") from first
        return orders
