"""Unified methods: tickers, order books and mark prices."""

from __future__ import annotations

from typing import Any

from ccxt.base.errors import ArgumentsRequired, BadRequest, BadSymbol, NullResponse
from ccxt.base.types import LastPrices, OrderBook, Strings, Ticker, Tickers

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.parse.markets.books import depth_reading, order_book
from bpx_connector.parse.markets.prices import ParsePrices
from bpx_connector.parse.overriding import is_overridden
from bpx_connector.parse.rows import object_of, rows_in
from bpx_connector.rest.asking.arguments import (
    asked_symbols,
    checked_flag,
    checked_limit,
    checked_word,
    prices_of,
    refuse_without_book,
)
from bpx_connector.rest.asking.params import taken
from bpx_connector.venue.words import DEPTH_LIMITS, EXTERNAL, MARKET_KINDS, is_rfq, pair_of

__all__ = ["Prices"]


def depth_limit(limit: int | None) -> int:
    """The smallest depth the venue offers that holds `limit` levels a side; its deepest if there is none."""
    deepest = DEPTH_LIMITS[-1]
    return next((depth for depth in DEPTH_LIMITS if limit is not None and depth >= limit), deepest)


NOTHING_SAID = (None, "", b"")
"""What ccxt makes of an empty body."""


def _top_of(book: Any) -> Any:
    """The fields of ccxt's ticker that a book tells."""
    top: dict[str, Any] = {"timestamp": book["timestamp"], "datetime": book["datetime"]}
    for side, levels in (("bid", book["bids"]), ("ask", book["asks"])):
        top[side], top[f"{side}Volume"] = levels[0] if levels else (None, None)
    return top


BOOK_PARSERS = ("parse_order_book", "parse_order_book_bids_asks", "parse_order_book_bid_ask")
"""ccxt's, of which the first calls the second and that the third."""


class Prices(ParsePrices):
    """Tickers, order books and mark prices."""

    @flow
    def fetch_ticker(self, symbol: str, params: Params = {}) -> Flow[Ticker]:
        """The last 24 hours of one market. The venue gives neither bid and ask nor a time with it.

        With `options['fetchTicker'] = {'bidAsk': True}`, or `bidAsk` True, bid and ask come from the top of
        the book, for one call more.

        All figures are None for a market that has not traded yet.

        https://docs.backpack.exchange/#tag/Markets/operation/get_ticker

        params: `interval`, '1d' (default) or '1w'; `source` Venue or External. A stock's market for requests
        for quotes, which has no trades to see, takes the external feed of its fair price.
        """
        if self.markets is None:
            yield self.load_markets()
        market = self.market(symbol)
        has_top, params = self.handle_option_and_params(params, "fetchTicker", "bidAsk", False)
        row = yield self.public_get_api_v1_ticker({**prices_of(market), **params})
        if row in NOTHING_SAID:  # 204 and no body: a market without data
            row = {}
        ticker: Ticker = self.parse_ticker(object_of(row, f"{self.id} fetchTicker()"), market)
        if not checked_flag(f"{self.id} fetchTicker()", "bidAsk", has_top):
            return ticker
        book = yield self.fetch_order_book(symbol, 1)
        return {**ticker, **_top_of(book)}

    @flow
    def fetch_tickers(self, symbols: Strings = None, params: Params = {}) -> Flow[Tickers]:
        """The last 24 hours of the markets asked for, or of all; one request either way.

        A market that has not traded yet is missing. Bid and ask come with `bidAsk` True, or with
        `options['fetchTickers'] = {'bidAsk': True}`, for symbols that are named: for one call more each.

        https://docs.backpack.exchange/#tag/Markets/operation/get_tickers

        params: `type`, 'spot' or 'swap', leaves the others out; `interval`, '1d' (default) or '1w'; `source`
        Venue or External, the feed of the fair price of all stocks, which is what their markets for requests
        for quotes have: for one call more beside others. `stock` True leaves out what trades no stocks.
        """
        if self.markets is None:
            yield self.load_markets()
        call = f"{self.id} fetchTickers()"
        only_stocks, params = self.handle_option_and_params(params, "fetchTickers", "stock", False)
        wanted, params = self._wanted("fetchTickers", symbols, params)
        has_tops, params = self.handle_option_and_params(params, "fetchTickers", "bidAsk", False)
        tickers: Tickers = yield from self._tickers_of(wanted, params)
        if checked_flag(call, "stock", only_stocks):
            tickers = {
                symbol: ticker
                for symbol, ticker in tickers.items()
                if is_rfq(symbol) or (self.markets.get(symbol) or {}).get("stock")
            }
        if not checked_flag(call, "bidAsk", has_tops):
            return tickers
        if wanted is None:
            raise ArgumentsRequired(f"{call} needs symbols with bidAsk: there is a call for each market")
        for symbol in tickers:
            try:
                book = yield self.fetch_order_book(symbol, 1)
            except BadSymbol:
                continue  # a closed market has no book; the others have
            tickers[symbol] = {**tickers[symbol], **_top_of(book)}
        return tickers

    def _tickers_of(self, wanted: Strings, params: Params) -> Flow[Tickers]:
        """The tickers of the markets that are wanted, each from where its prices are."""
        source = params.get("source")
        outside = [symbol for symbol in wanted or () if source is None and is_rfq(symbol)]
        tickers: Tickers = {}
        if source == EXTERNAL or outside:
            answer = yield self.public_get_api_v1_tickers({**params, "source": EXTERNAL})
            tickers = self._from_outside(self.parse_tickers(answer), outside or wanted)
        if source != EXTERNAL and (not outside or len(outside) < len(wanted or ())):
            tickers |= self.parse_tickers((yield self.public_get_api_v1_tickers(params)), wanted)
        return tickers

    def _from_outside(self, tickers: Tickers, wanted: Strings) -> Tickers:
        """Prices of stocks by the symbols of their markets: the listed one, that for requests for quotes."""
        found: dict[str, Any] = {}
        for name, ticker in tickers.items():
            base, quote = pair_of(str((ticker["info"] or {}).get("symbol")))
            symbols = [f"{self.safe_currency_code(base)}.RFQ/{self.safe_currency_code(quote)}"]
            if name in self.markets:
                symbols.append(name)
            for symbol in symbols:
                if wanted is None or symbol in wanted:
                    found[symbol] = {**ticker, "symbol": symbol}
        return found

    @flow
    def fetch_last_prices(self, symbols: Strings = None, params: Params = {}) -> Flow[LastPrices]:
        """The price of the last trade of the markets asked for, or of all; one request either way.

        https://docs.backpack.exchange/#tag/Markets/operation/get_tickers

        params: `type`, 'spot' or 'swap', leaves the others out.
        """
        if self.markets is None:
            yield self.load_markets()
        wanted, params = self._wanted("fetchLastPrices", symbols, params)
        return self.parse_last_prices((yield self.public_get_api_v1_tickers(params)), wanted)

    def _wanted(self, method: str, symbols: Strings, params: Params) -> tuple[Strings, Params]:
        call = f"{self.id} {method}()"
        kind, params = taken(params, "type")
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
        if self.markets is None:
            yield self.load_markets()
        market = self.market(symbol)
        refuse_without_book(f"{self.id} fetchOrderBook()", market)
        request = {"symbol": market["id"], "limit": str(depth_limit(levels))}
        if any(is_overridden(self, parser) for parser in BOOK_PARSERS):
            depth = yield self.public_get_api_v1_depth({**request, **params})
            return self._book_by_parser(depth, market["symbol"], levels)
        decode = depth_reading(self.number).decode
        depth = yield self.request(
            "api/v1/depth", ["public"], "GET", {**request, **params}, config={"decode": decode}
        )
        return order_book(depth, market["symbol"], self.number, levels)

    def _book_by_parser(self, depth: Payload, symbol: str, levels: int | None) -> OrderBook:
        """The book as a program's own parser reads it, cut to the levels that were asked for."""
        book = order_book(depth, symbol, self.number)
        own: Any = self.parse_order_book(depth, symbol, book["timestamp"], "bids", "asks", 0, 1)
        nonce = book["nonce"] if own.get("nonce") is None else own["nonce"]
        parsed: Any = {**own, "nonce": nonce, **{side: own[side][:levels] for side in ("bids", "asks")}}
        found: OrderBook = parsed
        return found

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
        if self.markets is None:
            yield self.load_markets()
        market = self.market(symbol)
        request = {"symbol": market["id"], "marketType": market["info"]["marketType"]}
        rows = yield self.public_get_api_v1_markprices({**request, **params})
        for row in rows_in(rows, f"{self.id} fetchMarkPrice()"):
            if row.get("symbol") == market["id"]:
                return self.parse_mark_price(row, market)
        raise NullResponse(f"{self.id} fetchMarkPrice(): the venue gives no mark price for {symbol}")

    @flow
    def fetch_mark_prices(self, symbols: Strings = None, params: Params = {}) -> Flow[Tickers]:
        """Mark and index prices of the perpetuals asked for, or of all open ones, in tickers.

        https://docs.backpack.exchange/#tag/Markets/operation/get_mark_prices

        params: `type`, 'swap' (default) or 'spot' (the venue's spot mark prices have no index price).
        """
        if self.markets is None:
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
