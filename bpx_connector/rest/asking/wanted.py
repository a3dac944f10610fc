"""Which order of the account is the one that was sent, when its answer was lost. Pure.

An order is looked for by its client id, and a caller may use one again: level 7 of a grid is 7 each day. What
carries the id may then be an order of before. It is certainly older if this object knew it, or if it was
created before the order was sent; it is this one if it shows what was asked for, or was created since. Who
cannot tell says neither "this is it" nor "it is nowhere".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from ccxt.base.errors import BadResponse

from bpx_connector.aliases import Payload
from bpx_connector.parse.numbers import milliseconds_of
from bpx_connector.rest.asking.enquiries import MARGIN, Sent

__all__ = ["Before", "Seen", "Wanted", "wanted_of"]

Before = Mapping[int, frozenset[str]]
"""By client id that a caller has given the venue's ids of older orders with it."""

CLOCK_DOUBT = 120_000
"""Milliseconds: what was created so long before an order was stamped is older, however wrong our clock is."""

COMPARED = ("price", "quantity", "triggerPrice")
"""What an order on the book shows as it was asked for, unless somebody has changed it."""


class Seen(NamedTuple):
    """What a list shows of the orders that are looked for, by client id."""

    orders: dict[int, Payload]
    doubtful: frozenset[int]
    """There is an order of that client id, and it cannot be told whether it is the one."""


class Wanted(NamedTuple):
    """Orders of one market that are looked for by client id."""

    market_id: str
    asked: Mapping[int, Payload]
    """By client id the order as it was asked for; nothing where the id is ours and comes once only."""

    sent: Sent
    known_before: frozenset[str]
    """The venue's ids of older orders with these client ids."""

    called_at: float
    """When the call began, by the clock of `sent.at`: not later than they were sent."""

    clock: tuple[float, float] | None = None
    """The venue's when they were sent, at the earliest and at the latest; None where it was not asked."""

    @property
    def client_ids(self) -> frozenset[int]:
        """What is looked for."""
        return frozenset(self.asked)

    def without(self, found: Iterable[int]) -> Wanted:
        """What is still missing."""
        gone = set(found)
        return self._replace(asked={key: asked for key, asked in self.asked.items() if key not in gone})

    def rows_in(self, rows: Any) -> list[Payload]:
        """The orders or fills that carry one of these client ids and may be of what was sent.

        A row that cannot be read could be one of them: then nothing can be said of any.
        """
        if not isinstance(rows, list):
            raise BadResponse(f"orders were asked for, and {type(rows).__name__} came")
        return [row for row in rows if _client_id_in(row) in self.asked and not self._is_older(row)]

    def needs_clock(self, rows: Iterable[Payload]) -> bool:
        """Whether only the venue's clock tells if one of these is older than what was sent."""
        return self.clock is None and any(
            self._is_before_stamp(row) or not self._is_as_asked(row) for row in rows
        )

    def by_clock(self, now: int, asked_at: float, answered_at: float) -> Wanted:
        """The same with what the venue's clock has said between two moments of ours."""
        return self._replace(clock=(now - (answered_at - self.called_at), now - (asked_at - self.sent.at)))

    def among(self, rows: Iterable[Payload]) -> Seen:
        """Those of these orders, out of `rows_in`, that are the ones sent; of several the newest."""
        oldest_first = sorted(rows, key=lambda row: _moment_of(row) or 0)
        orders = {_client_id_in(row): row for row in oldest_first if self._is_it(row)}
        return Seen(orders, frozenset(map(_client_id_in, oldest_first)) - orders.keys())

    def _is_older(self, row: Payload) -> bool:
        """Whether this is certainly an order of before, or a fill of one."""
        if row.get("orderId", row.get("id")) in self.known_before:
            return True
        moment = _moment_of(row)
        if moment is None:
            return False
        if moment < self.sent.stamp - CLOCK_DOUBT:
            return True
        # By either clock: ours may be wrong, and that of a sandbox may run faster than time.
        is_before = self.clock is not None and moment < self.clock[0] - MARGIN
        return is_before and self._is_before_stamp(row)

    def _is_it(self, row: Payload) -> bool:
        return self._is_as_asked(row) or (self._is_newer(row) and self._is_on_side(row))

    def _is_newer(self, row: Payload) -> bool:
        """Whether an order was certainly not there when these were sent."""
        moment = _moment_of(row)
        return self.clock is not None and moment is not None and moment >= self.clock[1]

    def _is_before_stamp(self, row: Payload) -> bool:
        moment = _moment_of(row)
        return moment is not None and moment < self.sent.stamp - MARGIN

    def _is_as_asked(self, row: Payload) -> bool:
        """Whether an order shows nothing else than what was asked for."""
        asked = self.asked[_client_id_in(row)]
        return self._is_on_side(row) and not any(
            _differs(asked.get(name), row.get(name)) for name in COMPARED
        )

    def _is_on_side(self, row: Payload) -> bool:
        side = self.asked[_client_id_in(row)].get("side")
        return side is None or row.get("side") in (None, side)


def wanted_of(requests: Iterable[Payload], sent: Sent, older: Before) -> list[Wanted]:
    """What to look for after these orders were sent, market by market."""
    of_market: dict[str, dict[int, Payload]] = {}
    for request in requests:
        client_id = request["clientId"]
        asked = request if client_id in older else {}
        of_market.setdefault(request["symbol"], {})[client_id] = asked
    known = frozenset[str]().union(*older.values())
    return [Wanted(market_id, asked, sent, known, sent.at) for market_id, asked in of_market.items()]


def _client_id_in(row: Any) -> int:
    """The client id of an order or a fill; -1 if it has none."""
    client_id = row.get("clientId") if isinstance(row, dict) else row
    if client_id is None and row is not None:
        return -1
    text = str(client_id)
    if not text.isdecimal():
        raise BadResponse(f"{client_id!r} is no client id")
    return int(text)


def _moment_of(row: Payload) -> int | None:
    return milliseconds_of(row.get("createdAt", row.get("timestamp")))


def _differs(asked: Any, told: Any) -> bool:
    """Whether two figures are there and are not the same; zero and null are how the venue says nothing."""
    try:
        one, other = Decimal(str(asked or 0)), Decimal(str(told or 0))
    except InvalidOperation:
        return False  # "80%" of a position
    return bool(one and other and one != other)
