"""The time that an exchange object is told, from one reading in microseconds."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["readings"]


def readings(now: Callable[[], int]) -> dict[str, Callable[[], int]]:
    """The three readings that ccxt takes, as they stand in a configuration or on an object."""
    return {
        "microseconds": now,
        "milliseconds": lambda: now() // 1_000,
        "seconds": lambda: now() // 1_000_000,
    }
