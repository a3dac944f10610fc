"""Public trades and liquidations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ccxt.async_support.base.ws.cache import ArrayCache

from bpx_connector.aliases import Structure
from bpx_connector.parse import events
from bpx_connector.parse.overriding import is_overridden
from bpx_connector.parse.trading.orders import exact_product_in
from bpx_connector.stream.followers import EventFollower, Follower, TradeFollower
from bpx_connector.stream.topics import Topic
from bpx_connector.watch.feed import ENTRIES_KEPT, Feed, Market, Streams, joined, symbols_of
from bpx_connector.watch.handing_out import latest, latest_of
from bpx_connector.watch.kinds import LIQUIDATIONS, TRADES
from bpx_connector.watch.session import Session
from bpx_connector.watch.waiting import Named, leave, named_markets

if TYPE_CHECKING:
    from bpx_connector.venue.events import LiquidationEvent, TradeEvent

__all__ = ["un_watch_liquidations", "un_watch_trades", "watch_liquidations", "watch_trades"]


async def watch_trades(session: Session, symbols: Named, since: int | None, limit: int | None) -> list[Any]:
    """The new trades of whichever of these markets trades next."""
    topic = session.known(TRADES, symbols) or await _topic(session, symbols)
    news = await topic.wait()
    exchange = session.exchange
    return latest(exchange, exchange.trades.get(news[0][0]), news, since, limit)


async def un_watch_trades(session: Session, symbols: Named) -> bool:
    """End trades of these markets."""
    return await leave(session, TRADES, symbols, session.exchange.trades)


async def _topic(session: Session, symbols: Named) -> Topic:
    markets = await named_markets(session, "watchTradesForSymbols", symbols)
    feed = session.feed()
    return session.topic(
        TRADES,
        symbols_of(markets),
        lambda: joined(_trade_streams(feed, market) for market in markets),
        markets,
    )


def _trade_streams(feed: Feed, market: Market) -> Streams:
    name = f"trade.{market['id']}"
    return {name: lambda: _trade_follower(feed, name, market["symbol"])}


def _trade_follower(feed: Feed, name: str, symbol: str) -> Follower:
    exchange = feed.exchange
    is_float = exchange.number is float
    number = float if is_float else events.checked_number(exchange.number)
    exact_product = exact_product_in(exchange.number)
    cache = exchange.trades.get(symbol)
    if cache is None:
        cache = exchange.trades[symbol] = ArrayCache(feed.kept("tradesLimit"))

    has_own_parser = is_overridden(exchange, "parse_trade")
    market = exchange.markets[symbol]

    def parse(event: TradeEvent) -> Structure:
        trade = events.trade_event(event, symbol, number, exact_product)
        if is_float and trade["cost"] - trade["cost"] != 0:  # of finite figures it is 0
            raise ValueError(f"{event['p']!r} x {event['q']!r} is no trade")
        if has_own_parser:
            trade.update(exchange.parse_trade(events.trade_words(event), market))
        return trade

    return TradeFollower(name, cache, feed.tell(TRADES, symbol), parse, feed.horizon())


async def watch_liquidations(
    session: Session, symbols: Named, since: int | None, limit: int | None
) -> list[Any]:
    """The new liquidations in these markets."""
    markets = await named_markets(session, "watchLiquidationsForSymbols", symbols)
    feed, wanted = session.feed(), symbols_of(markets)
    news = await session.topic(LIQUIDATIONS, wanted, lambda: _liquidation_streams(feed, markets)).wait()
    return latest_of(session.exchange, session.exchange.liquidations, wanted, news, since, limit)


async def un_watch_liquidations(session: Session, symbols: Named) -> bool:
    """End liquidations in these markets."""
    return await leave(session, LIQUIDATIONS, symbols, {})


def _liquidation_streams(feed: Feed, markets: Iterable[Market]) -> Streams:
    """By the stream of all markets and by those of single ones: see venue.streams.LIQUIDATION_STREAMS."""
    exchange = feed.exchange
    if exchange.liquidations is None:
        exchange.liquidations = ArrayCache(feed.kept("liquidationsLimit"))

    def accept(event: LiquidationEvent) -> None:
        name = tuple(event.get(key) for key in ("s", "T", "S", "p", "q"))
        if name in feed.liquidations_seen:
            return  # the same one by the other stream
        market = exchange.safe_market(event["s"])
        symbol = market["symbol"]
        liquidation = events.liquidation_event(event, symbol, market.get("contractSize"), exchange.number)
        events.check_figures(liquidation)
        feed.liquidations_seen[name] = None
        if len(feed.liquidations_seen) > ENTRIES_KEPT:
            del feed.liquidations_seen[next(iter(feed.liquidations_seen))]
        exchange.liquidations.append(liquidation)
        feed.topics.publish(LIQUIDATIONS, symbol, 1)

    names = ["liquidation", *(f"liquidation.{market['id']}" for market in markets)]
    return {name: lambda name=name: EventFollower(name, accept) for name in names}  # type: ignore[misc]
