"""Unified methods: what ccxt asks of many markets at once and the venue answers market by market."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from ccxt.base.errors import BadRequest, BadSymbol
from ccxt.base.types import OrderBooks, Strings, Tickers

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Params
from bpx_connector.flow import Flow, flow
from bpx_connector.parse.border import legible_steps
from bpx_connector.parse.markets.books import order_book
from bpx_connector.parse.markets.prices import BEST
from bpx_connector.parse.numbers import difference, exactly, number_or_none, quotient
from bpx_connector.parse.overriding import is_overridden
from bpx_connector.rest.asking.arguments import asked_symbols, checked_limit, checked_word
from bpx_connector.venue.words import MARKET_KINDS

__all__ = ["SeveralMarkets", "premium_candles"]

_log = logging.getLogger(__name__)


SHALLOWEST = "5"
"""The smallest depth that the venue answers with."""


class SeveralMarkets(Ccxt):
    """Order books and best prices of many markets, and candles that take two answers."""

    @flow
    @legible_steps
    def fetch_order_books(
        self, symbols: Strings = None, limit: int | None = None, params: Params = {}
    ) -> Flow[OrderBooks]:
        """The order books of these markets, or of all open ones, by symbol; one call a market.

        A closed market has none and is missing.

        https://docs.backpack.exchange/#tag/Markets/operation/get_depth

        params: `type` spot or swap, where no symbols are given.
        """
        call = f"{self.id} fetchOrderBooks()"
        checked_limit(call, limit)
        wanted, rest = yield from self._open_markets(call, symbols, params)
        books: OrderBooks = yield from self._each_of(
            wanted, lambda symbol: self.fetch_order_book(symbol, limit, rest)
        )
        return books

    def _each_of(self, symbols: list[str], ask: Callable[[str], Any]) -> Flow[Any]:
        """What is answered of each market; one that has closed is left out, as where the venue has a list.

        The log says which. If there is nothing of any of them that is an error.
        """
        found: Any = {}
        refusal: BadSymbol | None = None
        for symbol in symbols:
            try:
                found[symbol] = yield ask(symbol)
            except BadSymbol as error:
                refusal = refusal or error
                _log.warning("%s %s has no book and is left out: %s", self.id, symbol, error)
        if refusal is not None and not found:
            raise refusal
        return found

    @flow
    @legible_steps
    def fetch_bids_asks(self, symbols: Strings = None, params: Params = {}) -> Flow[Tickers]:
        """The best bid and ask of these markets, or of all open ones, in tickers; one call a market.

        A closed market has none and is missing.

        https://docs.backpack.exchange/#tag/Markets/operation/get_depth

        The venue has no list of best prices, so each is the top of an order book. params: `type` spot or
        swap, where no symbols are given.
        """
        call = f"{self.id} fetchBidsAsks()"
        wanted, rest = yield from self._open_markets(call, symbols, params)
        depths = yield from self._each_of(wanted, lambda symbol: self._shallow_depth(symbol, rest))
        best: Tickers = {symbol: self._best_prices(depth, symbol) for symbol, depth in depths.items()}
        return best

    def _shallow_depth(self, symbol: str, params: Params) -> Any:
        request = {"symbol": self.market(symbol)["id"], "limit": SHALLOWEST}
        return self.public_get_api_v1_depth({**request, **params})

    def _best_prices(self, depth: Any, symbol: str) -> Any:
        """ccxt's ticker with nothing but the best prices, of an order book."""
        book = order_book(depth, symbol, self.number, 1)
        figures: Any = {"info": depth, **{name: book[name] for name in ("symbol", "timestamp", "datetime")}}
        for side, levels in (("bid", book["bids"]), ("ask", book["asks"])):
            figures[side], figures[f"{side}Volume"] = levels[0] if levels else (None, None)
        if is_overridden(self, "parse_ticker"):
            row = {"symbol": self.market(symbol)["id"], **{name: figures[name] for name in BEST}}
            return {**self.parse_ticker(row, self.market(symbol)), **figures}
        return self.safe_ticker(figures, self.market(symbol))

    def _open_markets(self, call: str, symbols: Strings, params: Params) -> Flow[tuple[list[str], Params]]:
        """The symbols asked for, or of all open markets, and the params that are left."""
        rest = {name: value for name, value in params.items() if name != "type"}
        kind = params.get("type")
        if kind is not None:
            checked_word(call, "type", kind, MARKET_KINDS)
        yield self.load_markets()
        wanted = asked_symbols(self, call, symbols, kind)
        if wanted is None:
            markets = (market for market in self.markets.values() if market["active"])
            wanted = [market["symbol"] for market in markets if kind is None or market["type"] == kind]
        return wanted, rest

    @flow
    @legible_steps
    def fetch_premium_index_ohlcv(
        self,
        symbol: str,
        timeframe: str = "1m",
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[list[Any]]]:
        """Candles of a perpetual's premium, (mark - index) / index, oldest first.

        https://docs.backpack.exchange/#tag/Markets/operation/get_klines

        The venue has candles of the mark and of the index, but none of the premium. Open and close are the
        premium at a candle's two ends. What it was between them cannot be known from the candles: high and
        low are the higher and the lower of these two. Without volume. params: as those of fetch_ohlcv.
        """
        if params.get("price") is not None:
            raise BadRequest(f"{self.id} fetchPremiumIndexOHLCV() takes no price: it needs mark and index")
        marks = yield self.fetch_mark_ohlcv(symbol, timeframe, since, limit, params)
        if not marks:
            return []
        # The same candles of the index, whatever "now" is by then.
        first, last = marks[0][0], marks[-1][0]
        same = {**params, "until": last}
        indexes = yield self.fetch_index_ohlcv(symbol, timeframe, first, len(marks), same)
        return premium_candles(marks, indexes, self.number)


def premium_candles(marks: list[list[Any]], indexes: list[list[Any]], number: Any) -> list[list[Any]]:
    """The premium's candles, of mark and index candles that opened at the same time."""
    index_of = {candle[0]: candle for candle in indexes}
    candles = []
    for mark in marks:
        index = index_of.get(mark[0])
        if index is None:
            continue
        opened, closed = (_premium(mark[place], index[place], number) for place in (1, 4))
        known = [premium for premium in (opened, closed) if premium is not None]
        highest, lowest = (max(known, key=exactly), min(known, key=exactly)) if known else (None, None)
        candles.append([mark[0], opened, highest, lowest, closed, None])
    return candles


def _premium(mark: Any, index: Any, number: Any) -> Any:
    if mark is None or index is None:
        return None
    return number_or_none(number, quotient(difference(str(mark), str(index)), str(index)))
