"""What watching needs of an exchange, and what the streams of one client are made with."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from ccxt.base.types import (
    Balances,
    FundingRate,
    FundingRates,
    MarketInterface,
    OpenInterest,
    Position,
    Ticker,
    Tickers,
)

from bpx_connector.aliases import Params, Payload, Structure
from bpx_connector.orders.log import OrderLog
from bpx_connector.parse.names import Names
from bpx_connector.parse.numbers import Number
from bpx_connector.stream.book import Book, Snapshot
from bpx_connector.stream.floors import Horizon
from bpx_connector.stream.followers import Follower, Tell
from bpx_connector.stream.topics import Kind, Topics

if TYPE_CHECKING:
    from logging import Logger

    from ccxt.async_support.base.ws.cache import ArrayCache, ArrayCacheByTimestamp

__all__ = ["Exchange", "Feed", "Market", "OwnCaches", "Streams", "is_closed", "joined", "symbols_of"]

ENTRIES_KEPT = 1000

Market = MarketInterface
"""ccxt's market."""

Snapshots = Callable[[str, int], Awaitable[Snapshot]]
"""A market's book in figures, so many levels a side."""

Streams = dict[str, Callable[[], Follower]]
"""Streams by the venue's name, each with what makes its follower."""


class Exchange(Protocol):
    """What watching needs of an exchange; the names are ccxt's.

    What is open here is None until the markets are loaded, or until a stream needs the cache.
    """

    id: Any
    apiKey: Any  # noqa: N815  ccxt's name
    options: Any
    markets: Any
    markets_by_id: Any
    timeframes: dict[str, str]
    number: Number
    newUpdates: bool  # noqa: N815  ccxt's name
    logger: Logger
    verbose: bool
    clients: Any
    tickers: Tickers
    bidsasks: Tickers
    fundingRates: FundingRates  # noqa: N815  ccxt's name
    orderbooks: dict[str, Any]
    trades: dict[str, ArrayCache]
    ohlcvs: dict[str, dict[str, ArrayCacheByTimestamp]]
    liquidations: Any
    myLiquidations: Any  # noqa: N815
    orders: Any
    myTrades: Any  # noqa: N815  ccxt's name
    positions: Any
    balance: Any

    def open(self) -> None: ...
    def load_markets(self, reload: bool = ...) -> Awaitable[Any]: ...
    def load_time_difference(self) -> Awaitable[int]: ...
    def market(self, symbol: str) -> Market: ...
    def safe_market(self, marketId: Any) -> MarketInterface: ...  # noqa: N803  ccxt's name
    def safe_symbol(self, marketId: Any) -> str: ...  # noqa: N803  ccxt's name
    def rfq_market_id(self, symbol: str) -> str: ...
    def safe_currency_code(self, currencyId: Any) -> str | None: ...  # noqa: N803  ccxt's name
    def nonce(self) -> int: ...
    def iso8601(self, timestamp: int | None) -> str | None: ...
    def filter_by_since_limit(
        self, array: Any, since: int | None, limit: int | None, key: str | int, tail: bool
    ) -> list[Structure]: ...
    def filter_by_symbols_since_limit(
        self, array: Any, symbols: list[str] | None, since: int | None, limit: int | None, tail: bool
    ) -> list[Structure]: ...

    def parse_ticker(self, ticker: Payload, market: Market) -> Ticker: ...
    def parse_funding_rate(self, contract: Payload, market: Market) -> FundingRate: ...
    def parse_open_interest(self, interest: Payload, market: Market) -> OpenInterest: ...
    def parse_order(self, order: Any) -> Any: ...
    def parse_trade(self, trade: Any, market: Any = ...) -> Any: ...
    def parse_ohlcv(self, ohlcv: Any, market: Any) -> Any: ...
    def parse_position(self, position: Payload) -> Position: ...
    def parse_liquidation(self, liquidation: Payload) -> Structure: ...
    def parse_flat_position(self, market: Market) -> Position: ...
    def parse_balance(self, response: Mapping[str, Payload]) -> Balances: ...

    def fetch_ohlcv(self, symbol: str, timeframe: str, since: int) -> Awaitable[list[list[Any]]]: ...
    def fetch_positions(self) -> Awaitable[list[Position]]: ...
    def fetch_balance(self, params: Params) -> Awaitable[Balances]: ...
    def public_get_api_v1_market(self, params: Any) -> Awaitable[dict[str, Any]]: ...
    def public_get_api_v1_depth(self, params: Params) -> Awaitable[Payload]: ...
    def private_get_api_v1_capital(self, params: Params) -> Awaitable[dict[str, Payload]]: ...
    def private_get_api_v1_orders(self, params: Params) -> Awaitable[list[Payload]]: ...
    def private_get_wapi_v1_history_fills(self, params: Params) -> Awaitable[list[Payload]]: ...
    def private_get_wapi_v1_history_orders(self, params: Params) -> Awaitable[list[Payload]]: ...


class OwnCaches:
    """The caches for which ccxt has no attribute."""

    def __init__(self) -> None:
        self.mark_prices: dict[str, Any] = {}
        self.open_interests: dict[str, Any] = {}
        self.external_tickers: dict[str, Any] = {}
        self.stock_prices: dict[str, Any] = {}
        self.stock_quotes: dict[str, Any] = {}
        self.rfqs: Any = None


class Feed:
    """What the streams of one client are made with: the exchange, its caches, the topics that they feed."""

    def __init__(
        self,
        exchange: Exchange,
        own: OwnCaches,
        orders: Callable[[], OrderLog],
        symbols: Callable[[], Names],
        topics: Topics,
        snapshots: Callable[[], Snapshots | None] = lambda: None,
    ) -> None:
        self.exchange = exchange
        self.snapshots = snapshots
        """What answers with a market's book in figures, if the source of frames can."""
        self.own = own
        self.orders = orders
        self.topics = topics
        self.currencies = Names(exchange.safe_currency_code)
        self.books: dict[str, Book] = {}
        """The books that are followed, shared by the streams of several windows."""
        self.liquidations_seen: dict[tuple[Any, ...], None] = {}
        self.unlisted: set[str | None] = set()
        """Markets of positions that the venue does not list."""
        self._new_symbols = symbols
        self.symbols = symbols()
        """ccxt's symbols by the venue's, as of `markets`."""
        self.markets = exchange.markets_by_id

    def renew_symbols(self) -> None:
        """Look symbols up anew: markets were loaded."""
        self.markets, self.symbols = self.exchange.markets_by_id, self._new_symbols()

    def tell(self, kind: Kind, part: str) -> Tell:
        """What notes a change of one part."""
        return partial(self.topics.publish, kind, part)

    def horizon(self) -> Horizon:
        """How far ahead a stream's times may lie: of the venue's clock as we know it, or of this machine's.

        Of both the later one: a program under test, or with a cassette, may have stopped the first.
        """
        nonce = self.exchange.nonce
        return Horizon(lambda: max(nonce(), int(time.time() * 1000)))

    def option(self, method: str, name: str) -> Any:
        """A setting of one watch method."""
        return (self.exchange.options.get(method) or {}).get(name)

    def seconds_between_checks(self, method: str) -> float | None:
        """How often what a method watches is compared with REST."""
        milliseconds = self.option(method, "checkEvery")
        return None if milliseconds is None else milliseconds / 1000

    def kept(self, name: str) -> int:
        """How many entries a cache keeps."""
        return int(self.exchange.options.get(name) or ENTRIES_KEPT)


def is_closed(market: Market) -> bool:
    """Whether a market was closed when the markets were loaded: its streams are silent then."""
    return (market.get("info") or {}).get("orderBookState") == "Closed"


def joined(streams: Iterable[Streams]) -> Streams:
    """All of these streams."""
    return {name: follower for some in streams for name, follower in some.items()}


def symbols_of(markets: Iterable[Market]) -> tuple[str, ...]:
    """What markets are called by ccxt."""
    return tuple(market["symbol"] for market in markets)
