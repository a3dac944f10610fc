"""What the exchange really did, noted as it happened, to be held against what a client was told."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bpx_connector.sandbox.events import DepthChanged, Event, OrderChanged, Traded
from bpx_connector.sandbox.ledger import Account
from bpx_connector.sandbox.orders import Fill
from bpx_connector.sandbox.server import Sandbox

__all__ = ["Witness"]

Levels = list[list[float]]
FillName = tuple[str, int, int]
"""Symbol, trade and order of a fill."""


class Witness:
    """Sees every event of a sandbox: every state of its books, every trade, every fill of one account."""

    def __init__(self, sandbox: Sandbox, account: Account | None = None) -> None:
        self.venue = sandbox.venue
        self.account = account
        self.books: dict[str, dict[int, tuple[Levels, Levels]]] = {symbol: {} for symbol in self.venue.rules}
        self.trades: dict[tuple[str, str], Traded] = {}
        self.fills: dict[FillName, Fill] = {}
        for symbol in self.venue.rules:
            self._note_book(symbol)
        self.venue.listeners.append(self._hear)

    def _hear(self, event: Event) -> None:
        match event:
            case DepthChanged():
                self._note_book(event.symbol)
            case Traded():
                self.trades[event.symbol, str(event.trade_id)] = event
            case OrderChanged(fill=Fill() as fill) if self.account and event.account_id == self.account.id:
                self.fills[fill.symbol, fill.trade_id, fill.order_id] = fill

    def _note_book(self, symbol: str) -> None:
        depth = self.venue.depth(symbol)
        self.books[symbol][depth.last_update_id] = _levels(depth.bids), _levels(depth.asks)

    def newest(self, symbol: str) -> int:
        """The id of the last change of a market's book."""
        return self.venue.depth(symbol).last_update_id

    def objection(self, symbol: str, book: Mapping[str, Any], limit: int | None = None) -> str | None:
        """What is wrong with a book that somebody was given, or None.

        A book of which only the best levels are known may show less than the venue has, at least `limit` levels.
        """
        nonce = book["nonce"]
        truth = self.books[symbol].get(nonce)
        if truth is None:
            return f"{symbol} has never been at update {nonce}"
        for side, told, true in zip(("bids", "asks"), (book["bids"], book["asks"]), truth, strict=True):
            shown = [list(level) for level in told]
            expected = true if limit is None else true[: max(limit, 0)]
            if shown != expected:
                different = [level for level in (*shown, *expected) if level not in shown or level not in expected]
                return f"{symbol} at {nonce}: {side} differ in {len(different)} levels: {different[:6]}"
        return None


def _levels(levels: list[tuple[Decimal, Decimal]]) -> Levels:
    return [[float(price), float(size)] for price, size in levels]
