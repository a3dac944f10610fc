"""What the sandbox lists: the venue's market rows, and how lively each market is here."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from bpx_connector.sandbox.records.rules import MarketRules, market_rules

__all__ = ["Listing", "assets", "listings", "stocks"]


@dataclass(frozen=True)
class Listing:
    """One market: its rules, the price it starts at, and what the seeded traders do in it."""

    rules: MarketRules
    start: Decimal
    levels: int
    """Price levels that the traders keep on each side of the book."""
    pace: Decimal
    """What the traders do a second, orders and cancels together; 0 for a closed market."""
    notional: int
    """About what one level is worth, in the quote asset."""
    volatility: int
    """The step of the price path, in parts per million a minute."""

    @property
    def symbol(self) -> str:
        """The market's symbol."""
        return self.rules.symbol

    @property
    def underlying(self) -> str:
        """What is priced here: SOL in SOL_USDC and SOL_USDC_PERP, PEPE in thousands in kPEPE_USDC_PERP."""
        base = self.rules.base
        return base[1:] if base[:1] == "k" and base[1:].isupper() else base

    @property
    def is_lively(self) -> bool:
        """Whether anything is ever traded here."""
        return self.pace > 0


def _data(name: str) -> Any:
    return json.loads(files("bpx_connector.sandbox").joinpath(f"data/{name}").read_text(encoding="utf-8"))


@cache
def _all_listings() -> tuple[Listing, ...]:
    return tuple(
        Listing(
            rules=market_rules(line["market"]),
            start=Decimal(line["start"]),
            levels=line["levels"],
            pace=Decimal(str(line["pace"])),
            notional=line["notional"],
            volatility=line["volatility"],
        )
        for line in _data("markets.json")
    )


def listings(symbols: Iterable[str] | None = None) -> tuple[Listing, ...]:
    """The markets of data/markets.json, or those of them that are named."""
    if symbols is None:
        return _all_listings()
    by_symbol = {listing.symbol: listing for listing in _all_listings()}
    return tuple(by_symbol[symbol] for symbol in symbols)


@cache
def assets() -> list[dict[str, Any]]:
    """The rows of `GET /assets`, stocks among them, which live on no chain here."""
    rows: list[dict[str, Any]] = _data("assets.json")
    held = [
        {"coingeckoId": None, "displayName": row["name"], "symbol": row["asset"], "tokens": []}
        for row in stocks()["securities"]
    ]
    return [*rows, *held]


@cache
def stocks() -> dict[str, Any]:
    """The rows of `GET /securities` and `GET /market-sessions`."""
    rows: dict[str, Any] = _data("stocks.json")
    return rows
