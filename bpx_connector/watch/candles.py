"""Candles by symbol and timeframe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ccxt.async_support.base.ws.cache import ArrayCacheByTimestamp
from ccxt.base.errors import ArgumentsRequired, BadRequest

from bpx_connector.given import listed
from bpx_connector.parse import events
from bpx_connector.parse.overriding import is_overridden
from bpx_connector.stream.followers import CandleFollower, Follower
from bpx_connector.watch.feed import Feed, Market, Streams, joined
from bpx_connector.watch.handing_out import latest
from bpx_connector.watch.kinds import CANDLES
from bpx_connector.watch.session import Session

if TYPE_CHECKING:
    from bpx_connector.venue.events import KlineEvent

__all__ = ["un_watch_candles", "watch_candles"]

Pairs = Iterable[Sequence[str]]
"""Symbol and timeframe, as a caller gives them."""

EXAMPLE = "[['SOL/USDC', '1m']]"


async def watch_candles(
    session: Session, pairs: Pairs, since: int | None, limit: int | None
) -> tuple[str, str, list[Any]]:
    """Symbol, timeframe and candles of whichever of these pairs changes next."""
    watched = await _pairs(session, pairs)
    parts = {_part(market, timeframe): (market["symbol"], timeframe) for market, timeframe in watched}
    feed = session.feed()
    topic = session.topic(
        CANDLES,
        tuple(parts),
        lambda: joined(_streams(feed, market, timeframe) for market, timeframe in watched),
        {market["symbol"]: market for market, _ in watched}.values(),
    )
    news = await topic.wait()
    symbol, timeframe = parts[news[0][0]]
    exchange = session.exchange
    cache = exchange.ohlcvs.get(symbol, {}).get(timeframe)
    return symbol, timeframe, latest(exchange, cache, news, since, limit, 0)


async def un_watch_candles(session: Session, pairs: Pairs) -> bool:
    """End candles of these pairs."""
    watched = await _pairs(session, pairs)
    session.leave(CANDLES, [_part(market, timeframe) for market, timeframe in watched])
    for market, timeframe in watched:
        if not session.is_watched(CANDLES, _part(market, timeframe)):
            session.exchange.ohlcvs.get(market["symbol"], {}).pop(timeframe, None)
    return True


async def _pairs(session: Session, pairs: Pairs) -> list[tuple[Market, str]]:
    await session.load_markets_once()
    exchange = session.exchange
    if type(pairs) is not list:
        pairs = listed(exchange.id, "pairs of symbol and timeframe", EXAMPLE, pairs)
    if not pairs or not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
        raise ArgumentsRequired(f"{exchange.id} needs pairs of symbol and timeframe, such as {EXAMPLE}")
    for _, timeframe in pairs:
        if not isinstance(timeframe, str) or timeframe not in exchange.timeframes:
            allowed = ", ".join(exchange.timeframes)
            raise BadRequest(f"{exchange.id} has no timeframe {timeframe!r}; it has {allowed}")
    return [(exchange.market(symbol), timeframe) for symbol, timeframe in pairs]


def _part(market: Market, timeframe: str) -> str:
    """The part of a candle topic: one market, one interval."""
    return f"{market['symbol']} {timeframe}"


def _streams(feed: Feed, market: Market, timeframe: str) -> Streams:
    name = f"kline.{feed.exchange.timeframes[timeframe]}.{market['id']}"
    return {name: lambda: _follower(feed, name, market, timeframe)}


def _follower(feed: Feed, name: str, market: Market, timeframe: str) -> Follower:
    exchange, symbol = feed.exchange, market["symbol"]
    number = events.checked_number(exchange.number)
    by_timeframe = exchange.ohlcvs.setdefault(symbol, {})
    cache = by_timeframe.get(timeframe)
    if cache is None:
        cache = by_timeframe[timeframe] = ArrayCacheByTimestamp(feed.kept("OHLCVLimit"))

    has_own_parser = is_overridden(exchange, "parse_ohlcv")

    def parse(event: KlineEvent) -> list[Any] | None:
        candle = events.candle_event(event, number)
        if candle is None or not has_own_parser:
            return candle
        try:
            parsed: list[Any] = exchange.parse_ohlcv(events.candle_words(event), market)
        except (KeyError, TypeError):
            return candle  # it wants more than a stream tells, which has no quoteVolume
        return parsed

    async def missed(since: int) -> list[list[Any]]:
        return await exchange.fetch_ohlcv(symbol, timeframe, since)

    tell = feed.tell(CANDLES, _part(market, timeframe))
    return CandleFollower(name, cache, tell, parse, missed, feed.horizon())
