"""ccxt's caches for what changes after it was handed out: orders, own trades, positions."""

from __future__ import annotations

from collections import deque
from typing import Any

from ccxt.async_support.base.ws.cache import ArrayCacheBySymbolById, ArrayCacheBySymbolBySide

from bpx_connector.aliases import Structure

__all__ = ["PositionCache", "StructureCache"]


class StructureCache(ArrayCacheBySymbolById):
    """ccxt's cache of orders or own trades, what has changed last at the end.

    What has been handed out is replaced, not written into. What is new since the last `getLimit` is counted
    when it is asked for, not with each entry.
    """

    def __init__(self, max_size: int | None = None) -> None:
        super().__init__(max_size)
        self._changes: deque[int] = deque(maxlen=max_size or None)
        self._count = 0
        self._polled: dict[str | None, tuple[int, int]] = {}

    def append(self, item: Structure) -> None:
        """Add a structure at the end, in the place of one with the same symbol and id."""
        entries, changes = self._deque, self._changes
        by_id = self.hashmap.setdefault(item["symbol"], {})
        known = by_id.get(item["id"])
        if known is not None:
            for index in range(len(entries) - 1, -1, -1):  # what changes is mostly near the end
                if entries[index] is known:
                    del entries[index], changes[index]
                    break
        elif len(entries) == entries.maxlen:
            oldest = entries.popleft()
            changes.popleft()
            del self.hashmap[oldest["symbol"]][oldest["id"]]
        by_id[item["id"]] = item
        self._count += 1
        entries.append(item)
        changes.append(self._count)

    def getLimit(self, symbol: str | None, limit: int | None) -> int | None:  # noqa: N802  ccxt's name
        """How many entries have changed since before the last change that an earlier call has counted."""
        changes = [
            change
            for item, change in zip(self._deque, self._changes, strict=True)
            if symbol is None or item["symbol"] == symbol
        ]
        before, until = self._polled.get(symbol, (0, 0))
        newest = changes[-1] if changes else 0
        if newest > until:
            before, until = until, newest
        self._polled[symbol] = before, until
        fresh = sum(change > before for change in changes)
        return fresh if limit is None else min(fresh, limit)

    def clear(self) -> None:
        """Forget everything."""
        super().clear()
        self._changes.clear()
        self._polled.clear()


class PositionCache(ArrayCacheBySymbolBySide):
    """ccxt's cache of positions for a venue that nets: one a market, whichever side it is on."""

    def append(self, item: Any) -> None:
        """Set a market's position and move it to the end."""
        by_side = self.hashmap.get(item["symbol"], {})
        for side in list(by_side):
            index = self._index.index((item["symbol"], side))
            del self._deque[index], self._index[index], by_side[side]
        super().append(item)
