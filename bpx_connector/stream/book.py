"""Everything that moves a book's sequence is in this file.

A delta carries the first (U) and the last (u) update it holds; sizes are absolute and zero deletes. The
rule: drop a delta whose u the book has passed; apply one with U <= nonce + 1 <= u; anything beyond is a
gap, and the book is unknown until a snapshot L joins the buffered deltas, U <= L + 1 <= u and then without
a hole. Source: Backpack OpenAPI, tag Streams, "Depth"; the join as observed (REST may be ahead of the
socket or behind).

A book answers with a value. It does not wait, fetch, read the clock or call back.

Neither is it deaf for ever when one frame or snapshot carries a number far too high: what seems to come from
before is refused a number of times in a row, and then believed (`MOST_REFUSED`, `MOST_STALE`).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from itertools import chain, islice
from math import inf, isfinite
from operator import lt
from typing import Any, NamedTuple

from ccxt.async_support.base.ws.order_book import OrderBook
from ccxt.async_support.base.ws.order_book_side import OrderBookSide
from ccxt.base.exchange import Exchange

from bpx_connector.garbage import uncollected
from bpx_connector.stream.frames import Delta, ExactDelta, delta_of, exact_delta_of

__all__ = ["MOST_STALE", "Book", "Outcome", "Snapshot", "snapshot_of"]

MOST_DELTAS_KEPT = 20_000
"""Deltas buffered while no snapshot comes. Of more the oldest go first: a later snapshot covers them."""

MOST_REFUSED = 8
"""Snapshots from before what a book has already been, after which we believe that the venue counts anew."""

MOST_STALE = 256
"""Deltas in a row from before what a live book is at, after which it is the book that is wrong. Right after a
snapshot that is ahead of the socket a few are."""

FARTHEST = 1_000_000
"""Updates that one delta may span; a window of the venue's merges a few hundred."""

THIN = 0.25
"""A side of which the snapshot held only the best part is fetched again when less than this is left of it."""

Levels = Sequence[Sequence[Any]]


class Outcome(Enum):
    """What became of a delta or a snapshot."""

    APPLIED = "applied"
    STALE = "stale"
    NEED_SNAPSHOT = "need snapshot"


class Snapshot(NamedTuple):
    """A whole book at one update. A side with `depth` levels or more may have been cut there."""

    nonce: int
    bids: Levels
    asks: Levels
    timestamp: int | None = None
    depth: int | None = None


def snapshot_of(answer: Any, depth: int) -> Snapshot:
    """The book in an answer of GET /api/v1/depth that was asked for so many levels a side."""
    time = answer.get("timestamp")
    # A gateway may know less than was asked for, and says so; the venue itself does not.
    depth = int(answer.get("limit", depth))
    update = int(answer["lastUpdateId"])
    return Snapshot(update, answer["bids"], answer["asks"], None if time is None else int(time), depth)


class Book:
    """One market's book: `view` is the caller's, ccxt's OrderBook, live or empty but never a mixture."""

    __slots__ = (
        "_asks",
        "_below",
        "_bids",
        "_buffer",
        "_highest",
        "_number",
        "_passed",
        "_refused",
        "_stale",
        "nonce",
        "time",
        "view",
    )

    def __init__(self, symbol: str, number: Callable[[str], Any] = float) -> None:
        self.view = OrderBook({"symbol": symbol})
        self._number = number
        self.nonce: int | None = None
        self.time: int | None = None
        self._bids = _side(self.view["bids"], -1.0, number)
        self._asks = _side(self.view["asks"], 1.0, number)
        self._buffer: list[Delta | ExactDelta] = []
        self._passed = 0
        self._refused = 0
        self._stale = 0
        self._highest = 0
        self._below = 0

    @property
    def delta_of(self) -> Callable[[str], Delta | ExactDelta]:
        """What reads a frame into a delta for this book."""
        return delta_of if self._number is float else exact_delta_of

    def empty_twin(self) -> Book:
        """A book of the same kind of figures, to compare with."""
        return Book("", self._number)

    @property
    def is_live(self) -> bool:
        """Whether the levels are those of the venue at update `nonce`."""
        return self.nonce is not None

    @property
    def has_missed(self) -> bool:
        """Whether deltas wait for a snapshot, because what came before them is not known."""
        return bool(self._buffer)

    def apply(self, delta: Delta | ExactDelta) -> Outcome:
        """Move on by one delta. NEED_SNAPSHOT means that the book is unknown from here on."""
        nonce = self.nonce
        if nonce is None:
            return self._keep(delta)
        if delta.u <= nonce:
            if delta.u < delta.U:
                return Outcome.STALE  # no update at all: it only tells how far the venue has come
            self._stale += 1
            if self._stale < MOST_STALE:
                return Outcome.STALE
            self.forget()
            self._passed = 0
            return self._keep(delta)
        if nonce + 1 < delta.U or delta.u - delta.U > FARTHEST:
            self.forget()
            return self._keep(delta)
        self._stale = 0
        if self._move(delta):
            self.forget()
            return Outcome.NEED_SNAPSHOT
        return Outcome.APPLIED

    @uncollected  # two thousand levels at once, a hundred books one after the other
    def restore(self, snapshot: Snapshot) -> Outcome:
        """Start from a snapshot and catch up with what was buffered.

        NEED_SNAPSHOT if it does not join: it is older than the deltas or than what the book has already
        been, or some of the deltas are missing. What is buffered stays buffered.
        """
        if self.nonce is not None:
            return Outcome.STALE
        if snapshot.nonce < self._passed and self._refused < MOST_REFUSED:
            self._refused += 1
            return Outcome.NEED_SNAPSHOT
        waiting = sorted((delta for delta in self._buffer if delta.u > snapshot.nonce), key=_first_update)
        if not _is_chain(snapshot.nonce, waiting):
            return Outcome.NEED_SNAPSHOT
        bids, asks = self._bids.checked(snapshot.bids), self._asks.checked(snapshot.asks)
        self._buffer = []
        self._refused = self._stale = self._below = self._highest = 0
        self._passed = snapshot.nonce
        self._bids.replace(bids, snapshot.depth)
        self._asks.replace(asks, snapshot.depth)
        self.nonce = snapshot.nonce
        self.time = snapshot.timestamp
        for delta in waiting:
            if delta.u > self.nonce:
                self._move(delta)
        self.describe()
        return Outcome.APPLIED

    def forget(self) -> None:
        """Mark the book as unknown: no levels, no nonce, nothing that could be taken for the market."""
        self._passed = max([self.nonce or self._passed, *(delta.u for delta in self._buffer)])
        self.nonce = None
        self.time = None
        self._buffer = []
        self._stale = self._below = self._highest = 0
        self._bids.clear()
        self._asks.clear()
        self.describe()

    def describe(self) -> None:
        """Bring nonce and time of the view up to its levels. Due after each batch of deltas."""
        view, time = self.view, self.time
        view["nonce"] = self.nonce
        if time is None:
            view["timestamp"] = view["datetime"] = None
        else:
            view["timestamp"] = milliseconds = time // 1000
            second, rest = divmod(milliseconds, 1000)
            view["datetime"] = _second(second) + str(1000 + rest)[1:] + "Z"

    def best(self, limit: int | None) -> OrderBook:
        """What a caller gets: the live view, or a copy of its best `limit` levels a side."""
        if limit is None:
            return self.view
        view = self.view
        part = OrderBook({"symbol": view["symbol"]}, limit)
        self._bids.copy_best(limit, part["bids"])
        self._asks.copy_best(limit, part["asks"])
        part["nonce"], part["timestamp"], part["datetime"] = (
            view["nonce"],
            view["timestamp"],
            view["datetime"],
        )
        return part

    def agrees_with(self, other: Book) -> bool:
        """Whether both have the same levels, as far down as both know them."""
        return self._bids.agrees_with(other._bids) and self._asks.agrees_with(other._asks)

    def _keep(self, delta: Delta | ExactDelta) -> Outcome:
        """Buffer a delta until a snapshot comes.

        One with a number far too high would keep every snapshot from joining. Example: 100, 9000, 101, 102,
        ... -> when `MOST_REFUSED` in a row are lower than the highest, what is higher goes.
        """
        if delta.u - delta.U > FARTHEST:
            return Outcome.NEED_SNAPSHOT
        if delta.u >= self._highest:
            self._highest, self._below = delta.u, 0
        else:
            self._below += 1
            if self._below >= MOST_REFUSED:
                self._buffer = [kept for kept in self._buffer if kept.u <= delta.u]
                self._highest, self._below = delta.u, 0
        self._buffer.append(delta)
        if len(self._buffer) > MOST_DELTAS_KEPT:
            del self._buffer[: MOST_DELTAS_KEPT // 2]
        return Outcome.NEED_SNAPSHOT

    def _move(self, delta: Delta | ExactDelta) -> bool:
        """Move on by a delta that fits; whether too little is left of a side."""
        is_thin = bool(delta.b) and self._bids.change(delta.b)
        is_thin |= bool(delta.a) and self._asks.change(delta.a)
        self.nonce = delta.u
        self.time = delta.T
        return is_thin


class _Side:
    """The levels of one side, best first, in ccxt's own list, and the sorted keys by which it finds them.

    The keys are bare doubles side by side: with a hundred books most of a search in a list of a thousand
    float objects is waiting for memory.
    """

    __slots__ = ("_horizon", "_keys", "_levels", "_sign", "_thin_below")

    def __init__(self, levels: OrderBookSide, sign: float) -> None:
        self._levels = levels
        self._keys: array[float] = array("d")
        levels._index = self._keys  # type: ignore[assignment]  # ccxt asks of it what an array can do
        self._sign = sign
        self.clear()

    def clear(self) -> None:
        self._levels.clear()
        del self._keys[:]
        self._horizon = inf
        self._thin_below = 0

    def replace(self, levels: list[tuple[Any, Any]], depth: int | None) -> None:
        """Take over a snapshot's levels, checked, in whatever order the venue sends them.

        Of a side that was cut at `depth` levels nothing is known beyond its worst price, so nothing beyond it
        is kept: a level without its neighbours would look like a hole in the market.
        """
        self.clear()
        self._fill(levels)
        if depth is not None and len(self._keys) >= depth:
            self._horizon = self._keys[-1]
            self._thin_below = max(1, int(depth * THIN))

    def _fill(self, levels: list[tuple[Any, Any]]) -> None:
        """Set the levels of an empty side: at once if they come in order, as the venue sends them."""
        sign = self._sign
        keys = array("d", [price * sign for price, _ in levels])
        is_worst_first = len(keys) > 1 and keys[0] > keys[-1]
        if is_worst_first:
            keys.reverse()
        if all(map(lt, keys, islice(keys, 1, None))) and 0 not in [size for _, size in levels]:
            self._keys.extend(keys)
            self._levels.extend(map(list, reversed(levels) if is_worst_first else levels))
        else:
            self.change(levels)

    def change(self, changes: Iterable[tuple[Any, Any]]) -> bool:
        """Set or delete levels.

        Answers whether too little is left of a side of which only the best part was ever known.
        """
        levels, keys, sign, horizon = self._levels, self._keys, self._sign, self._horizon
        for price, size in changes:
            key = price * sign
            if key > horizon:
                continue
            index = bisect_left(keys, key)
            if index < len(keys) and keys[index] == key:
                if size:
                    levels[index][1] = size
                else:
                    del keys[index]
                    del levels[index]
            elif size:
                keys.insert(index, key)
                levels.insert(index, [price, size])
        return len(keys) < self._thin_below

    def checked(self, levels: Levels) -> list[tuple[Any, Any]]:
        """Levels as a snapshot has them, each of them a price and a size; ValueError for anything else."""
        checked = [(float(price), float(size)) for price, size in levels]
        figures = list(chain.from_iterable(checked))
        if figures and (min(figures) < 0 or not isfinite(sum(figures))):  # the sum knows of every nan
            raise ValueError("a level of the snapshot is no price and size")
        return checked

    def agrees_with(self, other: _Side) -> bool:
        horizon = min(self._horizon, other._horizon)
        return self._down_to(horizon) == other._down_to(horizon)

    def _down_to(self, horizon: float) -> list[list[float]]:
        return self._levels[: bisect_right(self._keys, horizon)]

    def copy_best(self, limit: int, into: OrderBookSide) -> None:
        into.extend([level[:] for level in self._levels[:limit]])
        into._index.extend(self._keys[:limit])


class _ExactSide(_Side):
    """The same with prices and sizes in the caller's numbers, made of the venue's digits."""

    __slots__ = ("_number",)

    def __init__(self, levels: OrderBookSide, sign: float, number: Callable[[str], Any]) -> None:
        self._number = number
        super().__init__(levels, sign)

    def _fill(self, levels: list[tuple[Any, Any]]) -> None:
        self.change(levels)

    def change(self, changes: Iterable[tuple[Any, Any]]) -> bool:
        levels, keys, sign, horizon = self._levels, self._keys, self._sign, self._horizon
        for price, size in self.checked(list(changes)):
            key = float(price) * sign
            if key > horizon:
                continue
            index = bisect_left(keys, key)
            is_there = index < len(keys) and keys[index] == key
            if not Decimal(size):
                if is_there:
                    del keys[index]
                    del levels[index]
            elif is_there:
                levels[index][1] = self._number(size)
            else:
                keys.insert(index, key)
                levels.insert(index, [self._number(price), self._number(size)])
        return len(keys) < self._thin_below

    def checked(self, levels: Levels) -> list[tuple[Any, Any]]:
        for price, size in levels:
            if not (isfinite(float(price)) and float(price) >= 0 and 0 <= float(size) < inf):
                raise ValueError("a level is no price and size")
        return [(_plain(price), _plain(size)) for price, size in levels]


def _side(levels: OrderBookSide, sign: float, number: Callable[[str], Any]) -> _Side:
    return _Side(levels, sign) if number is float else _ExactSide(levels, sign, number)


def _plain(figure: Any) -> str:
    """The digits as REST writes them: the stream has "86700.0" where REST has "86700"."""
    text = format(Decimal(figure), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    """The beginning of a time, up to the milliseconds."""
    return str(Exchange.iso8601(seconds * 1000))[: -len("000Z")]


def _first_update(delta: Delta | ExactDelta) -> int:
    return delta.U


def _is_chain(nonce: int, deltas: Sequence[Delta | ExactDelta]) -> bool:
    """Whether the deltas, sorted, lead on from `nonce` without a hole."""
    for delta in deltas:
        if nonce + 1 < delta.U:
            return False
        nonce = max(nonce, delta.u)
    return True
