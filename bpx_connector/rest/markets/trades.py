"""Unified methods: public trades.

The venue serves them newest first and knows no times: only how many trades back to begin. To begin at a time,
its place is searched for by halves; a page too many is read rather than a trade lost, because places move
whenever somebody trades.
"""

from __future__ import annotations

from ccxt.base.types import Trade

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.parse.markets.trades import public_trades
from bpx_connector.parse.trades import ParseTrades
from bpx_connector.rest.arguments import checked_limit, checked_time, until_of

__all__ = ["Trades"]

PAGE = 1000
"""Trades an answer holds at most."""

DEFAULT_TRADES = 100
FOREVER = float("inf")
NEAR_ENOUGH = 500
"""A place this near is found by reading on."""


class Trades(ParseTrades):
    """Public trades, recent and old."""

    @flow
    def fetch_trades(
        self, symbol: str, since: int | None = None, limit: int | None = None, params: Params = {}
    ) -> Flow[list[Trade]]:
        """Trades of one market, oldest first.

        With `since` the first `limit` trades at or after it (1,000 without a limit), else the newest `limit`
        (100 without one). The newest 1,000 take one request; trades further back are looked for in the
        history, which the venue serves 30 times a minute.

        https://docs.backpack.exchange/#tag/Trades/operation/get_recent_trades
        https://docs.backpack.exchange/#tag/Trades/operation/get_historical_trades

        params: `until`, the latest time in milliseconds.
        """
        call = f"{self.id} fetchTrades()"
        since, limit = checked_time(call, "since", since), checked_limit(call, limit)
        until, params = until_of(call, params, since)
        yield self.load_markets()
        market = self.market(symbol)
        request = {"symbol": market["id"], **params}
        if since is not None:
            rows = yield self._trades_from(request, since, limit or PAGE)
        elif until is not None:
            place = yield self._place_of(request, until + 1)
            rows = yield self._older_trades(request, place, (limit or DEFAULT_TRADES) + NEAR_ENOUGH)
        else:
            rows = yield self._newest_trades(request, limit or DEFAULT_TRADES)
        if since is not None or until is not None:
            earliest, latest = since or 0, FOREVER if until is None else until
            rows = [row for row in rows if earliest <= row["timestamp"] <= latest]
        trades = public_trades(rows, market["symbol"], self.number)
        if since is not None:
            return trades[: limit or PAGE]
        return trades[-(limit or DEFAULT_TRADES) :]

    @flow
    def _newest_trades(self, request: Params, count: int) -> Flow[list[Payload]]:
        rows: list[Payload]
        if count > PAGE:
            rows = yield self._older_trades(request, 0, count)
        else:
            rows = yield self.public_get_api_v1_trades({**request, "limit": count})
        return rows

    @flow
    def _trades_from(self, request: Params, since: int, count: int) -> Flow[list[Payload]]:
        rows: list[Payload] = yield self._newest_trades(request, PAGE)
        if len(rows) < PAGE or rows[-1]["timestamp"] < since:
            return rows
        place = (yield self._place_of(request, since)) + NEAR_ENOUGH
        first = max(0, place - NEAR_ENOUGH - count)
        older: list[Payload] = yield self._older_trades(request, first, place - first, since)
        return older

    @flow
    def _place_of(self, request: Params, time: int) -> Flow[int]:
        """How many trades back the first one before `time` is, NEAR_ENOUGH at most too few."""
        near, far = 0, PAGE
        while (yield self._is_at_or_after(request, far, time)):
            near, far = far, far * 2
        while far - near > NEAR_ENOUGH:
            middle = (near + far) // 2
            if (yield self._is_at_or_after(request, middle, time)):
                near = middle
            else:
                far = middle
        return near

    @flow
    def _is_at_or_after(self, request: Params, place: int, time: int) -> Flow[bool]:
        rows = yield self.public_get_api_v1_trades_history({**request, "limit": 1, "offset": place})
        return bool(rows) and rows[0]["timestamp"] >= time

    @flow
    def _older_trades(
        self, request: Params, place: int, count: int, since: int | None = None
    ) -> Flow[list[Payload]]:
        """At least `count` trades from a place on, and on until one is before `since`, newest first."""
        rows: list[Payload] = []
        while True:
            page = yield self.public_get_api_v1_trades_history(
                {**request, "limit": PAGE, "offset": place + len(rows)}
            )
            rows += page
            is_far_enough = since is None or (bool(rows) and rows[-1]["timestamp"] < since)
            if len(page) < PAGE or (len(rows) >= count and is_far_enough):
                return _without_repeats(rows)


def _without_repeats(rows: list[Payload]) -> list[Payload]:
    """The rows without those that a new trade pushed from one page onto the next. Ids may be missing."""
    seen = set()
    kept = []
    for row in rows:
        identity = row.get("id")
        if identity is None or identity not in seen:
            seen.add(identity)
            kept.append(row)
    return kept
