"""Memory levels off: whatever is done for long, no table of the sandbox has more rows than before."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from typing import Any

import pytest

from bpx_connector.sandbox import choices
from tests.support.desk import Client, LocalDesk

KEPT = 24
"""Rows of a history here, so that a few rounds fill it."""
BOUNDS = (
    *("TAPE_LENGTH", "HISTORY_LENGTH", "HOUSE_HISTORY_LENGTH", "FUNDING_RATES_KEPT"),
    *("SECONDS_KEPT", "SAMPLED_SECONDS_KEPT", "MINUTES_KEPT", "HOURS_KEPT", "BAND_SAMPLES"),
)
HOURS = 8
"""Pass after each round, so that the day that tickers look back on is over after three of them."""
OWN = "bpx_connector.sandbox."
ORDER = {"symbol": "SOL_USDC", "orderType": "Market", "quantity": "0.1"}
TWAP = {"symbol": "SOL_USDC", "side": "Bid", "strategyType": "Scheduled", "quantity": "0.2"}
ADDRESS = "2Yf5xqe2Tz8d9jSVpTzGkZrV3PCpP4Ah5bJdY1uUhFvS"


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> LocalDesk:
    for name in BOUNDS:
        monkeypatch.setattr(choices, name, KEPT)
    return LocalDesk(symbols=["SOL_USDC", "SOL_USDC_PERP"], speed=0, switches={"withdraw_to": "any"})


def tables(root: Any, name: str, seen: set[int]) -> Iterator[tuple[str, int]]:
    """Every container that can be reached from here, by the attribute that holds it, and its length."""
    if id(root) in seen:
        return
    seen.add(id(root))
    if isinstance(root, dict | list | deque | set | frozenset | tuple):
        yield name, len(root)
        for value in list(root.values()) if isinstance(root, dict) else list(root):
            yield from tables(value, f"{name}[]", seen)
    elif type(root).__module__.startswith(OWN):
        kind = type(root)
        slots = [slot for base in kind.__mro__ for slot in getattr(base, "__slots__", ())]
        for attribute in [*getattr(root, "__dict__", ()), *slots]:
            yield from tables(getattr(root, attribute, None), f"{kind.__name__}.{attribute}", seen)


def rows(desk: LocalDesk) -> Counter[str]:
    """How many rows there are in all tables of that name together."""
    sandbox, found, seen = desk.sandbox, Counter[str](), set[int]()
    for root in (sandbox.venue, sandbox.context, sandbox.traffic, sandbox.feed, sandbox.faults):
        for name, length in tables(root, type(root).__name__, seen):
            found[name] += length
    return found


def rfq(client: Client, ending: str) -> None:
    asked = client.done(
        "POST", "/api/v1/rfq", body={"symbol": "SOL_USDC_RFQ", "side": "Bid", "quantity": "0.1"}
    )
    [row] = client.done("GET", "/api/v1/rfqs", rfqId=asked["rfqId"])
    if ending == "accept":
        body = {"rfqId": asked["rfqId"], "quoteId": row["quotes"][0]["quoteId"]}
        client.done("POST", "/api/v1/rfq/accept", body=body)
    elif ending == "cancel":
        client.done("POST", "/api/v1/rfq/cancel", body={"rfqId": asked["rfqId"]})


def trade(desk: LocalDesk, client: Client) -> None:
    """One of everything that leaves a row somewhere."""
    for symbol in ("SOL_USDC", "SOL_USDC_PERP"):
        for side in ("Bid", "Ask"):
            client.done("POST", "/api/v1/order", body={**ORDER, "symbol": symbol, "side": side})
        rest = {**ORDER, "symbol": symbol, "side": "Bid", "orderType": "Limit", "price": "100"}
        placed = client.done("POST", "/api/v1/order", body=rest)
        client.done("DELETE", "/api/v1/order", body={"symbol": symbol, "orderId": placed["id"]})
    for ending in ("accept", "cancel", "expire"):
        rfq(client, ending)
    client.done("POST", "/api/v1/vault/mint", body={"vaultId": 1, "symbol": "USDC", "quantity": "10"})
    client.done("POST", "/api/v1/vault/redeem", body={"vaultId": 1, "vaultTokenQuantity": "1"})
    client.done("DELETE", "/api/v1/vault/redeem", body={"vaultId": 1})
    client.done("POST", "/api/v1/strategy", body={**TWAP, "duration": 2_000, "interval": 1_000})
    for side in ("Lend", "Borrow"):
        lending = {"side": side, "symbol": "USDC", "quantity": "5"}
        client.done("POST", "/api/v1/borrowLend", body=lending)
    away = {"address": ADDRESS, "blockchain": "Solana", "quantity": "20", "symbol": "USDC"}
    client.done("POST", "/wapi/v1/capital/withdrawals", body=away)
    account = desk.sandbox.context.account(client.api_key)
    desk.venue.deposit(account, "USDC", choices.STARTING_FUNDS["SOL"], desk.clock.now())
    desk.clock.leap(HOURS * 3_600)


def test_no_table_grows_once_it_is_full(desk: LocalDesk) -> None:
    client = desk.client(1)
    for _ in range(KEPT + 6):
        trade(desk, client)
    full = rows(desk)
    for _ in range(12):
        trade(desk, client)
    grown = {name: (full[name], count) for name, count in rows(desk).items() if count > full[name]}
    assert grown == {}
    assert full["Rfqs.rfqs"] == full["Strategies._all"] == full["Vault.mints"] == KEPT
    assert full["Account.order_history"] > 2 * KEPT


def test_what_was_forgotten_is_gone_for_its_owner_only(desk: LocalDesk) -> None:
    client = desk.client(1)
    for _ in range(KEPT + 5):
        rfq(client, "cancel")
    history = client.done("GET", "/wapi/v1/history/rfq", limit=1000)
    assert len(history) == KEPT
    assert len(client.done("GET", "/wapi/v1/history/quote", limit=1000)) == 0
