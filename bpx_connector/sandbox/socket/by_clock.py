"""Streams that follow the clock: what each has to send at a moment, and what it gathers until then. Pure.

Asked at every step of the clock, they answer with payloads, so a driven clock sends the same frames every
time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, Protocol

from bpx_connector.sandbox.market.candles import Candle, interval_bounds
from bpx_connector.sandbox.records.events import DepthChanged
from bpx_connector.sandbox.records.times import SECOND
from bpx_connector.sandbox.socket.payloads import Padding, Payload, depth, kline

__all__ = ["HALF_SECOND", "Candles", "MergedDepth", "Repeated", "Timed"]

HALF_SECOND: Final = 500_000
"""How far into each second tickers and candles are sent, the closed candles too."""
MOST_CLOSED: Final = 60
"""After a leap of the clock (a machine asleep) so many closed candles are made up for, older ones are not."""


class Timed(Protocol):
    """A stream that looks at the clock: what it sends at this moment."""

    def due(self, now: int) -> Iterable[Payload]: ...


class Repeated:
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


class MergedDepth:
    """All changes of one book in one window as one frame; nothing is sent for a window without changes."""

    def __init__(self, window: int, pad: Padding, now: int) -> None:
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
        return (depth(merged, self._pad, now),)


class Candles:
    """One market's candles of one interval: at most once a second after a fill, once more when one closes.

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
        return kline(self._symbol, *bounds, candle, now, closed=closed)
