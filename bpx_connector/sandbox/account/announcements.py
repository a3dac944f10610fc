"""From records to events: what is told of an order, a position or a balance that has changed.

Of house accounts only the orders are announced: nobody watches a house trader's balances or positions.
"""

from __future__ import annotations

from typing import Final

from bpx_connector.sandbox.account.ledger import Account
from bpx_connector.sandbox.account.margin import Valuation
from bpx_connector.sandbox.records.events import BalanceChanged, Event, OrderChanged, PositionChanged
from bpx_connector.sandbox.records.figures import ZERO
from bpx_connector.sandbox.records.orders import Fill, Order
from bpx_connector.sandbox.records.outbox import Outbox
from bpx_connector.sandbox.records.positions import Position

__all__ = ["Announcements"]


class Announcements:
    """Puts what has changed into the outbox, as it is at that moment."""

    def __init__(self, outbox: Outbox, valuation: Valuation) -> None:
        self._outbox: Final = outbox
        self._valuation: Final = valuation

    def tell(self, event: Event) -> None:
        """Announce an event as it is."""
        self._outbox.waiting.append(event)

    def order(self, account: Account, kind: str, order: Order, fill: Fill | None = None) -> None:
        """Announce a change of an order."""
        self._outbox.waiting.append(OrderChanged(order.updated_at, account.id, kind, order.snapshot(), fill))

    def position(self, account: Account, kind: str, position: Position, now: int) -> None:
        """Announce a change of a position."""
        if account.is_house:
            return
        view = self._valuation.position_view(account, position)
        self._outbox.waiting.append(
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
        if account.is_house:
            return
        balance = account.balance(asset)
        free = balance.available
        self._outbox.waiting.append(BalanceChanged(now, account.id, asset, free, balance.locked, ZERO))
