"""Whatever is asked of the exchange, nothing appears and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bpx_connector.sandbox.account.ledger import Account
from bpx_connector.sandbox.market.book import Book
from bpx_connector.sandbox.records.events import DepthChanged, Traded
from bpx_connector.sandbox.records.orders import ASK, BID, FILLED, TRIGGER_PENDING, Order
from bpx_connector.sandbox.records.refusals import Refusal
from tests.support.venues import FREE, OTHER_PERP, PERP, PRICES, SECOND, SPOT, Floor, rules_of

ASSETS = ("USDC", "SOL", "BTC", "USDT")
ZERO = Decimal(0)

SYMBOLS = st.sampled_from([SPOT, PERP, PERP, OTHER_PERP, FREE])
WHO = st.sampled_from(["alice", "bob", "carol"])
STEPS_AWAY = st.integers(-20, 20)
SIZES = st.integers(1, 400)
OPTION = st.fixed_dictionaries(
    {},
    optional={
        "time_in_force": st.sampled_from(["GTC", "IOC", "FOK"]),
        "self_trade_prevention": st.sampled_from(["RejectTaker", "RejectMaker", "RejectBoth"]),
        "reduce_only": st.booleans(),
        "post_only": st.booleans(),
        "stop_loss_trigger_price": st.sampled_from([140, 149]),
        "take_profit_trigger_price": st.sampled_from([151, 160]),
        "auto_lend_redeem": st.booleans(),
    },
)
COMMAND = st.one_of(
    st.tuples(st.just("limit"), WHO, SYMBOLS, st.sampled_from([BID, ASK]), STEPS_AWAY, SIZES, OPTION),
    st.tuples(st.just("limit"), WHO, SYMBOLS, st.sampled_from([BID, ASK]), STEPS_AWAY, SIZES, st.just({})),
    st.tuples(st.just("market"), WHO, SYMBOLS, st.sampled_from([BID, ASK]), STEPS_AWAY, SIZES, OPTION),
    st.tuples(st.just("cost"), WHO, SYMBOLS, st.sampled_from([BID, ASK]), STEPS_AWAY, SIZES, OPTION),
    st.tuples(st.just("trigger"), WHO, SYMBOLS, st.sampled_from([BID, ASK]), STEPS_AWAY, SIZES, OPTION),
    st.tuples(st.just("cancel"), WHO, SYMBOLS),
    st.tuples(st.just("cancel all"), WHO, SYMBOLS),
    st.tuples(st.just("lend"), WHO, st.booleans()),
    st.tuples(st.just("index"), SYMBOLS, st.integers(-30, 30)),
    st.tuples(st.just("wait"), st.sampled_from([1, 10, 60, 3_600])),
)
Command = tuple[Any, ...]


def carried_out(commands: Iterable[Command], funds: dict[str, Decimal]) -> Floor:
    """An exchange after some commands; refused ones count as carried out."""
    floor = Floor(funds)
    for command in commands:
        try:
            carry_out(floor, *command)
        except Refusal as refusal:
            assert refusal.status in (400, 404)
    return floor


def carry_out(floor: Floor, kind: str, *arguments: Any) -> None:
    if kind == "index":
        symbol, percent = arguments
        floor.move_index(symbol, PRICES[symbol] * (100 + percent) / 100)
    elif kind == "wait":
        floor.now += arguments[0] * SECOND
        floor.venue.tick(floor.now)
    else:
        account = getattr(floor, arguments[0])
        floor.now += 1
        _for_account(floor, kind, account, *arguments[1:])


def _for_account(floor: Floor, kind: str, account: Account, *arguments: Any) -> None:
    venue, now = floor.venue, floor.now
    if kind == "lend":
        venue.update_account(account, auto_lend=arguments[0], now=now)
    elif kind == "cancel all":
        venue.cancel_all(account, arguments[0], None, now)
    elif kind == "cancel":
        for order in venue.open_orders(account, arguments[0])[:1]:
            venue.cancel(account, order.request.symbol, order_id=order.id, now=now)
    else:
        floor.place(account, arguments[0], arguments[1], **_fields(kind, *arguments))


def _fields(
    kind: str, symbol: str, side: str, away: int, size: int, option: dict[str, Any]
) -> dict[str, Any]:
    rules = rules_of(symbol)
    price = rules.round_to_tick(PRICES[symbol] * (1000 + away) / 1000)
    quantity = rules.floor_to_step(max(rules.step, size * 100 / PRICES[symbol]))
    if kind == "limit":
        return {"price": price, "quantity": quantity, **option}
    if kind == "market":
        return {"quantity": quantity, **option}
    if kind == "cost":
        return {"quote_quantity": quantity * PRICES[symbol], **option}
    share = "50%" if size % 2 else str(quantity)
    return {"order_type": "Market", "trigger_price": price, "trigger_quantity": share, **option}


def resting(book: Book) -> list[Order]:
    return [*book.in_priority(BID), *book.in_priority(ASK)]


def check_floor(floor: Floor, totals: dict[str, Decimal]) -> None:
    """Everything that must hold between any two commands."""
    ledger = floor.venue.ledger
    accounts = list(ledger.accounts.values())
    for asset in ASSETS:
        assert ledger.total(asset) == totals[asset]
    for account in accounts:
        for asset, balance in account.balances.items():
            assert balance.available >= 0, (account.public_key, asset)
            assert balance.locked == sum(held_by(floor, account, asset), ZERO)
        assert account.debt >= 0
    cash = sum((p.cash for account in accounts for p in account.positions.values()), ZERO)
    assert ledger.pot == cash - sum(account.debt for account in accounts) - ledger.forgiven
    for symbol, market in floor.venue.markets.items():
        check_book(market.book)
        held = [account.position_quantity(symbol) for account in accounts]
        assert sum(held) == 0
        assert market.open_interest == sum(max(quantity, ZERO) for quantity in held)
        for account in accounts:
            check_commitments(market.book, account, symbol)


def held_by(floor: Floor, account: Account, asset: str) -> Iterable[Decimal]:
    """What each resting spot order of an account must lock of an asset, computed anew."""
    for symbol in (SPOT, FREE):
        rules = rules_of(symbol)
        for order in resting(floor.venue.markets[symbol].book):
            if order.account_id != account.id:
                continue
            if order.request.side == ASK and rules.base == asset:
                yield order.remaining
            if order.request.side == BID and rules.quote == asset:
                yield order.remaining * (order.request.price or ZERO)


def check_book(book: Book) -> None:
    best_bid, best_ask = book.best(BID), book.best(ASK)
    assert best_bid is None or best_ask is None or best_bid < best_ask
    for side in (BID, ASK):
        for level in book.sides[side].levels.values():
            orders = list(level.orders.values())
            assert level.size == sum(order.remaining for order in orders) > 0
            assert [order.id for order in orders] == sorted(order.id for order in orders)


def check_commitments(book: Book, account: Account, symbol: str) -> None:
    mine = [order for order in resting(book) if order.account_id == account.id]
    if symbol.endswith("_PERP"):
        for side in (BID, ASK):
            wanted = sum(
                (o.remaining for o in mine if o.request.side == side and not o.request.reduce_only), ZERO
            )
            assert account.committed_quantity(symbol, side) == wanted
    for order in mine:
        if order.request.reduce_only:
            held = account.position_quantity(symbol)
            assert order.remaining <= (held if order.request.side == ASK else -held)
    waiting = [order for order in account.open_in(symbol) if order.status == TRIGGER_PENDING]
    assert {order.id for order in account.open_in(symbol)} == {order.id for order in [*mine, *waiting]}


RICH = {asset: Decimal(1_000_000) for asset in ASSETS}
POOR = {"USDC": Decimal(300), "SOL": Decimal(2), "USDT": Decimal(50)}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(commands=st.lists(COMMAND, max_size=40), funds=st.sampled_from([RICH, POOR]))
def test_no_sequence_of_commands_makes_or_loses_money(
    commands: list[Command], funds: dict[str, Decimal]
) -> None:
    floor = Floor(funds)
    totals = {asset: floor.venue.ledger.total(asset) for asset in ASSETS}
    for command in commands:
        try:
            carry_out(floor, *command)
        except Refusal as refusal:
            assert refusal.status in (400, 404)
        check_floor(floor, totals)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(commands=st.lists(COMMAND, max_size=30))
def test_the_same_commands_give_the_same_events(commands: list[Command]) -> None:
    first, second = carried_out(commands, POOR), carried_out(commands, POOR)
    assert first.events == second.events


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(commands=st.lists(COMMAND, max_size=40))
def test_both_sides_of_every_trade_fill_alike(commands: list[Command]) -> None:
    floor = carried_out(commands, RICH)
    accounts = floor.venue.ledger.accounts.values()
    orders = {order.id: order for account in accounts for order in floor.venue.order_history(account)}
    filled = dict.fromkeys(orders, ZERO)
    for trade in floor.seen(Traded):
        filled[trade.buyer_order_id] += trade.quantity
        filled[trade.seller_order_id] += trade.quantity
        assert orders[trade.buyer_order_id].account_id != orders[trade.seller_order_id].account_id
    assert filled == {order.id: order.executed_quantity for order in orders.values()}
    assert all(order.remaining == 0 for order in orders.values() if order.status == FILLED)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(commands=st.lists(COMMAND, max_size=40))
def test_a_reader_of_depth_events_holds_the_book(commands: list[Command]) -> None:
    floor = carried_out(commands, RICH)
    for symbol in floor.venue.rules:
        sides: tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]] = ({}, {})
        depth = floor.venue.depth(symbol)
        last_id = depth.last_update_id - len([e for e in floor.seen(DepthChanged) if e.symbol == symbol])
        for event in floor.seen(DepthChanged):
            if event.symbol != symbol:
                continue
            assert event.first_id == event.last_id == last_id + 1
            last_id = event.last_id
            for side, changes in zip(sides, (event.bids, event.asks), strict=True):
                side.update(changes)
        assert [(p, s) for p, s in sorted(sides[0].items(), reverse=True) if s] == depth.bids
        assert [(p, s) for p, s in sorted(sides[1].items()) if s] == depth.asks
