"""Parsing of prices: tickers, order books, public trades, mark prices.

What is derived (percentage, average, volume-weighted price) is computed on decimal text and equals what
ccxt's own arithmetic gives to the last digit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import ROUND_DOWN, Context, Decimal, InvalidOperation
from functools import lru_cache
from operator import itemgetter
from typing import Any

from ccxt.base.types import LastPrice, LastPrices, Market, OrderBook, Strings, Ticker, Tickers, Trade

from bpx_connector._ccxt import Ccxt, Payload
from bpx_connector.parse.numbers import (
    Number,
    difference,
    iso8601,
    number_or_none,
    plain,
    product,
    quotient,
    total,
)

__all__ = ["ParsePrices", "order_book", "public_trades"]

# ccxt's number of decimals where the market's tick is not known.
DECIMALS_OF_UNKNOWN_TICK = 18
_EXACT = Context(prec=200)


def _nonzero(text: str | None) -> str | None:
    """A price, or None where the venue writes zero for "there was none", as ccxt reads it."""
    return text if text and float(text) else None


def _percent(fraction: str | None) -> str | None:
    # priceChangePercent is a fraction: -0.029032 is -2.9032 %. Words in its place ("N/A") have been seen.
    try:
        return product(fraction or None, "100")
    except InvalidOperation:
        return None


@lru_cache(maxsize=4096)
def _decimals(tick: Any) -> int:
    if tick is None:
        return DECIMALS_OF_UNKNOWN_TICK
    exponent = Decimal(str(tick)).normalize().as_tuple().exponent
    return max(0, -int(exponent))


def _middle(one: str | None, other: str | None, decimals: int) -> str | None:
    both = total(one, other)
    if both is None:
        return None
    half = _EXACT.divide(Decimal(both), Decimal(2))
    return plain(half.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_DOWN, context=_EXACT))


def ticker(row: Payload, symbol: str | None, tick: Any, number: Number) -> Ticker:
    """One market's last 24 hours (or week) from one row of /ticker or /tickers."""
    get = row.get
    first, last, change = _nonzero(get("firstPrice")), _nonzero(get("lastPrice")), get("priceChange")
    volume, quote_volume = get("volume"), get("quoteVolume")
    if change is None:
        change = difference(last, first)
    elif first is None:
        first = _nonzero(difference(last, change))
    elif last is None:
        last = _nonzero(total(first, change))
    percentage = _percent(get("priceChangePercent"))
    if percentage is None or percentage == "0":
        percentage = product(quotient(change, first), "100")
    average = _middle(first, last, _decimals(tick))
    price = number_or_none(number, last)
    return {
        "symbol": symbol,
        "timestamp": None,
        "datetime": None,
        "high": number_or_none(number, _nonzero(get("high"))),
        "low": number_or_none(number, _nonzero(get("low"))),
        "bid": None,
        "bidVolume": None,
        "ask": None,
        "askVolume": None,
        "vwap": number_or_none(number, quotient(_nonzero(quote_volume), volume)),
        "open": number_or_none(number, first),
        "close": price,
        "last": price,
        "previousClose": None,
        "change": number_or_none(number, change),
        "percentage": number_or_none(number, percentage),
        "average": number_or_none(number, average),
        "baseVolume": number_or_none(number, volume),
        "quoteVolume": number_or_none(number, quote_volume),
        "indexPrice": None,
        "markPrice": None,
        "info": row,
    }


def mark_price(row: Payload, symbol: str | None, number: Number) -> Ticker:
    """A ticker of which only the mark price, and for perpetuals the index price, is known."""
    return {
        "symbol": symbol,
        "timestamp": None,
        "datetime": None,
        "high": None,
        "low": None,
        "bid": None,
        "bidVolume": None,
        "ask": None,
        "askVolume": None,
        "vwap": None,
        "open": None,
        "close": None,
        "last": None,
        "previousClose": None,
        "change": None,
        "percentage": None,
        "average": None,
        "baseVolume": None,
        "quoteVolume": None,
        "indexPrice": number_or_none(number, row.get("indexPrice")),
        "markPrice": number_or_none(number, row.get("markPrice")),
        "info": row,
    }


def public_trades(rows: Iterable[Payload], symbol: str, number: Number) -> list[Trade]:
    """Trades of one market, oldest first. The side is the taker's."""
    # The venue sends the newest first; within a millisecond its order is the order of the trades.
    ascending = list(rows)[::-1]
    ascending.sort(key=itemgetter("timestamp"))
    return [_public_trade(row, symbol, number) for row in ascending]


def _public_trade(row: Payload, symbol: str | None, number: Number) -> Trade:
    get = row.get
    identity, timestamp, price, quantity = get("id"), row["timestamp"], row["price"], row["quantity"]
    cost = get("quoteQuantity")
    return {
        "info": row,
        "id": None if identity is None else str(identity),
        "timestamp": timestamp,
        "datetime": iso8601(timestamp),
        "symbol": symbol,
        "order": None,
        "type": None,
        "side": "sell" if row["isBuyerMaker"] else "buy",
        "takerOrMaker": "taker",
        "price": number(price),
        "amount": number(quantity),
        "cost": number(product(price, quantity) if cost is None else cost),
        "fee": {"cost": None, "currency": None},
        "fees": [],
    }


def _price(level: list[str]) -> float:
    return float(level[0])


def _levels(
    rows: list[list[str]], number: Number, limit: int | None, *, best_is_highest: bool
) -> list[list[Any]]:
    best_first = sorted(rows, key=_price, reverse=best_is_highest)
    return [[number(price), number(size)] for price, size in best_first[:limit]]


def order_book(depth: Payload, symbol: str, number: Number, limit: int | None = None) -> OrderBook:
    """The book with the best prices first: the venue sends bids in ascending order, the best one last."""
    timestamp = depth["timestamp"] // 1000  # microseconds
    return {
        "symbol": symbol,
        "bids": _levels(depth["bids"], number, limit, best_is_highest=True),
        "asks": _levels(depth["asks"], number, limit, best_is_highest=False),
        "timestamp": timestamp,
        "datetime": iso8601(timestamp),
        "nonce": int(depth["lastUpdateId"]),
    }


class ParsePrices(Ccxt):
    """ccxt's parsers of tickers, books, trades and mark prices."""

    def parse_ticker(self, ticker_row: Payload, market: Market = None) -> Ticker:
        """A ticker from a row of /ticker or /tickers."""
        return ticker(ticker_row, *self._symbol_and_tick(ticker_row, market), self.number)

    def parse_tickers(self, tickers: Any, symbols: Strings = None, params: Payload = {}) -> Tickers:
        """Tickers by symbol, of the symbols asked for or of all."""
        number = self.number

        def parsed(row: Payload) -> Ticker:
            return ticker(row, *self._symbol_and_tick(row, None), number)

        return self._by_symbol(tickers, symbols, parsed)

    def parse_mark_price(self, row: Payload, market: Market = None) -> Ticker:
        """A ticker with mark and index price from a row of /markPrices."""
        return mark_price(row, self._symbol_and_tick(row, market)[0], self.number)

    def parse_last_price(self, price: Payload, market: Market = None) -> LastPrice:
        """The last traded price from a row of /tickers."""
        return {
            "symbol": self._symbol_and_tick(price, market)[0],
            "timestamp": None,
            "datetime": None,
            "price": number_or_none(self.number, _nonzero(price.get("lastPrice"))),
            "side": None,
            "info": price,
        }

    def parse_last_prices(
        self,
        pricesData: Any,  # noqa: N803  ccxt's name
        symbols: Strings = None,
        params: Payload = {},
    ) -> LastPrices:
        """Last traded prices by symbol, of the symbols asked for or of all."""
        return self._by_symbol(pricesData, symbols, self.parse_last_price)

    def parse_trade(self, trade: Payload, market: Market = None) -> Trade:
        """A public trade; any other row is for the parser of one's own fills."""
        if "isBuyerMaker" not in trade:
            own: Trade = super().parse_trade(trade, market)
            return own
        return _public_trade(trade, market["symbol"] if market else None, self.number)

    def _symbol_and_tick(self, row: Payload, market: Any) -> tuple[str | None, Any]:
        """The row's symbol and the step of its prices.

        A market that is not loaded (newly listed, or a prediction) goes by the venue's own symbol, as
        everywhere in ccxt.
        """
        identity = row.get("symbol")
        if market is None:
            markets = (self.markets_by_id or {}).get(identity)
            if not markets:
                return identity, None
            market = markets[0]
        return market["symbol"], market["precision"]["price"]

    def _by_symbol(
        self, rows: list[Payload], symbols: Strings, parsed: Callable[[Payload], Any]
    ) -> dict[str, Any]:
        wanted = None if symbols is None else set(symbols)
        found = (parsed(row) for row in rows)
        return {one["symbol"]: one for one in found if wanted is None or one["symbol"] in wanted}
