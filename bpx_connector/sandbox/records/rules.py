"""What one market allows: the venue's `Market` row, read once into exact figures.

Nothing here decides; the engine's modules ask these figures. The row itself is kept for whoever answers
`/markets`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import Any, Final

from bpx_connector.sandbox.records.figures import BASIS_POINT

__all__ = ["MarginFunction", "MarketRules", "market_rules"]

PERP: Final = "PERP"
HELD_AS_POSITIONS: Final = frozenset({PERP, "PREDICTION"})
"""Market types whose trades open positions instead of exchanging assets."""


@dataclass(frozen=True, slots=True)
class MarginFunction:
    """A margin fraction that grows with the notional: the venue's `{type: sqrt, base, factor}`."""

    base: Decimal
    factor: Decimal

    def fraction(self, notional: Decimal) -> Decimal:
        """The margin fraction of a position of this notional (see `choices`)."""
        if notional <= 0:
            return self.base
        grown = self.factor * notional.sqrt()
        return grown if grown > self.base else self.base


@dataclass(frozen=True, slots=True)
class MarketRules:
    """The figures of one market, as published in its `Market` row."""

    symbol: str
    base: str
    quote: str
    kind: str
    is_perp: bool
    """Whether this market is traded in positions: perpetual futures, and predictions, which end."""
    tick: Decimal
    step: Decimal
    min_price: Decimal
    max_price: Decimal | None
    min_quantity: Decimal
    max_quantity: Decimal | None
    min_multiplier: Decimal | None
    max_multiplier: Decimal | None
    min_impact_multiplier: Decimal | None
    max_impact_multiplier: Decimal | None
    mean_mark_min_multiplier: Decimal | None
    mean_mark_max_multiplier: Decimal | None
    premium_tolerance: Decimal | None
    imf: MarginFunction | None
    mmf: MarginFunction | None
    funding_interval_ms: int | None
    funding_rate_upper: Decimal | None
    funding_rate_lower: Decimal | None
    open_interest_limit: Decimal | None
    position_limit_weight: Decimal
    min_update: Decimal | None
    max_update: Decimal | None
    state: str
    row: Mapping[str, Any]

    def floor_to_step(self, quantity: Decimal) -> Decimal:
        """The largest multiple of the step that is not above `quantity`."""
        return (quantity / self.step).to_integral_value(rounding=ROUND_DOWN) * self.step

    def ceil_to_step(self, quantity: Decimal) -> Decimal:
        """The smallest multiple of the step that is not below `quantity`."""
        return (quantity / self.step).to_integral_value(rounding=ROUND_UP) * self.step

    def is_on_step(self, quantity: Decimal) -> bool:
        """Whether `quantity` is a whole number of steps."""
        return quantity % self.step == 0

    def is_on_tick(self, price: Decimal) -> bool:
        """Whether `price` is a whole number of ticks."""
        return price % self.tick == 0

    def round_to_tick(self, price: Decimal) -> Decimal:
        """`price` rounded to the nearest tick, as mark prices are published."""
        return (price / self.tick).to_integral_value() * self.tick


def market_rules(row: Mapping[str, Any]) -> MarketRules:
    """The rules in one row of the venue's market list; keys that are absent count as null."""
    price = row["filters"]["price"]
    quantity = row["filters"]["quantity"]
    band = price.get("meanMarkPriceBand") or {}
    return MarketRules(
        symbol=row["symbol"],
        base=row["baseSymbol"],
        quote=row["quoteSymbol"],
        kind=row["marketType"],
        is_perp=row["marketType"] in HELD_AS_POSITIONS,
        tick=Decimal(price["tickSize"]),
        step=Decimal(quantity["stepSize"]),
        min_price=Decimal(price["minPrice"]),
        max_price=_figure(price.get("maxPrice")),
        min_quantity=Decimal(quantity["minQuantity"]),
        max_quantity=_figure(quantity.get("maxQuantity")),
        min_multiplier=_figure(price.get("minMultiplier")),
        max_multiplier=_figure(price.get("maxMultiplier")),
        min_impact_multiplier=_figure(price.get("minImpactMultiplier")),
        max_impact_multiplier=_figure(price.get("maxImpactMultiplier")),
        mean_mark_min_multiplier=_figure(band.get("minMultiplier")),
        mean_mark_max_multiplier=_figure(band.get("maxMultiplier")),
        premium_tolerance=_figure((price.get("meanPremiumBand") or {}).get("tolerancePct")),
        imf=_margin_function(row.get("imfFunction")),
        mmf=_margin_function(row.get("mmfFunction")),
        funding_interval_ms=int(row["fundingInterval"]) if row.get("fundingInterval") else None,
        funding_rate_upper=_basis_points(row.get("fundingRateUpperBound")),
        funding_rate_lower=_basis_points(row.get("fundingRateLowerBound")),
        open_interest_limit=_figure(row.get("openInterestLimit")),
        position_limit_weight=Decimal(row.get("positionLimitWeight") or 1),
        min_update=_figure(price.get("minPriceUpdateMultiplier")),
        max_update=_figure(price.get("maxPriceUpdateMultiplier")),
        state=row.get("orderBookState", "Open"),
        row=row,
    )


def _figure(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _basis_points(text: str | None) -> Decimal | None:
    """Bounds of the funding rate are published in basis points: "100" is one per cent."""
    return None if text is None else Decimal(text) * BASIS_POINT


def _margin_function(function: Mapping[str, Any] | None) -> MarginFunction | None:
    if function is None:
        return None
    return MarginFunction(base=Decimal(function["base"]), factor=Decimal(function["factor"]))
