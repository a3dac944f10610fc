"""What is told of stocks: prices from outside, the provider's, indicative quotes; by the hours."""

from __future__ import annotations

from typing import Any

import pytest

from bpx_connector.sandbox.clock import DRIVEN_START
from bpx_connector.sandbox.records.times import DAY, SECOND
from bpx_connector.sandbox.socket.publications import Streams
from bpx_connector.sandbox.socket.requests import Stream, stream_of
from tests.support.desk import LocalDesk

TUESDAY_NOON = DRIVEN_START + 5 * DAY + 17 * 3_600 * SECOND
SUNDAY = DRIVEN_START + 3 * DAY
NAMES = ("externalTicker.NVDA.US_USDC", "stockPrice.NVDA", "stockIndicativeQuote.NVDA")


@pytest.fixture(scope="module")
def desk() -> LocalDesk:
    return LocalDesk(symbols=["SOL_USDC"], speed=0)


def told(desk: LocalDesk, now: int, *names: str, seconds: int = 3) -> dict[str, list[Any]]:
    """What these streams say in some seconds from a moment on."""
    context = desk.sandbox.context
    streams = Streams(desk.venue, context.history, context.rfqs)
    for name in names:
        stream = stream_of(name)
        assert isinstance(stream, Stream)
        streams.open(stream, None, now)
    heard: dict[str, list[Any]] = {name: [] for name in names}
    for step in range(1, 10 * seconds + 1):
        for key, payload in streams.due(now + step * SECOND // 10):
            heard[key.name].append(payload)
    for name in names:
        streams.close(next(key for key in streams.keys if key.name == name))
    assert not list(streams.due(now + DAY))
    return heard


def test_in_a_session_each_is_told_once_a_second_with_its_fields(desk: LocalDesk) -> None:
    heard = told(desk, TUESDAY_NOON, *NAMES)
    assert {name: len(rows) for name, rows in heard.items()} == dict.fromkeys(NAMES, 3)
    ticker, price, quote = (heard[name][0] for name in NAMES)
    assert set(ticker) == set("EVcehlnosv")
    assert (ticker["e"], ticker["s"], ticker["V"]) == ("externalTicker", "NVDA.US_USDC", "0")
    assert set(price) == {"symbol", "bid", "ask", "mid", "session", "timestamp"}
    assert price["symbol"] == "NVDA"
    assert price["mid"] == ticker["c"]
    assert float(price["bid"]) < float(price["mid"]) < float(price["ask"])
    assert (quote["symbol"], quote["session"]) == ("NVDA.US", "US_EQUITIES_REGULAR")
    assert (quote["estimatedBid"], quote["estimatedAsk"]) == (price["bid"], price["ask"])


def test_the_streams_say_what_rest_says(desk: LocalDesk) -> None:
    desk.venue.switches.stock_hours = "always"
    try:
        now = desk.clock.now()
        [quote] = told(desk, now, NAMES[2], seconds=1)[NAMES[2]]
        for side, name in (("Ask", "estimatedBid"), ("Bid", "estimatedAsk")):
            row = desk.get("/api/v1/stockIndicativeQuote", symbol="NVDA.US", side=side, quantity="1")
            assert row["estimatedPrice"] == quote[name]
        [ticker] = told(desk, now, NAMES[0], seconds=1)[NAMES[0]]
        row = desk.get("/api/v1/ticker", symbol="NVDA.US_USDC", source="External")
        assert (row["lastPrice"], row["high"], row["low"]) == (ticker["c"], ticker["h"], ticker["l"])
    finally:
        desk.venue.switches.stock_hours = "published"


def test_between_sessions_nobody_provides_a_price_and_quotes_are_null(desk: LocalDesk) -> None:
    heard = told(desk, SUNDAY, *NAMES)
    assert heard["stockPrice.NVDA"] == []
    assert len(heard[NAMES[0]]) == 3
    for quote in heard[NAMES[2]]:
        assert [quote[name] for name in ("session", "estimatedBid", "estimatedAsk")] == [None] * 3


@pytest.mark.parametrize(
    "name",
    ["externalTicker.SOL_USDC", "externalTicker.NVDA.US", "stockPrice.NVDA.US", "stockPrice.NOPE",
     "stockIndicativeQuote.SOL"],
)  # fmt: skip
def test_what_is_no_stock_is_silent(desk: LocalDesk, name: str) -> None:
    assert told(desk, TUESDAY_NOON, name) == {name: []}
