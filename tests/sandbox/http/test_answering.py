"""Every operation of the sandbox: in the venue's shapes, with the venue's errors."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bpx_connector.sandbox.choices import MAX_STOPS_PER_MARKET
from bpx_connector.sandbox.http.answering import HANDLERS, Request, encoded, preparation, speed_bump
from bpx_connector.sandbox.http.answers import Answer
from bpx_connector.sandbox.http.budgets import Budgets
from bpx_connector.sandbox.http.private import PRIVATE
from bpx_connector.sandbox.http.schema import ENUMS, ERROR_CODES, OBJECTS, OPERATIONS
from tests.support.desk import Client, LocalDesk
from tests.support.openapi import problems

SYMBOLS = [
    "SOL_USDC",
    "USDT_USDC",
    "BTC_USDC",
    "HNT_USDC",
    "SOL_USDC_PERP",
    "BTC_USDC_PERP",
    "IP_USDC_PERP",
    "AMZN.US_USDC_PERP",
]


@pytest.fixture(scope="module")
def desk() -> LocalDesk:
    """A sandbox that all tests of this file share; each has a client of its own."""
    desk = LocalDesk(symbols=SYMBOLS)
    desk.clock.advance(1)
    return desk


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    """Numbers of clients, none given out twice."""
    return iter(range(1, 256))


@pytest.fixture
def client(desk: LocalDesk, numbers: Iterator[int]) -> Client:
    """Somebody nobody has seen before."""
    return desk.client(next(numbers))


def refused(answer: Answer) -> tuple[int, Any, Any]:
    assert isinstance(answer.body, dict), answer.body
    assert not problems("GET /api/v1/order", 400, answer.body)
    assert answer.body["code"] in ERROR_CODES
    return answer.status, answer.body["code"], answer.body["message"]


def touch(desk: LocalDesk, symbol: str) -> tuple[str, str]:
    """Best bid and best ask."""
    book = desk.get("/api/v1/depth", symbol=symbol, limit=5)
    return book["bids"][-1][0], book["asks"][0][0]


# --- shapes ----------------------------------------------------------------------------------------------

PUBLIC_CALLS: list[tuple[str, dict[str, Any]]] = [
    ("/api/v1/assets", {}),
    ("/api/v1/collateral", {}),
    ("/api/v1/markets", {}),
    ("/api/v1/market", {"symbol": "SOL_USDC_PERP"}),
    ("/api/v1/depth", {"symbol": "SOL_USDC"}),
    ("/api/v1/market-sessions", {}),
    ("/api/v1/securities", {}),
    ("/api/v1/markPrices", {}),
    ("/api/v1/markPrices", {"marketType": "SPOT"}),
    ("/api/v1/openInterest", {}),
    ("/api/v1/fundingRates", {"symbol": "SOL_USDC_PERP"}),
    ("/api/v1/klines", {"symbol": "SOL_USDC", "interval": "1h", "startTime": 1_767_000_000}),
    ("/api/v1/klines", {"symbol": "SOL_USDC", "interval": "1s", "startTime": 1_767_225_560}),
    ("/api/v1/klines", {"symbol": "SOL_USDC", "interval": "1month", "startTime": 1_761_000_000}),
    (
        "/api/v1/klines",
        {"symbol": "SOL_USDC_PERP", "interval": "1d", "startTime": 1_766_000_000, "priceType": "Mark"},
    ),
    ("/api/v1/ticker", {"symbol": "SOL_USDC"}),
    ("/api/v1/tickers", {}),
    ("/api/v1/tickers", {"interval": "1w"}),
    ("/api/v1/status", {}),
    ("/api/v1/ping", {}),
    ("/api/v1/time", {}),
    ("/api/v1/trades", {"symbol": "SOL_USDC"}),
    ("/api/v1/trades/history", {"symbol": "SOL_USDC", "offset": 3, "limit": 2}),
    ("/api/v1/wallets", {}),
]


@pytest.mark.parametrize(("path", "query"), PUBLIC_CALLS)
def test_a_public_answer_fits_the_venues_schema(desk: LocalDesk, path: str, query: dict[str, Any]) -> None:
    body = desk.get(path, **query)
    assert body, "an empty answer shows nothing"
    # QNDX.US is in a captured answer, and newer than the OpenAPI's list of assets.
    assert [problem for problem in problems(f"GET {path}", 200, body) if "'QNDX.US'" not in problem] == []


def test_every_signed_answer_of_a_life_fits_the_venues_schema(desk: LocalDesk, client: Client) -> None:
    seen: dict[str, Any] = {}

    def call(operation: str, *, body: Any = None, **query: Any) -> Any:
        method, path = operation.split(" ")
        seen[operation] = answer = client.ask(method, path, body=body, **query)
        assert answer.status == 200, answer.body
        assert problems(operation, 200, answer.body) == [], operation
        return answer.body

    bid, ask = touch(desk, "SOL_USDC")
    spot = {"symbol": "SOL_USDC", "orderType": "Limit", "quantity": "1", "timeInForce": "GTC"}
    call("PATCH /api/v1/account", body={"leverageLimit": "5"})
    assert call("GET /api/v1/account")["leverageLimit"] == "5"
    call("GET /api/v1/account/limits/borrow", symbol="SOL")
    call("GET /api/v1/account/limits/order", symbol="SOL_USDC", side="Bid", price=bid)
    call("GET /api/v1/account/limits/withdrawal", symbol="USDC")
    resting = call(
        "POST /api/v1/order", body=spot | {"side": "Bid", "price": "90", "clientId": 4_000_000_000}
    )
    assert call("GET /api/v1/order", symbol="SOL_USDC", clientId=4_000_000_000) == resting
    assert call("GET /api/v1/orders", symbol="SOL_USDC") == [resting]
    call(
        "POST /api/v1/order",
        body=spot | {"side": "Ask", "price": ask, "triggerPrice": "150", "triggerQuantity": "1"},
    )
    call(
        "POST /api/v1/order",
        body={
            "symbol": "SOL_USDC_PERP",
            "side": "Bid",
            "orderType": "Market",
            "quoteQuantity": "500",
            "slippageTolerance": "1",
            "slippageToleranceType": "Percent",
        },
    )
    batch = call(
        "POST /api/v1/orders",
        body=[spot | {"side": "Bid", "price": "91"}, spot | {"side": "Bid", "price": "91.001"}],
    )
    assert [row["operation"] for row in batch] == ["Ok", "Err"]
    assert call("GET /api/v1/position")[0]["symbol"] == "SOL_USDC_PERP"
    call("GET /api/v1/capital")
    call("GET /api/v1/capital/collateral")
    call("DELETE /api/v1/order", body={"symbol": "SOL_USDC", "orderId": resting["id"]})
    assert len(call("DELETE /api/v1/orders", body={"symbol": "SOL_USDC"})) == 2
    call("GET /wapi/v1/capital/deposit/address", blockchain="Ethereum")
    sent = {"address": "x", "blockchain": "Solana", "quantity": "10", "symbol": "USDC", "clientId": "mine"}
    call("POST /wapi/v1/capital/withdrawals", body=sent)
    assert len(call("GET /wapi/v1/capital/withdrawals", clientId="mine")) == 1
    assert call("GET /wapi/v1/capital/deposits")
    assert call("GET /wapi/v1/history/fills")
    assert call("GET /wapi/v1/history/orders")
    call("GET /wapi/v1/history/funding")
    assert call("GET /wapi/v1/history/position")[0]["state"] == "Open"
    call(
        "POST /api/v1/order",
        body={
            "symbol": "SOL_USDC_PERP",
            "side": "Ask",
            "orderType": "Market",
            "quantity": "100",
            "reduceOnly": True,
        },
    )
    assert [row["state"] for row in call("GET /wapi/v1/history/position")] == ["Closed"]
    assert {operation for operation in PRIVATE if operation.split(" ")[1] in _signed_paths()} <= set(seen)


def _signed_paths() -> set[str]:
    return {path for path, methods in OPERATIONS.items() if any(row.instruction for row in methods.values())}


def test_funding_that_was_paid_fits_the_venues_schema() -> None:
    desk = LocalDesk(symbols=["SOL_USDC_PERP"], speed=0)
    client = desk.client()
    client.order("SOL_USDC_PERP", "Bid", quantity="1")
    desk.clock.advance(3_600)
    answer = client.ask("GET", "/wapi/v1/history/funding")
    assert len(answer.body) == 1
    assert problems("GET /wapi/v1/history/funding", 200, answer.body) == []
    assert answer.headers["X-Total"] == "1"


def test_every_operation_has_an_answer() -> None:
    assert {f"{method} {path}" for path, row in OPERATIONS.items() for method in row} - set(HANDLERS) == set()


def _example(kind: str) -> Any:
    return {
        "string": "SOL_USDC",
        "Side": "Bid",
        "decimal": "1",
        "integer_uint32": 1,
        "BorrowLendMarketHistoryInterval": "1d",
        "VaultHistoryInterval": "1d",
    }[kind]


_EXAMPLES: dict[str, Any] = {
    "AccountConvertDustPayload": {},
    "BorrowLendExecutePayload": {"quantity": "1", "side": "Lend", "symbol": "USDC"},
    "QuotePayload": {"rfqId": "1", "bidPrice": "1", "askPrice": "2"},
    "RequestForQuotePayload": {"symbol": "SOL_USDC", "side": "Bid"},
    "QuoteAcceptPayload": {"quoteId": "1"},
    "RequestForQuoteRefreshPayload": {"rfqId": "1"},
    "RequestForQuoteCancelPayload": {},
    "StrategyCreatePayload": {"strategyType": "Scheduled", "side": "Bid", "symbol": "SOL_USDC"},
    "StrategyCancelPayload": {"symbol": "SOL_USDC"},
    "StrategyCancelAllPayload": {"symbol": "SOL_USDC"},
    "VaultMintRequest": {"vaultId": 1, "symbol": "USDC", "quantity": "1"},
    "VaultRedeemRequest": {"vaultId": 1},
    "VaultRedeemCancelRequest": {"vaultId": 1},
    "CreateWithdrawalDelayRequest": {"withdrawalDelayHours": 1, "twoFactorToken": "1"},
    "UpdateWithdrawalDelayRequest": {"withdrawalDelayHours": 1, "twoFactorToken": "1"},
}


# --- values ----------------------------------------------------------------------------------------------


def test_time_and_ping_are_bare_text(desk: LocalDesk) -> None:
    answer = desk.ask("GET", "/api/v1/time")
    assert (answer.is_text, answer.body) == (True, str(desk.clock.now() // 1000))
    assert desk.ask("GET", "/api/v1/ping").body == "pong"


def test_both_sides_of_a_book_ascend(desk: LocalDesk) -> None:
    book = desk.get("/api/v1/depth", symbol="SOL_USDC", limit=20)
    prices = [float(price) for price, _ in book["bids"] + book["asks"]]
    assert prices == sorted(prices)
    assert len(book["bids"]) == len(book["asks"]) == 20


def test_markets_can_be_asked_for_by_type(desk: LocalDesk) -> None:
    rows = desk.get("/api/v1/markets", marketType="SPOT")
    assert {row["marketType"] for row in rows} == {"SPOT"}
    assert desk.get("/api/v1/markets", marketType="PREDICTION") == []
    assert [row["symbol"] for row in desk.get("/api/v1/markets")] == SYMBOLS


def test_trades_come_newest_first(desk: LocalDesk) -> None:
    ids = [row["id"] for row in desk.get("/api/v1/trades", symbol="SOL_USDC")]
    assert ids == sorted(ids, reverse=True)
    assert [
        row["id"] for row in desk.get("/api/v1/trades/history", symbol="SOL_USDC", offset=2, limit=3)
    ] == ids[2:5]


def test_candles_of_the_past_meet_the_live_ones_without_a_step() -> None:
    desk = LocalDesk(symbols=["BTC_USDC_PERP"])
    desk.clock.advance(150)
    rows = desk.get("/api/v1/klines", symbol="BTC_USDC_PERP", interval="1m", startTime=1_767_225_000 - 30)
    starts = [row["start"] for row in rows]
    assert starts[0] == "2025-12-31 23:49:00"
    assert starts[-1] == "2026-01-01 00:01:00"
    assert len(starts) == 13
    assert all(row["open"] is not None for row in rows)
    before, live = rows[-4], rows[-3]
    assert abs(float(before["close"]) - float(live["open"])) < 0.002 * float(live["open"])


def test_the_interval_in_progress_has_no_row(desk: LocalDesk) -> None:
    now = desk.clock.now() // 1_000_000
    rows = desk.get("/api/v1/klines", symbol="SOL_USDC", interval="1d", startTime=now - 2 * 86_400)
    assert [row["start"] for row in rows] == ["2025-12-30 00:00:00", "2025-12-31 00:00:00"]


def test_the_interval_in_progress_has_a_row_if_the_switch_says_so() -> None:
    desk = LocalDesk(symbols=["SOL_USDC"], switches={"running_kline": True})
    desk.clock.advance(150)
    since = desk.clock.now() // 1_000_000 - 120
    rows = desk.get("/api/v1/klines", symbol="SOL_USDC", interval="1m", startTime=since)
    assert [row["start"] for row in rows] == [
        "2026-01-01 00:00:00",
        "2026-01-01 00:01:00",
        "2026-01-01 00:02:00",
    ]
    desk.sandbox.switches.running_kline = False
    assert desk.get("/api/v1/klines", symbol="SOL_USDC", interval="1m", startTime=since) == rows[:-1]


def test_the_running_interval_has_a_row_only_once_something_was_traded_in_it() -> None:
    desk = LocalDesk(symbols=["SOL_USDC"], speed=0, switches={"running_kline": True})
    desk.clock.advance(30)
    now = desk.clock.now() // 1_000_000
    rows = desk.get("/api/v1/klines", symbol="SOL_USDC", interval="1m", startTime=now - 60)
    assert [row["start"] for row in rows] == ["2025-12-31 23:59:00"]


def test_intervals_without_trades_may_have_no_row() -> None:
    desk = LocalDesk(symbols=["SOL_USDC"], speed=0)
    desk.clock.advance(300)
    since = desk.clock.now() // 1_000_000 - 600
    rows = desk.get("/api/v1/klines", symbol="SOL_USDC", interval="1m", startTime=since)
    assert [row["open"] is None for row in rows] == [False] * 5 + [True] * 5
    desk.sandbox.switches.blank_klines = False
    assert desk.get("/api/v1/klines", symbol="SOL_USDC", interval="1m", startTime=since) == rows[:5]


def test_a_limit_above_the_maximum_is_cut_or_refused() -> None:
    desk = LocalDesk(symbols=["SOL_USDC"], speed=0)
    assert len(desk.get("/api/v1/trades", symbol="SOL_USDC", limit=5_000)) > 10
    desk.sandbox.switches.large_limits = "refuse"
    answer = desk.ask("GET", "/api/v1/trades", {"symbol": "SOL_USDC", "limit": 5_000})
    assert (answer.status, answer.is_text) == (400, True)
    assert desk.client().ask("GET", "/wapi/v1/history/orders", limit=1_001).status == 400
    assert desk.client().ask("GET", "/wapi/v1/history/orders", limit=1_000).status == 200


def test_public_answers_are_given_again_for_as_long_as_the_venues_cache_keeps_them() -> None:
    desk = LocalDesk(symbols=["SOL_USDC"], switches={"cached_answers": True})
    first = desk.ask("GET", "/api/v1/trades", {"symbol": "SOL_USDC"})
    desk.clock.advance(4)
    again = desk.ask("GET", "/api/v1/trades", {"symbol": "SOL_USDC"})
    other = desk.ask("GET", "/api/v1/trades", {"symbol": "SOL_USDC", "limit": 1_000})
    desk.clock.advance(1)
    later = desk.ask("GET", "/api/v1/trades", {"symbol": "SOL_USDC"})
    assert first.headers["Cache-Control"] == "public, s-maxage=5"
    assert (again.body, again.headers["Age"]) == (first.body, "4")
    assert other.body != first.body
    assert "Age" not in later.headers
    assert later.body != first.body


def test_books_and_what_is_signed_are_never_cached() -> None:
    desk = LocalDesk(symbols=["SOL_USDC"], switches={"cached_answers": True})
    client, path = desk.client(), "/api/v1/depth"
    before = desk.get(path, symbol="SOL_USDC"), client.done("GET", "/api/v1/orders")
    client.order("SOL_USDC", "Bid", price="90.00", quantity="1")
    after = desk.get(path, symbol="SOL_USDC"), client.done("GET", "/api/v1/orders")
    assert before[0] != after[0]
    assert len(after[1]) == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "held"),
    [
        ("POST", "/api/v1/order", {"postOnly": True}, 0),
        ("POST", "/api/v1/order", {"postOnly": False}, 0.1),
        ("POST", "/api/v1/order", {}, 0.1),
        ("POST", "/api/v1/orders", [{"postOnly": True}, {"postOnly": True}], 0),
        ("POST", "/api/v1/orders", [{"postOnly": True}, {}], 0.1),
        ("DELETE", "/api/v1/order", {}, 0),
        ("POST", "/wapi/v1/capital/withdrawals", {}, 0),
    ],
)
def test_orders_that_may_take_are_held_back_if_the_switch_says_so(
    method: str, path: str, body: Any, held: float
) -> None:
    """The venue: "100 ms delay on every order without postOnly; post-only orders and cancels are exempt"."""
    desk = LocalDesk(symbols=["SOL_USDC"], speed=0)
    request = Request(method, path, body=json.dumps(body).encode())
    assert speed_bump(desk.sandbox.context, request) == 0
    desk.sandbox.switches.taker_speed_bump = True
    assert speed_bump(desk.sandbox.context, request) == held
    assert speed_bump(desk.sandbox.context, Request(method, path, body=b"{")) == 0


def test_a_long_range_of_candles_is_worked_out_in_short_steps() -> None:
    desk = LocalDesk(symbols=["SOL_USDC"], speed=0)
    since = desk.clock.now() // 1_000_000 - 90 * 86_400
    query = [("symbol", "SOL_USDC"), ("interval", "1h"), ("startTime", str(since))]
    request = Request("GET", "/api/v1/klines", query)
    context = desk.sandbox.context
    assert sum(1 for _ in preparation(context, request)) == 90 * 24
    past: Any = context.history.pasts["SOL_USDC"]
    made = past._pieces(60).cache_info().misses
    assert len(desk.get("/api/v1/klines", **dict(query))) == 90 * 24
    assert past._pieces(60).cache_info().misses == made, "the answer had to work out more"


@pytest.mark.parametrize(
    "query", [[], [("symbol", "NO"), ("interval", "1h"), ("startTime", "0")], [("symbol", "SOL_USDC")]]
)
def test_a_wrong_request_for_candles_prepares_nothing(query: list[tuple[str, str]]) -> None:
    desk = LocalDesk(symbols=["SOL_USDC"], speed=0)
    assert list(preparation(desk.sandbox.context, Request("GET", "/api/v1/klines", query))) == []


@pytest.mark.parametrize("interval", ["1m", "3m", "15m", "30m", "2h", "12h", "1d", "3d", "1w", "1month"])
def test_candles_of_every_length_are_the_sum_of_their_minutes(interval: str) -> None:
    desk = LocalDesk(symbols=["SOL_USDC"], speed=0)
    now = desk.clock.now() // 1_000_000
    since = now - (40 if interval[-1] in "dwh" else 70 if interval == "1month" else 4) * 86_400
    rows = desk.get("/api/v1/klines", symbol="SOL_USDC", interval=interval, startTime=since)[-3:]
    for row in rows:
        start, end = (_seconds(row[name]) for name in ("start", "end"))
        minutes: list[Any] = []
        for begins in range(start, end, 9_000 * 60):
            ends = min(end, begins + 9_000 * 60)
            minutes += desk.get(
                "/api/v1/klines", symbol="SOL_USDC", interval="1m", startTime=begins, endTime=ends
            )
        assert (row["open"], row["close"]) == (minutes[0]["open"], minutes[-1]["close"])
        assert Decimal(row["high"]) == max(Decimal(minute["high"]) for minute in minutes)
        assert Decimal(row["volume"]) == sum(Decimal(minute["volume"]) for minute in minutes)


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def test_every_asset_of_a_new_account_has_a_price_that_others_can_see() -> None:
    desk = LocalDesk()
    priced = {row["symbol"] for row in desk.get("/api/v1/tickers")}
    held = set(desk.client().done("GET", "/api/v1/capital"))
    assert {f"{asset}_USDC" for asset in held - {"USDC"}} <= priced


def test_more_rows_than_a_request_may_ask_for_are_refused(desk: LocalDesk) -> None:
    answer = desk.ask("GET", "/api/v1/klines", {"symbol": "SOL_USDC", "interval": "1m", "startTime": 0})
    assert refused(answer)[:2] == (400, "INVALID_RANGE")


def test_a_market_in_which_nothing_was_traded_has_an_empty_ticker(desk: LocalDesk) -> None:
    answer = desk.ask("GET", "/api/v1/ticker", {"symbol": "HNT_USDC"})
    assert (answer.status, answer.body) == (204, None)
    assert "HNT_USDC" not in {row["symbol"] for row in desk.get("/api/v1/tickers")}


def test_a_ticker_is_made_of_the_days_candles(desk: LocalDesk) -> None:
    ticker = desk.get("/api/v1/ticker", symbol="SOL_USDC")
    now = desk.clock.now() // 1_000_000
    rows = desk.get("/api/v1/klines", symbol="SOL_USDC", interval="1m", startTime=now - 86_400)
    assert ticker["firstPrice"] == rows[0]["open"]
    assert float(ticker["high"]) >= max(float(row["high"]) for row in rows)
    assert float(ticker["priceChange"]) == pytest.approx(
        float(ticker["lastPrice"]) - float(ticker["firstPrice"])
    )


def test_closed_markets_have_no_mark_price(desk: LocalDesk) -> None:
    symbols = {row["symbol"] for row in desk.get("/api/v1/markPrices")}
    assert symbols == {"SOL_USDC_PERP", "BTC_USDC_PERP", "AMZN.US_USDC_PERP"}


def test_funding_rates_page_back_through_ninety_days(desk: LocalDesk) -> None:
    answer = desk.ask("GET", "/api/v1/fundingRates", {"symbol": "SOL_USDC_PERP", "limit": 2, "offset": 2})
    assert [row["intervalEndTimestamp"] for row in answer.body] == [
        "2025-12-31T23:00:00",
        "2025-12-31T22:00:00",
    ]
    assert (answer.headers["X-Current-Page"], answer.headers["X-Page-Size"]) == ("2", "2")
    assert int(answer.headers["X-Total"]) > 2_000


def test_an_unknown_symbol_has_no_funding_rates_and_no_error(desk: LocalDesk) -> None:
    assert desk.get("/api/v1/fundingRates", symbol="NOPE_USDC_PERP") == []


def test_histories_page_with_the_venues_headers(client: Client) -> None:
    assert client.ask("GET", "/wapi/v1/history/orders").headers["X-Page-Count"] == "1"
    for number in range(5):
        client.order("SOL_USDC", "Bid", price=f"{80 + number}", quantity="1")
    answer = client.ask("GET", "/wapi/v1/history/orders", limit=2, offset=2, sortDirection="Asc")
    assert [row["price"] for row in answer.body] == ["82", "83"]
    names = ["X-Current-Page", "X-Page-Count", "X-Page-Size", "X-Total"]
    assert [answer.headers[name] for name in names] == ["2", "3", "2", "5"]
    newest = client.done("GET", "/wapi/v1/history/orders", limit=1)
    assert newest[0]["price"] == "84"


def test_fills_are_filtered_by_time_with_an_open_end(desk: LocalDesk, client: Client) -> None:
    client.order("SOL_USDC", "Bid", quantity="1")
    now = desk.clock.now() // 1000
    fills = "/wapi/v1/history/fills"
    assert client.done("GET", fills, **{"from": now, "to": now + 1})
    assert client.done("GET", fills, **{"from": now - 5, "to": now}) == []
    assert client.done("GET", fills, fillType="BookLiquidation") == []
    assert client.done("GET", fills, fillType="User", marketType="SPOT")
    assert client.done("GET", fills, marketType="PERP") == []


def test_a_new_key_opens_a_funded_account(client: Client) -> None:
    balances = client.done("GET", "/api/v1/capital")
    assert balances["USDC"] == {"available": "1000000", "locked": "0", "staked": "0"}


def test_a_withdrawal_leaves_the_balance(client: Client) -> None:
    body = {"address": "x", "blockchain": "Solana", "quantity": "100", "symbol": "USDC"}
    row = client.done("POST", "/wapi/v1/capital/withdrawals", body=body)
    assert (row["status"], row["fee"], row["quantity"]) == ("pending", "1", "100")
    assert client.done("GET", "/api/v1/capital")["USDC"]["available"] == "999900"


def test_the_deposit_address_is_the_accounts_own(
    desk: LocalDesk, client: Client, numbers: Iterator[int]
) -> None:
    path = "/wapi/v1/capital/deposit/address"
    own = client.done("GET", path, blockchain="Ethereum")
    assert own == client.done("GET", path, blockchain="Ethereum")
    assert own != desk.client(next(numbers)).done("GET", path, blockchain="Ethereum")


# --- errors ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/api/v1/depth", {"symbol": "NOPE"}, (400, "INVALID_CLIENT_REQUEST", "Invalid market symbol")),
        ("/api/v1/market", {"symbol": "NOPE"}, (400, "INVALID_CLIENT_REQUEST", "Invalid market symbol")),
        ("/api/v1/markPrices", {"symbol": "NOPE"}, (400, "INVALID_CLIENT_REQUEST", "Symbol not found")),
        (
            "/api/v1/markPrices",
            {"symbol": "IP_USDC_PERP"},
            (400, "INVALID_CLIENT_REQUEST", "Symbol not found"),
        ),
        ("/api/v1/depth", {"symbol": "HNT_USDC"}, (404, "RESOURCE_NOT_FOUND", "Not Found")),
    ],
)
def test_a_symbol_that_cannot_be_answered_for_is_refused(
    desk: LocalDesk, path: str, query: dict[str, str], expected: tuple[int, str, str]
) -> None:
    assert refused(desk.ask("GET", path, query)) == expected


def test_errors_of_parsing_are_plain_text(desk: LocalDesk, client: Client) -> None:
    for answer in (
        desk.ask("GET", "/api/v1/nothing"),
        desk.ask("PUT", "/api/v1/order"),
        desk.ask("GET", "/api/v1/depth", {"symbol": "SOL_USDC", "limit": 30}),
        desk.ask("POST", "/api/v1/order", body=b"{"),
        desk.ask("GET", "/wapi/v1/capital/deposits"),
    ):
        assert answer.is_text
    assert desk.ask("GET", "/api/v1/nothing").body == "not found"


LIMIT = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "price": "90", "quantity": "1"}
PERP = LIMIT | {"symbol": "SOL_USDC_PERP"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"quantity": "1.001"}, ("INVALID_CLIENT_REQUEST", "Quantity decimal too long")),
        ({"price": "90.001"}, ("INVALID_CLIENT_REQUEST", "Price decimal too long")),
        ({"quantity": "0"}, ("INVALID_QUANTITY", "Quantity is below the minimum allowed value")),
        ({"price": "500"}, ("INVALID_PRICE", "Price is too far from the last active price")),
        ({"price": "150", "postOnly": True}, ("INVALID_ORDER", "Order would immediately match and take.")),
        ({"symbol": "SOL_USDC_PERP", "reduceOnly": True}, ("INVALID_ORDER", "Reduce only order not reduced")),
        (
            {"orderType": "Market", "price": None, "quantity": None},
            ("INVALID_CLIENT_REQUEST", "Market orders must specify a positive `quantity`"),
        ),
        (
            {"triggerPrice": "80"},
            ("INVALID_CLIENT_REQUEST", "Must specify both `triggerPrice` and `triggerQuantity` or neither"),
        ),
        ({"triggerPrice": "soon", "triggerQuantity": "1"}, ("INVALID_ORDER", "Invalid order")),
        ({"quantity": "900000"}, ("INSUFFICIENT_FUNDS", "Insufficient funds")),
        ({"symbol": "SOL_USDC_PERP", "quantity": "900000"}, ("INSUFFICIENT_MARGIN", "Insufficient margin")),
    ],
)
def test_an_order_the_venue_would_refuse_is_refused_in_its_words(
    client: Client, change: dict[str, Any], expected: tuple[str, str]
) -> None:
    body = {name: value for name, value in (LIMIT | change).items() if value is not None}
    assert refused(client.ask("POST", "/api/v1/order", body=body)) == (400, *expected)


def test_a_market_order_on_an_empty_book_finds_no_liquidity() -> None:
    desk = LocalDesk(symbols=["SOL_USDC"], speed=0)
    desk.venue.cancel_all(desk.venue.account("house maker"), "SOL_USDC", None, desk.clock.now())
    answer = desk.client().ask(
        "POST",
        "/api/v1/order",
        body={"symbol": "SOL_USDC", "side": "Bid", "orderType": "Market", "quantity": "1"},
    )
    assert refused(answer)[2] == "No liquidity for market order"


def test_more_stops_than_a_market_takes_are_refused(client: Client) -> None:
    stop = LIMIT | {"side": "Ask", "price": "150", "triggerPrice": "140", "triggerQuantity": "1"}
    del stop["quantity"]
    answers = [client.ask("POST", "/api/v1/order", body=stop) for _ in range(MAX_STOPS_PER_MARKET + 1)]
    assert {answer.status for answer in answers[:-1]} == {200}
    assert refused(answers[-1])[2] == "Maximum stop orders per position reached"


CAPTURED_ERRORS: list[tuple[str, str, dict[str, Any], str]] = [
    ("unknown symbol", "/api/v1/depth", {"symbol": "NOPE"}, "Invalid market symbol"),
    ("unknown or closed market", "/api/v1/markPrices", {"symbol": "NOPE"}, "Symbol not found"),
    ("Closed market", "/api/v1/depth", {"symbol": "HNT_USDC"}, "Not Found"),
    ("limit=30", "/api/v1/depth", {"symbol": "SOL_USDC", "limit": 30}, "failed to parse parameter"),
    ("unknown path", "/api/v1/no/such/path", {}, "not found"),
]


@pytest.mark.parametrize(("request_", "path", "query", "text"), CAPTURED_ERRORS)
def test_a_captured_error_is_answered_byte_for_byte(
    desk: LocalDesk, sample: Callable[[str], Any], request_: str, path: str, query: dict[str, Any], text: str
) -> None:
    [captured] = [
        row for row in sample("rest/_errors") if request_ in row["request"] and text in str(row["body"])
    ]
    answer = desk.ask("GET", path, query)
    assert (answer.status, answer.body) == (captured["http"], captured["body"])
    assert answer.is_text == (captured["content"] == "text")


def test_an_order_that_is_not_open_is_not_found(client: Client) -> None:
    gone = {"symbol": "SOL_USDC", "orderId": "1"}
    assert refused(client.ask("GET", "/api/v1/order", **gone)) == (404, "RESOURCE_NOT_FOUND", "Not Found")
    assert refused(client.ask("DELETE", "/api/v1/order", body=gone))[1:] == (
        "RESOURCE_NOT_FOUND",
        "Not Found",
    )
    assert client.done("DELETE", "/api/v1/orders", body={"symbol": "SOL_USDC"}) == []


def test_an_order_must_be_named_by_one_id(client: Client) -> None:
    assert refused(client.ask("GET", "/api/v1/order", symbol="SOL_USDC"))[0] == 400
    both = client.ask("GET", "/api/v1/order", symbol="SOL_USDC", orderId="1", clientId=1)
    assert refused(both) == (400, "INVALID_CLIENT_REQUEST", "Invalid signature")


def test_without_positions_the_list_is_empty_and_one_market_is_not_found(client: Client) -> None:
    assert client.done("GET", "/api/v1/position") == []
    answer = client.ask("GET", "/api/v1/position", symbol="SOL_USDC_PERP")
    assert refused(answer) == (404, "RESOURCE_NOT_FOUND", "Not Found")


def test_an_unsigned_request_is_refused(desk: LocalDesk) -> None:
    assert desk.ask("GET", "/wapi/v1/capital/deposits").status == 400
    assert refused(desk.ask("GET", "/wapi/v1/history/orders"))[:2] == (401, "UNAUTHORIZED")


def test_a_request_signed_too_long_ago_has_expired(client: Client) -> None:
    stale = str(client.desk.clock.now() // 1000 - 5_001)
    answer = client.desk.ask(
        "GET", "/api/v1/capital", headers=client.headers("balanceQuery", [{}], timestamp=stale)
    )
    assert refused(answer) == (400, "INVALID_CLIENT_REQUEST", "Request has expired")


def test_a_parameter_the_venue_does_not_know_breaks_the_signature(client: Client) -> None:
    answer = client.ask("GET", "/api/v1/orders", symbol="SOL_USDC", limit=5)
    assert refused(answer) == (400, "INVALID_CLIENT_REQUEST", "Invalid signature")


def test_the_market_symbol_of_an_order_is_checked_before_the_signature(desk: LocalDesk) -> None:
    answer = desk.ask("POST", "/api/v1/order", body=LIMIT | {"symbol": "NOPE_USDC"})
    assert answer.body == (
        'parse request payload error: failed to parse "MarketSymbol": Invalid market symbol '
        '(occurred while parsing "OrderExecutePayload")'
    )


@pytest.mark.parametrize("size", [0, 51])
def test_a_batch_has_one_to_fifty_orders(client: Client, size: int) -> None:
    answer = client.ask("POST", "/api/v1/orders", body=[LIMIT] * size)
    assert refused(answer)[:2] == (400, "INVALID_CLIENT_REQUEST")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"blockchain": "Tron"}, "INVALID_ASSET"),
        ({"symbol": "DOGE"}, "INVALID_ASSET"),
        ({"quantity": "0.5"}, "INVALID_QUANTITY"),
        ({"quantity": "2000000"}, "INSUFFICIENT_FUNDS"),
    ],
)
def test_a_withdrawal_that_cannot_be_made_is_refused(
    client: Client, change: dict[str, str], code: str
) -> None:
    body = {"address": "x", "blockchain": "Solana", "quantity": "100", "symbol": "USDC"} | change
    assert refused(client.ask("POST", "/wapi/v1/capital/withdrawals", body=body))[1] == code


def test_a_closed_sandbox_takes_no_new_keys() -> None:
    desk = LocalDesk(symbols=["SOL_USDC"], speed=0, closed=True)
    assert refused(desk.client().ask("GET", "/wapi/v1/history/orders"))[:2] == (401, "UNAUTHORIZED")
    order = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "price": "90", "quantity": "1"}
    assert refused(desk.client().ask("POST", "/api/v1/order", body=order))[:2] == (401, "UNAUTHORIZED")


@pytest.mark.parametrize("name", ["account", "capital", "capital/collateral", "position", "orders"])
def test_reading_the_account_of_an_unknown_key_answers_an_empty_object(name: str) -> None:
    """Seen live: "a valid signature with a key that is not registered: 200 with {} on account calls"."""
    desk = LocalDesk(symbols=["SOL_USDC"], speed=0, closed=True)
    assert desk.client().done("GET", f"/api/v1/{name}") == {}
    desk.sandbox.switches.unknown_key = "refuse"
    assert refused(desk.client().ask("GET", f"/api/v1/{name}"))[:2] == (401, "UNAUTHORIZED")


@pytest.mark.parametrize("name", ["account", "capital", "capital/collateral", "position", "orders", "order"])
def test_reading_an_account_without_credentials_is_unauthorised(desk: LocalDesk, name: str) -> None:
    """Seen live 2026-09-14: "no credentials: 401 UNAUTHORIZED" on these six."""
    answer = desk.ask("GET", f"/api/v1/{name}", {"symbol": "SOL_USDC", "orderId": "1"})
    assert refused(answer)[:2] == (401, "UNAUTHORIZED")


def test_past_its_budget_a_caller_is_told_to_wait() -> None:
    desk = LocalDesk(symbols=["SOL_USDC"], speed=0, budgets=Budgets(requests=5, historical=2))
    klines = {"symbol": "SOL_USDC", "interval": "1m", "startTime": desk.clock.now() // 1_000_000}
    statuses = [desk.ask("GET", "/api/v1/klines", klines).status for _ in range(3)]
    assert statuses == [200, 200, 429]
    answers = [desk.ask("GET", "/api/v1/ping") for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert refused(answers[-1]) == (429, "TOO_MANY_REQUESTS", "Too many requests")
    assert desk.client().ask("GET", "/api/v1/capital").status == 200
    desk.clock.advance(60)
    assert desk.ask("GET", "/api/v1/ping").status == 200


def test_a_failure_of_the_sandbox_itself_is_a_server_error(
    desk: LocalDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(HANDLERS, "GET /api/v1/ping", lambda call: 1 / 0)
    assert refused(desk.ask("GET", "/api/v1/ping"))[:2] == (500, "SERVER_ERROR")


# --- anything at all -------------------------------------------------------------------------------------

NUMBERS = st.sampled_from(
    ["0", "1", "-1", "0.5", "100", "1e5", "99999999999999999999", "0.00000001", "", "x"]
)
TEXTS = st.sampled_from([*SYMBOLS, "NOPE", "SOL", "USDC", "80%", "150", "-1", "0", "", "\ud7ff", "1" * 300])
WORDS = [
    *("Bid", "Ask", "Limit", "Market", "GTC", "IOC", "FOK", "RejectTaker", "RejectMaker", "LastPrice"),
    *("MarkPrice", "Solana", "USDC", "SPOT", "PERP", "Asc", "Desc", "Open", "Closed", "1s", "1m", "1d", "1w"),
    *("1month", "Last", "Mark", "5", "1000", "User", "Percent", "TickSize", "RestingLimitOrder", "nonsense"),
]
INTEGERS = st.sampled_from(
    [0, 1, 7, 1_000, 65_535, 2**32 - 1, 1_767_225_000, 1_767_225_600_000, 2**63 - 1, -1]
)
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "decimal": NUMBERS,
    "boolean": st.booleans(),
    "string": TEXTS,
    "string<=255": TEXTS,
    "WithdrawalRecipientInformation": st.sampled_from([{}, {"withdrawal_address_id": 1}]),
}


def values(kind: str) -> st.SearchStrategy[Any]:
    """Values that could pass for this kind, some of them bad."""
    if kind.startswith("integer"):
        return INTEGERS
    fitting = [word for word in WORDS if word in ENUMS.get(kind.strip("[]"), ())]
    return KINDS[kind] if kind in KINDS else st.sampled_from([*fitting, "nonsense"])


def fields(kinds: Mapping[str, tuple[str, bool]]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with these keys, those that are required nearly always."""
    required = {name: values(kind) for name, (kind, needed) in kinds.items() if needed}
    optional = {name: values(kind) for name, (kind, needed) in kinds.items() if not needed}
    return st.fixed_dictionaries(required, optional=optional)


@given(st.data(), st.sampled_from(sorted(HANDLERS)))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_request_makes_the_sandbox_fail(desk: LocalDesk, data: st.DataObject, operation: str) -> None:
    method, path = operation.split(" ")
    row = OPERATIONS[path][method]
    query = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in data.draw(fields(row.query)).items()
    }
    body: Any = None
    if row.body is not None:
        body = data.draw(fields(OBJECTS[row.body.strip("[]")]))
        body = [body, body] if row.takes_list else body
    if row.instruction is None:
        answer = desk.ask(method, path, query, body=body)
    else:
        answer = desk.client(255).ask(method, path, body=body, **query)
    assert answer.status in (200, 204, 400, 403, 404), (operation, query, body, answer.body)
    encoded(answer.body)
