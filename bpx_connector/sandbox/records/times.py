"""Lengths of time in microseconds, the unit of every time in here that does not name another."""

from __future__ import annotations

from typing import Final

__all__ = ["DAY", "HOUR", "MILLISECOND", "MINUTE", "SECOND", "WEEK"]

MILLISECOND: Final = 1_000
SECOND: Final = 1_000 * MILLISECOND
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY
