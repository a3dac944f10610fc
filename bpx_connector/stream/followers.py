"""What becomes of a stream's frames: one follower a stream, keeping state and saying what changed. Pure.

A follower gets its stream's frames of one batch in arrival order. It may need an answer over REST before it
knows its state (`needs_restoring`): it says so and is given one; it never asks for it itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from operator import itemgetter
from typing import Any

from ccxt.async_support.base.ws.cache import ArrayCache, ArrayCacheByTimestamp

from bpx_connector.stream.book import MOST_DELTAS_KEPT, Book, Outcome, Snapshot
from bpx_connector.stream.frames import Delta, delta_of, payload_of
from bpx_connector.stream.topics import Topics

__all__ = [
    "BookFollower",
    "CandleFollower",
    "EventFollower",
    "Fetch",
    "Follower",
    "LatestFollower",
    "TradeFollower",
]

MOST_SKIPPED = 1000
"""Trades that did not come in their turn and may still come."""

Payload = dict[str, Any]
Fetch = Callable[[], Awaitable[Any]]


class Follower:
    """Follows one stream. By itself it lets the frames pass, for callbacks that listen to them."""

    fetch: Fetch | None = None
    """What answers `needs_restoring`."""
    fetch_every: float | None = None
    """Seconds after which the state is compared with REST again, if at all."""
    can_wait = False
    """Whether only the state after the last frame counts, so that frames may be held for a moment."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.frames = 0
        self.last_frame: float | None = None
        self.gaps = 0
        self.refetches = 0
        self.losses = 0

    @property
    def is_idle(self) -> bool:
        """Whether nothing becomes of the frames here: only callbacks listen to them."""
        return type(self) is Follower

    @property
    def needs_restoring(self) -> bool:
        """Whether the state is unknown, or in doubt, until an answer over REST comes."""
        return False

    @property
    def is_known(self) -> bool:
        """Whether there is a state that can be handed out before the next frame."""
        return False

    def take(self, frames: Sequence[str]) -> None:
        """Frames of this stream, in the order in which they came."""

    def begin(self) -> None:
        """The subscription is on: what happens from now on comes as frames."""

    def lose(self) -> None:
        """The connection is gone: frames are being missed."""

    def end(self) -> None:
        """Nobody follows any more."""
        self.lose()

    def start_audit(self) -> None:
        """Doubt the state, so that an answer over REST confirms or corrects it."""

    def restore(self, answer: Any) -> bool:
        """Take an answer over REST; whether that was enough."""
        return True


class BookFollower(Follower):
    """A depth stream: keeps a market's book in step. Several depth streams of a market may share the book."""

    can_wait = True

    def __init__(self, stream: str, part: str, book: Book, topics: Topics, fetch: Fetch) -> None:
        super().__init__(stream)
        self.book = book
        self.fetch = fetch
        self.disagreements = 0
        self.agreements = 0
        self._part = part
        self._topics = topics
        self._has_begun = False
        self._audit: Audit | None = None

    @property
    def needs_restoring(self) -> bool:
        if self._audit is not None:
            return self._audit.snapshot is None
        return self._has_begun and self.book.nonce is None

    @property
    def is_known(self) -> bool:
        return self.book.is_live

    def take(self, frames: Sequence[str]) -> None:
        book, audit = self.book, self._audit
        apply, is_live = book.apply, book.is_live
        is_changed = False
        for frame in frames:
            delta = delta_of(frame)
            outcome = apply(delta)
            if outcome is Outcome.APPLIED:
                is_changed = True
                if audit is not None:
                    audit.see(delta)
            elif is_live and outcome is Outcome.NEED_SNAPSHOT:
                is_live = is_changed = False
                self.gaps += book.has_missed  # else it has only become thin
                self._audit = audit = None
        if is_changed:
            book.describe()
            self._topics.publish("orderbook", self._part)
        if audit is not None:
            self._conclude(audit)

    def begin(self) -> None:
        self._has_begun = True

    def lose(self) -> None:
        self._has_begun = False
        self._audit = None
        self.book.forget()

    def start_audit(self) -> None:
        if self.book.is_live:
            self._audit = Audit()

    def restore(self, answer: Snapshot) -> bool:
        if self._audit is not None:
            self._audit.snapshot = answer
            self._conclude(self._audit)
            return not self.needs_restoring
        outcome = self.book.restore(answer)
        if outcome is Outcome.APPLIED:
            self._topics.publish("orderbook", self._part)
        return outcome is not Outcome.NEED_SNAPSHOT

    def _conclude(self, audit: Audit) -> None:
        """Compare as soon as the book has reached the snapshot; a book that disagrees is fetched anew."""
        verdict = audit.verdict(self.book)
        if verdict is None:
            return
        self._audit = None
        if verdict:
            self.agreements += 1
        else:
            self.disagreements += 1
            self.book.forget()


class Audit:
    """A live book compared with a fresh snapshot: the snapshot, and what was applied since the start."""

    def __init__(self) -> None:
        self.snapshot: Snapshot | None = None
        self._deltas: list[Delta] = []

    def see(self, delta: Delta) -> None:
        """Note a delta that the book has applied."""
        self._deltas.append(delta)
        if len(self._deltas) > MOST_DELTAS_KEPT:
            del self._deltas[: MOST_DELTAS_KEPT // 2]

    def verdict(self, book: Book) -> bool | None:
        """Whether the book is what snapshot and deltas make of it; None if that is not known yet."""
        snapshot = self.snapshot
        if snapshot is None or book.nonce is None or book.nonce < snapshot.nonce:
            return None
        other = Book("")
        for delta in self._deltas:
            other.apply(delta)
        if other.restore(snapshot) is not Outcome.APPLIED or other.nonce != book.nonce:
            self.snapshot = None  # older than the audit itself: another one is needed
            return None
        return book.agrees_with(other)


class LatestFollower(Follower):
    """A stream of which only the latest frame matters: tickers, best prices, mark prices, open interest."""

    def __init__(self, stream: str, accept: Callable[[Payload], None]) -> None:
        super().__init__(stream)
        self._accept = accept
        self._time = 0

    def take(self, frames: Sequence[str]) -> None:
        # Two, in case the last ones were swapped on the way: the latest is the one that was emitted last.
        payload = max(map(payload_of, frames[-2:]), key=_emitted)
        emitted = _emitted(payload)
        if emitted >= self._time:
            self._time = emitted
            self._accept(payload)


class EventFollower(Follower):
    """A stream of which every frame is an event of its own: liquidations, RFQs."""

    def __init__(self, stream: str, accept: Callable[[Payload], None]) -> None:
        super().__init__(stream)
        self._accept = accept

    def take(self, frames: Sequence[str]) -> None:
        for frame in frames:
            self._accept(payload_of(frame))


class TradeFollower(Follower):
    """A market's trades: every one once, oldest first."""

    def __init__(
        self, stream: str, part: str, cache: ArrayCache, topics: Topics, parse: Callable[[Payload], Payload]
    ) -> None:
        super().__init__(stream)
        self._part = part
        self._cache = cache
        self._topics = topics
        self._parse = parse
        self._last = max((int(trade["id"]) for trade in cache), default=-1)
        self._skipped: dict[int, None] = {}

    def take(self, frames: Sequence[str]) -> None:
        append, parse = self._cache.append, self._parse
        count = 0
        try:
            for frame in frames:
                payload = payload_of(frame)
                identity = payload["t"]
                if identity == self._last + 1:
                    self._last = identity
                elif not self._is_new(identity):
                    continue
                append(parse(payload))
                count += 1
        finally:
            if count:
                self._topics.publish("trades", self._part, count)

    def _is_new(self, identity: int) -> bool:
        """Whether a trade that is not the next one has not been here.

        Ids are "a sequential number specific to the symbol": those that have been skipped may still come
        late, any other that is not the highest is a repetition.
        """
        last, skipped = self._last, self._skipped
        if identity <= last:
            return skipped.pop(identity, True) is None
        if last >= 0:
            skipped |= dict.fromkeys(range(max(last + 1, identity - MOST_SKIPPED), identity))
            while len(skipped) > MOST_SKIPPED:
                del skipped[next(iter(skipped))]
        self._last = identity
        return True


class CandleFollower(Follower):
    """A market's candles of one interval, named by their open; periods without trades have none."""

    def __init__(
        self,
        stream: str,
        part: str,
        cache: ArrayCacheByTimestamp,
        topics: Topics,
        parse: Callable[[Payload], list[Any] | None],
        fetch: Callable[[int], Awaitable[list[list[Any]]]],
    ) -> None:
        super().__init__(stream)
        self.fetch = self._fetch_missed
        self._fetch_since = fetch
        self._part = part
        self._cache = cache
        self._topics = topics
        self._parse = parse
        self._standing: tuple[int, int, bool] = (-1, 0, False)
        self._has_missed = False
        self._has_begun = False

    @property
    def needs_restoring(self) -> bool:
        return self._has_begun and self._has_missed

    def take(self, frames: Sequence[str]) -> None:
        changed = set()
        for frame in frames:
            payload = payload_of(frame)
            candle = self._parse(payload)
            if candle is None:
                continue
            standing = (candle[0], payload["n"], payload["X"])
            if standing >= self._standing:
                self._standing = standing
            elif not payload["X"] or candle[0] not in self._cache.hashmap:
                continue  # late: the candle has moved on since
            self._cache.append(candle)
            changed.add(candle[0])
        if changed:
            self._topics.publish("ohlcv", self._part, changed)

    def begin(self) -> None:
        self._has_begun = True

    def lose(self) -> None:
        self._has_begun = False
        self._has_missed = len(self._cache) > 0

    def restore(self, answer: list[list[Any]]) -> bool:
        """Fill in what was missed: a candle that has seen more trades than ours replaces it."""
        self._has_missed = False
        known = {candle[0]: candle for candle in self._cache}
        changed = {
            candle[0]
            for candle in answer
            if candle[0] not in known or float(candle[5]) > float(known[candle[0]][5])
        }
        if changed:
            known |= {candle[0]: candle for candle in answer if candle[0] in changed}
            self._cache.clear()
            for candle in sorted(known.values(), key=itemgetter(0)):
                self._cache.append(candle)
            self._topics.publish("ohlcv", self._part, changed)
        return True

    async def _fetch_missed(self) -> list[list[Any]]:
        return await self._fetch_since(self._cache[-1][0] if len(self._cache) else 0)


def _emitted(payload: Payload) -> int:
    emitted: int = payload.get("E") or 0
    return emitted
