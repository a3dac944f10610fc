"""Stocks: their price outside, what its provider says, what a share would bring and cost; the latest counts.

All of it is kept by stock, whatever market it was asked for by: a stock's spot market and the one for
requests for quotes have one price outside. Two of the streams go by the bare ticker: NVDA, where the stock is
NVDA.US.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ccxt.base.errors import BadRequest, BadSymbol
from ccxt.base.types import Ticker, Tickers

from bpx_connector.aliases import Decoded, Structure
from bpx_connector.parse import events
from bpx_connector.parse.convert.stocks import RFQ, is_stock, stock_of
from bpx_connector.stream.followers import EventFollower, Follower
from bpx_connector.stream.topics import Kind
from bpx_connector.venue.words import EXTERNAL
from bpx_connector.watch import prices
from bpx_connector.watch.feed import Exchange, Feed, Market, OwnCaches, Streams, joined, symbols_of
from bpx_connector.watch.kinds import EXTERNAL_TICKER, STOCK_PRICE, STOCK_QUOTE
from bpx_connector.watch.session import Session
from bpx_connector.watch.waiting import Named, markets_of

__all__ = [
    "PRICES",
    "QUOTES",
    "un_watch",
    "un_watch_tickers",
    "watch_one",
    "watch_ticker",
    "watch_tickers",
]


class Told(NamedTuple):
    """A row: the kind, its stream, the stock's name there, what an event becomes, and where it is kept."""

    kind: Kind
    stream: str
    name: Callable[[str], str]
    read: Callable[[Exchange, str, Decoded], Any]
    cache: Callable[[OwnCaches], dict[str, Any]]


def _ticker(exchange: Exchange, asset: str, event: Decoded) -> Ticker:
    market = exchange.safe_market(event["s"])
    return events.dated(exchange.parse_ticker(events.ticker_words(event), market), event)


def _price(exchange: Exchange, asset: str, event: Decoded) -> Structure:
    return events.stock_price_event(event, asset, exchange.number)


def _quote(exchange: Exchange, asset: str, event: Decoded) -> Structure:
    return events.stock_quote_event(event, asset, exchange.number)


def _pair(asset: str) -> str:
    return f"{asset}_USDC"


def _bare(asset: str) -> str:
    return asset.rpartition(".")[0]


TICKERS = Told(EXTERNAL_TICKER, "externalTicker", _pair, _ticker, lambda own: own.external_tickers)
PRICES = Told(STOCK_PRICE, "stockPrice", _bare, _price, lambda own: own.stock_prices)
QUOTES = Told(STOCK_QUOTE, "stockIndicativeQuote", _bare, _quote, lambda own: own.stock_quotes)


# --- tickers, of the venue or from outside -----------------------------------------------------------------


async def watch_ticker(session: Session, symbol: str, source: str | None) -> Ticker:
    """The latest ticker of one market, from a source; that of a market for requests is from outside."""
    await session.load_markets_once()
    market = session.exchange.market(symbol)
    if not _is_outside(market, source):
        return await prices.watch_one(session, prices.TICKERS, symbol)
    while True:
        tickers = await _watch_outside(session, [market])
        if market["symbol"] in tickers:
            return tickers[market["symbol"]]


async def watch_tickers(session: Session, symbols: Named, source: str | None) -> Tickers:
    """Of these markets, or of all that the source has, the tickers that have changed."""
    await session.load_markets_once()
    exchange = session.exchange
    markets = markets_of(exchange, symbols)
    if not markets:
        if source != EXTERNAL:
            return await prices.watch_many(session, prices.TICKERS, None, lambda it: not _is_rfq(it))
        stocks = [it for it in exchange.markets.values() if it["active"] and _has_price_outside(it)]
        if not stocks:
            raise BadSymbol(f"{exchange.id} has no stocks loaded that a source outside has prices of")
        return await _watch_outside(session, stocks)
    outside = [_is_outside(market, source) for market in markets]
    if not any(outside):
        return await prices.watch_many(session, prices.TICKERS, symbols)
    if not all(outside):
        raise BadRequest(
            f"{exchange.id} markets for requests for quotes have prices from outside: watch them apart"
        )
    return await _watch_outside(session, markets)


async def un_watch_tickers(session: Session, symbols: Named) -> bool:
    """End the tickers of these markets, or of all, whatever their source."""
    await session.load_markets_once()
    markets = markets_of(session.exchange, symbols)
    _leave(session, TICKERS, [str(market["baseId"]) for market in markets] or None)
    return await prices.un_watch(session, prices.TICKERS, symbols_of(markets))


async def _watch_outside(session: Session, markets: Sequence[Market]) -> Tickers:
    for market in markets:
        if not _has_price_outside(market):
            raise BadSymbol(
                f"{session.exchange.id} {market['symbol']} is no stock: only stocks have a price outside"
            )
    assets = {str(market["baseId"]): None for market in markets}
    news = await _topic(session, TICKERS, tuple(assets)).wait()
    changed = {part for part, _ in news} if session.exchange.newUpdates else assets
    known = TICKERS.cache(session.own)
    tickers: dict[str, Any] = {
        market["symbol"]: {**known[asset], "symbol": market["symbol"]}
        for market in markets
        if (asset := str(market["baseId"])) in known and asset in changed
    }
    return tickers


def _is_rfq(market: Market) -> bool:
    return market.get("executionModel") == RFQ


def _is_outside(market: Market, source: str | None) -> bool:
    return source == EXTERNAL or (source is None and _is_rfq(market))


def _has_price_outside(market: Market) -> bool:
    return bool(market["spot"]) and is_stock(str(market["baseId"]))


# --- one stock ---------------------------------------------------------------------------------------------


async def watch_one(session: Session, told: Told, call: str, symbol: str) -> Structure:
    """The latest of one stock, once it is told again."""
    asset = stock_of(call, symbol)
    await session.load_markets_once()
    await _topic(session, told, (asset,)).wait()
    latest: Structure = told.cache(session.own)[asset]
    return latest


async def un_watch(session: Session, told: Told, call: str, symbol: str | None) -> bool:
    """End it of one stock, or of all."""
    _leave(session, told, None if symbol is None else (stock_of(call, symbol),))
    return True


def _leave(session: Session, told: Told, assets: Sequence[str] | None) -> None:
    session.leave(told.kind, assets)
    cache = told.cache(session.own)
    for asset in list(cache) if assets is None else assets:
        if not session.is_watched(told.kind, asset):
            cache.pop(asset, None)


def _topic(session: Session, told: Told, assets: tuple[str, ...]) -> Any:
    feed = session.feed()
    return session.topic(told.kind, assets, lambda: joined(_streams(feed, told, asset) for asset in assets))


def _streams(feed: Feed, told: Told, asset: str) -> Streams:
    name = f"{told.stream}.{told.name(asset)}"
    return {name: lambda: _follower(feed, told, name, asset)}


def _follower(feed: Feed, told: Told, name: str, asset: str) -> Follower:
    def accept(event: Decoded) -> None:
        structure = told.read(feed.exchange, asset, event)
        events.check_figures(structure)
        told.cache(feed.own)[asset] = structure
        feed.topics.publish(told.kind, asset)

    return EventFollower(name, accept)
