"""What the exchange really did during a fault run, and what is wrong with what a client was told. Pure.

A book is right if it is, level by level and as floats, what the venue had at the book's own update number. A
right book may be late: a second later the venue had moved on and the client did not know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

from bpx_connector.sandbox.account.ledger import Account
from bpx_connector.sandbox.exchange.exchange import Exchange
from bpx_connector.sandbox.records.events import DepthChanged, Event

__all__ = ["LATE", "Notes", "Shadow", "Sight", "Verdict", "fingerprint", "verdict"]

LATE = 1.0
"""Seconds after which a book that was right counts as late."""

Levels = Iterable[Sequence[Any]]


class Sight(NamedTuple):
    """One look at one book: when (monotonic seconds), and which it was; no update if it was not known."""

    time: float
    market_id: str
    update: int | None
    fingerprint: int


@dataclass(kw_only=True)
class Notes:
    """What one client was told, as its process wrote it down."""

    handed: list[Sight] = field(default_factory=list)
    """Books that callers of watchOrderBook were given."""
    seen: list[Sight] = field(default_factory=list)
    """Books as they lay in `orderbooks`, looked at many times a second."""
    fills: list[tuple[str, int, int]] | None = None
    """Symbol, trade and order of each fill; None if the class has no watchMyTrades."""
    orders: dict[str, tuple[float, bool]] = field(default_factory=dict)
    """The last word on each order: what is filled, and whether it is open."""
    backwards: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    pending: dict[str, float] = field(default_factory=dict)
    """Since when each caller has been waiting at the end."""
    longest_wait: float = 0.0
    """The longest time a caller of watchOrderBook waited for one answer, in seconds."""


def fingerprint(bids: Levels, asks: Levels) -> int:
    """The same number for the same levels, in any process: hashes of floats are not salted."""
    return hash(tuple(tuple((float(level[0]), float(level[1])) for level in side) for side in (bids, asks)))


class Shadow:
    """Every change of the venue's books, noted as it happens."""

    def __init__(self, venue: Exchange, read_time: Any) -> None:
        self._read_time = read_time
        self._opening = {symbol: venue.depth(symbol) for symbol in venue.rules}
        self._changes: dict[str, list[tuple[float, DepthChanged]]] = {symbol: [] for symbol in venue.rules}
        venue.listeners.append(self._hear)

    def _hear(self, event: Event) -> None:
        if isinstance(event, DepthChanged):
            self._changes[event.symbol].append((self._read_time(), event))

    def history(self, market_id: str, updates: set[int]) -> dict[int, tuple[int, float]]:
        """For each of these updates: the true book's fingerprint, and when the next update followed."""
        opening = self._opening[market_id]
        bids, asks = dict(opening.bids), dict(opening.asks)
        changes = self._changes[market_id]
        moments = [*(time for time, _ in changes), float("inf")]
        found = {}
        if opening.last_update_id in updates:
            found[opening.last_update_id] = _fingerprint(bids, asks), moments[0]
        for (_, event), until in zip(changes, moments[1:], strict=True):
            for side, changed in ((bids, event.bids), (asks, event.asks)):
                for price, size in changed.items():
                    side[price] = size
                    if not size:
                        del side[price]
            if event.last_id in updates:
                found[event.last_id] = _fingerprint(bids, asks), until
        return found


def _fingerprint(bids: dict[Any, Any], asks: dict[Any, Any]) -> int:
    return fingerprint(sorted(bids.items(), reverse=True), sorted(asks.items()))


@dataclass(kw_only=True)
class Verdict:
    """How one client fared."""

    handed: int = 0
    wrong: int = 0
    rewound: int = 0
    """Books handed out that are older than the one before."""
    market_seconds: float = 0.0
    seconds: Counter[str] = field(default_factory=Counter)
    """Market seconds during which the book in `orderbooks` was wrong, unknown or late."""
    longest_wrong: float = 0.0
    wrong_at_the_end: int = 0
    longest_wait: float = 0.0
    fills: int = 0
    lost_fills: int | None = None
    repeated_fills: int | None = None
    orders: int = 0
    wrong_orders: int = 0
    backwards: int = 0
    unanswered: int = 0
    errors: dict[str, int] = field(default_factory=dict)


def verdict(
    notes: Notes, shadow: Shadow, venue: Exchange, account: Account, begun: float, calm: float
) -> Verdict:
    """Judge one client from the time when faults began; whoever waits since before `calm` is forgotten."""
    found = Verdict(handed=len(notes.handed), backwards=notes.backwards, errors=notes.errors)
    found.longest_wait = notes.longest_wait
    found.unanswered = sum(since < calm for since in notes.pending.values())
    for market_id in venue.rules:
        handed = [sight for sight in notes.handed if sight.market_id == market_id]
        seen = [sight for sight in notes.seen if sight.market_id == market_id and sight.time >= begun]
        updates = {sight.update for sight in (*handed, *seen) if sight.update is not None}
        truth = shadow.history(market_id, updates)
        found.wrong += sum(_state(sight, truth) in ("wrong", "unknown") for sight in handed)
        found.rewound += sum((after.update or 0) < (before.update or 0) for before, after in pairwise(handed))
        _judge_sights(found, seen, truth)
    _judge_fills(found, notes, venue, account)
    _judge_orders(found, notes, venue, account)
    return found


def _state(sight: Sight, truth: dict[int, tuple[int, float]]) -> str:
    if sight.update is None:
        return "unknown"
    true, until = truth.get(sight.update, (None, 0.0))
    if true != sight.fingerprint:
        return "wrong"
    return "late" if sight.time - until > LATE else "right"


def _judge_sights(found: Verdict, seen: list[Sight], truth: dict[int, tuple[int, float]]) -> None:
    stretch, state = 0.0, "right"
    for before, after in pairwise(seen):
        state, lasted = _state(before, truth), after.time - before.time
        found.seconds[state] += lasted  # type: ignore[assignment]  # a Counter counts fractions as well
        found.market_seconds += lasted
        stretch = stretch + lasted if state == "wrong" else 0.0
        found.longest_wrong = max(found.longest_wrong, stretch)
    found.wrong_at_the_end += state == "wrong"


def _judge_fills(found: Verdict, notes: Notes, venue: Exchange, account: Account) -> None:
    true = {(fill.symbol, fill.trade_id, fill.order_id) for fill in venue.fills(account)}
    found.fills = len(true)
    if notes.fills is not None:
        found.lost_fills = len(true - set(notes.fills))
        found.repeated_fills = len(notes.fills) - len(set(notes.fills))


def _judge_orders(found: Verdict, notes: Notes, venue: Exchange, account: Account) -> None:
    for order in venue.order_history(account):
        found.orders += 1
        found.wrong_orders += notes.orders.get(str(order.id)) != (
            float(order.executed_quantity),
            order.is_open,
        )
