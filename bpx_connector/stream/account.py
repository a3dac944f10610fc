"""What becomes of the private streams: orders and fills, positions, balances. Pure.

Private events that were missed are not sent again, so after a gap REST says what has become of everything. An
answer over REST never overrules an event that came while it was under way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from ccxt.base.types import Position

from bpx_connector.aliases import Decoded, Payload
from bpx_connector.garbage import uncollected
from bpx_connector.orders.log import OrderLog, Record
from bpx_connector.orders.words import fill_words, order_words
from bpx_connector.stream.caches import PositionCache
from bpx_connector.stream.floors import Floor, Horizon
from bpx_connector.stream.followers import Fetch, Follower, Tell
from bpx_connector.stream.frames import data_frame, payload_of

__all__ = [
    "AccountOrders",
    "BalanceFollower",
    "OrderFollower",
    "OrderNews",
    "PositionFollower",
]

MOST_QUESTIONS = 20
"""Answers of REST, up to a minute apart, in which the order that a stop has placed may turn up."""

OVERLAP = 10_000
"""Milliseconds by which REST is asked again for fills that we should already have: its history may lag."""

READ_TOGETHER = 64
"""Events. Parsed together they cost less; but CPython searches all that a program holds (its generation 2)
once the objects made since outnumber those freed by a quarter, and what is made at once is freed late."""


class AccountOrders(NamedTuple):
    """What REST says of the account's orders; asked for at `time`, when the log was at `asked_at`."""

    asked_at: int
    time: int
    open: Sequence[Payload]
    closed: Sequence[Payload]
    fills: Sequence[Payload]


class OrderNews(NamedTuple):
    """Orders that have changed; fills that are new, with the orders they are of."""

    orders: list[Record]
    fills: list[tuple[Record | None, Payload]]


class OrderFollower(Follower):
    """The order stream: the account's orders, each in its latest state, and every fill once."""

    def __init__(
        self,
        stream: str,
        log: OrderLog,
        tell: Callable[[OrderNews], None],
        fetch: Callable[[OrderFollower], Awaitable[AccountOrders]],
        horizon: Horizon,
        limit: int = 1000,
        began: int = 0,
    ) -> None:
        super().__init__(stream)
        self.log = log
        self.fetch = self._fetch
        self._fetch_account = fetch
        self._tell = tell
        self._horizon = horizon
        self.checked = 0
        """When the answer was asked for that was last taken; one that came too late counts for nothing."""
        self._began = began
        if log.owed_since is not None:  # the follower before this one has failed those who still want to know
            self._began = min(began, log.owed_since)
            self.trust.has_missed = True
        log.follow(limit)

    @property
    def since(self) -> int:
        """From when on REST is to tell what has happened, in milliseconds."""
        return max(self._began, self.checked - OVERLAP)

    @property
    def needs_restoring(self) -> bool:
        trust = self.trust
        return trust.is_on and trust.is_owed

    def take(self, frames: Sequence[str]) -> None:
        for first in range(0, len(frames), READ_TOGETHER):
            self._read(frames[first : first + READ_TOGETHER])
        log = self.log
        if log.incomplete or log.has_suspect:
            # A frame was lost; or a stop may have fired, of which no event of its own tells.
            log.has_suspect = False
            self.trust.has_missed = True
            self.trust.doubt()

    @uncollected
    def _read(self, frames: Sequence[str]) -> None:
        log, horizon = self.log, self._horizon
        changed: dict[str, Record] = {}
        fills: list[tuple[Record | None, Payload]] = []
        for frame in frames:
            try:
                event: Decoded = data_frame(frame).data
                time = event["T"]
                if type(time) is not int or time > horizon.bound:
                    time = horizon.checked(time)
                order, fill = order_words(event), fill_words(event)
                record, is_changed, is_filled = log.event(order, event, time, fill)
            except Exception as error:
                self.spoil(error)
                self.trust.has_missed = True
                self.trust.doubt()
                continue
            if is_changed:
                changed[order["id"]] = record
                if record.fires_for is not None:
                    changed[record.fires_for.order["id"]] = record.fires_for
            if fill is not None and is_filled:
                fills.append((record, fill))
        self._tell_each(list(changed.values()), fills)

    def end(self) -> None:
        super().end()
        if self.has_failed and self.trust.has_missed:
            self.log.interrupt(self.since)
        else:
            self.log.unfollow()

    def start_audit(self) -> None:
        self.trust.doubt()

    def restore(self, answer: AccountOrders) -> bool:
        """Take what REST says; the follower stays in doubt as long as that leaves anything open."""
        log, trust = self.log, self.trust
        self.checked = answer.time
        changed = log.take_untold()
        told = [order for order in (*answer.closed, *answer.open) if log.answer(order, answer.asked_at)]
        fills = [fill for fill in answer.fills if log.fill(fill)]
        changed |= dict.fromkeys(fill["orderId"] for fill in fills)
        changed |= log.take_untold()  # stops of which these answers tell what they have placed
        if trust.has_missed:
            # Orders that were open before anybody watched are known from here on, but they are no news.
            changed |= dict.fromkeys(order["id"] for order in told)
        self._publish(changed, fills)
        vanished = log.vanished((order["id"] for order in answer.open), answer.asked_at)
        doubtful = log.doubt(vanished)
        if doubtful:
            self._tell_each(doubtful, [])
        unresolved = [stop for stop in log.unresolved() if self._may_ask_of(stop)]
        before, self.owed = self.owed, len(log.incomplete) + len(vanished) + len(unresolved)
        if self.owed and not before:
            self.notes.append(f"REST does not say yet what became of {self.owed} orders; it is asked again")
        trust.has_missed = True  # from now on REST is asked for everything
        if self.owed:
            return False  # the history lags behind the book
        trust.settle()
        return True

    def _may_ask_of(self, stop: Record) -> bool:
        """Whether to ask again what a stop has placed; after some answers without it, it stays open."""
        stop.questions += 1
        if stop.questions == MOST_QUESTIONS:
            self.notes.append(f"stop {stop.order['id']} has fired, and no order is found that it has placed")
        return stop.questions < MOST_QUESTIONS

    async def _fetch(self) -> AccountOrders:
        return await self._fetch_account(self)

    def _publish(self, changed: dict[str, None], fills: list[Payload]) -> None:
        get = self.log.get
        orders = [record for record in map(get, changed) if record is not None]
        self._tell_each(orders, [(get(fill["orderId"]), fill) for fill in fills])

    def _tell_each(self, orders: list[Record], fills: list[tuple[Record | None, Payload]]) -> None:
        """Tell of all at once, or, if something among them makes no structure, of one after the other."""
        if not orders and not fills:
            return
        try:
            self._tell(OrderNews(orders, fills))
        except Exception as error:
            if len(orders) + len(fills) == 1:
                self._give_up(orders, error)
                return
            for fill in fills:
                self._tell_each([], [fill])
            for order in orders:
                self._tell_each([order], [])

    def _give_up(self, orders: list[Record], error: Exception) -> None:
        """What was not understood leaves no mark; REST is asked for it."""
        self.spoil(error)
        for order in orders:
            self.log.forget(order)
        self.trust.has_missed = True
        self.trust.doubt()


class StateFollower(Follower):
    """A stream of parts of the account's state, each one whole: what they are in all, REST says.

    Balances: "absolute values after the change; no snapshot on subscription". Positions: "on subscription the
    open positions arrive", but not those that were closed meanwhile (FACTS section 18, as captured). So both
    are asked for after each beginning, and what the stream says while the answer is on its way is newer.
    """

    def __init__(self, stream: str, fetch: Fetch, horizon: Horizon) -> None:
        super().__init__(stream)
        self.fetch = fetch
        self._horizon = horizon
        self._floors: dict[str, Floor] = {}
        self._touched: set[Any] = set()
        """What the stream has told of since REST was asked: its answer may be older."""

    @property
    def needs_restoring(self) -> bool:
        return self.trust.must_ask

    @property
    def is_known(self) -> bool:
        return self.trust.is_known

    def begin(self) -> None:
        super().begin()
        self._touched.clear()

    def lose(self) -> None:
        super().lose()
        self._floors.clear()

    def start_audit(self) -> None:
        self.trust.doubt()
        self._touched.clear()


class PositionFollower(StateFollower):
    """The position stream: the account's net position in each market."""

    def __init__(
        self,
        stream: str,
        cache: PositionCache,
        tell: Callable[[str | None], None],
        parse: Callable[[Decoded], Position | None],
        fetch: Fetch,
        closed: Callable[[str], Position],
        horizon: Horizon,
    ) -> None:
        super().__init__(stream, fetch, horizon)
        self._cache = cache
        self._tell = tell
        self._parse = parse
        self._closed = closed

    def take(self, frames: Sequence[str]) -> None:
        latest: dict[str, Position] = {}
        for frame in frames:
            try:
                event = payload_of(frame)
                market, time = event["s"], self._horizon.checked(event["T"])
                position = self._parse(event)
                if position is None:
                    self.trust.doubt()  # of a market that is not known: REST is asked instead
                elif self._floors.setdefault(market, Floor()).admits(time):
                    latest[market] = position
            except Exception as error:
                self.spoil(error)
                self.trust.doubt()
        for position in latest.values():
            self._touched.add(position["symbol"])
            self._set(position)

    def lose(self) -> None:
        super().lose()
        if self.tells_stale:
            self.trust.forget()  # so that all positions are told again once they are known

    def restore(self, answer: Sequence[Position]) -> bool:
        """Take the positions that REST lists; a market that it does not list has none."""
        is_first = not self.trust.is_known
        self.trust.settle()
        listed = {position["symbol"] for position in answer}
        gone = [
            position["symbol"]
            for position in self._cache
            if position["symbol"] not in listed and position["contracts"]
        ]
        for position in (*answer, *map(self._closed, gone)):
            if position["symbol"] not in self._touched:
                self._set(position)
        if is_first:
            self._tell(None)
        return True

    def _set(self, position: Position) -> None:
        known = self._cache.hashmap.get(position["symbol"], {}).get(position["side"])
        if known is not None and _without_time(known) == _without_time(position):
            return
        self._cache.append(position)
        self._tell(position["symbol"])


class BalanceFollower(StateFollower):
    """The balance stream: each asset's balance, absolute after each change."""

    def __init__(
        self,
        stream: str,
        tell: Tell,
        words: Callable[[Decoded], tuple[str, Payload]],
        accept: Callable[[dict[str, Payload], int | None], None],
        fetch: Fetch,
        horizon: Horizon,
    ) -> None:
        super().__init__(stream, fetch, horizon)
        self._tell = tell
        self._words = words
        self._accept = accept
        self._assets: dict[str, Payload] = {}

    def take(self, frames: Sequence[str]) -> None:
        time = None
        for frame in frames:
            try:
                event = payload_of(frame)
                asset, balance = self._words(event)
                checked = self._horizon.checked(event["T"])
                emitted = self._horizon.checked(event["E"])
                if self._floors.setdefault(asset, Floor()).admits(checked):
                    self._assets = {**self._assets, asset: balance}
                    self._touched.add(asset)
                    time = emitted
            except Exception as error:
                self.spoil(error)
                self._touched.clear()
                self.trust.doubt()
        if time is not None and self.trust.is_known:
            self._accept(self._assets, time // 1000)
            self._tell(1)

    def lose(self) -> None:
        super().lose()
        self.trust.forget()

    def restore(self, answer: dict[str, Payload]) -> bool:
        """Take all balances as REST gives them. Until then one asset alone would look like all there is."""
        before, is_first = self._assets, not self.trust.is_known
        self._assets = answer | {asset: before[asset] for asset in self._touched}
        self.trust.settle()
        if is_first or before != self._assets:
            self._accept(self._assets, None)
            self._tell(1)
        return True


def _without_time(position: Position) -> dict[str, object]:
    return {key: value for key, value in position.items() if key not in TIMES}


TIMES = frozenset({"timestamp", "datetime", "info", "lastUpdateTimestamp"})
