"""Unified methods: the ledger, one list in order of time of everything that moved the account's money.

The venue has no such list but nine histories (and two that it does not document), which are read and joined
here; each costs a call from the budget of the history.
"""

from __future__ import annotations

from functools import partial

from ccxt.base.errors import BadRequest, NullResponse
from ccxt.base.types import LedgerEntry

from bpx_connector.aliases import Params
from bpx_connector.flow import Flow, flow
from bpx_connector.parse.account.ledger import (
    EVERY_SOURCE,
    SOURCES,
    UNKNOWN_SUMS,
    Moved,
    MovedRow,
    Movement,
    ParseLedger,
    moved_by,
    running_sums,
    source_of,
)
from bpx_connector.parse.border import legible_steps, structures
from bpx_connector.parse.overriding import is_overridden
from bpx_connector.rest.asking.arguments import asked_currency, checked_word
from bpx_connector.rest.asking.histories import Span, asked_span, history_rows

__all__ = ["LedgerHistory"]

USUAL_ENTRIES = 100


class LedgerHistory(ParseLedger):
    """The ledger and its entries."""

    @flow
    @legible_steps
    def fetch_ledger(
        self,
        code: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[LedgerEntry]]:
        """Everything that moved the account's money, oldest first, of one currency or of all.

        https://docs.backpack.exchange/#tag/Capital/operation/get_settlement_history
        https://docs.backpack.exchange/#tag/Borrow-Lend/operation/get_interest_history
        https://docs.backpack.exchange/#tag/Borrow-Lend/operation/get_borrow_lend_history
        https://docs.backpack.exchange/#tag/Capital/operation/get_dust_history
        https://docs.backpack.exchange/#tag/Order/operation/get_fills
        https://docs.backpack.exchange/#tag/RFQ/operation/get_rfq_fill_history
        https://docs.backpack.exchange/#tag/RFQ/operation/get_quote_fill_history
        https://docs.backpack.exchange/#tag/Capital/operation/get_deposits
        https://docs.backpack.exchange/#tag/Capital/operation/get_withdrawals

        Settlements (fees, funding, profit and loss of contracts), interest, lending and borrowing, dust
        conversions, spot fills, RFQ fills, deposits and withdrawals: nine calls or more from the budget of
        the history. `account` is 'spot' for what fetch_balance shows and 'lending' for what is lent less what
        is owed: the entries of each add up to what is there. With `since` the first `limit` entries from then
        on, without it the latest (100 unless a limit is set). params: `sources`, a list of the words with
        which ids begin, reads these histories only; `paginate` True reads all there is, and only then, from
        the beginning on, `before` and `after` are known. Vault shares are there
        where `sources` names `mint` and `redeem` beside all the others: the venue does not document their
        histories.
        """
        call = f"{self.id} fetchLedger()"
        span, rest = asked_span(call, since, limit, params, usual=USUAL_ENTRIES)
        names, rest = _names_of_sources(call, rest)
        if code is not None:
            yield self.load_markets()
            code = asked_currency(self, f"{self.id} fetchLedger()", code)["code"]
        elif self.markets is None:
            yield self.load_markets()
        everything: list[Moved] = []
        for name in names:
            everything += yield from self._moved_by(name, code, span, rest)
        everything.sort(key=lambda moved: moved.timestamp or 0)
        moved = span.cut(everything, lambda one: one.timestamp)
        is_complete = span == Span(is_whole=True) and set(names) >= set(SOURCES)
        sums = running_sums(moved) if is_complete else [UNKNOWN_SUMS] * len(moved)
        items = [MovedRow(one, before_and_after) for one, before_and_after in zip(moved, sums, strict=True)]
        if is_overridden(self, "parse_ledger"):
            entries: list[LedgerEntry] = self.parse_ledger(items)
            return entries
        return structures(items, self.parse_ledger_entry)

    def _moved_by(self, name: str, code: str | None, span: Span, rest: Params) -> Flow[list[Moved]]:
        """The movements of one history: of as many of its rows as the whole ledger could need."""
        source = EVERY_SOURCE[name]

        def is_of_code(movement: Movement) -> bool:
            return code is None or self.safe_currency_code(movement.asset) == code

        rows = yield from history_rows(
            getattr(self, source.endpoint),
            {**source.request, **rest},
            span,
            source.moment_of,
            is_wanted=lambda row: any(map(is_of_code, source.movements(row))),
            identity_of=source.identity,
        )
        moved = structures(rows, partial(moved_by, name))
        return [one for of_row in moved for one in of_row if is_of_code(one.movement)]

    @flow
    @legible_steps
    def fetch_ledger_entry(self, id: str, code: str | None = None, params: Params = {}) -> Flow[LedgerEntry]:
        """One entry of the ledger, by the id that fetch_ledger gave it.

        https://docs.backpack.exchange/#tag/Capital/operation/get_settlement_history

        The history that its id names is read newest first until the entry is found.
        """
        call = f"{self.id} fetchLedgerEntry()"
        found = source_of(str(id))
        if found is None:
            raise BadRequest(
                f"{call} id has to be one that fetchLedger gave, which begins with one of "
                f"{', '.join(EVERY_SOURCE)} and a colon, not {id!r}"
            )
        if self.markets is None:
            yield self.load_markets()
        name, identity = found
        source = EVERY_SOURCE[name]
        rows = yield from history_rows(
            getattr(self, source.endpoint),
            {**source.request, **params},
            Span(limit=1),
            source.moment_of,
            is_wanted=lambda row: source.identity(row) == identity,
            identity_of=source.identity,
        )
        for moved in (moved for row in rows for moved in moved_by(name, row)):
            if moved.id == id:
                entry: LedgerEntry = self.parse_ledger_entry(MovedRow(moved))
                return entry
        raise NullResponse(f"{call} the venue's history has no entry {id!r}")


def _names_of_sources(call: str, params: Params) -> tuple[list[str], Params]:
    rest = {name: value for name, value in params.items() if name != "sources"}
    wanted = params.get("sources")
    if wanted is None:
        return list(SOURCES), rest
    if not isinstance(wanted, list | tuple | set) or not wanted:
        raise BadRequest(
            f"{call} sources has to be a list of some of {', '.join(EVERY_SOURCE)}, not {wanted!r}"
        )
    return [checked_word(call, "a source", name, EVERY_SOURCE) for name in wanted], rest
