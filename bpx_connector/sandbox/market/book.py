"""Who rests where: one market's orders in price-time priority.

Everything that changes a level's size is in this file. A level holds its orders in the order they came; sides
are dictionaries of levels beside a sorted list of prices.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Final

from bpx_connector.sandbox.records.figures import ZERO
from bpx_connector.sandbox.records.orders import ASK, BID, OPPOSITE, Order
from bpx_connector.sandbox.records.outbox import Touched

__all__ = ["Book"]


@dataclass(slots=True)
class Level:
    """All orders at one price, oldest first, and the sum of what they still want."""

    orders: dict[int, Order] = field(default_factory=dict)
    size: Decimal = ZERO


class Side:
    """One side of a book."""

    def __init__(self, name: str) -> None:
        self.name: Final = name
        self.levels: Final[dict[Decimal, Level]] = {}
        self._ascending: Final[list[Decimal]] = []

    @property
    def best(self) -> Decimal | None:
        """The price that trades first; None when the side is empty."""
        if not self._ascending:
            return None
        return self._ascending[-1] if self.name == BID else self._ascending[0]

    def prices(self) -> Iterator[Decimal]:
        """All prices, best first."""
        return reversed(self._ascending) if self.name == BID else iter(self._ascending)

    def level(self, price: Decimal) -> Level:
        """The level at a price, made if there is none."""
        level = self.levels.get(price)
        if level is None:
            level = self.levels[price] = Level()
            insort(self._ascending, price)
        return level

    def drop(self, price: Decimal) -> None:
        """Forget an empty level."""
        del self.levels[price]
        del self._ascending[bisect_left(self._ascending, price)]


class Book:
    """Both sides of one market; that it has changed is reported to `touched`, which levels is asked for."""

    def __init__(self, symbol: str, touched: Touched) -> None:
        self.sides: Final = {BID: Side(BID), ASK: Side(ASK)}
        self._symbol: Final = symbol
        self._touched: Final = touched
        self._changed: dict[str, set[Decimal]] = {BID: set(), ASK: set()}

    def best(self, side: str) -> Decimal | None:
        """The best price of a side."""
        return self.sides[side].best

    def size(self, side: str, price: Decimal) -> Decimal:
        """What rests at a price; zero when nothing does."""
        level = self.sides[side].levels.get(price)
        return ZERO if level is None else level.size

    def add(self, order: Order) -> None:
        """Put an order behind all others of its price."""
        price = _price(order)
        level = self.sides[order.request.side].level(price)
        level.orders[order.id] = order
        level.size += order.remaining
        self._report(order.request.side, price)

    def remove(self, order: Order) -> None:
        """Take an order off, with what it still wanted."""
        self._leave(order, order.remaining)

    def shrink(self, order: Order, quantity: Decimal) -> None:
        """Take `quantity` off an order's level; call it before the order's own figures change.

        The order keeps its place, or leaves when nothing remains.
        """
        if quantity == order.remaining:
            self._leave(order, quantity)
            return
        price = _price(order)
        self.sides[order.request.side].levels[price].size -= quantity
        self._report(order.request.side, price)

    def in_priority(self, side: str) -> Iterator[Order]:
        """All orders of a side in the order they would trade; the book must not change meanwhile."""
        resting = self.sides[side]
        for price in resting.prices():
            yield from resting.levels[price].orders.values()

    def first_of(self, side: str) -> Iterator[Order]:
        """The order that trades first, asked anew each time: for a book that changes meanwhile."""
        resting = self.sides[side]
        while (price := resting.best) is not None:
            yield next(iter(resting.levels[price].orders.values()))

    def crosses(self, side: str, price: Decimal) -> bool:
        """Whether an order of this side and price would trade at once."""
        opposite = self.best(OPPOSITE[side])
        if opposite is None:
            return False
        return price >= opposite if side == BID else price <= opposite

    def depth(self, side: str, limit: int | None = None) -> list[tuple[Decimal, Decimal]]:
        """Prices and sizes of a side, best first."""
        resting = self.sides[side]
        return [(price, resting.levels[price].size) for price in islice(resting.prices(), limit)]

    def take_changes(self) -> tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]]:
        """The present sizes of bids and asks that changed since the last call."""
        bids = {price: self.size(BID, price) for price in sorted(self._changed[BID])}
        asks = {price: self.size(ASK, price) for price in sorted(self._changed[ASK])}
        self._changed = {BID: set(), ASK: set()}
        return bids, asks

    def _report(self, side: str, price: Decimal) -> None:
        self._changed[side].add(price)
        self._touched.books[self._symbol] = None

    def _leave(self, order: Order, quantity: Decimal) -> None:
        price = _price(order)
        side = self.sides[order.request.side]
        level = side.levels[price]
        del level.orders[order.id]
        level.size -= quantity
        if not level.orders:
            side.drop(price)
        self._report(order.request.side, price)


def _price(order: Order) -> Decimal:
    if order.request.price is None:
        raise ValueError(f"order {order.id} has no price and cannot rest")
    return order.request.price
