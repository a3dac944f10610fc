"""What its fills add to an order: its fees by asset, its last trade, and whether they are all. Pure.

The venue's orders carry none of these; each fill tells of itself, over REST and as an event of the order
stream. Fills stand here in the words of REST, whichever way they came, and each counts once.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bpx_connector.aliases import Payload
from bpx_connector.orders.life import EXACT, ZERO, figure_of

__all__ = ["NO_FILLS", "Fills", "name_of", "plain"]


class Fills:
    """The fills of one order that are known, as they came."""

    __slots__ = ("_paid", "known", "quantity", "trades")

    def __init__(self) -> None:
        self.known: list[Payload] = []
        self.quantity = ZERO
        self.trades: list[Any] = []
        """What was made of the first of them by whoever stands behind the log: each is made once."""
        self._paid: dict[str, Decimal] = {}

    def add(self, fill: Payload, quantity: Decimal) -> None:
        """Take one that is new."""
        self.known.append(fill)
        self.quantity = EXACT.add(self.quantity, quantity)
        asset, fee = fill.get("feeSymbol"), fill.get("fee")
        if asset and fee is not None:
            self._paid[asset] = EXACT.add(self._paid.get(asset, ZERO), figure_of(fee))

    @property
    def fees(self) -> dict[str, str]:
        """What was paid in which of the venue's assets, as exact decimal text."""
        return {asset: plain(paid) for asset, paid in self._paid.items()}

    def __reduce_ex__(self, protocol: Any) -> Any:
        """How it is pickled and copied: what is none of an order's stays that, in every process."""
        return "NO_FILLS" if self is NO_FILLS else super().__reduce_ex__(protocol)

    def __getstate__(self) -> object:
        return super().__getstate__()  # said, because pickle's oldest protocols take no slots without it

    def are_all(self, executed: Decimal) -> bool:
        """Whether they account for all that was executed: a part of the fees would be a wrong figure."""
        return self.quantity == executed


NO_FILLS = Fills()
"""Of an order that has none yet; never added to."""


def name_of(fill: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a fill is told apart by. Trade ids count per market; old liquidation fills have none but zero."""
    identity = fill.get("tradeId")
    if not identity:
        return fill["orderId"], fill["price"], fill["quantity"], fill["timestamp"]
    return fill["symbol"], identity, fill["orderId"]


def plain(figure: Decimal) -> str:
    """Decimal text without exponent and without trailing zeros: 0.0000001, never 1E-7."""
    text = format(figure, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
