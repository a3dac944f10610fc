"""Answers that the venue might give one way or another: each way, by its switch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from bpx_connector.sandbox.http.budgets import Budgets
from bpx_connector.sandbox.records.events import Liquidated
from bpx_connector.sandbox.records.orders import OrderRequest
from bpx_connector.sandbox.socket.publications import Streams
from bpx_connector.sandbox.socket.requests import Stream
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


@pytest.mark.parametrize(("way", "status"), [("expire", 200), ("refuse", 400)])
def test_orders_that_do_not_fill_expire_or_are_refused(opened: Opened, way: str, status: int) -> None:
    """FACTS 21: "IOC/FOK/market failure bodies on REST" are unknown."""
    _, client = opened(unfilled_orders=way)
    rest = {**CROSSING, "price": "50"}
    for order, reason in (
        ({**rest, "timeInForce": "IOC"}, "ImmediateOrCancel"),
        ({**rest, "timeInForce": "FOK"}, "FillOrKill"),
        ({**CROSSING, "timeInForce": "FOK", "quantity": "6000"}, "FillOrKill"),
    ):
        answer = client.ask("POST", ORDER, body=order)
        assert answer.status == status, order
        if status == 200:
            assert (answer.body["status"], answer.body["executedQuantity"]) == ("Expired", "0")
            assert client.done("GET", "/wapi/v1/history/orders")[0]["expiryReason"] == reason
    filled = client.done("POST", ORDER, body={**CROSSING, "timeInForce": "FOK", "quantity": "0.1"})
    assert filled["status"] == "Filled"


def test_an_order_that_names_no_time_in_force_rests_or_not(opened: Opened) -> None:
    """FACTS 21: the default timeInForce is unknown."""
    for way, status in (("GTC", "New"), ("IOC", "Expired")):
        _, client = opened(unnamed_time_in_force=way)
        row = client.done("POST", ORDER, body={**CROSSING, "price": "50"})
        assert (row["timeInForce"], row["status"]) == (way, status)
        resting = client.done("POST", ORDER, body={**CROSSING, "price": "50", "postOnly": True})
        assert resting["status"] == "New"


def test_a_reduce_only_order_larger_than_the_position_is_cut_or_refused(opened: Opened) -> None:
    """OpenAPI, Order update, tells of resting ones only."""
    market = {"symbol": "SOL_USDC_PERP", "orderType": "Market"}
    for way, status in (("cut", 200), ("refuse", 400)):
        _, client = opened(large_reduce_only=way)
        client.done("POST", ORDER, body={**market, "side": "Bid", "quantity": "1"})
        closing = {**market, "side": "Ask", "quantity": "2", "reduceOnly": True}
        answer = client.ask("POST", ORDER, body=closing)
        assert answer.status == status
        if status == 200:
            assert answer.body["executedQuantity"] == "1"
        else:
            assert client.done("POST", ORDER, body={**closing, "quantity": "1"})["status"] == "Filled"


def test_what_rests_when_a_book_closes_stays_or_expires(opened: Opened) -> None:
    """OpenAPI, SystemOrderType: OrderBookClosed."""
    for way, left in (("keep", 1), ("expire", 0)):
        desk, client = opened(closing_books=way)
        client.done("POST", ORDER, body={**CROSSING, "price": "50"})
        desk.venue.set_book_state("SOL_USDC", "Closed", desk.clock.now())
        assert len(client.done("GET", "/api/v1/orders")) == left
        [past] = client.done("GET", "/wapi/v1/history/orders")
        ended = None if left else ("Expired", "OrderBookClosed")
        assert ended is None or (past["status"], past["systemOrderType"]) == ended


def test_a_bad_signature_is_refused_in_either_way(opened: Opened) -> None:
    """FACTS 19: "401 INVALID_SIGNATURE | 400 INVALID_CLIENT_REQUEST | B, accept A"."""
    for way, code in (("400", "INVALID_CLIENT_REQUEST"), ("401", "INVALID_SIGNATURE")):
        desk, client = opened(bad_signature=way)
        wrong = client.headers("accountQuery", [])
        answer = desk.ask("GET", "/api/v1/capital", headers=wrong)
        assert (str(answer.status), answer.body["code"]) == (way, code)
        late = client.headers("balanceQuery", [], timestamp=str(desk.clock.now() // 1000 - 60_000))
        answer = desk.ask("GET", "/api/v1/capital", headers=late)
        assert (str(answer.status), answer.body["code"]) == (way, code)


def test_of_a_repeated_parameter_the_last_value_is_signed_or_the_first(opened: Opened) -> None:
    """FACTS 2: "the Rust client collapses repeats to the last one, bbgo takes the first"."""
    query = [("marketType", "SPOT"), ("marketType", "PERP")]
    for way, signed in (("last", "PERP"), ("first", "SPOT")):
        desk, client = opened(repeated_parameters=way)
        for value in ("SPOT", "PERP"):
            headers = client.headers("fillHistoryQueryAll", [{"marketType": value}])
            answer = desk.ask("GET", "/wapi/v1/history/fills", query, headers=headers)
            assert (answer.status == 200) == (value == signed)


def test_a_null_is_left_out_of_what_is_signed_or_written(opened: Opened) -> None:
    """FACTS 2: "whether the server accepts a signed `null` is not documented"."""
    body = {**CROSSING, "price": "50", "clientId": None}
    for way in ("left_out", "written"):
        desk, client = opened(signed_nulls=way)
        for signed in ("left_out", "written"):
            texts = {name: "null" if value is None else value for name, value in body.items()}
            if signed == "left_out":
                del texts["clientId"]
            answer = desk.ask("POST", ORDER, body=body, headers=client.headers("orderExecute", [texts]))
            assert (answer.status == 200) == (way == signed)


def test_a_batch_has_as_many_orders_as_either_reader_says(opened: Opened) -> None:
    """FACTS 19: "batch size | 20 [CCXT] | 50 [BBGO][NOTES]"."""
    orders = [{**CROSSING, "price": "50", "quantity": "0.01"}] * 21
    for way, status in (("50", 200), ("20", 400)):
        _, client = opened(largest_batch=way)
        assert client.ask("POST", "/api/v1/orders", body=orders).status == status


def test_a_book_without_a_limit_is_as_deep_as_either_reader_says(opened: Opened) -> None:
    """FACTS 19: "default depth | 1000 [OAS] | up to 5000 [PROBE][NEW]"."""
    for way, levels in (("5000", 1_100), ("1000", 1_000)):
        desk, client = opened(whole_depth=way)
        maker = desk.venue.open_account("deep", desk.clock.now(), funds={"USDC": Decimal(10**9)}, house=True)
        for step in range(1_100):
            request = OrderRequest(
                symbol="SOL_USDC",
                side="Bid",
                order_type="Limit",
                price=Decimal(60) + Decimal(step) / 100,
                quantity=Decimal("0.01"),
            )
            desk.venue.execute(maker, request, desk.clock.now())
        bids = desk.get("/api/v1/depth", symbol="SOL_USDC")["bids"]
        assert len(bids) >= levels
        assert way == "5000" or len(bids) == levels
        assert len(desk.get("/api/v1/depth", symbol="SOL_USDC", limit="1000")["bids"]) == 1_000
        assert client.api_key


@pytest.mark.parametrize(("way", "rows"), [("refuse", None), ("cut", 10_000), ("all", 10_020)])
def test_more_candles_than_there_may_be_are_refused_cut_or_told(
    opened: Opened, way: str, rows: int | None
) -> None:
    """FACTS 21: the maximum kline span is unknown."""
    desk, _ = opened(long_klines=way)
    end = desk.clock.now() // 1_000_000 // 60 * 60
    asked = {"interval": "1m", "startTime": end - 10_020 * 60, "endTime": end}
    for symbol, more in (("SOL_USDC", {}), ("NVDA.US_USDC", {"source": "External"})):
        answer = desk.ask("GET", "/api/v1/klines", {"symbol": symbol, **asked, **more})
        if rows is None:
            assert (answer.status, answer.body["code"]) == (400, "INVALID_RANGE")
        else:
            assert len(answer.body) == rows, symbol
            first = datetime.fromtimestamp(end - 10_020 * 60, UTC)
            assert answer.body[0]["start"] == f"{first:%Y-%m-%d %H:%M:%S}"


def test_the_time_of_liquidations_is_told_in_either_unit(opened: Opened) -> None:
    """FACTS 21: the unit of T of the liquidation stream is unknown."""
    for way, unit in (("microseconds", 1), ("milliseconds", 1_000)):
        desk, _ = opened(liquidation_time=way)
        now = desk.clock.now()
        streams = Streams(desk.venue, desk.sandbox.context.history)
        streams.open(Stream("liquidation", "liquidation"), None, now)
        event = Liquidated(now, "SOL_USDC_PERP", "Ask", Decimal(1), Decimal(150))
        [publication] = list(streams.of_event(event, now))
        assert publication.payload["T"] == now // unit


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
