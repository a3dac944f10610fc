"""`record` and `play` of REST, on the blocking and the asyncio class: what happened once happens again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from ccxt.base.errors import (
    ExchangeError,
    ExchangeNotAvailable,
    InsufficientFunds,
    NetworkError,
    OrderNotFound,
    RateLimitExceeded,
)

from bpx_connector.tape import Answers, NotOnTape, TapeEnded, TapeError, TapeLine, TapeWriter, read_tape
from tests.support.callers import Caller
from tests.support.clients import failing
from tests.support.keys import FIRST
from tests.support.sandboxes import RunningSandbox

NOBODY = "http://127.0.0.1:9"


@pytest.fixture(params=["blocking", "asyncio"])
def live(request: pytest.FixtureRequest, sandbox: RunningSandbox) -> Any:
    """A caller on a sandbox."""
    caller = Caller(is_asyncio=request.param == "asyncio", sandbox=sandbox)
    yield caller
    caller.close()


@pytest.fixture
def alone(live: Caller) -> Any:
    """One of the same class that can reach nobody, and knows neither markets nor the time."""
    caller = Caller(is_asyncio=live.is_asyncio, sandbox=None, url=NOBODY, config={"enableRateLimit": True})
    for name in ("milliseconds", "seconds", "microseconds"):
        delattr(caller.exchange, name)
    caller.exchange.markets = None
    yield caller
    caller.close()


def session(caller: Caller) -> list[Any]:
    """A little of everything: prices reckoned from now, an order's whole life, refusals."""
    call = caller.call
    told = [len(call("load_markets", True)), call("fetch_ticker", "SOL/USDC"), call("fetch_time")]
    told.append(call("fetch_ohlcv", "SOL/USDC", "1m", None, 3))
    told.append(call("fetch_order_book", "SOL/USDC", 5))
    order = call("create_order", "SOL/USDC", "limit", "buy", 1, 60)
    told += [
        order,
        call("fetch_order", order["id"], "SOL/USDC"),
        call("cancel_order", order["id"], "SOL/USDC"),
    ]
    told += [call("fetch_balance"), call("fetch_positions"), call("fetch_status")]
    for refused, arguments in (
        ("fetch_order", ("123", "SOL/USDC")),
        ("create_order", ("SOL/USDC", "limit", "buy", 10**8, 60)),
    ):
        with pytest.raises(ExchangeError) as refusal:
            call(refused, *arguments)
        told.append((type(refusal.value), str(refusal.value).replace(NOBODY, "")))
    return told


def test_a_session_is_played_as_it_was_recorded(live: Caller, alone: Caller, tmp_path: Path) -> None:
    tape = tmp_path / "new" / "session.jsonl"
    live.advance(120)
    with live.exchange.record(tape):
        recorded = session(live)
    with alone.exchange.play(tape):
        played = session(alone)
        assert alone.exchange.milliseconds() == live.exchange.milliseconds()
    assert played == recorded
    assert [kind for kind, _ in recorded[-2:]] == [OrderNotFound, InsufficientFunds]


def test_a_tape_of_one_class_is_played_by_the_other(sandbox: RunningSandbox, tmp_path: Path) -> None:
    tape = tmp_path / "session.jsonl"
    told = []
    for is_asyncio in (False, True):
        caller = Caller(is_asyncio=is_asyncio, sandbox=sandbox)
        use = caller.exchange.play if is_asyncio else caller.exchange.record
        with use(tape):
            told.append(session(caller))
        caller.close()
    assert told[0] == told[1]


def test_nothing_secret_is_on_the_tape(live: Caller, tmp_path: Path) -> None:
    tape = tmp_path / "session.jsonl"
    with live.exchange.record(tape):
        session(live)
        with pytest.raises(ExchangeError):
            live.call("withdraw", "USDC", 1, "address", {"network": "SOL", "twoFactorToken": "654321"})
    text = tape.read_text(encoding="utf-8")
    assert "/api/v1/capital" in text
    for secret in (FIRST.api_key, FIRST.secret, "654321", "ignature"):
        assert secret not in text


def test_afterwards_the_object_asks_the_venue_again(live: Caller, tmp_path: Path) -> None:
    tape, own = tmp_path / "session.jsonl", dict(vars(live.exchange))
    with live.exchange.record(tape):
        live.call("fetch_time")
    with live.exchange.play(tape):
        live.call("fetch_time")
    after = vars(live.exchange)
    names = ("fetch", "handle_errors", "enableRateLimit", "milliseconds", "seconds", "microseconds")
    assert [after.get(name) for name in names] == [own.get(name) for name in names]
    live.advance(1)
    assert live.call("fetch_time") == live.exchange.milliseconds()


def test_a_failure_without_an_answer_is_played_as_one(live: Caller, tmp_path: Path) -> None:
    tape = tmp_path / "session.jsonl"
    lost = live.configured({"urls": {"api": {"public": NOBODY, "private": NOBODY}}})
    lost.exchange.urls["api"] = {"public": NOBODY, "private": NOBODY}
    with lost.exchange.record(tape), pytest.raises(NetworkError) as first:
        lost.call("fetch_time")
    with live.exchange.play(tape), pytest.raises(NetworkError) as again:
        live.call("fetch_time")
    assert (type(again.value), str(again.value)) == (type(first.value), str(first.value))


def test_a_page_instead_of_an_answer_and_too_many_requests_are_played(live: Caller, tmp_path: Path) -> None:
    tape = tmp_path / "session.jsonl"
    for status, kind in ((503, ExchangeNotAvailable), (429, RateLimitExceeded)):
        fault = failing(live, f"refuse /api/v1/time status={status}")
        with fault, live.exchange.record(tape), pytest.raises(kind):
            live.call("fetch_time")
        with live.exchange.play(tape), pytest.raises(kind):
            live.call("fetch_time")


def test_what_is_not_on_the_tape_is_refused_with_the_nearest(live: Caller, tmp_path: Path) -> None:
    tape = tmp_path / "session.jsonl"
    with live.exchange.record(tape):
        live.call("fetch_ticker", "SOL/USDC")
        live.call("create_order", "SOL/USDC", "limit", "buy", 1, 60)
    with live.exchange.play(tape):
        with pytest.raises(NotOnTape, match=r"no answer to GET /api/v1/ticker\?symbol=BTC.*symbol=SOL_USDC"):
            live.call("fetch_ticker", "BTC/USDC")
        with pytest.raises(NotOnTape, match=r"no answer to POST /api/v1/order with .*\"2\""):
            live.call("create_order", "SOL/USDC", "limit", "buy", 2, 60)


def test_markets_that_were_loaded_before_the_tape_began_are_said_to_be(
    live: Caller, alone: Caller, tmp_path: Path
) -> None:
    tape = tmp_path / "session.jsonl"
    with live.exchange.record(tape):
        live.call("fetch_ticker", "SOL/USDC")
    with alone.exchange.play(tape), pytest.raises(NotOnTape, match=r"load_markets\(True\) while recording"):
        alone.call("fetch_ticker", "SOL/USDC")


def test_an_order_that_was_placed_once_is_placed_once(live: Caller, tmp_path: Path) -> None:
    tape = tmp_path / "session.jsonl"
    with live.exchange.record(tape):
        live.call("create_order", "SOL/USDC", "limit", "buy", 1, 60, {"clientOrderId": "7"})
        live.call("fetch_ticker", "SOL/USDC")
    with live.exchange.play(tape):
        live.call("create_order", "SOL/USDC", "limit", "buy", 1, 60, {"clientOrderId": "8"})
        with pytest.raises(TapeEnded, match="has ended: POST /api/v1/order stands on it once"):
            live.call("create_order", "SOL/USDC", "limit", "buy", 1, 60, {"clientOrderId": "8"})
        assert live.call("fetch_ticker", "SOL/USDC") == live.call("fetch_ticker", "SOL/USDC")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is not a tape"),
        ("no json\n", "is not a tape"),
        ('{"cassette":2,"source":"x"}\n', "is not a tape of version 1: it says 2"),
        ("interactions:\n- request\n", "is not a tape"),
    ],
)
def test_a_file_that_is_no_tape_is_refused(live: Caller, tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "session.jsonl"
    path.write_text(text)
    with pytest.raises(TapeError, match=sentence), live.exchange.play(path):
        pass


def test_a_tape_that_is_not_there_is_named(live: Caller, tmp_path: Path) -> None:
    with pytest.raises(TapeError, match=r"there is no tape .*nowhere\.jsonl"):
        live.exchange.play(tmp_path / "nowhere.jsonl").__enter__()


# --- a tape that is there -----------------------------------------------------------------------------------


def test_a_tape_stays_where_nothing_new_comes(live: Caller, tmp_path: Path) -> None:
    tape = tmp_path / "session.jsonl"
    with live.exchange.record(tape):
        live.call("fetch_time")
    before = tape.read_bytes()
    with live.exchange.record(tape):
        pass
    assert tape.read_bytes() == before
    with pytest.raises(ZeroDivisionError), live.exchange.record(tape):
        raise ZeroDivisionError
    assert tape.read_bytes() == before


def test_a_tape_stays_where_nobody_is_reached(live: Caller, tmp_path: Path) -> None:
    tape = tmp_path / "session.jsonl"
    with live.exchange.record(tape):
        live.call("fetch_time")
    before = tape.read_bytes()
    lost = live.configured({"urls": {"api": {"public": NOBODY, "private": NOBODY}}})
    lost.exchange.urls["api"] = {"public": NOBODY, "private": NOBODY}
    with pytest.raises(NetworkError), lost.exchange.record(tape):
        lost.call("fetch_time")
    assert tape.read_bytes() == before
    with lost.exchange.record(tape), pytest.raises(NetworkError):  # wanted, and so it is recorded
        lost.call("fetch_time")
    assert [line.failure is None for line in read_tape(tape)[1]] == [False]


def test_a_tape_is_replaced_by_the_first_answer(live: Caller, tmp_path: Path) -> None:
    tape = tmp_path / "session.jsonl"
    for symbol in ("SOL/USDC", "SOL/USDC:USDC"):
        with live.exchange.record(tape):
            live.call("fetch_ticker", symbol)
    [line] = read_tape(tape)[1]
    assert line.request == "GET /api/v1/ticker?symbol=SOL_USDC_PERP"


def test_one_writes_a_tape_at_a_time(live: Caller, tmp_path: Path) -> None:
    tape = tmp_path / "session.jsonl"
    with live.exchange.record(tape):
        live.call("fetch_time")
        with pytest.raises(
            TapeError, match=r"another program is writing .*session\.jsonl: name another file"
        ):
            TapeWriter(tape, "another")
        live.call("fetch_time")
    assert len(read_tape(tape)[1]) == 2


# --- the file itself --------------------------------------------------------------------------------------


def written(path: Path, *answers: str) -> list[Any]:
    writer = TapeWriter(path, "a test", secrets=("hidden", ""), began=5, clock=iter(range(99)).__next__)
    for number, text in enumerate(answers):
        writer.answered("GET", f"https://venue.example/api/{number}?a=1", None, 200, text)
    writer.close()
    writer.answered("GET", "https://venue.example/late", None, 200, "1")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_lines_hold_question_answer_and_time(tmp_path: Path) -> None:
    header, first, second = written(tmp_path / "a.jsonl", '{"price": "1.50",\n "x": 1e-7}', "pong hidden")
    assert header == {"cassette": 1, "source": "a test", "began": 5}
    assert first == {"at": 1.0, "request": "GET /api/0?a=1", "answer": {"price": "1.50", "x": 1e-7}}
    assert second["answer"] == {"is": "text", "text": "pong ***"}


def test_answers_are_to_the_letter_what_came(tmp_path: Path) -> None:
    texts = ('{"x":1.50,"y":0.0000001}', "[1,2]", "pong", '"quoted"', "", "<html>\n</html>", "null")
    written(tmp_path / "a.jsonl", *texts)
    _, lines = read_tape(tmp_path / "a.jsonl")
    assert tuple(answer.text for answer in Answers("a", enumerate(lines)).in_order) == texts


def test_times_need_not_agree_but_those_that_do_come_first() -> None:
    lines = [
        TapeLine(request=f"GET /klines?symbol=S&startTime={start}", answer=msgspec.Raw(str(start).encode()))
        for start in (1, 2)
    ]
    answers = Answers("a", enumerate(lines))
    assert [answers.answer("GET", f"/klines?symbol=S&startTime={start}").text for start in (2, 2, 1, 9)] == [
        "2",
        "2",
        "1",
        "2",
    ]
