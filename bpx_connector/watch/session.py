"""The client of one exchange object in one event loop: made when first needed, and again after `close`."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ccxt.base.errors import AuthenticationError, BadSymbol, ExchangeClosedByUser

from bpx_connector.call.masking import masked
from bpx_connector.orders.log import OrderLog
from bpx_connector.parse.names import Names
from bpx_connector.stream.book import Book, Snapshot
from bpx_connector.stream.client import Limits, StreamClient
from bpx_connector.stream.link import Source
from bpx_connector.stream.socket import Patience, Tools
from bpx_connector.stream.topics import Kind, Topic
from bpx_connector.watch.closures import Closures
from bpx_connector.watch.feed import Exchange, Feed, Market, OwnCaches, Streams, is_closed
from bpx_connector.watch.source import Snapshots, Venue, coalescing_of

__all__ = ["Session"]

CLOSED_AFTER = 5_000
"""Milliseconds without a frame of a market, after which REST is asked whether it is open."""

ASKED_AT_ONCE = 50
"""Questions to a source that has a budget for nobody: it answers out of what it keeps."""


class Session:
    """Watching, as one exchange object does it.

    `source` is where frames and answers come from; `sign` gives the four texts that subscribe to the
    account's streams.
    """

    def __init__(
        self,
        exchange: Exchange,
        source: Source,
        sign: Callable[[], Sequence[str]],
        orders: Callable[[], OrderLog],
        symbols: Callable[[], Names],
    ) -> None:
        self.exchange = exchange
        self.source = source
        self.client: StreamClient | None = None
        self.is_closing = False
        self.own = OwnCaches()
        self._sign = sign
        self._orders = orders
        self._symbols = symbols
        self._feed: Feed | None = None
        self._closures: Closures | None = None
        self._keeps_books: Snapshots | None = None
        self._account: tuple[Feed, Any] | None = None
        """With which key the streams of an account were begun."""

    @contextmanager
    def closing(self) -> Iterator[None]:
        """While this lasts nobody connects anew."""
        self.is_closing = True
        if self._closures is not None:
            self._closures.stop()
        try:
            yield
        finally:
            self.is_closing = False

    async def load_markets_once(self) -> None:
        """Have the markets."""
        if self.exchange.markets is None:
            await self.exchange.load_markets()

    def feed(self) -> Feed:
        """What streams are made with, in the running loop."""
        self.running_client()
        assert self._feed is not None, "made with the client"
        return self._feed

    def account_feed(self) -> Feed:
        """The same, for streams of the account.

        AuthenticationError if the keys have been changed since they began: they go on with the account of
        before, while requests go to the new one.
        """
        feed, key = self.feed(), self.exchange.apiKey
        if self._account is None or self._account[0] is not feed:
            if self._account is not None and self._account[1] != key:
                self._forget_account()
            self._account = feed, key
        if self._account[1] != key:
            raise AuthenticationError(
                f"{self.exchange.id} apiKey was changed while the streams of another account are followed; "
                "close() ends them, and an object for each account needs none of it"
            )
        return feed

    def _forget_account(self) -> None:
        """What caches hold is another account's."""
        exchange = self.exchange
        exchange.orders = exchange.myTrades = exchange.myLiquidations = exchange.positions = None
        exchange.balance = {}
        self._orders().unfollow()

    def running_client(self) -> StreamClient:
        """The client of the running loop."""
        client = self._client_here()
        if client is not None:
            return client
        if self.is_closing:
            raise ExchangeClosedByUser(f"{self.exchange.id} is being closed")
        self.exchange.open()
        options = self.exchange.options.get("streams") or {}
        coalescing_of(self.exchange.options)  # refused here, where the caller hears of it
        limits = Limits(streams_per_socket=int(options.get("streamsPerSocket") or 200))
        self._keeps_books = self.source if isinstance(self.source, Snapshots) else None
        if self._keeps_books is not None:
            limits = limits._replace(fetches_at_once=ASKED_AT_ONCE)
        client = self.client = StreamClient(self._tools(), limits, _patience_of(options))
        # ccxt's close() closes whatever is in `clients`.
        self.exchange.clients = {**(self.exchange.clients or {}), "streams": client}
        self._closures = self._closures_of(client, options)
        self._feed = Feed(
            self.exchange, self.own, self._orders, self._symbols, client.topics, self._snapshots
        )
        return client

    def _closures_of(self, client: StreamClient, options: Mapping[str, Any]) -> Closures | None:
        """What notices that a watched market has closed; nothing does on a tape, which has an end anyway."""
        silence = options.get("closedAfter", CLOSED_AFTER)
        if silence is None or not isinstance(self.source, Venue):
            return None
        exchange = self.exchange
        return Closures(
            exchange.id,
            client,
            lambda market_id: exchange.public_get_api_v1_market({"symbol": market_id}),
            exchange.safe_symbol,
            silence / 1000,
            time.monotonic,
        )

    def known(self, kind: Kind, symbols: Any) -> Topic | None:
        """The topic of these symbols if it has been waited for before: no market needs to be looked up again.

        A market named in another way than by its symbol is looked up each time, and so is what is no list.
        """
        client = self._client_here()
        if client is None or type(symbols) is not list:
            return None
        try:
            return client.topics.get(kind, tuple(symbols))
        except TypeError:  # a symbol that is a list, say: it is refused when it is looked up
            return None

    def topic(
        self,
        kind: Kind,
        parts: tuple[str, ...] | None,
        streams: Callable[[], Streams],
        markets: Iterable[Market] = (),
    ) -> Topic:
        """The topic of these parts, with its streams followed.

        Callers are told once of markets that are closed; for the venue says nothing, and they may open.
        """
        client = self.running_client()
        topic = client.topics.get(kind, parts)
        if topic is not None:
            return topic
        followers = streams()
        if self._closures is not None:
            self._closures.begin()
        topic = client.want(Topic(kind, parts, followers), followers)
        for market in markets:
            if is_closed(market):
                sentence = f"is closed: there is no {kind.name} until it opens"
                topic.complain(BadSymbol(f"{self.exchange.id} {market['symbol']} {sentence}"))
        return topic

    def leave(self, kind: Kind, parts: Sequence[str] | None) -> None:
        """End what is about these parts only, or (None) all of a kind."""
        if self.client is not None:
            self.client.leave(kind, parts)

    def is_watched(self, kind: Kind, part: str) -> bool:
        """Whether anything else is about this part."""
        return self.client is not None and self.client.topics.is_about(kind, part)

    def book(self, symbol: str) -> Book | None:
        """The book of a market that is followed."""
        return None if self._feed is None else self._feed.books.get(symbol)

    def _client_here(self) -> StreamClient | None:
        client = self.client
        is_here = client is not None and not client.is_closed and client.loop is asyncio.get_running_loop()
        return client if is_here else None

    def _tools(self) -> Tools:
        return Tools(
            self._connect,
            self._sign,
            asyncio.sleep,
            time.monotonic,
            random.random,
            self._report,
            self.exchange,
            self._trace,
            self._set_clock if self._adjusts_clock() else None,
        )

    def _adjusts_clock(self) -> bool:
        """Whether who signs is to go by the venue's clock, and it can be asked."""
        return bool(self.exchange.options.get("adjustForTimeDifference")) and isinstance(self.source, Venue)

    async def _set_clock(self) -> None:
        await self.exchange.load_time_difference()

    def _snapshots(self) -> Callable[[str, int], Awaitable[Snapshot]] | None:
        here: object = self.source  # another one may have been put in its place
        keeps = self._keeps_books
        return keeps.snapshot if keeps is not None and keeps is here else None

    async def _connect(self) -> Any:
        return await self.source.connect()

    def _report(self, message: str, error: BaseException | None) -> None:
        exchange = self.exchange
        exchange.logger.warning("%s %s%s", exchange.id, message, "" if error is None else f": {error!r}")

    def _trace(self, what: str, texts: Sequence[str]) -> None:
        """Show what passes to who asks for it; ccxt's `options['ws']['verbose']` False silences it."""
        exchange = self.exchange
        is_shown = exchange.verbose and (exchange.options.get("ws") or {}).get("verbose", True)
        for text in texts or ("",):
            exchange.logger.debug("%s stream %s %s", exchange.id, what, text)
            if is_shown:
                print(exchange.id, "stream", what, masked(text))  # noqa: T201  as ccxt's `log` does


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
