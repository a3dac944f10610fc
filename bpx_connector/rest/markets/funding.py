"""Unified methods: funding rates and open interest."""

from __future__ import annotations

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
from bpx_connector.parse.markets.funding import HOUR, ParseFunding
from bpx_connector.parse.numbers import milliseconds_of
from bpx_connector.rest.arguments import asked_symbols, checked_limit, checked_time, until_of
from bpx_connector.venue.description import FUNDING_RATES_LIMIT

__all__ = ["Funding"]

DEFAULT_RATES = 100


def _ended_at(row: Payload) -> int:
    ended = milliseconds_of(row["intervalEndTimestamp"])
    assert ended is not None, "the venue's funding intervals have an end"
    return ended


class Funding(ParseFunding):
    """Funding rates and open interest."""

    @flow
    def fetch_funding_rate(self, symbol: str, params: Params = {}) -> Flow[FundingRate]:
        """The rate of one perpetual's running interval: a fraction per interval, longs pay if positive.

        `fundingTimestamp` is when it will be paid; until then it changes.

        https://docs.backpack.exchange/#tag/Markets/operation/get_mark_prices
        """
        yield self.load_markets()
        market = self._perpetual("fetchFundingRate", symbol)
        rows = yield self.public_get_api_v1_markprices({"symbol": market["id"], **params})
        return self.parse_funding_rate(self._row_of(rows, market, "fetchFundingRate"), market)

    @flow
    def fetch_funding_rates(self, symbols: Strings = None, params: Params = {}) -> Flow[FundingRates]:
        """The rates of the running intervals of the perpetuals asked for, or of all open ones.

        https://docs.backpack.exchange/#tag/Markets/operation/get_mark_prices
        """
        yield self.load_markets()
        wanted = asked_symbols(self, f"{self.id} fetchFundingRates()", symbols, "swap")
        rows = yield self.public_get_api_v1_markprices(params)
        rates = (self.parse_funding_rate(row) for row in rows)
        return {str(one["symbol"]): one for one in rates if wanted is None or one["symbol"] in wanted}

    @flow
    def fetch_funding_interval(self, symbol: str, params: Params = {}) -> Flow[FundingRate]:
        """How often one perpetual pays funding, in `interval`: '1h'. The rates themselves are None.

        https://docs.backpack.exchange/#tag/Markets/operation/get_market
        """
        yield self.load_markets()
        market = self._perpetual("fetchFundingInterval", symbol)
        row = yield self.public_get_api_v1_market({"symbol": market["id"], **params})
        return self.parse_funding_rate(row, market)

    @flow
    def fetch_funding_intervals(self, symbols: Strings = None, params: Params = {}) -> Flow[FundingRates]:
        """How often the perpetuals asked for, or all of them, pay funding. The rates themselves are None.

        https://docs.backpack.exchange/#tag/Markets/operation/get_markets
        """
        yield self.load_markets()
        wanted = asked_symbols(self, f"{self.id} fetchFundingIntervals()", symbols, "swap")
        rows = yield self.public_get_api_v1_markets({"marketType": "PERP", **params})
        rates = (self.parse_funding_rate(row) for row in rows)
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
        since, limit = checked_time(call, "since", since), checked_limit(call, limit)
        until, params = until_of(call, params, since)
        yield self.load_markets()
        market = self._perpetual("fetchFundingRateHistory", symbol)
        now = int(self.nonce())
        latest = now if until is None else min(now, until)
        interval = int(market["info"].get("fundingInterval") or HOUR)
        earliest = latest - (limit or DEFAULT_RATES) * interval if since is None else since
        rows = yield self._rates_back_to(str(market["id"]), earliest, now, interval, params)
        settled = sorted((row for row in rows if earliest <= _ended_at(row) <= latest), key=_ended_at)
        wanted = settled[-(limit or DEFAULT_RATES) :] if since is None else settled[:limit]
        return [self.parse_funding_rate_history(row, market) for row in wanted]

    @flow
    def _rates_back_to(
        self, market_id: str, earliest: int, now: int, interval: int, params: Params
    ) -> Flow[list[Payload]]:
        """The rows of the running interval and of those before it, back to a time."""
        rows: dict[int, Payload] = {}
        offset = 0
        while True:
            # One row for the running interval and one for the interval that `earliest` lies in.
            count = min((now - earliest) // interval + 2 - offset, FUNDING_RATES_LIMIT)
            page = yield self.public_get_api_v1_fundingrates(
                {"symbol": market_id, "limit": max(count, 2), "offset": offset, **params}
            )
            rows.update({_ended_at(row): row for row in page})
            offset += len(page)
            if len(page) < max(count, 2) or _ended_at(page[-1]) < earliest:
                return list(rows.values())

    @flow
    def fetch_open_interest(self, symbol: str, params: Params = {}) -> Flow[OpenInterest]:
        """The open interest of one perpetual, in base units.

        https://docs.backpack.exchange/#tag/Markets/operation/get_open_interest
        """
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
        yield self.load_markets()
        wanted = asked_symbols(self, f"{self.id} fetchOpenInterests()", symbols)
        rows = yield self.public_get_api_v1_openinterest(params)
        interests = (self.parse_open_interest(row) for row in rows)
        return {str(one["symbol"]): one for one in interests if wanted is None or one["symbol"] in wanted}

    def _perpetual(self, method: str, symbol: str) -> MarketInterface:
        market: Any = self.market(symbol)
        if not market["swap"]:
            raise BadSymbol(
                f"{self.id} {method}() takes perpetuals such as 'SOL/USDC:USDC', "
                f"and {symbol} is a {market['type']} market"
            )
        perpetual: MarketInterface = market
        return perpetual

    def _row_of(self, rows: list[Payload], market: MarketInterface, method: str) -> Payload:
        for row in rows:
            if row["symbol"] == market["id"]:
                return row
        raise NullResponse(f"{self.id} {method}(): the venue says nothing about {market['symbol']}")
