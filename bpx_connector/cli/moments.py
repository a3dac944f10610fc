"""Moments as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

from bpx_connector.cli.words import Refusal

__all__ = ["moment"]


def moment(name: str, text: str) -> int:
    """Milliseconds of a moment as people write it; UTC unless it says otherwise."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal(f"{name} is {text}; it takes a date such as 2026-11-01 or 2026-11-01T12:30") from error
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)
