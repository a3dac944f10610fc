"""What each kind of watched data is made of: its streams, their followers, and the caches of ccxt users.

Kinds are what topics are about ("ticker", "orderbook", "orders"); the streams have the venue's names. This is
where the pure streams meet the exchange: it hands them parsers, caches and answers over REST.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ccxt.async_support.base.ws.cache import ArrayCache, ArrayCacheByTimestamp
from ccxt.base.errors import BadRequest

from bpx_connector.parse import events
from bpx_connector.parse.names import Names
from bpx_connector.parse.trading.orders import exact_product_in, millisecond_of_order
from bpx_connector.parse.trading.records import record_structures, trade_structures
from bpx_connector.stream.account import (
    AccountOrders,
    BalanceFollower,
    OrderFollower,
    OrderNews,
    PositionCache,
    PositionFollower,
    StructureCache,
)
from bpx_connector.stream.book import Book, Snapshot
from bpx_connector.stream.followers import (
    BookFollower,
    CandleFollower,
    EventFollower,
    Follower,
    LatestFollower,
    TradeFollower,
)
from bpx_connector.stream.topics import Topics
from bpx_connector.venue.streams import DEPTH_WINDOWS

__all__ = ["Feeds", "candle_part", "depth_window"]

Payload = dict[str, Any]
Streams = dict[str, Callable[[], Follower]]

SNAPSHOT_DEPTH = 1000
ENTRIES_KEPT = 1000
FILLS_A_PAGE = 1000
ORDERS_ASKED_FOR = 100
ASKED_ONE_BY_ONE = 5
OVERLAP = 10_000
"""Milliseconds by which we ask for fills again that we should already have: the history may lag."""


def candle_part(symbol: str, timeframe: str) -> str:
    """The part of a candle topic: one market, one interval."""
    return f"{symbol} {timeframe}"


def depth_window(params: Mapping[str, Any]) -> str | None:
    """The window over which a book's updates are merged, None for every update; BadRequest for any other."""
    window = params.get("interval")
    if window is None or window in DEPTH_WINDOWS:
        return window
    raise BadRequest(f"the interval of a book has to be one of {', '.join(DEPTH_WINDOWS)}, not {window!r}")


class Feeds:
    """The streams of one client for one exchange."""

    def __init__(self, exchange: Any, topics: Topics) -> None:
        self._exchange = exchange
        self._topics = topics
        self._books: dict[str, Book] = {}
        self._liquidations_seen: dict[tuple[Any, ...], None] = {}
        self._orders_began = 0
        self._symbols_known: Names = exchange._symbols()
        self._currencies = Names(exchange.safe_currency_code)
        self._markets = exchange.markets_by_id

    # --- public ------------------------------------------------------------------------------------------

    def order_book(self, market: Any, window: str | None) -> Streams:
        """A market's book, in real time or merged over a window."""
        symbol, exchange = market["symbol"], self._exchange
        stream = f"depth.{market['id']}" if window is None else f"depth.{window}.{market['id']}"

        def follower() -> Follower:
            book = self._books.setdefault(symbol, Book(symbol))
            exchange.orderbooks[symbol] = book.view
            made = BookFollower(stream, symbol, book, self._topics, lambda: self._snapshot(market["id"]))
            made.fetch_every = self._seconds_between_checks("watchOrderBook")
            return made

        return {stream: follower}

    def book(self, symbol: str) -> Book | None:
        """The book of a market that is followed."""
        return self._books.get(symbol)

    def ticker(self, market: Any) -> Streams:
        """The last 24 hours of a market."""
        symbol, exchange = market["symbol"], self._exchange

        def accept(event: Payload) -> None:
            row = exchange.parse_ticker(events.ticker_words(event), market)
            exchange.tickers[symbol] = events.dated(row, event)
            self._topics.publish("ticker", symbol)

        return _latest(f"ticker.{market['id']}", accept)

    def bid_ask(self, market: Any) -> Streams:
        """The best prices of a market."""
        symbol, exchange = market["symbol"], self._exchange

        def accept(event: Payload) -> None:
            exchange.bidsasks[symbol] = events.bid_ask_event(event, symbol, exchange.number)
            self._topics.publish("bidask", symbol)

        return _latest(f"bookTicker.{market['id']}", accept)

    def mark_price(self, market: Any) -> Streams:
        """The mark price of a market, and with it the funding rate of a perpetual."""
        symbol, exchange = market["symbol"], self._exchange

        def accept(event: Payload) -> None:
            exchange._mark_prices[symbol] = events.mark_price_event(event, symbol, exchange.number)
            self._topics.publish("markPrice", symbol)
            if event.get("f") is not None:
                rate = exchange.parse_funding_rate(events.funding_words(event), market)
                exchange.fundingRates[symbol] = events.dated(rate, event)
                self._topics.publish("fundingRate", symbol)

        return _latest(f"markPrice.{market['id']}", accept)

    def open_interest(self, market: Any) -> Streams:
        """The open interest of a market."""
        symbol, exchange = market["symbol"], self._exchange

        def accept(event: Payload) -> None:
            row = {"symbol": market["id"], "openInterest": event["o"]}
            exchange._open_interests[symbol] = events.dated(exchange.parse_open_interest(row, market), event)
            self._topics.publish("openInterest", symbol)

        return _latest(f"openInterest.{market['id']}", accept)

    def trades(self, market: Any) -> Streams:
        """The trades of a market."""
        symbol, exchange = market["symbol"], self._exchange
        stream = f"trade.{market['id']}"

        exact_product = exact_product_in(exchange.number)

        def parse(event: Payload) -> Payload:
            return events.trade_event(event, symbol, exchange.number, exact_product)

        def follower() -> Follower:
            cache = exchange.trades.get(symbol)
            if cache is None:
                cache = exchange.trades[symbol] = ArrayCache(self._kept("tradesLimit"))
            return TradeFollower(stream, symbol, cache, self._topics, parse)

        return {stream: follower}

    def candles(self, market: Any, timeframe: str) -> Streams:
        """The candles of a market in one interval."""
        symbol, exchange = market["symbol"], self._exchange
        interval = exchange.timeframes.get(timeframe)
        if interval is None:
            raise BadRequest(f"{exchange.id} has no timeframe {timeframe!r}")
        stream = f"kline.{interval}.{market['id']}"

        def parse(event: Payload) -> list[Any] | None:
            return events.candle_event(event, exchange.number)

        async def missed(since: int) -> list[list[Any]]:
            rows: list[list[Any]] = await exchange.fetch_ohlcv(symbol, timeframe, since)
            return rows

        def follower() -> Follower:
            by_timeframe = exchange.ohlcvs.setdefault(symbol, {})
            cache = by_timeframe.get(timeframe)
            if cache is None:
                cache = by_timeframe[timeframe] = ArrayCacheByTimestamp(self._kept("OHLCVLimit"))
            part = candle_part(symbol, timeframe)
            return CandleFollower(stream, part, cache, self._topics, parse, missed)

        return {stream: follower}

    def liquidations(self, markets: Iterable[Any]) -> Streams:
        """Liquidations, by the stream of all markets and by those of single ones: see LIQUIDATION_STREAMS."""
        exchange = self._exchange
        if exchange.liquidations is None:
            exchange.liquidations = ArrayCache(self._kept("liquidationsLimit"))

        def accept(event: Payload) -> None:
            name = tuple(event.get(key) for key in ("s", "T", "S", "p", "q"))
            if name in self._liquidations_seen:
                return  # the same one by the other stream
            self._liquidations_seen[name] = None
            if len(self._liquidations_seen) > ENTRIES_KEPT:
                del self._liquidations_seen[next(iter(self._liquidations_seen))]
            market = exchange.safe_market(event["s"])
            symbol = market["symbol"]
            exchange.liquidations.append(
                events.liquidation_event(event, symbol, market.get("contractSize"), exchange.number)
            )
            self._topics.publish("liquidations", symbol, 1)

        names = ["liquidation", *(f"liquidation.{market['id']}" for market in markets)]
        return {name: _maker(EventFollower, name, accept) for name in names}

    # --- private -----------------------------------------------------------------------------------------

    def orders(self) -> Streams:
        """The account's orders and fills."""
        stream, exchange = "account.orderUpdate", self._exchange
        if exchange.orders is None:
            exchange.orders = StructureCache(self._kept("ordersLimit"))
        if exchange.myTrades is None:
            exchange.myTrades = StructureCache(self._kept("tradesLimit"))

        def follower() -> Follower:
            self._orders_began = exchange.nonce()
            made = OrderFollower(
                stream,
                exchange._known_orders(),
                self._tell_of_orders,
                self._account_orders,
                self._kept("ordersLimit"),
            )
            made.fetch_every = self._seconds_between_checks("watchOrders")
            return made

        return {stream: follower}

    def positions(self) -> Streams:
        """The account's positions."""
        stream, exchange = "account.positionUpdate", self._exchange
        if exchange.positions is None:
            exchange.positions = PositionCache()

        def parse(event: Payload) -> Payload:
            position = exchange.parse_position(events.position_words(event))
            structure: Payload = events.dated(position, event)
            return structure

        def closed(symbol: str) -> Payload:
            flat: Payload = exchange.parse_flat_position(exchange.market(symbol))
            return flat

        def follower() -> Follower:
            made = PositionFollower(
                stream, exchange.positions, self._topics, parse, exchange.fetch_positions, closed
            )
            made.fetch_every = self._seconds_between_checks("watchPositions")
            return made

        return {stream: follower}

    def balance(self) -> Streams:
        """The account's balances, as fetch_balance gives them for spot."""
        stream, exchange = "account.balanceUpdate", self._exchange

        def accept(assets: dict[str, Payload], timestamp: int | None) -> None:
            balance = exchange.parse_balance(assets)
            balance["timestamp"], balance["datetime"] = timestamp, exchange.iso8601(timestamp)
            exchange.balance = balance

        def follower() -> Follower:
            made = BalanceFollower(
                stream,
                self._topics,
                events.balance_words,
                accept,
                lambda: exchange.private_get_api_v1_capital({}),
            )
            made.fetch_every = self._seconds_between_checks("watchBalance")
            return made

        return {stream: follower}

    def rfqs(self) -> Streams:
        """What happens to requests for quotes."""
        stream, exchange = "account.rfqUpdate", self._exchange
        if exchange._rfqs is None:
            exchange._rfqs = ArrayCache(self._kept("ordersLimit"))

        def accept(event: Payload) -> None:
            symbol = exchange.safe_symbol(event["s"])
            exchange._rfqs.append(events.rfq_event(event, symbol, exchange.number))
            self._topics.publish("rfqs", symbol, 1)

        return {stream: _maker(EventFollower, stream, accept)}

    # --- answers over REST -------------------------------------------------------------------------------

    async def _snapshot(self, market_id: str) -> Snapshot:
        depth = self._option("watchOrderBook", "depth") or SNAPSHOT_DEPTH
        answer = await self._exchange.public_get_api_v1_depth({"symbol": market_id, "limit": str(depth)})
        return Snapshot(
            int(answer["lastUpdateId"]), answer["bids"], answer["asks"], answer.get("timestamp"), depth
        )

    async def _account_orders(self, follower: OrderFollower) -> AccountOrders:
        """What has become of the account's orders and fills while the stream could not tell."""
        exchange, log = self._exchange, follower.log
        asked_at, now = log.version, exchange.nonce()
        open_orders = await exchange.private_get_api_v1_orders({})
        fills: list[Payload] = []
        closed: list[Payload] = []
        if follower.has_missed:
            since = max(self._orders_began, follower.checked - OVERLAP)
            fills = await self._fills_since(since)
            vanished = log.vanished((order["id"] for order in open_orders), asked_at)
            closed = await self._closed(vanished, since)
        return AccountOrders(asked_at, now, open_orders, closed, fills)

    async def _fills_since(self, since: int) -> list[Payload]:
        fills: list[Payload] = []
        while True:
            request = {"from": since, "limit": FILLS_A_PAGE, "offset": len(fills), "sortDirection": "Asc"}
            page = await self._exchange.private_get_wapi_v1_history_fills(request)
            fills += page
            if len(page) < FILLS_A_PAGE:
                return fills

    async def _closed(self, vanished: list[str], since: int) -> list[Payload]:
        """How orders ended, as far as the history knows: these, and all that are younger than `since`."""
        ask = self._exchange.private_get_wapi_v1_history_orders
        rows = await ask({"limit": ORDERS_ASKED_FOR, "sortDirection": "Desc"})
        found = {row["id"] for row in rows}
        missing = [identity for identity in vanished if identity not in found]
        older = [row for identity in missing[:ASKED_ONE_BY_ONE] for row in await ask({"orderId": identity})]
        return older + [
            row for row in rows if row["id"] in vanished or (millisecond_of_order(row) or 0) >= since
        ]

    def _tell_of_orders(self, news: OrderNews) -> None:
        """Make ccxt's structures of what is new, keep them, and say so."""
        exchange, symbols, currencies = self._exchange, self._symbols, self._currencies
        number, publish = exchange.number, self._topics.publish
        trades = trade_structures(news.fills, symbols, currencies, number) if news.fills else []
        changed: dict[str, set[str]] = {}
        for order in record_structures(news.orders, symbols, currencies, number):
            exchange.orders.append(order)
            changed.setdefault(order["symbol"], set()).add(order["id"])
        for symbol, identities in changed.items():
            publish("orders", symbol, identities)
        counts: dict[str, int] = {}
        for trade in trades:
            exchange.myTrades.append(trade)
            counts[trade["symbol"]] = counts.get(trade["symbol"], 0) + 1
        for symbol, count in counts.items():
            publish("myTrades", symbol, count)

    @property
    def _symbols(self) -> Names:
        """ccxt's symbols, looked up anew once markets were loaded."""
        exchange = self._exchange
        if self._markets is not exchange.markets_by_id:
            self._markets, self._symbols_known = exchange.markets_by_id, exchange._symbols()
        return self._symbols_known

    def _seconds_between_checks(self, method: str) -> float | None:
        milliseconds = self._option(method, "checkEvery")
        return None if milliseconds is None else milliseconds / 1000

    def _option(self, method: str, name: str) -> Any:
        return (self._exchange.options.get(method) or {}).get(name)

    def _kept(self, name: str) -> int:
        return int(self._exchange.options.get(name) or ENTRIES_KEPT)


def _latest(stream: str, accept: Callable[[Payload], None]) -> Streams:
    return {stream: _maker(LatestFollower, stream, accept)}


def _maker(
    kind: Callable[[str, Callable[[Payload], None]], Follower], stream: str, accept: Callable[[Payload], None]
) -> Callable[[], Follower]:
    return lambda: kind(stream, accept)
