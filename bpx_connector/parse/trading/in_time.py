"""The order of orders and fills in time, and which of them a caller wants."""

from __future__ import annotations

from ccxt.base.types import Market

from bpx_connector.aliases import Structure

__all__ = ["oldest_first"]


def _moment(row: Structure) -> tuple[int, int, str]:
    identity = str(row["id"] or "")
    return row["timestamp"] or 0, len(identity), identity  # ids are digits: a longer one is later


def _is_oldest_first(rows: list[Structure]) -> bool:
    """Whether each row is later than the one before, as the venue mostly has them."""
    latest = -1
    for row in rows:
        time = row["timestamp"]
        if time is None or time <= latest:
            return False
        latest = time
    return True


def oldest_first(
    rows: list[Structure], market: Market, since: int | None, limit: int | None
) -> list[Structure]:
    """Orders or fills, the oldest first: from `since` on the first `limit`, else the latest."""
    if not _is_oldest_first(rows):
        rows.sort(key=_moment)
    if market is not None:
        symbol = market["symbol"]
        rows = [row for row in rows if row["symbol"] == symbol]
    if since is None:
        return rows if limit is None else rows[-limit:]
    return [row for row in rows if row["timestamp"] is not None and row["timestamp"] >= since][:limit]
