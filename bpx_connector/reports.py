"""What a series of fills came to: profit and loss, fees, drawdown. Pure sums in decimal; nothing is asked.

Positions are reckoned at their average price, on spot from nothing: what an account held before the first
fill is not part of it. A fee in another currency than the quote counts at the price of its fill.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

__all__ = ["MarketReport", "Point", "Report", "report"]

ZERO = Decimal(0)


@dataclass
class MarketReport:
    """One market: what was traded, what is open, what it came to, in the quote asset."""

    symbol: str
    trades: int = 0
    bought: Decimal = ZERO
    sold: Decimal = ZERO
    turnover: Decimal = ZERO
    amount: Decimal = ZERO
    """What is open: above zero long, below it short."""
    average: Decimal | None = None
    """The price at which it was opened."""
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    last: Decimal | None = None
    wins: int = 0
    losses: int = 0

    @property
    def unrealised(self) -> Decimal:
        """What closing at the last price would come to."""
        return ZERO if self.average is None or self.last is None else self.amount * (self.last - self.average)

    @property
    def net(self) -> Decimal:
        """All of it: realised and not, funding received, fees paid."""
        return self.realised + self.unrealised + self.funding - self.fees

    def take(self, side: str, amount: Decimal, price: Decimal, fee: Decimal) -> None:
        """Add a fill."""
        signed = amount if side == "buy" else -amount
        self.trades += 1
        self.turnover += amount * price
        self.fees += fee
        self.last = price
        if side == "buy":
            self.bought += amount
        else:
            self.sold += amount
        self._move(signed, price)

    def _move(self, signed: Decimal, price: Decimal) -> None:
        if self.average is None or self.amount * signed >= 0:
            whole = self.amount + signed
            cost = self.amount * (self.average or ZERO) + signed * price
            self.amount, self.average = whole, cost / whole if whole else None
            return
        closed = min(abs(signed), abs(self.amount)) * (1 if self.amount > 0 else -1)
        gained = closed * (price - self.average)
        self.realised += gained
        self.wins += gained > 0
        self.losses += gained < 0
        rest = self.amount + signed
        if rest * self.amount < 0:
            self.average = price
        elif not rest:
            self.average = None
        self.amount = rest


@dataclass(frozen=True)
class Point:
    """The account's gain at a moment, and how far it lies below the best there was."""

    timestamp: int
    gain: Decimal
    drawdown: Decimal


@dataclass
class Report:
    """All markets, and how the gain went."""

    markets: dict[str, MarketReport] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)

    @property
    def net(self) -> Decimal:
        """What it came to, in the quote asset."""
        return sum((each.net for each in self.markets.values()), ZERO)

    @property
    def fees(self) -> Decimal:
        """What was paid in fees."""
        return sum((each.fees for each in self.markets.values()), ZERO)

    @property
    def drawdown(self) -> Decimal:
        """The furthest that the gain fell below its best."""
        return max((point.drawdown for point in self.points), default=ZERO)


def report(
    fills: Iterable[Mapping[str, Any]],
    funding: Sequence[Mapping[str, Any]] = (),
    last: Mapping[str, Any] | None = None,
) -> Report:
    """The report on ccxt's trades and funding payments, in any order, as texts or Decimals.

    `last` has prices by symbol at which what is open is valued; without one it is that of the last fill.
    """
    made, best = Report(), ZERO
    for event in sorted([*fills, *funding], key=lambda event: event["timestamp"]):
        market = made.markets.setdefault(event["symbol"], MarketReport(event["symbol"]))
        if "price" in event:
            price, amount = _decimal(event["price"]), _decimal(event["amount"])
            market.take(event["side"], amount, price, _fee(event, price))
        else:
            market.funding += _decimal(event["amount"])
        gain = made.net
        best = max(best, gain)
        made.points.append(Point(event["timestamp"], gain, best - gain))
    for symbol, price in (last or {}).items():
        if symbol in made.markets and price is not None:
            made.markets[symbol].last = _decimal(price)
    return made


def _fee(fill: Mapping[str, Any], price: Decimal) -> Decimal:
    """A fill's fee in the quote asset."""
    fee = fill.get("fee") or {}
    if fee.get("cost") is None:
        return ZERO
    cost = _decimal(fee["cost"])
    base = str(fill["symbol"]).partition("/")[0]
    return cost * price if fee.get("currency") == base else cost


def _decimal(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))
