"""What a trade does to the two who made it: assets, fees, positions, fills."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.account.announcements import Announcements
from bpx_connector.sandbox.account.ledger import USDC, Account, FundingPayment, Ledger
from bpx_connector.sandbox.market.market import Market
from bpx_connector.sandbox.market.marks import FundingRate
from bpx_connector.sandbox.records.events import (
    ORDER_FILL,
    POSITION_ADJUSTED,
    POSITION_CLOSED,
    POSITION_OPENED,
    FundingPaid,
    Liquidated,
    Traded,
)
from bpx_connector.sandbox.records.figures import BASIS_POINT, ZERO
from bpx_connector.sandbox.records.orders import (
    BID,
    FUTURE_EXPIRY,
    LIQUIDATE_ON_BOOK,
    LIQUIDATIONS,
    Fill,
    Order,
)
from bpx_connector.sandbox.records.positions import USDC_UNIT, Position
from bpx_connector.sandbox.records.rules import MarketRules

__all__ = ["Clearing", "fee_rate"]


class Clearing:
    """Settles trades, funding and profit into the ledger."""

    def __init__(self, ledger: Ledger, announcements: Announcements) -> None:
        self._ledger: Final = ledger
        self._announcements: Final = announcements
        self._next_position_id = choices.FIRST_POSITION_ID

    def settle_trade(
        self, market: Market, maker: Order, taker: Order, traded: Traded, *, is_public: bool = True
    ) -> None:
        """Exchange what the two orders traded; their executed figures already count it.

        What is not public is told to the two alone.
        """
        fees = []
        for order, is_maker in ((maker, True), (taker, False)):
            account = self._ledger.accounts[order.account_id]
            if market.rules.is_perp:
                fee, asset = self._charge_perp(account, market, order, traded, is_maker), USDC
            else:
                fee, asset = self._exchange_spot(account, market, order, traded, is_maker)
            fees.append(fee)
            self._record_fill(account, order, traded, fee, asset, is_maker)
        if is_public:
            self._announcements.tell(traded)
        if market.rules.is_perp:
            for order, fee in zip((maker, taker), fees, strict=True):
                self._move_position(market, order, traded, fee)

    def pay_funding(self, market: Market, rate: FundingRate, now: int) -> None:
        """Exchange one interval's funding: positive rates are paid by longs, at the mark."""
        for account in self._ledger.accounts.values():
            position = account.positions.get(market.symbol)
            if position is None:
                continue
            amount = -(position.quantity * market.mark * rate.rate).quantize(
                USDC_UNIT, rounding=ROUND_HALF_UP
            )
            self._ledger.pay_funding(account, amount, now, position.id)
            position.cumulative_funding += amount
            account.funding_history.append(
                FundingPayment(
                    symbol=market.symbol, quantity=amount, rate=rate.rate, interval_end=rate.interval_end
                )
            )
            self._announcements.tell(
                FundingPaid(now, account.id, market.symbol, amount, rate.rate, rate.interval_end)
            )
            self._announcements.position(account, POSITION_ADJUSTED, position, now)

    def realise_profits(self, markets: Mapping[str, Market], now: int) -> None:
        """Pay what every position has won or lost since the last time into USDC."""
        for account in self._ledger.accounts.values():
            for symbol, position in account.positions.items():
                amount = position.settle(markets[symbol].mark)
                if amount:
                    self._ledger.settle(account, amount, now, "RealizePnl", position.id)
                    self._announcements.position(account, POSITION_ADJUSTED, position, now)

    def _exchange_spot(
        self, account: Account, market: Market, order: Order, traded: Traded, is_maker: bool
    ) -> tuple[Decimal, str]:
        """Give one asset and receive the other, less the fee, which is kept back from what is received."""
        rules = market.rules
        notional = traded.price * traded.quantity
        given, received, pays, gets = rules.base, rules.quote, traded.quantity, notional
        if order.request.side == BID:
            given, received, pays, gets = received, given, gets, pays
        if is_maker:
            self._ledger.spend_held(account, order, given, pays)
        else:
            self._ledger.debit(account, given, pays)
        fee = fee_of(account, rules, gets, is_maker)
        self._ledger.credit(account, received, gets - fee)
        self._ledger.take_fee(received, fee)
        return fee, received

    def _charge_perp(
        self, account: Account, market: Market, order: Order, traded: Traded, is_maker: bool
    ) -> Decimal:
        notional = traded.price * traded.quantity
        if order.system_order_type == FUTURE_EXPIRY:
            return ZERO
        fee = fee_of(account, market.rules, notional, is_maker)
        # Whose position is reduced for others (ADL) pays nothing for it.
        if order.system_order_type in LIQUIDATIONS and account.liquidating:
            fee += (notional * choices.LIQUIDATION_FEE).quantize(USDC_UNIT, rounding=ROUND_HALF_UP)
        self._ledger.charge_fee(account, fee, traded.time)
        return fee

    def _record_fill(
        self, account: Account, order: Order, traded: Traded, fee: Decimal, asset: str, is_maker: bool
    ) -> None:
        fill = Fill(
            trade_id=traded.trade_id,
            order_id=order.id,
            client_id=order.request.client_id,
            symbol=order.request.symbol,
            side=order.request.side,
            price=traded.price,
            quantity=traded.quantity,
            fee=fee,
            fee_symbol=asset,
            is_maker=is_maker,
            time=traded.time,
            system_order_type=order.system_order_type,
        )
        account.fill_history.append(fill)
        self._announcements.order(account, ORDER_FILL, order, fill)

    def _move_position(self, market: Market, order: Order, traded: Traded, fee: Decimal) -> None:
        """Take a fill into the net position: add to it, or reduce it and open the other way with the rest.

        The fee counts with the position that the fill met.
        """
        account = self._ledger.accounts[order.account_id]
        quantity = traded.quantity if order.request.side == BID else -traded.quantity
        before = account.position_quantity(market.symbol)
        position = account.positions.get(market.symbol)
        if position is not None and position.quantity * quantity < 0:
            against = max(quantity, -position.quantity) if quantity < 0 else min(quantity, -position.quantity)
            position.fees += fee
            self._reduce(account, position, against, traded, order.system_order_type, fee)
            quantity -= against
            fee = ZERO
        if quantity:
            self._enlarge(account, market, quantity, traded, fee)
        after = account.position_quantity(market.symbol)
        market.open_interest += max(after, ZERO) - max(before, ZERO)
        if order.system_order_type == LIQUIDATE_ON_BOOK:
            self._announcements.tell(
                Liquidated(traded.time, market.symbol, order.request.side, traded.price, traded.quantity)
            )

    def _reduce(
        self,
        account: Account,
        position: Position,
        quantity: Decimal,
        traded: Traded,
        system_order_type: str | None,
        fee: Decimal,
    ) -> None:
        if system_order_type in LIQUIDATIONS:
            position.liquidation_fees += fee
        realised = position.reduce(quantity, traded.price)
        self._ledger.settle(account, realised, traded.time, "RealizePnl", position.id)
        kind = POSITION_ADJUSTED
        if not position.quantity:
            kind = POSITION_CLOSED
            position.closed_at = traded.time
            position.closing_price = traded.price
            del account.positions[position.symbol]
            account.position_history.append(position)
        self._announcements.position(account, kind, position, traded.time)

    def _enlarge(
        self, account: Account, market: Market, quantity: Decimal, traded: Traded, fee: Decimal
    ) -> None:
        kind = POSITION_ADJUSTED
        position = account.positions.get(market.symbol)
        if position is None:
            kind = POSITION_OPENED
            position = Position(
                id=self._next_position_id,
                account_id=account.id,
                symbol=market.symbol,
                opened_at=traded.time,
            )
            self._next_position_id += 1
            account.positions[market.symbol] = position
        position.add(quantity, traded.price)
        position.fees += fee
        self._announcements.position(account, kind, position, traded.time)


def fee_of(account: Account, rules: MarketRules, amount: Decimal, is_maker: bool) -> Decimal:
    """The fee on an amount: of the asset received on spot, of the USDC notional on perpetuals."""
    rate = fee_rate(account, rules, is_maker)
    return (amount * rate).quantize(choices.FEE_DECIMALS[rules.kind], rounding=ROUND_HALF_UP)


def fee_rate(account: Account, rules: MarketRules, is_maker: bool) -> Decimal:
    """The fee as a fraction; negative for a rebate."""
    if rules.symbol in choices.FEE_FREE_MARKETS:
        return ZERO
    kind = "futures" if rules.is_perp else "spot"
    return account.fees[f"{kind}_{'maker' if is_maker else 'taker'}"] * BASIS_POINT
