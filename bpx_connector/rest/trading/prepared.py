"""An order that is signed and waits to be sent.

This module imports nothing that waits: the classes' stubs name it, so a user's type checker reads it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ccxt.base.errors import InvalidOrder

from bpx_connector.venue.errors import NOTHING_SENT

__all__ = ["PreparedOrder"]


class PreparedOrder:
    """An order that is signed and has not been sent."""

    __slots__ = ("_is_sent", "_send", "client_order_id", "symbol", "valid_until")

    def __init__(self, symbol: str, client_order_id: str, valid_until: int, send: Callable[[], Any]) -> None:
        self.symbol = symbol
        self.client_order_id = client_order_id
        """What the order can be found by, whatever becomes of it."""
        self.valid_until = valid_until
        """Milliseconds by the venue's clock until which it can be sent."""
        self._send = send
        self._is_sent = False

    @property
    def is_sent(self) -> bool:
        """Whether it is on its way, or was."""
        return self._is_sent

    def send(self) -> Any:
        """The order as it stands after matching, as `create_order` gives it (on asyncio to be awaited).

        InvalidOrder, before anything is sent, if it has expired or was sent before.
        """
        if self._is_sent:
            raise InvalidOrder(
                f"the prepared order {self!r} was sent before; prepare_order() makes another; {NOTHING_SENT}"
            )
        self._is_sent = True
        return self._send()

    def __repr__(self) -> str:
        return f"<PreparedOrder {self.symbol} with client id {self.client_order_id}>"

    def __reduce__(self) -> Any:
        raise TypeError("a prepared order holds a signature and is not pickled")
