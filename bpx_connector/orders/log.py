"""Every order that one exchange object knows of: from the answers to its calls and from the order stream.

One memory for both. The venue's book forgets an order at its end and its history may lag behind, so for a
moment only the one who placed an order knows of it; and what the stream tells saves questions to the history.
The rule is `life`'s: an order never moves backwards. A fill is counted once, whichever way it comes, and an
order that has executed more than its known fills add up to is `incomplete`: a frame was lost. The memory is
bounded and never guesses; what is not understood is refused before anything is changed. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from bpx_connector.aliases import Payload
from bpx_connector.orders.fills import NO_FILLS, Fills, name_of
from bpx_connector.orders.life import (
    EXACT,
    ZERO,
    check_figures,
    figure_of,
    further_order,
    moves_forward,
    standing_of,
)
from bpx_connector.orders.stops import (
    as_asked,
    belongs_to,
    fired_order,
    has_fired,
    is_alike,
    is_stop,
    with_outcome,
)

__all__ = ["MARGIN", "ORDERS_REMEMBERED", "OrderLog", "Record"]


ORDERS_REMEMBERED = 2000
MOST_FILLS_REMEMBERED = 50_000
MARGIN = 100
"""More than events that are taken together: those of which news are given out are still known then."""

CHANGING = frozenset({"status", "quantity", "price", "executedQuantity", "executedQuoteQuantity"})
EXECUTED = frozenset({"executedQuantity", "executedQuoteQuantity"})

FACTS = ("clientId", "postOnly", "reduceOnly", "timeInForce")
"""What never changes in an order's life, and is not in every view of it: histories leave some out."""

NOT_ON_THE_BOOK = "not on the book any more; what became of it is not known yet"


class Record:
    """Everything known of one order in the venue's REST words."""

    __slots__ = (
        "_before",
        "asked",
        "executed",
        "fills",
        "fired",
        "fires_for",
        "info",
        "is_open",
        "is_owed",
        "is_own",
        "is_stop",
        "note",
        "order",
        "questions",
        "time",
        "version",
    )

    def __init__(self, order: Payload, executed: Decimal, is_open: bool, before: Decimal) -> None:
        self.order = order
        self.info: Any = order
        """What the venue said last that was news: the answer or the event itself."""
        self.executed = executed
        self.is_open = is_open
        """Whether the venue can still fill, trigger or cancel this order."""
        self.fills = NO_FILLS
        self.time = 0
        """The latest engine time of an event, in microseconds; 0 if no event has come."""
        self.version = 0
        self.is_owed = False
        """Whether somebody is to be told of its end, however it comes."""
        self.is_own = False
        """Whether one of our own calls has placed it."""
        self.is_stop = is_stop(order)
        self.asked: tuple[str, ...] = ()
        """What else the one who has placed this stop calls its trigger price."""
        self.fired: Record | None = None
        """The order that this stop has placed."""
        self.fires_for: Record | None = None
        """The stop that has placed this order."""
        self.note: str | None = None
        """What a caller should know that no field says."""
        self.questions = 0
        """How often REST was asked which order this stop has placed."""
        self._before = before

    def __getstate__(self) -> object:
        return super().__getstate__()  # said, because pickle's oldest protocols take no slots without it

    @property
    def outcome(self) -> Payload:
        """The order's words; of a stop that has fired, its own and what became of what it placed."""
        order = as_asked(self.order, self.asked)
        if self.fired is not None:
            return with_outcome(order, self.fired.order)
        return with_outcome(order, None) if self.is_stop and has_fired(order) else order

    @property
    def is_incomplete(self) -> bool:
        """Whether a fill is missing among those that came since the order was first seen."""
        known = self.fills.quantity
        return self.executed > (EXACT.add(self._before, known) if self._before else known)

    @property
    def has_all_fills(self) -> bool:
        """Whether the known fills are all there have been."""
        return self.fills.are_all(self.executed)

    def move(self, order: Payload, executed: Decimal, is_open: bool, info: Any) -> None:
        """Take a view that is further; an end that shows less executed than is known takes nothing back."""
        if executed < self.executed:
            order = {key: value for key, value in order.items() if key not in EXECUTED}
            executed = self.executed
        self.order = self.order | order
        self.note = None
        self.executed, self.info, self.is_open = executed, info, is_open

    def add_fill(self, fill: Payload, quantity: Decimal) -> None:
        """Count one fill; the caller has made sure that it is new."""
        if self.fills is NO_FILLS:
            self.fills = Fills()
        self.fills.add(fill, quantity)
        known = self.fills.quantity
        if self._before and EXACT.add(self._before, known) > self.executed:
            # It was among those before we looked.
            self._before = max(ZERO, EXACT.subtract(self.executed, known))


class OrderLog:
    """The newest orders, open or ended; while somebody follows the stream, every open one."""

    def __init__(self, limit: int = ORDERS_REMEMBERED) -> None:
        self.version = 0
        self.incomplete: set[str] = set()
        self._limit = limit
        self._is_followed = False
        self.owed_since: int | None = None
        """Milliseconds: since when who follows next is owed what happened, for the stream has failed."""
        self._records: dict[str, Record] = {}
        self._ended: dict[str, None] = {}
        self._fills: dict[tuple[Any, ...], None] = {}
        self._ids_of_client: dict[str, tuple[str, ...]] = {}
        """The one last seen is the last: who gives orders their client ids may use one again."""
        self._untold: dict[str, None] = {}
        self._stops: dict[str, Record] = {}
        """Stops that wait, or of which it is not known what they have placed."""
        self.has_suspect = False
        """Whether an order has come that a waiting stop may have placed: REST knows if it still waits."""
        self.has_links = False
        """Whether any order is known that a stop has placed."""

    def __len__(self) -> int:
        return len(self._records)

    def follow(self, limit: int) -> None:
        """From now on the stream tells of all orders: the open ones and the last `limit` are kept."""
        self._is_followed = True
        self.owed_since = None
        self._limit = max(self._limit, limit)

    def interrupt(self, since: int) -> None:
        """The stream has failed those who follow: what it left open is owed to whoever follows next."""
        self._is_followed = False
        self.owed_since = since

    def unfollow(self) -> None:
        """Nobody wants the stream any more: what it left open is no longer owed to anybody."""
        self._is_followed = False
        self.owed_since = None
        self._untold.clear()
        self.incomplete.clear()
        for record in self._records.values():
            record.is_owed = False

    # --- asking ------------------------------------------------------------------------------------------

    def get(self, identity: str) -> Record | None:
        """What is known of the order with the venue's id."""
        return self._records.get(identity)

    def get_of_client(self, client_id: int | str) -> Record | None:
        """What is known of the latest order with the client's id."""
        records = self.all_of_client(client_id)
        return records[-1] if records else None

    def all_of_client(self, client_id: int | str) -> list[Record]:
        """What is known of all orders with the client's id, the latest last."""
        records = map(self._records.get, self._ids_of_client.get(str(client_id), ()))
        return [record for record in records if record is not None]

    def furthest(self, order: Payload) -> Payload:
        """This view of an order, or what is known of it if that is further. Nothing is remembered."""
        record = self._records.get(order["id"])
        if record is None:
            return order
        if further_order(record.order, order) is order:
            return as_asked(_with_facts(order, record.order), record.asked)
        return {**as_asked(record.order, record.asked)}

    def named(self, order: Payload) -> Payload:
        """The order with its trigger price under the names that its caller has used."""
        record = self._records.get(order["id"])
        return order if record is None else as_asked(order, record.asked)

    def open_in(self, market_id: str) -> dict[str, Payload]:
        """The orders of one market that are open as far as is known, by the venue's id."""
        return {
            identity: {**record.order}
            for identity, record in self._records.items()
            if record.is_open and record.order.get("symbol") == market_id
        }

    def vanished(self, open_identities: Iterable[str], asked_at: int) -> list[str]:
        """Orders that we think open, REST lists no more, and of which no event has come since."""
        still = set(open_identities)
        return [
            identity
            for identity, record in self._records.items()
            if record.is_open and record.is_owed and identity not in still and record.version <= asked_at
        ]

    def unresolved(self) -> list[Record]:
        """Stops that have fired, of which it is not known what they have placed."""
        return [record for record in self._stops.values() if record.is_owed and has_fired(record.order)]

    def doubt(self, identities: Iterable[str]) -> list[Record]:
        """Note that these are off the book, and nothing says what became of them; the new ones."""
        records = [record for identity in identities if (record := self._records.get(identity)) is not None]
        new = [record for record in records if record.note is None]
        for record in new:
            record.note = NOT_ON_THE_BOOK
        return new

    def take_untold(self) -> dict[str, None]:
        """Orders that answers have moved while the stream was followed, and no event since."""
        untold, self._untold = self._untold, {}
        return untold

    # --- being told --------------------------------------------------------------------------------------

    def see(
        self,
        order: Payload,
        is_own: bool = False,
        asked: tuple[str, ...] = (),
        *,
        is_sound: bool = False,
    ) -> Payload:
        """Remember the answer to one of our own calls; the furthest view of the order is given back.

        `is_own` says that the call has placed it, `asked` what it called the trigger price (`asked_as`),
        `is_sound` that its figures need no second look.
        """
        try:
            is_moved = self.answer(order, self.version, is_sound=is_sound)
        except (KeyError, TypeError, ValueError):
            return order  # not understood, so not remembered: the caller finds out what it is
        identity = order["id"]
        record = self._records[identity]
        record.is_own |= is_own
        record.asked = asked or record.asked
        if not self._is_followed:
            self._records[identity] = self._records.pop(identity)  # who was seen last is forgotten last
        if is_moved and self._owes:
            self._untold[identity] = None
        return self.furthest(order)

    def event(
        self, order: Payload, info: Payload, time: int, fill: Payload | None = None
    ) -> tuple[Record, bool, bool]:
        """Take an event of the order stream, given in REST words, with the fill it reports.

        Answers with what is now known, whether the order has changed, and whether the fill is a new one.
        """
        executed, is_open = standing_of(order)
        identity = order["id"]
        record = self._records.get(identity)
        name = () if fill is None else name_of(fill)
        if name in self._fills:
            fill = None  # counted before
        quantity = ZERO if fill is None else figure_of(fill["quantity"])
        if record is None:
            before = max(ZERO, EXACT.subtract(executed, quantity)) if executed else ZERO
            record = self._add(Record(order, executed, is_open, before))
            is_changed = True
        else:
            is_later = time >= record.time
            is_changed = moves_forward(record.is_open, record.executed, is_open, executed, is_later)
            if is_changed:
                record.move(order, executed, is_open, info)
                if record.is_stop:
                    self._note_stop(record)
        if is_changed:
            record.info = info
            record.time = max(record.time, time)
            if self._untold:
                self._untold.pop(identity, None)
        if fill is not None:
            self._remember(name)
            record.add_fill(fill, quantity)
        record.is_owed = True
        self._note(record)
        return record, is_changed or fill is not None, fill is not None

    def answer(self, order: Payload, asked_at: int, *, is_sound: bool = False) -> bool:
        """Take an order as REST gives it, asked for when `version` was `asked_at`; whether it has changed."""
        if not is_sound:
            check_figures(order)
        executed, is_open = standing_of(order)
        record = self._records.get(order["id"])
        if record is None:
            record = self._add(Record({**order}, executed, is_open, executed))
            record.info = order  # the caller's from here on, to keep or to clear: nothing is read in it
            record.version = self.version
            record.is_owed = self._owes
            self._forget(record)
            return True
        record.is_owed |= self._owes
        record.note = None
        if record.order == order:
            return False
        is_later = record.version <= asked_at
        is_further = moves_forward(record.is_open, record.executed, is_open, executed, is_later)
        if not is_further or _says_nothing_new(record.order, order):
            # But what the stream does not say: when the order was created, for one.
            record.order = order | _said(record.order)
            return False
        record.move(_said(order), executed, is_open, order)
        record.order = order | record.order  # and the nulls where nothing else is known
        if record.is_stop:
            self._note_stop(record)
        self._note(record)
        return True

    def forget(self, record: Record) -> None:
        """Forget an order of which nothing can be made: the next answer or event begins it anew."""
        identity = record.order["id"]
        if self._records.get(identity) is record:
            self._drop(identity)

    def fill(self, fill: Payload) -> bool:
        """Take a fill as REST gives it; whether it is a new one."""
        name = name_of(fill)
        if name in self._fills:
            return False
        quantity = figure_of(fill["quantity"])
        self._remember(name)
        record = self._records.get(fill["orderId"])
        if record is not None:
            record.add_fill(fill, quantity)
            self._note(record)
        return True

    # --- inside ------------------------------------------------------------------------------------------

    @property
    def _owes(self) -> bool:
        """Whether somebody is to be told what happens now, by the stream or once it is back."""
        return self._is_followed or self.owed_since is not None

    def _remember(self, fill: tuple[Any, ...]) -> None:
        self._fills[fill] = None
        if len(self._fills) > MOST_FILLS_REMEMBERED:
            del self._fills[next(iter(self._fills))]

    def _note(self, record: Record) -> None:
        self.version += 1
        record.version = self.version
        if record.is_incomplete:
            self.incomplete.add(record.order["id"])
        elif self.incomplete:
            self.incomplete.discard(record.order["id"])
        self._forget(record)

    def _add(self, record: Record) -> Record:
        identity, client_id = record.order["id"], record.order.get("clientId")
        if not isinstance(identity, str) or not identity:
            raise ValueError(f"{identity!r} is no id of an order")
        self._records[identity] = record
        if client_id is not None:
            name = str(client_id)
            self._ids_of_client[name] = (*self._ids_of_client.get(name, ()), identity)
        if record.is_stop:
            self._note_stop(record)
        elif self._stops:
            self._look_for_stop(record)
        return record

    # --- stops -------------------------------------------------------------------------------------------

    def link(self, stop: Record, fired: Record) -> None:
        """A stop has placed this order."""
        stop.fired, fired.fires_for = fired, stop
        self.has_links = True
        self._stops.pop(stop.order["id"], None)
        if self._owes:
            self._untold[stop.order["id"]] = None

    @property
    def has_stops(self) -> bool:
        """Whether any stop is known that may place an order, or has."""
        return bool(self._stops)

    def stop_of(self, identity: str) -> str | None:
        """The id of the stop that has placed an order, if one has."""
        record = self._records.get(identity)
        return None if record is None or record.fires_for is None else str(record.fires_for.order["id"])

    def may_be_of_stop(self, fill: Payload) -> bool:
        """Whether a stop that we know of may have placed the order that was filled here."""
        client_id, stops = fill.get("clientId"), self._stops.values()
        if client_id is not None:
            record = self.get_of_client(client_id)
            return record is not None and record.is_stop
        named = fill.get("symbol"), fill.get("side")
        return any((stop.order.get("symbol"), stop.order.get("side")) == named for stop in stops)

    def is_own(self, identity: str) -> bool:
        """Whether an order is no news of a stop: we have placed it ourselves, or another stop has."""
        record = self._records.get(identity)
        return record is not None and (record.is_own or record.fires_for is not None)

    def _note_stop(self, stop: Record) -> None:
        """A stop is new, or has moved: it waits, it has fired, or it has ended without that."""
        if stop.fired is not None:
            return
        identity = stop.order["id"]
        if not has_fired(stop.order):
            if stop.is_open:
                self._stops[identity] = stop
            else:
                self._stops.pop(identity, None)
            return
        self._stops[identity] = stop
        market = stop.order.get("symbol")
        known = [record.order for record in self._records.values() if record.order.get("symbol") == market]
        fired = fired_order(stop.order, known, self.is_own)
        if fired is not None:
            self.link(stop, self._records[fired["id"]])

    def _look_for_stop(self, record: Record) -> None:
        """An order is new while stops wait: one of them may have placed it."""
        order = record.order
        for stop in list(self._stops.values()):
            if belongs_to(stop.order, order):
                self.link(stop, record)
                return
        stops = self._stops.values()
        alike = [stop for stop in stops if is_alike(stop.order, order) or _may_be_cut(stop.order, order)]
        for stop in alike:
            if has_fired(stop.order) and fired_order(stop.order, [order], self.is_own) is not None:
                self.link(stop, record)
                return
        self.has_suspect |= bool(alike)

    def _forget(self, record: Record) -> None:
        """For one too many the one that ended longest ago; if nobody follows, the one seen longest ago.

        One at a time. CPython collects its oldest generation, and with it searches all that a program holds,
        when the objects made outnumber those freed by a quarter of what there is; a thousand records freed
        at once look like a thousand made before.
        """
        if not record.is_open:
            self._ended[record.order["id"]] = None
        if self._is_followed:
            if len(self._ended) > self._limit + MARGIN:
                self._drop(next(iter(self._ended)))
        elif len(self._records) > self._limit:
            self._drop(next(iter(self._records)))

    def _drop(self, identity: str) -> None:
        client_id = str(self._records.pop(identity).order.get("clientId"))
        for known in (self._ended, self._untold, self._stops):
            if known:
                known.pop(identity, None)
        self.incomplete.discard(identity)
        left = tuple(one for one in self._ids_of_client.pop(client_id, ()) if one != identity)
        if left:
            self._ids_of_client[client_id] = left


def _may_be_cut(stop: Payload, order: Payload) -> bool:
    """Whether an order may be what a stop that only reduces has placed, of less than it asked for."""
    return bool(stop.get("reduceOnly")) and is_alike(
        {**stop, "triggerQuantity": None, "quantity": None}, order
    )


def _with_facts(order: Payload, known: Payload) -> Payload:
    """A view of an order with the facts that it does not tell, as far as they are known."""
    told = order.get
    missing = [name for name in FACTS if told(name) is None and known.get(name) is not None]
    return {**order, **{name: known[name] for name in missing}} if missing else order


def _says_nothing_new(known: Payload, told: Payload) -> bool:
    for key in CHANGING:
        value = told.get(key)
        if value is not None and value != known.get(key):
            return False
    return True


def _said(order: Payload) -> Payload:
    """What a view of an order says: null is a flag that was not set, and less than anything else."""
    return {key: value for key, value in order.items() if value is not None}
