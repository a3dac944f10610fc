"""The venue's own answers, as others have captured them, through the unified methods of both classes.

Every field of what the parsers make of them is asserted in tests/parse; here it is shown that the methods,
blocking and asyncio, hand out just that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from bpx_connector import async_support
from tests.support.keys import FIRST
from tests.support.samples import offline_exchange, sample
from tests.support.scripted import scripted_exchange

USDT, ETH, PERP = "USDT/USDC", "ETH/USDC", "ETH/USDC:USDC"
LIMIT_ORDER = "59669287267"
Parsed = Callable[[Any, Any], Any]


def rows(payload: Any) -> list[Any]:
    return payload if isinstance(payload, list) else [payload]


CAPTURED: list[tuple[str, tuple[Any, ...], str, Parsed]] = [
    ("create_order", (USDT, "limit", "sell", 20, 1.0077), "post_api_v1_order.limit_post_only",
     lambda ours, payload: ours.parse_order(payload)),
    ("create_order", (ETH, "market", "buy", 0.001), "post_api_v1_order.market_filled",
     lambda ours, payload: ours.parse_order(payload)),
    ("cancel_order", (LIMIT_ORDER, USDT), "delete_api_v1_order",
     lambda ours, payload: ours.parse_order(payload)),
    ("cancel_all_orders", (USDT,), "delete_api_v1_orders.nothing_open", lambda ours, payload: []),
    ("fetch_order", (LIMIT_ORDER, USDT), "get_api_v1_order", lambda ours, payload: ours.parse_order(payload)),
    ("fetch_open_order", (LIMIT_ORDER, USDT), "get_api_v1_order",
     lambda ours, payload: ours.parse_order(payload)),
    ("fetch_open_orders", (), "get_api_v1_orders", lambda ours, payload: ours.parse_orders(payload)),
    ("fetch_open_orders", (), "get_api_v1_orders.with_clientId",
     lambda ours, payload: ours.parse_orders(rows(payload))),
    ("fetch_canceled_orders", (USDT,), "get_wapi_v1_history_orders",
     lambda ours, payload: ours.parse_orders(payload)),
    ("fetch_canceled_orders", (ETH,), "get_wapi_v1_history_orders.trigger_cancelled",
     lambda ours, payload: ours.parse_orders(rows(payload))),
    ("fetch_my_trades", (PERP,), "get_wapi_v1_history_fills",
     lambda ours, payload: ours.parse_fills(rows(payload), None, None, None)),
    ("fetch_balance", (), "rest/get_api_v1_capital", lambda ours, payload: ours.parse_balance(payload)),
    ("fetch_balance", ({"type": "collateral"},), "get_api_v1_capital_collateral",
     lambda ours, payload: ours.parse_collateral(payload)),
    ("fetch_positions", (), "get_api_v1_position.none", lambda ours, payload: []),
    ("fetch_positions", (), "get_api_v1_position.long_ETH",
     lambda ours, payload: [ours.parse_position(payload)]),
    ("fetch_position", (PERP,), "get_api_v1_position.long_ETH",
     lambda ours, payload: ours.parse_position(payload)),
    ("fetch_funding_history", (PERP,), "get_wapi_v1_history_funding",
     lambda ours, payload: [ours.parse_income(payload)]),
    ("fetch_deposits", (), "get_wapi_v1_capital_deposits",
     lambda ours, payload: [ours.parse_transaction(payload[0])]),
    ("fetch_withdrawals", (), "rest/get_wapi_v1_capital_withdrawals",
     lambda ours, payload: [ours.parse_transaction(payload[0])]),
]  # fmt: skip
"""A unified call, the captured answer to it, and what tests/parse says it means."""

# These were captured as one row of the array that the venue answers with.
ONE_ROW = {
    "get_api_v1_orders.with_clientId",
    "get_wapi_v1_history_orders.trigger_cancelled",
    "get_wapi_v1_history_fills",
    "get_wapi_v1_history_funding",
    "get_api_v1_position.long_ETH",
}


def answer(name: str) -> Any:
    payload = sample(name)
    return [payload] if name in ONE_ROW else payload


class Awaited(async_support.bpx):
    """The asyncio exchange with one answer."""

    def __init__(self, answered: Any) -> None:
        super().__init__({"enableRateLimit": False, **FIRST.credentials})
        listed = market_list()
        self.set_markets(list(listed.markets.values()), listed.currencies)
        self._answered = answered

    async def load_markets(self, reload: bool = False, params: dict[str, Any] = {}) -> Any:
        return self.markets

    async def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        return self._answered


def market_list() -> Any:
    """The captured markets, and for those of the captured orders that have no row the row of a like one."""
    listed = sample("rest/get_api_v1_markets")
    [spot] = [row for row in listed if row["symbol"] == "SOL_USDC"]
    perpetual = sample("get_api_v1_market.SOL_USDC_PERP")
    alike = [
        {**spot, "symbol": "ETH_USDC", "baseSymbol": "ETH", "filters": finer(spot["filters"])},
        {**perpetual, "symbol": "ETH_USDC_PERP", "baseSymbol": "ETH"},
        sample("get_api_v1_market.USDT_USDC"),
    ]
    known = {row["symbol"] for row in listed}
    return offline_exchange(markets=[*listed, *(row for row in alike if row["symbol"] not in known)])


def finer(filters: dict[str, Any]) -> dict[str, Any]:
    return {**filters, "quantity": {**filters["quantity"], "minQuantity": "0.0001", "stepSize": "0.0001"}}


@pytest.mark.parametrize(
    ("call", "arguments", "name", "parsed"), CAPTURED, ids=[f"{call}-{name}" for call, _, name, _ in CAPTURED]
)
@pytest.mark.parametrize("kind", ["blocking", "asyncio"])
def test_a_captured_answer_is_handed_out_as_it_is_parsed(
    kind: str, call: str, arguments: tuple[Any, ...], name: str, parsed: Parsed
) -> None:
    if kind == "blocking":
        exchange: Any = scripted_exchange([answer(name)])
        listed = market_list()
        exchange.set_markets(list(listed.markets.values()), listed.currencies)
        got = getattr(exchange, call)(*arguments)
    else:
        exchange = Awaited(answer(name))
        got = asyncio.run(getattr(exchange, call)(*arguments))
    expected = parsed(exchange, sample(name))
    assert got == expected
    if expected:
        first = expected[0] if isinstance(expected, list) else expected
        assert first["info"]
