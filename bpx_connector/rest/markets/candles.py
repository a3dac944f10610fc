"""Unified methods: candles.

The venue takes a start, an end and no limit, says nothing of the longest span, and leaves open whether it
counts the end in. So the span is ours: never more than KLINES_LIMIT candles at once, asked for a little wide
and cut to what the caller wants.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ccxt.base.types import MarketInterface

from bpx_connector.aliases import Params
from bpx_connector.flow import Flow, flow
from bpx_connector.parse.markets.candles import ParseCandles, candle_rows, candles, opened_at, was_traded
from bpx_connector.rest.arguments import checked_limit, checked_time, checked_word, prices_of, until_of
from bpx_connector.rest.reading import read_by
from bpx_connector.venue.description import KLINES_LIMIT
from bpx_connector.venue.words import PRICE_TYPE_ID, TIMEFRAME

__all__ = ["Candles"]

DEFAULT_CANDLES = 100

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
UNIT = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY, "M": 31 * DAY}
LENGTH = {timeframe: int(timeframe[:-1]) * UNIT[timeframe[-1]] for timeframe in TIMEFRAME}
"""Milliseconds of each timeframe, of a month the longest."""


class Asked(NamedTuple):
    """Candles of one market, wherever they are in time."""

    market: MarketInterface
    timeframe: str
    params: Params


def shortest_timeframe(timeframe: str, span: int) -> str:
    """The shortest timeframe, from the one given upwards, whose candles cover `span` in one answer."""
    longer = [name for name, length in LENGTH.items() if length >= LENGTH[timeframe]]
    return next((name for name in longer if LENGTH[name] * KLINES_LIMIT >= span), longer[-1])


class Candles(ParseCandles):
    """Candles of traded, mark and index prices."""

    @flow
    def fetch_ohlcv(
        self,
        symbol: str,
        timeframe: str = "1m",
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[list[Any]]]:
        """Candles, oldest first: open time, open, high, low, close, base volume.

        With `since` the first `limit` candles that opened at or after it (1,000 without a limit), else the
        newest `limit` (100 without one); 1,000 at most at once. A period without trades has no candle, and
        where no candle follows the answer is [].

        The venue answers with closed candles: the running one has been seen to be missing although it had
        traded, and an answer can be a minute old. Where the running candle is there, it is the last one and
        still changes.

        https://docs.backpack.exchange/#tag/Markets/operation/get_klines

        params: `until`, the latest open time in milliseconds; `price`, 'last' (default), 'mark' or
        'index'; `source` Venue or External, the latter for stocks; `paginate`, True for more than one call's
        worth; `searchForward`, False to get [] for an empty span after `since` instead of the first candles
        that follow it.
        """
        call = f"{self.id} fetchOHLCV()"
        checked_word(call, "timeframe", timeframe, TIMEFRAME)
        first, count = checked_time(call, "since", since), checked_limit(call, limit)
        paginate, params = self.handle_option_and_params(params, "fetchOHLCV", "paginate", False)
        if paginate:
            one_span = {"searchForward": False, **params}
            paginated: list[list[Any]] = yield self.fetch_paginated_call_deterministic(
                "fetchOHLCV", symbol, first, count, timeframe, one_span, KLINES_LIMIT
            )
            return paginated
        until, params = until_of(call, params, first)
        search, params = self.handle_option_and_params(params, "fetchOHLCV", "searchForward", True)
        price = checked_word(call, "price", params.get("price", "last"), PRICE_TYPE_ID)
        rest = {name: value for name, value in params.items() if name != "price"}
        if price != "last":
            rest = {"priceType": PRICE_TYPE_ID[price], **rest}
        yield self.load_markets()
        asked = Asked(self.market(symbol), timeframe, rest)
        if first is None:
            most = min(count or DEFAULT_CANDLES, KLINES_LIMIT)
            found: list[list[Any]] = yield self._newest(asked, most, until)
        else:
            most = min(count or KLINES_LIMIT, KLINES_LIMIT)
            found = yield self._following(asked, first, most, until, search)
        return found

    @flow
    def _newest(self, asked: Asked, limit: int, until: int | None) -> Flow[list[list[Any]]]:
        length = LENGTH[asked.timeframe]
        latest = int(self.nonce()) if until is None else until
        rows = yield self._klines(asked, latest - limit * length, None if until is None else until + length)
        return [candle for candle in candles(rows, self.number) if candle[0] <= latest][-limit:]

    @flow
    def _following(
        self, asked: Asked, since: int, limit: int, until: int | None, search: bool
    ) -> Flow[list[list[Any]]]:
        length = LENGTH[asked.timeframe]
        now = int(self.nonce())
        last = now if until is None else min(now, until)
        wanted: list[list[Any]] = []
        start: int | None = since
        while start is not None and start <= last:
            # One more than asked for: `start` may lie within a candle, which then opened before it.
            end = start + limit * length + (length if start % length else 0)
            found = yield self._klines(asked, start, min(end, last + length))
            wanted = [candle for candle in candles(found, self.number) if since <= candle[0] <= last][:limit]
            if wanted or not search or end > last:
                break
            start = yield self._next_open(asked, end, last)
        return wanted

    @flow
    def _next_open(self, asked: Asked, since: int, last: int) -> Flow[int | None]:
        """When the first candle with trades at or after `since` opened. Longer candles show where to look."""
        final = last + 1
        reach = LENGTH[asked.timeframe]  # so long before a trade its candle may have opened
        start, end = since, final
        while start < final:
            timeframe = shortest_timeframe(asked.timeframe, end - start)
            length, is_asked = LENGTH[timeframe], timeframe == asked.timeframe
            rows = yield self._klines(asked._replace(timeframe=timeframe), start, end)
            opens = (opened_at(row) for row in rows if was_traded(row))
            opened = next((one for one in opens if (one if is_asked else one + length - 1) >= start), None)
            if opened is not None and is_asked:
                return opened if opened <= last else None
            if opened is not None:
                start, end = max(start, opened - reach), min(final, opened + length)
            elif end != final:  # all its trades were before `since`
                start, end = end if is_asked else max(start, end - reach), final
            elif is_asked:
                return None
            else:
                start = max(
                    start, end - length - reach
                )  # the running candle may be missing: look at shorter ones
        return None

    @flow
    def _klines(self, asked: Asked, start: int, end: int | None) -> Flow[list[Any]]:
        request = {
            **prices_of(asked.market),
            "interval": TIMEFRAME[asked.timeframe],
            "startTime": max(0, start) // SECOND,
        }
        if end is not None:
            request["endTime"] = -(-end // SECOND)
        reader = candle_rows(self.number)
        with read_by(reader.decode):
            rows = yield self.public_get_api_v1_klines({**request, **asked.params})
        read: list[Any] = reader.of(rows)
        return read

    @flow
    def fetch_mark_ohlcv(
        self,
        symbol: str,
        timeframe: str = "1m",
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[list[Any]]]:
        """Candles of the mark price, as `fetch_ohlcv` with `price='mark'`.

        https://docs.backpack.exchange/#tag/Markets/operation/get_klines
        """
        rows: list[list[Any]] = yield self.fetch_ohlcv(
            symbol, timeframe, since, limit, {**params, "price": "mark"}
        )
        return rows

    @flow
    def fetch_index_ohlcv(
        self,
        symbol: str,
        timeframe: str = "1m",
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[list[Any]]]:
        """Candles of the index price, as `fetch_ohlcv` with `price='index'`.

        https://docs.backpack.exchange/#tag/Markets/operation/get_klines
        """
        rows: list[list[Any]] = yield self.fetch_ohlcv(
            symbol, timeframe, since, limit, {**params, "price": "index"}
        )
        return rows
