"""A history read from a time on, oldest first, and the venue's word for a kind of market.

With a beginning that stands still new rows come at the end, so that no page moves. Newest first is another
matter, and `histories` is about it. Source: Backpack OpenAPI, tag History.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow
from bpx_connector.parse.rows import rows_in
from bpx_connector.rest.asking.arguments import checked_word
from bpx_connector.rest.asking.params import taken
from bpx_connector.venue.description import HISTORY_LIMIT
from bpx_connector.venue.words import MARKET_TYPE_ID

__all__ = ["market_type_request", "rows_from"]


def rows_from(
    call: Callable[[Params], Any], request: Params, limit: int | None, what: str
) -> Flow[list[Payload]]:
    """The rows from a beginning on, `limit` of them or all; to a caller who gives an `offset` one page."""
    size = min(limit or HISTORY_LIMIT, HISTORY_LIMIT)
    if "offset" in request:
        return rows_in((yield call({"limit": size, **request})), what)
    rows: list[Payload] = []
    while True:
        page = rows_in((yield call({**request, "limit": size, "offset": len(rows)})), what)
        rows += page
        if len(page) < size or (limit is not None and len(rows) >= limit):
            return rows


def market_type_request(call: str, params: Params) -> tuple[Params, Params]:
    """The venue's marketType for ccxt's `type`, and the params that are left."""
    kind, rest = taken(params, "type")
    if kind is None:
        return {}, rest
    return {"marketType": MARKET_TYPE_ID[checked_word(call, "type", kind, MARKET_TYPE_ID)]}, rest
