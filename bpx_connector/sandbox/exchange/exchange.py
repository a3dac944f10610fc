"""What the exchange is, without the network: commands go in here in one order, changes come out as events.

A command answers what it did and its events, and the outbox publishes these to its listeners once the books
are balanced. No clock is read: `now` is an argument, in microseconds, and never runs backwards. Commands
raise `Refusal`; records that queries hand out are the exchange's own and are only to be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.account.announcements import Announcements
from bpx_connector.sandbox.account.clearing import Clearing
from bpx_connector.sandbox.account.largest import largest_order, largest_withdrawal
from bpx_connector.sandbox.account.ledger import Account, Deposit, FundingPayment, Ledger, Withdrawal
from bpx_connector.sandbox.account.lending import Lending
from bpx_connector.sandbox.account.margin import (
    AccountSummary,
    MarginSummary,
    PositionView,
    Valuation,
    account_summary,
)
from bpx_connector.sandbox.exchange.order_life import Orders
from bpx_connector.sandbox.exchange.schedule import Schedule
from bpx_connector.sandbox.exchange.triggers import Triggers
from bpx_connector.sandbox.market.candles import Candle, Ticker
from bpx_connector.sandbox.market.market import Market
from bpx_connector.sandbox.market.marks import Depth, FundingRate, Mark
from bpx_connector.sandbox.market.order_checks import check_request, is_conditional
from bpx_connector.sandbox.records import refusals
from bpx_connector.sandbox.records.events import Event, Traded
from bpx_connector.sandbox.records.figures import ONE, ZERO
from bpx_connector.sandbox.records.lending import DUST_CONVERSION, WITHDRAWAL, DustConversion
from bpx_connector.sandbox.records.orders import (
    CONDITIONAL_ORDER,
    FUTURE_EXPIRY,
    ORDER_BOOK_CLOSED,
    TRIGGER_PENDING,
    Fill,
    Order,
    OrderRequest,
)
from bpx_connector.sandbox.records.outbox import Done, Outbox, Touched
from bpx_connector.sandbox.records.positions import USDC_UNIT, Position
from bpx_connector.sandbox.records.refusals import Refusal
from bpx_connector.sandbox.records.rules import MarketRules
from bpx_connector.sandbox.records.switches import Switches

__all__ = ["Exchange"]


class Exchange:
    """The whole exchange in one object.

    `prices` gives each market its first index and last price. `fees` overrides rows of
    `choices.FEES_BASIS_POINTS` for accounts opened later.
    """

    _is_arranging = False

    def __init__(
        self,
        rules: Iterable[MarketRules],
        *,
        now: int,
        prices: Mapping[str, Decimal],
        fees: Mapping[str, Decimal] | None = None,
        switches: Switches | None = None,
    ) -> None:
        self.rules: Final[dict[str, MarketRules]] = {each.symbol: each for each in rules}
        self.switches: Final = Switches() if switches is None else switches
        self._touched: Final = Touched()
        self._outbox: Final = Outbox()
        self.listeners: Final[list[Callable[[Event], None]]] = self._outbox.listeners
        """Each is called with every event of a command when the command is over."""
        self.ledger: Final = Ledger(self._touched)
        self.markets: Final = {
            s: Market(each, prices[s], now, self._touched, self.switches) for s, each in self.rules.items()
        }
        self._place_of: Final = {symbol: place for place, symbol in enumerate(self.markets)}
        self.valuation: Final = Valuation(self.markets)
        self._announcements: Final = Announcements(self._outbox, self.valuation)
        self.fees: Final = {**choices.FEES_BASIS_POINTS, **(fees or {})}
        clearing = Clearing(self.ledger, self._announcements)
        self.lending: Final = Lending(self.ledger, self.valuation, now)
        self._orders: Final = Orders(
            self.ledger,
            self.markets,
            self.valuation,
            clearing,
            self._announcements,
            self.lending,
            self.switches,
        )
        self._triggers: Final = Triggers(
            self.ledger, self.markets, self._orders, self._announcements, self.switches
        )
        self._schedule: Final = Schedule(
            self.ledger,
            self.markets,
            self.valuation,
            clearing,
            self._orders,
            self._announcements,
            self.lending,
            self.switches,
            now,
        )
        self.duties: Final[list[Callable[[int], None]]] = []
        """Each is called by `tick` with the time: what else happens because time passes."""
        self._by_key: Final[dict[str, Account]] = {}
        self._next_transfer_id = choices.FIRST_TRANSFER_ID
        self.began: Final = now

    # --- commands --------------------------------------------------------------------------------------

    def open_account(
        self,
        public_key: str,
        now: int,
        *,
        funds: Mapping[str, Decimal] | None = None,
        house: bool = False,
    ) -> Account:
        """A new account, funded by `funds` or the table in `choices`; the old one if the key has one.

        House accounts keep short histories and know no limit on open orders.
        """
        known = self._by_key.get(public_key)
        if known is not None:
            return known
        account = self.ledger.open(public_key, now, dict(self.fees), house)
        self._by_key[public_key] = account
        for asset, quantity in (self._starting_funds() if funds is None else funds).items():
            self._deposited(account, asset, quantity, now, "internal")
        self._finish(now)
        return account

    def execute(self, account: Account, request: OrderRequest, now: int) -> Done[Order]:
        """Place one order: the record after matching, or a `Refusal` raised."""
        events: list[Event] = []
        try:
            order = self._placed(account, request, now)
        finally:
            events += self._finish(now)
        return Done(order, events)

    def execute_batch(
        self, account: Account, requests: Sequence[OrderRequest], now: int
    ) -> list[Done[Order] | Refusal]:
        """Place orders one after the other; each answers for itself."""
        answers: list[Done[Order] | Refusal] = []
        for request in requests:
            try:
                answers.append(self.execute(account, request, now))
            except Refusal as refusal:
                answers.append(refusal)
        return answers

    def cancel(
        self,
        account: Account,
        symbol: str,
        *,
        order_id: int | None = None,
        client_id: int | None = None,
        now: int,
    ) -> Done[Order]:
        """Cancel one open order, resting or waiting for its trigger."""
        order = self.order(account, symbol, order_id=order_id, client_id=client_id)
        self._orders.cancel(account, order, now)
        return Done(order, self._finish(now))

    def cancel_all(self, account: Account, symbol: str, kind: str | None, now: int) -> Done[list[Order]]:
        """Cancel open orders of one market: RestingLimitOrder, ConditionalOrder, or (None) both kinds."""
        self._market(symbol)
        cancelled = self.open_orders(account, symbol, kind)
        for order in cancelled:
            self._orders.cancel(account, order, now)
        return Done(cancelled, self._finish(now))

    def update_account(
        self,
        account: Account,
        *,
        leverage_limit: Decimal | None = None,
        auto_lend: bool | None = None,
        auto_borrow_settlements: bool | None = None,
        auto_repay_borrows: bool | None = None,
        now: int,
    ) -> None:
        """Change the settings that are given."""
        if leverage_limit is not None:
            if not 1 <= leverage_limit <= choices.LEVERAGE_BY_COUNTRY[self.switches.country]:
                raise refusals.invalid_leverage()
            account.leverage_limit = leverage_limit
        if auto_lend is not None:
            if account.auto_lend and not auto_lend:
                self.lending.take_all_back(account, now)
            account.auto_lend = auto_lend
        if auto_borrow_settlements is not None:
            account.auto_borrow_settlements = auto_borrow_settlements
        if auto_repay_borrows is not None:
            account.auto_repay_borrows = auto_repay_borrows
        self.lending.sweep(account, now)
        self._finish(now)

    def deposit(
        self, account: Account, asset: str, quantity: Decimal, now: int, *, source: str = "internal"
    ) -> Done[Deposit]:
        """Credit an account from outside; confirmed at once."""
        if asset not in self.valuation.assets:
            raise refusals.invalid_asset()
        if quantity <= 0:
            raise refusals.quantity_below_minimum()
        deposit = self._deposited(account, asset, quantity, now, source)
        return Done(deposit, self._finish(now))

    def set_balance(self, account: Account, asset: str, quantity: Decimal, now: int) -> list[Event]:
        """Make so much of an asset available, by a deposit or a withdrawal of the difference."""
        change = quantity - account.balance(asset).available
        if change > 0:
            return self.deposit(account, asset, change, now).events
        if change < 0:
            self._withdrawn(account, asset, -change, now, address="", blockchain="", status="confirmed")
        return self._finish(now)

    def reset_balances(self, account: Account, now: int) -> list[Event]:
        """Back to the funds of a new key: open orders are cancelled and what is lent comes back.

        Positions and what is borrowed stay.
        """
        for order in account.all_open():
            self._orders.cancel(account, order, now)
        self.lending.take_all_back(account, now)
        for asset in {**account.balances, **self._starting_funds()}:
            self.set_balance(account, asset, self._starting_funds().get(asset, ZERO), now)
        return self._finish(now)

    def exempt(self, account: Account, address: str) -> None:
        """Let an account withdraw to an address without two-factor codes."""
        account.exempt_addresses.add(address)

    def withdraw(
        self,
        account: Account,
        asset: str,
        quantity: Decimal,
        now: int,
        *,
        address: str,
        blockchain: str,
        fee: Decimal = ZERO,
        client_id: str | None = None,
        lend_redeem: bool = False,
        borrow: bool = False,
    ) -> Done[Withdrawal]:
        """Send funds out; `fee` is kept out of `quantity`. Pending until a later `tick` confirms it."""
        if asset not in self.valuation.assets:
            raise refusals.invalid_asset()
        if quantity <= fee or quantity <= 0:
            raise refusals.quantity_below_minimum()
        lend_redeem = lend_redeem or self.switches.lend_redeem == "always"
        if quantity > self.max_withdrawal(account, asset, lend_redeem=lend_redeem, borrow=borrow):
            raise refusals.insufficient_funds()
        self.lending.cover(account, asset, quantity, now, WITHDRAWAL)
        withdrawal = self._withdrawn(
            account,
            asset,
            quantity,
            now,
            fee=fee,
            blockchain=blockchain,
            address=address,
            client_id=client_id,
            status="pending",
        )
        return Done(withdrawal, self._finish(now))

    def convert_dust(self, account: Account, asset: str | None, now: int) -> Done[list[DustConversion]]:
        """Convert to USDC what is less than its spot market trades, of one asset or of all."""
        held = [
            each for each in (account.balances if asset is None else (asset,)) if self._is_dust(account, each)
        ]
        if asset is not None and not held:
            raise refusals.invalid_quantity()
        converted = []
        for each in held:
            quantity = account.net(each)
            if account.lent(each):
                self.ledger.move_lending(account, each, -account.lent(each), now, DUST_CONVERSION)
            received = (quantity * self.valuation.price_of(each)).quantize(USDC_UNIT, rounding=ROUND_DOWN)
            self.ledger.debit(account, each, quantity)
            self.ledger.credit(account, choices.QUOTE_ASSET, received)
            self.ledger.exchange_dust(each, quantity, received)
            row = DustConversion(
                id=self._transfer_id(), time=now, asset=each, quantity=quantity, received=received
            )
            account.dust.append(row)
            converted.append(row)
        return Done(converted, self._finish(now))

    def _is_dust(self, account: Account, asset: str) -> bool:
        """Less than the least that the spot market trades, "including lend" (OpenAPI, convertDust)."""
        market = self.markets.get(f"{asset}_{choices.QUOTE_ASSET}")
        if market is None or asset not in account.balances or account.balances[asset].locked:
            return False
        return ZERO < account.net(asset) < market.rules.min_quantity

    def set_index(self, symbol: str, price: Decimal, now: int) -> list[Event]:
        """Move a market's outside price, which marks and index triggers follow."""
        market = self._market(symbol)
        market.marks.set_index(price)
        return self._finish(now)

    def settle_at(self, symbol: str, price: Decimal, now: int) -> list[Event]:
        """Have a market's index and mark at this price, as if they had been there for long."""
        self._market(symbol).marks.settle_at(price)
        return self._finish(now)

    @contextmanager
    def arranging(self, now: int) -> Iterator[None]:
        """Let no trigger fire while prices and books are set anew; afterwards those whose price has come.

        A stop that fired in between would find an empty book, or that of before.
        """
        self._is_arranging = True
        try:
            yield
        finally:
            self._is_arranging = False
            self._finish(now)

    def set_book_state(self, symbol: str, state: str, now: int | None = None) -> list[Event]:
        """Open, close or restrict a market's book: the venue's `OrderBookState`.

        With a time, and where a switch says so, resting orders expire when it closes.
        """
        self._market(symbol).set_state(state)
        if now is None or state != "Closed" or self.switches.closing_books == "keep":
            return []
        for account in list(self.ledger.accounts.values()):
            for order in account.open_in(symbol):
                order.system_order_type = ORDER_BOOK_CLOSED
                self._orders.expire_resting(account, order, "Unknown", now)
        return self._finish(now)

    def close_out(self, symbol: str, price: Decimal, now: int) -> list[Event]:
        """End a market: its orders expire, its positions are closed at a price, its book closes."""
        market = self._market(symbol)
        accounts = list(self.ledger.accounts.values())
        for account in accounts:
            for order in account.open_in(symbol):
                self._orders.expire_resting(account, order, "Unknown", now)
        longs = [account for account in accounts if account.position_quantity(symbol) > 0]
        shorts = [account for account in accounts if account.position_quantity(symbol) < 0]
        for owner, other in ((owner, other) for owner in longs for other in shorts):
            most = min(owner.position_quantity(symbol), -other.position_quantity(symbol))
            if most > 0:
                self._orders.hand_over(owner, other, market, now, FUTURE_EXPIRY, most, price)
        market.marks.settle_at(price)
        market.set_state("Closed")
        return self._finish(now)

    def tick(self, now: int) -> list[Event]:
        """Let time pass: marks each second, funding, settlement of profit, liquidations, withdrawals."""
        self._schedule.carry_out(now)
        self.lending.carry_out(now)
        for duty in self.duties:
            duty(now)
        return self._finish(now)

    def tell(self, event: Event) -> None:
        """Announce what happened beside the books, with the events of the command that is under way."""
        self._announcements.tell(event)

    def balance_books(self, now: int) -> list[Event]:
        """Tell of what was moved by others than the commands here: what else the venue offers."""
        return self._finish(now)

    # --- queries: one account --------------------------------------------------------------------------

    def account(self, public_key: str) -> Account | None:
        """The account a key has opened."""
        return self._by_key.get(public_key)

    def order(
        self, account: Account, symbol: str, *, order_id: int | None = None, client_id: int | None = None
    ) -> Order:
        """One open order, or the refusal 404 that the venue gives for any other."""
        orders = account.open_in(self._market(symbol).symbol)
        for order in reversed(orders):
            if order.id == order_id or (client_id is not None and order.request.client_id == client_id):
                return order
        raise refusals.order_not_found() if self.switches.order_not_found == "400" else refusals.not_found()

    def open_orders(
        self, account: Account, symbol: str | None = None, kind: str | None = None
    ) -> list[Order]:
        """Open orders, oldest first, trigger orders included; `kind` as in `cancel_all`."""
        orders = account.all_open() if symbol is None else account.open_in(self._market(symbol).symbol)
        if kind is None:
            return orders
        return [o for o in orders if (o.status == TRIGGER_PENDING) == (kind == CONDITIONAL_ORDER)]

    def order_history(self, account: Account) -> Sequence[Order]:
        """All orders, open ones too, newest first."""
        return list(reversed(account.order_history))

    def fills(self, account: Account) -> Sequence[Fill]:
        """All fills, newest first."""
        return list(reversed(account.fill_history))

    def funding_payments(self, account: Account) -> Sequence[FundingPayment]:
        """All funding payments, newest first."""
        return list(reversed(account.funding_history))

    def deposits(self, account: Account) -> Sequence[Deposit]:
        """All deposits, newest first."""
        return list(reversed(account.deposits))

    def withdrawals(self, account: Account) -> Sequence[Withdrawal]:
        """All withdrawals, newest first."""
        return list(reversed(account.withdrawals))

    def balances(self, account: Account) -> dict[str, tuple[Decimal, Decimal, Decimal]]:
        """Asset to (available, locked, staked), as `/capital`: zero rows absent, lent funds left out."""
        shown = {
            asset: (balance.available, balance.locked, ZERO) for asset, balance in account.balances.items()
        }
        return {asset: figures for asset, figures in shown.items() if any(figures)}

    def position_history(self, account: Account) -> Sequence[Position]:
        """All positions ever opened, newest first, the open ones before the closed."""
        return [*reversed(account.positions.values()), *reversed(account.position_history)]

    def positions(self, account: Account) -> list[PositionView]:
        """Open positions with their margin figures."""
        return [self.valuation.position_view(account, position) for position in account.positions.values()]

    def margin(self, account: Account) -> MarginSummary:
        """The collateral view: all fields of the venue's `MarginAccountSummary`."""
        return self.valuation.summary(account)

    def summary(self, account: Account) -> AccountSummary:
        """Settings, fees and counts: all fields of the venue's `AccountSummary`."""
        return account_summary(account, self.lending.largest_loan(account, choices.QUOTE_ASSET))

    def max_order_quantity(
        self,
        account: Account,
        symbol: str,
        side: str,
        *,
        price: Decimal | None = None,
        reduce_only: bool = False,
    ) -> Decimal:
        """The largest quantity the account could order now, on the step."""
        return largest_order(
            account, self._market(symbol), side, self.valuation, price=price, reduce_only=reduce_only
        )

    def max_withdrawal(
        self, account: Account, asset: str, *, lend_redeem: bool = False, borrow: bool = False
    ) -> Decimal:
        """How much of an asset could leave now, taking back and borrowing where that is wanted."""
        owned = largest_withdrawal(account, asset, self.valuation, lend_redeem=lend_redeem)
        if not borrow:
            return owned
        # What is borrowed and leaves is collateral no more, so that it counts in full.
        return owned + (self.lending.largest_loan(account, asset) / (account.leverage_limit + ONE)).quantize(
            choices.LENDING_STEP, rounding=ROUND_DOWN
        )

    # --- queries: markets ------------------------------------------------------------------------------

    def depth(self, symbol: str, limit: int | None = None) -> Depth:
        """Both sides best first, the id of the last change, and its time."""
        return self._market(symbol).depth(limit)

    def trades(self, symbol: str) -> Sequence[Traded]:
        """The tape, newest first."""
        return list(reversed(self._market(symbol).tape))

    def candles(
        self, symbol: str, interval: str, start: int, end: int, price_type: str = "Last"
    ) -> list[Candle]:
        """Candles whose start (microseconds) is in [start, end), oldest first, the running one included.

        `interval` is the venue's word ("1m" ... "1month"), `price_type` Last, Mark or Index. Only intervals
        that have data; filling gaps is the reader's choice.
        """
        return self._market(symbol).candles(interval, start, end, price_type)

    def ticker(self, symbol: str, now: int, interval: str = "1d") -> Ticker | None:
        """The last day (or week, "1w") of one market; None when nothing traded in it."""
        return self._market(symbol).ticker(now, interval)

    def mark(self, symbol: str) -> Mark:
        """Mark and, on perpetuals, index, running funding rate and the end of its interval."""
        return self._market(symbol).marks.shown()

    def open_interest(self, symbol: str) -> Decimal:
        """The sum of all long positions, in base units."""
        return self._market(symbol).open_interest

    def funding_history(self, symbol: str) -> Sequence[FundingRate]:
        """Funding rates, newest first; the first row is the interval still running."""
        return self._market(symbol).marks.history()

    # --- inside ----------------------------------------------------------------------------------------

    def _placed(self, account: Account, request: OrderRequest, now: int) -> Order:
        market = self._market(request.symbol)
        check_request(request, market.rules, market.state, market.active_price)
        if account.liquidating:
            raise refusals.account_liquidating()
        if not account.is_house:
            self._check_customer(account, market, request)
        if is_conditional(request):
            return self._triggers.place(account, market, request, now)
        return self._orders.enter(account, market, request, now)

    def _check_customer(self, account: Account, market: Market, request: OrderRequest) -> None:
        if sum(account.count_open()) >= choices.MAX_OPEN_ORDERS:
            raise refusals.too_many_orders()
        if market.rules.is_perp and self.switches.country == "no_perps":
            raise refusals.no_perps()
        if request.client_id is None or self.switches.repeated_client_ids == "allow":
            return
        if any(order.request.client_id == request.client_id for order in account.all_open()):
            raise refusals.repeated_client_id()

    def _deposited(self, account: Account, asset: str, quantity: Decimal, now: int, source: str) -> Deposit:
        deposit = Deposit(
            id=self._transfer_id(),
            asset=asset,
            quantity=quantity,
            source=source,
            status="confirmed",
            created_at=now,
        )
        account.deposits.append(deposit)
        self.ledger.credit(account, asset, quantity)
        return deposit

    def _withdrawn(self, account: Account, asset: str, quantity: Decimal, now: int, **row: Any) -> Withdrawal:
        withdrawal = Withdrawal(
            **{"fee": ZERO, "client_id": None, **row},
            id=self._transfer_id(),
            asset=asset,
            quantity=quantity,
            created_at=now,
        )
        account.withdrawals.append(withdrawal)
        self.ledger.debit(account, asset, quantity)
        return withdrawal

    def _finish(self, now: int) -> list[Event]:
        """Fire every trigger that a command set off, each after what came before, and publish it all."""
        self._flush(now)
        self._triggers.arm_children(now)
        while not self._is_arranging and self._triggers.fire_next(now):
            self._flush(now)
            self._triggers.arm_children(now)
        self._flush(now)
        return self._outbox.publish()

    def _flush(self, now: int) -> None:
        """Balances follow the order that moved them, and the books come last, in the order of the listing."""
        if self._touched.balances:
            for number, asset in self._touched.take_balances():
                self._announcements.balance(self.ledger.accounts[number], asset, now)
        if self._touched.books:
            for symbol in sorted(self._touched.take_books(), key=self._place_of.__getitem__):
                self._outbox.waiting.extend(self.markets[symbol].book_events(now))

    def _market(self, symbol: str) -> Market:
        market = self.markets.get(symbol)
        if market is None:
            raise refusals.invalid_symbol()
        return market

    def _transfer_id(self) -> int:
        number = self._next_transfer_id
        self._next_transfer_id += 1
        return number

    def _starting_funds(self) -> dict[str, Decimal]:
        funds = {a: q for a, q in choices.STARTING_FUNDS.items() if a in self.valuation.assets}
        for rules in self.rules.values():
            price = self.valuation.price_of(rules.base)
            # What a closed market trades has no ticker and no mark for others to price it by.
            is_priced = price and self.markets[rules.symbol].state != "Closed"
            if not rules.is_perp and rules.base not in funds and is_priced:
                whole = (choices.OTHER_STARTING_NOTIONAL / price).to_integral_value(rounding=ROUND_DOWN)
                funds[rules.base] = max(whole, ONE)
        return funds
