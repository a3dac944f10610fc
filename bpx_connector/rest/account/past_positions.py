"""Unified methods: positions that are closed, and the fills by which the venue liquidated."""

from __future__ import annotations

from typing import Any

from ccxt.base.errors import BadSymbol
from ccxt.base.types import Liquidation, Position

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.parse.account.past_positions import ParsePastPositions, position_moment
from bpx_connector.parse.border import legible_steps, structures
from bpx_connector.parse.numbers import milliseconds_of
from bpx_connector.parse.overriding import is_overridden
from bpx_connector.rest.asking.arguments import asked_symbols
from bpx_connector.rest.asking.histories import NEWEST, asked_span, history_rows

__all__ = ["PastPositions"]

LIQUIDATION_FILLS = "AllLiquidation"
"""FillType: fills of liquidations by the book, by backstop providers and by ADL."""


class PastPositions(ParsePastPositions):
    """The histories of positions and of liquidations."""

    @flow
    @legible_steps
    def fetch_positions_history(
        self, symbols: Any = None, since: int | None = None, limit: int | None = None, params: Params = {}
    ) -> Flow[list[Position]]:
        """Closed positions of these markets or of all, in the order in which they closed.

        https://docs.backpack.exchange/#tag/Position/operation/get_position_history

        With `since` the first `limit` that closed from then on, without it the latest (100 unless a limit is
        set). The venue keeps neither side nor size of what is closed: `side` is None, `contracts` is the
        volume that was closed, `timestamp` is when the position was opened and `lastUpdateTimestamp` when it
        was closed. Fees, funding, interest and what was liquidated are in `info`. params: `state` Open or
        Closed (default); `until`, `paginate`, `offset`.
        """
        call = f"{self.id} fetchPositionsHistory()"
        span, rest = asked_span(call, since, limit, params, usual=100)
        yield self.load_markets()
        wanted = asked_symbols(self, call, symbols)
        ids = {self.market(symbol)["id"] for symbol in wanted or []}
        request = {**NEWEST, "state": "Closed", **rest}
        if len(ids) == 1:
            request["symbol"] = next(iter(ids))
        rows = yield from history_rows(
            self.private_get_wapi_v1_history_position,
            request,
            span,
            position_moment,
            is_wanted=(lambda row: row["symbol"] in ids) if len(ids) > 1 else None,
            identity_of=lambda row: row["id"],
        )
        return structures(rows, self.parse_past_position)

    @flow
    @legible_steps
    def fetch_position_history(
        self, symbol: str, since: int | None = None, limit: int | None = None, params: Params = {}
    ) -> Flow[list[Position]]:
        """Closed positions of one market, in the order in which they closed; see fetch_positions_history.

        https://docs.backpack.exchange/#tag/Position/operation/get_position_history
        """
        positions: list[Any] = yield self.fetch_positions_history([symbol], since, limit, params)
        return positions

    @flow
    @legible_steps
    def fetch_my_liquidations(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Liquidation]]:
        """The fills by which the venue liquidated the account: on the book, by backstop and by ADL.

        https://docs.backpack.exchange/#tag/Order/operation/get_fills

        Oldest first. `side` is that of the fill: a long position is sold. params: `fillType` for one kind
        only, such as BookLiquidation, Backstop or Adl; `until`, `paginate`, `offset`.
        """
        call = f"{self.id} fetchMyLiquidations()"
        span, rest = asked_span(call, since, limit, params, usual=100)
        yield self.load_markets()
        request: Params = {**NEWEST, "fillType": LIQUIDATION_FILLS, **rest}
        if symbol is not None:
            request["symbol"] = self._market_of("fetchMyLiquidations", symbol)["id"]
        if span.since is not None:
            request["from"] = span.since
        if span.until is not None:
            request["to"] = span.until + 1  # the venue's end is exclusive
        fills = yield from history_rows(self.private_get_wapi_v1_history_fills, request, span, _fill_moment)
        if is_overridden(self, "parse_liquidations"):
            liquidations: list[Liquidation] = self.parse_liquidations(fills)
            return liquidations
        return structures(fills, self.parse_liquidation)

    def _market_of(self, method: str, symbol: Any) -> Any:
        if not isinstance(symbol, str):
            raise BadSymbol(f"{self.id} {method}() symbol has to be one symbol or None, not {symbol!r}")
        return self.market(symbol)


def _fill_moment(fill: Payload) -> int | None:
    return milliseconds_of(fill.get("timestamp"))
