"""Fills of the account become ccxt's trades.

Source: Backpack OpenAPI, schema OrderFill.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from ccxt.base.types import Market

from bpx_connector.aliases import Payload, Structure
from bpx_connector.garbage import uncollected
from bpx_connector.parse.arithmetic import arithmetic_in
from bpx_connector.parse.figures import UNREADABLE, Fields, Identity, Reading, rows_of
from bpx_connector.parse.names import Names, ParseNames
from bpx_connector.parse.numbers import EARLIEST, LATEST, Figure, Number, iso8601, milliseconds_at
from bpx_connector.parse.overriding import is_overridden
from bpx_connector.parse.rows import rows_in
from bpx_connector.parse.trading.in_time import oldest_first
from bpx_connector.venue.words import SIDE

if TYPE_CHECKING:
    import datetime as dt

__all__ = ["ParseFills", "fill_structures"]

USUAL = len("2026-09-01T17:54:04.094")
"""The length of the venue's texts for moments: zoneless UTC to the millisecond, they lack the Z."""

FILL_FIGURES = ("price", "quantity", "fee")
FILL_WORDS = {
    "clientId": Identity,
    "feeSymbol": str | None,
    "orderId": str | None,
    "side": str | None,
    "symbol": str | None,
    "systemOrderType": Any,
    "tradeId": Identity,
}
FILL_FACTS = {**FILL_WORDS, "isMaker": bool | None}
"""All that a fill says besides: the reader is longest over a field that nobody has asked for."""

FIELDS = Fields(FILL_FIGURES, FILL_WORDS, ("timestamp",), ("isMaker",))

TAKER_OR_MAKER = {True: "maker", False: "taker", None: None}


class _FillRow(Protocol):
    """What is read of a fill."""

    tradeId: Identity
    orderId: str | None
    symbol: str | None
    side: str | None
    isMaker: bool | None
    price: Figure | None
    quantity: Figure | None
    fee: Figure | None
    feeSymbol: str | None
    timestamp: dt.datetime | None


@lru_cache(maxsize=8)
def _fill_rows(number: Number) -> Reading:
    """What reads fills."""
    return rows_of("Fill", FILL_FIGURES, tuple(FILL_FACTS.items()), number, ("timestamp",))


def fill_structures(
    fills: Sequence[Payload],
    symbols: Mapping[Any, str | None],
    currencies: Mapping[Any, str | None],
    number: Number,
) -> list[Structure]:
    """ccxt's trades, from fills of the account, by what their markets and assets are called.

    A field that cannot be read is None, and what would be derived of it too.
    """
    try:
        return _structures(fills, fills, symbols, currencies, number)
    except UNREADABLE:
        legible = [_in_the_usual_form(FIELDS.legible(fill)) for fill in fills]
        return _structures(legible, fills, symbols, currencies, number)


def _in_the_usual_form(fill: Payload) -> Payload:
    moment = iso8601(fill.get("timestamp"))
    return {**fill, "timestamp": moment[:-1] if moment else None}


def _structures(
    fills: Sequence[Payload],
    infos: Sequence[Payload],
    symbols: Mapping[Any, str | None],
    currencies: Mapping[Any, str | None],
    number: Number,
) -> list[Structure]:
    product = arithmetic_in(number).product
    structures: list[Structure] = []
    rows: list[_FillRow] = _fill_rows(number).of(fills)
    for fill, info, row in zip(fills, infos, rows, strict=True):
        identity, order, price, amount = row.tradeId, row.orderId, row.price, row.quantity
        timestamp, datetime = None, None
        if row.timestamp is not None:
            text, timestamp = fill["timestamp"], milliseconds_at(row.timestamp)
            if len(text) == USUAL and text[10] == "T":
                datetime = text + "Z"
            else:
                datetime = iso8601(timestamp)
            if not EARLIEST <= timestamp < LATEST:
                timestamp, datetime = None, None
        fee = {"currency": currencies[row.feeSymbol], "cost": row.fee}
        structures.append(
            {
                "info": info,
                "id": None if identity is None else str(identity),
                "order": order,
                "timestamp": timestamp,
                "datetime": datetime,
                "symbol": symbols[row.symbol],
                "type": None,
                "side": SIDE.get(row.side),  # type: ignore[arg-type]  # None has no row
                "takerOrMaker": TAKER_OR_MAKER[row.isMaker],
                "price": price,
                "amount": amount,
                "cost": (
                    None
                    if price is None or amount is None
                    else product(price, amount, fill["price"], fill["quantity"])
                ),
                "fee": fee,
                "fees": [fee],
            }
        )
    return structures


class ParseFills(ParseNames):
    """ccxt's parsers of the account's fills."""

    @uncollected
    def parse_fills(
        self, fills: object, market: Market = None, since: int | None = None, limit: int | None = None
    ) -> list[Any]:
        """ccxt's trades of the account, oldest first: from `since` on the first `limit`, else the latest."""
        rows = rows_in(fills, f"{self.id} fills")
        if since is None:
            rows.reverse()  # the venue begins with the newest
        if is_overridden(self, "parse_trades"):
            trades: list[Any] = self.parse_trades(rows, market)
        elif is_overridden(self, "parse_trade"):
            trades = [self.parse_trade(row, market) for row in rows]
        else:
            trades = self.fill_trades(rows, market)
        return oldest_first(trades, market, since, limit)

    def fill_trades(self, fills: Sequence[Payload], market: Market = None) -> list[Any]:
        """ccxt's trades of these fills, in their order."""
        symbols, currencies = self._symbols(market), Names(self.safe_currency_code)
        return fill_structures(fills, symbols, currencies, self.number)
