"""What a stream is called by those who send it, spoil it or hear it."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Key"]


class Key(NamedTuple):
    """What makes two subscriptions one stream: its name and, on private ones, whose it is."""

    name: str
    account_id: int | None = None
