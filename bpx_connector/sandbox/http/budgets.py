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
MINUTE: Final = 60_000_000


class Budgets:
    """The requests of the last minute, by caller."""

    def __init__(self, requests: int = REQUESTS, historical: int = HISTORICAL_REQUESTS) -> None:
        self._limits = {False: requests, True: historical}
        self._spent: defaultdict[tuple[str, bool], deque[int]] = defaultdict(deque)

    def allows(self, caller: str, operation: Operation, now: int) -> bool:
        """Whether the caller may make this request now; if so it counts."""
        kinds = (False, True) if operation.is_historical else (False,)
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
