"""What an account is worth and how much of it its positions and orders tie up.

It reads everything and changes nothing. Equity is the weighted worth of all balances plus what positions
have won and not yet paid out. It must carry the initial margin of every position, worst case of the open
orders included, before an order may add to it; once it no longer carries the maintenance margin, the account
is liquidated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.account.ledger import USDC, Account
from bpx_connector.sandbox.market.market import Market
from bpx_connector.sandbox.records.figures import ONE, ZERO
from bpx_connector.sandbox.records.orders import ASK, BID
from bpx_connector.sandbox.records.positions import Position
from bpx_connector.sandbox.records.rules import MarginFunction

__all__ = [
    "AccountSummary",
    "CollateralRow",
    "MarginSummary",
    "PositionView",
    "Valuation",
    "account_summary",
    "collateral_weight",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionView:
    """A position with its margin figures: what `/position` needs besides `position` itself."""

    position: Position
    mark: Decimal
    imf: Decimal
    mmf: Decimal
    exposure_quantity: Decimal
    exposure_notional: Decimal
    estimated_liquidation_price: Decimal
    pnl_unrealized: Decimal
    user_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CollateralRow:
    """One asset in the collateral view."""

    symbol: str
    asset_mark_price: Decimal
    total_quantity: Decimal
    balance_notional: Decimal
    collateral_weight: Decimal
    collateral_value: Decimal
    open_order_quantity: Decimal
    lend_quantity: Decimal
    available_quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginSummary:
    """The venue's `MarginAccountSummary`."""

    assets_value: Decimal
    borrow_liability: Decimal
    collateral: list[CollateralRow]
    imf: Decimal
    mmf: Decimal
    unsettled_equity: Decimal
    liabilities_value: Decimal
    margin_fraction: Decimal | None
    net_equity: Decimal
    net_equity_available: Decimal
    net_equity_locked: Decimal
    net_exposure_futures: Decimal
    pnl_unrealized: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSummary:
    """The venue's `AccountSummary`; fees in basis points."""

    auto_borrow_settlements: bool
    auto_lend: bool
    auto_realize_pnl: bool
    auto_repay_borrows: bool
    borrow_limit: Decimal
    futures_maker_fee: Decimal
    futures_taker_fee: Decimal
    leverage_limit: Decimal
    limit_orders: int
    liquidating: bool
    position_limit: Decimal
    spot_maker_fee: Decimal
    spot_taker_fee: Decimal
    trigger_orders: int


class Valuation:
    """Prices accounts by the markets' marks."""

    def __init__(self, markets: Mapping[str, Market]) -> None:
        self._markets: Final = markets
        self._priced_by: Final = _pricing_markets(markets)

    @property
    def assets(self) -> frozenset[str]:
        """All assets that have a price here."""
        return frozenset({USDC, *self._priced_by})

    def weight(self, asset: str) -> Decimal:
        """The share of an asset's worth that counts as collateral."""
        return collateral_weight(asset)

    def price_of(self, asset: str) -> Decimal:
        """What one unit of an asset is worth in USDC; zero when nothing here prices it."""
        if asset == USDC:
            return ONE
        market = self._priced_by.get(asset)
        return ZERO if market is None else market.mark

    def collateral_value(self, account: Account) -> Decimal:
        """The weighted worth of everything an account owns, locked funds included."""
        value = ZERO
        for asset in {**account.balances, **account.lending}:
            net = account.net(asset)
            if net:
                # What is owed counts in full, what is owned by its weight.
                weight = collateral_weight(asset) if net > 0 else ONE
                value += net * self.price_of(asset) * weight
        return value

    def borrowed(self, account: Account) -> Decimal:
        """The worth of all that is owed."""
        return sum((account.owed(asset) * self.price_of(asset) for asset in account.lending), ZERO)

    def unrealised(self, account: Account) -> Decimal:
        """What the positions have won or lost and not yet paid out."""
        return sum((p.unsettled(self._markets[s].mark) for s, p in account.positions.items()), ZERO)

    def equity(self, account: Account) -> Decimal:
        """What the account would be worth to its positions: collateral and profit, less debt."""
        return self.collateral_value(account) + self.unrealised(account) - account.debt

    def exposure(self, account: Account, symbol: str) -> Decimal:
        """The quantity of a position "including worst case open positions" (OpenAPI, netExposureQuantity)."""
        return _worst_case(
            account.position_quantity(symbol),
            account.committed_quantity(symbol, BID),
            account.committed_quantity(symbol, ASK),
        )

    def initial_fraction(self, account: Account, symbol: str, notional: Decimal) -> Decimal:
        """The initial margin fraction: the market's function, never below what the leverage limit leaves."""
        return max(_fraction(self._markets[symbol].rules.imf, notional), ONE / account.leverage_limit)

    def maintenance_fraction(self, symbol: str, notional: Decimal) -> Decimal:
        """The maintenance margin fraction of a position of this notional."""
        return _fraction(self._markets[symbol].rules.mmf, notional)

    def initial_margin(self, account: Account) -> Decimal:
        """The equity that positions, open orders and borrowed money tie up."""
        exposed = sum((self._initial(account, symbol) for symbol in _exposed(account)), ZERO)
        return exposed + self.borrowed(account) / account.leverage_limit

    def maintenance_margin(self, account: Account) -> Decimal:
        """The equity below which positions are liquidated."""
        total = ZERO
        for symbol, position in account.positions.items():
            notional = abs(position.quantity) * self._markets[symbol].mark
            total += notional * self.maintenance_fraction(symbol, notional)
        return total + self.borrowed(account) * choices.BORROW_MAINTENANCE

    def carries(
        self, account: Account, symbol: str, side: str, quantity: Decimal, immediate_cost: Decimal = ZERO
    ) -> bool:
        """Whether the account may add an order of this quantity; one that adds no exposure it always may.

        `immediate_cost` is what would be lost at once: fees, and trading worse than the mark.
        """
        held = account.position_quantity(symbol)
        bids = account.committed_quantity(symbol, BID) + (quantity if side == BID else ZERO)
        asks = account.committed_quantity(symbol, ASK) + (quantity if side == ASK else ZERO)
        exposure = _worst_case(held, bids, asks)
        if exposure <= self.exposure(account, symbol):
            return True
        notional = exposure * self._markets[symbol].mark
        needed = notional * self.initial_fraction(account, symbol, notional)
        needed += sum((self._initial(account, other) for other in _exposed(account) if other != symbol), ZERO)
        needed += self.borrowed(account) / account.leverage_limit
        return self.equity(account) - immediate_cost >= needed

    def is_below_auto_close(self, account: Account) -> bool:
        """Whether backstop providers take over: less than "max(MMF / divisor, MMF - offset)" is left."""
        exposure = self._notional(account)
        if not exposure:
            return False
        fraction = self.maintenance_margin(account) / exposure
        closed_below = max(fraction / choices.AUTO_CLOSE_DIVISOR, fraction - choices.AUTO_CLOSE_OFFSET)
        return self.equity(account) < exposure * closed_below

    def is_below_maintenance(self, account: Account) -> bool:
        """Whether the account's equity no longer carries its positions and what it has borrowed."""
        maintenance = self.maintenance_margin(account)
        return maintenance > 0 and self.equity(account) < maintenance

    def weighted_notional(self, account: Account, but: str) -> Decimal:
        """What positions and orders count for the position limit, without those of one market."""
        return sum(
            (
                self.exposure(account, symbol)
                * self._markets[symbol].mark
                * self._markets[symbol].rules.position_limit_weight
                for symbol in _exposed(account)
                if symbol != but
            ),
            ZERO,
        )

    def leverage(self, account: Account) -> Decimal:
        """What an account's positions are worth, in its equity; the highest there is without equity."""
        equity = self.equity(account)
        return self._notional(account) / equity if equity > 0 else Decimal("Infinity")

    def position_view(self, account: Account, position: Position) -> PositionView:
        """One position with its margin figures."""
        symbol = position.symbol
        mark = self._markets[symbol].mark
        exposure = self.exposure(account, symbol)
        return PositionView(
            position=position,
            mark=mark,
            imf=self.initial_fraction(account, symbol, exposure * mark),
            mmf=self.maintenance_fraction(symbol, exposure * mark),
            exposure_quantity=exposure,
            exposure_notional=exposure * mark,
            estimated_liquidation_price=self.liquidation_price(account, position),
            pnl_unrealized=position.unsettled(mark),
            user_id=account.user_id,
        )

    def liquidation_price(self, account: Account, position: Position) -> Decimal:
        """The mark at which equity would meet maintenance, all else equal; zero when there is none."""
        market = self._markets[position.symbol]
        size = abs(position.quantity)
        fraction = self.maintenance_fraction(position.symbol, size * market.mark)
        others = self.maintenance_margin(account) - size * market.mark * fraction
        slope = position.quantity - size * fraction
        if slope == 0:
            return ZERO
        price = (position.quantity * market.mark + others - self.equity(account)) / slope
        return market.rules.round_to_tick(price) if price > 0 else ZERO

    def summary(self, account: Account) -> MarginSummary:
        """The collateral view of an account."""
        assets = sorted({**account.balances, **account.lending})
        rows = [self._collateral_row(account, asset) for asset in assets]
        rows = [row for row in rows if row.total_quantity or row.lend_quantity]
        futures = sum((self.exposure(account, s) * self._markets[s].mark for s in _exposed(account)), ZERO)
        exposure = futures + self.borrowed(account)
        collateral = sum((row.collateral_value for row in rows), ZERO)
        unrealised = self.unrealised(account)
        equity = collateral + unrealised - account.debt
        initial = self.initial_margin(account)
        return MarginSummary(
            assets_value=collateral,
            borrow_liability=self.borrowed(account),
            collateral=rows,
            imf=initial / exposure if exposure else ONE / account.leverage_limit,
            mmf=self.maintenance_margin(account) / exposure if exposure else self._smallest_maintenance(),
            unsettled_equity=ZERO,
            liabilities_value=account.debt,
            margin_fraction=equity / exposure if exposure else None,
            net_equity=equity,
            net_equity_available=max(ZERO, equity - initial),
            net_equity_locked=initial,
            net_exposure_futures=futures,
            pnl_unrealized=unrealised,
        )

    def _notional(self, account: Account) -> Decimal:
        """ "Total exposure = sum over futures and spot margin" (the venue's futures specifications)."""
        positions = account.positions.items()
        futures = sum((abs(each.quantity) * self._markets[symbol].mark for symbol, each in positions), ZERO)
        return futures + self.borrowed(account)

    def _initial(self, account: Account, symbol: str) -> Decimal:
        notional = self.exposure(account, symbol) * self._markets[symbol].mark
        return notional * self.initial_fraction(account, symbol, notional) if notional else ZERO

    def _smallest_maintenance(self) -> Decimal:
        fractions = [market.rules.mmf.base for market in self._markets.values() if market.rules.mmf]
        return min(fractions, default=ZERO)

    def _collateral_row(self, account: Account, asset: str) -> CollateralRow:
        balance, net = account.balance(asset), account.net(asset)
        price = self.price_of(asset)
        weight = collateral_weight(asset) if net > 0 else ONE
        return CollateralRow(
            symbol=asset,
            asset_mark_price=price,
            total_quantity=net,
            balance_notional=net * price,
            collateral_weight=weight,
            collateral_value=net * price * weight,
            open_order_quantity=balance.locked,
            lend_quantity=account.lent(asset),
            available_quantity=balance.available,
        )


def collateral_weight(asset: str) -> Decimal:
    """The share of an asset's worth that counts as collateral."""
    return choices.COLLATERAL_WEIGHTS.get(asset, choices.OTHER_COLLATERAL_WEIGHT)


def account_summary(account: Account, borrow_limit: Decimal = ZERO) -> AccountSummary:
    """Settings, fees and counts of an account."""
    resting, waiting = account.count_open()
    return AccountSummary(
        auto_borrow_settlements=account.auto_borrow_settlements,
        auto_lend=account.auto_lend,
        auto_realize_pnl=True,
        auto_repay_borrows=account.auto_repay_borrows,
        borrow_limit=borrow_limit,
        futures_maker_fee=account.fees["futures_maker"],
        futures_taker_fee=account.fees["futures_taker"],
        leverage_limit=account.leverage_limit,
        limit_orders=resting,
        liquidating=account.liquidating,
        position_limit=choices.POSITION_LIMIT,
        spot_maker_fee=account.fees["spot_maker"],
        spot_taker_fee=account.fees["spot_taker"],
        trigger_orders=waiting,
    )


def _pricing_markets(markets: Mapping[str, Market]) -> dict[str, Market]:
    """Each asset's market against USDC: the spot one where there is one, else the perpetual."""
    priced: dict[str, Market] = {}
    for market in markets.values():
        rules = market.rules
        if rules.kind == "PREDICTION":
            continue
        if rules.quote == USDC and (not rules.is_perp or rules.base not in priced):
            priced[rules.base] = market
    return priced


def _worst_case(held: Decimal, bids: Decimal, asks: Decimal) -> Decimal:
    return max(abs(held + bids), abs(held - asks))


def _exposed(account: Account) -> list[str]:
    """The perpetuals that an account has a position or a resting order in."""
    symbols = dict.fromkeys(account.positions)
    symbols.update(dict.fromkeys(symbol for (symbol, _), quantity in account.committed.items() if quantity))
    return list(symbols)


def _fraction(function: MarginFunction | None, notional: Decimal) -> Decimal:
    return ONE if function is None else function.fraction(notional)
