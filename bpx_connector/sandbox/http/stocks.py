"""Answers about stocks: what there is, when it is traded, and its price outside the exchange."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.exchange import outside
from bpx_connector.sandbox.http import payloads
from bpx_connector.sandbox.http.answers import Answer
from bpx_connector.sandbox.http.calls import Call
from bpx_connector.sandbox.market.candles import Candle, Ticker, interval_bounds
from bpx_connector.sandbox.records import refusals
from bpx_connector.sandbox.records.times import DAY, SECOND, WEEK

__all__ = ["STOCKS", "outside_klines", "outside_ticker", "outside_tickers"]

QUOTE: Final = f"_{choices.QUOTE_ASSET}"


def _securities(call: Call) -> Answer:
    return Answer(call.context.stocks["securities"])


def _sessions(call: Call) -> Answer:
    return Answer(call.context.stocks["marketSessions"])


def _holidays(call: Call) -> Answer:
    return Answer(call.context.stocks["holidays"])


# --- source=External ---------------------------------------------------------------------------------------


def _asset(call: Call) -> str:
    asset: str = call.query["symbol"].removesuffix(QUOTE)
    if asset not in call.context.rfqs.hours.securities:
        raise refusals.invalid_symbol()
    return asset


def outside_klines(call: Call) -> Answer:
    """The candles of a stock's outside price; nothing is traded there, so that volumes are zero."""
    asset, interval = _asset(call), call.query["interval"]
    start, _ = interval_bounds(interval, max(0, call.query["startTime"]) * SECOND)
    until = min(call.query.get("endTime", call.now // SECOND) * SECOND, call.now)
    rows = []
    while start < until:
        begins, ends = interval_bounds(interval, start)
        if ends > call.now and not call.context.exchange.switches.running_kline:
            break
        rows.append(Candle(begins, ends, *outside.outside_candle(asset, begins, min(ends, call.now))))
        if len(rows) > choices.MOST_KLINES and call.context.exchange.switches.long_klines != "all":
            if call.context.exchange.switches.long_klines == "refuse":
                raise refusals.too_many_candles(choices.MOST_KLINES)
            rows.pop()
            break
        start = ends
    return Answer([payloads.kline(row) for row in rows])


def _ticker(call: Call, asset: str) -> Ticker:
    span = WEEK if call.query.get("interval") == "1w" else DAY
    return outside.outside_ticker(asset, call.now, span)


def outside_ticker(call: Call) -> Answer:
    """A stock's outside price over the last day or week."""
    return Answer(payloads.ticker(_ticker(call, _asset(call))))


def outside_tickers(call: Call) -> Answer:
    """`<ASSET>_USDC` for every stock: the fair price feed."""
    rows = [_ticker(call, asset) for asset in call.context.rfqs.hours.securities]
    return Answer([payloads.ticker(row) for row in rows])


STOCKS: dict[str, Callable[[Call], Answer]] = {
    "GET /api/v1/securities": _securities,
    "GET /api/v1/market-sessions": _sessions,
    "GET /api/v1/stockSessions": _sessions,
    "GET /api/v1/market-holidays": _holidays,
    "GET /api/v1/stockHolidays": _holidays,
}
"""Operation -> its answer."""
