"""Several orders take the places of others: one after the other, each as `edit_order` does it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ccxt.base.errors import ArgumentsRequired, BadRequest, BaseError, ExchangeError
from ccxt.base.types import Order

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Params
from bpx_connector.flow import Flow, flow

__all__ = ["EditedOrders"]


class EditedOrders(Ccxt):
    """Replacing several orders."""

    @flow
    def edit_orders(self, orders: Sequence[Any], params: Params = {}) -> Flow[list[Order]]:
        """The orders that have taken the places of others, in the order given.

        https://docs.backpack.exchange/#tag/Order/operation/cancel_order

        Each is a dict with id, symbol, type, side, and amount, price and params as edit_order takes them. The
        venue has no batch for it: they are replaced one after the other, and all are tried whatever happens
        to one. One that could not be replaced keeps its place with the error in `info`; its status is
        'rejected', or None where the error leaves open what the venue did.
        """
        if not orders:
            raise ArgumentsRequired(f"{self.id} editOrders() needs at least one order")
        for place, order in enumerate(orders):
            self._check_edit(place, order)
        yield self.load_markets()
        edited: list[Any] = []
        for order in orders:
            own = {**params, **(order.get("params") or {})}
            symbol, kind, side, amount, price = (
                order.get(name) for name in ("symbol", "type", "side", "amount", "price")
            )
            try:
                edited.append(
                    (yield self.edit_order(order.get("id") or "", symbol, kind, side, amount, price, own))
                )
            except BaseError as error:
                edited.append(self._not_edited(order, error))
        return edited

    def _check_edit(self, place: int, order: Any) -> None:
        if not isinstance(order, dict) or not order.get("symbol"):
            raise BadRequest(
                f"{self.id} editOrders() orders[{place}] has to be a dict with id, symbol, type, side, amount"
            )
        own = order.get("params") or {}
        if not isinstance(own, dict):
            raise BadRequest(f"{self.id} editOrders() orders[{place}] params has to be a dict, not {own!r}")
        if not order.get("id") and own.get("clientOrderId") is None and own.get("clientId") is None:
            raise ArgumentsRequired(
                f"{self.id} editOrders() orders[{place}] needs an id, or params with a clientOrderId"
            )

    def _not_edited(self, order: Any, error: BaseError) -> Any:
        left_open = not isinstance(error, ExchangeError)
        told = {"id": order.get("id"), "symbol": self.market_id(order["symbol"])}
        return {
            **self.parse_order(told),
            "status": None if left_open else "rejected",
            "info": {"error": type(error).__name__, "message": str(error)},
        }
