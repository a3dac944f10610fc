"""Answers that the venue might give one way or another: each way, by its switch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bpx_connector.sandbox.http.budgets import Budgets
from tests.support.desk import Client, LocalDesk

Opened = Callable[..., tuple[LocalDesk, Client]]


@pytest.fixture
def opened() -> Opened:
    def opened(**switches: Any) -> tuple[LocalDesk, Client]:
        desk = LocalDesk(symbols=["SOL_USDC", "SOL_USDC_PERP"], speed=0, switches=switches)
        return desk, desk.client()

    return opened


ORDER = "/api/v1/order"
CROSSING = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "price": "150", "quantity": "1"}


def test_a_post_only_order_that_would_take_is_refused_or_expires(opened: Opened) -> None:
    """FACTS 19: "400 | 200 Expired | handle both, simulate 400"."""
    _, client = opened()
    refused = client.ask("POST", ORDER, body={**CROSSING, "postOnly": True})
    assert (refused.status, refused.body["code"]) == (400, "INVALID_ORDER")
    _, client = opened(post_only_cross="expire")
    row = client.done("POST", ORDER, body={**CROSSING, "postOnly": True})
    assert (row["status"], row["executedQuantity"]) == ("Expired", "0")
    [past] = client.done("GET", "/wapi/v1/history/orders")
    assert past["expiryReason"] == "PostOnlyTaker"


def test_a_market_order_that_finds_nobody_is_refused_or_expires(opened: Opened) -> None:
    """FACTS 21: "IOC/FOK/market failure bodies on REST" are unknown."""
    body = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Market", "quantity": "1"}
    for way, status in (("refuse", 400), ("expire", 200)):
        desk, client = opened(empty_book=way)
        maker = desk.venue.account("house maker")
        desk.venue.cancel_all(maker, "SOL_USDC", None, desk.clock.now())
        answer = client.ask("POST", ORDER, body=body)
        assert answer.status == status
        if status == 200:
            assert answer.body["status"] == "Expired"


@pytest.mark.parametrize(
    ("way", "status", "code"),
    [
        ("documented", None, "RESOURCE_NOT_FOUND"),
        ("404", 404, "RESOURCE_NOT_FOUND"),
        ("400", 400, "INVALID_CLIENT_REQUEST"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_order_that_is_not_open_is_missed_in_either_way(
    opened: Opened, way: str, status: int | None, code: str, method: str
) -> None:
    """FACTS 19: "404 RESOURCE_NOT_FOUND | 400 INVALID_CLIENT_REQUEST Order not found | match on both"."""
    _, client = opened(order_not_found=way)
    named = {"symbol": "SOL_USDC", "orderId": "1"}
    answer = client.ask(method, ORDER, **(named if method == "GET" else {"body": named}))
    listed = 404 if method == "GET" else 400
    assert (answer.status, answer.body["code"]) == (status or listed, code)


def test_a_flat_market_has_no_position_or_none_of_them(opened: Opened) -> None:
    """FACTS 19: "`[]` [NOTES] | 404 [BOTS][OAS] | handle both"."""
    _, client = opened()
    assert client.ask("GET", "/api/v1/position", symbol="SOL_USDC_PERP").status == 404
    _, client = opened(flat_position="empty")
    assert client.done("GET", "/api/v1/position", symbol="SOL_USDC_PERP") == []


def test_cancelling_may_answer_that_it_is_accepted(opened: Opened) -> None:
    """OpenAPI: "202 Request accepted but not yet executed"."""
    _, client = opened(cancel_answers="202")
    rest = {**CROSSING, "price": "50"}
    row = client.done("POST", ORDER, body=rest)
    answer = client.ask("DELETE", ORDER, body={"symbol": "SOL_USDC", "orderId": row["id"]})
    assert (answer.status, answer.body) == (202, None)
    assert client.done("GET", "/api/v1/orders") == []
    client.done("POST", ORDER, body=rest)
    assert client.ask("DELETE", "/api/v1/orders", body={"symbol": "SOL_USDC"}).status == 202
    assert client.done("GET", "/api/v1/orders") == []


def test_a_client_id_is_used_twice_or_not(opened: Opened) -> None:
    """FACTS 21: duplicate clientId is unknown."""
    for way, status in (("allow", 200), ("refuse", 400)):
        _, client = opened(repeated_client_ids=way)
        body = {**CROSSING, "price": "50", "clientId": 7}
        client.done("POST", ORDER, body=body)
        assert client.ask("POST", ORDER, body=body).status == status


def test_a_signature_counts_once_or_as_often_as_it_comes(opened: Opened) -> None:
    """FACTS 21: replay protection is unknown."""
    for way, status in (("allow", 200), ("refuse", 400)):
        desk, client = opened(repeated_signatures=way)
        headers = client.headers("balanceQuery", [])
        assert desk.ask("GET", "/api/v1/capital", headers=headers).status == 200
        assert desk.ask("GET", "/api/v1/capital", headers=headers).status == status


def test_a_window_above_the_maximum_is_refused_or_cut(opened: Opened) -> None:
    """FACTS 21: X-Window over the maximum is unknown."""
    for way, status in (("refuse", 400), ("cut", 200)):
        desk, client = opened(long_windows=way)
        headers = client.headers("balanceQuery", [], window="90000")
        assert desk.ask("GET", "/api/v1/capital", headers=headers).status == status
        desk.clock.advance(61)
        late = client.headers(
            "balanceQuery", [], window="90000", timestamp=str(desk.clock.now() // 1000 - 61_000)
        )
        assert desk.ask("GET", "/api/v1/capital", headers=late).status == 400


def test_histories_count_in_one_budget_or_the_other(opened: Opened) -> None:
    """FACTS 21: whether history endpoints count in the 30/minute bucket is unknown."""
    for way, status in (("historical", 429), ("standard", 200)):
        desk, client = opened(history_budget=way, retry_after=True)
        desk.budgets = Budgets()
        for _ in range(30):
            client.done("GET", "/wapi/v1/history/fills")
        answer = client.ask("GET", "/wapi/v1/history/fills")
        assert answer.status == status
        assert answer.headers.get("Retry-After") == ("60" if status == 429 else None)


def test_a_twap_order_has_bounds_of_slippage(opened: Opened) -> None:
    """The venue's page on TWAP: "slippage 0.01-9.99 % or 1-10,000 ticks"."""
    _, client = opened()
    body = {
        "symbol": "SOL_USDC",
        "side": "Bid",
        "strategyType": "Scheduled",
        "quantity": "1",
        "duration": 60_000,
        "interval": 10_000,
    }
    for kind, tolerance, status in (
        ("Percent", "0.001", 400),
        ("Percent", "10", 400),
        ("Percent", "1", 200),
        ("TickSize", "10001", 400),
        ("TickSize", "100", 200),
    ):
        sent = {**body, "slippageTolerance": tolerance, "slippageToleranceType": kind}
        assert client.ask("POST", "/api/v1/strategy", body=sent).status == status, (kind, tolerance)
