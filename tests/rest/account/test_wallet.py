"""The wallet's unified methods, against a sandbox and from cassettes, on both classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from ccxt.base.errors import ArgumentsRequired, BadRequest, InvalidAddress

import bpx_connector
from tests.support.callers import Caller

Offline = Callable[..., Any]
SOLANA_ADDRESS = "6Q8vPbBxUXr1kVb3jDkfWc7hFxMZTnYq5u4sWmN2RzEa"


def test_a_deposit_address_is_one_of_the_network_asked_for(bpx: Caller) -> None:
    address = bpx.call("fetch_deposit_address", "SOL", {"network": "SOL"})
    assert (address["currency"], address["network"], address["tag"]) == ("SOL", "SOL", None)
    assert len(address["address"]) >= 32
    assert bpx.call("fetch_deposit_address", "SOL", {"network": "Solana"}) == address


def test_a_new_account_has_deposits_and_no_withdrawals(bpx: Caller) -> None:
    deposits = bpx.call("fetch_deposits")
    assert {one["type"] for one in deposits} == {"deposit"}
    assert {one["currency"] for one in deposits} >= {"USDC", "SOL"}
    assert bpx.call("fetch_withdrawals") == []
    (money,) = bpx.call("fetch_deposits", "USDC")
    assert (money["currency"], money["amount"], money["status"]) == ("USDC", 1_000_000.0, "ok")


def test_a_withdrawal_is_requested_and_then_found(bpx: Caller) -> None:
    before = bpx.exchange.milliseconds()
    sent = bpx.call("withdraw", "SOL", 1.5, SOLANA_ADDRESS, {"network": "SOL", "clientId": "one"})
    assert (sent["type"], sent["currency"], sent["amount"], sent["network"]) == (
        "withdrawal",
        "SOL",
        1.5,
        "SOL",
    )
    assert (sent["addressTo"], sent["status"]) == (SOLANA_ADDRESS, "pending")
    (found,) = bpx.call("fetch_withdrawals", "SOL", before)
    assert (found["id"], found["info"]["clientId"]) == (sent["id"], "one")
    assert bpx.call("fetch_withdrawals", "USDC") == []
    everything = bpx.call("fetch_deposits_withdrawals", "SOL")
    assert [one["type"] for one in everything] == ["deposit", "withdrawal"]
    assert bpx.call("fetch_deposits_withdrawals", "SOL", None, 1) == everything[-1:]


def test_transactions_can_be_asked_for_by_time(bpx: Caller) -> None:
    now = bpx.exchange.milliseconds()
    assert bpx.call("fetch_deposits", None, now + 60_000) == []
    assert bpx.call("fetch_deposits", None, None, None, {"until": now - 60_000}) == []
    everything = bpx.call("fetch_deposits", None, now - 60_000, None, {"until": now})
    assert len(everything) > 2
    assert bpx.call("fetch_deposits", None, now - 60_000, 2) == everything[:2]
    assert bpx.call("fetch_deposits", None, None, 2) == everything[-2:]


def test_fees_of_moving_money_are_known_by_network(bpx: Caller) -> None:
    fees = bpx.call("fetch_deposit_withdraw_fees", ["SOL", "USDC"])
    assert set(fees) == {"SOL", "USDC"}
    assert set(fees["USDC"]["networks"]) >= {"SOL", "ERC20"}
    one = bpx.call("fetch_deposit_withdraw_fee", "SOL")
    assert one == fees["SOL"]
    assert one["withdraw"]["fee"] > 0
    assert set(bpx.call("fetch_deposit_withdraw_fees")) > {"SOL", "USDC"}


# --- what is refused before anything is sent -----------------------------------------------------------


def asset(symbol: str, *tokens: dict[str, Any]) -> dict[str, Any]:
    return {"symbol": symbol, "displayName": symbol, "tokens": list(tokens)}


def token(blockchain: str, **changes: Any) -> dict[str, Any]:
    return {
        "blockchain": blockchain,
        "depositEnabled": True,
        "withdrawEnabled": True,
        "minimumDeposit": "1",
        "minimumWithdrawal": "2",
        "maximumWithdrawal": "1000",
        "withdrawalFee": "1",
        "nativeDecimals": 6,
        **changes,
    }


ASSETS = [asset("USDC", token("Solana"), token("Ethereum", minimumWithdrawal="6")), asset("POINTS")]


class RecordingVenue(bpx_connector.bpx):
    """The blocking exchange whose requests are kept and answered with the next of its answers."""

    def __init__(self) -> None:
        super().__init__({"apiKey": "x", "secret": "x", "enableRateLimit": False})
        self._requests: list[tuple[str, str, dict[str, Any]]] = []
        self._answers: Iterator[Any] = iter([])

    def sign(
        self,
        path: str,
        api: Any = "public",
        method: str = "GET",
        params: Any = {},
        headers: Any = None,
        body: Any = None,
    ) -> dict[str, Any]:
        return super().sign(path, "public", method, params, headers, body)

    def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self._requests.append((method, parts.path, msgspec.json.decode(body) if body else query))
        return next(self._answers)


@pytest.fixture
def venue(offline: Offline) -> RecordingVenue:
    known = offline()
    exchange = RecordingVenue()
    currencies = {one["symbol"]: exchange.parse_currency(one) for one in ASSETS}
    exchange.set_markets(list(known.markets.values()), currencies)
    return exchange


BAD_WITHDRAWALS = [
    (ArgumentsRequired, "one of these: SOL (Solana), ERC20 (Ethereum)", ("USDC", 5, SOLANA_ADDRESS)),
    (BadRequest, "cannot use network 'Bitcoin'", ("USDC", 5, SOLANA_ADDRESS, {"network": "Bitcoin"})),
    (BadRequest, "knows no currency 'XYZ'", ("XYZ", 5, SOLANA_ADDRESS, {"network": "SOL"})),
    (BadRequest, "only one of these: none", ("POINTS", 5, SOLANA_ADDRESS, {"network": "SOL"})),
    (BadRequest, "below the least on Solana, which is 2", ("USDC", 1.99, SOLANA_ADDRESS, {"network": "SOL"})),
    (BadRequest, "below the least on Ethereum", ("USDC", 5, SOLANA_ADDRESS, {"network": "ERC20"})),
    (BadRequest, "above the most on Solana", ("USDC", "1000.000001", SOLANA_ADDRESS, {"network": "SOL"})),
    (BadRequest, "finer than the smallest step", ("USDC", "5.0000001", SOLANA_ADDRESS, {"network": "SOL"})),
    (BadRequest, "a number above zero, not -1", ("USDC", -1, SOLANA_ADDRESS, {"network": "SOL"})),
    (BadRequest, "a number above zero, not 'much'", ("USDC", "much", SOLANA_ADDRESS, {"network": "SOL"})),
    (BadRequest, "a number above zero, not nan", ("USDC", float("nan"), SOLANA_ADDRESS, {"network": "SOL"})),
    (BadRequest, "a number above zero, not True", ("USDC", True, SOLANA_ADDRESS, {"network": "SOL"})),
    (BadRequest, "cannot send a tag", ("USDC", 5, SOLANA_ADDRESS, {"network": "SOL", "tag": "77"})),
    (BadRequest, "cannot send a tag", ("USDC", 5, SOLANA_ADDRESS, "77")),
    (InvalidAddress, "address is invalid", ("USDC", 5, "", {"network": "SOL"})),
    (InvalidAddress, "address is None", ("USDC", 5, None, {"network": "SOL"})),
]


@pytest.mark.parametrize(("error", "sentence", "arguments"), BAD_WITHDRAWALS)
def test_a_withdrawal_that_cannot_be_right_is_never_sent(
    venue: RecordingVenue, error: type[Exception], sentence: str, arguments: tuple[Any, ...]
) -> None:
    with pytest.raises(error) as refusal:
        venue.withdraw(*arguments)
    assert sentence in str(refusal.value)
    assert venue._requests == []


@pytest.mark.parametrize(
    ("error", "sentence", "call", "arguments"),
    [
        (ArgumentsRequired, "SOL (Solana), ERC20 (Ethereum)", "fetch_deposit_address", ("USDC",)),
        (BadRequest, "cannot use network 'XRP'", "fetch_deposit_address", ("USDC", {"network": "XRP"})),
        (BadRequest, "knows no currency 'XYZ'", "fetch_deposit_address", ("XYZ", {"network": "SOL"})),
        (BadRequest, "knows no currency 'XYZ'", "fetch_deposits", ("XYZ",)),
        (BadRequest, "since has to be milliseconds", "fetch_deposits", (None, "yesterday")),
        (BadRequest, "limit has to be a whole number", "fetch_withdrawals", (None, None, 0)),
        (BadRequest, "until has to be at or after", "fetch_withdrawals", (None, 2, None, {"until": 1})),
        (BadRequest, "has to be a list", "fetch_deposit_withdraw_fees", ("USDC",)),
        (BadRequest, "knows no currency 'XYZ'", "fetch_deposit_withdraw_fee", ("XYZ",)),
    ],
)
def test_an_argument_that_cannot_be_right_is_never_sent(
    venue: RecordingVenue, error: type[Exception], sentence: str, call: str, arguments: tuple[Any, ...]
) -> None:
    with pytest.raises(error) as refusal:
        getattr(venue, call)(*arguments)
    assert sentence in str(refusal.value)
    assert venue._requests == []


# --- what is sent --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "text"), [(5, "5"), (2.5, "2.5"), ("5.000000", "5.000000"), (1e2, "100"), ("1E+2", "100")]
)
def test_an_amount_is_sent_as_plain_decimal_text(
    venue: RecordingVenue, sample: Any, amount: Any, text: str
) -> None:
    venue._answers = iter([sample("post_wapi_v1_capital_withdrawals")])
    venue.withdraw(
        "USDC", amount, SOLANA_ADDRESS, {"network": "SOL", "twoFactorToken": "123456", "tag": None}
    )
    ((method, path, body),) = venue._requests
    assert (method, path) == ("POST", "/wapi/v1/capital/withdrawals")
    assert float(body.pop("quantity")) == float(text)
    assert body.pop("clientId").startswith("bpx-")
    assert body == {
        "address": SOLANA_ADDRESS,
        "blockchain": "Solana",
        "symbol": "USDC",
        "twoFactorToken": "123456",
    }


def deposit(identity: int, symbol: str) -> dict[str, Any]:
    return {
        "id": identity,
        "source": "solana",
        "status": "confirmed",
        "symbol": symbol,
        "quantity": "1",
        "createdAt": f"2026-01-01T00:00:{identity % 60:02}",
    }


def test_one_currencys_deposits_are_looked_for_on_every_page(venue: RecordingVenue) -> None:
    venue._answers = iter([[deposit(1, "POINTS")] * 1000, [deposit(2, "USDC"), deposit(3, "POINTS")]])
    found = venue.fetch_deposits("USDC", None, 5)
    assert [one["id"] for one in found] == ["2"]
    assert [query for _, _, query in venue._requests] == [
        {"limit": "1000", "offset": "0"},
        {"limit": "1000", "offset": "1000"},
    ]


def test_no_page_is_asked_for_once_there_are_enough(venue: RecordingVenue) -> None:
    venue._answers = iter([[deposit(1, "USDC")] * 1000])
    assert len(venue.fetch_deposits("USDC", None, 5)) == 5
    assert len(venue._requests) == 1


def test_times_are_the_venues_from_and_to(venue: RecordingVenue) -> None:
    venue._answers = iter([[]])
    assert venue.fetch_withdrawals(None, 0, None, {"until": 99}) == []
    assert venue._requests[0][2] == {"from": "0", "to": "100", "limit": "1000", "offset": "0"}
