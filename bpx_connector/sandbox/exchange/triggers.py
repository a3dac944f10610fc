"""Orders that wait for a price: placed, fired, failed, or armed by the fills of another order.

A waiting order holds no funds and is on no book. When its reference price gets there it sends a new order,
with an id of its own, to the desk; each of the two names the other as related.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.account.clearing import fee_rate
from bpx_connector.sandbox.account.ledger import Account, Ledger
from bpx_connector.sandbox.exchange.order_life import Desk, reducible
from bpx_connector.sandbox.exchange.outbox import Announcements
from bpx_connector.sandbox.market import order_checks as entry
from bpx_connector.sandbox.market.market import Market
from bpx_connector.sandbox.records import events, refusals
from bpx_connector.sandbox.records.events import ORDER_MODIFIED, TRIGGER_PLACED
from bpx_connector.sandbox.records.orders import (
    ASK,
    BID,
    LIMIT,
    MARKET,
    OPPOSITE,
    TRIGGER_FAILED,
    TRIGGER_PENDING,
    Order,
    OrderRequest,
)
from bpx_connector.sandbox.records.refusals import Refusal

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)

#: A refusal of the order that was fired, as the expiry reason of the order that fired it.
_REASON_BY_MESSAGE: Final = {
    refusals.stop_without_position().message: "StopWithoutPosition",
    refusals.not_reduced().message: "ReduceOnlyNotReduced",
    refusals.would_take().message: "PostOnlyTaker",
    refusals.no_liquidity().message: "InsufficientLiquidity",
    refusals.price_out_of_band().message: "PriceOutOfBounds",
    refusals.book_takes_no_such_order().message: "PostOnlyMode",
}
_REASON_BY_CODE: Final = {
    "INSUFFICIENT_FUNDS": "InsufficientFunds",
    "INSUFFICIENT_MARGIN": "InsufficientMargin",
    "INVALID_PRICE": "InvalidPrice",
    "INVALID_QUANTITY": "InvalidQuantity",
    "ACCOUNT_LIQUIDATING": "Liquidation",
    "TRADING_PAUSED": "AccountTradingSuspended",
}


class Triggers:
    """Keeps conditional orders until their price comes."""

    def __init__(
        self, ledger: Ledger, markets: Mapping[str, Market], desk: Desk, announcements: Announcements
    ) -> None:
        self._ledger: Final = ledger
        self._markets: Final = markets
        self._desk: Final = desk
        self._announcements: Final = announcements

    def place(self, account: Account, market: Market, request: OrderRequest, now: int) -> Order:
        """Take in a conditional order; it fires when its price is crossed from where it stands now."""
        waiting = sum(order.status == TRIGGER_PENDING for order in account.open_in(market.symbol))
        if waiting >= choices.MAX_STOPS_PER_MARKET:
            raise refusals.too_many_stops()
        if request.trigger_price is None:
            raise refusals.incomplete_trigger()
        order = self._desk.new_order(account, request, now)
        order.quantity = None
        order.quote_quantity = None
        trigger_by = request.trigger_by or choices.DEFAULT_TRIGGER_BY[market.rules.kind]
        upward = market.reference(trigger_by) < request.trigger_price
        self._set_trigger(order, request.trigger_price, request.trigger_quantity, trigger_by, upward)
        self._wait(account, market, order)
        return order

    def fire_next(self, now: int) -> bool:
        """Fire the oldest waiting order whose price has come; whether there was one."""
        for market in self._markets.values():
            for order in market.triggers.values():
                if _has_come(order, market):
                    self._fire(market, order, now)
                    return True
        return False

    def arm_children(self, now: int) -> None:
        """Place, or enlarge, the stop loss and take profit of every order that traded since the last call."""
        parents = list(self._desk.filled_parents.values())
        self._desk.filled_parents.clear()
        for parent in parents:
            account = self._ledger.accounts[parent.account_id]
            market = self._markets[parent.symbol]
            quantity = self._protected_quantity(account, market, parent)
            if not quantity:
                continue
            if parent.child_ids:
                self._enlarge_children(market, parent, quantity, now)
            else:
                self._place_children(account, market, parent, quantity, now)

    def _fire(self, market: Market, order: Order, now: int) -> None:
        account = self._ledger.accounts[order.account_id]
        account.unlist_order(order)
        del market.triggers[order.id]
        order.triggered_at = order.updated_at = now
        try:
            request = self._fired_request(account, market, order)
            entry.check_request(request, market.rules, market.state, market.last_price)
            if account.liquidating:
                raise refusals.account_liquidating()
            fired = self._desk.enter(account, market, request, now, trigger=order)
        except Refusal as refusal:
            self._fail(account, order, _failure_reason(refusal))
        else:
            order.status = choices.FIRED_STATUS
            self._cancel_sibling(account, market, order, now)
            order.related_order_id = fired.id

    def _fail(self, account: Account, order: Order, reason: str) -> None:
        order.status = TRIGGER_FAILED
        order.expiry_reason = reason
        self._announcements.order(account, events.TRIGGER_FAILED, order)

    def _fired_request(self, account: Account, market: Market, order: Order) -> OrderRequest:
        return OrderRequest(
            symbol=order.symbol,
            side=order.side,
            order_type=order.order_type,
            price=order.price,
            quantity=self._fired_quantity(account, market, order),
            time_in_force=order.time_in_force,
            post_only=order.post_only,
            reduce_only=order.reduce_only,
            self_trade_prevention=order.self_trade_prevention,
            client_id=order.client_id,
            stop_loss_trigger_price=order.stop_loss_trigger_price,
            stop_loss_limit_price=order.stop_loss_limit_price,
            stop_loss_trigger_by=order.stop_loss_trigger_by,
            take_profit_trigger_price=order.take_profit_trigger_price,
            take_profit_limit_price=order.take_profit_limit_price,
            take_profit_trigger_by=order.take_profit_trigger_by,
            slippage_tolerance=order.slippage_tolerance,
            slippage_tolerance_type=order.slippage_tolerance_type,
            auto_lend_redeem=order.auto_lend_redeem,
        )

    def _fired_quantity(self, account: Account, market: Market, order: Order) -> Decimal:
        """The amount itself, or the percentage of what there is now (see `choices.DECISIONS`)."""
        text = order.trigger_quantity or "0"
        share = entry.trigger_share(text)
        if market.rules.is_perp and (share is not None or order.reduce_only):
            held = reducible(account, order)
            if held == 0:
                raise refusals.stop_without_position()
        if share is None:
            return Decimal(text)
        if market.rules.is_perp:
            return market.rules.floor_to_step(held * share)
        if order.side == ASK:
            return market.rules.floor_to_step(account.balance(market.rules.base).available * share)
        price = order.price or market.book.best(ASK) or market.last_price
        return market.rules.floor_to_step(account.balance(market.rules.quote).available * share / price)

    def _cancel_sibling(self, account: Account, market: Market, fired: Order, now: int) -> None:
        """Of a stop loss and a take profit, the first that fires cancels the other."""
        if fired.related_order_id is None:
            return
        for order in list(market.triggers.values()):
            if order.related_order_id == fired.related_order_id and order.account_id == account.id:
                self._desk.cancel(account, order, now)

    def _protected_quantity(self, account: Account, market: Market, parent: Order) -> Decimal:
        """What the parent's fills have brought in, on the step: a spot buy is short of its fee."""
        quantity = parent.executed_quantity
        if not market.rules.is_perp and parent.side == BID:
            quantity *= ONE - fee_rate(account, market.rules, is_maker=False)
        return market.rules.floor_to_step(quantity)

    def _enlarge_children(self, market: Market, parent: Order, quantity: Decimal, now: int) -> None:
        children = [market.triggers[child] for child in parent.child_ids if child in market.triggers]
        for child in children:
            text = _plain(quantity)
            if child.trigger_quantity != text:
                child.trigger_quantity = text
                child.updated_at = now
                self._announcements.order(self._ledger.accounts[child.account_id], ORDER_MODIFIED, child)

    def _place_children(
        self, account: Account, market: Market, parent: Order, quantity: Decimal, now: int
    ) -> None:
        """A stop loss waits for the price to move against the parent, a take profit for it to move along."""
        is_buy = parent.side == BID
        stop = (
            parent.stop_loss_trigger_price,
            parent.stop_loss_limit_price,
            parent.stop_loss_trigger_by,
            not is_buy,
        )
        target = (
            parent.take_profit_trigger_price,
            parent.take_profit_limit_price,
            parent.take_profit_trigger_by,
            is_buy,
        )
        for trigger_price, limit_price, trigger_by, upward in (stop, target):
            if trigger_price is None:
                continue
            request = OrderRequest(
                symbol=parent.symbol,
                side=OPPOSITE[parent.side],
                order_type=MARKET if limit_price is None else LIMIT,
                price=limit_price,
                reduce_only=True if market.rules.is_perp else None,
                self_trade_prevention=parent.self_trade_prevention,
                auto_lend_redeem=parent.auto_lend_redeem,
            )
            child = self._desk.new_order(account, request, now)
            child.related_order_id = parent.id
            watched = trigger_by or choices.DEFAULT_TRIGGER_BY[market.rules.kind]
            self._set_trigger(child, trigger_price, _plain(quantity), watched, upward)
            self._wait(account, market, child)
            parent.child_ids += (child.id,)

    def _set_trigger(
        self, order: Order, price: Decimal, quantity: str | None, trigger_by: str, upward: bool
    ) -> None:
        order.status = TRIGGER_PENDING
        order.trigger_price = price
        order.trigger_quantity = quantity
        order.trigger_by = trigger_by
        order.fires_upward = upward

    def _wait(self, account: Account, market: Market, order: Order) -> None:
        market.triggers[order.id] = order
        account.list_order(order)
        self._desk.accept(account, order, TRIGGER_PLACED)


def _has_come(order: Order, market: Market) -> bool:
    if order.trigger_price is None or order.trigger_by is None:
        return False
    reference = market.reference(order.trigger_by)
    return reference >= order.trigger_price if order.fires_upward else reference <= order.trigger_price


def _failure_reason(refusal: Refusal) -> str:
    by_code = _REASON_BY_CODE.get(refusal.code or "", "Unknown")
    return _REASON_BY_MESSAGE.get(refusal.message, by_code)


def _plain(quantity: Decimal) -> str:
    """A quantity as the venue writes it: no exponent, no trailing zeros."""
    text = f"{quantity:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
