"""Lending, borrowing, settlements and dust: what is answered fits the venue's schema and adds up."""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bpx_connector.parse.account.ledger import EVERY_SOURCE, moved_by
from bpx_connector.sandbox.http.lending import LENDING
from bpx_connector.sandbox.http.schema import operation_for
from bpx_connector.venue.endpoints import Endpoints, NewerEndpoints
from tests.support.desk import Client, LocalDesk
from tests.support.openapi import problems

HOUR = 3600
YEAR_OF_HOURS = 365 * 24
SYMBOLS = ["SOL_USDC", "BTC_USDC", "USDT_USDC", "SOL_USDC_PERP"]


@pytest.fixture(scope="module")
def desk() -> LocalDesk:
    """A sandbox that all tests of this file share; each has a client of its own."""
    desk = LocalDesk(symbols=SYMBOLS, speed=0)
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


def act(client: Client, side: str, symbol: str, quantity: str) -> Any:
    body = {"side": side, "symbol": symbol, "quantity": quantity}
    return client.ask("POST", "/api/v1/borrowLend", body=body)


def position(client: Client, symbol: str) -> Any:
    rows = client.done("GET", "/api/v1/borrowLend/positions")
    return next((row for row in rows if row["symbol"] == symbol), None)


def free(client: Client, asset: str) -> Decimal:
    return Decimal(client.done("GET", "/api/v1/capital").get(asset, {"available": "0"})["available"])


# --- shapes ------------------------------------------------------------------------------------------------


def test_every_answer_fits_the_venues_schema(desk: LocalDesk, client: Client) -> None:
    client.order("SOL_USDC_PERP", "Bid", quantity="1")
    client.done("POST", "/api/v1/borrowLend", body={"side": "Lend", "symbol": "SOL", "quantity": "5"})
    client.done("POST", "/api/v1/borrowLend", body={"side": "Borrow", "symbol": "BTC", "quantity": "1"})
    desk.clock.leap(HOUR)
    planned = base64.b64encode(json.dumps({"side": "Borrow", "symbol": "SOL", "quantity": "1"}).encode())
    queries: dict[str, dict[str, str]] = {
        "GET /api/v1/borrowLend/markets/history": {"interval": "1d"},
        "GET /api/v1/borrowLend/position/liquidationPrice": {"borrow": planned.decode()},
        "GET /api/v1/account/limits/borrow": {"symbol": "SOL"},
    }
    for operation in LENDING:
        method, path = operation.split(" ")
        if method == "POST":
            continue
        query = queries.get(operation, {})
        is_signed = operation_for(method, path).instruction is not None
        answer = client.ask(method, path, **query) if is_signed else desk.ask(method, path, query)
        assert answer.status == 200, (operation, answer.body)
        assert not [problem[:200] for problem in problems(operation, 200, answer.body)], operation
        if path not in ("/wapi/v1/history/dust",):
            assert answer.body, operation


# --- lending and borrowing ---------------------------------------------------------------------------------


def test_what_is_lent_leaves_the_spot_view_and_comes_back(client: Client) -> None:
    before = free(client, "SOL")
    assert act(client, "Lend", "SOL", "5").status == 200
    assert free(client, "SOL") == before - 5
    assert position(client, "SOL")["netQuantity"] == "5"
    assert act(client, "Borrow", "SOL", "5").status == 200
    assert free(client, "SOL") == before
    assert position(client, "SOL") is None
    kinds = [row["eventType"] for row in client.done("GET", "/wapi/v1/history/borrowLend")]
    assert kinds == ["LendRedeem", "Lend"]


def test_interest_is_paid_on_the_hour_at_a_rate_of_a_year(desk: LocalDesk, client: Client) -> None:
    desk.clock.leap(HOUR - desk.clock.now() // 1_000_000 % HOUR)
    act(client, "Lend", "SOL", "100")
    desk.clock.leap(HOUR)
    assert client.done("GET", "/wapi/v1/history/interest") == []  # it began within the hour that ended
    desk.clock.leap(HOUR)
    [paid] = client.done("GET", "/wapi/v1/history/interest")
    expected = 100 * Decimal(paid["interestRate"]) / YEAR_OF_HOURS
    assert abs(Decimal(paid["quantity"]) - expected) < Decimal("1e-8")
    assert (paid["paymentType"], paid["symbol"], paid["interval"]) == ("Lend", "SOL", 3_600_000)
    assert Decimal(position(client, "SOL")["netQuantity"]) == 100 + Decimal(paid["quantity"])


def test_who_borrows_pays_for_the_rest_of_the_hour_at_once(desk: LocalDesk, client: Client) -> None:
    desk.clock.leap(HOUR - desk.clock.now() // 1_000_000 % HOUR + HOUR // 2)
    act(client, "Borrow", "BTC", "1")
    [fee] = client.done("GET", "/wapi/v1/history/interest")
    assert fee["paymentType"] == "EntryFee"
    half = Decimal(fee["interestRate"]) / YEAR_OF_HOURS / 2
    assert abs(-Decimal(fee["quantity"]) - half) < Decimal("1e-6")
    desk.clock.leap(HOUR * 2)
    kinds = [row["paymentType"] for row in client.done("GET", "/wapi/v1/history/interest")]
    assert kinds == ["Borrow", "EntryFee"]


def test_nobody_borrows_more_than_equity_carries_or_lends_what_is_not_there(client: Client) -> None:
    most = client.done("GET", "/api/v1/account/limits/borrow", symbol="BTC")["maxBorrowQuantity"]
    refused = act(client, "Borrow", "BTC", str(Decimal(most) + 1))
    assert (refused.status, refused.body["code"]) == (400, "BORROW_LIMIT")
    refused = act(client, "Lend", "SOL", "1000000000")
    assert (refused.status, refused.body["code"]) == (400, "INSUFFICIENT_FUNDS")
    assert act(client, "Borrow", "BTC", most).status == 200


def test_a_spot_order_takes_back_borrows_and_repays_as_it_is_told(client: Client) -> None:
    client.desk.venue.switches.lend_redeem = "asked"
    act(client, "Lend", "SOL", str(free(client, "SOL")))
    refused = client.ask(
        "POST",
        "/api/v1/order",
        body={"symbol": "SOL_USDC", "side": "Ask", "orderType": "Market", "quantity": "1"},
    )
    assert refused.body["code"] == "INSUFFICIENT_FUNDS"
    client.order("SOL_USDC", "Ask", quantity="1", autoLendRedeem=True)
    assert Decimal(position(client, "SOL")["netQuantity"]) == 999
    act(client, "Borrow", "SOL", "999")
    client.order("SOL_USDC", "Ask", quantity="1001", autoBorrow=True)
    assert Decimal(position(client, "SOL")["netQuantity"]) < 0
    client.order("SOL_USDC", "Bid", quantity="5", autoBorrowRepay=True)
    assert position(client, "SOL") is None


def test_auto_lend_puts_all_that_is_free_to_work_and_gives_it_back(client: Client) -> None:
    before = client.done("GET", "/api/v1/capital")
    client.ask("PATCH", "/api/v1/account", body={"autoLend": True})
    assert client.done("GET", "/api/v1/capital") == {}
    rows = {row["symbol"]: row["netQuantity"] for row in client.done("GET", "/api/v1/borrowLend/positions")}
    assert rows == {asset: row["available"] for asset, row in before.items()}
    client.ask("PATCH", "/api/v1/account", body={"autoLend": False})
    assert client.done("GET", "/api/v1/capital") == before


def test_a_plan_that_cannot_be_read_is_a_bad_request(desk: LocalDesk) -> None:
    for plan in ("x", base64.b64encode(b"[]").decode(), base64.b64encode(b'{"side":"Buy"}').decode()):
        answer = desk.ask("GET", "/api/v1/borrowLend/position/liquidationPrice", {"borrow": plan})
        assert (answer.status, answer.body["code"]) == (400, "INVALID_CLIENT_REQUEST")


# --- dust --------------------------------------------------------------------------------------------------


def test_dust_becomes_usdc_and_what_is_no_dust_does_not(client: Client) -> None:
    held = free(client, "SOL")
    client.done(
        "POST",
        "/wapi/v1/capital/withdrawals",
        body={
            "address": "2Yf5xqe2Tz8d9jSVpTzGkZrV3PCpP4Ah5bJdY1uUhFvS",
            "blockchain": "Solana",
            "quantity": str(held - Decimal("0.005")),
            "symbol": "SOL",
        },
    )
    before = free(client, "USDC")
    assert client.ask("POST", "/api/v1/account/convertDust", body={"symbol": "SOL"}).status == 200
    [row] = client.done("GET", "/wapi/v1/history/dust")
    assert (row["symbol"], row["quantity"]) == ("SOL", "0.005")
    assert free(client, "USDC") == before + Decimal(row["usdcReceived"])
    refused = client.ask("POST", "/api/v1/account/convertDust", body={"symbol": "BTC"})
    assert (refused.status, refused.body["code"]) == (400, "INVALID_QUANTITY")


# --- the ledger --------------------------------------------------------------------------------------------

ASSETS = ("USDC", "SOL", "BTC")
AMOUNTS = st.sampled_from(["0.01", "0.37", "5", "123.45"])
COMMANDS = st.one_of(
    st.tuples(st.just("order"), st.sampled_from(SYMBOLS[:2]), st.sampled_from(["Bid", "Ask"]), AMOUNTS),
    st.tuples(st.just("perp"), st.sampled_from(["Bid", "Ask"]), AMOUNTS),
    st.tuples(st.just("lending"), st.sampled_from(["Borrow", "Lend"]), st.sampled_from(ASSETS), AMOUNTS),
    st.tuples(st.just("auto"), st.booleans()),
    st.tuples(st.just("withdraw"), AMOUNTS),
    st.tuples(st.just("mint"), st.sampled_from(["10", "123.456789"])),
    st.tuples(st.just("redeem"), st.sampled_from(["1", "7.5"])),
    st.tuples(st.just("rfq"), st.sampled_from(["Bid", "Ask"]), AMOUNTS),
    st.tuples(st.just("wait"), st.sampled_from([1, 11, HOUR, 24 * HOUR])),
)
FLAGS = {"autoBorrow": True, "autoLendRedeem": True, "autoBorrowRepay": True}


def request_of(kind: str, *told: Any) -> tuple[str, str, dict[str, Any]]:
    """What a command sends: method, path and body."""
    if kind == "auto":
        return "PATCH", "/api/v1/account", {"autoLend": told[0]}
    if kind == "withdraw":
        address = {"address": "2Yf5xqe2Tz8d9jSVpTzGkZrV3PCpP4Ah5bJdY1uUhFvS", "blockchain": "Solana"}
        sent = {**address, "quantity": told[0], "symbol": "SOL", "autoLendRedeem": True}
        return "POST", "/wapi/v1/capital/withdrawals", sent
    if kind == "mint":
        wanted = {"vaultId": 1, "symbol": "USDC", "quantity": told[0], "autoLendRedeem": True}
        return "POST", "/api/v1/vault/mint", wanted
    if kind == "redeem":
        return "POST", "/api/v1/vault/redeem", {"vaultId": 1, "vaultTokenQuantity": told[0]}
    if kind == "rfq":
        asked = {"symbol": "SOL_USDC_RFQ", "side": told[0], "quantity": told[1]}
        price = "1000" if told[0] == "Bid" else "1"
        return "POST", "/api/v1/rfq", {**asked, "executionMode": "Immediate", "price": price}
    symbol, side, quantity = told if kind == "order" else ("SOL_USDC_PERP", *told)
    order = {"symbol": symbol, "side": side, "orderType": "Market", "quantity": quantity}
    return "POST", "/api/v1/order", {**order, **(FLAGS if kind == "order" else {})}


def carry_out(desk: LocalDesk, client: Client, kind: str, *told: Any) -> None:
    """One command; refusals count as carried out."""
    if kind == "wait":
        desk.clock.leap(told[0])
    elif kind == "lending":
        act(client, *told)
    else:
        method, path, body = request_of(kind, *told)
        client.ask(method, path, body=body)


def everything_moved(client: Client) -> dict[tuple[str, str], Decimal]:
    """What the histories say is in each pocket, by asset."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for name, source in EVERY_SOURCE.items():
        table = vars(Endpoints) | vars(NewerEndpoints)
        path = f"/{table[source.endpoint].path}"
        offset = 0
        page: list[Any] = [{}]
        while page:
            answer = client.ask("GET", path, **source.request, limit=1000, offset=offset)
            page = answer.body if answer.status == 200 else []
            offset += len(page)
            for row in page:
                for moved in moved_by(name, row):
                    movement = moved.movement
                    sums[movement.account, movement.asset] += Decimal(movement.amount)
    return {pocket: amount for pocket, amount in sums.items() if amount}


def what_is_there(client: Client) -> dict[tuple[str, str], Decimal]:
    """What the account's own views say."""
    there: dict[tuple[str, str], Decimal] = {}
    for asset, row in client.done("GET", "/api/v1/capital").items():
        there["spot", asset] = sum((Decimal(figure) for figure in row.values()), Decimal(0))
    for row in client.done("GET", "/api/v1/borrowLend/positions"):
        there["lending", row["symbol"]] = Decimal(row["netQuantity"])
    return there


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(COMMANDS, max_size=12))
def test_the_histories_explain_every_balance_to_the_last_digit(
    desk: LocalDesk, numbers: Iterator[int], commands: list[Any]
) -> None:
    client = desk.client(next(numbers))
    for command in commands:
        carry_out(desk, client, *command)
    assert everything_moved(client) == what_is_there(client)
