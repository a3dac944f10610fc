"""What REST owes the account's order stream: what has become of orders and fills while it could not tell.

The venue sends nothing again: "No replay of missed events; clients resync over REST" (FACTS section 18). Its
history has no filter by time for orders, so it is read newest first, back to where it was known; fills are
read from then on. What is missing after that is asked for by its id, some at a time, so that answers are
handed in as they come; the follower stays in doubt until nothing is missing.
"""

from __future__ import annotations

from bpx_connector.aliases import Payload
from bpx_connector.parse.trading.orders import millisecond_of_order
from bpx_connector.stream.account import AccountOrders, OrderFollower
from bpx_connector.watch.feed import Exchange

__all__ = ["account_orders"]

FIRST_PAGE = 100
A_PAGE = 1000
"""Rows: the first page is enough for an account at rest; the venue gives no more than these (OpenAPI)."""

ASKED_ONE_BY_ONE = 10
"""So many single questions a round, out of a budget of 30 a minute."""

MOST_PAGES = 40
"""Of a history read back for the sake of orders of which we do not know when they were created."""


async def account_orders(exchange: Exchange, follower: OrderFollower) -> AccountOrders:
    """What has become of the account's orders and fills since the follower last knew."""
    log = follower.log
    asked_at, now = log.version, exchange.nonce()
    open_orders = await exchange.private_get_api_v1_orders({})
    if not follower.trust.has_missed:
        return AccountOrders(asked_at, now, open_orders, [], [])
    since = follower.since
    fills = await _fills(exchange, {"from": since, "sortDirection": "Asc"})
    vanished = log.vanished((order["id"] for order in open_orders), asked_at)
    ended = await _ended(exchange, vanished, since)
    for identity in list(log.incomplete)[:ASKED_ONE_BY_ONE]:
        fills += await _fills(exchange, {"orderId": identity})
    return AccountOrders(asked_at, now, open_orders, ended, fills)


async def _fills(exchange: Exchange, request: Payload) -> list[Payload]:
    fills: list[Payload] = []
    while True:
        page = await exchange.private_get_wapi_v1_history_fills(
            {**request, "limit": A_PAGE, "offset": len(fills)}
        )
        fills += page
        if len(page) < A_PAGE:
            return fills


async def _ended(exchange: Exchange, vanished: list[str], since: int) -> list[Payload]:
    """How orders ended, as far as the history knows: these, and all that are younger than `since`."""
    ask, missing = exchange.private_get_wapi_v1_history_orders, dict.fromkeys(vanished)
    found: list[Payload] = []
    rows, pages = 0, 0
    while True:
        size = A_PAGE if pages else FIRST_PAGE
        page = await ask({"limit": size, "offset": rows, "sortDirection": "Desc"})
        rows, pages = rows + len(page), pages + 1
        found += [row for row in page if row["id"] in missing or _created(row) >= since]
        for row in page:
            missing.pop(row["id"], None)
        is_back = not page or _created(page[-1]) < since
        if len(page) < size or (is_back and (len(missing) <= ASKED_ONE_BY_ONE or pages >= MOST_PAGES)):
            break
    for identity in list(missing)[:ASKED_ONE_BY_ONE]:
        found += await ask({"orderId": identity})
    return found


def _created(order: Payload) -> int:
    return millisecond_of_order(order) or 0
