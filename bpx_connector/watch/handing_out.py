"""What of a cache a caller gets: what is new, or all, cut to `since` and `limit`. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bpx_connector.stream.topics import News
from bpx_connector.watch.feed import Exchange

__all__ = ["latest", "latest_of"]


def latest(
    exchange: Exchange,
    cache: Any,
    news: Sequence[News],
    since: int | None,
    limit: int | None,
    key: str | int = "timestamp",
) -> list[Any]:
    """What is new in a cache, or with ccxt's `newUpdates` off the whole of it, cut to since and limit."""
    if cache is None:
        return []
    if exchange.newUpdates:
        fresh = sum(entries for _, entries in news)
        limit = fresh if limit is None else min(fresh, limit)
    if since is None and limit is not None:
        return list(cache[-limit:]) if limit else []
    return exchange.filter_by_since_limit(cache, since, limit, key, True)


def latest_of(
    exchange: Exchange,
    cache: Any,
    symbols: tuple[str, ...] | None,
    news: Sequence[News],
    since: int | None,
    limit: int | None,
) -> list[Any]:
    """The same of a cache that holds several markets."""
    if symbols is None:
        return latest(exchange, cache, news, since, limit)
    rows = [row for row in cache or () if row["symbol"] in symbols]
    return latest(exchange, rows, news, since, limit)
