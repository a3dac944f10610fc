"""The sandbox's JSON beside captured replies of the venue: the same keys, the same forms of values."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.sandbox.http.payloads import naive_time
from bpx_connector.sandbox.records.figures import plain
from tests.support.desk import Client, LocalDesk
from tests.support.openapi import property_names

Sample = Callable[[str], Any]

DECIMAL = re.compile(r"-?\d+(\.\d*[1-9])?")
NAIVE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}|\.\d{6})?")
BLANK = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


@pytest.fixture(scope="module")
def desk() -> LocalDesk:
    """A sandbox that has been trading for a while."""
    desk = LocalDesk(symbols=["SOL_USDC", "USDT_USDC", "SOL_USDC_PERP", "BTC_USDC_PERP", "ETH_USDC_PERP"])
    desk.clock.advance(5)
    return desk


@pytest.fixture(scope="module")
def client(desk: LocalDesk) -> Client:
    """Somebody with a position, a resting order, a fired market order and a withdrawal."""
    client = desk.client()
    client.order("ETH_USDC_PERP", "Bid", quantity="0.0036")
    client.order("USDT_USDC", "Ask", price="1.0077", quantity="20", postOnly=True)
    body = {"address": "0x2", "blockchain": "Ethereum", "quantity": "10", "symbol": "USDC"}
    client.done("POST", "/wapi/v1/capital/withdrawals", body=body)
    return client


def form(value: Any) -> str:
    """The kind of a value: type, and for text what it is written like."""
    if isinstance(value, str):
        patterns = (("decimal", DECIMAL), ("naive time", NAIVE), ("blank time", BLANK))
        return next((name for name, pattern in patterns if pattern.fullmatch(value)), "text")
    return type(value).__name__


def assert_alike(ours: Any, captured: Any, schema: str | None = None) -> None:
    """The same keys, but for those that only the newer OpenAPI has, and the same forms of values."""
    documented = property_names(schema) if schema else set()
    assert set(captured) - set(ours) == set()
    assert set(ours) - set(captured) <= documented
    for name in set(captured) & set(ours):
        if ours[name] is not None and captured[name] is not None:
            assert form(ours[name]) == form(captured[name]), name


PUBLIC_ROWS: list[tuple[str, str, dict[str, Any]]] = [
    ("get_api_v1_ticker.SOL_USDC", "/api/v1/ticker", {"symbol": "SOL_USDC"}),
    ("get_api_v1_tickers", "/api/v1/tickers", {}),
    ("get_api_v1_trades", "/api/v1/trades", {"symbol": "SOL_USDC"}),
    (
        "get_api_v1_klines",
        "/api/v1/klines",
        {"symbol": "SOL_USDC", "interval": "1m", "startTime": 1_767_225_000},
    ),
    ("get_api_v1_markPrices", "/api/v1/markPrices", {}),
    ("get_api_v1_openInterest", "/api/v1/openInterest", {}),
    ("get_api_v1_fundingRates", "/api/v1/fundingRates", {"symbol": "BTC_USDC_PERP"}),
    ("get_api_v1_depth", "/api/v1/depth", {"symbol": "SOL_USDC", "limit": 20}),
    ("get_api_v1_depth.BTC_USDC_PERP_limit5", "/api/v1/depth", {"symbol": "BTC_USDC_PERP", "limit": 5}),
    ("get_api_v1_status", "/api/v1/status", {}),
]


@pytest.mark.parametrize(("name", "path", "query"), PUBLIC_ROWS)
def test_a_public_answer_looks_like_the_captured_one(
    desk: LocalDesk, sample: Sample, name: str, path: str, query: dict[str, Any]
) -> None:
    ours, captured = desk.get(path, **query), sample(f"rest/{name}")
    assert type(ours) is type(captured)
    assert_alike(
        ours[0] if isinstance(ours, list) else ours, captured[0] if isinstance(captured, list) else captured
    )


def test_the_captured_market_rows_are_answered_unchanged(desk: LocalDesk, sample: Sample) -> None:
    for symbol in ("SOL_USDC_PERP", "USDT_USDC", "BTC_USDC_PERP"):
        assert desk.get("/api/v1/market", symbol=symbol) == sample(f"rest/get_api_v1_market.{symbol}")


def test_the_captured_asset_is_answered_with_the_one_newer_key(desk: LocalDesk, sample: Sample) -> None:
    [captured] = sample("rest/get_api_v1_assets")
    [ours] = [row for row in desk.get("/api/v1/assets") if row["symbol"] == "JTO"]
    [token] = ours["tokens"]
    assert token == {**captured["tokens"][0], "nativeDecimals": 9}
    assert {**ours, "tokens": captured["tokens"]} == captured


def test_the_captured_securities_are_among_those_here(desk: LocalDesk, sample: Sample) -> None:
    rows = desk.get("/api/v1/securities")
    captured = sample("rest/get_api_v1_securities")
    assert rows[: len(captured)] == captured
    assert all(row.keys() == captured[0].keys() for row in rows)


def test_bare_text_is_as_bare_as_captured(desk: LocalDesk, sample: Sample) -> None:
    assert desk.get("/api/v1/ping") == sample("rest/get_api_v1_ping") == "pong"
    assert form(desk.get("/api/v1/time")) == form(sample("rest/get_api_v1_time"))


def test_a_limit_order_has_the_captured_keys(client: Client, sample: Sample) -> None:
    [ours] = client.done("GET", "/api/v1/orders")
    captured = sample("rest/post_api_v1_order.limit_post_only")
    assert list(ours) == sorted(captured)
    same = {"createdAt", "id"}
    assert {key: value for key, value in ours.items() if key not in same} == {
        key: value for key, value in captured.items() if key not in same
    }


def test_a_market_order_has_the_captured_keys_and_the_newer_ones(client: Client, sample: Sample) -> None:
    ours = client.order("SOL_USDC", "Bid", quantity="0.01")
    assert_alike(ours, sample("rest/post_api_v1_order.market_filled"), "MarketOrder")


def test_order_history_has_the_captured_keys(client: Client, sample: Sample) -> None:
    ours = client.done("GET", "/wapi/v1/history/orders", symbol="USDT_USDC")[0]
    captured = sample("rest/get_wapi_v1_history_orders")[0]
    assert set(ours) == set(captured)
    assert ours["quoteQuantity"] == captured["quoteQuantity"] == "20.154"


def test_fills_have_the_captured_keys(client: Client, sample: Sample) -> None:
    ours = client.done("GET", "/wapi/v1/history/fills", symbol="ETH_USDC_PERP")[0]
    assert_alike(ours, sample("rest/get_wapi_v1_history_fills"))


def test_positions_have_the_captured_keys(client: Client, sample: Sample) -> None:
    [ours] = client.done("GET", "/api/v1/position")
    captured = sample("rest/get_api_v1_position.long_ETH")
    assert_alike(ours, captured)
    assert (ours["netQuantity"], ours["netExposureQuantity"]) == ("0.0036", "0.0036")


def test_balances_have_the_captured_keys(client: Client, sample: Sample) -> None:
    ours, captured = client.done("GET", "/api/v1/capital"), sample("rest/get_api_v1_capital")
    assert set(ours["USDT"]) == set(captured["USDT"])


def test_the_collateral_view_has_the_captured_keys(client: Client, sample: Sample) -> None:
    ours = client.done("GET", "/api/v1/capital/collateral")
    captured = sample("rest/get_api_v1_capital_collateral")
    assert_alike(ours, captured)
    assert_alike(ours["collateral"][0], captured["collateral"][0])
    usdt = next(row for row in ours["collateral"] if row["symbol"] == "USDT")
    assert usdt["collateralWeight"] == captured["collateral"][0]["collateralWeight"] == "0.95"


def test_withdrawals_and_deposits_have_the_captured_keys(client: Client, sample: Sample) -> None:
    [withdrawal] = client.done("GET", "/wapi/v1/capital/withdrawals")
    assert_alike(withdrawal, sample("rest/post_wapi_v1_capital_withdrawals"))
    deposit = client.done("GET", "/wapi/v1/capital/deposits")[0]
    assert_alike(deposit, sample("rest/get_wapi_v1_capital_deposits")[0])
    address = client.done("GET", "/wapi/v1/capital/deposit/address", blockchain="Ethereum")["address"]
    assert re.fullmatch("0x[0-9a-f]{40}", address)
    assert len(sample("rest/get_wapi_v1_capital_deposit_address")["address"]) == len(address)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("100.70", "100.7"),
        ("10.000", "10"),
        ("1E+3", "1000"),
        ("1E-8", "0.00000001"),
        ("-0.00", "0"),
        ("0E-9", "0"),
    ],
)
def test_decimals_are_plain_and_trimmed(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=-(10**15), max_value=10**15))
def test_a_trimmed_decimal_is_still_the_same_number(value: Decimal) -> None:
    text = plain(value)
    assert Decimal(text) == value
    assert DECIMAL.fullmatch(text)


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (1_788_285_244_094_000, "2026-09-01T17:54:04.094"),
        (1_788_285_244_094_999, "2026-09-01T17:54:04.094"),
        (1_789_340_400_000_000, "2026-09-13T23:00:00"),
    ],
)
def test_naive_times_are_utc_with_milliseconds_or_none(time: int, text: str) -> None:
    assert naive_time(time) == text
