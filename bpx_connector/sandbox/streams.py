"""Which streams there are and what is due on each: from stream names and engine events to payloads. Pure; no sockets.

A stream is open while somebody wants it; nothing is made for a stream that is not open. Some payloads follow an
event at once, the others follow the clock, in steps, so a driven clock sends the same frames every time.

Backpack OpenAPI, tag Streams, names the streams. When the timed ones are sent within their second is read off
captured frames: candles and tickers about half a second after it began, marks a little before.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, NamedTuple, Protocol

from . import frames
from .candles import INTERVALS, MONTH, Candle, interval_bounds
from .events import (
    BalanceChanged,
    DepthChanged,
    Event,
    Liquidated,
    OrderChanged,
    PositionChanged,
    TopChanged,
    Traded,
)
from .frames import Payload
from .ledger import Account
from .venue import Venue

__all__ = ["Key", "Publication", "Request", "Source", "Stream", "Streams", "request_of", "stream_of"]

SECOND: Final = 1_000_000
MARK_PHASE: Final = 400_000
"""How far into each second marks are sent."""
HALF_SECOND: Final = 500_000
"""How far into each second tickers and candles are sent: a closed candle comes half a second after its close."""
OPEN_INTEREST_PERIOD: Final = 60 * SECOND
WINDOWS: Final = {"200ms": 200_000, "600ms": 600_000, "1000ms": 1_000_000}
"""The periods over which depth can be merged."""
MOST_CLOSED: Final = 60
"""After a leap of the clock (a machine asleep) so many closed candles are made up for, and older ones are not."""
CLOSED: Final = "Closed"


# --- names ---------------------------------------------------------------------------------------------


class Stream(NamedTuple):
    """A stream's name, taken apart. `variant` is a candle's interval or a depth's window."""

    name: str
    kind: str
    symbol: str | None = None
    variant: str | None = None

    @property
    def is_private(self) -> bool:
        """Whether a signature is asked for."""
        return self.kind.startswith("account.")


_BY_SYMBOL: Final = frozenset({"bookTicker", "trade", "ticker", "markPrice", "openInterest", "liquidation"})
_SILENT: Final = frozenset({"externalTicker", "stockPrice", "stockIndicativeQuote"})
"""The venue has these; nothing here stands behind them, so they are accepted and never send anything."""
_SCOPABLE: Final = frozenset({"account.orderUpdate", "account.positionUpdate", "account.rfqUpdate"})
_BALANCES: Final = "account.balanceUpdate"
_WINDOW: Final = re.compile(r"\d+ms")


def stream_of(name: str) -> Stream | str:
    """The stream of that name, or the error frame that answers it.

    An unknown symbol is no error, and neither is `depth.5.SOL_USDC`, whose symbol nobody has: they stay silent.
    """
    if name == "liquidation":
        return Stream(name, name)
    if name.startswith("account."):
        return _account_stream(name)
    kind, _, rest = name.partition(".")
    if not rest:
        return frames.INVALID_STREAM
    if kind == "depth":
        return _depth_stream(name, rest)
    if kind == "kline":
        interval, _, symbol = rest.partition(".")
        is_known = symbol and (interval in INTERVALS or interval == MONTH)
        return Stream(name, kind, symbol, interval) if is_known else frames.INVALID_STREAM
    if kind in _BY_SYMBOL or kind in _SILENT:
        return Stream(name, kind, rest)
    return frames.INVALID_STREAM


def _depth_stream(name: str, rest: str) -> Stream | str:
    window, _, symbol = rest.partition(".")
    if not _WINDOW.fullmatch(window):
        return Stream(name, "depth", rest)
    if window not in WINDOWS:
        return frames.INVALID_DEPTH_WINDOW
    return Stream(name, "depth", symbol, window) if symbol else frames.INVALID_STREAM


def _account_stream(name: str) -> Stream | str:
    if name in _SCOPABLE or name == _BALANCES:
        return Stream(name, name)
    kind, symbol = ".".join(name.split(".")[:2]), ".".join(name.split(".")[2:])
    return Stream(name, kind, symbol) if kind in _SCOPABLE and symbol else frames.INVALID_STREAM


@dataclass(frozen=True, slots=True)
class Request:
    """A frame of a client: streams to begin or to end. An `id` is tolerated and never echoed."""

    subscribes: bool
    names: list[str]
    signature: Any


_METHODS: Final = {"SUBSCRIBE": True, "UNSUBSCRIBE": False}


def request_of(text: str | bytes) -> Request | None:
    """What a client asks for; None if it cannot be understood."""
    try:
        message = json.loads(text)
    except ValueError:
        return None
    if not isinstance(message, dict):
        return None
    method, names = message.get("method"), message.get("params")
    if not isinstance(method, str) or method not in _METHODS or not isinstance(names, list):
        return None
    if not all(isinstance(name, str) for name in names):
        return None
    return Request(_METHODS[method], names, message.get("signature"))


# --- what follows the clock ----------------------------------------------------------------------------


class _Timed(Protocol):
    """A stream that looks at the clock: what it sends at this moment."""

    def due(self, now: int) -> Iterable[Payload]: ...


class _Repeated:
    """The same question asked once a period, changed or not; None is not sent."""

    def __init__(self, period: int, phase: int, now: int, payload: Callable[[int], Payload | None]) -> None:
        self._beat: Final = _Beat(period, phase, now)
        self._payload: Final = payload

    def due(self, now: int) -> Iterable[Payload]:
        payload = self._payload(now) if self._beat.is_over(now) else None
        return () if payload is None else (payload,)


class _Beat:
    """Tells once in every period that a new one has begun."""

    def __init__(self, period: int, phase: int, now: int) -> None:
        self._period: Final = period
        self._phase: Final = phase
        self._count = (now - phase) // period

    def is_over(self, now: int) -> bool:
        count = (now - self._phase) // self._period
        if count == self._count:
            return False
        self._count = count
        return True


class _MergedDepth:
    """All changes of one book in one window as one frame; nothing is sent for a window without changes."""

    def __init__(self, window: int, pad: frames.Padding, now: int) -> None:
        self._beat: Final = _Beat(window, 0, now)
        self._pad: Final = pad
        self._merged: DepthChanged | None = None

    def take(self, event: DepthChanged) -> None:
        if self._merged is None:
            self._merged = event
            return
        self._merged = replace(
            self._merged,
            time=event.time,
            last_id=event.last_id,
            bids={**self._merged.bids, **event.bids},
            asks={**self._merged.asks, **event.asks},
        )

    def due(self, now: int) -> Iterable[Payload]:
        if not self._beat.is_over(now) or self._merged is None:
            return ()
        merged, self._merged = self._merged, None
        return (frames.depth(merged, self._pad, now),)


class _Candles:
    """One market's candles of one interval: at most once a second after a fill, and once more when one closes.

    "A minute without trades still closes", with nulls.
    """

    def __init__(
        self, symbol: str, interval: str, now: int, read: Callable[[str, str, int, int], Candle | None]
    ) -> None:
        self._symbol: Final = symbol
        self._interval: Final = interval
        self._read: Final = read
        self._beat: Final = _Beat(SECOND, HALF_SECOND, now)
        self._bounds = interval_bounds(interval, now)
        self._has_traded = False

    def traded(self) -> None:
        self._has_traded = True

    def due(self, now: int) -> Iterable[Payload]:
        if not self._beat.is_over(now):
            return ()
        payloads = [self._payload(bounds, now, closed=True) for bounds in self._closed(now)]
        if self._has_traded and self._candle() is not None:
            payloads.append(self._payload(self._bounds, now, closed=False))
        self._has_traded = False
        return payloads

    def _closed(self, now: int) -> list[tuple[int, int]]:
        closed: list[tuple[int, int]] = []
        while self._bounds[1] <= now:
            closed.append(self._bounds)
            self._bounds = interval_bounds(self._interval, self._bounds[1])
        return closed[-MOST_CLOSED:]

    def _candle(self) -> Candle | None:
        return self._read(self._symbol, self._interval, *self._bounds)

    def _payload(self, bounds: tuple[int, int], now: int, *, closed: bool) -> Payload:
        candle = self._read(self._symbol, self._interval, *bounds)
        return frames.kline(self._symbol, *bounds, candle, now, closed=closed)


# --- all streams ---------------------------------------------------------------------------------------


class Source(Protocol):
    """What the streams ask the exchange between its events."""

    @property
    def venue(self) -> Venue:
        """The exchange."""

    def ticker(self, symbol: str, now: int) -> Any:
        """The last 24 hours of one market (`candles.Ticker`), or None."""

    def candle(self, symbol: str, interval: str, start: int, end: int) -> Candle | None:
        """One interval's candle, running or closed, or None if nothing traded in it."""

    def state(self, symbol: str) -> str:
        """The state of a market's book."""


class Key(NamedTuple):
    """What makes two subscriptions one stream: its name and, on private ones, whose it is."""

    name: str
    account_id: int | None = None


class Publication(NamedTuple):
    """A payload and the stream it belongs to."""

    key: Key
    payload: Payload


class Streams:
    """All open streams of one exchange."""

    def __init__(self, source: Source) -> None:
        self._source: Final = source
        self._open: Final[dict[Key, Stream]] = {}
        self._accounts: Final[Counter[int]] = Counter()
        self._timed: Final[dict[str, _Timed]] = {}
        self._merged: Final[defaultdict[str, dict[str, _MergedDepth]]] = defaultdict(dict)
        self._candles: Final[defaultdict[str, dict[str, _Candles]]] = defaultdict(dict)
        self._paddings: Final[dict[str, frames.Padding]] = {}
        self._answers: Final[dict[type, Callable[[Any, int], Iterator[Publication]]]] = {
            DepthChanged: self._depth,
            TopChanged: self._top,
            Traded: self._trade,
            Liquidated: self._liquidation,
            OrderChanged: self._order,
            PositionChanged: self._position,
            BalanceChanged: self._balance,
        }

    @property
    def keys(self) -> list[Key]:
        """The open streams, in the order in which they were opened."""
        return list(self._open)

    def open(self, stream: Stream, account_id: int | None, now: int) -> None:
        """Begin to make a stream's payloads; an open stream stays as it is."""
        key = Key(stream.name, account_id)
        if key in self._open:
            return
        self._open[key] = stream
        if account_id is not None:
            self._accounts[account_id] += 1
        if stream.symbol in self._source.venue.rules:
            self._begin_timed(stream, stream.symbol, now)

    def close(self, key: Key) -> None:
        """Make no more payloads of a stream."""
        stream = self._open.pop(key, None)
        if stream is None:
            return
        if key.account_id is not None:
            self._accounts[key.account_id] -= 1
            if not self._accounts[key.account_id]:
                del self._accounts[key.account_id]
        self._timed.pop(stream.name, None)
        for by_symbol in (self._merged, self._candles):
            by_name = by_symbol.get(stream.symbol or "")
            if by_name is not None:
                by_name.pop(stream.name, None)

    def of_event(self, event: Event, now: int) -> Iterable[Publication]:
        """What an event means on the open streams, in the order in which it is sent."""
        answer = self._answers.get(type(event))
        return () if answer is None or not self._open else answer(event, now)

    def due(self, now: int) -> Iterator[Publication]:
        """What the clock has brought about on the open streams."""
        for name, timed in list(self._timed.items()):
            for payload in timed.due(now):
                if not self._is_closed(payload["s"]):
                    yield Publication(Key(name), payload)

    def snapshot(self, stream: Stream, account: Account, now: int) -> list[Payload]:
        """What a subscription begins with: open positions on their stream, nothing on all others."""
        if stream.kind != "account.positionUpdate":
            return []
        return [
            frames.open_position(view, now)
            for view in self._source.venue.positions(account)
            if stream.symbol in (None, view.position.symbol)
        ]

    # --- by the clock --------------------------------------------------------------------------------

    def _begin_timed(self, stream: Stream, symbol: str, now: int) -> None:
        venue = self._source.venue
        if stream.kind == "depth" and stream.variant is not None:
            merged = _MergedDepth(WINDOWS[stream.variant], self._padding(symbol), now)
            self._timed[stream.name] = self._merged[symbol][stream.name] = merged
        elif stream.kind == "kline" and stream.variant is not None:
            candles = _Candles(symbol, stream.variant, now, self._source.candle)
            self._timed[stream.name] = self._candles[symbol][stream.name] = candles
        elif stream.kind == "ticker":
            self._timed[stream.name] = _Repeated(
                SECOND, HALF_SECOND, now, lambda at: self._ticker(symbol, at)
            )
        elif stream.kind == "markPrice":
            self._timed[stream.name] = _Repeated(
                SECOND, MARK_PHASE, now, lambda at: frames.mark_price(venue.mark(symbol), at, at)
            )
        elif stream.kind == "openInterest" and venue.rules[symbol].is_perp:
            self._timed[stream.name] = _Repeated(
                OPEN_INTEREST_PERIOD,
                0,
                now,
                lambda at: frames.open_interest(symbol, venue.open_interest(symbol), at),
            )

    def _ticker(self, symbol: str, now: int) -> Payload | None:
        row = self._source.ticker(symbol, now)
        return None if row is None else frames.ticker(row, now)

    def _is_closed(self, symbol: str) -> bool:
        return self._source.state(symbol) == CLOSED

    def _padding(self, symbol: str) -> frames.Padding:
        known = self._paddings.get(symbol)
        if known is None:
            known = self._paddings[symbol] = frames.padding(self._source.venue.rules[symbol])
        return known

    # --- by event ------------------------------------------------------------------------------------

    def _depth(self, event: DepthChanged, now: int) -> Iterator[Publication]:
        for merged in self._merged.get(event.symbol, {}).values():
            merged.take(event)
        key = Key(f"depth.{event.symbol}")
        if key in self._open:
            yield Publication(key, frames.depth(event, self._padding(event.symbol), now))

    def _top(self, event: TopChanged, now: int) -> Iterator[Publication]:
        key = Key(f"bookTicker.{event.symbol}")
        if key in self._open:
            yield Publication(key, frames.book_ticker(event, self._padding(event.symbol), now))

    def _trade(self, event: Traded, now: int) -> Iterator[Publication]:
        for candles in self._candles.get(event.symbol, {}).values():
            candles.traded()
        key = Key(f"trade.{event.symbol}")
        if key in self._open:
            yield Publication(key, frames.trade(event, now))

    def _liquidation(self, event: Liquidated, now: int) -> Iterator[Publication]:
        # The older documentation has one stream for all markets, the newer one a stream for each.
        yield from self._both(
            "liquidation", event.symbol, None, event, lambda it: frames.liquidation(it, now)
        )

    def _order(self, event: OrderChanged, now: int) -> Iterator[Publication]:
        yield from self._both(
            "account.orderUpdate",
            event.order.symbol,
            event.account_id,
            event,
            lambda it: frames.order_update(it, now),
        )

    def _position(self, event: PositionChanged, now: int) -> Iterator[Publication]:
        yield from self._both(
            "account.positionUpdate",
            event.position.symbol,
            event.account_id,
            event,
            lambda it: frames.position_update(it, now),
        )

    def _balance(self, event: BalanceChanged, now: int) -> Iterator[Publication]:
        key = Key(_BALANCES, event.account_id)
        if key in self._open:
            yield Publication(key, frames.balance_update(event, now))

    def _both(
        self, name: str, symbol: str, account_id: int | None, event: Any, payload: Callable[[Any], Payload]
    ) -> Iterator[Publication]:
        """The stream of all markets and the one of this market, with one payload for both."""
        if account_id is not None and account_id not in self._accounts:
            return
        keys = [
            key for key in (Key(name, account_id), Key(f"{name}.{symbol}", account_id)) if key in self._open
        ]
        if keys:
            made = payload(event)
            yield from (Publication(key, made) for key in keys)
