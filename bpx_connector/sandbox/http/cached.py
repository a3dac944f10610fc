"""Public answers as the venue's CDN gives them: kept for a while, and given again with their `Age`.

The times are those of captured Cache-Control headers (2026-09-01). "The query string is part of the cache
key." Only asked for by the switch `cached_answers`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bpx_connector.sandbox.http.answers import Answer
from bpx_connector.sandbox.records.times import SECOND

__all__ = ["CachedAnswers"]

KEPT_FOR: Final = {
    "/api/v1/markets": 300,
    "/api/v1/klines": 60,
    "/api/v1/tickers": 20,
    "/api/v1/ticker": 20,
    "/api/v1/trades": 5,
    "/api/v1/openInterest": 5,
    "/api/v1/markPrices": 1,
}
"""Path to seconds."""
MOST_KEPT: Final = 1_000

Question = tuple[str, tuple[tuple[str, str], ...]]
"""Path and query."""


class CachedAnswers:
    """Answers to public GETs that are still given, by path and query."""

    def __init__(self) -> None:
        self._kept: Final[dict[Question, tuple[int, Answer]]] = {}

    def find(self, asked: Question, now: int) -> Answer | None:
        """The answer of a while ago, if it is still given."""
        kept = self._kept.get(asked)
        if kept is None or now - kept[0] >= KEPT_FOR[asked[0]] * SECOND:
            return None
        age = {"Age": str((now - kept[0]) // SECOND), "X-Cache": "Hit from cloudfront"}
        return replace(kept[1], headers={**kept[1].headers, **age})

    def keep(self, asked: Question, answer: Answer, now: int) -> Answer:
        """Keep an answer for as long as the venue does; answers it with the header that says so."""
        seconds = KEPT_FOR.get(asked[0])
        if seconds is None or answer.status != 200:
            return answer
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        told = replace(answer, headers={**answer.headers, "Cache-Control": f"public, s-maxage={seconds}"})
        self._kept[asked] = now, told
        return told
