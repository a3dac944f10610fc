"""What becomes of the private streams: orders and fills, positions, balances. Pure.

Private events that were missed are not sent again, so after a gap REST says what has become of everything. An
answer over REST never overrules an event that came while it was under way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from ccxt.async_support.base.ws.cache import ArrayCacheBySymbolById, ArrayCacheBySymbolBySide

from bpx_connector.orders.log import OrderLog, Record
from bpx_connector.orders.words import fill_words, order_words
from bpx_connector.stream.followers import Fetch, Follower
from bpx_connector.stream.frames import payload_of
from bpx_connector.stream.topics import Topics

__all__ = [
    "AccountOrders",
    "BalanceFollower",
    "OrderFollower",
    "OrderNews",
    "PositionCache",
    "PositionFollower",
    "StructureCache",
]

Payload = dict[str, Any]

READ_TOGETHER = 64
"""Events. Parsed together they cost less, but what is made of many at once looks like growth to the garbage
collector, which then searches everything there is."""

PATIENCE = 5
"""How often in a row we ask REST for what it owes us, before we wait for the next occasion."""


class StructureCache(ArrayCacheBySymbolById):
    """ccxt's cache of orders or own trades, what has changed last at the end.

    What has been handed out is replaced, not written into. What is new since the last `getLimit` is counted
    when it is asked for, not with each entry.
    """

    def __init__(self, max_size: int | None = None) -> None:
        super().__init__(max_size)
        self._changes: deque[int] = deque(maxlen=max_size or None)
        self._count = 0
        self._polled: dict[str | None, tuple[int, int]] = {}

    def append(self, item: Payload) -> None:
        """Add a structure at the end, in the place of one with the same symbol and id."""
        entries, changes = self._deque, self._changes
        by_id = self.hashmap.setdefault(item["symbol"], {})
        known = by_id.get(item["id"])
        if known is not None:
            for index in range(len(entries) - 1, -1, -1):  # what changes is mostly near the end
                if entries[index] is known:
                    del entries[index], changes[index]
                    break
        elif len(entries) == entries.maxlen:
            oldest = entries.popleft()
            changes.popleft()
            del self.hashmap[oldest["symbol"]][oldest["id"]]
        by_id[item["id"]] = item
        self._count += 1
        entries.append(item)
        changes.append(self._count)

    def getLimit(self, symbol: str | None, limit: int | None) -> int | None:  # noqa: N802  ccxt's name
        """How many entries have changed since before the last change that an earlier call has counted."""
        changes = [
            change
            for item, change in zip(self._deque, self._changes, strict=True)
            if symbol is None or item["symbol"] == symbol
        ]
        before, until = self._polled.get(symbol, (0, 0))
        newest = changes[-1] if changes else 0
        if newest > until:
            before, until = until, newest
        self._polled[symbol] = before, until
        fresh = sum(change > before for change in changes)
        return fresh if limit is None else min(fresh, limit)

    def clear(self) -> None:
        """Forget everything."""
        super().clear()
        self._changes.clear()
        self._polled.clear()


class PositionCache(ArrayCacheBySymbolBySide):
    """ccxt's cache of positions for a venue that nets: one a market, whichever side it is on."""

    def append(self, item: Payload) -> None:
        """Set a market's position and move it to the end."""
        by_side = self.hashmap.get(item["symbol"], {})
        for side in list(by_side):
            index = self._index.index((item["symbol"], side))
            del self._deque[index], self._index[index], by_side[side]
        super().append(item)


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
        limit: int = 1000,
    ) -> None:
        super().__init__(stream)
        self.log = log
        self.fetch = self._fetch
        self._fetch_account = fetch
        self._tell = tell
        self._is_on = False
        self._is_owed = True
        self._has_missed = False
        self._patience = PATIENCE
        self.checked = 0
        """When the answer was asked for that was last taken; one that came too late counts for nothing."""
        log.follow(limit)

    @property
    def has_missed(self) -> bool:
        """Whether events may have been missed since the stream was first on."""
        return self._has_missed

    @property
    def needs_restoring(self) -> bool:
        return self._is_on and self._is_owed

    def take(self, frames: Sequence[str]) -> None:
        for first in range(0, len(frames), READ_TOGETHER):
            self._read(frames[first : first + READ_TOGETHER])
        if self.log.incomplete and not self._is_owed:
            self._is_owed, self._patience = True, PATIENCE  # a frame was lost

    def _read(self, frames: Sequence[str]) -> None:
        log = self.log
        changed: dict[str, None] = {}
        fills: list[Payload] = []
        try:
            for event in map(payload_of, frames):
                order, fill = order_words(event), fill_words(event)
                is_changed, is_filled = log.event(order, event, event["T"], fill)
                if is_changed:
                    changed[order["id"]] = None
                if fill is not None and is_filled:
                    fills.append(fill)
        finally:
            self._publish(changed, fills)  # those before one that cannot be read are as good as ever

    def begin(self) -> None:
        self._is_on = True

    def lose(self) -> None:
        self._has_missed |= self._is_on
        self._is_on = False
        self._is_owed, self._patience = True, PATIENCE

    def end(self) -> None:
        super().end()
        self.log.unfollow()

    def start_audit(self) -> None:
        self._is_owed, self._patience = True, 1

    def restore(self, answer: AccountOrders) -> bool:
        log = self.log
        self.checked = answer.time
        changed = log.take_untold()
        told = [order for order in (*answer.closed, *answer.open) if log.answer(order, answer.asked_at)]
        fills = [fill for fill in answer.fills if log.fill(fill)]
        changed |= dict.fromkeys(fill["orderId"] for fill in fills)
        if self._has_missed:
            # Orders that were open before anybody watched are known from here on, but they are no news.
            changed |= dict.fromkeys(order["id"] for order in told)
        self._publish(changed, fills)
        owes = log.incomplete or log.vanished((order["id"] for order in answer.open), answer.asked_at)
        self._patience -= 1
        self._has_missed = True  # from now on REST is asked for everything
        if owes and self._patience > 0:
            return False  # the history lags behind the book
        log.incomplete.clear()
        self._is_owed = False
        return True

    async def _fetch(self) -> AccountOrders:
        return await self._fetch_account(self)

    def _publish(self, changed: dict[str, None], fills: list[Payload]) -> None:
        if changed or fills:
            get = self.log.get
            orders = [record for record in map(get, changed) if record is not None]
            self._tell(OrderNews(orders, [(get(fill["orderId"]), fill) for fill in fills]))


class PositionFollower(Follower):
    """The position stream: the account's net position in each market."""

    def __init__(
        self,
        stream: str,
        cache: PositionCache,
        topics: Topics,
        parse: Callable[[Payload], Payload],
        fetch: Fetch,
        closed: Callable[[str], Payload],
    ) -> None:
        super().__init__(stream)
        self.fetch = fetch
        self._cache = cache
        self._topics = topics
        self._parse = parse
        self._closed = closed
        self._is_on = False
        self._is_owed = True
        self._is_known = False
        self._times: dict[str, int] = {}
        self._touched: set[str] = set()

    @property
    def needs_restoring(self) -> bool:
        return self._is_on and self._is_owed

    @property
    def is_known(self) -> bool:
        return self._is_known

    def take(self, frames: Sequence[str]) -> None:
        latest: dict[str, Payload] = {}
        for frame in frames:
            event = payload_of(frame)
            market = event["s"]
            if event["T"] >= self._times.get(market, 0):
                self._times[market] = event["T"]
                latest[market] = event
        for event in latest.values():
            position = self._parse(event)
            self._touched.add(position["symbol"])
            self._set(position)

    def begin(self) -> None:
        self._is_on = True
        self._touched.clear()

    def lose(self) -> None:
        self._is_on = False
        self._is_owed = True

    def start_audit(self) -> None:
        self._is_owed = True
        self._touched.clear()

    def restore(self, answer: Sequence[Payload]) -> bool:
        """Take the positions that REST lists; a market that it does not list has none."""
        self._is_owed = False
        listed = {position["symbol"] for position in answer}
        gone = [
            position["symbol"]
            for position in self._cache
            if position["symbol"] not in listed and position["contracts"]
        ]
        for position in (*answer, *map(self._closed, gone)):
            if position["symbol"] not in self._touched:
                self._set(position)
        if not self._is_known:
            self._is_known = True
            self._topics.publish_to_all("positions")
        return True

    def _set(self, position: Payload) -> None:
        known = self._cache.hashmap.get(position["symbol"], {}).get(position["side"])
        if known is not None and _without_time(known) == _without_time(position):
            return
        self._cache.append(position)
        self._topics.publish("positions", position["symbol"], {position["symbol"]})


class BalanceFollower(Follower):
    """The balance stream: each asset's balance, absolute after each change."""

    def __init__(
        self,
        stream: str,
        topics: Topics,
        words: Callable[[Payload], tuple[str, Payload]],
        accept: Callable[[dict[str, Payload], int | None], None],
        fetch: Fetch,
    ) -> None:
        super().__init__(stream)
        self.fetch = fetch
        self._topics = topics
        self._words = words
        self._accept = accept
        self._is_on = False
        self._is_owed = True
        self._assets: dict[str, Payload] = {}
        self._times: dict[str, int] = {}
        self._touched: set[str] = set()
        self._is_known = False

    @property
    def needs_restoring(self) -> bool:
        return self._is_on and self._is_owed

    @property
    def is_known(self) -> bool:
        return self._is_known

    def take(self, frames: Sequence[str]) -> None:
        time = None
        for frame in frames:
            event = payload_of(frame)
            asset, balance = self._words(event)
            if event["T"] >= self._times.get(asset, 0):
                self._times[asset] = event["T"]
                self._assets[asset] = balance
                self._touched.add(asset)
                time = event["E"]
        if time is not None and self._is_known:
            self._accept(self._assets, time // 1000)
            self._topics.publish("balance", "", 1)

    def begin(self) -> None:
        self._is_on = True
        self._touched.clear()

    def lose(self) -> None:
        self._is_on = self._is_known = False
        self._is_owed = True

    def start_audit(self) -> None:
        self._is_owed = True
        self._touched.clear()

    def restore(self, answer: dict[str, Payload]) -> bool:
        """Take all balances as REST gives them. Until then one asset alone would look like all there is."""
        before = self._assets
        self._assets = answer | {asset: before[asset] for asset in self._touched}
        is_news = not self._is_known or before != self._assets
        self._is_owed, self._is_known = False, True
        if is_news:
            self._accept(self._assets, None)
            self._topics.publish("balance", "", 1)
        return True


def _without_time(position: Payload) -> Payload:
    return {key: value for key, value in position.items() if key not in TIMES}


TIMES = frozenset({"timestamp", "datetime", "info", "lastUpdateTimestamp"})
