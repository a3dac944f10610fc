"""Fills of the account become ccxt's trades.

Source: Backpack OpenAPI, schema OrderFill.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from bpx_connector.aliases import Payload, Structure
from bpx_connector.parse.figures import SHORT_PAIR, Reading, nearest_short, rows_of
from bpx_connector.parse.names import Names, ParseNames
from bpx_connector.parse.numbers import Number, iso8601, milliseconds_at
from bpx_connector.parse.trading.in_time import oldest_first
from bpx_connector.parse.trading.orders import exact_product_in
from bpx_connector.venue.words import SIDE

__all__ = ["ParseFills", "fill_structures"]

USUAL = len("2026-09-01T17:54:04.094")
"""The length of the venue's texts for moments: zoneless UTC to the millisecond, they lack the Z."""

FILL_FIGURES = ("price", "quantity", "fee")
FILL_FACTS = ("clientId", "feeSymbol", "isMaker", "orderId", "side", "symbol", "systemOrderType", "tradeId")
"""All that a fill says besides: the reader is longest over a field that nobody has asked for."""

TAKER_OR_MAKER = {True: "maker", False: "taker", None: None}


@lru_cache(maxsize=8)
def _fill_rows(number: Number) -> Reading:
    """What reads fills."""
    return rows_of("Fill", FILL_FIGURES, FILL_FACTS, number, ("timestamp",))


def fill_structures(
    fills: Sequence[Payload],
    symbols: Mapping[Any, str | None],
    currencies: Mapping[Any, str | None],
    number: Number,
) -> list[Structure]:
    """ccxt's trades, from fills of the account, by what their markets and assets are called."""
    structures: list[Structure] = []
    for fill, row in zip(fills, _fill_rows(number).of(fills), strict=True):
        identity, text, price, amount = row.tradeId, fill["timestamp"], row.price, row.quantity
        timestamp = milliseconds_at(row.timestamp)
        fee = {"currency": currencies[row.feeSymbol], "cost": row.fee}
        structures.append(
            {
                "info": fill,
                "id": None if identity is None else str(identity),
                "order": row.orderId,
                "timestamp": timestamp,
                "datetime": text + "Z" if len(text) == USUAL and "T" in text else iso8601(timestamp),
                "symbol": symbols[row.symbol],
                "type": None,
                "side": SIDE[row.side],
                "takerOrMaker": TAKER_OR_MAKER[row.isMaker],
                "price": price,
                "amount": amount,
                "cost": _product(price, amount, fill["price"], fill["quantity"], number),
                "fee": fee,
                "fees": [fee],
            }
        )
    return structures


def _product(one: Any, other: Any, one_text: str, other_text: str, number: Number) -> Any:
    if one is None or other is None:
        return None
    if number is float and len(one_text) + len(other_text) <= SHORT_PAIR:
        product = one * other
        return nearest_short(product, product)
    return exact_product_in(number)(one_text, other_text)


class ParseFills(ParseNames):
    """ccxt's parsers of the account's fills."""

    def parse_fills(
        self, fills: Iterable[Payload], market: Any = None, since: int | None = None, limit: int | None = None
    ) -> list[Structure]:
        """ccxt's trades of the account, oldest first: from `since` on the first `limit`, else the latest."""
        fills = list(fills)
        if since is None:
            fills.reverse()  # the venue begins with the newest
        symbols, currencies = self._symbols(market), Names(self.safe_currency_code)
        return oldest_first(fill_structures(fills, symbols, currencies, self.number), market, since, limit)
