"""What a watch method waits for, by the names that callers use, and leaving it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ccxt.base.errors import ArgumentsRequired

from bpx_connector.given import listed
from bpx_connector.stream.topics import Kind
from bpx_connector.watch.feed import Exchange, Market, symbols_of
from bpx_connector.watch.session import Session

__all__ = ["Named", "leave", "markets_of", "named_markets", "symbols_or_none"]


Named = Sequence[str] | None
"""Symbols, or other names of markets, as a caller gives them; a single text is refused."""


def markets_of(exchange: Exchange, symbols: Named) -> list[Market]:
    """The markets that a caller lists, none where it is None; BadSymbol for one that there is not."""
    if type(symbols) is not list:
        example = [symbols] if isinstance(symbols, str) else ["SOL/USDC"]
        symbols = listed(exchange.id, "symbols", example, symbols)
    return [exchange.market(symbol) for symbol in symbols]


async def named_markets(session: Session, method: str, symbols: Named) -> list[Market]:
    """The markets that a caller has to name."""
    await session.load_markets_once()
    markets = markets_of(session.exchange, symbols)
    if not markets:
        raise ArgumentsRequired(f"{session.exchange.id} {method}() needs at least one symbol")
    return markets


async def symbols_or_none(session: Session, symbols: Named) -> tuple[str, ...] | None:
    """The markets that a caller names, or None for all."""
    await session.load_markets_once()
    return symbols_of(markets_of(session.exchange, symbols)) or None


async def leave(session: Session, kind: Kind, symbols: Named, cache: dict[str, Any]) -> bool:
    """End what is about these markets only, and forget what nobody watches any more."""
    await session.load_markets_once()
    wanted = [market["symbol"] for market in markets_of(session.exchange, symbols)] or None
    session.leave(kind, wanted)
    for symbol in list(cache) if wanted is None else wanted:
        if not session.is_watched(kind, symbol):
            cache.pop(symbol, None)
    return True
