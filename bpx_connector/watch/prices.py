"""Tickers, best prices, mark prices, funding rates and open interest: of each only the latest counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

from ccxt.base.errors import BadSymbol
from ccxt.base.types import FundingRate, OpenInterest, Ticker

from bpx_connector.aliases import Decoded, Payload
from bpx_connector.parse import events
from bpx_connector.parse.overriding import is_overridden
from bpx_connector.stream.followers import Follower, LatestFollower
from bpx_connector.stream.topics import Kind
from bpx_connector.watch.feed import Exchange, Feed, Market, OwnCaches, Streams, joined, symbols_of
from bpx_connector.watch.kinds import BID_ASK, FUNDING_RATE, MARK_PRICE, OPEN_INTEREST, TICKER
from bpx_connector.watch.session import Session
from bpx_connector.watch.waiting import Named, leave, markets_of

if TYPE_CHECKING:
    from bpx_connector.venue.events import BookTickerEvent, MarkPriceEvent, OpenInterestEvent, TickerEvent

__all__ = [
    "BIDS_ASKS",
    "FUNDING_RATES",
    "MARK_PRICES",
    "OPEN_INTERESTS",
    "TICKERS",
    "is_contract",
    "un_watch",
    "watch_many",
    "watch_one",
]


T = TypeVar("T")
"""ccxt's structure of a kind."""


class Cached(Protocol):
    """Who has caches: a session, and what its streams are made with."""

    @property
    def exchange(self) -> Exchange: ...
    @property
    def own(self) -> OwnCaches: ...


class Price(NamedTuple, Generic[T]):
    """A row: the kind, its stream, what an event becomes (None: nothing of it), and where it is kept."""

    kind: Kind
    stream: str
    read: Callable[[Exchange, Market, Decoded], T | None]
    """Its figures are figures: a frame of which that is not so is a ValueError."""
    cache: Callable[[Cached], dict[str, T]]
    is_of_contracts: bool = False
    """Whether spot markets have none of it."""


def _ticker(exchange: Exchange, market: Market, event: TickerEvent) -> Ticker:
    found = exchange.parse_ticker(events.ticker_words(event), market)
    events.check_figures(found)
    return events.dated(found, event)


def _bid_ask(exchange: Exchange, market: Market, event: BookTickerEvent) -> Ticker:
    if is_overridden(exchange, "parse_ticker"):
        return _as_parsed(exchange, market, events.best_words(event), event)
    return events.bid_ask_event(event, market["symbol"], exchange.number)


def _mark_price(exchange: Exchange, market: Market, event: MarkPriceEvent) -> Ticker:
    if is_overridden(exchange, "parse_ticker"):
        return _as_parsed(exchange, market, events.mark_price_words(event), event)
    return events.mark_price_event(event, market["symbol"], exchange.number)


def _as_parsed(exchange: Exchange, market: Market, row: Payload, event: Decoded) -> Ticker:
    """What a program's own parser makes of it."""
    found = exchange.parse_ticker(row, market)
    events.check_figures(found)
    return events.dated(found, event)


def _funding_rate(exchange: Exchange, market: Market, event: MarkPriceEvent) -> FundingRate | None:
    if event.get("f") is None:
        return None
    found = exchange.parse_funding_rate(events.funding_words(event), market)
    events.check_figures(found)
    return events.dated(found, event)


def _open_interest(exchange: Exchange, market: Market, event: OpenInterestEvent) -> OpenInterest:
    row = {"symbol": market["id"], "openInterest": event["o"]}
    found = exchange.parse_open_interest(row, market)
    events.check_figures(found)
    return events.dated(found, event)


TICKERS: Price[Ticker] = Price(TICKER, "ticker", _ticker, lambda has: has.exchange.tickers)
BIDS_ASKS: Price[Ticker] = Price(BID_ASK, "bookTicker", _bid_ask, lambda has: has.exchange.bidsasks)
MARK_PRICES: Price[Ticker] = Price(MARK_PRICE, "markPrice", _mark_price, lambda has: has.own.mark_prices)
FUNDING_RATES: Price[FundingRate] = Price(
    FUNDING_RATE, "markPrice", _funding_rate, lambda has: has.exchange.fundingRates, True
)
OPEN_INTERESTS: Price[OpenInterest] = Price(
    OPEN_INTEREST, "openInterest", _open_interest, lambda has: has.own.open_interests, True
)

ROWS: tuple[Price[Any], ...] = (TICKERS, BIDS_ASKS, MARK_PRICES, FUNDING_RATES, OPEN_INTERESTS)


def is_contract(market: Market) -> bool:
    """Whether a market is no spot market."""
    return bool(market["contract"])


async def watch_one(session: Session, price: Price[T], symbol: str) -> T:
    """The latest of one market, once it changes."""
    await session.load_markets_once()
    market = session.exchange.market(symbol)
    _check(session, price, market)
    symbol = market["symbol"]
    while True:
        topic = session.topic(
            price.kind, (symbol,), lambda: _streams(session.feed(), price, market), [market]
        )
        await topic.wait()
        known = price.cache(session).get(symbol)
        if known is not None:
            return known


async def watch_many(
    session: Session, price: Price[T], symbols: Named, belongs: Callable[[Market], bool] = lambda market: True
) -> dict[str, T]:
    """Of these markets, or of all to which it belongs, those that have changed, by symbol."""
    exchange = session.exchange
    await session.load_markets_once()
    markets = markets_of(exchange, symbols)
    for market in markets:
        _check(session, price, market)
    if not markets:
        markets = [market for market in exchange.markets.values() if market["active"] and belongs(market)]
    feed, wanted = session.feed(), symbols_of(markets)
    topic = session.topic(
        price.kind, wanted, lambda: joined(_streams(feed, price, market) for market in markets), markets
    )
    news = await topic.wait()
    shown = [part for part, _ in news] if exchange.newUpdates else wanted
    known = price.cache(feed)
    return {symbol: known[symbol] for symbol in shown if symbol in known}


async def un_watch(session: Session, price: Price[T], symbols: Named) -> bool:
    """End it of these markets, or of all."""
    return await leave(session, price.kind, symbols, price.cache(session))


def _check(session: Session, price: Price[Any], market: Market) -> None:
    if price.is_of_contracts and not market["contract"]:
        name = price.kind.name
        raise BadSymbol(f"{session.exchange.id} {market['symbol']} is no contract: it has no {name} to watch")


def _streams(feed: Feed, price: Price[Any], market: Market) -> Streams:
    name = f"{price.stream}.{market['id']}"
    return {name: lambda: _follower(feed, name, price.stream, market)}


def _follower(feed: Feed, name: str, stream: str, market: Market) -> Follower:
    """One follower for all that a stream says: mark price and funding rate come together."""
    rows, symbol, exchange = [row for row in ROWS if row.stream == stream], market["symbol"], feed.exchange

    def accept(event: Decoded) -> None:
        for row in rows:
            structure = row.read(exchange, market, event)
            if structure is not None:
                row.cache(feed)[symbol] = structure
                feed.topics.publish(row.kind, symbol)

    return LatestFollower(name, accept, feed.horizon())
