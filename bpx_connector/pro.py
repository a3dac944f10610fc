"""The asyncio exchange with streams: a facade of two-line methods over `watch`.

Every watch_* has a twin un_watch_* that ends the subscription. A watch waits for the next change; what has
changed since the last call is handed out at once. `newUpdates` (ccxt's) chooses between what is new and all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from ccxt.base.errors import AuthenticationError, BaseError, InvalidNonce
from ccxt.base.types import (
    Balances,
    FundingRate,
    FundingRates,
    Liquidation,
    OpenInterest,
    Order,
    OrderBook,
    Position,
    Ticker,
    Tickers,
    Trade,
)

from bpx_connector import async_support
from bpx_connector.aliases import Params, Structure
from bpx_connector.call.addresses import refuse_mixture
from bpx_connector.call.signer import checked_window
from bpx_connector.stream.callbacks import Callback, RawSubscription
from bpx_connector.stream.link import Source
from bpx_connector.stream.recording import Player
from bpx_connector.tapes import for_now
from bpx_connector.watch import account, books, candles, cassettes, prices, stocks, trades
from bpx_connector.watch.session import Session
from bpx_connector.watch.source import Venue

__all__ = ["bpx"]

WATCHED = (
    "Balance",
    "BidsAsks",
    "FundingRate",
    "FundingRates",
    "Liquidations",
    "LiquidationsForSymbols",
    "MarkPrice",
    "MarkPrices",
    "MyLiquidations",
    "MyLiquidationsForSymbols",
    "MyTrades",
    "OHLCV",
    "OHLCVForSymbols",
    "OpenInterest",
    "OrderBook",
    "OrderBookForSymbols",
    "Orders",
    "Positions",
    "RfqUpdates",
    "StockIndicativeQuote",
    "StockPrice",
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
        # tellStale: a NetworkError when the connection is gone, then what is true again.
        "watchPositions": {"checkEvery": 30_000, "tellStale": False},
        "watchBalance": {"checkEvery": 30_000, "tellStale": False},
        "streams": {
            "streamsPerSocket": 200,
            "compress": 15,
            "headers": None,
            # In milliseconds.
            "pingAfter": 15_000,
            "silence": 30_000,
            "shortestPause": 250,
            "longestPause": 30_000,
            "closedAfter": 5_000,
            "coalesce": 1,
        },
    },
}


R = TypeVar("R")

Candle = list[Any]
"""ccxt's OHLCV: time, open, high, low, close, volume."""


class bpx(async_support.bpx):
    """Backpack Exchange on asyncio, with streams."""

    _session_of_streams: Session | None = None
    _made_anew = async_support.bpx._made_anew | {"_session_of_streams", "clients", "orderbooks"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """A copy watches nothing: it connects anew, and its books begin with snapshots of their own."""
        super().__setstate__({**state, "clients": {}, "orderbooks": {}})

    def describe(self) -> Any:
        return self.deep_extend(super().describe(), STREAM_DESCRIPTION)

    # --- prices ------------------------------------------------------------------------------------------

    async def watch_ticker(self, symbol: str, params: Params = {}) -> Ticker:
        """The last 24 hours of one market, once a second.

        https://docs.backpack.exchange/#tag/Streams/Public/Ticker

        params: `source` External, for stocks: their price outside, which their markets for requests for
        quotes always show.
        """
        source = self._watched_source("watchTicker", params)
        return await stocks.watch_ticker(self._asked("watchTicker", params, "source"), symbol, source)

    async def un_watch_ticker(self, symbol: str, params: Params = {}) -> bool:
        """End watch_ticker."""
        return await stocks.un_watch_tickers(self._asked("unWatchTicker", params, "source"), [symbol])

    async def watch_tickers(self, symbols: Any = None, params: Params = {}) -> Tickers:
        """The last 24 hours of these markets or of all: of those that have changed.

        https://docs.backpack.exchange/#tag/Streams/Public/Ticker

        params: `source` as in watch_ticker; with External and no symbols all stocks that are loaded.
        """
        source = self._watched_source("watchTickers", params)
        wanted = await self._of_kind("watchTickers", symbols, params, known=("source",))
        return await stocks.watch_tickers(self._watching, wanted, source)

    async def un_watch_tickers(self, symbols: Any = None, params: Params = {}) -> bool:
        """End watch_tickers of these markets or of all."""
        wanted = await self._of_kind("unWatchTickers", symbols, params, is_open=False, known=("source",))
        return await stocks.un_watch_tickers(self._watching, wanted)

    async def watch_bids_asks(self, symbols: Any = None, params: Params = {}) -> Tickers:
        """The best bid and ask of these markets or of all; None on a side that is empty.

        https://docs.backpack.exchange/#tag/Streams/Public/Book-ticker
        """
        wanted = await self._of_kind("watchBidsAsks", symbols, params)
        return await prices.watch_many(self._watching, prices.BIDS_ASKS, wanted)

    async def un_watch_bids_asks(self, symbols: Any = None, params: Params = {}) -> bool:
        """End watch_bids_asks of these markets or of all."""
        wanted = await self._of_kind("unWatchBidsAsks", symbols, params, is_open=False)
        return await prices.un_watch(self._watching, prices.BIDS_ASKS, wanted)

    async def watch_mark_price(self, symbol: str, params: Params = {}) -> Ticker:
        """The mark price and the index price of one market, once a second.

        https://docs.backpack.exchange/#tag/Streams/Public/Mark-price
        """
        return await prices.watch_one(self._asked("watchMarkPrice", params), prices.MARK_PRICES, symbol)

    async def un_watch_mark_price(self, symbol: str, params: Params = {}) -> bool:
        """End watch_mark_price."""
        return await prices.un_watch(self._asked("unWatchMarkPrice", params), prices.MARK_PRICES, [symbol])

    async def watch_mark_prices(self, symbols: Any = None, params: Params = {}) -> Tickers:
        """The mark prices of these markets, or of all perpetuals.

        https://docs.backpack.exchange/#tag/Streams/Public/Mark-price
        """
        wanted = await self._of_kind("watchMarkPrices", symbols, params)
        return await prices.watch_many(self._watching, prices.MARK_PRICES, wanted, prices.is_contract)

    async def un_watch_mark_prices(self, symbols: Any = None, params: Params = {}) -> bool:
        """End watch_mark_prices of these markets or of all."""
        wanted = await self._of_kind("unWatchMarkPrices", symbols, params, is_open=False)
        return await prices.un_watch(self._watching, prices.MARK_PRICES, wanted)

    async def watch_funding_rate(self, symbol: str, params: Params = {}) -> FundingRate:
        """The funding rate of the running interval of one perpetual, once a second.

        https://docs.backpack.exchange/#tag/Streams/Public/Mark-price
        """
        return await prices.watch_one(self._asked("watchFundingRate", params), prices.FUNDING_RATES, symbol)

    async def un_watch_funding_rate(self, symbol: str, params: Params = {}) -> bool:
        """End watch_funding_rate."""
        return await prices.un_watch(
            self._asked("unWatchFundingRate", params), prices.FUNDING_RATES, [symbol]
        )

    async def watch_funding_rates(self, symbols: Any = None, params: Params = {}) -> FundingRates:
        """The funding rates of these perpetuals or of all.

        https://docs.backpack.exchange/#tag/Streams/Public/Mark-price
        """
        wanted = await self._of_kind("watchFundingRates", symbols, params)
        return await prices.watch_many(self._watching, prices.FUNDING_RATES, wanted, prices.is_contract)

    async def un_watch_funding_rates(self, symbols: Any = None, params: Params = {}) -> bool:
        """End watch_funding_rates of these perpetuals or of all."""
        wanted = await self._of_kind("unWatchFundingRates", symbols, params, is_open=False)
        return await prices.un_watch(self._watching, prices.FUNDING_RATES, wanted)

    async def watch_open_interest(self, symbol: str, params: Params = {}) -> OpenInterest:
        """The open interest of one market, once a minute.

        https://docs.backpack.exchange/#tag/Streams/Public/Open-interest
        """
        return await prices.watch_one(self._asked("watchOpenInterest", params), prices.OPEN_INTERESTS, symbol)

    async def un_watch_open_interest(self, symbol: str, params: Params = {}) -> bool:
        """End watch_open_interest."""
        return await prices.un_watch(
            self._asked("unWatchOpenInterest", params), prices.OPEN_INTERESTS, [symbol]
        )

    async def watch_stock_price(self, symbol: str, params: Params = {}) -> Structure:
        """What the provider of a stock's price says, while a session is open: bid, ask and mid.

        https://docs.backpack.exchange/#tag/Streams

        `symbol` is any of the stock's: AAPL.US, AAPL.US/USDC, AAPL.US.RFQ/USDC.
        """
        session = self._asked("watchStockPrice", params)
        return await stocks.watch_one(session, stocks.PRICES, f"{self.id} watchStockPrice()", symbol)

    async def un_watch_stock_price(self, symbol: Any = None, params: Params = {}) -> bool:
        """End watch_stock_price of this stock or of all."""
        session = self._asked("unWatchStockPrice", params)
        return await stocks.un_watch(session, stocks.PRICES, f"{self.id} unWatchStockPrice()", symbol)

    async def watch_stock_indicative_quote(self, symbol: str, params: Params = {}) -> Structure:
        """What a share would bring (`bid`) and cost (`ask`) now; both None while the stock is not traded.

        https://docs.backpack.exchange/#tag/Streams

        `symbol` as in watch_stock_price.
        """
        call = f"{self.id} watchStockIndicativeQuote()"
        session = self._asked("watchStockIndicativeQuote", params)
        return await stocks.watch_one(session, stocks.QUOTES, call, symbol)

    async def un_watch_stock_indicative_quote(self, symbol: Any = None, params: Params = {}) -> bool:
        """End watch_stock_indicative_quote of this stock or of all."""
        call = f"{self.id} unWatchStockIndicativeQuote()"
        session = self._asked("unWatchStockIndicativeQuote", params)
        return await stocks.un_watch(session, stocks.QUOTES, call, symbol)

    # --- books -------------------------------------------------------------------------------------------

    async def watch_order_book(self, symbol: str, limit: Any = None, params: Params = {}) -> OrderBook:
        """The book of one market, in step with the venue; waits while it is not.

        https://docs.backpack.exchange/#tag/Streams/Public/Depth

        Without `limit` it is the live book, which goes on changing; with it a copy of the best levels.
        `interval` (200ms, 600ms or 1000ms) asks for updates merged over that time.
        """
        _, limit = self._watched_span("watchOrderBook", None, limit)
        return await books.watch_books(
            self._asked("watchOrderBook", params, "interval"), [symbol], limit, params
        )

    async def un_watch_order_book(self, symbol: str, params: Params = {}) -> bool:
        """End watch_order_book, whatever its `interval`."""
        return await books.un_watch_books(self._asked("unWatchOrderBook", params, "interval"), [symbol])

    async def watch_order_book_for_symbols(
        self, symbols: Any, limit: Any = None, params: Params = {}
    ) -> OrderBook:
        """The book of whichever of these markets changes next.

        https://docs.backpack.exchange/#tag/Streams/Public/Depth

        `limit` and `interval` as in watch_order_book.
        """
        _, limit = self._watched_span("watchOrderBookForSymbols", None, limit)
        return await books.watch_books(
            self._asked("watchOrderBookForSymbols", params, "interval"), symbols, limit, params
        )

    async def un_watch_order_book_for_symbols(self, symbols: Any, params: Params = {}) -> bool:
        """End watch_order_book_for_symbols of these markets."""
        return await books.un_watch_books(
            self._asked("unWatchOrderBookForSymbols", params, "interval"), symbols
        )

    # --- trades and candles ------------------------------------------------------------------------------

    async def watch_trades(
        self, symbol: str, since: Any = None, limit: Any = None, params: Params = {}
    ) -> list[Trade]:
        """The new trades of one market, liquidations included.

        https://docs.backpack.exchange/#tag/Streams/Public/Trade
        """
        since, limit = self._watched_span("watchTrades", since, limit)
        return await trades.watch_trades(self._asked("watchTrades", params), [symbol], since, limit)

    async def un_watch_trades(self, symbol: str, params: Params = {}) -> bool:
        """End watch_trades."""
        return await trades.un_watch_trades(self._asked("unWatchTrades", params), [symbol])

    async def watch_trades_for_symbols(
        self, symbols: Any, since: Any = None, limit: Any = None, params: Params = {}
    ) -> list[Trade]:
        """The new trades of whichever of these markets trades next.

        https://docs.backpack.exchange/#tag/Streams/Public/Trade
        """
        since, limit = self._watched_span("watchTradesForSymbols", since, limit)
        return await trades.watch_trades(self._asked("watchTradesForSymbols", params), symbols, since, limit)

    async def un_watch_trades_for_symbols(self, symbols: Any, params: Params = {}) -> bool:
        """End watch_trades_for_symbols of these markets."""
        return await trades.un_watch_trades(self._asked("unWatchTradesForSymbols", params), symbols)

    async def watch_ohlcv(
        self,
        symbol: str,
        timeframe: str = "1m",
        since: Any = None,
        limit: Any = None,
        params: Params = {},
    ) -> list[Candle]:
        """The candles of one market, each named by its open; a period without trades has none.

        https://docs.backpack.exchange/#tag/Streams/Public/K-Line
        """
        since, limit = self._watched_span("watchOHLCV", since, limit)
        _, _, rows = await candles.watch_candles(
            self._asked("watchOHLCV", params), [[symbol, timeframe]], since, limit
        )
        return rows

    async def un_watch_ohlcv(self, symbol: str, timeframe: str = "1m", params: Params = {}) -> bool:
        """End watch_ohlcv."""
        return await candles.un_watch_candles(self._asked("unWatchOHLCV", params), [[symbol, timeframe]])

    async def watch_ohlcv_for_symbols(
        self,
        symbolsAndTimeframes: Any,  # noqa: N803  ccxt's name
        since: Any = None,
        limit: Any = None,
        params: Params = {},
    ) -> dict[str, dict[str, list[Candle]]]:
        """The candles of whichever of these pairs changes next, by symbol and timeframe.

        https://docs.backpack.exchange/#tag/Streams/Public/K-Line
        """
        since, limit = self._watched_span("watchOHLCVForSymbols", since, limit)
        symbol, timeframe, rows = await candles.watch_candles(
            self._asked("watchOHLCVForSymbols", params), symbolsAndTimeframes, since, limit
        )
        return {symbol: {timeframe: rows}}

    async def un_watch_ohlcv_for_symbols(
        self,
        symbolsAndTimeframes: Any,  # noqa: N803  ccxt's name
        params: Params = {},
    ) -> bool:
        """End watch_ohlcv_for_symbols of these pairs."""
        return await candles.un_watch_candles(
            self._asked("unWatchOHLCVForSymbols", params), symbolsAndTimeframes
        )

    async def watch_liquidations(
        self, symbol: str, since: Any = None, limit: Any = None, params: Params = {}
    ) -> list[Liquidation]:
        """The new liquidations in one market.

        https://docs.backpack.exchange/#tag/Streams/Public/Liquidation
        """
        since, limit = self._watched_span("watchLiquidations", since, limit)
        return await trades.watch_liquidations(
            self._asked("watchLiquidations", params), [symbol], since, limit
        )

    async def un_watch_liquidations(self, symbol: str, params: Params = {}) -> bool:
        """End watch_liquidations."""
        return await trades.un_watch_liquidations(self._asked("unWatchLiquidations", params), [symbol])

    async def watch_liquidations_for_symbols(
        self, symbols: Any, since: Any = None, limit: Any = None, params: Params = {}
    ) -> list[Liquidation]:
        """The new liquidations in these markets.

        https://docs.backpack.exchange/#tag/Streams/Public/Liquidation
        """
        since, limit = self._watched_span("watchLiquidationsForSymbols", since, limit)
        return await trades.watch_liquidations(
            self._asked("watchLiquidationsForSymbols", params), symbols, since, limit
        )

    async def un_watch_liquidations_for_symbols(self, symbols: Any, params: Params = {}) -> bool:
        """End watch_liquidations_for_symbols of these markets."""
        return await trades.un_watch_liquidations(
            self._asked("unWatchLiquidationsForSymbols", params), symbols
        )

    # --- the account -------------------------------------------------------------------------------------

    async def watch_orders(
        self, symbol: Any = None, since: Any = None, limit: Any = None, params: Params = {}
    ) -> list[Order]:
        """The account's orders that have changed, each in its latest state, with its fills.

        https://docs.backpack.exchange/#tag/Streams/Private/Order-update
        """
        since, limit = self._watched_span("watchOrders", since, limit)
        is_trigger, params = self._watched_triggers("watchOrders", params)
        symbols = await self._of_kind("watchOrders", _only(symbol), params, is_open=False)
        if self._gateway is not None and self._gateway.reader.resume is not None:
            return await self._resumed_orders(symbols, since, limit, is_trigger)
        return await self._signed(account.watch_orders(self._watching, symbols, since, limit, is_trigger))

    async def un_watch_orders(self, symbol: Any = None, params: Params = {}) -> bool:
        """End watch_orders."""
        _, params = self._watched_triggers("unWatchOrders", params)
        symbols = await self._of_kind("unWatchOrders", _only(symbol), params, is_open=False)
        return await account.un_watch_orders(self._watching, symbols)

    async def watch_my_trades(
        self, symbol: Any = None, since: Any = None, limit: Any = None, params: Params = {}
    ) -> list[Trade]:
        """The account's new fills, with their fees.

        https://docs.backpack.exchange/#tag/Streams/Private/Order-update
        """
        since, limit = self._watched_span("watchMyTrades", since, limit)
        symbols = await self._of_kind("watchMyTrades", _only(symbol), params, is_open=False)
        if self._gateway is not None and self._gateway.reader.resume is not None:
            fills = await self._gateway.fills(await self._ids_of(symbols))
            rows: list[Trade] = self.filter_by_since_limit(fills, since, limit, "timestamp", True)
            return rows
        return await self._signed(account.watch_my_trades(self._watching, symbols, since, limit))

    async def _resumed_orders(self, symbols: Any, since: Any, limit: Any, is_trigger: Any) -> list[Order]:
        """The orders that have changed since the last call, while nobody was there as well."""
        assert self._gateway is not None
        session, markets = self._watching, await self._ids_of(symbols)
        while True:
            orders = await self._gateway.orders(markets, lambda: account.order_maker(session))
            if is_trigger is not None:
                orders = [order for order in orders if (order["triggerPrice"] is not None) == is_trigger]
            if orders:
                rows: list[Order] = self.filter_by_since_limit(orders, since, limit, "timestamp", True)
                return rows

    async def _ids_of(self, symbols: Any) -> set[str] | None:
        """The venue's names of these markets, None for all."""
        await self.load_markets()
        return {self.market(symbol)["id"] for symbol in symbols} if symbols else None

    async def un_watch_my_trades(self, symbol: Any = None, params: Params = {}) -> bool:
        """End watch_my_trades."""
        symbols = await self._of_kind("unWatchMyTrades", _only(symbol), params, is_open=False)
        return await account.un_watch_my_trades(self._watching, symbols)

    async def watch_my_liquidations(
        self, symbol: Any, since: Any = None, limit: Any = None, params: Params = {}
    ) -> list[Liquidation]:
        """The account's new liquidations: its fills on the book, by backstop providers and by ADL.

        https://docs.backpack.exchange/#tag/Streams/Private/Order-update
        """
        since, limit = self._watched_span("watchMyLiquidations", since, limit)
        session = self._asked("watchMyLiquidations", params)
        return await self._signed(account.watch_my_liquidations(session, _only(symbol), since, limit))

    async def un_watch_my_liquidations(self, symbol: Any = None, params: Params = {}) -> bool:
        """End watch_my_liquidations."""
        session = self._asked("unWatchMyLiquidations", params)
        return await account.un_watch_my_liquidations(session, _only(symbol))

    async def watch_my_liquidations_for_symbols(
        self, symbols: Any, since: Any = None, limit: Any = None, params: Params = {}
    ) -> list[Liquidation]:
        """The account's new liquidations in these markets or in all.

        https://docs.backpack.exchange/#tag/Streams/Private/Order-update
        """
        since, limit = self._watched_span("watchMyLiquidationsForSymbols", since, limit)
        session = self._asked("watchMyLiquidationsForSymbols", params)
        return await self._signed(account.watch_my_liquidations(session, symbols, since, limit))

    async def un_watch_my_liquidations_for_symbols(self, symbols: Any = None, params: Params = {}) -> bool:
        """End watch_my_liquidations_for_symbols of these markets or of all."""
        session = self._asked("unWatchMyLiquidationsForSymbols", params)
        return await account.un_watch_my_liquidations(session, symbols)

    async def watch_positions(
        self, symbols: Any = None, since: Any = None, limit: Any = None, params: Params = {}
    ) -> list[Position]:
        """The account's positions: first those that are open, then those that have changed.

        https://docs.backpack.exchange/#tag/Streams/Private/Position-update
        """
        since, limit = self._watched_span("watchPositions", since, limit)
        if type(params) is not dict or params:
            self._watched_contracts("watchPositions", params)
        return await self._signed(account.watch_positions(self._watching, symbols, since, limit))

    async def un_watch_positions(self, symbols: Any = None, params: Params = {}) -> bool:
        """End watch_positions of these markets or of all."""
        if type(params) is not dict or params:
            self._watched_contracts("unWatchPositions", params)
        return await account.un_watch_positions(self._watching, symbols)

    async def watch_balance(self, params: Params = {}) -> Balances:
        """The account's balances as fetch_balance gives them for spot: at once, then after each change.

        https://docs.backpack.exchange/#tag/Streams/Private/Balance-update
        """
        kind = self._watched_balance("watchBalance", params)
        return await self._signed(account.watch_balance(self._watching, kind))

    async def un_watch_balance(self, params: Params = {}) -> bool:
        """End watch_balance."""
        if type(params) is not dict or params:
            self._watched_balance("unWatchBalance", params)
        return await account.un_watch_balance(self._watching)

    async def watch_rfq_updates(
        self, symbol: Any = None, since: Any = None, limit: Any = None, params: Params = {}
    ) -> list[Structure]:
        """What has happened to requests for quotes: one's own, and as a maker those of others.

        https://docs.backpack.exchange/#tag/Streams/Private/RFQ-update
        """
        since, limit = self._watched_span("watchRfqUpdates", since, limit)
        session = self._asked("watchRfqUpdates", params)
        return await self._signed(account.watch_rfqs(session, symbol, since, limit))

    async def un_watch_rfq_updates(self, symbol: Any = None, params: Params = {}) -> bool:
        """End watch_rfq_updates."""
        return await account.un_watch_rfqs(self._asked("unWatchRfqUpdates", params), symbol)

    # --- streams by their own names ----------------------------------------------------------------------

    async def subscribe_stream(self, stream: str, callback: Callback) -> RawSubscription:
        """Give every payload of a stream, named as the venue names it, to a callback or coroutine function.

        https://docs.backpack.exchange/#tag/Streams

        A callback that fails is reported in the log and hinders nobody. What a coroutine function has no
        time for waits, up to 10,000 payloads; of more the oldest are dropped and counted (`dropped` of what
        is returned).
        """
        return self._watching.running_client().listen(stream, callback)

    async def unsubscribe_stream(self, stream: str, callback: Callback | None = None) -> bool:
        """End a callback on a stream, or all of them."""
        client = self._watching.client
        if client is not None:
            client.unlisten_all(stream, callback)
        return True

    def stream_counters(self) -> dict[str, Any]:
        """Frames, gaps, refetches, reconnects and the seconds since the last frame, by socket and stream.

        `mayBeStale` of a stream says that what it told may have changed meanwhile: its connection is gone, or
        REST has not yet confirmed it since. `owed` counts orders of which REST has not said what became.
        """
        client = self._watching.client
        none: dict[str, Any] = {"sockets": [], "streams": {}, "unreadable": 0}
        counters = client.counters() if client is not None else none
        return counters if self._gateway is None else {**counters, "gateway": self._gateway.counters()}

    # --- where frames and answers come from --------------------------------------------------------------

    @property
    def source(self) -> Source:
        """Where this object's frames and answers come from: the venue, unless `use_source` says otherwise."""
        return self._watching.source

    @contextmanager
    def use_source(self, source: Source) -> Iterator[None]:
        """Take frames and answers from another source for as long as this lasts.

        Begin before the first watch: what is connected already stays connected. `stream.link.Source` says
        what a source has to do; a cassette, its recorder and a message bus are some.
        """
        session = self._watching
        before, session.source = session.source, source
        try:
            with for_now(self, {"fetch": source.fetch}):
                yield
        finally:
            session.source = before

    @contextmanager
    def record(self, path: Any, source: str = "", clock: Callable[[], float] | None = None) -> Iterator[None]:
        """Write all that is asked, answered and said on streams to a tape, without keys and signatures.

        Begin before the first watch: what is already connected is not recorded. Lines are dated by this
        object's own time, or by the seconds that `clock` gives, from zero. What the venue says of the account
        stays in the file: look before you share. A tape that is there is replaced once the venue has said
        something. A TapeError if another program is writing it.
        """
        with cassettes.recorded(self, path, source or self._stream_url(), clock):
            yield

    @contextmanager
    def play(self, path: Any, speed: float | None = None) -> Iterator[Player]:
        """Have a tape be the venue: answers, streams and the time on it; no network is used.

        With `speed` 1.0 as slowly as it was recorded; without it as fast as it is watched. A stream that is
        not on the tape is an ExchangeError; when nothing more of a stream is on it, those who wait are told
        by an ExchangeClosedByUser.
        """
        with cassettes.played(self, path, speed) as player:
            yield player

    record_streams, play_streams = record, play

    # --- the client --------------------------------------------------------------------------------------

    async def close(self, *args: Any, **kwargs: Any) -> None:
        """End every socket, task and waiter; afterwards the instance can be used again.

        A watcher that was woken just before comes back while this lasts: it is told as well, or it would
        connect anew behind the back of whoever closes.
        """
        with self._watching.closing():
            await super().close(*args, **kwargs)

    def _asked(self, method: str, params: Params, *known: str) -> Session:
        """Where watching is done, once it is certain that `params` ask for nothing that a stream has not."""
        if type(params) is not dict or params:
            self._check_watched(method, params, known)
        return self._watching

    async def _signed(self, watching: Awaitable[R]) -> R:
        """What is watched by a signature; one that the venue refuses may be in order, and the clock wrong."""
        try:
            return await watching
        except AuthenticationError as error:
            raise await self._signature_trouble(error) from error

    async def _signature_trouble(self, error: AuthenticationError) -> BaseError:
        """What is wrong where a stream was refused: a wrong time says the same, and REST tells it."""
        before = self.options.get("timeDifference")
        try:
            await self.private_get_api_v1_account()
        except InvalidNonce as told:
            return InvalidNonce(f"{error}; {told}")
        except BaseError:
            return error
        if self.options.get("timeDifference") == before:
            return error
        return InvalidNonce(
            f"{self.id} {error}; the clock was wrong, and has been measured anew: watch again"
        )

    async def _of_kind(
        self, method: str, symbols: Any, params: Params, *, is_open: bool = True, known: Collection[str] = ()
    ) -> Any:
        """The symbols that are meant where `params` may name a kind of market."""
        if type(params) is dict and not params:
            return symbols
        await self._watching.load_markets_once()
        return self._watched_symbols(method, symbols, params, is_open=is_open, known=known)

    @property
    def _watching(self) -> Session:
        session = self._session_of_streams
        if session is None:
            gateway = self._gateway
            session = self._session_of_streams = Session(
                self,
                Venue(self, self._stream_url, super().fetch) if gateway is None else gateway,
                self._subscription_signature if gateway is None else gateway.signature,
                self._known_orders,
                self._symbols,
            )
        return session

    def _stream_url(self) -> str:
        addresses = self._addresses()
        refuse_mixture(self.id, addresses, has_streams=True)
        self._check_tls(addresses.streams)
        return addresses.streams

    def _subscription_signature(self) -> list[str]:
        window = checked_window(self.options.get("recvWindow", 5000))
        return self._current_signer().subscription(self.nonce(), window)


def _only(symbol: Any) -> list[Any] | None:
    return None if symbol is None else [symbol]
