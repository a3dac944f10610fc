"""Parsing of prices: tickers, last prices, mark prices.

What is derived (percentage, average, volume-weighted price) is computed on decimal text and equals what
ccxt's own arithmetic gives to the last digit.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from math import floor
from typing import Any

from ccxt.base.types import LastPrice, LastPrices, Market, Strings, Ticker, Tickers

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Payload
from bpx_connector.parse.figures import (
    CERTAIN,
    NEAREST,
    PLACES,
    POWERS,
    SHORT,
    UNIT,
    cut_quotient,
    figure,
    rows_of,
    short_quotient,
    units,
)
from bpx_connector.parse.numbers import Number, number_or_none, product

__all__ = ["ParsePrices", "mark_price", "ticker"]

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
UNKNOWN_TICKER: Payload = dict.fromkeys(
    (
        "symbol", "timestamp", "datetime", "high", "low", "bid", "bidVolume", "ask", "askVolume", "vwap",
        "open", "close", "last", "previousClose", "change", "percentage", "average", "baseVolume",
        "quoteVolume", "indexPrice", "markPrice", "info",
    )
)  # fmt: skip
"""ccxt's ticker of which nothing is known. Copied and filled in it costs half of one written anew."""


def _nonzero(text: str | None) -> str | None:
    """A price, or None where the venue writes zero for "there was none", as ccxt reads it."""
    return text if text and float(text) else None


@lru_cache(maxsize=4096)
def _places(tick: Any) -> int:
    """The decimals of a tick; of a tick that is not known, as many as there can be."""
    if tick is None:
        return PLACES
    exponent = Decimal(str(tick)).normalize().as_tuple().exponent
    return max(0, -int(exponent))


@lru_cache(maxsize=4096)
def _per_one(tick: Any) -> float:
    """How many of the last decimal of a tick make one."""
    return float(POWERS[_places(tick)])


MILLION = 1e6
FEW = len("0.12345678")
"""Prices of so few characters have up to eight decimals, and half the sum of two is a multiple of 5e-9."""

HALF_A_STEP = 2.5e-9
"""Half of that, and ten times what floats are off by below a million. Added to what they give before it is
cut off, at eight decimals or fewer, it leaves what cutting off the exact half leaves."""

FINEST = 1e8
"""How many of the last of eight decimals make one."""


def _average(row: Payload, figures: Any, tick: Any, number: Number) -> Any:
    """Half of open and close together, cut off at the decimals of a tick; None if there is not both."""
    first, last = figures.firstPrice, figures.lastPrice
    if not first or not last:
        return None
    first_text, last_text = row["firstPrice"], row["lastPrice"]
    if number is float and len(first_text) <= FEW and len(last_text) <= FEW and first + last < MILLION:
        per_one = _per_one(tick)
        if per_one <= FINEST:
            return floor(((first + last) / 2.0 + HALF_A_STEP) * per_one) / per_one
    exact_first, exact_last = units(first_text), units(last_text)
    if not exact_first or not exact_last:
        return None
    step = POWERS[PLACES - _places(tick)]
    return figure(number, (exact_first + exact_last) // 2 // step * step)


def _average_by_volume(row: Payload, figures: Any, number: Number) -> Any:
    """What was paid for the volume, by that volume; None if nothing was traded."""
    turnover, volume = figures.quoteVolume, figures.volume
    if not turnover or not volume:
        return None
    turnover_text, volume_text = row["quoteVolume"], row["volume"]
    if number is float and len(turnover_text) <= SHORT and len(volume_text) <= SHORT:
        paid, bought = turnover * MILLION + NEAREST - NEAREST, volume * MILLION + NEAREST - NEAREST
        if paid / MILLION == turnover and bought / MILLION == volume and paid < CERTAIN and bought < CERTAIN:
            return short_quotient(paid, bought)
    average = cut_quotient(turnover_text, volume_text, number)
    return None if average == "0" else average or None


NO_FRACTION = (ValueError, TypeError, InvalidOperation)
"""What comes of words in the place of a fraction: "N/A" has been seen."""


def _percent(row: Payload, figures: Any, number: Number) -> Any:
    """A hundred times the venue's fraction, None if it is zero: rounded, it says less than the prices."""
    fraction = figures.priceChangePercent
    if not fraction:
        return None
    if number is float and len(row["priceChangePercent"]) <= SHORT:
        millionths = fraction * MILLION + NEAREST - NEAREST
        if -CERTAIN < millionths < CERTAIN and millionths / MILLION == fraction:
            return millionths / 10_000.0
    try:
        # An exponent of two is an exact multiplication by a hundred.
        text = row["priceChangePercent"]
        percent = float(f"{text}e2") if number is float else number_or_none(number, product(text, "100"))
    except NO_FRACTION:
        return None
    return None if percent == "0" else percent or None


def _derived_change(row: Payload, figures: Any, number: Number) -> Any:
    if not figures.firstPrice or not figures.lastPrice:
        return None
    first, last = units(row["firstPrice"]), units(row["lastPrice"])
    return figure(number, last - first) if first and last else None


def _derived_percent(row: Payload, number: Number) -> Any:
    """The percentage that the change is of the first price."""
    first, last = units(row.get("firstPrice") or "0"), units(row.get("lastPrice") or "0")
    change_text = row.get("priceChange")
    if not first or (change_text is None and not last):
        return None
    change = last - first if change_text is None else units(change_text)
    ratio = abs(change) * UNIT // first
    return figure(number, (ratio if change >= 0 else -ratio) * 100)


def ticker(row: Payload, symbol: str | None, tick: Any, number: Number) -> Ticker:
    """The last 24 hours (or week) of one market; `tick` is the step of its prices."""
    return _tickers([row], [(symbol, tick)], number)[0]


def _tickers(
    rows: list[Payload], symbols_and_ticks: Iterable[tuple[str | None, Any]], number: Number
) -> list[Ticker]:
    """The last 24 hours (or week) of each market from the rows of /tickers."""
    read = rows_of("TickerFigures", TICKER_FIGURES, (), number).of(rows)
    tickers: list[Any] = []
    for row, figures, (symbol, tick) in zip(rows, read, symbols_and_ticks, strict=True):
        change = figures.priceChange
        found = UNKNOWN_TICKER.copy()
        found["symbol"] = symbol
        found["high"] = figures.high or None
        found["low"] = figures.low or None
        found["vwap"] = _average_by_volume(row, figures, number)
        found["open"] = figures.firstPrice or None
        found["close"] = found["last"] = figures.lastPrice or None
        found["change"] = _derived_change(row, figures, number) if change is None else change
        found["percentage"] = _percent(row, figures, number) or _derived_percent(row, number)
        found["average"] = _average(row, figures, tick, number)
        found["baseVolume"] = figures.volume
        found["quoteVolume"] = figures.quoteVolume
        found["info"] = row
        tickers.append(found)
    return list(map(_without_zero_prices, tickers)) if number is str else tickers


def _without_zero_prices(one: Any) -> Ticker:
    for name in ("open", "high", "low", "close", "last"):
        one[name] = _nonzero(one[name])
    cleaned: Ticker = one
    return cleaned


def mark_price(row: Payload, symbol: str | None, number: Number) -> Ticker:
    """A ticker of which only the mark price, and for perpetuals the index price, is known."""
    found: Any = UNKNOWN_TICKER.copy()
    found["symbol"] = symbol
    found["indexPrice"] = number_or_none(number, row.get("indexPrice"))
    found["markPrice"] = number_or_none(number, row.get("markPrice"))
    found["info"] = row
    ticker: Ticker = found
    return ticker


def _by_symbol(found: Iterable[Any], symbols: Strings) -> dict[str, Any]:
    if symbols is None:
        return {one["symbol"]: one for one in found}
    wanted = set(symbols)
    return {one["symbol"]: one for one in found if one["symbol"] in wanted}


class ParsePrices(Ccxt):
    """ccxt's parsers of tickers, books, trades and mark prices."""

    def parse_ticker(self, ticker: Payload, market: Market = None) -> Ticker:
        """A ticker from a row of /ticker or /tickers."""
        return _tickers([ticker], [self._symbol_and_tick(ticker, market)], self.number)[0]

    def parse_tickers(self, tickers: Any, symbols: Strings = None, params: Payload = {}) -> Tickers:
        """Tickers by symbol, of the symbols asked for or of all."""
        known = self.markets_by_id or {}
        symbols_and_ticks = [
            (markets[0]["symbol"], markets[0]["precision"]["price"])
            if (markets := known.get(row.get("symbol")))
            else (row.get("symbol"), None)
            for row in tickers
        ]
        return _by_symbol(_tickers(tickers, symbols_and_ticks, self.number), symbols)

    def parse_mark_price(self, row: Payload, market: Market = None) -> Ticker:
        """A ticker with mark and index price from a row of /markPrices."""
        return mark_price(row, self._symbol_and_tick(row, market)[0], self.number)

    def parse_mark_prices(self, rows: Iterable[Payload], symbols: Strings = None) -> Tickers:
        """Tickers with mark and index prices by symbol, of the symbols asked for or of all."""
        return _by_symbol(map(self.parse_mark_price, rows), symbols)

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
        return _by_symbol(map(self.parse_last_price, pricesData), symbols)

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
