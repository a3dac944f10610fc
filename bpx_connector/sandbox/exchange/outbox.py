"""Telling the listeners: the one place that turns records into events.

Of house accounts only the orders are announced: nobody watches a house trader's balances or positions.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from bpx_connector.sandbox.account.ledger import Account
from bpx_connector.sandbox.account.margin import Valuation
from bpx_connector.sandbox.records.events import BalanceChanged, Event, OrderChanged, PositionChanged
from bpx_connector.sandbox.records.orders import Fill, Order
from bpx_connector.sandbox.records.positions import Position

ZERO: Final = Decimal(0)


class Announcements:
    """Where every change is announced, in engine order."""

    def __init__(self, valuation: Valuation) -> None:
        self.listeners: Final[list[Callable[[Event], None]]] = []
        self._valuation: Final = valuation

    def tell(self, event: Event) -> None:
        """Announce a public event."""
        for listener in self.listeners:
            listener(event)

    def order(self, account: Account, kind: str, order: Order, fill: Fill | None = None) -> None:
        """Announce a change of an order, as it is now."""
        if self.listeners:
            self.tell(OrderChanged(order.updated_at, account.id, kind, order.snapshot(), fill))

    def position(self, account: Account, kind: str, position: Position, now: int) -> None:
        """Announce a change of a position, as it is now."""
        if not self._is_heard(account):
            return
        view = self._valuation.position_view(account, position)
        self.tell(
            PositionChanged(
                now,
                account.id,
                kind,
                position.snapshot(),
                view.mark,
                view.exposure_quantity,
                view.imf,
                view.mmf,
            )
        )

    def balance(self, account: Account, asset: str, now: int) -> None:
        """Announce the balance of an asset, as `/capital` would show it."""
        if self._is_heard(account):
            balance = account.balance(asset)
            free = balance.available - account.lent(asset)
            self.tell(BalanceChanged(now, account.id, asset, free, balance.locked, ZERO))

    def _is_heard(self, account: Account) -> bool:
        return bool(self.listeners) and not account.is_house
