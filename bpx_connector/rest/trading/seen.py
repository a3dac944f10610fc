"""What one exchange object has itself seen of its orders: the answers to its own orders and cancellations.

The venue's book forgets an order at its end and the history may lag, so for a moment only the one who placed
an order knows of it. The memory is bounded, keeps the view that is furthest on its way, and never guesses.
"""

from __future__ import annotations

from bpx_connector.aliases import Payload
from bpx_connector.parse.trading.orders import further_order

__all__ = ["ORDERS_REMEMBERED", "SeenOrders"]

ORDERS_REMEMBERED = 2000


class SeenOrders:
    """The last orders seen, as the venue described them, by its id or by the client's."""

    def __init__(self, capacity: int = ORDERS_REMEMBERED) -> None:
        self._capacity = capacity
        self._orders: dict[str, Payload] = {}
        self._id_of_client: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._orders)

    def see(self, order: Payload) -> Payload:
        """Remember this view of an order if it is the furthest; the furthest view is returned."""
        order = self.furthest(order)
        order_id = order["id"]
        self._orders.pop(order_id, None)  # back to the end: the order seen last is forgotten last
        self._orders[order_id] = order
        client_id = order.get("clientId")
        if client_id is not None:
            self._id_of_client[str(client_id)] = order_id
        if len(self._orders) > self._capacity:
            self._forget(next(iter(self._orders)))
        return order

    def furthest(self, order: Payload) -> Payload:
        """This view of an order, or the remembered one if that shows more."""
        remembered = self._orders.get(order["id"])
        return order if remembered is None else further_order(remembered, order)

    def order(self, order_id: str) -> Payload | None:
        """The order with the venue's id."""
        return self._orders.get(order_id)

    def order_of_client(self, client_id: int | str) -> Payload | None:
        """The latest order with the client's id."""
        order_id = self._id_of_client.get(str(client_id))
        return None if order_id is None else self._orders.get(order_id)

    def _forget(self, order_id: str) -> None:
        client_id = str(self._orders.pop(order_id).get("clientId"))
        if self._id_of_client.get(client_id) == order_id:
            del self._id_of_client[client_id]
