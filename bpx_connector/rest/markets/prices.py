"""Unified methods: tickers, order books and mark prices."""

from __future__ import annotations

from typing import Any

from ccxt.base.errors import BadRequest, NullResponse
from ccxt.base.types import LastPrices, OrderBook, Strings, Ticker, Tickers

from bpx_connector.aliases import Params
from bpx_connector.flow import Flow, flow
from bpx_connector.parse.markets.books import depth_reading, order_book
from bpx_connector.parse.markets.prices import ParsePrices, mark_price
from bpx_connector.rest.arguments import asked_symbols, checked_limit, checked_word, prices_of
from bpx_connector.rest.reading import read_by
from bpx_connector.venue.words import DEPTH_LIMITS, MARKET_KINDS

__all__ = ["Prices"]


def depth_limit(limit: int | None) -> int:
    """The smallest depth the venue offers that holds `limit` levels a side; its deepest if there is none."""
    deepest = DEPTH_LIMITS[-1]
    return next((depth for depth in DEPTH_LIMITS if limit is not None and depth >= limit), deepest)


class Prices(ParsePrices):
    """Tickers, order books and mark prices."""

    @flow
    def fetch_ticker(self, symbol: str, params: Params = {}) -> Flow[Ticker]:
        """The last 24 hours of one market. The venue gives neither bid and ask nor a time.

        All figures are None for a market that has not traded yet.

        https://docs.backpack.exchange/#tag/Markets/operation/get_ticker

        params: `interval`, '1d' (default) or '1w'; `source` Venue or External. A stock's market for requests
        for quotes, which has no trades to see, takes the external feed of its fair price.
        """
        yield self.load_markets()
        market = self.market(symbol)
        row = yield self.public_get_api_v1_ticker({**prices_of(market), **params})
        return self.parse_ticker(row or {}, market)  # 204 and no body: a market without data

    @flow
    def fetch_tickers(self, symbols: Strings = None, params: Params = {}) -> Flow[Tickers]:
        """The last 24 hours of the markets asked for, or of all; one request either way.

        A market that has not traded yet is missing.

        https://docs.backpack.exchange/#tag/Markets/operation/get_tickers

        params: `type`, 'spot' or 'swap', leaves the others out; `interval`, '1d' (default) or '1w'.
        """
        yield self.load_markets()
        wanted, params = self._wanted("fetchTickers", symbols, params)
        return self.parse_tickers((yield self.public_get_api_v1_tickers(params)), wanted)

    @flow
    def fetch_last_prices(self, symbols: Strings = None, params: Params = {}) -> Flow[LastPrices]:
        """The price of the last trade of the markets asked for, or of all; one request either way.

        https://docs.backpack.exchange/#tag/Markets/operation/get_tickers

        params: `type`, 'spot' or 'swap', leaves the others out.
        """
        yield self.load_markets()
        wanted, params = self._wanted("fetchLastPrices", symbols, params)
        return self.parse_last_prices((yield self.public_get_api_v1_tickers(params)), wanted)

    def _wanted(self, method: str, symbols: Strings, params: Params) -> tuple[Strings, Params]:
        call = f"{self.id} {method}()"
        params = dict(params)
        kind = params.pop("type", None)
        if kind is not None:
            kind = checked_word(call, "type", kind, MARKET_KINDS)
        wanted = asked_symbols(self, call, symbols, kind)
        if wanted is None and kind is not None:
            wanted = [symbol for symbol, market in self.markets.items() if market["type"] == kind]
        return wanted, params

    @flow
    def fetch_order_book(self, symbol: str, limit: int | None = None, params: Params = {}) -> Flow[OrderBook]:
        """The order book, best prices first, at most `limit` levels a side.

        Without `limit` 1,000, which is the venue's most. `nonce` is the venue's lastUpdateId.

        https://docs.backpack.exchange/#tag/Markets/operation/get_depth
        """
        levels = checked_limit(f"{self.id} fetchOrderBook()", limit)
        yield self.load_markets()
        market = self.market(symbol)
        request = {"symbol": market["id"], "limit": str(depth_limit(levels))}
        with read_by(depth_reading(self.number).decode):
            depth = yield self.public_get_api_v1_depth({**request, **params})
        return order_book(depth, market["symbol"], self.number, levels)

    @flow
    def fetch_l2_order_book(
        self, symbol: str, limit: int | None = None, params: Params = {}
    ) -> Flow[OrderBook]:
        """The order book by price: the venue has no other, so the same as `fetch_order_book`.

        https://docs.backpack.exchange/#tag/Markets/operation/get_depth
        """
        book: OrderBook = yield self.fetch_order_book(symbol, limit, params)
        return book

    @flow
    def fetch_mark_price(self, symbol: str, params: Params = {}) -> Flow[Ticker]:
        """The mark price of one market, and its index price if it is a perpetual, in a ticker.

        https://docs.backpack.exchange/#tag/Markets/operation/get_mark_prices
        """
        yield self.load_markets()
        market = self.market(symbol)
        request = {"symbol": market["id"], "marketType": market["info"]["marketType"]}
        rows = yield self.public_get_api_v1_markprices({**request, **params})
        for row in rows:
            if row["symbol"] == market["id"]:
                return mark_price(row, market["symbol"], self.number)
        raise NullResponse(f"{self.id} fetchMarkPrice(): the venue gives no mark price for {symbol}")

    @flow
    def fetch_mark_prices(self, symbols: Strings = None, params: Params = {}) -> Flow[Tickers]:
        """Mark and index prices of the perpetuals asked for, or of all open ones, in tickers.

        https://docs.backpack.exchange/#tag/Markets/operation/get_mark_prices

        params: `type`, 'swap' (default) or 'spot' (the venue's spot mark prices have no index price).
        """
        yield self.load_markets()
        wanted, params = self._wanted("fetchMarkPrices", symbols, params)
        request: dict[str, Any] = {}
        if wanted:
            kinds = {self.market(symbol)["info"]["marketType"] for symbol in wanted}
            if len(kinds) > 1:
                kinds_asked = " and ".join(sorted(kinds))
                raise BadRequest(f"{self.id} fetchMarkPrices() takes one type of markets, not {kinds_asked}")
            request = {"marketType": kinds.pop()}
        rows = yield self.public_get_api_v1_markprices({**request, **params})
        return self.parse_mark_prices(rows, wanted)
