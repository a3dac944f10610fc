"""Orders that wait for a price: placed, fired, failed, or armed by the fills of another order.

A waiting order holds no funds and is on no book. When its reference price gets there it is matched: as
another order, which may name it as related, or as itself (see `fired_orders` in `switches`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.account.announcements import Announcements
from bpx_connector.sandbox.account.clearing import fee_rate
from bpx_connector.sandbox.account.ledger import Account, Ledger
from bpx_connector.sandbox.exchange.order_life import Orders, reducible
from bpx_connector.sandbox.market.market import Market
from bpx_connector.sandbox.market.order_checks import check_request, trigger_share
from bpx_connector.sandbox.records import events, refusals
from bpx_connector.sandbox.records.events import ORDER_MODIFIED, TRIGGER_PLACED
from bpx_connector.sandbox.records.figures import ONE, plain
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
from bpx_connector.sandbox.records.switches import LINKED, SAME_ID, Switches

__all__ = ["Triggers"]

_REASON_BY_MESSAGE: Final = {
    refusals.stop_without_position().message: "StopWithoutPosition",
    refusals.not_reduced().message: "ReduceOnlyNotReduced",
    refusals.would_take().message: "PostOnlyTaker",
    refusals.no_liquidity().message: "InsufficientLiquidity",
    refusals.price_out_of_band().message: "PriceOutOfBounds",
    refusals.book_takes_no_such_order().message: "PostOnlyMode",
}
"""A refusal of the order that was fired, as the expiry reason of the order that fired it."""
_REASON_BY_CODE: Final = {
    "INSUFFICIENT_FUNDS": "InsufficientFunds",
    "INSUFFICIENT_MARGIN": "InsufficientMargin",
    "INVALID_PRICE": "InvalidPrice",
    "INVALID_QUANTITY": "InvalidQuantity",
    "ACCOUNT_LIQUIDATING": "Liquidation",
    "TRADING_PAUSED": "AccountTradingSuspended",
    "POSITION_LIMIT": "PositionLimit",
    "FORBIDDEN": "UserPermissions",
}


class Triggers:
    """Keeps conditional orders until their price comes."""

    def __init__(
        self,
        ledger: Ledger,
        markets: Mapping[str, Market],
        orders: Orders,
        announcements: Announcements,
        switches: Switches,
    ) -> None:
        self._ledger: Final = ledger
        self._markets: Final = markets
        self._orders: Final = orders
        self._announcements: Final = announcements
        self._switches: Final = switches

    def place(self, account: Account, market: Market, request: OrderRequest, now: int) -> Order:
        """Take in a conditional order; it fires when its price is crossed from where it stands now."""
        waiting = sum(order.status == TRIGGER_PENDING for order in account.open_in(market.symbol))
        if waiting >= choices.MAX_STOPS_PER_MARKET:
            raise refusals.too_many_stops()
        if request.trigger_price is None:
            raise refusals.incomplete_trigger()
        order = self._orders.new_order(account, request, now)
        watched = self._watched(market, request)
        self._wait(account, market, order, watched, market.reference(watched) < request.trigger_price)
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
        parents = list(self._orders.filled_parents.values())
        self._orders.filled_parents.clear()
        for parent in parents:
            account = self._ledger.accounts[parent.account_id]
            market = self._markets[parent.request.symbol]
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
        parent_id = order.related_order_id
        try:
            request = self._fired_request(account, market, order)
            check_request(request, market.rules, market.state, market.active_price)
            if account.liquidating:
                raise refusals.account_liquidating()
            self._send(account, market, order, request, now)
        except Refusal as refusal:
            self._fail(account, order, _failure_reason(refusal))
        else:
            self._cancel_siblings(account, market, parent_id, now)

    def _send(self, account: Account, market: Market, order: Order, request: OrderRequest, now: int) -> None:
        """Have what the trigger order asked for matched: as the order itself, or as one of its own."""
        if self._switches.fired_orders == SAME_ID:
            order.quantity = request.quantity
            self._orders.take_in(account, market, order, now)
            return
        is_linked = self._switches.fired_orders == LINKED
        fired = self._orders.new_order(
            account, request if is_linked else replace(request, client_id=None), now
        )
        fired.triggered_at = now
        fired.related_order_id = order.id if is_linked else None
        self._orders.take_in(account, market, fired, now)
        order.status = choices.FIRED_STATUS
        if is_linked:
            order.related_order_id = fired.id

    def _fail(self, account: Account, order: Order, reason: str) -> None:
        order.quantity = None
        order.status = TRIGGER_FAILED
        order.expiry_reason = reason
        self._announcements.order(account, events.TRIGGER_FAILED, order)

    def _fired_request(self, account: Account, market: Market, order: Order) -> OrderRequest:
        return replace(
            order.request,
            quantity=self._fired_quantity(account, market, order),
            quote_quantity=None,
            trigger_price=None,
            trigger_quantity=None,
            trigger_by=None,
        )

    def _fired_quantity(self, account: Account, market: Market, order: Order) -> Decimal:
        """The amount itself, or the percentage of what there is now (see `choices`)."""
        text = order.request.trigger_quantity or "0"
        share = trigger_share(text)
        if market.rules.is_perp and (share is not None or order.request.reduce_only):
            held = reducible(account, order)
            if held == 0:
                raise refusals.stop_without_position()
        if share is None:
            return Decimal(text)
        if market.rules.is_perp:
            return market.rules.floor_to_step(held * share)
        if order.request.side == ASK:
            return market.rules.floor_to_step(account.balance(market.rules.base).available * share)
        price = order.request.price or market.book.best(ASK) or market.last_price
        return market.rules.floor_to_step(account.balance(market.rules.quote).available * share / price)

    def _cancel_siblings(self, account: Account, market: Market, parent_id: int | None, now: int) -> None:
        """Of a stop loss and a take profit, the first that fires cancels the other."""
        if parent_id is None:
            return
        for order in list(market.triggers.values()):
            if order.related_order_id == parent_id and order.account_id == account.id:
                self._orders.cancel(account, order, now)

    def _protected_quantity(self, account: Account, market: Market, parent: Order) -> Decimal:
        """What the parent's fills have brought in, on the step: a spot buy is short of its fee."""
        quantity = parent.executed_quantity
        if not market.rules.is_perp and parent.request.side == BID:
            quantity *= ONE - fee_rate(account, market.rules, is_maker=False)
        return market.rules.floor_to_step(quantity)

    def _enlarge_children(self, market: Market, parent: Order, quantity: Decimal, now: int) -> None:
        children = [market.triggers[child] for child in parent.child_ids if child in market.triggers]
        text = plain(quantity)
        for child in children:
            if child.request.trigger_quantity != text:
                child.request = replace(child.request, trigger_quantity=text)
                child.updated_at = now
                self._announcements.order(self._ledger.accounts[child.account_id], ORDER_MODIFIED, child)

    def _place_children(
        self, account: Account, market: Market, parent: Order, quantity: Decimal, now: int
    ) -> None:
        """A stop loss waits for the price to move against the parent, a take profit for it to move along."""
        asked, is_buy = parent.request, parent.request.side == BID
        stop = asked.stop_loss_trigger_price, asked.stop_loss_limit_price, asked.stop_loss_trigger_by
        target = asked.take_profit_trigger_price, asked.take_profit_limit_price, asked.take_profit_trigger_by
        for (trigger_price, limit_price, trigger_by), upward in ((stop, not is_buy), (target, is_buy)):
            if trigger_price is None:
                continue
            request = OrderRequest(
                symbol=asked.symbol,
                side=OPPOSITE[asked.side],
                order_type=MARKET if limit_price is None else LIMIT,
                price=limit_price,
                reduce_only=True if market.rules.is_perp else None,
                self_trade_prevention=asked.self_trade_prevention,
                auto_lend_redeem=asked.auto_lend_redeem,
                trigger_price=trigger_price,
                trigger_quantity=plain(quantity),
                trigger_by=trigger_by,
            )
            child = self._orders.new_order(account, request, now)
            child.related_order_id = parent.id
            self._wait(account, market, child, self._watched(market, request), upward)
            parent.child_ids += (child.id,)

    def _watched(self, market: Market, request: OrderRequest) -> str:
        unnamed = choices.DEFAULT_TRIGGER_BY[market.rules.kind]
        if market.rules.is_perp:
            unnamed = self._switches.unnamed_triggers
        return request.trigger_by or unnamed

    def _wait(self, account: Account, market: Market, order: Order, watched: str, upward: bool) -> None:
        order.status = TRIGGER_PENDING
        order.quantity = order.quote_quantity = None
        order.watches = watched
        order.fires_upward = upward
        market.triggers[order.id] = order
        account.list_order(order)
        self._orders.accept(account, order, TRIGGER_PLACED)


def _has_come(order: Order, market: Market) -> bool:
    if order.request.trigger_price is None or order.watches is None:
        return False
    reference = market.reference(order.watches)
    is_above = reference >= order.request.trigger_price
    return is_above if order.fires_upward else reference <= order.request.trigger_price


def _failure_reason(refusal: Refusal) -> str:
    by_code = _REASON_BY_CODE.get(refusal.code or "", "Unknown")
    return _REASON_BY_MESSAGE.get(refusal.message, by_code)
