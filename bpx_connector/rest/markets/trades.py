"""Unified methods: public trades.

The venue serves them newest first and knows no times: only how many trades back to begin. It numbers the
trades of a market one by one, so the place of a trade whose id is known is reckoned: the newest id less its
own. Where only a time is known its place is searched for, at first where the trades would be if they came
evenly. A page too many is read rather than a trade lost, because places move whenever somebody trades.
"""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, NamedTuple

from ccxt.base.types import Trade

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.parse.markets.trades import public_trades, trade_moment
from bpx_connector.parse.overriding import is_overridden
from bpx_connector.parse.rows import Row, rows_in
from bpx_connector.parse.trading.in_time import oldest_first
from bpx_connector.parse.trading.trades import ParseTrades
from bpx_connector.rest.asking.arguments import refuse_without_book, whole_number_of
from bpx_connector.rest.asking.histories import Span, asked_span
from bpx_connector.rest.asking.params import pages_of

__all__ = ["PAGE_OF_MANY", "Trades"]

PAGE = 1000
"""Trades an answer holds at most."""

SPARE = 100
"""Trades that an answer has room for beside those of a page: so many may come while a page is on its way, and
the next one is still found by the newest id of the page before."""

PAGE_OF_MANY = PAGE - SPARE
DEFAULT_TRADES = 100
NEAR_ENOUGH = 500
"""A place this near is found by reading on."""

SOON_AFTER = 1000
"""Milliseconds after the last trade of a page in which the next one is looked for right behind it."""

MOST_PROBES = 40
MARKETS_REMEMBERED = 200

_log = logging.getLogger(__name__)


class Page(NamedTuple):
    """The times and ids of trades that follow one another, oldest first, and the newest id there was."""

    times: list[int]
    ids: list[int]
    newest_id: int | None

    def first_id_at(self, time: int) -> int | None:
        """The id of the first trade at or after a time, if it is among these or right behind them."""
        if not self.times or not self.times[0] < time <= self.times[-1] + SOON_AFTER:
            return None
        place = bisect_left(self.times, time)
        return self.ids[place] if place < len(self.ids) else self.ids[-1] + 1


class Trades(ParseTrades):
    """Public trades, recent and old."""

    _pages_read: dict[str, Page] | None = None

    @flow
    def fetch_trades(
        self, symbol: str, since: int | None = None, limit: int | None = None, params: Params = {}
    ) -> Flow[list[Trade]]:
        """Trades of one market, oldest first.

        With `since` the first `limit` trades at or after it (1,000 without a limit), else the newest `limit`
        (100 without one). The newest 1,000 take one request; trades further back come from the history, which
        the venue serves 30 times a minute: one request for each 1,000 where a page follows the one before,
        and a few more to find a time for the first time.

        https://docs.backpack.exchange/#tag/Trades/operation/get_recent_trades
        https://docs.backpack.exchange/#tag/Trades/operation/get_historical_trades

        params: `until`, the latest time in milliseconds; `offset` for a page of the history of one's own;
        `paginate` True reads from `since` to the end, or as many pages as `paginationCalls` says.
        """
        call = f"{self.id} fetchTrades()"
        calls, params = pages_of(call, params)
        span, params = asked_span(call, since, limit, params)
        if self.markets is None:
            yield self.load_markets()
        market = self.market(symbol)
        refuse_without_book(call, market)
        request = {"symbol": market["id"], **params}
        if span.is_whole and span.since is not None and span.limit is None:
            rows = yield from self._all_trades(call, request, span, whole_number_of(calls))
        else:
            rows = yield from self._trades_asked(call, request, span)
        trades = self._public_trades(rows, market)
        if "offset" in request:
            return trades
        if span.is_whole and span.limit is None:
            return [trade for trade in trades if span.holds(trade["timestamp"])]
        usual = PAGE if span.since is not None else DEFAULT_TRADES
        return Span(span.since, span.limit or usual, span.until).cut(trades, lambda one: one["timestamp"])

    def _public_trades(self, rows: Sequence[Payload], market: Any) -> list[Trade]:
        trades: Any
        if is_overridden(self, "parse_trades"):
            trades = self.parse_trades(list(rows), market)
        elif is_overridden(self, "parse_trade"):
            own: Any = [self.parse_trade(row, market) for row in reversed(rows)]
            trades = oldest_first(own, None, None, None)
        else:
            trades = public_trades(rows, market["symbol"], self.number)
        parsed: list[Trade] = trades
        return parsed

    def _trades_asked(self, call: str, request: Params, span: Span) -> Flow[list[Payload]]:
        """Rows that hold what is asked for and perhaps more, newest first."""
        count = span.limit or (PAGE if span.since is not None else DEFAULT_TRADES)
        if "offset" in request:
            return (yield from self._history_page(call, {"limit": min(count, PAGE), **request}))
        if span.since is not None:
            return (yield from self._trades_from(call, request, span.since, count))
        if span.until is not None:
            place = yield from self._place_of(call, request, span.until + 1)
            return (yield from self._older_trades(call, request, place, count + NEAR_ENOUGH))
        return (yield from self._newest_trades(call, request, count))

    def _all_trades(
        self, call: str, request: Params, span: Span, most_calls: int | None
    ) -> Flow[list[Payload]]:
        """The rows from `since` on, page by page, to the end or to `until`, newest first."""
        rows: list[Payload] = []
        time, calls = span.since or 0, 0
        while most_calls is None or calls < most_calls:
            page = yield from self._trades_from(call, request, time, PAGE_OF_MANY)
            calls += 1
            within = [row for row in reversed(page) if time <= (trade_moment(row) or 0)]
            oldest = sorted(within, key=lambda row: trade_moment(row) or 0)[:PAGE_OF_MANY]
            rows = _without_repeats([*reversed(oldest), *rows])
            last = (trade_moment(oldest[-1]) or time) if oldest else time
            if len(within) < PAGE_OF_MANY or last <= time or (span.until is not None and last > span.until):
                return [row for row in rows if span.holds(trade_moment(row))]
            time = last
        _log.info("%s: %d trades in %d pages, there are more; set paginationCalls", call, len(rows), calls)
        return [row for row in rows if span.holds(trade_moment(row))]

    def _history_page(self, call: str, request: Params) -> Flow[list[Payload]]:
        return rows_in((yield self.public_get_api_v1_trades_history(request)), call)

    def _newest_trades(self, call: str, request: Params, count: int) -> Flow[list[Payload]]:
        if count > PAGE:
            return (yield from self._older_trades(call, request, 0, count))
        return rows_in((yield self.public_get_api_v1_trades({**request, "limit": count})), call)

    def _trades_from(self, call: str, request: Params, since: int, count: int) -> Flow[list[Payload]]:
        """The first `count` trades at or after a time, and some around them."""
        page = self._page_read(request)
        if page is not None and count <= PAGE_OF_MANY:
            rows = yield from self._page_behind(call, request, page, since, count)
            if rows:
                return rows
        newest = yield from self._newest_trades(call, request, PAGE)
        newest_id = _identity(newest[0]) if newest else None
        if len(newest) < PAGE or (trade_moment(newest[-1]) or 0) < since:
            self._remember(request, newest, newest_id)
            return newest
        first_id = None if page is None else page.first_id_at(since)
        if first_id is not None and newest_id is not None:
            place = newest_id - first_id + 1
        else:
            place = (yield from self._place_of(call, request, since, newest)) + NEAR_ENOUGH
        begin = max(0, place - (NEAR_ENOUGH if first_id is None else 0) - count)
        rows = yield from self._older_trades(call, request, begin, place - begin, since, first_id)
        found = sum((trade_moment(row) or 0) >= since for row in rows)
        if found < count and begin > 0:  # ids that nobody has: there are more of the newer ones to be had
            newer = yield from self._older_trades(call, request, max(0, begin - count), count, None)
            rows = _without_repeats([*newer, *rows])
        self._remember(request, rows, newest_id, since, count)
        return rows

    def _page_behind(
        self, call: str, request: Params, page: Page, since: int, count: int
    ) -> Flow[list[Payload]]:
        """The same in one request, if these trades follow a page that was read just now; else nothing."""
        first_id, newest_id = page.first_id_at(since), page.newest_id
        if first_id is None or newest_id is None or newest_id - first_id < count + PAGE:
            return []
        begin = newest_id - first_id + 1 - count
        rows = yield from self._history_page(call, {**request, "limit": count + SPARE, "offset": begin})
        newest, oldest = (_identity(rows[0]), _identity(rows[-1])) if rows else (None, None)
        found = sum((trade_moment(row) or 0) >= since for row in rows)
        if newest is None or oldest is None or oldest > first_id or found < count:
            return []  # too many have come meanwhile, or ids are missing
        self._remember(request, rows, newest + begin, since, count)
        return rows

    def _place_of(self, call: str, request: Params, time: int, newest: Sequence[Payload] = ()) -> Flow[int]:
        """How many trades back the first one before `time` is, NEAR_ENOUGH at most too few.

        It lies between a place at or after that time and one before it. By turns it is looked for where it
        would be if trades came evenly, and in the middle.
        """
        near, near_time = 0, trade_moment(newest[0]) if newest else None
        far, far_time = PAGE, trade_moment(newest[-1]) if newest else None
        is_bounded = False
        for turn in range(MOST_PROBES):
            if is_bounded and far - near <= NEAR_ENOUGH:
                break
            place = _likely_place(near, near_time, far, far_time, time, is_bounded, turn)
            [row] = (yield from self._history_page(call, {**request, "limit": 1, "offset": place}))[:1] or [
                {}
            ]
            moment = trade_moment(row)
            if moment is not None and moment >= time:
                near, near_time = place, moment
                if not is_bounded:
                    far, far_time = max(far, 2 * place), None
            else:
                far, far_time, is_bounded = place, moment, True
        return near

    def _older_trades(
        self,
        call: str,
        request: Params,
        place: int,
        count: int,
        since: int | None = None,
        first_id: int | None = None,
    ) -> Flow[list[Payload]]:
        """At least `count` trades from a place on, and on until one is before `since` or is the first."""
        rows: list[Payload] = []
        while True:
            left = count - len(rows)
            size = PAGE if first_id is None or left <= 0 else min(PAGE, left)
            page = yield from self._history_page(
                call, {**request, "limit": size, "offset": place + len(rows)}
            )
            rows += page
            if len(page) < size or (len(rows) >= count and _is_far_enough(rows[-1], since, first_id)):
                return _without_repeats(rows)

    # --- what was read before ----------------------------------------------------------------------------

    def _page_read(self, request: Params) -> Page | None:
        return (self._pages_read or {}).get(str(request["symbol"]))

    def _remember(
        self,
        request: Params,
        rows: Sequence[Payload],
        newest_id: int | None,
        since: int = 0,
        count: int = PAGE,
    ) -> None:
        """Keep where the trades are that a caller gets, so that the page after them is found at once."""
        told = [
            (time, identity) for row in rows if (time := trade_moment(row)) and (identity := _identity(row))
        ]
        told.sort()
        start = bisect_left(told, (since, 0))
        kept = told[max(0, start - 1) : start + count]
        if self._pages_read is None:
            self._pages_read = {}
        self._pages_read.pop(str(request["symbol"]), None)
        self._pages_read[str(request["symbol"])] = Page(
            [one for one, _ in kept], [one for _, one in kept], newest_id
        )
        if len(self._pages_read) > MARKETS_REMEMBERED:
            del self._pages_read[next(iter(self._pages_read))]


def _likely_place(
    near: int,
    near_time: int | None,
    far: int,
    far_time: int | None,
    time: int,
    is_bounded: bool,
    turn: int,
) -> int:
    """Where to look next."""
    place = (near + far) // 2 if is_bounded else far
    if near_time is not None and far_time is not None and near_time > far_time and (turn % 3 < 2):
        place = near + round((near_time - time) / (near_time - far_time) * (far - near))
        place += 0 if is_bounded else NEAR_ENOUGH // 2
    if is_bounded:
        edge = min(NEAR_ENOUGH // 2, (far - near) // 2)
        return max(near + edge, min(far - edge, place))
    return max(far, place)


def _is_far_enough(row: Payload, since: int | None, first_id: int | None) -> bool:
    if since is None or (trade_moment(row) or 0) < since:
        return True
    identity = _identity(row)
    return first_id is not None and identity is not None and identity <= first_id


def _identity(row: Payload) -> int | None:
    return Row(row).whole("id")


def _without_repeats(rows: Sequence[Payload]) -> list[Payload]:
    """The rows without those that a new trade pushed from one page onto the next. Ids may be missing."""
    seen = set()
    kept = []
    for row in rows:
        identity = _identity(row)
        if identity is None or identity not in seen:
            seen.add(identity)
            kept.append(row)
    return kept
