"""The account: orders and own trades, positions, balance, requests for quotes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from ccxt.async_support.base.ws.cache import ArrayCache
from ccxt.base.errors import BadSymbol
from ccxt.base.types import Balances, Position

from bpx_connector.aliases import Payload, Structure
from bpx_connector.orders.log import OrderLog, Record
from bpx_connector.orders.words import LIQUIDATIONS, fill_words, order_words
from bpx_connector.parse import events
from bpx_connector.parse.numbers import milliseconds_of
from bpx_connector.parse.overriding import is_overridden
from bpx_connector.parse.trading.records import record_structures, trade_structures
from bpx_connector.stream.account import (
    AccountOrders,
    BalanceFollower,
    OrderFollower,
    OrderNews,
    PositionFollower,
)
from bpx_connector.stream.caches import PositionCache, StructureCache
from bpx_connector.stream.followers import EventFollower, Follower
from bpx_connector.watch.feed import Exchange, Feed, Market, Streams, symbols_of
from bpx_connector.watch.handing_out import latest_of
from bpx_connector.watch.kinds import BALANCE, MY_LIQUIDATIONS, MY_TRADES, ORDERS, POSITIONS, RFQS
from bpx_connector.watch.missed import account_orders
from bpx_connector.watch.session import Session
from bpx_connector.watch.waiting import Named, leave, markets_of, symbols_or_none

if TYPE_CHECKING:
    from bpx_connector.venue.events import BalanceUpdateEvent, PositionUpdateEvent, RfqUpdateEvent

__all__ = [
    "order_maker",
    "un_watch_balance",
    "un_watch_my_liquidations",
    "un_watch_my_trades",
    "un_watch_orders",
    "un_watch_positions",
    "un_watch_rfqs",
    "watch_balance",
    "watch_my_liquidations",
    "watch_my_trades",
    "watch_orders",
    "watch_positions",
    "watch_rfqs",
]

SPOT = ("spot", "funding")


# --- orders and own trades -------------------------------------------------------------------------------


async def watch_orders(
    session: Session, symbols: Named, since: int | None, limit: int | None, is_trigger: bool | None = None
) -> list[Any]:
    """The account's orders that have changed; only those with a trigger, or only those without, if asked."""
    wanted = await symbols_or_none(session, symbols)
    feed = session.account_feed()
    while True:
        news = await session.topic(ORDERS, wanted, lambda: _order_streams(feed)).wait()
        orders = session.exchange.orders
        if is_trigger is None:
            return latest_of(session.exchange, orders, wanted, news, since, limit)
        changed = latest_of(session.exchange, orders, wanted, news, since, None)
        of_kind = [order for order in changed if (order["triggerPrice"] is not None) == is_trigger]
        if of_kind:
            return of_kind if limit is None else of_kind[-limit:]


async def watch_my_trades(
    session: Session, symbols: Named, since: int | None, limit: int | None
) -> list[Any]:
    """The account's new fills."""
    wanted = await symbols_or_none(session, symbols)
    feed = session.account_feed()
    news = await session.topic(MY_TRADES, wanted, lambda: _order_streams(feed)).wait()
    return latest_of(session.exchange, session.exchange.myTrades, wanted, news, since, limit)


async def watch_my_liquidations(
    session: Session, symbols: Named, since: int | None, limit: int | None
) -> list[Any]:
    """The account's new fills by which the venue closed a position: on the book, by a backstop, by ADL."""
    wanted = await symbols_or_none(session, symbols)
    feed = session.account_feed()
    news = await session.topic(MY_LIQUIDATIONS, wanted, lambda: _order_streams(feed)).wait()
    return latest_of(session.exchange, session.exchange.myLiquidations, wanted, news, since, limit)


def order_maker(session: Session) -> Callable[[Sequence[Payload]], list[Structure]]:
    """What makes ccxt's orders of kept events of the order stream: each order once, in its latest state."""
    feed, log = session.feed(), OrderLog()

    def made(kept: Sequence[Payload]) -> list[Structure]:
        exchange = feed.exchange
        if feed.markets is not exchange.markets_by_id:
            feed.renew_symbols()
        number, symbols, currencies = exchange.number, feed.symbols, feed.currencies
        changed: dict[str, Record] = {}
        for event in kept:
            words, fill = order_words(event), fill_words(event)  # type: ignore[arg-type]  # as it was stored
            record, is_changed, is_filled = log.event(words, event, int(event["T"]), fill)
            if fill is not None and is_filled:
                trade_structures([(record, fill)], symbols, currencies, number)
            if is_changed:
                changed.pop(words["id"], None)
                changed[words["id"]] = record
        return record_structures(list(changed.values()), symbols, currencies, number)

    return made


async def un_watch_orders(session: Session, symbols: Named) -> bool:
    """End orders, of these markets or of all."""
    return await leave(session, ORDERS, symbols, {})


async def un_watch_my_liquidations(session: Session, symbols: Named) -> bool:
    """End own liquidations, of these markets or of all."""
    return await leave(session, MY_LIQUIDATIONS, symbols, {})


async def un_watch_my_trades(session: Session, symbols: Named) -> bool:
    """End own trades, of these markets or of all."""
    return await leave(session, MY_TRADES, symbols, {})


def _one(symbol: str | None) -> list[str] | None:
    return None if symbol is None else [symbol]


def _order_streams(feed: Feed) -> Streams:
    name = "account.orderUpdate"
    return {name: lambda: _order_follower(feed, name)}


def _order_follower(feed: Feed, name: str) -> Follower:
    exchange, limit = feed.exchange, feed.kept("ordersLimit")
    if exchange.orders is None:
        exchange.orders = StructureCache(limit)
    if exchange.myTrades is None:
        exchange.myTrades = StructureCache(feed.kept("tradesLimit"))
    if exchange.myLiquidations is None:
        exchange.myLiquidations = ArrayCache(feed.kept("liquidationsLimit"))

    async def missed(follower: OrderFollower) -> AccountOrders:
        return await account_orders(exchange, follower)

    follower = OrderFollower(
        name, feed.orders(), partial(_tell_of_orders, feed), missed, feed.horizon(), limit, exchange.nonce()
    )
    follower.fetch_every = feed.seconds_between_checks("watchOrders")
    return follower


def _tell_of_orders(feed: Feed, news: OrderNews) -> None:
    """Make ccxt's structures of what is new, keep them, and say so."""
    exchange, publish = feed.exchange, feed.topics.publish
    if feed.markets is not exchange.markets_by_id:
        feed.renew_symbols()
    number, symbols, currencies = exchange.number, feed.symbols, feed.currencies
    trades = trade_structures(news.fills, symbols, currencies, number) if news.fills else ()
    _parse_trades_anew(exchange, news, trades)
    _put_under_stops(news)
    changed: dict[str, set[str]] = {}
    orders = record_structures(news.orders, symbols, currencies, number)
    _parse_orders_anew(exchange, news.orders, orders)
    for order in orders:
        exchange.orders.append(order)
        changed.setdefault(order["symbol"], set()).add(order["id"])
    for symbol, identities in changed.items():
        publish(ORDERS, symbol, identities)
    for trade in trades:
        exchange.myTrades.append(trade)
    for symbol, count in Counter([trade["symbol"] for trade in trades]).items():
        publish(MY_TRADES, symbol, count)
    for _, fill in news.fills:
        if fill.get("systemOrderType") in LIQUIDATIONS:
            liquidation = exchange.parse_liquidation(fill)
            exchange.myLiquidations.append(liquidation)
            publish(MY_LIQUIDATIONS, liquidation["symbol"], 1)


ADDED = frozenset(
    {
        "info",
        "lastUpdateTimestamp",
        "lastTradeTimestamp",
        "trades",
        "fees",
        "fee",
        "stopLossPrice",
        "takeProfitPrice",
    }
)
"""What the stream knows of an order beside the words that a parser of orders reads."""


def _parse_orders_anew(exchange: Exchange, records: Sequence[Record], orders: Sequence[Structure]) -> None:
    """Have a program's own parser of orders say what it says over REST, too."""
    if not is_overridden(exchange, "parse_order"):
        return
    for record, order in zip(records, orders, strict=True):
        said = exchange.parse_order(record.outcome if record.is_stop else record.order)
        order.update(
            {name: value for name, value in said.items() if not order.get(name) or name not in ADDED}
        )


def _parse_trades_anew(exchange: Exchange, news: OrderNews, trades: Sequence[Structure]) -> None:
    """Have a program's own parser of trades say what it says over REST, too."""
    if trades and is_overridden(exchange, "parse_trade"):
        for (_, fill), trade in zip(news.fills, trades, strict=True):
            trade.update(exchange.parse_trade(fill))


def _put_under_stops(news: OrderNews) -> None:
    """Have what a stop has sold stand under the stop's own id, also what was told before that was known."""
    for record, _ in news.fills:
        if record is not None and record.fires_for is not None:
            _put_under(record, record.fires_for)
    for record in news.orders:
        if record.fired is not None:
            _put_under(record.fired, record)


def _put_under(fired: Record, stop: Record) -> None:
    for trade in fired.fills.trades:
        trade["order"] = stop.order["id"]


# --- positions -------------------------------------------------------------------------------------------


async def watch_positions(
    session: Session, symbols: Named, since: int | None, limit: int | None
) -> list[Any]:
    """The account's positions: first those that are open, then those that have changed."""
    await session.load_markets_once()
    wanted = symbols_of(map(_contract, markets_of(session.exchange, symbols))) or None
    exchange, feed = session.exchange, session.account_feed()
    news = await session.topic(POSITIONS, wanted, lambda: _position_streams(feed)).wait()
    changed = [part for part, _ in news if part]
    asked = changed if exchange.newUpdates and changed else wanted
    of_symbols = None if asked is None else list(asked)
    shown = exchange.filter_by_symbols_since_limit(exchange.positions, of_symbols, since, limit, True)
    return [position for position in shown if position["contracts"] or position["symbol"] in changed]


def _contract(market: Market) -> Market:
    if not market["contract"]:
        raise BadSymbol(f"{market['symbol']} is a spot market; it has no positions to watch")
    return market


async def un_watch_positions(session: Session, symbols: Named) -> bool:
    """End positions of these markets or of all."""
    return await leave(session, POSITIONS, symbols, {})


def _position_streams(feed: Feed) -> Streams:
    name = "account.positionUpdate"
    return {name: lambda: _position_follower(feed, name)}


def _position_follower(feed: Feed, name: str) -> Follower:
    exchange = feed.exchange
    if exchange.positions is None:
        exchange.positions = PositionCache()

    def tell(symbol: str | None) -> None:
        if symbol is None:
            feed.topics.publish_to_all(POSITIONS)
        else:
            feed.topics.publish(POSITIONS, symbol, {symbol})

    def parse(event: PositionUpdateEvent) -> Position | None:
        if event["s"] not in exchange.markets_by_id:
            return None  # listed since the markets were loaded: REST is asked, and they are loaded anew
        words = events.position_words(event)
        position = events.dated(exchange.parse_position(words), event)
        events.check_figures(position)
        return position

    def closed(symbol: str) -> Position:
        return exchange.parse_flat_position(exchange.markets.get(symbol) or exchange.safe_market(symbol))

    follower = PositionFollower(
        name, exchange.positions, tell, parse, partial(_positions, feed), closed, feed.horizon()
    )
    follower.fetch_every = feed.seconds_between_checks("watchPositions")
    follower.tells_stale = bool(feed.option("watchPositions", "tellStale"))
    return follower


async def _positions(feed: Feed) -> list[Position]:
    """The account's positions; if one is in a market that is not known, the markets are loaded anew."""
    exchange = feed.exchange
    positions = await exchange.fetch_positions()
    unknown = {position["symbol"] for position in positions} - set(exchange.markets) - feed.unlisted
    if unknown:
        await exchange.load_markets(True)
        positions = await exchange.fetch_positions()
        feed.unlisted |= unknown - set(exchange.markets)
    return positions


# --- balance ---------------------------------------------------------------------------------------------


async def watch_balance(session: Session, kind: str) -> Balances:
    """The account's balances as fetch_balance gives them for the same `type`.

    The venue streams what is on the spot account. What backs the margin is worked out from it and from the
    positions, by the venue: that is asked for after each change.
    """
    await session.load_markets_once()
    exchange, feed = session.exchange, session.account_feed()
    await session.topic(BALANCE, None, lambda: _balance_streams(feed)).wait()
    if kind in SPOT:
        return cast("Balances", exchange.balance)
    return await exchange.fetch_balance({"type": kind})


async def un_watch_balance(session: Session) -> bool:
    """End the balance."""
    return await leave(session, BALANCE, None, {})


def _balance_streams(feed: Feed) -> Streams:
    name = "account.balanceUpdate"
    return {name: lambda: _balance_follower(feed, name)}


def _balance_follower(feed: Feed, name: str) -> Follower:
    exchange, number = feed.exchange, events.checked_number(feed.exchange.number)

    def words(event: BalanceUpdateEvent) -> tuple[str, Payload]:
        asset, balance = events.balance_words(event)
        for figure in balance.values():
            number(figure)
        return asset, balance

    def accept(assets: dict[str, Payload], timestamp: int | None) -> None:
        balance: Structure = exchange.parse_balance(assets)
        timestamp = milliseconds_of(timestamp)  # None of what is no time
        balance["timestamp"], balance["datetime"] = timestamp, exchange.iso8601(timestamp)
        exchange.balance = balance

    follower = BalanceFollower(
        name,
        feed.tell(BALANCE, ""),
        words,
        accept,
        lambda: exchange.private_get_api_v1_capital({}),
        feed.horizon(),
    )
    follower.fetch_every = feed.seconds_between_checks("watchBalance")
    follower.tells_stale = bool(feed.option("watchBalance", "tellStale"))
    return follower


# --- requests for quotes -----------------------------------------------------------------------------------


async def watch_rfqs(session: Session, symbol: str | None, since: int | None, limit: int | None) -> list[Any]:
    """What has happened to requests for quotes."""
    symbols = await _rfq_symbols(session, symbol)
    feed = session.account_feed()
    news = await session.topic(RFQS, symbols, lambda: _rfq_streams(feed)).wait()
    return latest_of(session.exchange, feed.own.rfqs, symbols, news, since, limit)


async def un_watch_rfqs(session: Session, symbol: str | None) -> bool:
    """End requests for quotes, of one market or of all."""
    session.leave(RFQS, await _rfq_symbols(session, symbol))
    return True


async def _rfq_symbols(session: Session, symbol: str | None) -> tuple[str, ...] | None:
    """The market that a caller names, in any form that create_rfq takes: it is in no list of markets."""
    await session.load_markets_once()
    exchange = session.exchange
    return None if symbol is None else (exchange.safe_symbol(exchange.rfq_market_id(symbol)),)


def _rfq_streams(feed: Feed) -> Streams:
    name, exchange = "account.rfqUpdate", feed.exchange
    if feed.own.rfqs is None:
        feed.own.rfqs = ArrayCache(feed.kept("ordersLimit"))

    def accept(event: RfqUpdateEvent) -> None:
        symbol = exchange.safe_symbol(event["s"])
        rfq = events.rfq_event(event, symbol, exchange.number)
        events.check_figures(rfq)
        feed.own.rfqs.append(rfq)
        feed.topics.publish(RFQS, symbol, 1)

    return {name: lambda: EventFollower(name, accept)}
