"""`bpx verify`: a sandbox as it is contradicts nothing, and whatever is planted in one is found and named."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bpx_connector import bpx
from bpx_connector.keys import generated_keys
from bpx_connector.sandbox.clock import DrivenClock
from bpx_connector.sandbox.records.orders import OrderRequest
from bpx_connector.sandbox.records.switches import Switches
from bpx_connector.sandbox.server import Sandbox, SandboxThread
from bpx_connector.tape import read_tape
from bpx_connector.verify.asking import CONTRADICTION, NEWS, Asker, Finding, compared, judged, understood
from bpx_connector.verify.calls import Call, tried
from bpx_connector.verify.orders import checked_by_order, smallest_order
from bpx_connector.verify.questions import (
    SIGNATURES,
    STRANGERS,
    TWICE,
    Question,
    private_questions,
    public_questions,
)
from bpx_connector.verify.readings import FRAME_READINGS, READINGS, misread
from bpx_connector.verify.report import as_markdown
from bpx_connector.verify.streams import TYPES, framed_alike, heard
from bpx_connector.verify.written import ScrubbedTape, noted

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
    exchange.load_markets()
    answers = [(question, asker.ask(question)) for question in asked]
    found = [each for question, answer in answers for each in judged(question, answer)]
    return found + [each for question, answer in answers for each in understood(exchange, question, answer)]


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


NIGHT = datetime(2026, 11, 28, 12, tzinfo=UTC)
"""A Saturday, when no stock is traded."""
SEEN: list[tuple[dict[str, Any], str, str]] = [
    ({"fired_orders": "same_id"}, "another id than its trigger order", CONTRADICTION),
    ({"fired_orders": "unlinked"}, "links a fired order", NEWS),
    ({"running_kline": True}, "klines lack the interval that is running", CONTRADICTION),
    ({"blank_klines": False}, "klines have a row for an interval without trades", NEWS),
    ({"large_limits": "refuse"}, "a limit above the maximum", NEWS),
    ({"flat_position": "empty"}, "a market without a position", NEWS),
    ({"order_not_found": "400"}, "an order that is not open", NEWS),
    ({"order_not_found": "404"}, "cancelling an order that is gone", NEWS),
    ({"repeated_signatures": "refuse"}, "a signature counts again", NEWS),
    ({"unknown_key": "refuse"}, "a key that nobody knows", CONTRADICTION),
    ({"long_windows": "cut"}, "a signature for longer than 60 s", NEWS),
    ({"cached_answers": True}, "an answer is fresh", NEWS),
    ({"country": "20"}, "most countries may trade perpetuals", NEWS),
    ({"country": "no_perps"}, "most countries may trade perpetuals", NEWS),
    ({"stock_hours": "always"}, "in the session that is on", CONTRADICTION),
    ({"cancel_answers": "202"}, "cancelling answers what was cancelled", NEWS),
    ({"repeated_client_ids": "refuse"}, "the client id of one that is open", NEWS),
    ({"bad_signature": "401"}, "a wrong signature is 400", NEWS),
    ({"repeated_parameters": "first"}, "a parameter that comes twice", NEWS),
    ({"signed_nulls": "written"}, "a null in a body", NEWS),
    ({"long_klines": "cut"}, "more than 10,000 candles", NEWS),
    ({"long_klines": "all"}, "more than 10,000 candles", NEWS),
]
UNSEEN = {
    "unnamed_triggers": "only the price that fires it tells",
    "post_only_cross": "an order would have to cross the book",
    "empty_book": "an order would have to take",
    "unfilled_orders": "an order would have to be one that does not rest",
    "unnamed_time_in_force": "an order would have to be one that may take",
    "large_reduce_only": "a position would have to be opened",
    "closing_books": "a book would have to close",
    "largest_batch": "more orders would have to be placed than two",
    "whole_depth": "a book would have to have more than 1,000 levels",
    "liquidation_time": "somebody would have to be liquidated",
    "history_budget": "more would have to be asked than is allowed",
    "retry_after": "more would have to be asked than is allowed",
    "lend_redeem": "something would have to be lent",
    "backstop": "somebody would have to be liquidated",
    "update_caps": "a price would have to leap",
    "withdraw_to": "something would have to be withdrawn",
    "mean_bands": "an order would have to take, far from the mean",
    "taker_speed_bump": "an order would have to take",
}
"""Switches of which no question that changes nothing, and no order that rests, can tell where they stand."""


def test_every_switch_is_looked_for_or_has_its_reason_why_not() -> None:
    seen = {name for switches, _, _ in SEEN for name in switches}
    assert seen | set(UNSEEN) == set(Switches().rows())
    assert not seen & set(UNSEEN)


def prepared(sandbox: SandboxThread, switch: str, config: dict[str, Any]) -> Any:
    """An exchange object on a sandbox in which what the switch decides has happened."""
    if switch == "fired_orders":
        return fired_stop(sandbox)
    exchange = sandbox.exchange(bpx, **config)
    if switch == "blank_klines":
        sandbox.run(trade_now_and_then)
    if switch == "cached_answers":
        exchange.fetch_markets()
        sandbox.run(lambda inner: inner.clock.advance(1))  # type: ignore[attr-defined]  # it is driven
    return exchange


@pytest.mark.parametrize(("switches", "fact", "kind"), SEEN, ids=str)
def test_a_switch_that_is_turned_is_found(switches: dict[str, Any], fact: str, kind: str) -> None:
    [switch] = switches
    options = OPTIONS | {"speed": 1, "closed": switch == "unknown_key"}
    if switch in ("blank_klines", "cached_answers", "stock_hours"):
        options |= {"speed": 0, "clock": DrivenClock(int(NIGHT.timestamp()) * 1_000_000)}
    keys = generated_keys()
    with SandboxThread(**options, switches=switches, accounts=[keys.api_key]) as sandbox:
        exchange = prepared(sandbox, switch, keys.config)
        asker, exchange.enableRateLimit = Asker(exchange), False
        found = findings_of(exchange)
        found += judged(STRANGERS, Asker(sandbox.exchange(bpx)).ask(STRANGERS))
        found += judged(TWICE, asker.ask(TWICE, repeats=1))
        found += [each for question in SIGNATURES for each in judged(question, asker.ask(question))]
        exchange.load_markets()
        found += checked_by_order(asker, smallest_order(exchange.market("SOL/USDC")["info"], "90"))
        exchange.session.close()
    named = [each for each in found if fact in each.fact]
    assert named, found
    assert {each.kind for each in named} == {kind}
    assert {each.switch for each in named} == set(switches)


# --- what our parsers make of it ----------------------------------------------------------------------------


def test_every_operation_that_is_asked_is_read_or_handed_out_as_it_is() -> None:
    asked = {each.operation for each in [*public_questions(SPOT, PERP, 0), *private_questions(PERP)]}
    assert asked - set(READINGS) == {
        "GET /api/v1/time",  # a bare number
        "GET /api/v1/collateral",  # these become terms of an asset, together with others
        "GET /api/v1/account/limits/order",  # these two are handed out as they are
        "GET /api/v1/account/limits/withdrawal",
        "GET /api/v1/stockIndicativeQuote",
        "GET /wapi/v1/country/permissions",
        "GET /wapi/v1/history/settlement",  # read together with the other histories, by fetch_ledger
    }
    assert set(FRAME_READINGS) == set(TYPES)


@pytest.mark.parametrize(
    ("operation", "row", "said"),
    [
        ("GET /api/v1/ticker", {"symbol": SPOT, "volume": "1"}, "has no last that is understood here"),
        ("GET /api/v1/trades", [{"id": 1, "price": "x", "quantity": "1"}], "has no price that is understood"),
        ("GET /api/v1/depth", {"bids": [["1"]], "asks": [], "lastUpdateId": "1"}, "is not understood here"),
        ("GET /api/v1/klines", [{"start": 7, "open": "1", "close": "1"}], "0 of it is not understood here"),
        ("GET /api/v1/orders", [{"id": "1", "symbol": SPOT}], "has no status that is understood here"),
        ("GET /api/v1/capital", {"USDC": {"locked": "0"}}, "has no free that is understood here"),
    ],
)
def test_what_our_parsers_cannot_make_out_is_said(exchange: Any, operation: str, row: Any, said: str) -> None:
    exchange.load_markets()
    assert any(said in each for each in misread(exchange, READINGS[operation], row))


@pytest.mark.parametrize(
    ("milliseconds", "is_said"), [(1_796_000_000_000, False), (1_796_000_000, True), (10**15, True)]
)
def test_a_time_that_is_none_of_todays_is_said(exchange: Any, milliseconds: int, is_said: bool) -> None:
    exchange.load_markets()
    rate = {"symbol": PERP, "openInterest": "1", "timestamp": milliseconds}
    found = list(misread(exchange, READINGS["GET /api/v1/openInterest"], [rate]))
    assert (found != []) == is_said, found


def test_a_method_that_fails_is_said(sandbox: SandboxThread, exchange: Any) -> None:
    calls = [Call("fetch_ticker", ("SOL/USDC",)), Call("fetch_time")]
    assert list(tried(exchange, calls)) == []
    with altered(sandbox, "/api/v1/ticker", lambda row: [7]):
        [found] = tried(exchange, calls)
    assert (found.kind, found.question) == (CONTRADICTION, "fetch_ticker(SOL/USDC)")


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


def test_a_field_that_the_sandboxs_frames_have_not_is_news() -> None:
    stream = f"trade.{SPOT}"
    assert list(framed_alike({stream: [TRADE]}, {stream: [TRADE]})) == []
    assert list(framed_alike({stream: [], "depth.X": [DEPTH]}, {stream: [TRADE]})) == []
    frames = {stream: [TRADE | {"b": 7}]}
    assert list(framed_alike(frames, {stream: [TRADE]})) == []  # told already: the documents have a text
    [found] = framed_alike({stream: [TRADE]}, {stream: [TRADE | {"z": 1}]})
    assert (found.kind, found.where, found.found) == (NEWS, "[].z", "is the sandbox's alone")


# --- orders, report -----------------------------------------------------------------------------------------


def test_a_frame_that_our_parsers_cannot_make_out_is_found(exchange: Any) -> None:
    exchange.load_markets()
    assert list(heard({f"trade.{SPOT}": [TRADE]}, 1, exchange)) == []
    found = list(heard({f"trade.{SPOT}": [TRADE | {"p": "x"}]}, 1, exchange))
    assert ["is not understood here" in each.found for each in found] == [True]


def test_the_smallest_order_rests_and_is_cancelled(exchange: Any) -> None:
    exchange.load_markets()
    order = smallest_order(exchange.market("SOL/USDC")["info"], "90.65")
    assert (f"{order.quantity:f}", f"{order.price:f}") == ("0.02", "63.45")
    assert list(checked_by_order(Asker(exchange), order)) == []
    assert exchange.fetch_open_orders("SOL/USDC") == []


def test_an_order_is_cancelled_though_an_answer_is_otherwise(sandbox: SandboxThread, exchange: Any) -> None:
    exchange.load_markets()
    order = smallest_order(exchange.market("SOL/USDC")["info"], "90")
    with altered(sandbox, "/api/v1/order", lambda row: row | {"id": 7}):
        found = list(checked_by_order(Asker(exchange), order))
    assert {each.fact for each in found} >= {"an order is found by its id", "GET /api/v1/order"}
    assert exchange.fetch_open_orders("SOL/USDC") == []


def test_the_report_names_the_fact_and_its_source(exchange: Any, sandbox: SandboxThread) -> None:
    with altered(sandbox, "/api/v1/depth", lambda book: book | {"bids": book["bids"][::-1]}):
        page = as_markdown(findings_of(exchange, "book of SOL_USDC"), ["address: here"])
    assert "## Contradictions" in page
    assert "bids ascend, the best one last | FACTS 10, captures |" in page


EVENT = {
    "e": "orderFill",
    "i": "4711",
    "c": 99,
    "s": SPOT,
    "q": "123.4",
    "X": "Filled",
    "E": 1_796_000_000_000_000,
}


def test_a_tape_holds_of_an_account_only_the_form(tmp_path: Path, exchange: Any) -> None:
    exchange.create_order("SOL/USDC", "limit", "buy", "1.37", "61.93")
    with noted(exchange, tmp_path / "a.jsonl", "here"):
        exchange.fetch_open_orders()
        exchange.fetch_ticker("SOL/USDC")
    text = (tmp_path / "a.jsonl").read_text()
    assert ("61.93" in text, "11.11" in text) == (False, True)
    assert exchange.apiKey not in text
    exchange.cancel_all_orders("SOL/USDC")


def test_a_frame_of_the_account_is_scrubbed_on_its_way_to_the_tape(tmp_path: Path) -> None:
    tape = ScrubbedTape(tmp_path / "a.jsonl", "here")
    public = json.dumps({"data": TRADE | {"p": "61.93"}, "stream": f"trade.{SPOT}"})
    private = json.dumps({"data": EVENT | {"q": "61.93"}, "stream": "account.orderUpdate"})
    for frame in (public, private, '{"error": 1}', "ping"):
        tape.frame(0, "venue", frame)
    tape.close()
    said = [line.venue for line in read_tape(tmp_path / "a.jsonl")[1]]
    assert ["61.93" in str(frame) for frame in said] == [True, False, False, False]
    assert said[2:] == ['{"error": 1}', "ping"]
