"""Balances, positions, fees, margin and funding become ccxt's structures.

Margin is the venue's: cross, one net position a market, one leverage limit for the whole account.

Sources: Backpack OpenAPI, schemas Balance, MarginAccountSummary, FuturePositionWithMargin, AccountSummary,
FundingPayment and PositionImfFunction.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ccxt.base.types import (
    Balances,
    FundingHistory,
    Leverage,
    LeverageTier,
    MarginMode,
    Market,
    MarketInterface,
    Position,
    TradingFeeInterface,
)

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Payload, Structure
from bpx_connector.parse.numbers import (
    absolute,
    difference,
    iso8601,
    number_or_none,
    plain,
    product,
    quotient,
    rounded_down,
    total,
)
from bpx_connector.parse.overriding import is_overridden
from bpx_connector.parse.rows import Row, object_of, read_each, rows_in

__all__ = ["CROSS", "ParseAccount", "leverage_tiers"]

BASIS_POINT = "0.0001"
CROSS = "cross"
SETTLED_IN = "USDC"
"""What every position gains and loses (FACTS: everything is quoted and settled in USDC)."""

MOST_LEVERAGE = 200
"""Tiers up to a leverage beyond which no margin function is meant."""

Sides = tuple[str | None, str | None, str | None]
"""What is free, in use, and both together."""


def leverage_tiers(initial: Row, maintenance: Row) -> list[dict[str, str]]:
    """One tier for each whole leverage, from the highest down, as decimal text.

    The venue has no tiers but two curves, margin = max(base, factor x sqrt(notional)). With leverage L a
    position may grow until its initial margin is 1/L, that is to a notional of (1 / (L x factor))^2. The
    maintenance margin of a tier is that of its upper end, so it is never below the venue's within it. There
    are none where a curve cannot be read.
    """
    factor, first = initial.figure("factor"), quotient("1", initial.figure("base"))
    growth, base = maintenance.figure("factor"), maintenance.figure("base")
    if factor is None or first is None or growth is None or base is None:
        return []
    tiers = []
    least = "0"
    for leverage in range(min(rounded_down(Decimal(first)), MOST_LEVERAGE), 0, -1):
        slope = product(str(leverage), factor)
        most = quotient("1", product(slope, slope)) or least
        curve = quotient(growth, slope) or "0"
        tiers.append(
            {
                "minNotional": least,
                "maxNotional": most,
                "maintenanceMarginRate": plain(max(Decimal(base), Decimal(curve))),
                "maxLeverage": str(leverage),
            }
        )
        least = most
    return tiers


class ParseAccount(Ccxt):
    """The account's money, positions and conditions."""

    # --- balances ----------------------------------------------------------------------------------------

    def parse_balance(self, response: object) -> Balances:
        """ccxt's balance of what is on the spot account; staked and locked funds are in use."""
        return self._balance(response, self._spot_rows(response))

    def _spot_rows(self, response: object) -> dict[str | None, Sides]:
        assets = object_of(response, f"{self.id} balances")
        return {
            self.safe_currency_code(asset): _spot_sides(Row(row))
            for asset, row in assets.items()
            if isinstance(row, Mapping)
        }

    def parse_collateral(self, response: object) -> Balances:
        """ccxt's balance of the margin account: every asset that backs it, lent funds included.

        Lent funds count as free: they back positions like any other and are redeemed when they are needed.
        The margin that positions and orders take is in use, of what everything is settled in: USDC.
        """
        summary = object_of(response, f"{self.id} collateral")
        margin = Row(summary).figure("netEquityLocked") or "0"
        collateral = summary.get("collateral")
        rows = {}
        for held in rows_in(collateral if collateral is not None else [], f"{self.id} collateral"):
            row = Row(held)
            asset_id = row.word("symbol")
            if asset_id is not None:
                in_use = margin if asset_id == SETTLED_IN else "0"
                rows[self.safe_currency_code(asset_id)] = _collateral_sides(row, in_use)
        return self._balance(response, rows)

    def _balance(self, info: object, rows: Mapping[Any, Sides]) -> Balances:
        number = self.number
        balance: Structure = {"info": info, "timestamp": None, "datetime": None}
        sides: dict[str, Structure] = {"free": {}, "used": {}, "total": {}}
        for code, figures in rows.items():
            entry = {}
            for side, figure in zip(sides, figures, strict=True):
                entry[side] = sides[side][code] = number_or_none(number, figure)
            balance[code] = entry
        whole: Any = {**balance, **sides}
        found: Balances = whole
        return found

    # --- positions ---------------------------------------------------------------------------------------

    def parse_position(self, position: object, market: Market = None) -> Position:
        """ccxt's position: margins by the venue's fractions of the notional, leverage as their inverse."""
        row, number = Row(object_of(position, f"{self.id} a position")), self.number
        quantity, mark, imf, mmf = map(row.figure, ("netQuantity", "markPrice", "imf", "mmf"))
        contracts = None if quantity is None else absolute(quantity)
        notional = product(contracts, mark)
        initial, pnl = product(notional, imf), row.figure("pnlUnrealized")
        market = self.safe_market(row.word("symbol"), market)
        liquidation = row.figure("estLiquidationPrice")
        found: Any = {
            "info": position,
            "id": row.word("positionId"),
            "symbol": market["symbol"],
            "timestamp": None,
            "datetime": None,
            "lastUpdateTimestamp": None,
            "hedged": False,
            "side": _side(quantity),
            "contracts": number_or_none(number, contracts),
            "contractSize": market.get("contractSize"),
            "entryPrice": row.number("entryPrice", number),
            "markPrice": number_or_none(number, mark),
            "lastPrice": None,
            "notional": number_or_none(number, notional),
            "leverage": number_or_none(number, quotient("1", imf)),
            "collateral": None,
            "initialMargin": number_or_none(number, initial),
            "initialMarginPercentage": number_or_none(number, imf),
            "maintenanceMargin": number_or_none(number, product(notional, mmf)),
            "maintenanceMarginPercentage": number_or_none(number, mmf),
            "realizedPnl": row.number("pnlRealized", number),
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
        parsed: Position = found
        return parsed

    def parse_flat_position(self, market: MarketInterface) -> Position:
        """ccxt's position of a market in which nothing is held."""
        nothing = self.number("0")
        flat: Any = {"contracts": nothing, "notional": nothing, "unrealizedPnl": nothing}
        found: Position = {**self.parse_position({}, market), **flat}
        return found

    # --- conditions --------------------------------------------------------------------------------------

    def parse_trading_fee(self, fee: object, market: Any = None) -> TradingFeeInterface:
        """ccxt's fee rates of a market; a negative maker rate is a rebate."""
        row = Row(object_of(fee, f"{self.id} the account"))
        kind = "spot" if market["spot"] else "futures"
        rates: Any = {
            "info": fee,
            "symbol": market["symbol"],
            "maker": number_or_none(self.number, product(row.figure(f"{kind}MakerFee"), BASIS_POINT)),
            "taker": number_or_none(self.number, product(row.figure(f"{kind}TakerFee"), BASIS_POINT)),
            "percentage": True,
            "tierBased": True,
        }
        parsed: TradingFeeInterface = rates
        return parsed

    def parse_leverage(self, leverage: object, market: Market = None) -> Leverage:
        """ccxt's leverage of a market: the account's limit, which holds for all."""
        told = object_of(leverage, f"{self.id} the account")
        limit = Row(told).number("leverageLimit", self.number)
        return {
            "info": told,
            "symbol": None if market is None else market["symbol"],
            "marginMode": CROSS,
            "longLeverage": limit,
            "shortLeverage": limit,
        }

    def parse_margin_mode(self, marginMode: Payload, market: Market = None) -> MarginMode:  # noqa: N803  ccxt's name
        """ccxt's margin mode of a market."""
        return {
            "info": marginMode,
            "symbol": None if market is None else market["symbol"],
            "marginMode": CROSS,
        }

    def parse_market_leverage_tiers(self, info: Any, market: Market = None) -> list[LeverageTier]:
        """ccxt's leverage tiers of a market, from its margin functions."""
        row = Row(info)
        market = self.safe_market(row.word("symbol"), market)
        number = self.number
        tiers: Any = [
            {
                "tier": place,
                "symbol": market["symbol"],
                "currency": market["settle"],
                **{name: number(figure) for name, figure in tier.items()},
                "info": info,
            }
            for place, tier in enumerate(leverage_tiers(row.part("imfFunction"), row.part("mmfFunction")), 1)
        ]
        found: list[LeverageTier] = tiers
        return found

    # --- funding -----------------------------------------------------------------------------------------

    def parse_income(self, income: object, market: Market = None) -> FundingHistory:
        """ccxt's funding payment: received if positive, paid if negative. The venue gives it no id."""
        row = Row(object_of(income, f"{self.id} a funding payment"))
        market = self.safe_market(row.word("symbol"), market)
        timestamp = row.moment("intervalEndTimestamp")
        payment: Any = {
            "info": income,
            "symbol": market["symbol"],
            "code": market["settle"],
            "timestamp": timestamp,
            "datetime": iso8601(timestamp),
            "id": None,
            "amount": row.number("quantity", self.number),
            "rate": row.number("fundingRate", self.number),
        }
        parsed: FundingHistory = payment
        return parsed

    def parse_funding_payments(self, incomes: object) -> list[FundingHistory]:
        """ccxt's funding payments, oldest first."""
        what = f"{self.id} funding payments"
        if is_overridden(self, "parse_incomes"):
            rows: list[Any] = self.parse_incomes(rows_in(incomes, what))
        else:
            rows = read_each(rows_in(incomes, what), self.parse_income, what)
        return sorted(rows, key=lambda row: row["timestamp"] or 0)


def _spot_sides(row: Row) -> Sides:
    free, used = row.figure("available"), total(row.figure("locked"), _figure_or_none_at_all(row, "staked"))
    return free, used, total(free, used)


def _collateral_sides(row: Row, margin: str) -> Sides:
    everything, free = row.figure("totalQuantity"), row.figure("availableQuantity")
    with_lent = total(free, _figure_or_none_at_all(row, "lendQuantity"))
    if everything is not None and with_lent is not None:
        owned = max(Decimal(everything), Decimal(0))
        free = free if Decimal(with_lent) > owned else with_lent
    left = difference(free, margin)
    if left is not None and Decimal(margin):
        free = left if Decimal(left) > 0 else "0"
    return free, difference(everything, free), everything


def _figure_or_none_at_all(row: Row, name: str) -> str | None:
    """A figure that may be left out, which is zero; one that is there and cannot be read is unknown."""
    return "0" if row.info.get(name) is None else row.figure(name)


def _side(quantity: str | None) -> str | None:
    signed = Decimal(quantity or "0")
    if not signed:
        return None
    return "long" if signed > 0 else "short"
