"""Answers that are read straight into figures, and what else can come in their place. On both classes."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ccxt.base.errors import BadSymbol, ExchangeNotAvailable

from bpx_connector.parse.markets.candles import candle_rows, candles
from tests.support.callers import Caller
from tests.support.scripted_venue import Answer, ScriptedVenue

CANDLE = (
    '[{"start":"2026-09-01 16:52:00","end":"","open":"1","high":"2","low":"0.5","close":"1.5",'
    '"volume":"7","quoteVolume":"9","trades":"3"}]'
)
REFUSAL = '{"code":"INVALID_CLIENT_REQUEST","message":"Invalid market symbol"}'
FIGURES = [[1788281520000, 1.0, 2.0, 0.5, 1.5, 7.0]]
READING = {"decode": candle_rows(float).decode}

Calling = Callable[..., Caller]


@pytest.fixture
def venue() -> Iterator[ScriptedVenue]:
    with ScriptedVenue([Answer(CANDLE)]) as running:
        yield running


@pytest.fixture(params=[False, True], ids=["blocking", "asyncio"])
def calling(request: pytest.FixtureRequest, venue: ScriptedVenue) -> Iterator[Calling]:
    """`calling(config)`: a caller of either class that speaks to the scripted venue."""
    opened: list[Caller] = []

    def calling(config: dict[str, Any] | None = None) -> Caller:
        opened.append(Caller(is_asyncio=request.param, sandbox=None, config=config or {}, url=venue.url))
        return opened[-1]

    yield calling
    for caller in opened:
        caller.close()


def rows(caller: Caller) -> Any:
    return caller.call("fetch2", "api/v1/klines", "public", "GET", {"symbol": "SOL_USDC"}, READING)


def test_what_has_a_reader_is_read_by_it_and_everything_else_is_plain(calling: Calling) -> None:
    caller = calling()
    (row,) = rows(caller)
    assert (str(row.start), row.open, row.volume) == ("2026-09-01 16:52:00", 1.0, 7.0)
    (plain,) = caller.call("public_get_api_v1_klines", {"symbol": "SOL_USDC"})
    assert plain["open"] == "1"
    assert candles([row], float) == candles([plain], float) == FIGURES


@pytest.mark.parametrize("setting", ["enableLastJsonResponse", "returnResponseHeaders"])
def test_who_wants_to_see_the_venues_own_answer_sees_it(calling: Calling, setting: str) -> None:
    caller = calling({setting: True})
    assert candles(rows(caller), float) == FIGURES
    if setting == "enableLastJsonResponse":
        assert caller.exchange.last_json_response[0]["open"] == "1"


def test_the_text_of_an_answer_that_was_read_is_kept_as_text(calling: Calling) -> None:
    caller = calling()
    rows(caller)
    assert caller.exchange.last_http_response == CANDLE
    assert type(pickle.loads(pickle.dumps(caller.exchange.last_http_response))) is str


def test_a_refusal_is_the_exception_that_it_is_everywhere(calling: Calling, venue: ScriptedVenue) -> None:
    venue.answers = [Answer(REFUSAL, 400)]
    with pytest.raises(BadSymbol, match="Invalid market symbol"):
        rows(calling())


def test_what_is_no_json_is_no_answer(calling: Calling, venue: ScriptedVenue) -> None:
    venue.answers = [Answer("<html>", 200)]
    with pytest.raises(ExchangeNotAvailable, match="instead of JSON"):
        rows(calling())
