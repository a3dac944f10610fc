"""When stocks are traded by requests for quotes: sessions by local times and weekdays, holidays, quantities.

"Stock RFQs run while the session is open"; a session's weekdays are 1 (Monday) to 7 and may wrap the week, as
7 to 4 does, and its hours may pass midnight (FACTS 16 and 22).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

__all__ = ["StockHours", "is_outside"]

Row = Mapping[str, Any]


class StockHours:
    """The stocks, and when each may be asked for."""

    def __init__(self, securities: Iterable[Row], sessions: Iterable[Row], holidays: Iterable[Row]) -> None:
        self.securities: Final = {str(row["asset"]): row for row in securities}
        self._sessions: Final = list(sessions)
        self._holidays: Final = list(holidays)

    def asset_of(self, ticker: str) -> str | None:
        """The stock of a bare ticker, as the names of its streams have it: NVDA of NVDA.US."""
        return next((asset for asset in self.securities if asset.rpartition(".")[0] == ticker), None)

    def session(self, now: int) -> str | None:
        """The session that is open at a moment; None while all are closed."""
        moment = datetime.fromtimestamp(now / 1_000_000, UTC)
        if any(_is_closed_by(holiday, moment) for holiday in self._holidays):
            return None
        return next((str(row["name"]) for row in self._sessions if _is_open(row, moment)), None)

    def bounds(self, asset: str, now: int) -> Row | None:
        """The quantities that a stock is traded in at a moment; None while it is not."""
        session = self.session(now)
        return next((row for row in self.securities[asset]["sessions"] if row["name"] == session), None)


def is_outside(quantity: Decimal, bounds: Row) -> bool:
    """Whether a quantity is off the step or outside the limits of a session."""
    most = bounds["maxQuantity"]
    is_odd = quantity < Decimal(bounds["minQuantity"]) or quantity % Decimal(bounds["stepSize"]) != 0
    return is_odd or (most is not None and quantity > Decimal(most))


def _is_open(session: Row, moment: datetime) -> bool:
    local = moment.astimezone(ZoneInfo(session["timezone"]))
    start, end = time.fromisoformat(session["startTime"]), time.fromisoformat(session["endTime"])
    opened = local.date()
    if end <= start and local.time() < end:
        opened -= timedelta(days=1)
    is_in_hours = start <= local.time() < end if start < end else not end <= local.time() < start
    return is_in_hours and _is_on(opened, session["startWeekday"], session["endWeekday"])


def _is_on(day: date, first: int, last: int) -> bool:
    weekday = day.isoweekday()
    return first <= weekday <= last if first <= last else not last < weekday < first


def _is_closed_by(holiday: Row, moment: datetime) -> bool:
    """A holiday without hours closes the whole day, one with hours all but these."""
    local = moment.astimezone(ZoneInfo(holiday["timezone"]))
    if local.date().isoformat() != holiday["date"]:
        return False
    if holiday["startTime"] is None or holiday["endTime"] is None:
        return True
    start, end = time.fromisoformat(holiday["startTime"]), time.fromisoformat(holiday["endTime"])
    return not start <= local.time() < end
