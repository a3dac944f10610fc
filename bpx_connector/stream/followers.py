"""What becomes of a stream's frames: one follower a stream, keeping state and saying what changed. Pure.

A follower gets its stream's frames of one batch in arrival order. It may need an answer over REST before it
knows its state: it says so (`needs_restoring`) and is given one (`restore`). It carries the function that
asks (`fetch`), but it never calls it; `restoring` does, which knows when and how often.

A frame that cannot be understood costs nobody anything but itself: the others of its batch are taken, it is
counted in `spoilt`, and where it may have changed the state, the state is asked for anew.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Hashable, Sequence
from operator import itemgetter
from typing import Any

from ccxt.async_support.base.ws.cache import ArrayCache, ArrayCacheByTimestamp

from bpx_connector.aliases import Decoded, Payload, Structure
from bpx_connector.stream.book import MOST_DELTAS_KEPT, Book, Outcome, Snapshot
from bpx_connector.stream.floors import Floor, Horizon, whole
from bpx_connector.stream.frames import Delta, ExactDelta, data_frame, payload_of
from bpx_connector.stream.trust import Trust

__all__ = [
    "BookFollower",
    "CandleFollower",
    "EventFollower",
    "Fetch",
    "Follower",
    "LatestFollower",
    "Tell",
    "TradeFollower",
]

MOST_SKIPPED = 1000
"""Trades that did not come in their turn and may still come."""

MOST_STRANGE = 3
"""So many trades in a row that are newer than all before but lower in number: the venue counts anew."""

Fetch = Callable[[], Awaitable[Any]]
Tell = Callable[[int | Collection[Hashable]], None]
"""Is told how many entries are new, or which."""


class Follower:
    """Follows one stream. By itself it lets the frames pass, for callbacks that listen to them."""

    fetch: Fetch | None = None
    """What answers `needs_restoring`."""
    fetch_every: float | None = None
    """Seconds after which the state is compared with REST again, if at all."""
    tells_stale = False
    """Whether callers are told, by a NetworkError, when what they hold may be out of date."""
    can_wait = False
    """Whether only the state after the last frame counts, so that frames may be held for a moment."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.trust = Trust()
        self.frames = 0
        self.last_frame: float | None = None
        self.is_heard = False
        """Whether a frame has come over the present connection."""
        self.gaps = 0
        self.refetches = 0
        self.losses = 0
        self.spoilt = 0
        self.owed = 0
        """Of how many things REST has not said yet what became of them."""
        self.trouble: Exception | None = None
        """What was wrong with a frame of the last batch."""
        self.has_failed = False
        """Whether the stream ends although somebody wants it: it, or what it needs of REST, was refused."""
        self.notes: list[str] = []
        """What a user should read in the log."""

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
        self.trust.begin()

    def lose(self) -> None:
        """The connection is gone: frames are being missed."""
        self.is_heard = False
        self.trust.lose()

    def end(self) -> None:
        """Nobody follows any more."""
        self.lose()

    def start_audit(self) -> None:
        """Doubt the state, so that an answer over REST confirms or corrects it."""

    def restore(self, answer: Any) -> bool:
        """Take an answer over REST; whether that was enough."""
        return True

    def spoil(self, error: Exception) -> None:
        """A frame was not understood."""
        self.spoilt += 1
        self.trouble = error


class BookFollower(Follower):
    """A depth stream: keeps a market's book in step. Several depth streams of a market may share the book."""

    can_wait = True

    def __init__(self, stream: str, book: Book, tell: Tell, fetch: Fetch) -> None:
        super().__init__(stream)
        self.book = book
        self.fetch = fetch
        self.disagreements = 0
        self.agreements = 0
        self._tell = tell
        self._delta_of = book.delta_of
        self._audit: Audit | None = None

    @property
    def needs_restoring(self) -> bool:
        if self._audit is not None:
            return self._audit.snapshot is None
        return self.trust.is_on and self.book.nonce is None

    @property
    def is_known(self) -> bool:
        return self.book.is_live

    def take(self, frames: Sequence[str]) -> None:
        book, audit = self.book, self._audit
        apply, delta_of, is_live = book.apply, self._delta_of, book.is_live
        is_changed = False
        for frame in frames:
            try:
                delta = delta_of(frame)
                outcome = apply(delta)
            except ValueError as error:
                self.spoil(error)
                book.forget()
                is_live = is_changed = False
                self._audit = audit = None
                continue
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
            self._tell(1)
        if audit is not None:
            self._conclude(audit)

    def lose(self) -> None:
        super().lose()
        self._audit = None
        self.book.forget()

    def start_audit(self) -> None:
        if self.book.is_live:
            self._audit = Audit(self.book)

    def restore(self, answer: Snapshot) -> bool:
        if self._audit is not None:
            self._audit.snapshot = answer
            self._conclude(self._audit)
            return not self.needs_restoring
        outcome = self.book.restore(answer)
        if outcome is Outcome.APPLIED:
            self._tell(1)
        return outcome is not Outcome.NEED_SNAPSHOT

    def _conclude(self, audit: Audit) -> None:
        """Compare as soon as the book has reached the snapshot; a book that disagrees is fetched anew."""
        verdict = audit.verdict()
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

    def __init__(self, book: Book) -> None:
        self.snapshot: Snapshot | None = None
        self._book = book
        self._deltas: list[Delta | ExactDelta] = []

    def see(self, delta: Delta | ExactDelta) -> None:
        """Note a delta that the book has applied."""
        self._deltas.append(delta)
        if len(self._deltas) > MOST_DELTAS_KEPT:
            del self._deltas[: MOST_DELTAS_KEPT // 2]

    def verdict(self) -> bool | None:
        """Whether the book is what snapshot and deltas make of it; None if that is not known yet."""
        snapshot, book = self.snapshot, self._book
        if snapshot is None or book.nonce is None or book.nonce < snapshot.nonce:
            return None
        other = book.empty_twin()
        for delta in self._deltas:
            other.apply(delta)
        if other.restore(snapshot) is not Outcome.APPLIED or other.nonce != book.nonce:
            self.snapshot = None  # older than the audit itself: another one is needed
            return None
        return book.agrees_with(other)


class LatestFollower(Follower):
    """A stream of which only the latest frame matters: tickers, best prices, mark prices, open interest."""

    def __init__(self, stream: str, accept: Callable[[Decoded], None], horizon: Horizon) -> None:
        super().__init__(stream)
        self._accept = accept
        self._horizon = horizon
        self._floor = Floor()

    def take(self, frames: Sequence[str]) -> None:
        # Two, in case the last ones were swapped on the way: the latest is the one that was emitted last.
        # Of those that cannot be read the ones before them count.
        latest = max(self._read(frames[-2:]) or self._read(frames[:-2][-2:]), default=None, key=itemgetter(0))
        if latest is not None and self._floor.admits(latest[0]):
            try:
                self._accept(latest[1])
            except Exception as error:
                self.spoil(error)

    def lose(self) -> None:
        super().lose()
        self._floor = Floor()

    def _read(self, frames: Sequence[str]) -> list[tuple[int, Payload]]:
        read = []
        for frame in frames:
            try:
                payload = payload_of(frame)
                read.append((self._horizon.checked(payload["E"]), payload))
            except (KeyError, ValueError) as error:
                self.spoil(error)
        return read


class EventFollower(Follower):
    """A stream of which every frame is an event of its own: liquidations, RFQs."""

    def __init__(self, stream: str, accept: Callable[[Decoded], None]) -> None:
        super().__init__(stream)
        self._accept = accept

    def take(self, frames: Sequence[str]) -> None:
        for frame in frames:
            try:
                self._accept(payload_of(frame))
            except Exception as error:
                self.spoil(error)


class TradeFollower(Follower):
    """A market's trades: every one once, oldest first."""

    def __init__(
        self,
        stream: str,
        cache: ArrayCache,
        tell: Tell,
        parse: Callable[[Decoded], Structure],
        horizon: Horizon,
    ) -> None:
        super().__init__(stream)
        self._cache = cache
        self._tell = tell
        self._parse = parse
        self._horizon = horizon
        self._last = max((int(trade["id"]) for trade in cache if trade["id"]), default=-1)
        self._skipped: dict[int, None] = {}
        self._before: set[tuple[str, int]] = set()
        self._time = 0
        self._strange = 0
        self._has_nameless = False

    def take(self, frames: Sequence[str]) -> None:
        append, parse, bound = self._cache.append, self._parse, self._horizon.bound
        count = 0
        for frame in frames:
            try:
                payload = data_frame(frame).data
                identity, time = payload.get("t"), payload.get("T")
                if identity == self._last + 1 and type(time) is int and self._time <= time <= bound:
                    append(parse(payload))  # the next one, as nearly all are
                    self._last, self._time, self._strange = identity, time, 0
                    count += 1
                else:
                    count += self._take_one(payload)
            except Exception as error:
                self.spoil(error)
        if count:
            self._tell(count)

    def _take_one(self, payload: Payload) -> bool:
        identity, time = payload.get("t"), payload.get("T")
        if time is not None:
            time = self._horizon.checked(time)
        if identity is None:
            self._note_nameless()
        elif identity == self._last + 1:
            self._last = identity
        elif not self._is_new(whole(identity), time):
            return False
        if time is not None:
            self._time = max(self._time, time)
        self._strange = 0
        self._cache.append(self._parse(payload))
        return True

    def lose(self) -> None:
        super().lose()
        # A venue may count anew while we are away. What is sent again is known by its number and its time.
        self._before = {(trade["id"], trade["timestamp"]) for trade in self._cache if trade.get("timestamp")}
        self._last = -1
        self._skipped.clear()
        self._strange = 0

    def _is_new(self, identity: int, time: int | None) -> bool:
        """Whether a trade that is not the next one has not been here.

        Ids are "a sequential number specific to the symbol": those that have been skipped may still come
        late, any other that is not the highest is a repetition. Unless it is newer than all before and so are
        the next ones: then the venue counts anew. Example: 7, 8, 900, 9, 10, 11 -> 9 and 10 look repeated, 11
        is believed, and from then on 12 is the next.
        """
        last, skipped = self._last, self._skipped
        if time is not None and (str(identity), time // 1000) in self._before:
            return False
        if identity <= last:
            return skipped.pop(identity, True) is None or self._counts_anew(identity, time)
        if last >= 0:
            skipped |= dict.fromkeys(range(max(last + 1, identity - MOST_SKIPPED), identity))
            while len(skipped) > MOST_SKIPPED:
                del skipped[next(iter(skipped))]
        self._last = identity
        return True

    def _counts_anew(self, identity: int, time: int | None) -> bool:
        if time is None or time <= self._time:
            return False
        self._strange += 1
        if self._strange < MOST_STRANGE:
            return False
        self.notes.append(f"trades of {self.stream} are numbered anew: {identity} after {self._last}")
        self._last = identity
        self._skipped.clear()
        return True

    def _note_nameless(self) -> None:
        if not self._has_nameless:
            self._has_nameless = True
            self.notes.append(f"trades of {self.stream} come without an id")


class CandleFollower(Follower):
    """A market's candles of one interval, named by their open; periods without trades have none."""

    def __init__(
        self,
        stream: str,
        cache: ArrayCacheByTimestamp,
        tell: Tell,
        parse: Callable[[Decoded], list[Any] | None],
        fetch: Callable[[int], Awaitable[list[list[Any]]]],
        horizon: Horizon,
    ) -> None:
        super().__init__(stream)
        self.fetch = self._fetch_missed
        self._fetch_since = fetch
        self._cache = cache
        self._tell = tell
        self._parse = parse
        self._horizon = horizon
        self._standing = Standing()
        self._missed_since: int | None = None
        """The open of the last candle before frames were missed, until REST has told what came after it."""

    @property
    def needs_restoring(self) -> bool:
        return self.trust.must_ask and self.trust.has_missed and len(self._cache) > 0

    def take(self, frames: Sequence[str]) -> None:
        changed = set()
        for frame in frames:
            try:
                payload = payload_of(frame)
                candle = self._parse(payload)
                if candle is None:
                    continue
                self._horizon.checked(candle[0] * 1000)
                is_closed = payload["X"] is True
                if not self._standing.admits(candle[0], whole(payload["n"]), is_closed) and not (
                    is_closed and candle[0] in self._cache.hashmap
                ):
                    continue  # late: the candle has moved on since
            except Exception as error:
                self.spoil(error)
                self._ask_anew()
                continue
            self._cache.append(candle)
            changed.add(candle[0])
        if changed:
            self._tell(changed)

    def lose(self) -> None:
        super().lose()
        self._standing = Standing()
        self._note_missed()

    def restore(self, answer: list[list[Any]]) -> bool:
        """Fill in what was missed: a candle that has seen more trades than ours replaces it."""
        self.trust.settle()
        self._missed_since = None
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
            self._tell(changed)
        return True

    def _ask_anew(self) -> None:
        self._note_missed()
        self.trust.has_missed = True
        self.trust.doubt()

    def _note_missed(self) -> None:
        """Note now where the gap begins: the next frame moves the end of the cache beyond it."""
        if self._missed_since is None and len(self._cache):
            self._missed_since = self._cache[-1][0]

    async def _fetch_missed(self) -> list[list[Any]]:
        if self._missed_since is None:
            self._note_missed()  # what came before the first candle that is held was told to nobody
        return await self._fetch_since(self._missed_since or 0)


class Standing:
    """How far a row of candles has come: the open of the last one, its trades, whether it is closed."""

    def __init__(self) -> None:
        self._opened = Floor()
        self._trades: tuple[int, bool] = (-1, False)
        self._refused = 0

    def admits(self, opened: int, trades: int, is_closed: bool) -> bool:
        """Whether this view of a candle is further; after some refusals it counts all the same."""
        before = self._opened.at
        if not self._opened.admits(opened):
            return False
        if opened == before and (trades, is_closed) < self._trades:
            self._refused += 1
            if self._refused < MOST_STRANGE:
                return False
        self._trades, self._refused = (trades, is_closed), 0
        return True
