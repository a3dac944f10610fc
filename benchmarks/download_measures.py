"""How many requests a download takes, beside the least there could be: what waits is the venue's budget."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from benchmarks import canned
from benchmarks.rest_measures import SYMBOL
from benchmarks.subjects import exchange

PLAIN = {("GET", "/api/v1/markets"), ("GET", "/api/v1/assets")}
"""What loading takes, which does not count."""

PAGE = 1_000
"""Rows an answer of the venue's holds at most."""

MINUTE = 60_000
DAYS = 30
NOW = canned.FIRST_MILLISECOND // MINUTE * MINUTE
SINCE = NOW - DAYS * 24 * 60 * MINUTE
OLDER = 5 * PAGE
"""Trades before those that are downloaded."""

TRADES_A_SECOND = 3
"""While they are downloaded; and each request finds so many more."""


class History:
    """A market's past, answered as the venue does, in the place of the network; it counts the requests."""

    def __init__(self, trades: int) -> None:
        self.newest = trades
        self.requests = 0
        self._bodies = canned.rest_bodies()

    async def fetch(self, url: str, method: str = "GET", *_: Any) -> Any:
        """What the venue would say."""
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if (method, parts.path) in PLAIN:
            return json.loads(self._bodies[method, parts.path])
        self.requests += 1
        if parts.path == "/api/v1/klines":
            return self._candles(int(query["startTime"]), int(query.get("endTime", NOW // 1000)))
        self.newest += TRADES_A_SECOND
        first = self.newest - int(query.get("offset", 0))
        return [_trade(number) for number in range(first, max(0, first - int(query["limit"])), -1)]

    def _candles(self, begin: int, end: int) -> list[dict[str, Any]]:
        starts = range(-(-begin // 60) * 60, min(end, NOW // 1000) + 1, 60)[:PAGE]
        figures = {
            "trades": "1",
            "open": "1",
            "high": "1",
            "low": "1",
            "close": "1",
            "volume": "1",
            "quoteVolume": "1",
        }
        return [{"start": _text(start), "end": _text(start + 60), **figures} for start in starts]


def _trade(number: int) -> dict[str, Any]:
    words = {"price": "100.5", "quantity": "1", "quoteQuantity": "100.5", "isBuyerMaker": False}
    return {"id": number, "timestamp": _moment(number), **words}


def _moment(number: int) -> int:
    return SINCE + number * 1000 // TRADES_A_SECOND


def _text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


async def calls_over_the_least(subject: str, port: int, name: str, count: int) -> dict[str, float]:
    """Requests for each that had to be, of a download of so many rows, page by page."""
    instance = exchange(subject, port, streams=False)
    history = History(count + OLDER)
    instance.fetch = history.fetch
    instance.milliseconds = lambda: NOW
    try:
        await instance.load_markets()
        rows = [row async for page in PAGES[name](instance, count) for row in page]
        if len(rows) < count:
            raise AssertionError(f"{len(rows)} rows came of {count}")
        return {"calls": history.requests / -(-len(rows) // PAGE)}
    finally:
        await instance.close()


PAGES: dict[str, Callable[[Any, int], Any]] = {
    "trades": lambda instance, count: instance.trades_in_pages(
        SYMBOL, _moment(OLDER), _moment(OLDER + count)
    ),
    "candles": lambda instance, count: instance.ohlcv_in_pages(SYMBOL, "1m", NOW - count * MINUTE),
}
