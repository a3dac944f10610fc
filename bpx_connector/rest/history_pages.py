"""How a history is read: page by page from an offset, until there is enough of it or no more.

The account's histories have `limit` and `offset` and little else in common; most have no time filter. Newest
first, a row that arrives between two pages shifts the rest backwards, so a row can come twice but none is
missed; `histories` knows the rows that come twice. Source: Backpack OpenAPI, tag History.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from ccxt.base.errors import BadRequest

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow
from bpx_connector.rest.histories import RowsRead, whole_row
from bpx_connector.venue.description import HISTORY_LIMIT
from bpx_connector.venue.words import MARKET_TYPE_ID

__all__ = ["NEWEST_FIRST", "OLDEST_FIRST", "market_type_request", "rows_of_history"]

NEWEST_FIRST = {"sortDirection": "Desc"}
OLDEST_FIRST = {"sortDirection": "Asc"}


def rows_of_history(
    call: Callable[[Params], Any],
    request: Params,
    size: int | None,
    is_enough: Callable[[list[Payload]], bool],
    identity_of: Callable[[Payload], Hashable] = whole_row,
) -> Flow[list[Payload]]:
    """Rows in the order in which the venue gives them, `size` a page, until `is_enough`.

    A caller who gives an `offset` turns the pages himself: he gets one.
    """
    size = min(size or HISTORY_LIMIT, HISTORY_LIMIT)
    if "offset" in request:
        return list((yield call({"limit": size, **request})))
    read = RowsRead(identity_of)
    offset = 0
    while True:
        page = yield call({**request, "limit": size, "offset": offset})
        offset += len(page)
        read.take(page)
        if len(page) < size or is_enough(read.rows):
            return read.rows


def market_type_request(call: str, params: Params) -> tuple[Params, Params]:
    """The venue's marketType for ccxt's `type`, and the params that are left."""
    if "type" not in params:
        return {}, params
    rest = {name: value for name, value in params.items() if name != "type"}
    kind = params["type"]
    if kind not in MARKET_TYPE_ID:
        raise BadRequest(f"{call} type has to be one of {', '.join(MARKET_TYPE_ID)}, not {kind!r}")
    return {"marketType": MARKET_TYPE_ID[kind]}, rest
