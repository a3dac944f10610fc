"""Answers to the public operations: one function each, from a call to the venue's JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from bpx_connector.sandbox.crowd.history import CandlesAsked
from bpx_connector.sandbox.crowd.past import MINUTES_BACK
from bpx_connector.sandbox.http import payloads
from bpx_connector.sandbox.http.answers import Answer
from bpx_connector.sandbox.http.calls import Call, paged
from bpx_connector.sandbox.http.stocks import outside_klines, outside_ticker, outside_tickers
from bpx_connector.sandbox.market.candles import Candle
from bpx_connector.sandbox.market.marks import FundingRate
from bpx_connector.sandbox.records import refusals
from bpx_connector.sandbox.records.times import HOUR, MILLISECOND, MINUTE, SECOND

__all__ = ["PUBLIC", "candles_asked"]

MOST_TRADES: Final = 1_000
MOST_FUNDING_RATES: Final = 10_000
DEFAULT_MARKET_TYPES: Final = ("SPOT", "PERP")
"""What `/markets` returns unless market types are asked for."""


def _is_closed(call: Call, symbol: str) -> bool:
    return call.context.state(symbol) == "Closed"


def _listed(call: Call) -> str:
    symbol: str = call.query["symbol"]
    if not call.context.is_listed(symbol):
        raise refusals.invalid_symbol()
    return symbol


def _symbols(call: Call, kinds: Iterable[str]) -> list[str]:
    wanted = set(kinds)
    return [symbol for symbol, rules in call.context.exchange.rules.items() if rules.kind in wanted]


# --- system --------------------------------------------------------------------------------------------


def _ping(call: Call) -> Answer:
    return Answer.of_text("pong")


def _time(call: Call) -> Answer:
    return Answer.of_text(str(call.now // MILLISECOND))


# --- markets -------------------------------------------------------------------------------------------


def _market_row(call: Call, symbol: str) -> dict[str, Any]:
    return payloads.market(call.context.exchange.rules[symbol], call.context.state(symbol))


def _markets(call: Call) -> Answer:
    kinds = call.query.get("marketType") or DEFAULT_MARKET_TYPES
    return Answer([_market_row(call, symbol) for symbol in _symbols(call, kinds)])


def _market(call: Call) -> Answer:
    return Answer(_market_row(call, _listed(call)))


def _depth(call: Call) -> Answer:
    symbol = _listed(call)
    if _is_closed(call, symbol):
        raise refusals.not_found()
    exchange = call.context.exchange
    levels = int(call.query.get("limit", exchange.switches.whole_depth))
    return Answer(payloads.depth(exchange.depth(symbol, levels)))


def _mark_prices(call: Call) -> Answer:
    symbol = call.query.get("symbol")
    if symbol is not None:
        if not call.context.is_listed(symbol) or _is_closed(call, symbol):
            raise refusals.symbol_not_found()
        return Answer([payloads.mark_price(call.context.exchange.mark(symbol))])
    symbols = _symbols(call, [call.query.get("marketType", "PERP")])
    return Answer(
        [
            payloads.mark_price(call.context.exchange.mark(each))
            for each in symbols
            if not _is_closed(call, each)
        ]
    )


def _open_interest(call: Call) -> Answer:
    symbols = [_listed(call)] if "symbol" in call.query else _symbols(call, ["PERP", "PREDICTION"])
    rows = [
        payloads.open_interest(symbol, call.context.exchange.open_interest(symbol), call.now)
        for symbol in symbols
        if call.context.exchange.rules[symbol].is_perp
    ]
    return Answer(rows)


def _funding_rates(call: Call) -> Answer:
    symbol = call.query["symbol"]
    limit = call.limit(MOST_FUNDING_RATES)
    # An unknown symbol is not refused here: "/fundingRates, unknown symbol: 200 []".
    rows = _all_funding_rates(call, symbol) if call.context.is_listed(symbol) else []
    return paged(rows, limit, call.query.get("offset", 0), payloads.funding_rate)


def _all_funding_rates(call: Call, symbol: str) -> list[FundingRate]:
    """The venue's own rates, newest first, then the invented ones of the hours before it began."""
    if not call.context.exchange.rules[symbol].is_perp:
        return []
    live = list(call.context.exchange.funding_history(symbol))
    history = call.context.history
    past = history.pasts[symbol]
    oldest = live[-1].interval_end // HOUR if live else history.beginning * MINUTE // HOUR + 1
    return live + [
        FundingRate(symbol, hour * HOUR, past.funding_rate(hour))
        for hour in range(oldest - 1, oldest - 1 - MINUTES_BACK * MINUTE // HOUR, -1)
    ]


def candles_asked(query: Mapping[str, Any], now: int) -> CandlesAsked:
    """What a request for candles is about; "endTime defaults to now", and nothing is later than that."""
    latest = now // SECOND
    return CandlesAsked(
        query["symbol"],
        query["interval"],
        min(max(0, query["startTime"]), latest),
        # One more than now itself, whose candle has begun.
        min(query.get("endTime", latest + 1), latest + 1),
        query.get("priceType", "Last"),
    )


def _is_outside(call: Call) -> bool:
    return bool(call.query.get("source") == "External")


def _klines(call: Call) -> Answer:
    if _is_outside(call):
        return outside_klines(call)
    _listed(call)
    rows = call.context.history.candles(candles_asked(call.query, call.now), call.now)
    return Answer(
        [payloads.kline(row) if isinstance(row, Candle) else payloads.blank_kline(row) for row in rows]
    )


def _ticker(call: Call) -> Answer:
    if _is_outside(call):
        return outside_ticker(call)
    row = call.context.history.ticker(_listed(call), call.now, call.query.get("interval", "1d"))
    # "If a market has no data this answers 204."
    return Answer(payloads.ticker(row)) if row is not None else Answer(status=204)


def _tickers(call: Call) -> Answer:
    if _is_outside(call):
        return outside_tickers(call)
    interval = call.query.get("interval", "1d")
    symbols = _symbols(call, DEFAULT_MARKET_TYPES)
    rows = (call.context.history.ticker(symbol, call.now, interval) for symbol in symbols)
    return Answer([payloads.ticker(row) for row in rows if row is not None])


def _trades(call: Call) -> Answer:
    limit = call.limit(MOST_TRADES)
    offset = call.query.get("offset", 0)
    tape = call.context.exchange.trades(_listed(call))
    return Answer([payloads.trade(row) for row in tape[offset : offset + limit]])


PUBLIC: dict[str, Callable[[Call], Answer]] = {
    "GET /api/v1/ping": _ping,
    "GET /api/v1/time": _time,
    "GET /api/v1/markets": _markets,
    "GET /api/v1/market": _market,
    "GET /api/v1/depth": _depth,
    "GET /api/v1/markPrices": _mark_prices,
    "GET /api/v1/openInterest": _open_interest,
    "GET /api/v1/fundingRates": _funding_rates,
    "GET /api/v1/klines": _klines,
    "GET /api/v1/ticker": _ticker,
    "GET /api/v1/tickers": _tickers,
    "GET /api/v1/trades": _trades,
    "GET /api/v1/trades/history": _trades,
}
"""Operation -> its answer."""
