"""Requests for quotes, strategies, vaults, predictions and stocks: in the venue's shapes, with real state."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from bpx_connector.sandbox.crowd.listings import stocks
from bpx_connector.sandbox.exchange.stock_hours import StockHours
from bpx_connector.sandbox.http.answers import Answer
from bpx_connector.sandbox.records.switches import Switches
from tests.support.desk import Client, LocalDesk
from tests.support.openapi import problems

DAY = 86_400
SYMBOLS = ["SOL_USDC", "BTC_USDC", "SOL_USDC_PERP"]


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


@pytest.fixture
def other(desk: LocalDesk, numbers: Iterator[int]) -> Client:
    """Somebody else."""
    return desk.client(next(numbers))


def held(client: Client, asset: str) -> Decimal:
    row = client.done("GET", "/api/v1/capital").get(asset)
    return Decimal(0) if row is None else Decimal(row["available"])


def fitting(operation: str, answer: Answer) -> Any:
    """The body of an answer that succeeded and fits the venue's schema."""
    assert answer.status == 200, answer.body
    assert not [problem[:200] for problem in problems(operation, 200, answer.body)], operation
    return answer.body


def sent(client: Client, operation: str, **body: Any) -> Any:
    method, path = operation.split(" ")
    return fitting(operation, client.ask(method, path, body=body))


def read(client: Client, operation: str, **query: Any) -> Any:
    method, path = operation.split(" ")
    return fitting(operation, client.ask(method, path, **query))


def refused(client: Client, operation: str, **body: Any) -> tuple[int, str]:
    method, path = operation.split(" ")
    answer = client.ask(method, path, body=body)
    return answer.status, answer.body["code"]


# --- requests for quotes -----------------------------------------------------------------------------------

SUBMIT, ACCEPT, QUOTE = "POST /api/v1/rfq", "POST /api/v1/rfq/accept", "POST /api/v1/rfq/quote"
RFQ = {"symbol": "SOL_USDC_RFQ", "side": "Bid"}


def test_a_request_is_quoted_accepted_and_filled_at_a_price_with_the_fee_in_it(client: Client) -> None:
    usdc, sol = held(client, "USDC"), held(client, "SOL")
    rfq = sent(client, SUBMIT, **RFQ, quantity="10", clientId=7)
    assert int(rfq["rfqId"]) > 2**53
    [row] = read(client, "GET /api/v1/rfqs", symbol="SOL_USDC_RFQ")
    [quote] = row["quotes"]
    done = sent(client, ACCEPT, rfqId=rfq["rfqId"], quoteId=quote["quoteId"])
    assert done["status"] == "Filled"
    [fill] = read(client, "GET /wapi/v1/history/rfq/fill")
    assert Decimal(fill["fillPrice"]) == (Decimal(quote["askPrice"]) * Decimal("1.001")).quantize(
        Decimal("1e-8")
    )
    assert held(client, "SOL") == sol + 10
    assert held(client, "USDC") == usdc - 10 * Decimal(fill["fillPrice"])
    assert read(client, "GET /api/v1/rfqs") == []
    assert read(client, "GET /wapi/v1/history/rfq")[0]["status"] == "Filled"


def test_an_immediate_request_is_filled_only_at_its_price_or_better(client: Client) -> None:
    far = sent(client, SUBMIT, **RFQ, quantity="1", price="1", executionMode="Immediate")
    assert far["status"] == "New"
    near = sent(client, SUBMIT, **RFQ, quantity="1", price="1000", executionMode="Immediate")
    assert near["status"] == "Filled"


def test_the_best_of_several_makers_is_the_one_that_can_be_accepted(client: Client, other: Client) -> None:
    rfq = sent(client, SUBMIT, **RFQ, quoteQuantity="100")
    [maker] = read(client, "GET /api/v1/rfqs")[0]["quotes"]
    better = str(Decimal(maker["askPrice"]) - Decimal("0.1"))
    quote = sent(other, QUOTE, rfqId=rfq["rfqId"], bidPrice="1", askPrice=better, clientId=3)
    assert refused(client, ACCEPT, rfqId=rfq["rfqId"], quoteId=maker["quoteId"])[0] == 400
    before = held(other, "USDC")
    sent(client, ACCEPT, rfqId=rfq["rfqId"], quoteId=quote["quoteId"])
    [fill] = read(other, "GET /wapi/v1/history/quote/fill")
    assert (fill["fillPrice"], fill["side"], fill["clientId"]) == (better, "Bid", 3)
    assert held(other, "USDC") == before + Decimal(fill["quantity"]) * Decimal(better)
    assert read(other, "GET /wapi/v1/history/quote")[0]["status"] == "Filled"


def test_a_request_is_refreshed_cancelled_and_expires(desk: LocalDesk, client: Client) -> None:
    first = sent(client, SUBMIT, **RFQ, quantity="1", clientId=8)
    desk.clock.advance(1)
    fresh = sent(client, "POST /api/v1/rfq/refresh", rfqId=first["rfqId"])
    assert fresh["expiryTime"] == first["expiryTime"] + 1000
    [row] = read(client, "GET /api/v1/rfqs")
    assert [quote["status"] for quote in row["quotes"]] == ["Cancelled", "New"]
    assert sent(client, "POST /api/v1/rfq/cancel", clientId=8)["status"] == "Cancelled"
    sent(client, SUBMIT, **RFQ, quantity="1")
    desk.clock.leap(60)
    assert read(client, "GET /wapi/v1/history/rfq")[0]["status"] == "Expired"


def test_a_request_that_cannot_be_is_refused(client: Client) -> None:
    assert refused(client, SUBMIT, **RFQ)[0] == 400
    assert refused(client, SUBMIT, **RFQ, quantity="1", price="5")[1] == "INVALID_ORDER"
    assert refused(client, SUBMIT, **RFQ, quantity="1000000000")[1] == "INSUFFICIENT_FUNDS"
    assert refused(client, SUBMIT, symbol="SOL_USDC", side="Bid", quantity="1")[0] == 400
    assert refused(client, "POST /api/v1/rfq/cancel", rfqId="5")[0] == 400
    assert refused(client, QUOTE, rfqId="5", bidPrice="1", askPrice="2")[0] == 400


# --- strategies --------------------------------------------------------------------------------------------

CREATE = "POST /api/v1/strategy"
TWAP = {"strategyType": "Scheduled", "symbol": "SOL_USDC", "side": "Bid", "quantity": "1"}


def test_a_strategy_trades_a_slice_an_interval_until_it_is_complete(desk: LocalDesk, client: Client) -> None:
    before = held(client, "SOL")
    made = sent(client, CREATE, **TWAP, duration=40_000, interval=10_000, clientStrategyId=5)
    assert (made["executedQuantity"], made["status"]) == ("0.25", "Running")
    desk.clock.advance(10)
    assert (
        read(client, "GET /api/v1/strategy", symbol="SOL_USDC", strategyId=made["id"])["executedQuantity"]
        == "0.5"
    )
    desk.clock.advance(30)
    assert read(client, "GET /api/v1/strategies") == []
    [past] = read(client, "GET /wapi/v1/history/strategies")
    assert (past["status"], past["executedQuantity"], past["clientStrategyId"]) == ("Completed", "1", 5)
    assert held(client, "SOL") > before


def test_a_strategy_is_cancelled_and_what_it_traded_stays(desk: LocalDesk, client: Client) -> None:
    made = sent(client, CREATE, **TWAP, duration=40_000, interval=10_000, randomizedIntervalQuantity=True)
    ended = sent(client, "DELETE /api/v1/strategy", symbol="SOL_USDC", strategyId=made["id"])
    assert (ended["status"], ended["executedQuantity"]) == ("Cancelled", made["executedQuantity"])
    desk.clock.advance(20)
    [past] = read(client, "GET /wapi/v1/history/strategies")
    assert past["executedQuantity"] == made["executedQuantity"]
    sent(client, CREATE, **TWAP, duration=40_000, interval=10_000)
    [cancelled] = sent(client, "DELETE /api/v1/strategies", symbol="SOL_USDC")
    assert cancelled["status"] == "Cancelled"


def test_a_strategy_that_cannot_go_on_is_terminated_with_the_reason(desk: LocalDesk, client: Client) -> None:
    desk.venue.switches.lend_redeem = "asked"
    dear = {**TWAP, "side": "Ask", "quantity": "1000"}
    sent(client, CREATE, **dear, duration=400_000, interval=10_000)
    client.done(
        "POST",
        "/api/v1/borrowLend",
        body={"side": "Lend", "symbol": "SOL", "quantity": str(held(client, "SOL"))},
    )
    desk.clock.advance(10)
    [past] = read(client, "GET /wapi/v1/history/strategies")
    assert (past["status"], past["cancelReason"]) == ("Terminated", "InsufficientFunds")


def test_a_strategy_that_breaks_a_rule_is_refused(client: Client) -> None:
    assert refused(client, CREATE, **TWAP)[0] == 400
    assert refused(client, CREATE, **TWAP, duration=5, interval=10)[1] == "INVALID_ORDER"
    huge = {**TWAP, "side": "Ask", "quantity": "100000000"}
    assert refused(client, CREATE, **huge, duration=20, interval=10)[1] == "INSUFFICIENT_FUNDS"
    assert read(client, "GET /wapi/v1/history/strategies") == []


# --- vaults and predictions --------------------------------------------------------------------------------

MINT, REDEEM = "POST /api/v1/vault/mint", "POST /api/v1/vault/redeem"


def test_shares_are_minted_at_once_and_redeemed_after_the_delay(desk: LocalDesk, client: Client) -> None:
    [vault] = fitting("GET /api/v1/vaults", desk.ask("GET", "/api/v1/vaults"))
    before = held(client, "USDC")
    sent(client, MINT, vaultId=1, symbol="USDC", quantity="1000")
    shares = held(client, vault["vaultToken"])
    assert shares > 900
    assert held(client, "USDC") == before - 1000
    sent(client, REDEEM, vaultId=1, vaultTokenQuantity="5")
    assert refused(client, REDEEM, vaultId=1)[1] == "PRECONDITION_FAILED"
    [waiting] = read(client, "GET /api/v1/vault/redeems/pending", vaultId=1)
    assert waiting["vaultTokenQuantity"] == "5"
    assert Decimal(read(client, "GET /api/v1/vault/nav")["tokenCirculatingSupply"]) >= shares
    sent(client, "DELETE /api/v1/vault/redeem", vaultId=1)
    sent(client, REDEEM, vaultId=1)
    desk.clock.leap(vault["redeemDelayMs"] / 1000)
    assert held(client, vault["vaultToken"]) == 0
    assert held(client, "USDC") > before - 1  # a day's yield, less the rounding of the shares
    history = fitting(
        "GET /api/v1/vaults/history", desk.ask("GET", "/api/v1/vaults/history", {"interval": "1d"})
    )
    assert Decimal(history[0]["nav"]) >= Decimal(history[-1]["nav"])


def test_what_was_minted_and_redeemed_is_told_newest_first(desk: LocalDesk, client: Client) -> None:
    """VaultMint and VaultRedeem of the venue's own client for Rust."""
    for quantity in ("1000", "500"):
        sent(client, MINT, vaultId=1, symbol="USDC", quantity=quantity)
    sent(client, REDEEM, vaultId=1, vaultTokenQuantity="5")
    sent(client, "DELETE /api/v1/vault/redeem", vaultId=1)
    sent(client, REDEEM, vaultId=1, vaultTokenQuantity="7")
    desk.clock.leap(86_400)
    mints = client.done("GET", "/wapi/v1/history/vault/mint")
    assert [row["quantity"] for row in mints] == ["500", "1000"]
    assert set(mints[0]) == {
        *("id", "vaultId", "vaultToken", "symbol", "quantity", "vaultTokensMinted", "nav", "timestamp")
    }
    [first] = client.done("GET", "/wapi/v1/history/vault/mint", limit=1, offset=1)
    assert first == mints[1]
    redeems = client.done("GET", "/wapi/v1/history/vault/redeem", vaultId=1)
    assert [(row["status"], row["vaultTokenQuantity"]) for row in redeems] == [
        ("Redeemed", "7"),
        ("Cancelled", "5"),
    ]
    assert Decimal(redeems[0]["quantity"]) >= Decimal("7")
    assert redeems[1]["quantity"] is None
    assert client.done("GET", "/wapi/v1/history/vault/mint", vaultId=2) == []
    assert desk.client(255).done("GET", "/wapi/v1/history/vault/redeem") == []


def test_what_the_vault_does_not_take_is_refused(client: Client) -> None:
    assert refused(client, MINT, vaultId=1, symbol="SOL", quantity="100")[1] == "INVALID_ASSET"
    assert refused(client, MINT, vaultId=2, symbol="USDC", quantity="100")[0] == 400
    assert refused(client, MINT, vaultId=1, symbol="USDC", quantity="1")[0] == 400
    assert refused(client, REDEEM, vaultId=1)[0] == 400
    assert refused(client, "DELETE /api/v1/vault/redeem", vaultId=1)[0] == 400


def test_an_event_resolves_in_time(desk: LocalDesk) -> None:
    path = "/api/v1/prediction"
    [event] = fitting(f"GET {path}", desk.ask("GET", path))
    desk.clock.leap(DAY)
    [later] = fitting(f"GET {path}", desk.ask("GET", path, {"resolved": "true"}))
    assert later["slug"] == event["slug"]
    assert fitting(f"GET {path}", desk.ask("GET", path, {"tagSlug": "sports"})) == []
    [tag] = fitting("GET /api/v1/prediction/tags", desk.ask("GET", "/api/v1/prediction/tags"))
    assert tag["slug"] == "crypto"


# --- stocks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "session"),
    [
        ("2026-01-02T14:29:59", "US_EQUITIES_PRE_MARKET"),  # a Friday; New York is five hours behind
        ("2026-01-02T14:30:00", "US_EQUITIES_REGULAR"),
        ("2026-07-01T13:30:00", "US_EQUITIES_REGULAR"),  # in summer it is four
        ("2026-01-02T21:00:00", "US_EQUITIES_POST_MARKET"),
        ("2026-01-03T15:00:00", None),  # a Saturday
        ("2026-01-03T02:00:00", None),  # still Friday there, after the last session
    ],
)
def test_sessions_open_and_close_by_the_clock_of_new_york(moment: str, session: str | None) -> None:
    now = int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp() * 1_000_000)
    rows = [row for row in stocks()["marketSessions"] if row["name"] != "US_EQUITIES_OVERNIGHT"]
    assert StockHours([], rows, []).session(now) == session


def test_a_session_over_midnight_belongs_to_the_day_on_which_it_opened() -> None:
    overnight = {"name": "NIGHT", "startTime": "20:00:00", "endTime": "04:00:00", "timezone": "UTC"}
    week = {**overnight, "startWeekday": 7, "endWeekday": 4}

    def at(day: int, hour: int) -> str | None:
        moment = int(datetime(2026, 1, day, hour, tzinfo=UTC).timestamp() * 1_000_000)
        return StockHours([], [week], []).session(moment)

    assert at(4, 21) == at(5, 3) == "NIGHT"  # Sunday evening, Monday morning
    assert at(9, 3) == "NIGHT"  # it opened on Thursday
    assert at(9, 21) is None  # a Friday
    assert at(5, 12) is None


def test_a_stock_has_an_indicative_price_while_a_session_is_open(desk: LocalDesk) -> None:
    asked = {"symbol": "QNDX.US", "side": "Bid", "quantity": "1"}
    answer = desk.ask("GET", "/api/v1/stockIndicativeQuote", asked).body
    assert answer["available"] is (answer["session"] is not None)
    assert (answer["price"] is None) is (answer["reason"] is not None)
    assert desk.ask("GET", "/api/v1/stockIndicativeQuote", {**asked, "symbol": "X.US"}).status == 400
    assert desk.ask("GET", "/api/v1/stockHolidays").body[0]["market"] == "US"


# --- the delay of withdrawals ------------------------------------------------------------------------------


def test_a_shorter_delay_of_withdrawals_waits_for_the_longer_one_to_be_over() -> None:
    own = LocalDesk(symbols=SYMBOLS, speed=0)
    path = "/wapi/v1/capital/withdrawals/delay"

    def asked(method: str, hours: int) -> Answer:
        return own.ask(method, path, body={"withdrawalDelayHours": hours, "twoFactorToken": "123456"})

    assert own.ask("GET", path).status == 204
    assert asked("PATCH", 5).status == 404
    assert asked("POST", 24).status == 200
    assert asked("POST", 24).status == 409
    changed = fitting(f"PATCH {path}", asked("PATCH", 12))
    assert (changed["currentWithdrawalDelayHours"], changed["pendingWithdrawalDelayHours"]) == (24, 12)
    own.clock.leap(24 * 3600)
    assert fitting(f"GET {path}", own.ask("GET", path))["currentWithdrawalDelayHours"] == 12


# --- where withdrawals may go ------------------------------------------------------------------------------


def test_a_withdrawal_to_an_address_that_is_not_exempt_is_refused_until_it_is() -> None:
    """ "Only 2FA-exempt addresses work by API"; the code is WITHDRAWAL_2FA_REQUIRED (FACTS 15 and 22)."""
    desk = LocalDesk(symbols=["SOL_USDC"], switches={"withdraw_to": "exempt"})
    client = desk.client()
    body = {"address": "home", "blockchain": "Solana", "quantity": "10", "symbol": "USDC"}
    path = "/wapi/v1/capital/withdrawals"
    refusal = client.ask("POST", path, body=body)
    assert (refusal.status, refusal.body["code"]) == (403, "WITHDRAWAL_2FA_REQUIRED")
    desk.venue.exempt(desk.venue.account(client.api_key), "home")
    row = client.done("POST", path, body=body)
    assert row["status"] == "pending"
    assert client.ask("POST", path, body={**body, "address": "elsewhere"}).status == 403
    desk.clock.advance(10)
    [row] = client.done("GET", path)
    assert row["status"] == "confirmed"
    assert row["transactionHash"]


def test_a_new_sandbox_lets_withdrawals_go_to_exempt_addresses_only() -> None:
    assert Switches().withdraw_to == "exempt"
