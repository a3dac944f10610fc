"""Unified methods: funding rates and open interest."""

from __future__ import annotations

from functools import partial
from typing import Any

from ccxt.base.errors import ArgumentsRequired, BadSymbol, NullResponse
from ccxt.base.types import (
    FundingRate,
    FundingRateHistory,
    FundingRates,
    MarketInterface,
    OpenInterest,
    OpenInterests,
    Strings,
)

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.parse.border import structures
from bpx_connector.parse.markets.funding import HOUR, ParseFunding
from bpx_connector.parse.overriding import is_overridden
from bpx_connector.parse.rows import Row, read_each, rows_in
from bpx_connector.rest.asking.arguments import asked_symbols
from bpx_connector.rest.asking.histories import Span, asked_span
from bpx_connector.venue.description import FUNDING_RATES_LIMIT

__all__ = ["Funding"]

DEFAULT_RATES = 100


def _ended_at(row: Payload) -> int | None:
    return Row(row).moment("intervalEndTimestamp")


class Funding(ParseFunding):
    """Funding rates and open interest."""

    @flow
    def fetch_funding_rate(self, symbol: str, params: Params = {}) -> Flow[FundingRate]:
        """The rate of one perpetual's running interval: a fraction per interval, longs pay if positive.

        `fundingTimestamp` is when it will be paid; until then it changes.

        https://docs.backpack.exchange/#tag/Markets/operation/get_mark_prices
        """
        if self.markets is None:
            yield self.load_markets()
        market = self._perpetual("fetchFundingRate", symbol)
        rows = yield self.public_get_api_v1_markprices({"symbol": market["id"], **params})
        return self.parse_funding_rate(self._row_of(rows, market, "fetchFundingRate"), market)

    @flow
    def fetch_funding_rates(self, symbols: Strings = None, params: Params = {}) -> Flow[FundingRates]:
        """The rates of the running intervals of the perpetuals asked for, or of all open ones.

        https://docs.backpack.exchange/#tag/Markets/operation/get_mark_prices
        """
        if self.markets is None:
            yield self.load_markets()
        method = f"{self.id} fetchFundingRates()"
        wanted = asked_symbols(self, method, symbols, "swap")
        rows = yield self.public_get_api_v1_markprices(params)
        rates = self._funding_rates(rows, method)
        return {str(one["symbol"]): one for one in rates if wanted is None or one["symbol"] in wanted}

    @flow
    def fetch_funding_interval(self, symbol: str, params: Params = {}) -> Flow[FundingRate]:
        """How often one perpetual pays funding, in `interval`: '1h'. The rates themselves are None.

        https://docs.backpack.exchange/#tag/Markets/operation/get_market
        """
        if self.markets is None:
            yield self.load_markets()
        market = self._perpetual("fetchFundingInterval", symbol)
        row = yield self.public_get_api_v1_market({"symbol": market["id"], **params})
        return self.parse_funding_rate(row, market)

    @flow
    def fetch_funding_intervals(self, symbols: Strings = None, params: Params = {}) -> Flow[FundingRates]:
        """How often the perpetuals asked for, or all of them, pay funding. The rates themselves are None.

        https://docs.backpack.exchange/#tag/Markets/operation/get_markets
        """
        if self.markets is None:
            yield self.load_markets()
        method = f"{self.id} fetchFundingIntervals()"
        wanted = asked_symbols(self, method, symbols, "swap")
        rows = yield self.public_get_api_v1_markets({"marketType": "PERP", **params})
        rates = self._funding_rates(rows, method)
        return {str(one["symbol"]): one for one in rates if wanted is None or one["symbol"] in wanted}

    @flow
    def fetch_funding_rate_history(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[FundingRateHistory]]:
        """Settled funding rates of one perpetual, oldest first, each dated by the end of its interval.

        With `since` the first `limit` rates at or after it (all without a limit), else the newest `limit`
        (100 without one). The interval that is still running is left out: its rate changes until it ends.

        https://docs.backpack.exchange/#tag/Markets/operation/get_funding_interval_rates

        params: `until`, the latest end of an interval in milliseconds.
        """
        call = f"{self.id} fetchFundingRateHistory()"
        if symbol is None:
            raise ArgumentsRequired(f"{call} needs a symbol, such as 'SOL/USDC:USDC'")
        span, params = asked_span(call, since, limit, params, usual=DEFAULT_RATES)
        if self.markets is None:
            yield self.load_markets()
        market = self._perpetual("fetchFundingRateHistory", symbol)
        request = {"symbol": market["id"], **params}
        if "offset" in request:
            page = yield self.public_get_api_v1_fundingrates(
                {"limit": span.limit or DEFAULT_RATES, **request}
            )
            rows = rows_in(page, call)
        else:
            rows = yield from self._rates_of(call, request, span, self._interval_of(market))
        rates: list[Any] = structures(rows, partial(self.parse_funding_rate_history, market=market))
        if is_overridden(self, "parse_funding_rate_histories"):
            rates = self.parse_funding_rate_histories(rows, market)
        rates.sort(key=lambda rate: rate["timestamp"] or 0)
        return span.cut(rates, lambda rate: rate["timestamp"])

    def _interval_of(self, market: Any) -> int:
        return Row(market["info"]).whole("fundingInterval") or HOUR

    def _rates_of(self, call: str, request: Params, span: Span, interval: int) -> Flow[list[Payload]]:
        """The settled rows of a span and perhaps more, each interval once.

        The venue gives the newest first, the running interval's before all others, and knows no times. How
        many there are since a time the clock tells only of a market that still pays, so that reading goes on
        until the rows themselves say that it is enough.
        """
        now = int(self.nonce())
        settled: dict[int, Payload] = {}
        offset = 0
        while True:
            wanted = self._rates_still_wanted(span, settled, interval, now)
            page = rows_in(
                (yield self.public_get_api_v1_fundingrates({"limit": wanted, "offset": offset, **request})),
                call,
            )
            ended = [(time, row) for row in page if (time := _ended_at(row)) is not None]
            settled.update({time: row for time, row in ended if time <= now})
            offset += len(page)
            oldest = min((time for time, _ in ended), default=None)
            counted = sum(span.holds(time) for time in settled)
            if len(page) < wanted or span.is_read(oldest, counted):
                return list(settled.values())

    def _rates_still_wanted(self, span: Span, settled: dict[int, Payload], interval: int, now: int) -> int:
        """How many rows to ask for: one for the running interval, one for that in which `since` lies."""
        reached = min(settled, default=now)
        if span.since is not None:
            count = (reached - span.since) // interval + 2
        else:
            start = now if span.until is None else min(now, span.until)
            count = (span.limit or FUNDING_RATES_LIMIT) + 2 + max(0, reached - start) // interval
        return max(2, min(count, FUNDING_RATES_LIMIT))

    @flow
    def fetch_open_interest(self, symbol: str, params: Params = {}) -> Flow[OpenInterest]:
        """The open interest of one perpetual, in base units.

        https://docs.backpack.exchange/#tag/Markets/operation/get_open_interest
        """
        if self.markets is None:
            yield self.load_markets()
        market = self.market(symbol)
        if market["spot"]:
            raise BadSymbol(f"{self.id} fetchOpenInterest() takes derivatives, and {symbol} is a spot market")
        rows = yield self.public_get_api_v1_openinterest({"symbol": market["id"], **params})
        return self.parse_open_interest(self._row_of(rows, market, "fetchOpenInterest"), market)

    @flow
    def fetch_open_interests(self, symbols: Strings = None, params: Params = {}) -> Flow[OpenInterests]:
        """The open interest of the perpetuals asked for, or of every market that has one.

        https://docs.backpack.exchange/#tag/Markets/operation/get_open_interest
        """
        if self.markets is None:
            yield self.load_markets()
        call = f"{self.id} fetchOpenInterests()"
        wanted = asked_symbols(self, call, symbols)
        rows = rows_in((yield self.public_get_api_v1_openinterest(params)), call)
        if is_overridden(self, "parse_open_interests"):
            own: OpenInterests = self.parse_open_interests(rows, wanted)
            return own
        interests = [one for one in structures(rows, self.parse_open_interest) if one["symbol"] is not None]
        return {str(one["symbol"]): one for one in interests if wanted is None or one["symbol"] in wanted}

    def _funding_rates(self, answer: Any, call: str) -> list[FundingRate]:
        if is_overridden(self, "parse_funding_rates"):
            return list(self.parse_funding_rates(rows_in(answer, call)).values())
        rates = read_each(rows_in(answer, call), self.parse_funding_rate, call)
        return [rate for rate in rates if rate["symbol"] is not None]

    def _perpetual(self, method: str, symbol: str) -> MarketInterface:
        market: Any = self.market(symbol)
        if not market["swap"]:
            raise BadSymbol(
                f"{self.id} {method}() takes perpetuals such as 'SOL/USDC:USDC', "
                f"and {symbol} is a {market['type']} market"
            )
        perpetual: MarketInterface = market
        return perpetual

    def _row_of(self, answer: Any, market: MarketInterface, method: str) -> Payload:
        for row in rows_in(answer, f"{self.id} {method}()"):
            if row.get("symbol") == market["id"]:
                return row
        raise NullResponse(f"{self.id} {method}(): the venue says nothing about {market['symbol']}")
