"""`bpx verify`: a sandbox as it is contradicts nothing, and whatever is planted in one is found and named."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bpx_connector import bpx
from bpx_connector.keys import generated_keys
from bpx_connector.sandbox.clock import DrivenClock
from bpx_connector.sandbox.records.orders import OrderRequest
from bpx_connector.sandbox.server import Sandbox, SandboxThread
from bpx_connector.tape import read_tape
from bpx_connector.verify.asking import CONTRADICTION, NEWS, Asker, Finding, compared, judged
from bpx_connector.verify.orders import checked_by_order, smallest_order
from bpx_connector.verify.questions import STRANGERS, TWICE, Question, private_questions, public_questions
from bpx_connector.verify.report import as_markdown, scrubbed
from bpx_connector.verify.streams import heard

SPOT, PERP = "SOL_USDC", "SOL_USDC_PERP"
OPTIONS: dict[str, Any] = {"seed": 7, "symbols": [SPOT, PERP], "speed": 20}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxThread]:
    with SandboxThread(**OPTIONS) as sandbox:
        yield sandbox


@pytest.fixture
def exchange(sandbox: SandboxThread) -> Iterator[Any]:
    exchange = sandbox.exchange(bpx)
    yield exchange
    exchange.session.close()


def questions_of(exchange: Any) -> list[Question]:
    now = exchange.fetch_time() // 1000
    return [*public_questions(SPOT, PERP, now), *private_questions(PERP)]


def findings_of(exchange: Any, only: str = "") -> list[Finding]:
    asker = Asker(exchange)
    asked = [question for question in questions_of(exchange) if only in question.name]
    assert asked, f"no question is called {only}"
    return [found for question in asked for found in judged(question, asker.ask(question))]


@contextmanager
def altered(sandbox: SandboxThread, path: str, alter: Callable[[Any], Any]) -> Iterator[None]:
    """Answers of one path are altered on their way."""

    def intercept(inner: Sandbox) -> Callable[[web.Request], Awaitable[web.StreamResponse | None]]:
        async def interceptor(request: web.Request) -> web.StreamResponse | None:
            if request.path != path or request.method != "GET":
                return None
            answer = await inner.answered(request)
            if answer.status != 200:
                return answer
            return web.json_response(alter(json.loads(answer.text or "")), headers={"X-Total": "1"})

        return interceptor

    added = sandbox.run(intercept)
    sandbox.run(lambda inner: inner.interceptors.insert(0, added))
    try:
        yield
    finally:
        sandbox.run(lambda inner: inner.interceptors.remove(added))


def test_a_sandbox_as_it_is_contradicts_nothing(exchange: Any) -> None:
    exchange.create_order("SOL/USDC:USDC", "market", "buy", 1)
    exchange.create_order("SOL/USDC", "limit", "buy", 1, 60)
    assert [found for found in findings_of(exchange) if found.kind != NEWS] == []


def test_a_sandbox_answers_as_another_does(sandbox: SandboxThread, exchange: Any) -> None:
    other = Asker(sandbox.exchange(bpx))
    for question in questions_of(exchange):
        assert list(compared(question, Asker(exchange).ask(question), other.ask(question))) == []


def each(change: Callable[[dict[str, Any]], Any]) -> Callable[[Any], Any]:
    def alter(rows: Any) -> Any:
        for row in rows:
            change(row)
        return rows

    return alter


PLANTED: list[tuple[str, str, Callable[[Any], Any], str]] = [
    ("book of SOL_USDC", "/api/v1/depth", lambda book: book | {"bids": book["bids"][::-1]}, "bids ascend"),
    ("book of SOL_USDC", "/api/v1/depth", lambda book: book | {"asks": book["asks"][::-1]}, "asks ascend"),
    ("book of SOL_USDC", "/api/v1/depth", lambda book: book | {"lastUpdateId": 7}, "GET /api/v1/depth"),
    (
        "book of SOL_USDC",
        "/api/v1/depth",
        lambda book: book | {"timestamp": book["timestamp"] // 1000},
        "microseconds",
    ),
    ("book of SOL_USDC", "/api/v1/depth", lambda book: book | {"asks": [["90.50", "1"]]}, "trailing zeros"),
    ("trades of SOL_USDC", "/api/v1/trades", lambda rows: rows[::-1], "newest first"),
    ("trades of SOL_USDC", "/api/v1/trades", each(lambda row: row.update(price=1.5)), "GET /api/v1/trades"),
    ("ticker of SOL_USDC", "/api/v1/ticker", lambda row: row | {"priceChangePercent": "-7.5"}, "a fraction"),
    (
        "ticker of SOL_USDC",
        "/api/v1/ticker",
        lambda row: {n: v for n, v in row.items() if n != "high"},
        "GET /api/v1/ticker",
    ),
    ("markets", "/api/v1/markets", each(lambda row: row.update(quoteSymbol="USDT")), "settled in USDC"),
    (
        "markets",
        "/api/v1/markets",
        each(lambda row: row["filters"]["price"].update(tickSize="0.05")),
        "powers of ten",
    ),
    ("markets", "/api/v1/markets", each(lambda row: row.update(symbol="SOL-PERP")), "BASE_QUOTE"),
    ("mark price", "/api/v1/markPrices", lambda rows: rows[0], "markPrices is a list"),
    ("funding rates", "/api/v1/fundingRates", lambda rows: rows[::-1], "newest first"),
    ("funding rates", "/api/v1/fundingRates", lambda rows: rows[::8], "hourly"),
    ("funding rates", "/api/v1/fundingRates", lambda rows: rows, "page headers"),
    ("1m candles of SOL_USDC", "/api/v1/klines", lambda rows: rows[::-1], "oldest first"),
    ("1m candles of SOL_USDC", "/api/v1/klines", each(lambda row: row.update(start=0)), "GET /api/v1/klines"),
    ("balances", "/api/v1/capital", lambda rows: [], "GET /api/v1/capital"),
    (
        "balances",
        "/api/v1/capital",
        lambda rows: {"SOL": {"available": 1, "locked": "0", "staked": "0"}},
        "GET /api/v1/capital",
    ),
]


@pytest.mark.parametrize(
    ("name", "path", "alter", "fact"), PLANTED, ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_is_planted_is_found_and_named(
    sandbox: SandboxThread, exchange: Any, name: str, path: str, alter: Callable[[Any], Any], fact: str
) -> None:
    exchange.load_markets()
    exchange.fetch_balance()
    with altered(sandbox, path, alter):
        found = [each for each in findings_of(exchange, name) if each.kind == CONTRADICTION]
    assert any(fact in each.fact for each in found), found


def test_a_field_that_no_document_has_is_news(sandbox: SandboxThread, exchange: Any) -> None:
    with altered(sandbox, "/api/v1/ticker", lambda row: row | {"vwap": "1"}):
        found = findings_of(exchange, "ticker of SOL_USDC")
    assert {(each.kind, each.where) for each in found} == {(NEWS, "vwap")}


# --- switches -----------------------------------------------------------------------------------------------


def fired_stop(sandbox: SandboxThread) -> Any:
    """An account one of whose trigger orders has fired."""
    exchange = sandbox.exchange(bpx)
    exchange.create_order("SOL/USDC:USDC", "market", "buy", 1)
    exchange.create_order(
        "SOL/USDC:USDC", "market", "sell", 1, None, {"stopLossPrice": 80, "triggerBy": "IndexPrice"}
    )

    def fall(inner: Sandbox) -> None:
        inner.move(PERP, Decimal(79))
        inner.clock.step()

    sandbox.run(fall)
    return exchange


def test_an_order_that_has_fired_contradicts_nothing() -> None:
    with SandboxThread(**OPTIONS) as sandbox:
        exchange = fired_stop(sandbox)
        assert "Triggered" in {row["status"] for row in exchange.private_get_wapi_v1_history_orders()}
        assert list(findings_of(exchange, "past orders")) == []
        exchange.session.close()


def trade_now_and_then(inner: Sandbox) -> None:
    """Two trades with quiet seconds between them."""
    account = inner.venue.open_account(generated_keys().api_key, inner.clock.now())
    for _ in range(2):
        request = OrderRequest(symbol=SPOT, side="Bid", order_type="Market", quantity=Decimal(1))
        inner.venue.execute(account, request, inner.clock.now())
        assert isinstance(inner.clock, DrivenClock)
        inner.clock.advance(10)


@pytest.mark.parametrize(
    ("switches", "fact", "kind"),
    [
        ({"fired_orders": "same_id"}, "another id than its trigger order", CONTRADICTION),
        ({"fired_orders": "unlinked"}, "links a fired order", NEWS),
        ({"running_kline": True}, "klines lack the interval that is running", CONTRADICTION),
        ({"blank_klines": False}, "klines have a row for an interval without trades", NEWS),
        ({"large_limits": "refuse"}, "a limit above the maximum", NEWS),
        ({"flat_position": "empty"}, "a market without a position", NEWS),
        ({"order_not_found": "400"}, "an order that is not open", NEWS),
        ({"repeated_signatures": "refuse"}, "a signature counts again", NEWS),
        ({"unknown_key": "refuse"}, "a key that nobody knows", CONTRADICTION),
    ],
    ids=str,
)
def test_a_switch_that_is_turned_is_found(switches: dict[str, Any], fact: str, kind: str) -> None:
    options = OPTIONS | {"speed": 1, "closed": "unknown_key" in switches}
    if "blank_klines" in switches:
        options |= {"speed": 0, "clock": DrivenClock()}
    keys = generated_keys()
    with SandboxThread(**options, switches=switches, accounts=[keys.api_key]) as sandbox:
        exchange = fired_stop(sandbox) if "fired_orders" in switches else sandbox.exchange(bpx, **keys.config)
        if "blank_klines" in switches:
            sandbox.run(trade_now_and_then)
        found = findings_of(exchange)
        stranger = sandbox.exchange(bpx)
        found += judged(STRANGERS, Asker(stranger).ask(STRANGERS))
        found += judged(TWICE, Asker(exchange).ask(TWICE, repeats=1))
        exchange.session.close()
    named = [each for each in found if fact in each.fact]
    assert named, found
    assert {each.kind for each in named} == {kind}
    assert {each.switch for each in named} == set(switches)


# --- streams ------------------------------------------------------------------------------------------------

DEPTH = {
    "e": "depth",
    "E": 1_796_000_000_000_000,
    "s": SPOT,
    "a": [],
    "b": [["90.00", "1.00"]],
    "T": 1_796_000_000_000_000,
}
TRADE = {
    "e": "trade",
    "E": DEPTH["E"],
    "s": SPOT,
    "p": "1",
    "q": "1",
    "b": "1",
    "a": "2",
    "t": 5,
    "T": DEPTH["T"],
    "m": True,
}


@pytest.mark.parametrize(
    ("stream", "frames", "fact"),
    [
        (f"depth.{SPOT}", [DEPTH | {"U": 1, "u": 1}, DEPTH | {"U": 3, "u": 3}], "one more than the u before"),
        (f"depth.{SPOT}", [DEPTH | {"U": 1, "u": 1, "E": 1_796_000_000_000}], "in microseconds"),
        (f"depth.{SPOT}", [DEPTH | {"U": 1, "u": "1"}], "depth event"),
        (
            f"depth.200ms.{SPOT}",
            [DEPTH | {"U": 1, "u": 4, "b": [["9.00", "1.00"], ["8.00", "1.00"]]}],
            "ascend",
        ),
        (f"trade.{SPOT}", [TRADE, TRADE | {"t": 4}], "ids of trades grow"),
        (f"ticker.{SPOT}", [], "once a second"),
    ],
)
def test_frames_that_are_otherwise_are_found(stream: str, frames: list[Any], fact: str) -> None:
    found = list(heard({stream: frames}, 10))
    assert any(fact in each.fact for each in found), found


# --- orders, report -----------------------------------------------------------------------------------------


def test_the_smallest_order_rests_and_is_cancelled(exchange: Any) -> None:
    exchange.load_markets()
    order = smallest_order(exchange.market("SOL/USDC")["info"], "90.65")
    assert (f"{order.quantity:f}", f"{order.price:f}") == ("0.02", "63.45")
    assert list(checked_by_order(Asker(exchange), order)) == []
    assert exchange.fetch_open_orders("SOL/USDC") == []


def test_a_cancellation_that_answers_nothing_is_news() -> None:
    with SandboxThread(**OPTIONS, switches={"cancel_answers": "202"}) as sandbox:
        exchange = sandbox.exchange(bpx)
        exchange.load_markets()
        order = smallest_order(exchange.market("SOL/USDC")["info"], "90")
        found = list(checked_by_order(Asker(exchange), order))
        exchange.session.close()
    assert [(each.kind, each.switch) for each in found] == [(NEWS, "cancel_answers")]


def test_an_order_is_cancelled_though_an_answer_is_otherwise(sandbox: SandboxThread, exchange: Any) -> None:
    exchange.load_markets()
    order = smallest_order(exchange.market("SOL/USDC")["info"], "90")
    with altered(sandbox, "/api/v1/order", lambda row: row | {"id": 7}):
        found = list(checked_by_order(Asker(exchange), order))
    assert {each.fact for each in found} >= {"an order is found by its id", "GET /api/v1/order"}
    assert exchange.fetch_open_orders("SOL/USDC") == []


def test_what_is_private_is_scrubbed_but_for_its_form() -> None:
    balance = {"USDC": {"available": "9876.54321", "locked": "0"}, "userId": 4711, "address": "0xAbC9"}
    assert scrubbed(balance) == {
        "USDC": {"available": "1111.11111", "locked": "0"},
        "userId": 1,
        "address": "1xxxx1",
    }


def test_the_report_names_the_fact_and_its_source(exchange: Any, sandbox: SandboxThread) -> None:
    with altered(sandbox, "/api/v1/depth", lambda book: book | {"bids": book["bids"][::-1]}):
        page = as_markdown(findings_of(exchange, "book of SOL_USDC"), ["address: here"])
    assert "## Contradictions" in page
    assert "bids ascend, the best one last | FACTS 10, captures |" in page


def test_a_tape_can_be_read_where_it_was_written(tmp_path: Path, exchange: Any) -> None:
    with exchange.record(tmp_path / "a.jsonl"):
        exchange.fetch_time()
    assert read_tape(tmp_path / "a.jsonl")[1]
