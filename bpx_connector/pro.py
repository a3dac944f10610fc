"""The asyncio exchange with streams: which topic each watch_* waits for, and what it then hands out.

Every watch_* has a twin un_watch_* that ends the subscription. A watch waits for the next change; what has
changed since the last call is handed out at once. `newUpdates` (ccxt's) chooses between what is new and all.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from ccxt.base.errors import ArgumentsRequired, ExchangeClosedByUser

from bpx_connector import async_support
from bpx_connector.aliases import Params
from bpx_connector.call.addresses import refuse_mixture
from bpx_connector.call.signer import checked_window
from bpx_connector.feeds import Feeds, Streams, candle_part, depth_window
from bpx_connector.stream.callbacks import Callback, RawSubscription
from bpx_connector.stream.client import Limits, StreamClient
from bpx_connector.stream.recording import Player, Recorder
from bpx_connector.stream.socket import AiohttpLink, Link, Patience, Tools
from bpx_connector.stream.topics import News, Topic

__all__ = ["bpx"]

LARGEST_FRAME = 16 * 1024 * 1024
HANDSHAKE_WITHIN = 10.0

WATCHED = (
    "Balance",
    "BidsAsks",
    "FundingRate",
    "FundingRates",
    "Liquidations",
    "LiquidationsForSymbols",
    "MarkPrice",
    "MarkPrices",
    "MyTrades",
    "OHLCV",
    "OHLCVForSymbols",
    "OpenInterest",
    "OrderBook",
    "OrderBookForSymbols",
    "Orders",
    "Positions",
    "RfqUpdates",
    "Ticker",
    "Tickers",
    "Trades",
    "TradesForSymbols",
)
"""Each of these has a watch method and an unWatch method."""

STREAM_DESCRIPTION: dict[str, Any] = {
    "has": {
        "ws": True,
        **{f"watch{name}": True for name in WATCHED},
        **{f"unWatch{name}": True for name in WATCHED},
    },
    "options": {
        "tradesLimit": 1000,
        "ordersLimit": 1000,
        "OHLCVLimit": 1000,
        "liquidationsLimit": 1000,
        # Milliseconds between comparisons with REST; None for never.
        "watchOrderBook": {"depth": 1000, "checkEvery": None},
        "watchOrders": {"checkEvery": 30_000},
        "watchPositions": {"checkEvery": 30_000},
        "watchBalance": {"checkEvery": 30_000},
        "streams": {
            "streamsPerSocket": 200,
            "compress": 15,
            "headers": None,
            # In milliseconds.
            "pingAfter": 15_000,
            "silence": 30_000,
            "shortestPause": 250,
            "longestPause": 30_000,
        },
    },
}


class bpx(async_support.bpx):
    """Backpack Exchange on asyncio, with streams."""

    _stream_client: StreamClient | None = None
    _feeds: Feeds | None = None
    _connect_streams: Callable[[], Any] | None = None
    _mark_prices: dict[str, Any]
    _open_interests: dict[str, Any]
    _rfqs: Any = None
    _is_closing = False

    def __init__(self, config: Any = {}) -> None:
        self._mark_prices = {}
        self._open_interests = {}
        super().__init__(config)

    def describe(self) -> Any:
        return self.deep_extend(super().describe(), STREAM_DESCRIPTION)

    # --- prices ------------------------------------------------------------------------------------------

    async def watch_ticker(self, symbol: str, params: Params = {}) -> Any:
        """The last 24 hours of one market, once a second.

        https://docs.backpack.exchange/#tag/Streams/Public/Ticker
        """
        return await self._watch_one("ticker", symbol, Feeds.ticker, lambda: self.tickers)

    async def un_watch_ticker(self, symbol: str, params: Params = {}) -> Any:
        """End watch_ticker."""
        return await self._un_watch("ticker", [symbol], self.tickers)

    async def watch_tickers(self, symbols: Any = None, params: Params = {}) -> Any:
        """The last 24 hours of these markets or of all: of those that have changed.

        https://docs.backpack.exchange/#tag/Streams/Public/Ticker
        """
        return await self._watch_many("ticker", symbols, Feeds.ticker, lambda: self.tickers)

    async def un_watch_tickers(self, symbols: Any = None, params: Params = {}) -> Any:
        """End watch_tickers of these markets or of all."""
        return await self._un_watch("ticker", symbols, self.tickers)

    async def watch_bids_asks(self, symbols: Any = None, params: Params = {}) -> Any:
        """The best bid and ask of these markets or of all; None on a side that is empty.

        https://docs.backpack.exchange/#tag/Streams/Public/Book-ticker
        """
        return await self._watch_many("bidask", symbols, Feeds.bid_ask, lambda: self.bidsasks)

    async def un_watch_bids_asks(self, symbols: Any = None, params: Params = {}) -> Any:
        """End watch_bids_asks of these markets or of all."""
        return await self._un_watch("bidask", symbols, self.bidsasks)

    async def watch_mark_price(self, symbol: str, params: Params = {}) -> Any:
        """The mark price and the index price of one market, once a second.

        https://docs.backpack.exchange/#tag/Streams/Public/Mark-price
        """
        return await self._watch_one("markPrice", symbol, Feeds.mark_price, lambda: self._mark_prices)

    async def un_watch_mark_price(self, symbol: str, params: Params = {}) -> Any:
        """End watch_mark_price."""
        return await self._un_watch("markPrice", [symbol], self._mark_prices)

    async def watch_mark_prices(self, symbols: Any = None, params: Params = {}) -> Any:
        """The mark prices of these markets, or of all perpetuals.

        https://docs.backpack.exchange/#tag/Streams/Public/Mark-price
        """
        return await self._watch_many(
            "markPrice", symbols, Feeds.mark_price, lambda: self._mark_prices, _is_contract
        )

    async def un_watch_mark_prices(self, symbols: Any = None, params: Params = {}) -> Any:
        """End watch_mark_prices of these markets or of all."""
        return await self._un_watch("markPrice", symbols, self._mark_prices)

    async def watch_funding_rate(self, symbol: str, params: Params = {}) -> Any:
        """The funding rate of the running interval of one perpetual, once a second.

        https://docs.backpack.exchange/#tag/Streams/Public/Mark-price
        """
        return await self._watch_one("fundingRate", symbol, Feeds.mark_price, lambda: self.fundingRates)

    async def un_watch_funding_rate(self, symbol: str, params: Params = {}) -> Any:
        """End watch_funding_rate."""
        return await self._un_watch("fundingRate", [symbol], self.fundingRates)

    async def watch_funding_rates(self, symbols: Any = None, params: Params = {}) -> Any:
        """The funding rates of these perpetuals or of all.

        https://docs.backpack.exchange/#tag/Streams/Public/Mark-price
        """
        return await self._watch_many(
            "fundingRate", symbols, Feeds.mark_price, lambda: self.fundingRates, _is_contract
        )

    async def un_watch_funding_rates(self, symbols: Any = None, params: Params = {}) -> Any:
        """End watch_funding_rates of these perpetuals or of all."""
        return await self._un_watch("fundingRate", symbols, self.fundingRates)

    async def watch_open_interest(self, symbol: str, params: Params = {}) -> Any:
        """The open interest of one market, once a minute.

        https://docs.backpack.exchange/#tag/Streams/Public/Open-interest
        """
        return await self._watch_one(
            "openInterest", symbol, Feeds.open_interest, lambda: self._open_interests
        )

    async def un_watch_open_interest(self, symbol: str, params: Params = {}) -> Any:
        """End watch_open_interest."""
        return await self._un_watch("openInterest", [symbol], self._open_interests)

    # --- books -------------------------------------------------------------------------------------------

    async def watch_order_book(self, symbol: str, limit: Any = None, params: Params = {}) -> Any:
        """The book of one market, in step with the venue; waits while it is not.

        https://docs.backpack.exchange/#tag/Streams/Public/Depth

        Without `limit` it is the live book, which goes on changing; with it a copy of the best levels.
        `interval` (200ms, 600ms or 1000ms) asks for updates merged over that time.
        """
        return await self.watch_order_book_for_symbols([symbol], limit, params)

    async def un_watch_order_book(self, symbol: str, params: Params = {}) -> Any:
        """End watch_order_book, whatever its `interval`."""
        return await self.un_watch_order_book_for_symbols([symbol], params)

    async def watch_order_book_for_symbols(self, symbols: Any, limit: Any = None, params: Params = {}) -> Any:
        """The book of whichever of these markets changes next.

        https://docs.backpack.exchange/#tag/Streams/Public/Depth

        `limit` and `interval` as in watch_order_book.
        """
        window = depth_window(params) if params else None
        while True:
            topic = self._known_topic("orderbook", symbols) or await self._book_topic(symbols, window)
            ((part, _),) = await topic.wait()
            book = self._feeds.book(part) if self._feeds is not None else None
            if book is not None and book.nonce is not None:
                return book.view if limit is None else book.best(limit)

    async def _book_topic(self, symbols: Any, window: str | None) -> Topic:
        markets = await self._markets_of("watchOrderBookForSymbols", symbols)

        def streams(feeds: Feeds) -> Streams:
            return _joined(feeds.order_book(market, window) for market in markets)

        return self._topic("orderbook", _symbols(markets), streams, one_at_a_time=True)

    async def un_watch_order_book_for_symbols(self, symbols: Any, params: Params = {}) -> Any:
        """End watch_order_book_for_symbols of these markets."""
        return await self._un_watch("orderbook", symbols, self.orderbooks)

    # --- trades and candles ------------------------------------------------------------------------------

    async def watch_trades(
        self, symbol: str, since: Any = None, limit: Any = None, params: Params = {}
    ) -> Any:
        """The new trades of one market, liquidations included.

        https://docs.backpack.exchange/#tag/Streams/Public/Trade
        """
        return await self.watch_trades_for_symbols([symbol], since, limit, params)

    async def un_watch_trades(self, symbol: str, params: Params = {}) -> Any:
        """End watch_trades."""
        return await self.un_watch_trades_for_symbols([symbol], params)

    async def watch_trades_for_symbols(
        self, symbols: Any, since: Any = None, limit: Any = None, params: Params = {}
    ) -> Any:
        """The new trades of whichever of these markets trades next.

        https://docs.backpack.exchange/#tag/Streams/Public/Trade
        """
        topic = self._known_topic("trades", symbols) or await self._trade_topic(symbols)
        news = await topic.wait()
        return self._latest(self.trades.get(news[0][0]), news, since, limit)

    async def _trade_topic(self, symbols: Any) -> Topic:
        markets = await self._markets_of("watchTradesForSymbols", symbols)

        def streams(feeds: Feeds) -> Streams:
            return _joined(feeds.trades(market) for market in markets)

        return self._topic("trades", _symbols(markets), streams, one_at_a_time=True)

    async def un_watch_trades_for_symbols(self, symbols: Any, params: Params = {}) -> Any:
        """End watch_trades_for_symbols of these markets."""
        return await self._un_watch("trades", symbols, self.trades)

    async def watch_ohlcv(
        self,
        symbol: str,
        timeframe: str = "1m",
        since: Any = None,
        limit: Any = None,
        params: Params = {},
    ) -> Any:
        """The candles of one market, each named by its open; a period without trades has none.

        https://docs.backpack.exchange/#tag/Streams/Public/K-Line
        """
        _, _, rows = await self._watched_candles([[symbol, timeframe]], since, limit)
        return rows

    async def un_watch_ohlcv(self, symbol: str, timeframe: str = "1m", params: Params = {}) -> Any:
        """End watch_ohlcv."""
        return await self.un_watch_ohlcv_for_symbols([[symbol, timeframe]], params)

    async def watch_ohlcv_for_symbols(
        self,
        symbolsAndTimeframes: Any,  # noqa: N803  ccxt's name
        since: Any = None,
        limit: Any = None,
        params: Params = {},
    ) -> Any:
        """The candles of whichever of these pairs changes next, by symbol and timeframe.

        https://docs.backpack.exchange/#tag/Streams/Public/K-Line
        """
        symbol, timeframe, rows = await self._watched_candles(symbolsAndTimeframes, since, limit)
        return {symbol: {timeframe: rows}}

    async def un_watch_ohlcv_for_symbols(
        self,
        symbolsAndTimeframes: Any,  # noqa: N803  ccxt's name
        params: Params = {},
    ) -> Any:
        """End watch_ohlcv_for_symbols of these pairs."""
        pairs = await self._candle_pairs(symbolsAndTimeframes)
        client = self._stream_client
        if client is not None:
            client.leave("ohlcv", [candle_part(market["symbol"], timeframe) for market, timeframe in pairs])
        for market, timeframe in pairs:
            part = candle_part(market["symbol"], timeframe)
            if client is None or not client.topics.is_about("ohlcv", part):
                self.ohlcvs.get(market["symbol"], {}).pop(timeframe, None)
        return True

    async def watch_liquidations(
        self, symbol: str, since: Any = None, limit: Any = None, params: Params = {}
    ) -> Any:
        """The new liquidations in one market.

        https://docs.backpack.exchange/#tag/Streams/Public/Liquidation
        """
        return await self.watch_liquidations_for_symbols([symbol], since, limit, params)

    async def un_watch_liquidations(self, symbol: str, params: Params = {}) -> Any:
        """End watch_liquidations."""
        return await self.un_watch_liquidations_for_symbols([symbol], params)

    async def watch_liquidations_for_symbols(
        self, symbols: Any, since: Any = None, limit: Any = None, params: Params = {}
    ) -> Any:
        """The new liquidations in these markets.

        https://docs.backpack.exchange/#tag/Streams/Public/Liquidation
        """
        markets = await self._markets_of("watchLiquidationsForSymbols", symbols)
        wanted = _symbols(markets)
        news = await self._wait(
            "liquidations", wanted, lambda feeds: feeds.liquidations(markets), needs_every_stream=False
        )
        return self._latest_of(self.liquidations, wanted, news, since, limit)

    async def un_watch_liquidations_for_symbols(self, symbols: Any, params: Params = {}) -> Any:
        """End watch_liquidations_for_symbols of these markets."""
        return await self._un_watch("liquidations", symbols, {})

    # --- the account -------------------------------------------------------------------------------------

    async def watch_orders(
        self, symbol: Any = None, since: Any = None, limit: Any = None, params: Params = {}
    ) -> Any:
        """The account's orders that have changed, each in its latest state, with its fills.

        https://docs.backpack.exchange/#tag/Streams/Private/Order-update
        """
        symbols = await self._symbols_or_none(symbol)
        news = await self._wait("orders", symbols, Feeds.orders)
        return self._latest_of(self.orders, symbols, news, since, limit)

    async def un_watch_orders(self, symbol: Any = None, params: Params = {}) -> Any:
        """End watch_orders."""
        return await self._un_watch_account("orders", symbol)

    async def watch_my_trades(
        self, symbol: Any = None, since: Any = None, limit: Any = None, params: Params = {}
    ) -> Any:
        """The account's new fills, with their fees.

        https://docs.backpack.exchange/#tag/Streams/Private/Order-update
        """
        symbols = await self._symbols_or_none(symbol)
        news = await self._wait("myTrades", symbols, Feeds.orders)
        return self._latest_of(self.myTrades, symbols, news, since, limit)

    async def un_watch_my_trades(self, symbol: Any = None, params: Params = {}) -> Any:
        """End watch_my_trades."""
        return await self._un_watch_account("myTrades", symbol)

    async def watch_positions(
        self, symbols: Any = None, since: Any = None, limit: Any = None, params: Params = {}
    ) -> Any:
        """The account's positions: first those that are open, then those that have changed.

        https://docs.backpack.exchange/#tag/Streams/Private/Position-update
        """
        wanted = None
        if symbols is not None and symbols != []:
            wanted = _symbols(await self._markets_of("watchPositions", symbols))
        news = await self._wait("positions", wanted, Feeds.positions)
        changed = [part for part, _ in news if part]
        asked = changed if self.newUpdates and changed else wanted
        of_symbols = None if asked is None else list(asked)
        shown = self.filter_by_symbols_since_limit(self.positions, of_symbols, since, limit, True)
        return [position for position in shown if position["contracts"] or position["symbol"] in changed]

    async def un_watch_positions(self, symbols: Any = None, params: Params = {}) -> Any:
        """End watch_positions of these markets or of all."""
        return await self._un_watch("positions", symbols, {})

    async def watch_balance(self, params: Params = {}) -> Any:
        """The account's balances as fetch_balance gives them for spot: at once, then after each change.

        https://docs.backpack.exchange/#tag/Streams/Private/Balance-update
        """
        await self._load_markets_once()
        await self._wait("balance", None, Feeds.balance)
        return self.balance

    async def un_watch_balance(self, params: Params = {}) -> Any:
        """End watch_balance."""
        return await self._un_watch("balance", None, {})

    async def watch_rfq_updates(
        self, symbol: Any = None, since: Any = None, limit: Any = None, params: Params = {}
    ) -> Any:
        """What has happened to requests for quotes: one's own, and as a maker those of others.

        https://docs.backpack.exchange/#tag/Streams/Private/RFQ-update
        """
        symbols = await self._symbols_or_none(symbol)
        news = await self._wait("rfqs", symbols, Feeds.rfqs)
        return self._latest_of(self._rfqs, symbols, news, since, limit)

    async def un_watch_rfq_updates(self, symbol: Any = None, params: Params = {}) -> Any:
        """End watch_rfq_updates."""
        return await self._un_watch_account("rfqs", symbol)

    # --- streams by their own names ----------------------------------------------------------------------

    async def subscribe_stream(self, stream: str, callback: Callback) -> RawSubscription:
        """Give every payload of a stream, named as the venue names it, to a callback or coroutine function.

        https://docs.backpack.exchange/#tag/Streams

        A callback that fails is reported in the log and hinders nobody. What a coroutine function has no
        time for waits, up to 10,000 payloads; of more the oldest are dropped and counted (`dropped` of what
        is returned).
        """
        return self._streams().listen(stream, callback)

    async def unsubscribe_stream(self, stream: str, callback: Callback | None = None) -> bool:
        """End a callback on a stream, or all of them."""
        client = self._stream_client
        for listener in client.listeners(stream) if client is not None else []:
            if callback is None or listener.callback == callback:
                assert client is not None, "it has listeners"
                client.unlisten(listener)
        return True

    def stream_counters(self) -> dict[str, Any]:
        """Frames, gaps, refetches, reconnects and the seconds since the last frame, by socket and stream."""
        client = self._stream_client
        return client.counters() if client is not None else {"sockets": [], "streams": {}, "unreadable": 0}

    @contextmanager
    def record_streams(
        self, path: Any, source: str = "", clock: Callable[[], float] = time.monotonic
    ) -> Iterator[None]:
        """Write all that the streams say and need to a WebSocket cassette, without keys and signatures.

        Begin before the first watch: what is already connected is not recorded. `clock` gives the seconds by
        which lines are dated, from zero.
        """
        recorder = Recorder(Path(path), source or self._stream_url(), clock)
        fetch = self.fetch

        async def fetched(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
            answer = await fetch(url, method, headers, body)
            recorder.answer(_request_line(url, method), answer)
            return answer

        self._connect_streams = lambda: recorder.connect(self._connected_link)
        self.fetch = fetched  # type: ignore[method-assign]  # of this instance, for as long as this lasts
        try:
            yield
        finally:
            self._connect_streams = None
            del self.fetch
            recorder.close()

    @contextmanager
    def play_streams(self, path: Any, speed: float | None = None) -> Iterator[Player]:
        """Play a WebSocket cassette instead of the venue, REST answers included; no network is used.

        With `speed` 1.0 as slowly as it was recorded; without it as fast as it is watched.
        """
        player = Player(Path(path), speed)

        async def fetched(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
            return player.answer(_request_line(url, method))

        self._connect_streams = player.connect
        self.fetch = fetched  # type: ignore[method-assign]  # of this instance, for as long as this lasts
        try:
            yield player
        finally:
            self._connect_streams = None
            del self.fetch

    record = record_streams  # of streams and of REST: the same and more
    play = play_streams

    # --- waiting -----------------------------------------------------------------------------------------

    def _known_topic(self, kind: str, symbols: Any) -> Topic | None:
        """The topic of these symbols if it has been waited for before: no market needs to be looked up again.

        A market named in another way than by its symbol is looked up each time.
        """
        client = self._stream_client
        if client is None or client.is_closed or not symbols or client.loop is not asyncio.get_running_loop():
            return None
        return client.topics.get(kind, tuple(symbols))

    def _topic(
        self,
        kind: str,
        parts: tuple[str, ...] | None,
        streams: Callable[[Feeds], Streams],
        one_at_a_time: bool = False,
        needs_every_stream: bool = True,
    ) -> Topic:
        client = self._streams()
        topic = client.topics.get(kind, parts)
        if topic is not None:
            return topic
        assert self._feeds is not None, "made with the client"
        followers = streams(self._feeds)
        wanted = Topic(kind, parts, followers, one_at_a_time, needs_every_stream)
        return client.want(wanted, followers)

    async def _wait(
        self,
        kind: str,
        parts: tuple[str, ...] | None,
        streams: Callable[[Feeds], Streams],
        one_at_a_time: bool = False,
        needs_every_stream: bool = True,
    ) -> list[News]:
        return await self._topic(kind, parts, streams, one_at_a_time, needs_every_stream).wait()

    async def _watch_one(
        self,
        kind: str,
        symbol: str,
        streams: Callable[[Feeds, Any], Streams],
        cache: Callable[[], dict[str, Any]],
    ) -> Any:
        await self._load_markets_once()
        market = self.market(symbol)
        while True:
            await self._wait(kind, (market["symbol"],), lambda feeds: streams(feeds, market))
            if market["symbol"] in cache():
                return cache()[market["symbol"]]

    async def _watch_many(
        self,
        kind: str,
        symbols: Any,
        streams: Callable[[Feeds, Any], Streams],
        cache: Callable[[], dict[str, Any]],
        belongs: Callable[[Any], bool] = lambda market: True,
    ) -> dict[str, Any]:
        await self._load_markets_once()
        if symbols:
            markets = [self.market(symbol) for symbol in symbols]
        else:
            markets = [market for market in self.markets.values() if market["active"] and belongs(market)]
        wanted = _symbols(markets)
        news = await self._wait(
            kind, wanted, lambda feeds: _joined(streams(feeds, market) for market in markets)
        )
        shown = [part for part, _ in news] if self.newUpdates else wanted
        known = cache()
        return {symbol: known[symbol] for symbol in shown if symbol in known}

    async def _watched_candles(self, pairs: Any, since: Any, limit: Any) -> tuple[str, str, list[Any]]:
        watched = await self._candle_pairs(pairs)
        parts = {
            candle_part(market["symbol"], timeframe): (market, timeframe) for market, timeframe in watched
        }
        news = await self._wait(
            "ohlcv",
            tuple(parts),
            lambda feeds: _joined(feeds.candles(market, timeframe) for market, timeframe in watched),
            one_at_a_time=True,
        )
        market, timeframe = parts[news[0][0]]
        symbol = market["symbol"]
        cache = self.ohlcvs.get(symbol, {}).get(timeframe)
        return symbol, timeframe, self._latest(cache, news, since, limit, 0)

    async def _un_watch(self, kind: str, symbols: Any, cache: dict[str, Any]) -> bool:
        await self._load_markets_once()
        wanted = None if not symbols else [self.market(symbol)["symbol"] for symbol in symbols]
        client = self._stream_client
        if client is not None:
            client.leave(kind, wanted)
        for symbol in list(cache) if wanted is None else wanted:
            if client is None or not client.topics.is_about(kind, symbol):
                cache.pop(symbol, None)
        return True

    async def _un_watch_account(self, kind: str, symbol: Any) -> bool:
        return await self._un_watch(kind, None if symbol is None else [symbol], {})

    def _latest(
        self, cache: Any, news: Sequence[News], since: Any, limit: Any, key: Any = "timestamp"
    ) -> Any:
        """What is new in a cache, or with `newUpdates` off the whole of it, cut to since and limit."""
        if cache is None:
            return []
        if self.newUpdates:
            fresh = sum(entries for _, entries in news)
            limit = fresh if limit is None else min(fresh, limit)
        if since is None and limit is not None:
            return cache[-limit:] if limit else []
        return self.filter_by_since_limit(cache, since, limit, key, True)

    def _latest_of(
        self, cache: Any, symbols: tuple[str, ...] | None, news: Sequence[News], since: Any, limit: Any
    ) -> Any:
        """The same of a cache that holds several markets."""
        if symbols is None:
            return self._latest(cache, news, since, limit)
        rows = [row for row in cache or () if row["symbol"] in symbols]
        return self._latest(rows, news, since, limit)

    # --- markets -----------------------------------------------------------------------------------------

    async def _load_markets_once(self) -> None:
        if self.markets is None:
            await self.load_markets()

    async def _markets_of(self, method: str, symbols: Any) -> list[Any]:
        await self._load_markets_once()
        if not symbols:
            raise ArgumentsRequired(f"{self.id} {method}() needs at least one symbol")
        return [self.market(symbol) for symbol in symbols]

    async def _symbols_or_none(self, symbol: Any) -> tuple[str, ...] | None:
        await self._load_markets_once()
        return None if symbol is None else (self.market(symbol)["symbol"],)

    async def _candle_pairs(self, pairs: Any) -> list[tuple[Any, str]]:
        await self._load_markets_once()
        if not pairs or not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
            example = "[['SOL/USDC', '1m']]"
            raise ArgumentsRequired(f"{self.id} needs pairs of symbol and timeframe, such as {example}")
        return [(self.market(symbol), timeframe) for symbol, timeframe in pairs]

    # --- the client --------------------------------------------------------------------------------------

    async def close(self, *args: Any, **kwargs: Any) -> None:
        """End every socket, task and waiter; afterwards the instance can be used again.

        A watcher that was woken just before comes back while this lasts: it is told as well, or it would
        connect anew behind the back of whoever closes.
        """
        self._is_closing = True
        try:
            await super().close(*args, **kwargs)
        finally:
            self._is_closing = False

    def _streams(self) -> StreamClient:
        """The client of this instance in the running loop, made when first needed and again after `close`."""
        client = self._stream_client
        if client is not None and not client.is_closed and client.loop is asyncio.get_running_loop():
            return client
        if self._is_closing:
            raise ExchangeClosedByUser(f"{self.id} is being closed")
        self.open()
        tools = Tools(
            self._connect_streams or self._connected_link,
            self._subscription_signature,
            asyncio.sleep,
            time.monotonic,
            random.random,
            self._report_stream,
        )
        options = self.options.get("streams") or {}
        limits = Limits(streams_per_socket=int(options.get("streamsPerSocket") or 200))
        client = self._stream_client = StreamClient(tools, limits, _patience_of(options))
        self._feeds = Feeds(self, client.topics)
        # ccxt's close() closes whatever is in `clients`.
        self.clients = {**(self.clients or {}), self._stream_url(): client}
        return client

    def _stream_url(self) -> str:
        addresses = self._addresses()
        refuse_mixture(self.id, addresses, has_streams=True)
        return addresses.streams

    async def _connected_link(self) -> Link:
        self.open()
        http_proxy, https_proxy, socks_proxy = self.check_ws_proxy_settings()
        session = self.get_socks_proxy_session(socks_proxy) if socks_proxy else self.session
        options = self.options.get("streams") or {}
        assert session is not None, "made by open()"
        async with asyncio.timeout(HANDSHAKE_WITHIN):
            websocket: aiohttp.ClientWebSocketResponse = await session.ws_connect(
                self._stream_url(),
                autoping=False,
                autoclose=False,
                compress=options.get("compress", 15),
                headers=options.get("headers"),
                proxy=http_proxy or https_proxy,
                max_msg_size=LARGEST_FRAME,
            )
        return AiohttpLink(websocket)

    def _subscription_signature(self) -> list[str]:
        window = checked_window(self.options.get("recvWindow", 5000))
        return self._current_signer().subscription(self.nonce(), window)

    def _report_stream(self, message: str, error: BaseException | None) -> None:
        self.logger.warning("%s %s%s", self.id, message, "" if error is None else f": {error!r}")


def _request_line(url: str, method: str) -> str:
    parts = urlsplit(url)
    return f"{method} {parts.path}" + (f"?{parts.query}" if parts.query else "")


def _is_contract(market: Any) -> bool:
    return bool(market["contract"])


def _symbols(markets: Sequence[Any]) -> tuple[str, ...]:
    return tuple(market["symbol"] for market in markets)


def _joined(streams: Any) -> Streams:
    joined: Streams = {}
    for some in streams:
        joined |= some
    return joined


def _patience_of(options: dict[str, Any]) -> Patience:
    """Durations from `options['streams']`, in milliseconds there."""
    names = {
        "pingAfter": "ping_after",
        "silence": "silence",
        "shortestPause": "shortest_pause",
        "longestPause": "longest_pause",
    }
    given = {ours: options[name] / 1000 for name, ours in names.items() if options.get(name) is not None}
    return Patience()._replace(**given)
