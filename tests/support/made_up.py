"""A venue that answers as a function says: for questions that no healthy venue is asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.samples import OfflineExchange, offline_exchange

__all__ = [
    "BEGINNING",
    "DAY",
    "EXCHANGE",
    "HOUR",
    "MINUTE",
    "PERPETUAL",
    "SPOT",
    "MadeUpVenue",
    "Offline",
    "made_up",
    "text",
]


Offline = Callable[..., Any]
SPOT, PERPETUAL = "SOL/USDC", "SOL/USDC:USDC"
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


class MadeUpVenue(OfflineExchange):
    """The blocking exchange whose answers come from a function of path and query; it keeps the queries."""

    def answered_by(self, answer: Callable[[str, dict[str, Any]], Any]) -> MadeUpVenue:
        """The same exchange, answered from now on by this function."""
        self._answer = answer
        self._pages_read = None
        self._queries: list[dict[str, Any]] = []
        return self

    def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self._queries.append(query)
        return self._answer(parts.path, query)


def made_up(answer: Callable[[str, dict[str, Any]], Any], now: int = 0) -> MadeUpVenue:
    known = offline_exchange()
    exchange = MadeUpVenue({"enableRateLimit": False})
    exchange.set_markets(list(known.markets.values()), known.currencies)
    setattr(exchange, "milliseconds", lambda: now)  # noqa: B010  mypy allows no assignment to a method
    return exchange.answered_by(answer)


def text(time: int) -> str:
    return datetime.fromtimestamp(time / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


BEGINNING = 1_700_000_000_000
EXCHANGE = made_up(lambda *_: [])
