"""Balances, positions, fees, margin and funding become ccxt's structures.

Margin is the venue's: cross, one net position a market, one leverage limit for the whole account.

Sources: Backpack OpenAPI, schemas Balance, MarginAccountSummary, FuturePositionWithMargin, AccountSummary,
FundingPayment and PositionImfFunction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Payload, Structure
from bpx_connector.parse.numbers import (
    difference,
    iso8601,
    milliseconds_of,
    number_or_none,
    plain,
    product,
    quotient,
    total,
)

__all__ = ["CROSS", "ParseAccount", "leverage_tiers"]

BASIS_POINT = "0.0001"
CROSS = "cross"


def leverage_tiers(initial: Payload, maintenance: Payload) -> list[dict[str, str]]:
    """One tier for each whole leverage, from the highest down, as decimal text.

    The venue has no tiers but two curves, margin = max(base, factor x sqrt(notional)). With leverage L a
    position may grow until its initial margin is 1/L, that is to a notional of (1 / (L x factor))^2. The
    maintenance margin of a tier is that of its upper end, so it is never below the venue's within it.
    """
    factor, base = initial["factor"], Decimal(maintenance["base"])
    highest = int((1 / Decimal(initial["base"])).to_integral_value(ROUND_DOWN))
    tiers = []
    least = "0"
    for leverage in range(highest, 0, -1):
        slope = product(str(leverage), factor)
        most = quotient("1", product(slope, slope)) or least
        curve = quotient(maintenance["factor"], slope) or "0"
        tiers.append(
            {
                "minNotional": least,
                "maxNotional": most,
                "maintenanceMarginRate": plain(max(base, Decimal(curve))),
                "maxLeverage": str(leverage),
            }
        )
        least = most
    return tiers


class ParseAccount(Ccxt):
    """The account's money, positions and conditions."""

    # --- balances ----------------------------------------------------------------------------------------

    def parse_balance(self, response: Any) -> Any:
        """ccxt's balance of what is on the spot account; staked and locked funds are in use."""
        rows = {}
        for asset, row in response.items():
            free, used = row["available"], total(row["locked"], row.get("staked") or "0")
            rows[self.safe_currency_code(asset)] = free, used, total(free, used)
        return self._balance(response, rows)

    def parse_collateral(self, response: Payload) -> Any:
        """ccxt's balance of the margin account: every asset that backs it, lent funds included.

        Lent funds count as free: they back positions like any other and are redeemed when they are needed.
        """
        rows = {}
        for row in response["collateral"]:
            everything = row["totalQuantity"]
            free = total(row["availableQuantity"], row.get("lendQuantity") or "0")
            if Decimal(free or "0") > max(Decimal(everything), Decimal(0)):
                free = row["availableQuantity"]
            rows[self.safe_currency_code(row["symbol"])] = free, difference(everything, free), everything
        return self._balance(response, rows)

    def _balance(self, info: Any, rows: Mapping[Any, tuple[str | None, str | None, str | None]]) -> Structure:
        number = self.number
        balance: Structure = {"info": info, "timestamp": None, "datetime": None}
        sides: dict[str, Structure] = {"free": {}, "used": {}, "total": {}}
        for code, figures in rows.items():
            entry = {}
            for side, figure in zip(sides, figures, strict=True):
                entry[side] = sides[side][code] = number_or_none(number, figure)
            balance[code] = entry
        return {**balance, **sides}

    # --- positions ---------------------------------------------------------------------------------------

    def parse_position(self, position: Any, market: Any = None) -> Any:
        """ccxt's position: margins by the venue's fractions of the notional, leverage as their inverse."""
        number = self.number
        quantity, mark, imf, mmf = (position.get(key) for key in ("netQuantity", "markPrice", "imf", "mmf"))
        contracts = None if quantity is None else plain(abs(Decimal(quantity)))
        notional = product(contracts, mark)
        initial, pnl = product(notional, imf), position.get("pnlUnrealized")
        market = self.safe_market(position.get("symbol"), market)
        liquidation = position.get("estLiquidationPrice")
        return {
            "info": position,
            "id": position.get("positionId"),
            "symbol": market["symbol"],
            "timestamp": None,
            "datetime": None,
            "lastUpdateTimestamp": None,
            "hedged": False,
            "side": _side(quantity),
            "contracts": number_or_none(number, contracts),
            "contractSize": market.get("contractSize"),
            "entryPrice": number_or_none(number, position.get("entryPrice")),
            "markPrice": number_or_none(number, mark),
            "lastPrice": None,
            "notional": number_or_none(number, notional),
            "leverage": number_or_none(number, quotient("1", imf)),
            "collateral": None,
            "initialMargin": number_or_none(number, initial),
            "initialMarginPercentage": number_or_none(number, imf),
            "maintenanceMargin": number_or_none(number, product(notional, mmf)),
            "maintenanceMarginPercentage": number_or_none(number, mmf),
            "realizedPnl": number_or_none(number, position.get("pnlRealized")),
            "unrealizedPnl": number_or_none(number, pnl),
            # "0" says that no price would liquidate the account.
            "liquidationPrice": number(liquidation) if liquidation and Decimal(liquidation) else None,
            "marginMode": CROSS,
            "marginRatio": None,
            "percentage": number_or_none(number, quotient(product(pnl, "100"), initial)),
            "stopLossPrice": None,
            "takeProfitPrice": None,
            "positionMargin": None,
        }

    def parse_flat_position(self, market: Any) -> Any:
        """ccxt's position of a market in which nothing is held."""
        nothing = self.number("0")
        flat = {"contracts": nothing, "notional": nothing, "unrealizedPnl": nothing}
        return {**self.parse_position({}, market), **flat}

    # --- conditions --------------------------------------------------------------------------------------

    def parse_trading_fee(self, fee: Any, market: Any = None) -> Any:
        """ccxt's fee rates of a market; a negative maker rate is a rebate."""
        kind = "spot" if market["spot"] else "futures"
        return {
            "info": fee,
            "symbol": market["symbol"],
            "maker": self.number(product(fee[f"{kind}MakerFee"], BASIS_POINT)),
            "taker": self.number(product(fee[f"{kind}TakerFee"], BASIS_POINT)),
            "percentage": True,
            "tierBased": True,
        }

    def parse_leverage(self, leverage: Any, market: Any = None) -> Any:
        """ccxt's leverage of a market: the account's limit, which holds for all."""
        limit = number_or_none(self.number, leverage.get("leverageLimit"))
        return {
            "info": leverage,
            "symbol": None if market is None else market["symbol"],
            "marginMode": CROSS,
            "longLeverage": limit,
            "shortLeverage": limit,
        }

    def parse_margin_mode(self, marginMode: Any, market: Any = None) -> Any:  # noqa: N803  ccxt's name
        """ccxt's margin mode of a market."""
        return {
            "info": marginMode,
            "symbol": None if market is None else market["symbol"],
            "marginMode": CROSS,
        }

    def parse_market_leverage_tiers(self, info: Any, market: Any = None) -> Any:
        """ccxt's leverage tiers of a market, from its margin functions."""
        market = self.safe_market(info["symbol"], market)
        number = self.number
        return [
            {
                "tier": place,
                "symbol": market["symbol"],
                "currency": market["settle"],
                **{name: number(figure) for name, figure in tier.items()},
                "info": info,
            }
            for place, tier in enumerate(leverage_tiers(info["imfFunction"], info["mmfFunction"]), start=1)
        ]

    # --- funding -----------------------------------------------------------------------------------------

    def parse_income(self, income: Any, market: Any = None) -> Any:
        """ccxt's funding payment: received if positive, paid if negative. The venue gives it no id."""
        market = self.safe_market(income["symbol"], market)
        timestamp = milliseconds_of(income["intervalEndTimestamp"])
        return {
            "info": income,
            "symbol": market["symbol"],
            "code": market["settle"],
            "timestamp": timestamp,
            "datetime": iso8601(timestamp),
            "id": None,
            "amount": self.number(income["quantity"]),
            "rate": number_or_none(self.number, income.get("fundingRate")),
        }

    def parse_funding_payments(self, incomes: Iterable[Payload]) -> list[Structure]:
        """ccxt's funding payments, oldest first."""
        rows = [self.parse_income(income) for income in incomes]
        return sorted(rows, key=lambda row: row["timestamp"] or 0)


def _side(quantity: str | None) -> str | None:
    signed = Decimal(quantity or "0")
    if not signed:
        return None
    return "long" if signed > 0 else "short"
