"""What the venue's ids are called by ccxt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ccxt.base.types import Market

from bpx_connector._ccxt import Ccxt

__all__ = ["Names", "ParseNames"]


class Names(dict[str | None, str | None]):
    """What the venue's ids are called by ccxt, each looked up once."""

    def __init__(self, name_of: Callable[[Any], str | None]) -> None:
        super().__init__()
        self._name_of = name_of

    def __missing__(self, identity: str | None) -> str | None:
        name = self[identity] = self._name_of(identity)
        return name


class ParseNames(Ccxt):
    """ccxt's symbols by the venue's."""

    def _symbols(self, market: Market = None) -> Names:
        """ccxt's symbols by the venue's."""
        return Names(lambda market_id: self._symbol_of({"symbol": market_id}, market))

    def _symbol_of(self, row: Mapping[str, Any], market: Market) -> str | None:
        market_id = row.get("symbol")
        if market_id is not None and not isinstance(market_id, str):
            return None
        known = self.markets_by_id.get(market_id) if self.markets_by_id and market_id is not None else None
        if known and len(known) == 1:
            return str(known[0]["symbol"])
        symbol: str | None = self.safe_symbol(market_id, market)
        return symbol
