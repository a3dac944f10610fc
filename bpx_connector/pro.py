"""The asyncio exchange with streams: watch_* and un_watch_*."""

from __future__ import annotations

from bpx_connector import async_support

__all__ = ["bpx"]


class bpx(async_support.bpx):
    """Backpack Exchange on asyncio, with streams."""
