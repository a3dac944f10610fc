"""What the gateway itself makes of frames: books to answer snapshots from, candles, and whether a stream is
on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from bpx_connector.gateway.rules.candles import Series
from bpx_connector.gateway.rules.snapshots import depth_answer, packed_answer
from bpx_connector.stream.book import Book, Outcome, Snapshot
from bpx_connector.stream.followers import Follower
from bpx_connector.stream.frames import delta_of, payload_of

__all__ = ["KeptBook", "KeptSeries", "Watched"]


class Watched(Follower):
    """A stream that is passed on; says when it is on, and when it is gone."""

    def __init__(self, stream: str, on: Callable[[str], None], gone: Callable[[str], None]) -> None:
        super().__init__(stream)
        self.is_on = asyncio.Event()
        self._on = on
        self._gone = gone

    @property
    def is_idle(self) -> bool:
        """Never: that is for streams to which only callbacks listen."""
        return False

    def begin(self) -> None:
        super().begin()
        self.is_on.set()
        self._on(self.stream)

    def lose(self) -> None:
        super().lose()
        if self.is_on.is_set():
            self.is_on.clear()
            self._gone(self.stream)


class KeptBook(Watched):
    """A depth stream's book, to answer from."""

    def __init__(
        self,
        stream: str,
        on: Callable[[str], None],
        gone: Callable[[str], None],
        fetch: Callable[[], Awaitable[Snapshot]],
    ) -> None:
        super().__init__(stream, on, gone)
        self.fetch = fetch
        self.book = Book(stream)
        self._is_cut = (False, False)
        self._answers: dict[tuple[int, bool], bytes] = {}
        self._answered_at: int | None = None

    @property
    def needs_restoring(self) -> bool:
        return self.is_on.is_set() and self.book.nonce is None

    def take(self, frames: Sequence[str]) -> None:
        apply, was_live = self.book.apply, self.book.is_live
        for frame in frames:
            apply(delta_of(frame))
        self.gaps += was_live and not self.book.is_live

    def lose(self) -> None:
        self.book.forget()
        super().lose()

    def restore(self, answer: Snapshot) -> bool:
        outcome = self.book.restore(answer)
        if outcome is Outcome.APPLIED and answer.depth is not None:
            self._is_cut = len(answer.bids) >= answer.depth, len(answer.asks) >= answer.depth
        return outcome is not Outcome.NEED_SNAPSHOT

    def answer(self, limit: int, is_packed: bool = False) -> bytes | None:
        """The book as the venue would answer with it, or packed; None while it is not known."""
        update = self.book.nonce
        if update is None:
            return None
        if update != self._answered_at:
            self._answers.clear()
            self._answered_at = update
        key = (limit, is_packed)
        if key not in self._answers:
            bids, asks = self.book.view["bids"], self.book.view["asks"]
            known = [len(side) for side, cut in zip((bids, asks), self._is_cut, strict=True) if cut]
            made = packed_answer if is_packed else depth_answer
            self._answers[key] = made(
                update, bids, asks, self.book.time, limit, min(known) if known else None
            )
        return self._answers[key]


class KeptSeries(Watched):
    """A kline stream's candles, to answer from."""

    def __init__(
        self,
        stream: str,
        on: Callable[[str], None],
        gone: Callable[[str], None],
        series: Series,
        now: Callable[[], float],
    ) -> None:
        super().__init__(stream, on, gone)
        self.series = series
        self._now = now

    def take(self, frames: Sequence[str]) -> None:
        for frame in frames:
            self.series.take(payload_of(frame))

    def begin(self) -> None:
        self.series.begin(self._now())
        super().begin()

    def lose(self) -> None:
        self.series.lose()
        super().lose()
