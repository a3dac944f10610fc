"""Unified methods: candles.

The venue takes a start, an end and no limit, says nothing of the longest span, and leaves open whether it
counts the end in. So the span is ours: never more than KLINES_LIMIT candles at once, asked for a little wide
and cut to what the caller wants.
"""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

from ccxt.base.types import MarketInterface

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.parse.markets.candles import (
    ParseCandles,
    candle_rows,
    candles,
    opened_at,
    read_candles,
    was_traded,
)
from bpx_connector.parse.numbers import iso8601
from bpx_connector.parse.overriding import is_overridden
from bpx_connector.parse.rows import rows_in
from bpx_connector.rest.asking.arguments import checked_flag, checked_word, prices_of, whole_number_of
from bpx_connector.rest.asking.histories import Span, asked_span
from bpx_connector.rest.asking.params import pages_of, taken
from bpx_connector.venue.description import KLINES_LIMIT
from bpx_connector.venue.words import PRICE_TYPE_ID, TIMEFRAME

__all__ = ["Candles"]

DEFAULT_CANDLES = 100

MOST_LOOKS = 16
"""Requests for which trades are looked for where there seem to be none; the venue serves 30 a minute."""

CUT = "%s fetchOHLCV() read %d pages, up to %s: there may be more; paginationCalls says how many pages"
LOOKED = "%s fetchOHLCV() looked %d times for candles after %s and found none"

OHLCV = list[Any]

_log = logging.getLogger(__name__)

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
UNIT = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY, "M": 31 * DAY}
LENGTH = {timeframe: int(timeframe[:-1]) * UNIT[timeframe[-1]] for timeframe in TIMEFRAME}
"""Milliseconds of each timeframe, of a month the longest."""


class Kept:
    """A row that was read, beside what the venue sent."""

    def __init__(self, payload: Payload, read: Any) -> None:
        self.payload = payload
        self.start = read.start
        self.open = read.open


class Series(NamedTuple):
    """Candles of one market, wherever they are in time."""

    market: MarketInterface
    timeframe: str
    params: Params


def shortest_timeframe(timeframe: str, span: int) -> str:
    """The shortest timeframe, from the one given upwards, whose candles cover `span` in one answer."""
    longer = [name for name, length in LENGTH.items() if length >= LENGTH[timeframe]]
    return next((name for name in longer if LENGTH[name] * KLINES_LIMIT >= span), longer[-1])


def _from_near_to_far(timeframe: str) -> list[str]:
    """Timeframes from this one on, none longer than a full answer of the one before it."""
    ladder = [timeframe]
    while True:
        most = KLINES_LIMIT * LENGTH[ladder[-1]]
        longest = max((name for name in LENGTH if LENGTH[name] <= most), key=LENGTH.__getitem__)
        if LENGTH[longest] <= LENGTH[ladder[-1]]:
            return ladder
        ladder.append(longest)


def _opens(rows: list[Any], until: int | None) -> list[int]:
    """When those candles opened that had trades, up to `until`."""
    opens = (opened_at(row) for row in rows if was_traded(row))
    return [opened for opened in opens if until is None or opened <= until]


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
    ) -> Flow[list[OHLCV]]:
        """Candles, oldest first: open time, open, high, low, close, base volume.

        With `since` the first `limit` candles that opened at or after it (1,000 without a limit), else the
        newest `limit` (100 without one); 1,000 at most at once. A period without trades has no candle, and
        where no candle follows the answer is [].

        The venue answers with closed candles: the running one has been seen to be missing although it had
        traded, and an answer can be a minute old. Where the running candle is there, it is the last one and
        still changes.

        https://docs.backpack.exchange/#tag/Markets/operation/get_klines

        params: `until`, the latest open time in milliseconds; `price`, 'last' (default), 'mark' or
        'index'; `source` Venue or External, the latter for stocks; `paginate`, True for all that there is
        from `since` on (or `limit` of it), in as many calls as that takes, or as `paginationCalls` allows;
        `searchForward`, False to get [] for an empty span after `since` instead of the first candles that
        follow it.
        """
        call = f"{self.id} fetchOHLCV()"
        checked_word(call, "timeframe", timeframe, TIMEFRAME)
        own_calls, params = pages_of(call, params)
        is_whole, params = self._flag("paginate", False, params)
        is_searching, params = self._flag("searchForward", True, params)
        calls, params = self.handle_option_and_params(params, "fetchOHLCV", "paginationCalls")
        calls = calls if own_calls is None else own_calls
        span, params = asked_span(call, since, limit, params)
        price, rest = taken(params, "price")
        price = "last" if price is None else checked_word(call, "price", price, PRICE_TYPE_ID)
        if price != "last":
            rest = {"priceType": PRICE_TYPE_ID[price], **rest}
        if self.markets is None:
            yield self.load_markets()
        asked = Series(self.market(symbol), timeframe, rest)
        most = min(span.limit or KLINES_LIMIT, KLINES_LIMIT)
        if is_whole:
            return (yield from self._pages(asked, span, whole_number_of(calls)))
        if span.since is None:
            return (
                yield from self._newest(asked, min(span.limit or DEFAULT_CANDLES, KLINES_LIMIT), span.until)
            )
        return (yield from self._following(asked, span.since, most, span.until, is_searching))

    def _flag(self, name: str, usual: bool, params: Params) -> tuple[bool, Params]:
        value, rest = self.handle_option_and_params(params, "fetchOHLCV", name, usual)
        return checked_flag(f"{self.id} fetchOHLCV()", name, value), rest

    def _pages(self, asked: Series, span: Span, most_calls: int | None) -> Flow[list[OHLCV]]:
        """All candles of a span, forward from `since`; without one the newest `limit`."""
        length = LENGTH[asked.timeframe]
        now = int(self.nonce())
        last = now if span.until is None else min(now, span.until)
        start = span.since
        if start is None:
            limit = span.limit or DEFAULT_CANDLES
            newest = yield from self._newest(asked, min(limit, KLINES_LIMIT), span.until)
            if limit <= KLINES_LIMIT or not newest:
                return newest
            last = newest[-1][0]
            start = max(0, last - (limit - 1) * length)
        found: list[OHLCV] = []
        calls = 0
        while start <= last and (span.since is None or len(found) < (span.limit or len(found) + 1)):
            if most_calls is not None and calls >= most_calls:
                reached = iso8601(start)
                _log.info(
                    "%s fetchOHLCV() read %d pages, up to %s; set paginationCalls", self.id, calls, reached
                )
                break
            # Up to where the next page starts, and no further: an answer may hold a candle more than a page.
            following = start + KLINES_LIMIT * length
            found += yield from self._following(
                asked, start, KLINES_LIMIT, min(last, following - 1), is_searching=False
            )
            start = following
            calls += 1
        return span.cut(found, lambda candle: candle[0])

    def _newest(self, asked: Series, limit: int, until: int | None) -> Flow[list[OHLCV]]:
        """The newest candles: by the clock, or where a market has not traded so lately, by its last trade.

        One period more is asked for than wanted: whether the running candle is there is the venue's choice
        (a capture lacks it although it had traded), and without it the newest begin a period earlier.
        """
        length = LENGTH[asked.timeframe]
        latest = int(self.nonce()) if until is None else until
        end = None if until is None else until + length
        rows = yield from self._klines(asked, latest - (limit + 1) * length, end)
        opens = _opens(rows, until)
        if not opens or (len(opens) < limit and not asked.market["active"]):
            last = max(opens) if opens else (yield from self._last_open(asked, latest, until))
            if last is None:
                return []
            rows = yield from self._klines(asked, last - (limit - 1) * length, last + length)
        found = self._candles(asked, rows)
        return [candle for candle in found if until is None or candle[0] <= until][-limit:]

    def _last_open(self, asked: Series, latest: int, until: int | None) -> Flow[int | None]:
        """When the last candle with trades opened. Longer candles show where to look.

        From near to far: of a longer candle that is still running the venue may say nothing, but its time has
        been looked through by then.
        """
        timeframe, opens = asked.timeframe, list[int]()
        for timeframe in _from_near_to_far(asked.timeframe):
            length = LENGTH[timeframe]
            start, end = max(0, latest - KLINES_LIMIT * length), latest + length
            rows = yield from self._klines(asked._replace(timeframe=timeframe), start, end)
            if opens := _opens(rows, until):
                break
        for _ in range(MOST_LOOKS):
            if not opens or timeframe == asked.timeframe:
                return max(opens, default=None)
            start, end = max(opens), max(opens) + LENGTH[timeframe]
            timeframe = shortest_timeframe(asked.timeframe, end - start)
            opens = _opens((yield from self._klines(asked._replace(timeframe=timeframe), start, end)), until)
        return None

    def _following(
        self, asked: Series, since: int, limit: int, until: int | None, is_searching: bool
    ) -> Flow[list[OHLCV]]:
        length = LENGTH[asked.timeframe]
        now = int(self.nonce())
        last = now if until is None else min(now, until)
        wanted: list[OHLCV] = []
        start: int | None = since
        while start is not None and start <= last:
            # One more than asked for: `start` may lie within a candle, which then opened before it.
            end = start + limit * length + (length if start % length else 0)
            rows = yield from self._klines(asked, start, min(end, last + length))
            wanted = [one for one in self._candles(asked, rows) if since <= one[0] <= last][:limit]
            if wanted or not is_searching or end > last:
                break
            start = yield from self._next_open(asked, end, last)
        return wanted

    def _next_open(self, asked: Series, since: int, last: int) -> Flow[int | None]:
        """When the first candle with trades at or after `since` opened. Longer candles show where to look."""
        final = last + 1
        reach = LENGTH[asked.timeframe]  # so long before a trade its candle may have opened
        start, end = since, final
        misses = 0  # longer candles had trades, and those asked for are not kept so long
        for _ in range(MOST_LOOKS):
            if start >= final:
                return None
            timeframe = shortest_timeframe(asked.timeframe, end - start)
            length, is_asked = LENGTH[timeframe], timeframe == asked.timeframe
            rows = yield from self._klines(asked._replace(timeframe=timeframe), start, end)
            opens = (opened_at(row) for row in rows if was_traded(row))
            opened = next((one for one in opens if (one if is_asked else one + length - 1) >= start), None)
            if opened is not None and is_asked:
                return opened if opened <= last else None
            if opened is not None:
                start, end = max(start, opened - reach), min(final, opened + length)
            elif end != final and is_asked:  # all its trades were before `since`
                misses += 1
                start, end = end, final if misses < 2 else min(final, end + KLINES_LIMIT * length)
            elif end != final:
                start, end = max(start, end - reach), final
            elif is_asked:
                return None
            else:  # the running candle may be missing: look at shorter ones
                start = max(start, end - length - reach)
        _log.info(
            "%s fetchOHLCV() has looked %d times for candles after %s", self.id, MOST_LOOKS, iso8601(since)
        )
        return None

    def _klines(self, asked: Series, start: int, end: int | None) -> Flow[list[Any]]:
        request = {
            **prices_of(asked.market),
            "interval": TIMEFRAME[asked.timeframe],
            "startTime": max(0, start) // SECOND,
        }
        if end is not None:
            request["endTime"] = -(-end // SECOND)
        if self._has_own_parser():  # which wants the venue's own rows
            answer = yield self.public_get_api_v1_klines({**request, **asked.params})
            rows = rows_in(answer, f"{self.id} fetchOHLCV()")
            return [Kept(row, read) for row in rows for read in read_candles([row], self.number)]
        decode = candle_rows(self.number).decode
        answer = yield self.request(
            "api/v1/klines", ["public"], "GET", {**request, **asked.params}, config={"decode": decode}
        )
        return read_candles(answer, self.number)

    def _has_own_parser(self) -> bool:
        return is_overridden(self, "parse_ohlcv") or is_overridden(self, "parse_ohlcvs")

    def _candles(self, asked: Series, rows: list[Any]) -> list[OHLCV]:
        """Candles of rows that were read."""
        if not self._has_own_parser():
            return candles(rows, self.number)
        if is_overridden(self, "parse_ohlcvs"):
            traded = [row.payload for row in rows if was_traded(row)]
            parsed: list[OHLCV] = self.parse_ohlcvs(traded, asked.market, asked.timeframe)
            return parsed
        return [self.parse_ohlcv(row.payload, asked.market) for row in rows if was_traded(row)]

    @flow
    def fetch_mark_ohlcv(
        self,
        symbol: str,
        timeframe: str = "1m",
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[OHLCV]]:
        """Candles of the mark price, as `fetch_ohlcv` with `price='mark'`.

        https://docs.backpack.exchange/#tag/Markets/operation/get_klines
        """
        rows: list[OHLCV] = yield self.fetch_ohlcv(
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
    ) -> Flow[list[OHLCV]]:
        """Candles of the index price, as `fetch_ohlcv` with `price='index'`.

        https://docs.backpack.exchange/#tag/Markets/operation/get_klines
        """
        rows: list[OHLCV] = yield self.fetch_ohlcv(
            symbol, timeframe, since, limit, {**params, "price": "index"}
        )
        return rows
