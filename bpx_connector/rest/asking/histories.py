"""A history read newest first, page by page: no row is lost and none comes twice while new ones arrive.

The venue's histories are turned by an offset from the newest row. A row that arrives between two pages moves
all others back, so the next page opens with rows that the one before ended with; these are recognised by
their place in the sequence and left out. Rows that are equal on one page are different rows and stay.
Source: Backpack OpenAPI, tag History: `limit`, `offset`, `sortDirection`, and for most no time filter.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow
from bpx_connector.parse.border import legible, read_or
from bpx_connector.parse.rows import read_each, rows_in
from bpx_connector.rest.asking.arguments import checked_limit, checked_time, until_of, whole_of
from bpx_connector.venue.description import HISTORY_LIMIT

__all__ = ["NEWEST", "RowsRead", "Span", "asked_span", "history_rows", "whole_row"]

Row = TypeVar("Row")

NEWEST = {"sortDirection": "Desc"}

HISTORY = "a history"
CUT = "the newest %d rows of a history hold %d of those asked for; params['paginate'] True reads on"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Span:
    """Which part of a history is wanted.

    With `since` the first `limit` rows from then on, without it the latest; `is_whole` reads on to the
    beginning (or to `since`) where otherwise one page would do.
    """

    since: int | None = None
    limit: int | None = None
    until: int | None = None
    is_whole: bool = False

    def page_size(self, *, is_filtered: bool) -> int:
        """Rows to ask for at once: no more than are wanted, where every row counts."""
        if self.limit is None or self.since is not None or self.until is not None or is_filtered:
            return HISTORY_LIMIT
        return min(self.limit, HISTORY_LIMIT)

    def cut(self, oldest_first: Sequence[Row], moment_of: Callable[[Row], int | None]) -> list[Row]:
        """The rows of this part, of rows that come oldest first."""
        within = [row for row in oldest_first if self.holds(moment_of(row))]
        if self.limit is None:
            return within
        return within[: self.limit] if self.since is not None else within[-self.limit :]

    def holds(self, moment: int | None) -> bool:
        """Whether a row of that moment lies between `since` and `until`."""
        moment = moment or 0
        return (self.since is None or moment >= self.since) and (self.until is None or moment <= self.until)

    def is_read(self, oldest: int | None, wanted: int) -> bool:
        """Whether nothing older is wanted: the oldest row read so far, and how many of them count."""
        if self.since is not None:
            return (oldest or 0) < self.since
        if self.limit is None:
            return not self.is_whole
        return wanted >= self.limit


def asked_span(
    call: str, since: Any, limit: Any, params: Params, usual: int | None = None
) -> tuple[Span, Params]:
    """The part of a history that ccxt's arguments name, and the params that are left.

    `until` is the latest moment, `paginate` True asks for all there is. `usual` is the limit where the caller
    sets neither a limit nor a beginning.
    """
    first, count = checked_time(call, "since", since), checked_limit(call, limit)
    until, rest = until_of(call, params, first)
    is_whole, rest = whole_of(rest)
    if count is None and first is None and not is_whole:
        count = usual
    return Span(first, count, until, is_whole), rest


def whole_row(row: Payload) -> Hashable:
    """A row that never changes is known by all that it says."""
    return msgspec.json.encode(row, order="deterministic")


class RowsRead:
    """The rows of the pages so far, newest first."""

    def __init__(self, identity_of: Callable[[Payload], Hashable] = whole_row) -> None:
        self.rows: list[Payload] = []
        self._identity_of = identity_of
        self._identities: list[Hashable] = []

    def take(self, page: Sequence[Payload]) -> list[Payload]:
        """Add a page; the rows of it that are older than all that was read."""
        identities = [self._identity_of(row) for row in page]
        repeated = self._repeated(identities)
        fresh = list(page[repeated:])
        self.rows += fresh
        self._identities += identities[repeated:]
        return fresh

    def _repeated(self, opened: list[Hashable]) -> int:
        """How many rows at a page's beginning have been read before."""
        ended = self._identities[-len(opened) :] if opened else []
        for count in range(len(ended), 0, -1):
            if ended[-count] == opened[0] and ended[-count:] == opened[:count]:
                return count
        # More rows than a page holds have come meanwhile: the page ends among what was read.
        return len(opened) if opened and opened[-1] in self._identities else 0


def history_rows(
    call: Callable[[Params], Any],
    request: Params,
    span: Span,
    moment_of: Callable[[Payload], int | None],
    *,
    is_wanted: Callable[[Payload], bool] | None = None,
    identity_of: Callable[[Payload], Hashable] = whole_row,
    most_pages: int | None = None,
) -> Flow[list[Payload]]:
    """The rows of a span, oldest first; to a caller who gives an `offset` one page, for he turns them.

    After `most_pages` no more are read, and a line in the log says so.
    """
    size = span.page_size(is_filtered=is_wanted is not None)
    moment_of, identity_of = read_or(moment_of, None), read_or(identity_of, whole_row)
    if "offset" in request:
        rows = rows_in((yield call({"limit": size, **request})), HISTORY)
    else:
        rows = yield from _read_back(call, request, span, moment_of, is_wanted, identity_of, size, most_pages)
    return span.cut(_wanted(rows, is_wanted)[::-1], moment_of)


def _wanted(rows: list[Payload], is_wanted: Callable[[Payload], bool] | None) -> list[Payload]:
    """Those rows of which it can be told that they are wanted."""
    if is_wanted is None:
        return rows
    told = read_each(rows, legible(lambda row: (row, is_wanted(row))), HISTORY)
    return [row for row, is_one in told if is_one]


def _read_back(
    call: Callable[[Params], Any],
    request: Params,
    span: Span,
    moment_of: Callable[[Payload], int | None],
    is_wanted: Callable[[Payload], bool] | None,
    identity_of: Callable[[Payload], Hashable],
    size: int,
    most_pages: int | None,
) -> Flow[list[Payload]]:
    read = RowsRead(identity_of)
    counts = (lambda row: True) if is_wanted is None else read_or(is_wanted, False)
    offset = counted = pages = 0
    while True:
        answer = yield call({**request, "limit": size, "offset": offset})
        page = rows_in(answer, HISTORY)
        pages += 1
        offset += len(answer)
        fresh = read.take(page)
        counted += sum(span.holds(moment_of(row)) and counts(row) for row in fresh)
        moments = (moment_of(row) for row in reversed(page))
        oldest = next((moment for moment in moments if moment is not None), span.since)
        if len(answer) < size or span.is_read(oldest, counted):
            return read.rows
        if most_pages is not None and pages >= most_pages:
            _log.info(CUT, len(read.rows), counted)
            return read.rows
