"""How many requests a caller may make: the venue's limits, kept only if asked for.

"2000 requests per minute per subaccount on standard endpoints, 30 on historical market data." Here a
historical request counts in both, and a minute is the last sixty seconds.
"""

from __future__ import annotations

from collections import defaultdict, deque
from typing import Final

from bpx_connector.sandbox.http.schema import Operation

__all__ = ["HISTORICAL_REQUESTS", "REQUESTS", "Budgets"]

REQUESTS: Final = 2_000
HISTORICAL_REQUESTS: Final = 30
MARKET_DATA: Final = frozenset({"/api/v1/klines", "/api/v1/trades/history"})
""""Time-range data such as candles and trades": what the venue's text names itself."""
MINUTE: Final = 60_000_000


class Budgets:
    """The requests of the last minute, by caller."""

    def __init__(self, requests: int = REQUESTS, historical: int = HISTORICAL_REQUESTS) -> None:
        self._limits = {False: requests, True: historical}
        self._spent: defaultdict[tuple[str, bool], deque[int]] = defaultdict(deque)

    def allows(self, caller: str, operation: Operation, now: int, *, is_strict: bool = True) -> bool:
        """Whether the caller may make this request now; if so it counts.

        Where it is not strict, only the market's own data count as historical.
        """
        is_historical = operation.is_historical and (is_strict or operation.path in MARKET_DATA)
        kinds = (False, True) if is_historical else (False,)
        windows = [(self._window(caller, kind, now), self._limits[kind]) for kind in kinds]
        if any(len(window) >= limit for window, limit in windows):
            return False
        for window, _ in windows:
            window.append(now)
        return True

    def _window(self, caller: str, kind: bool, now: int) -> deque[int]:
        window = self._spent[caller, kind]
        while window and window[0] <= now - MINUTE:
            window.popleft()
        return window
