"""Parsing of prices: tickers, last prices, mark prices.

What is derived (percentage, average, volume-weighted price) equals what ccxt's own arithmetic gives to the
last digit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from ccxt.base.types import LastPrice, LastPrices, Market, Strings, Ticker, Tickers

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Params, Payload, Structure
from bpx_connector.garbage import uncollected
from bpx_connector.parse.arithmetic import Arithmetic, arithmetic_in
from bpx_connector.parse.figures import UNIT, UNREADABLE, Fields, Figures, Reading, rows_of, units
from bpx_connector.parse.numbers import Figure, Number, number_or_none
from bpx_connector.parse.overriding import is_overridden, own
from bpx_connector.parse.rows import Row, rows_in

__all__ = ["BEST", "ParsePrices", "best_prices", "mark_price", "ticker", "unknown_ticker"]

TICKER_FIGURES = (
    "firstPrice",
    "lastPrice",
    "high",
    "low",
    "priceChange",
    "priceChangePercent",
    "volume",
    "quoteVolume",
)
FIELDS = Fields(TICKER_FIGURES)

UNKNOWN_TICKER: Structure = dict.fromkeys(
    (
        "symbol", "timestamp", "datetime", "high", "low", "bid", "bidVolume", "ask", "askVolume", "vwap",
        "open", "close", "last", "previousClose", "change", "percentage", "average", "baseVolume",
        "quoteVolume", "indexPrice", "markPrice", "info",
    )
)  # fmt: skip
"""ccxt's ticker of which nothing is known. Copied and filled in it costs half of one written anew."""

Priced = tuple[str | None, Any]
"""A symbol, and the step of its prices."""


@lru_cache(maxsize=8)
def _ticker_rows(number: Number) -> Reading:
    return rows_of("TickerFigures", TICKER_FIGURES, (), number)


def ticker(row: Payload, symbol: str | None, tick: Any, number: Number) -> Ticker:
    """The last 24 hours (or week) of one market; `tick` is the step of its prices."""
    return _tickers([row], [(symbol, tick)], number)[0]


def _tickers(rows: Sequence[Payload], priced: Sequence[Priced], number: Number) -> list[Ticker]:
    """The last 24 hours (or week) of each market from the rows of /tickers; what cannot be read is None."""
    try:
        return _tickers_of(rows, rows, priced, number)
    except UNREADABLE:
        return _tickers_of([FIELDS.legible(row) for row in rows], rows, priced, number)


def _tickers_of(
    rows: Sequence[Payload], infos: Sequence[Payload], priced: Sequence[Priced], number: Number
) -> list[Ticker]:
    arithmetic = arithmetic_in(number)
    tickers: list[Any] = []
    read: list[Figures] = _ticker_rows(number).of(rows)
    for row, info, figures, (symbol, tick) in zip(rows, infos, read, priced, strict=True):
        first, last, change = figures.firstPrice, figures.lastPrice, figures.priceChange
        volume, in_quote = figures.volume, figures.quoteVolume
        is_traded = first is not None and last is not None
        found = UNKNOWN_TICKER.copy()
        found["symbol"] = symbol
        found["high"] = figures.high or None
        found["low"] = figures.low or None
        if in_quote and volume:
            found["vwap"] = arithmetic.average(in_quote, volume, row["quoteVolume"], row["volume"])
        found["open"] = first or None
        found["close"] = found["last"] = last or None
        found["change"] = _derived_change(row, arithmetic) if change is None and is_traded else change
        fraction = figures.priceChangePercent
        if fraction is not None and float(fraction):
            found["percentage"] = arithmetic.hundredfold(fraction, row["priceChangePercent"])
        else:
            found["percentage"] = _derived_percent(row, arithmetic)
        if is_traded:
            found["average"] = arithmetic.middle(first, last, row["firstPrice"], row["lastPrice"], tick)
        found["baseVolume"] = volume
        found["quoteVolume"] = in_quote
        found["info"] = info
        tickers.append(found)
    return list(map(_without_zero_prices, tickers)) if number is str else tickers


def _derived_change(row: Payload, arithmetic: Arithmetic) -> Figure | None:
    first, last = units(row["firstPrice"]), units(row["lastPrice"])
    return arithmetic.scaled(last - first) if first and last else None


def _derived_percent(row: Payload, arithmetic: Arithmetic) -> Figure | None:
    """The percentage that the change is of the first price.

    Where the venue's fraction is zero it was rounded, and the prices say more.
    """
    first, last = units(row.get("firstPrice") or "0"), units(row.get("lastPrice") or "0")
    change_text = row.get("priceChange")
    if first <= 0 or (change_text is None and not last):
        return None
    change = last - first if change_text is None else units(change_text)
    ratio = abs(change) * UNIT // first
    return arithmetic.scaled((ratio if change >= 0 else -ratio) * 100)


def _without_zero_prices(one: Any) -> Ticker:
    """As ccxt reads it: where the venue writes zero for a price, there was none."""
    for name in ("open", "high", "low", "close", "last"):
        text = one[name]
        one[name] = text if text and float(text) else None
    cleaned: Ticker = one
    return cleaned


def unknown_ticker(symbol: str | None) -> Ticker:
    """A ticker of which nothing is known but its symbol, to be filled in."""
    found: Any = UNKNOWN_TICKER.copy()
    found["symbol"] = symbol
    ticker: Ticker = found
    return ticker


def mark_price(row: Payload, symbol: str | None, number: Number) -> Ticker:
    """A ticker of which only the mark price, and for perpetuals the index price, is known."""
    read = Row(row)
    found: Any = unknown_ticker(symbol)
    found["indexPrice"] = read.number("indexPrice", number)
    found["markPrice"] = read.number("markPrice", number)
    found["info"] = row
    ticker: Ticker = found
    return ticker


BEST = ("bid", "bidVolume", "ask", "askVolume")


def best_prices(row: Payload, symbol: str | None, number: Number) -> Ticker:
    """A ticker of which only the best bid and ask are known, from a row that has them by ccxt's names; None
    on a side that is empty."""
    found: Any = unknown_ticker(symbol)
    for name in BEST:
        found[name] = number_or_none(number, row.get(name))
    found["info"] = row
    ticker: Ticker = found
    return ticker


def _by_symbol(found: Iterable[Any], symbols: Strings) -> dict[str, Any]:
    known = {symbol: one for one in found if (symbol := one["symbol"]) is not None}
    if symbols is None:
        return known
    wanted = set(symbols)
    return {symbol: one for symbol, one in known.items() if symbol in wanted}


class ParsePrices(Ccxt):
    """ccxt's parsers of tickers, last prices and mark prices."""

    @own
    def parse_ticker(self, ticker: Payload, market: Market = None) -> Ticker:
        """A ticker from a row of /ticker or /tickers.

        Also what is known of one from a row of /markPrices, or from one with the best bid and ask: whoever
        overrides this parser is given those rows as well.
        """
        if "lastPrice" not in ticker:
            if "markPrice" in ticker:
                return mark_price(ticker, self._priced(ticker, market)[0], self.number)
            if "bidVolume" in ticker:
                return best_prices(ticker, self._priced(ticker, market)[0], self.number)
        return _tickers([ticker], [self._priced(ticker, market)], self.number)[0]

    @uncollected
    def parse_tickers(self, tickers: object, symbols: Strings = None, params: Params = {}) -> Tickers:
        """Tickers by symbol, of the symbols asked for or of all."""
        rows = rows_in(tickers, f"{self.id} tickers")
        if is_overridden(self, "parse_ticker"):
            return _by_symbol([self.parse_ticker(row) for row in rows], symbols)
        return _by_symbol(_tickers(rows, self._priced_of(rows), self.number), symbols)

    def parse_mark_price(self, row: Payload, market: Market = None) -> Ticker:
        """A ticker with mark and index price from a row of /markPrices."""
        if is_overridden(self, "parse_ticker"):
            return self.parse_ticker(row, market)
        return mark_price(row, self._priced(row, market)[0], self.number)

    def parse_mark_prices(self, rows: object, symbols: Strings = None) -> Tickers:
        """Tickers with mark and index prices by symbol, of the symbols asked for or of all."""
        legible = rows_in(rows, f"{self.id} mark prices")
        return _by_symbol(map(self.parse_mark_price, legible), symbols)

    def parse_last_price(self, price: Payload, market: Market = None) -> LastPrice:
        """The last traded price from a row of /tickers."""
        last = Row(price).figure("lastPrice")
        return {
            "symbol": self._priced(price, market)[0],
            "timestamp": None,
            "datetime": None,
            "price": self.number(last) if last and float(last) else None,
            "side": None,
            "info": price,
        }

    def parse_last_prices(
        self,
        pricesData: object,  # noqa: N803  ccxt's name
        symbols: Strings = None,
        params: Params = {},
    ) -> LastPrices:
        """Last traded prices by symbol, of the symbols asked for or of all."""
        rows = rows_in(pricesData, f"{self.id} tickers")
        return _by_symbol(map(self.parse_last_price, rows), symbols)

    def _priced_of(self, rows: Sequence[Payload]) -> list[Priced]:
        """The symbol and the step of the prices of each row; markets that are loaded without a call each."""
        known = self.markets_by_id or {}
        return [
            (found[0]["symbol"], found[0]["precision"]["price"])
            if type(identity := row.get("symbol")) is str and (found := known.get(identity))
            else self._priced(row)
            for row in rows
        ]

    def _priced(self, row: Payload, market: Market = None) -> Priced:
        """The row's symbol and the step of its prices.

        A market that is not loaded (newly listed, or a prediction) goes by the venue's own symbol, as
        everywhere in ccxt.
        """
        known: Any = market
        if known is None:
            identity = row.get("symbol")
            if not isinstance(identity, str):
                return None, None
            markets = (self.markets_by_id or {}).get(identity)
            if not markets:
                return identity, None
            known = markets[0]
        return known["symbol"], known["precision"]["price"]
