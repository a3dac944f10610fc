"""What the exchange really did, noted as it happened, to be held against what a client was told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bpx_connector.sandbox.account.ledger import Account
from bpx_connector.sandbox.market.marks import Depth
from bpx_connector.sandbox.records.events import DepthChanged, Event, OrderChanged, Traded
from bpx_connector.sandbox.records.orders import Fill
from bpx_connector.sandbox.server import Sandbox

__all__ = ["Witness"]

FillName = tuple[str, int, int]
"""Symbol, trade and order of a fill."""


class Witness:
    """Sees every event of a sandbox: every state of its books, every trade, every fill of one account."""

    def __init__(self, sandbox: Sandbox, account: Account | None = None) -> None:
        self.venue = sandbox.venue
        self.account = account
        self.books: dict[str, dict[int, Depth]] = {symbol: {} for symbol in self.venue.rules}
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
        self.books[symbol][depth.last_update_id] = depth

    def newest(self, symbol: str) -> int:
        """The id of the last change of a market's book."""
        return self.venue.depth(symbol).last_update_id

    def objection(self, symbol: str, book: Mapping[str, Any], limit: int | None = None) -> str | None:
        """What is wrong with a book, or with its best `limit` levels, that somebody was given; or None."""
        nonce = book["nonce"]
        truth = self.books[symbol].get(nonce)
        if truth is None:
            return f"{symbol} has never been at update {nonce}"
        for side, levels in (("bids", truth.bids), ("asks", truth.asks)):
            shown = book[side]
            expected = [[float(price), float(size)] for price, size in levels[:limit]]
            if shown != expected:
                different = [
                    level for level in (*shown, *expected) if level not in shown or level not in expected
                ]
                return f"{symbol} at {nonce}: {side} differ in {len(different)} levels: {different[:6]}"
        return None
