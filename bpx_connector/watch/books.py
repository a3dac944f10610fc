"""Order books: the depth stream in its windows, and the snapshot that a book starts from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ccxt.base.errors import BadRequest, BadResponse, BadSymbol
from ccxt.base.types import OrderBook

from bpx_connector.stream.book import Book, Snapshot, snapshot_of
from bpx_connector.stream.followers import BookFollower, Follower
from bpx_connector.stream.topics import Topic
from bpx_connector.venue.streams import DEPTH_WINDOWS
from bpx_connector.watch.feed import Feed, Market, Streams, joined, symbols_of
from bpx_connector.watch.kinds import ORDER_BOOK
from bpx_connector.watch.session import Session
from bpx_connector.watch.waiting import Named, leave, named_markets

__all__ = ["un_watch_books", "watch_books"]

SNAPSHOT_DEPTH = 1000


async def watch_books(
    session: Session, symbols: Named, limit: int | None, params: Mapping[str, Any]
) -> OrderBook:
    """The book of whichever of these markets changes next, in step with the venue."""
    window = _depth_window(params) if params else None
    while True:
        topic = session.known(ORDER_BOOK, symbols) or await _topic(session, symbols, window)
        ((part, _),) = await topic.wait()
        follower = session.book(part)
        if follower is not None and follower.nonce is not None:
            if limit is None and session.exchange.number is float:
                return cast("OrderBook", follower.view)
            return cast("OrderBook", follower.best(limit))


async def un_watch_books(session: Session, symbols: Named) -> bool:
    """End books of these markets, whatever their windows."""
    return await leave(session, ORDER_BOOK, symbols, session.exchange.orderbooks)


async def _topic(session: Session, symbols: Named, window: str | None) -> Topic:
    markets = await named_markets(session, "watchOrderBookForSymbols", symbols)
    feed = session.feed()
    return session.topic(
        ORDER_BOOK, symbols_of(markets), lambda: joined(_streams(feed, market, window) for market in markets)
    )


def _depth_window(params: Mapping[str, Any]) -> str | None:
    """The window over which a book's updates are merged, None for every update; BadRequest for any other."""
    window = params.get("interval")
    if window is None or window in DEPTH_WINDOWS:
        return window
    raise BadRequest(f"the interval of a book has to be one of {', '.join(DEPTH_WINDOWS)}, not {window!r}")


def _streams(feed: Feed, market: Market, window: str | None) -> Streams:
    name = f"depth.{market['id']}" if window is None else f"depth.{window}.{market['id']}"
    return {name: lambda: _follower(feed, name, market)}


def _follower(feed: Feed, name: str, market: Market) -> Follower:
    symbol, exchange = market["symbol"], feed.exchange
    book = feed.books.get(symbol)
    if book is None:
        book = feed.books[symbol] = Book(symbol, exchange.number)
    exchange.orderbooks[symbol] = book.view
    follower = BookFollower(name, book, feed.tell(ORDER_BOOK, symbol), lambda: _snapshot(feed, market))
    follower.fetch_every = feed.seconds_between_checks("watchOrderBook")
    return follower


async def _snapshot(feed: Feed, market: Market) -> Snapshot:
    market_id, depth = str(market["id"]), feed.option("watchOrderBook", "depth") or SNAPSHOT_DEPTH
    snapshots = feed.snapshots() if feed.exchange.number is float else None
    try:
        if snapshots is not None:
            return await snapshots(market_id, int(depth))
        answer = await feed.exchange.public_get_api_v1_depth({"symbol": market_id, "limit": str(depth)})
        return snapshot_of(answer, depth)
    except BadSymbol as error:  # a closed market has no book (seen 2026-09)
        raise BadSymbol(f"{feed.exchange.id} {market['symbol']} has no book: the market is closed") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadResponse(f"the book of {market_id} cannot be understood: {error!r}") from error
