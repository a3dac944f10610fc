"""What is written of an account has its form and nothing else, and is an account's answer all the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ccxt.base.errors import ExchangeNotAvailable

from bpx_connector import bpx
from bpx_connector.keys import generated_keys
from bpx_connector.sandbox.server import SandboxThread
from bpx_connector.tape import read_tape
from bpx_connector.venue.endpoints import ENDPOINTS
from bpx_connector.verify.asking import CONTRADICTION, Finding
from bpx_connector.verify.readings import READINGS, misread
from bpx_connector.verify.scrubbing import HOUR, LEAST_HOURS, MORE_HOURS, Scrubber, sentence
from bpx_connector.verify.written import ScrubbedTape, discreet, is_private, noted

SPOT = "SOL/USDC"
ORDER_ID, TRADE_ID = "112345678901234567", 987654321
HOURS = 1000
ORDER = {
    "id": ORDER_ID,
    "clientId": 4711,
    "relatedOrderId": None,
    "symbol": "SOL_USDC",
    "side": "Bid",
    "status": "Filled",
    "orderType": "Limit",
    "timeInForce": "GTC",
    "selfTradePrevention": "RejectTaker",
    "price": "61.93",
    "quantity": "1.37",
    "executedQuantity": "0",
    "postOnly": True,
    "createdAt": 1_796_000_123_456,
}
FILL = {
    "orderId": ORDER_ID,
    "tradeId": TRADE_ID,
    "clientId": "4711",
    "symbol": "SOL_USDC",
    "side": "Bid",
    "price": "61.93",
    "quantity": "1.37",
    "fee": "0.08",
    "feeSymbol": "USDC",
    "isMaker": False,
    "timestamp": "2026-11-29T21:35:23.456",
}
DEPOSIT = {
    "id": 73,
    "source": "solana",
    "status": "confirmed",
    "fiatAmount": 12.5,
    "institutionBic": "GENODEFF",
    "platformMemo": "Johannes",
    "fromAddress": "7fUAJdStEuGbc3sM84cKRL6yYaaSstyLSU4ve5oovLS7",
    "transactionHash": "5VERv8NMvzbJ",
    "createdAt": "2026-11-29T21:35:23.456",
}


def test_figures_ids_times_and_texts_go_and_the_form_stays() -> None:
    order, fill, deposit = Scrubber(HOURS).answer([ORDER, FILL, DEPOSIT])
    words = ("symbol", "side", "status", "orderType", "timeInForce", "selfTradePrevention", "postOnly")
    assert {name: order[name] for name in words} == {name: ORDER[name] for name in words}
    assert (order["price"], order["quantity"], order["executedQuantity"]) == ("11.11", "1.11", "0")
    assert (order["id"], order["clientId"], order["relatedOrderId"]) == ("100000000000000001", 2, None)
    assert (fill["orderId"], fill["clientId"], fill["tradeId"]) == ("100000000000000001", "2", 100_000_003)
    assert (fill["feeSymbol"], fill["isMaker"]) == ("USDC", False)
    assert (deposit["id"], deposit["source"], deposit["status"]) == (4, "solana", "confirmed")
    assert (deposit["institutionBic"], deposit["platformMemo"], deposit["fiatAmount"]) == (
        "x" * 8,
        "x" * 8,
        11.1,
    )
    assert deposit["fromAddress"] == "x" * len(str(DEPOSIT["fromAddress"]))
    assert deposit["transactionHash"] == "x" * len(str(DEPOSIT["transactionHash"]))


@pytest.mark.parametrize(
    ("moment", "other"),
    [
        (1_796_000_123_456, 1_792_396_800_000),
        (1_796_000_123_456_789, 1_792_396_800_000_000),
        (1_796_000_123, 1_792_396_800),
        ("1796000123456", "1792396800000"),
        ("2026-11-29T21:35:23.456", "2026-10-19T05:00:00.000"),
        ("2026-11-29 21:35:23", "2026-10-19 05:00:00"),
        ("2026-11-29T21:35:23+00:00", "2026-10-19T05:00:00+00:00"),
        ("2026-11-29", "2026-10-18"),
        ("soon", "xxxx"),
        (0, 0),
        (None, None),
    ],
)
def test_a_time_is_cut_to_the_hour_and_moved(moment: Any, other: Any) -> None:
    assert Scrubber(HOURS).answer({"createdAt": moment}) == {"createdAt": other}


def test_times_stay_in_order_and_each_tape_has_its_own_hours() -> None:
    times = [1_796_000_123_456 + step * 1_234_567 for step in range(50)]
    moved = Scrubber().answer({"timestamp": times})["timestamp"]
    assert moved == sorted(moved)
    hours = {
        time // 1000 // HOUR - Scrubber().answer({"timestamp": time})["timestamp"] // 1000 // HOUR
        for time in times
    }
    assert len(hours) > 1
    assert all(LEAST_HOURS <= hour < LEAST_HOURS + MORE_HOURS for hour in hours)


def test_an_event_belongs_to_its_order_still() -> None:
    scrubber = Scrubber(HOURS)
    order = scrubber.answer(ORDER)
    event = {
        **{
            "e": "orderFill",
            "i": ORDER_ID,
            "t": TRADE_ID,
            "c": 4711,
            "s": "SOL_USDC",
            "S": "Bid",
            "X": "Filled",
        },
        **{
            "q": "1.37",
            "N": "USDC",
            "B": "MarkPrice",
            "m": True,
            "a": "70.5",
            "E": 1_796_000_123_456_789,
            "I": None,
        },
    }
    assert scrubber.event(event) == {
        **{
            "e": "orderFill",
            "i": order["id"],
            "t": 100_000_003,
            "c": 2,
            "s": "SOL_USDC",
            "S": "Bid",
            "X": "Filled",
        },
        **{
            "q": "1.11",
            "N": "USDC",
            "B": "MarkPrice",
            "m": True,
            "a": "11.1",
            "E": 1_792_396_800_000_000,
            "I": None,
        },
    }
    assert scrubber.event({"a": "BONK2", "A": "7.5", "e": "balanceUpdate"})["a"] == "BONK2"


def test_what_is_said_keeps_its_words_and_short_numbers() -> None:
    said = "it is 404: order 112345678901234567 of 2026-11-29T21:35:23 for 1.37 SOL, see /api/v1/order."
    assert sentence(said) == (
        "it is 404: order 111111111111111111 of 1111-11-11x11:11:11 for 1.11 SOL, see /api/v1/order."
    )
    finding = Finding(CONTRADICTION, "fills", "", "quantity is 1.37", "a fact", "a source")
    assert discreet(finding).found == "quantity is 1.11"
    assert Scrubber(HOURS).body("no order 112345678901234567") == "no order 111111111111111111"


def test_what_nobody_knows_is_taken_for_private() -> None:
    assert is_private("GET", "https://venue.example/api/v9/new?orderId=1")
    assert is_private("GET", "/wapi/v1/history/fills")
    assert not is_private("GET", "https://venue.example/api/v1/trades?symbol=SOL_USDC")
    assert {is_private(*operation) for operation, endpoint in ENDPOINTS.items() if endpoint.instruction} == {
        True
    }


def test_requests_on_a_tape_name_the_ids_of_its_answers(tmp_path: Path) -> None:
    tape = ScrubbedTape(tmp_path / "a.jsonl", "here")
    url = "https://venue.example/api/v1/order"
    tape.answered("POST", url, json.dumps({"quantity": "1.37"}), 200, json.dumps(ORDER))
    tape.answered("GET", f"{url}?symbol=SOL_USDC&orderId={ORDER_ID}", None, 200, json.dumps(ORDER))
    tape.failed(
        "GET", f"{url}?orderId={ORDER_ID}", None, ExchangeNotAvailable(f"GET {url}?orderId={ORDER_ID}")
    )
    tape.close()
    placed, found, lost = read_tape(tmp_path / "a.jsonl")[1]
    assert placed.body is None
    identity = json.loads(bytes(placed.answer))["id"]
    assert found.request == f"GET /api/v1/order?symbol=SOL_USDC&orderId={identity}"
    assert lost.request == f"GET /api/v1/order?orderId={identity}"
    assert ORDER_ID not in (tmp_path / "a.jsonl").read_text()


def test_nothing_on_a_tape_of_an_account_tells_when_it_was(tmp_path: Path) -> None:
    began = 1_796_000_123_456
    tape = ScrubbedTape(tmp_path / "a.jsonl", "here", began=began, is_of_account=True)
    signature = ["key", "signature", str(began + 7), "5000"]
    tape.frame(0, "client", json.dumps({"method": "SUBSCRIBE", "params": [], "signature": signature}))
    tape.frame(
        0, "venue", json.dumps({"data": {"e": "x", "T": 1000 * began}, "stream": "account.orderUpdate"})
    )
    tape.close()
    text = (tmp_path / "a.jsonl").read_text()
    told = [int(one[:13]) for one in re.findall(r"1\d{12,15}", text)]
    assert len(told) == 3
    assert {one % (HOUR * 1000) for one in told} == {0}
    assert {(began // 3_600_000 * 3_600_000 - one) // 3_600_000 for one in told} == {
        (began - told[0]) // 3_600_000
    }
    assert LEAST_HOURS <= (began - told[0]) // 3_600_000 <= LEAST_HOURS + MORE_HOURS


def test_what_is_public_stays_as_it_was_written(tmp_path: Path) -> None:
    tape = ScrubbedTape(tmp_path / "a.jsonl", "here")
    text = json.dumps([{"id": 7, "price": "61.93", "timestamp": 1_796_000_123_456}])
    tape.answered("GET", "https://venue.example/api/v1/trades?symbol=SOL_USDC", None, 200, text)
    tape.close()
    [line] = read_tape(tmp_path / "a.jsonl")[1]
    assert json.loads(bytes(line.answer)) == json.loads(text)


def test_our_parsers_read_a_scrubbed_account_as_any_other(tmp_path: Path) -> None:
    """Of an account that has traded: its order and its fill by the ids of the tape."""
    with SandboxThread(seed=7, symbols=["SOL_USDC"]) as sandbox:
        exchange: Any = sandbox.exchange(bpx)
        placed = exchange.create_order(SPOT, "market", "buy", "1.37")
        with noted(exchange, tmp_path / "a.jsonl", "here"):
            exchange.load_markets(True)
            rows = (
                exchange.private_get_wapi_v1_history_orders() + exchange.private_get_wapi_v1_history_fills()
            )
            exchange.private_get_api_v1_capital()
        exchange.session.close()
    text = (tmp_path / "a.jsonl").read_text()
    named = {
        str(row[name])
        for row in rows
        for name in ("id", "orderId", "tradeId", "createdAt", "timestamp")
        if row.get(name)
    }
    private = "".join(line for line in text.splitlines() if "/wapi/" in line or "/capital" in line)
    assert placed["id"] in named
    assert not any(re.search(rf"\b{re.escape(value)}\b", private) for value in named)
    player: Any = bpx(generated_keys().config)
    with player.play(tmp_path / "a.jsonl"):
        player.load_markets()
        orders = player.private_get_wapi_v1_history_orders()
        fills = player.private_get_wapi_v1_history_fills()
        for operation, found in (("orders", orders), ("fills", fills)):
            assert list(misread(player, READINGS[f"GET /wapi/v1/history/{operation}"], found)) == []
        assert {fill["orderId"] for fill in fills} == {order["id"] for order in orders}
    player.session.close()
