"""Kinds of topics for tests: those that are handed out all at once, and those one part at a time."""

from __future__ import annotations

from bpx_connector.stream.topics import Kind

__all__ = ["BOOK", "EVENTS", "ONE_BY_ONE", "ORDERS", "TICKER", "TOGETHER", "both_ways"]

TICKER = Kind("ticker")
BOOK = Kind("orderbook", one_at_a_time=True)
ORDERS = Kind("orders", is_event=True)
EVENTS = Kind("events", is_event=True)
TOGETHER = Kind("together")
ONE_BY_ONE = Kind("one by one", one_at_a_time=True)


def both_ways(one_at_a_time: bool) -> Kind:
    """The kind that is handed out so."""
    return ONE_BY_ONE if one_at_a_time else TOGETHER
