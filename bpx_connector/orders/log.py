"""One truth per order, out of events and REST answers in any order. Pure.

The rule: an order never moves backwards. What it has executed never shrinks, what has ended never reopens,
and of two views with the same executed quantity the later one counts. A fill is counted once, whichever way
it comes, and an order that has executed more than its known fills add up to is `incomplete`: a frame was
lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from bpx_connector.venue.words import OPEN_STATUSES

__all__ = ["OrderLog", "Record"]

Payload = dict[str, Any]

MOST_FILLS_REMEMBERED = 50_000
ZERO = Decimal(0)


class Record:
    """Everything known of one order, in the venue's REST words, and its fills as ccxt's trades."""

    __slots__ = ("_before", "executed", "fees", "filled", "info", "order", "time", "trades", "version")

    def __init__(self, order: Payload, executed: Decimal, before: Decimal) -> None:
        self.order = order
        self.info: Any = order
        self.executed = executed
        self.filled = ZERO
        self.time = 0
        self.version = 0
        self.trades: list[Payload] = []
        self.fees: dict[str, Decimal] = {}
        self._before = before

    @property
    def is_open(self) -> bool:
        """Whether the venue can still fill, trigger or cancel this order."""
        return self.order.get("status") in OPEN_STATUSES

    @property
    def is_incomplete(self) -> bool:
        """Whether a fill is missing among those that came since the order was first seen."""
        return self.executed > self._before + self.filled

    @property
    def has_all_trades(self) -> bool:
        """Whether `trades` and `fees` are all there has been."""
        return self.executed == self.filled

    def add_fill(self, quantity: Decimal, fee: Decimal, currency: str | None, trade: Payload) -> None:
        """Count one fill; the caller has made sure that it is new."""
        self.filled += quantity
        if self._before and self._before + self.filled > self.executed:
            self._before = max(ZERO, self.executed - self.filled)  # it was among those before we looked
        self.trades.append(trade)
        if currency is not None:
            self.fees[currency] = self.fees.get(currency, ZERO) + fee


class OrderLog:
    """All orders we know of, the newest `limit` closed ones and every open one."""

    def __init__(self, limit: int) -> None:
        self.version = 0
        self.incomplete: set[str] = set()
        self._limit = limit
        self._records: dict[str, Record] = {}
        self._closed: dict[str, None] = {}
        self._fills: dict[tuple[Any, ...], None] = {}

    def get(self, identity: str) -> Record | None:
        return self._records.get(identity)

    def event(
        self, order: Payload, info: Payload, time: int, fill: Payload | None = None, trade: Payload = {}
    ) -> tuple[bool, bool]:
        """Take an event of the order stream, given in REST words, with the fill it reports, also as a trade.

        Answers whether the order has changed, and whether the fill is a new one.
        """
        executed = Decimal(order.get("executedQuantity") or ZERO)
        identity = order["id"]
        record = self._records.get(identity)
        if fill is not None and _name(fill) in self._fills:
            fill = None  # counted before
        quantity = ZERO if fill is None else Decimal(fill["quantity"])
        if record is None:
            before = max(ZERO, executed - quantity)
            record = self._add(Record(order, executed, before))
            is_changed = True
        else:
            is_changed = self._moves_forward(record, order, executed, time >= record.time)
            if is_changed:
                record.order |= order
                record.executed = executed  # never less: it would be a step backwards
        if is_changed:
            record.time, record.info = max(record.time, time), info
        if fill is not None:
            self._count(record, fill, quantity, trade)
        self._note(record)
        return is_changed or fill is not None, fill is not None

    def answer(self, order: Payload, asked_at: int) -> bool:
        """Take an order as REST gives it, asked for when `version` was `asked_at`; whether it has changed."""
        order = {key: value for key, value in order.items() if value is not None}
        executed = Decimal(order.get("executedQuantity") or ZERO)
        record = self._records.get(order["id"])
        if record is None:
            record = self._add(Record(order, executed, executed))
            record.version = self.version
            self._forget_closed(record)
            return True
        if not self._moves_forward(record, order, executed, record.version <= asked_at):
            record.order = order | record.order  # what the stream does not say: when it was created, for one
            return False
        if all(record.order.get(key) == value for key, value in order.items() if key in CHANGING):
            record.order = order | record.order
            return False
        record.order |= order
        record.info = order
        record.executed = executed
        self._note(record)
        return True

    def fill(self, fill: Payload, trade: Payload) -> bool:
        """Take a fill as REST gives it, and as a trade; whether it is a new one."""
        if _name(fill) in self._fills:
            return False
        record = self._records.get(fill["orderId"])
        if record is None:
            self._remember(fill)
            return True
        self._count(record, fill, Decimal(fill["quantity"]), trade)
        self._note(record)
        return True

    def vanished(self, open_identities: Iterable[str], asked_at: int) -> list[str]:
        """Orders that we think open, REST lists no more, and of which no event has come since."""
        still = set(open_identities)
        return [
            identity
            for identity, record in self._records.items()
            if record.is_open and identity not in still and record.version <= asked_at
        ]

    def _moves_forward(self, record: Record, order: Payload, executed: Decimal, is_later: bool) -> bool:
        is_open = order.get("status") in OPEN_STATUSES
        if not record.is_open and is_open:
            return False
        if executed != record.executed:
            return executed > record.executed
        if record.is_open and not is_open:
            return True
        return is_later

    def _remember(self, fill: Payload) -> None:
        self._fills[_name(fill)] = None
        if len(self._fills) > MOST_FILLS_REMEMBERED:
            del self._fills[next(iter(self._fills))]

    def _count(self, record: Record, fill: Payload, quantity: Decimal, trade: Payload) -> None:
        self._remember(fill)
        fee = fill.get("fee")
        currency = trade["fee"]["currency"] if fee is not None else None
        record.add_fill(quantity, Decimal(fee or ZERO), currency, trade)

    def _note(self, record: Record) -> None:
        self.version += 1
        record.version = self.version
        if record.is_incomplete:
            self.incomplete.add(record.order["id"])
        elif self.incomplete:
            self.incomplete.discard(record.order["id"])
        self._forget_closed(record)

    def _add(self, record: Record) -> Record:
        self._records[record.order["id"]] = record
        return record

    def _forget_closed(self, record: Record) -> None:
        """For each order that has ended, the one that ended longest ago.

        One at a time: a thousand at once keep the garbage collector busy, which counts what is made and what
        is freed, and takes what is freed later for growth.
        """
        if record.is_open:
            return
        self._closed[record.order["id"]] = None
        if len(self._closed) > self._limit + MARGIN:
            identity = next(iter(self._closed))
            del self._closed[identity], self._records[identity]
            self.incomplete.discard(identity)


CHANGING = frozenset({"status", "quantity", "price", "executedQuantity", "executedQuoteQuantity"})
MARGIN = 100
"""More than events that are taken together: those of which news are given out are still known then."""


def _name(fill: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a fill is told apart by. Trade ids count per market; old liquidation fills have none but zero."""
    identity = fill.get("tradeId")
    if not identity:
        return fill["orderId"], fill["price"], fill["quantity"], fill["timestamp"]
    return fill["symbol"], identity, fill["orderId"]
