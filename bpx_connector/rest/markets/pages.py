"""Histories page by page: a million trades as a thousand lists, of which a program holds one at a time.

`fetch_trades(..., {"paginate": True})` gives the same rows as one list, 1.6 GB of them. A page begins where
the one before has ended, by time, and what both hold is given once. On the blocking class `for`, on asyncio
`async for` goes through them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Hashable, Iterator, Sequence
from typing import Any

from ccxt.base.errors import ArgumentsRequired, BadRequest

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Params
from bpx_connector.rest.asking.arguments import checked_time
from bpx_connector.rest.markets.trades import PAGE_OF_MANY

__all__ = ["PagedHistories", "Pages", "Turning"]

PAGE = 1000
"""Rows a page holds at most."""

SECOND = 1000


class Turning:
    """Which page comes next, and which of its rows have not been here. Pure.

    `window` is the time that an answer can span (candles): an empty one says that nobody traded in it, and
    the next one is asked for. Without a window an answer with nothing new is the end.
    """

    def __init__(
        self,
        since: int,
        until: int,
        moment_of: Callable[[Any], int],
        identity_of: Callable[[Any], Hashable],
        window: int | None = None,
    ) -> None:
        self.since = since
        """Where the next page begins."""
        self.is_over = since > until
        self._until = until
        self._window = window
        self._moment_of = moment_of
        self._identity_of = identity_of
        self._seen: set[Hashable] = set()

    def take(self, rows: Sequence[Any]) -> list[Any]:
        """The rows of a page that are new and wanted, oldest first."""
        moment_of, identity_of, seen = self._moment_of, self._identity_of, self._seen
        within = [row for row in rows if self.since <= moment_of(row) <= self._until]
        new = [row for row in within if identity_of(row) not in seen]
        last = moment_of(within[-1]) if within else self.since
        if new and self._window is not None:  # of candles there is one a moment
            self.since = last + SECOND
        elif new and last > self.since:
            self._seen = {identity_of(row) for row in within if moment_of(row) == last}
            self.since = last
        elif new:  # a whole page of one moment: what follows it begins with the same rows
            self._seen |= {identity_of(row) for row in new}
        elif self._window is not None:
            self.since, self._seen = self.since + self._window, set()
        else:
            self.is_over = True
        self.is_over = self.is_over or self.since > self._until
        return new


class Pages:
    """The pages of one history; each is a list of ccxt's structures, oldest first."""

    def __init__(self, ask: Callable[[int], Any], turning: Turning, is_blocking: bool) -> None:
        self._ask = ask
        self._turning = turning
        self._is_blocking = is_blocking

    def __iter__(self) -> Iterator[list[Any]]:
        if not self._is_blocking:
            raise TypeError("on asyncio the pages are gone through by `async for`")
        return self._pages()

    def __aiter__(self) -> AsyncIterator[list[Any]]:
        if self._is_blocking:
            raise TypeError("on the blocking class the pages are gone through by `for`")
        return self._awaited_pages()

    def _pages(self) -> Iterator[list[Any]]:
        turning = self._turning
        while not turning.is_over:
            page = turning.take(self._ask(turning.since))
            if page:
                yield page

    async def _awaited_pages(self) -> AsyncIterator[list[Any]]:
        turning = self._turning
        while not turning.is_over:
            page = turning.take(await self._ask(turning.since))
            if page:
                yield page


class PagedHistories(Ccxt):
    """Histories of a market that are too long for one list."""

    def trades_in_pages(
        self, symbol: str, since: int, until: int | None = None, params: Params = {}
    ) -> Pages:
        """Every trade of a market from `since` on, to `until` or to the newest, 900 a page."""
        return self._turned(
            "trades_in_pages",
            since,
            until,
            lambda start: self.fetch_trades(symbol, start, PAGE_OF_MANY, params),
            _moment_of_structure,
            _identity_of_trade,
        )

    def ohlcv_in_pages(
        self, symbol: str, timeframe: str, since: int, until: int | None = None, params: Params = {}
    ) -> Pages:
        """Every candle of a market from `since` on, to `until` or to the newest, 1,000 a page."""
        step = self.parse_timeframe(timeframe) * 1000
        return self._turned(
            "ohlcv_in_pages",
            since,
            until,
            lambda start: self.fetch_ohlcv(symbol, timeframe, start, PAGE, params),
            _moment_of_candle,
            _moment_of_candle,
            PAGE * step,
        )

    def funding_rates_in_pages(
        self, symbol: str, since: int, until: int | None = None, params: Params = {}
    ) -> Pages:
        """Every funding rate of a perpetual from `since` on, to `until` or to the newest, 1,000 a page."""
        return self._turned(
            "funding_rates_in_pages",
            since,
            until,
            lambda start: self.fetch_funding_rate_history(symbol, start, PAGE, params),
            _moment_of_structure,
            _moment_of_structure,
        )

    def _turned(
        self,
        name: str,
        since: int,
        until: int | None,
        ask: Callable[[int], Any],
        moment_of: Callable[[Any], int],
        identity_of: Callable[[Any], Hashable],
        window: int | None = None,
    ) -> Pages:
        call = f"{self.id} {name}()"
        first, last = checked_time(call, "since", since), checked_time(call, "until", until)
        if first is None:
            raise ArgumentsRequired(f"{call} needs since, the milliseconds to begin at")
        if last is not None and last < first:
            raise BadRequest(f"{call} until {until!r} is before since {since!r}")
        end = self.milliseconds() if last is None else last
        turning = Turning(first, end, moment_of, identity_of, window)
        return Pages(ask, turning, bool(type(self).synchronous))


def _moment_of_structure(row: Any) -> int:
    return int(row["timestamp"] or 0)


def _identity_of_trade(trade: Any) -> Hashable:
    return trade["id"] or (trade["timestamp"], trade["side"], trade["price"], trade["amount"])


def _moment_of_candle(candle: Any) -> int:
    return int(candle[0])
