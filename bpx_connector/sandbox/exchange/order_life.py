"""The life of an order: accepted or refused, matched, resting, shrunk, cancelled, expired.

Every status and expiry reason is set in this file, but for those of triggers. A request is judged whole
before anything moves: when a `Refusal` is raised, nothing has changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.account.announcements import Announcements
from bpx_connector.sandbox.account.clearing import Clearing, fee_rate
from bpx_connector.sandbox.account.ledger import Account, Ledger
from bpx_connector.sandbox.account.lending import Lending
from bpx_connector.sandbox.account.margin import Valuation
from bpx_connector.sandbox.market.market import Market
from bpx_connector.sandbox.market.matching import (
    SELF_TRADE,
    STOPS_A_LIMIT,
    Bound,
    Preview,
    incoming,
    matches,
    preview,
)
from bpx_connector.sandbox.records import refusals
from bpx_connector.sandbox.records.events import (
    ORDER_ACCEPTED,
    ORDER_CANCELLED,
    ORDER_EXPIRED,
    ORDER_MODIFIED,
)
from bpx_connector.sandbox.records.figures import ZERO
from bpx_connector.sandbox.records.lending import SPOT_MARGIN
from bpx_connector.sandbox.records.orders import (
    ASK,
    BID,
    CANCELLED,
    EXPIRED,
    FILLED,
    FOK,
    GTC,
    LIMIT,
    MARKET,
    NEW,
    OPPOSITE,
    PARTIALLY_FILLED,
    TRIGGER_PENDING,
    Order,
    OrderRequest,
)
from bpx_connector.sandbox.records.rules import MarketRules
from bpx_connector.sandbox.records.switches import Switches

__all__ = ["Orders", "reducible"]


class Orders:
    """Takes orders in and looks after them until they are done."""

    def __init__(
        self,
        ledger: Ledger,
        markets: Mapping[str, Market],
        valuation: Valuation,
        clearing: Clearing,
        announcements: Announcements,
        lending: Lending,
        switches: Switches,
    ) -> None:
        self._ledger: Final = ledger
        self._markets: Final = markets
        self._valuation: Final = valuation
        self._clearing: Final = clearing
        self._announcements: Final = announcements
        self._lending: Final = lending
        self._switches: Final = switches
        self._next_order_id = choices.FIRST_ORDER_ID
        self.filled_parents: Final[dict[int, Order]] = {}
        """Orders with attached stop loss or take profit that traded since somebody last looked."""

    def enter(
        self,
        account: Account,
        market: Market,
        request: OrderRequest,
        now: int,
        *,
        system_order_type: str | None = None,
    ) -> Order:
        """Take in an order that has passed the market's checks."""
        order = self.new_order(account, request, now)
        order.system_order_type = system_order_type
        if system_order_type is None and not account.is_house:
            self._refuse_unwanted(account, market, order)
        self.take_in(account, market, order, now)
        return order

    def take_in(self, account: Account, market: Market, order: Order, now: int) -> None:
        """Accept an order, match it, and let the rest stay or expire; or refuse it, and nothing changes."""
        self._cut_to_position(account, market, order)
        look = self._preview(market, order)
        self._refuse_unmatched(market, order, look)
        if order.system_order_type is None:
            self._refuse_unfunded(account, market, order, look)
            if not self._would_take(market, order):
                self._cover(account, market, order, look, now)
        if order.quote_quantity is not None:
            order.quantity = look.quantity
        order.status = NEW
        self.accept(account, order, ORDER_ACCEPTED)
        if self._would_take(market, order):
            self._expire(account, order, "PostOnlyTaker", now)
            return
        if order.request.time_in_force == FOK and not look.is_complete:
            self._expire(account, order, "FillOrKill", now)
            return
        stopped = self._match(market, order, now)
        self._conclude(
            account, market, order, stopped or (look.stopped if order.quote_quantity else None), now
        )
        self._use_proceeds(account, market, order, now)

    def _refuse_unwanted(self, account: Account, market: Market, order: Order) -> None:
        """Refuse what a switch says is refused, and would else be cut or expire."""
        request, switches = order.request, self._switches
        wanted = request.quantity if request.reduce_only else None
        if wanted and switches.large_reduce_only == "refuse" and wanted > reducible(account, order):
            raise refusals.not_reduced()
        if switches.unfilled_orders == "refuse" and request.time_in_force in _KILLED:
            look = self._preview(market, order)
            is_filled = look.is_complete if request.time_in_force == FOK else look.quantity > 0
            if request.order_type == LIMIT and not is_filled:
                raise refusals.unfilled()

    def hand_over(
        self,
        account: Account,
        to: Account,
        market: Market,
        now: int,
        kind: str,
        most: Decimal | None = None,
        price: Decimal | None = None,
    ) -> None:
        """Have another account take a position over beside the book: all of it, or the most.

        At the mark, unless a price is given.
        """
        at = market.mark if price is None else price
        held = account.position_quantity(market.symbol)
        if most is not None:
            held = max(-most, min(most, held))
        sides = (BID, ASK) if held > 0 else (ASK, BID)
        orders = []
        for owner, side in zip((to, account), sides, strict=True):
            request = OrderRequest(symbol=market.symbol, side=side, order_type=MARKET, quantity=abs(held))
            order = self.new_order(owner, request, now)
            order.system_order_type = kind
            self.accept(owner, order, ORDER_ACCEPTED)
            order.executed_quantity = abs(held)
            order.executed_quote_quantity = abs(held) * at
            order.status = FILLED
            orders.append(order)
        taken, given = orders
        traded = market.trade_apart(taken, given, at, abs(held), now)
        self._clearing.settle_trade(market, taken, given, traded, is_public=False)

    def new_order(self, account: Account, request: OrderRequest, now: int) -> Order:
        """An order's record as requested; it has no place anywhere until it is accepted."""
        return Order(
            id=self._next_order_id,
            account_id=account.id,
            request=request,
            created_at=now,
            updated_at=now,
            quantity=request.quantity,
            quote_quantity=request.quote_quantity,
        )

    def accept(self, account: Account, order: Order, kind: str) -> None:
        """Give an order its id and its row in the history, and announce it; a fired one may have both."""
        if order.id == self._next_order_id:
            self._next_order_id += 1
            account.order_history.append(order)
        self._announcements.order(account, kind, order)

    def cancel(self, account: Account, order: Order, now: int) -> None:
        """Take an open order out at its owner's wish."""
        self._withdraw(account, order)
        order.status = CANCELLED
        order.updated_at = now
        self._announcements.order(account, ORDER_CANCELLED, order)

    def expire_resting(self, account: Account, order: Order, reason: str, now: int) -> None:
        """Take an open order out for a reason of the exchange's own."""
        self._withdraw(account, order)
        self._expire(account, order, reason, now)

    def _expire(self, account: Account, order: Order, reason: str, now: int) -> None:
        order.status = EXPIRED
        order.expiry_reason = reason
        order.updated_at = now
        self._announcements.order(account, ORDER_EXPIRED, order)

    def _withdraw(self, account: Account, order: Order) -> None:
        market = self._markets[order.request.symbol]
        account.unlist_order(order)
        account.reduce_only_resting.pop(order.id, None)
        if order.status == TRIGGER_PENDING:
            del market.triggers[order.id]
            return
        market.book.remove(order)
        if market.rules.is_perp:
            account.commit(order, -order.remaining)
        else:
            self._ledger.release(account, order, given_asset(order, market.rules))

    def _cut_to_position(self, account: Account, market: Market, order: Order) -> None:
        """Refuse a reduce-only order that has nothing to reduce, and cut one that wants too much."""
        if not order.request.reduce_only:
            return
        allowed = reducible(account, order)
        if allowed == 0:
            raise refusals.not_reduced()
        if order.quantity is None:
            order.quantity = min(allowed, self._preview(market, order).quantity)
            order.quote_quantity = None
        order.quantity = min(allowed, order.quantity)

    def _refuse_unmatched(self, market: Market, order: Order, look: Preview) -> None:
        request = order.request
        if request.order_type == MARKET:
            is_empty = market.book.best(OPPOSITE[request.side]) is None
            if is_empty and self._switches.empty_book == "refuse":
                raise refusals.no_liquidity()
            if is_empty:
                return
            if order.quantity is None and look.quantity == 0 and not look.stopped:
                raise refusals.quantity_below_minimum()
        if self._switches.post_only_cross == "refuse" and self._would_take(market, order):
            raise refusals.would_take()

    def _would_take(self, market: Market, order: Order) -> bool:
        """Whether a post-only order would trade at once."""
        side, price = order.request.side, order.request.price
        return bool(order.request.post_only) and price is not None and market.book.crosses(side, price)

    def _refuse_unfunded(self, account: Account, market: Market, order: Order, look: Preview) -> None:
        if market.rules.is_perp:
            self._refuse_without_margin(account, market, order, look)
            return
        asset, request = given_asset(order, market.rules), order.request
        redeem = request.auto_lend_redeem is True or self._switches.lend_redeem == "always"
        reach = self._lending.reach(account, asset, redeem=redeem, borrow=request.auto_borrow is True)
        if _cost(order, look) > reach:
            raise refusals.insufficient_funds()

    def _cover(self, account: Account, market: Market, order: Order, look: Preview, now: int) -> None:
        """Take back and borrow what a spot order asks for beyond what is free."""
        if not market.rules.is_perp:
            needed, asset = _cost(order, look), given_asset(order, market.rules)
            self._lending.cover(account, asset, needed, now, SPOT_MARGIN, order.id)

    def _use_proceeds(self, account: Account, market: Market, order: Order, now: int) -> None:
        """Repay and lend with what a spot order has brought, where it asks for that."""
        request, rules = order.request, market.rules
        if rules.is_perp or not (request.auto_borrow_repay or request.auto_lend):
            return
        is_bid = request.side == BID
        received = order.executed_quantity if is_bid else order.executed_quote_quantity
        self._lending.give(
            account,
            rules.base if is_bid else rules.quote,
            received,
            now,
            repay=request.auto_borrow_repay is True,
            lend=request.auto_lend is True,
            source=SPOT_MARGIN,
        )

    def _refuse_without_margin(self, account: Account, market: Market, order: Order, look: Preview) -> None:
        if order.request.reduce_only:
            return
        self._refuse_beyond_limits(account, market, order, look)
        worse = look.quote - look.quantity * market.mark
        loss = max(ZERO, worse if order.request.side == BID else -worse)
        fee = look.quote * fee_rate(account, market.rules, is_maker=False)
        wanted = look.quantity if order.quantity is None else order.quantity
        if not self._valuation.carries(account, market.symbol, order.request.side, wanted, loss + fee):
            raise refusals.insufficient_margin()

    def _refuse_beyond_limits(self, account: Account, market: Market, order: Order, look: Preview) -> None:
        """Refuse what would pass the market's open interest limit or the account's position limit."""
        rules, symbol = market.rules, market.symbol
        wanted = look.quantity if order.quantity is None else order.quantity
        held, before = account.position_quantity(symbol), self._valuation.exposure(account, symbol)
        after = max(before, abs(held + (wanted if order.request.side == BID else -wanted)))
        grows = after - before
        if account.is_house or grows <= 0:
            return
        limit = rules.open_interest_limit
        if limit is not None and market.open_interest + grows > limit:
            raise refusals.open_interest_limit()
        counted = after * market.mark * rules.position_limit_weight
        if self._valuation.weighted_notional(account, symbol) + counted > choices.POSITION_LIMIT:
            raise refusals.position_limit()

    def _preview(self, market: Market, order: Order) -> Preview:
        return preview(order, market.rules, market.book, self._bands(market, order))

    def _bands(self, market: Market, order: Order) -> Sequence[Bound]:
        side, price = order.request.side, order.request.price
        takes = price is None or market.book.crosses(side, price)
        return market.mean_bands(side) if takes and self._switches.mean_bands else ()

    def _match(self, market: Market, order: Order, now: int) -> str | None:
        """Trade an accepted order against the book as it changes: why the engine stopped it, if it did."""
        taker = incoming(order, market.rules, market.book, self._bands(market, order))
        for match in matches(market.book.first_of(OPPOSITE[order.request.side]), taker):
            if match.quantity == 0:
                owner = self._ledger.accounts[match.maker.account_id]
                self.expire_resting(owner, match.maker, SELF_TRADE, now)
            else:
                self._trade(market, match.maker, order, match.price, match.quantity, now)
        return taker.stopped

    def _trade(
        self, market: Market, maker: Order, taker: Order, price: Decimal, quantity: Decimal, now: int
    ) -> None:
        market.book.shrink(maker, quantity)
        owner = self._ledger.accounts[maker.account_id]
        if market.rules.is_perp:
            owner.commit(maker, -quantity)
        for order in (maker, taker):
            order.executed_quantity += quantity
            order.executed_quote_quantity += quantity * price
            order.status = PARTIALLY_FILLED if order.remaining else FILLED
            order.updated_at = now
            if order.request.has_children:
                self.filled_parents[order.id] = order
        traded = market.trade(maker, taker, price, quantity, now)
        self._clearing.settle_trade(market, maker, taker, traded)
        if maker.status == FILLED:
            owner.unlist_order(maker)
            owner.reduce_only_resting.pop(maker.id, None)
        if market.rules.is_perp:
            self._trim(owner, market, now)
            self._trim(self._ledger.accounts[taker.account_id], market, now)

    def _trim(self, account: Account, market: Market, now: int) -> None:
        """Shrink resting reduce-only orders "to prevent position side reversal" (OpenAPI, Order update)."""
        for order in list(account.reduce_only_resting.values()):
            if order.request.symbol != market.symbol or order.quantity is None:
                continue
            excess = order.remaining - reducible(account, order)
            if excess <= 0:
                continue
            if excess == order.remaining:
                self.expire_resting(account, order, "ReduceOnlyNotReduced", now)
                continue
            market.book.shrink(order, excess)
            order.quantity -= excess
            order.updated_at = now
            self._announcements.order(account, ORDER_MODIFIED, order)

    def _conclude(
        self, account: Account, market: Market, order: Order, stopped: str | None, now: int
    ) -> None:
        """What becomes of an order once it has traded all it can."""
        if order.request.order_type == LIMIT:
            if not order.remaining:
                return
            if stopped in STOPS_A_LIMIT:
                self._expire(account, order, stopped, now)
            elif order.request.time_in_force != GTC:
                self._expire(account, order, _KILLED[order.request.time_in_force], now)
            else:
                self._rest(account, market, order)
        elif stopped or order.remaining:
            self._expire(account, order, stopped or choices.MARKET_REMAINDER_REASON, now)

    def _rest(self, account: Account, market: Market, order: Order) -> None:
        order.status = PARTIALLY_FILLED if order.executed_quantity else NEW
        if market.rules.is_perp:
            account.commit(order, order.remaining)
            if order.request.reduce_only:
                account.reduce_only_resting[order.id] = order
        else:
            asset = given_asset(order, market.rules)
            self._ledger.hold(account, order, asset, _hold(order))
        market.book.add(order)
        account.list_order(order)


_KILLED: Final = {"IOC": "ImmediateOrCancel", "FOK": "FillOrKill"}
"""Why the rest of a limit order that may not rest expires."""


def given_asset(order: Order, rules: MarketRules) -> str:
    """The asset a spot order gives away."""
    return rules.quote if order.request.side == BID else rules.base


def reducible(account: Account, order: Order) -> Decimal:
    """How much of a position an order of this side would close; zero when it would not reduce it."""
    held = account.position_quantity(order.request.symbol)
    return max(ZERO, -held if order.request.side == BID else held)


def _cost(order: Order, look: Preview) -> Decimal:
    """What a spot order needs at most: a limit bid its whole notional, a market bid what the book asks."""
    if order.request.side == ASK:
        return look.quantity if order.quantity is None else order.quantity
    if order.request.price is None or order.quantity is None:
        return look.quote
    return order.request.price * order.quantity


def _hold(order: Order) -> Decimal:
    if order.request.side == ASK or order.request.price is None:
        return order.remaining
    return order.remaining * order.request.price
