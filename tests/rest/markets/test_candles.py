"""Candles."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import bpx_connector
from bpx_connector.rest.markets.candles import LENGTH, shortest_timeframe
from bpx_connector.venue.description import KLINES_LIMIT
from bpx_connector.venue.words import TIMEFRAME_OF
from tests.support.callers import Caller
from tests.support.made_up import BEGINNING, DAY, EXCHANGE, HOUR, MINUTE, PERPETUAL, SPOT, text
from tests.support.streaming import exchange_on, sandbox_with


def test_the_newest_candles_come_last(bpx: Caller) -> None:
    candles = bpx.call("fetch_ohlcv", SPOT, "1m", None, 5)
    now = bpx.exchange.milliseconds()
    assert len(candles) == 5
    assert [one[0] % MINUTE for one in candles] == [0] * 5
    assert now - 2 * MINUTE <= candles[-1][0] <= now
    assert bpx.call("fetch_ohlcv", SPOT, "1m", candles[1][0], 3) == candles[1:4]
    assert bpx.call("fetch_ohlcv", SPOT, "1m", None, 2, {"until": candles[3][0]}) == candles[2:4]
    assert bpx.call("fetch_ohlcv", SPOT, "1m", candles[1][0], None, {"until": candles[3][0]}) == candles[1:4]


def test_zero_is_a_since(bpx: Caller) -> None:
    first = bpx.call("fetch_ohlcv", SPOT, "1d", 0, 3)
    assert len(first) == 3
    assert first[0][0] < bpx.exchange.milliseconds() - 30 * DAY
    assert bpx.call("fetch_ohlcv", SPOT, "1d", 0, 3, {"searchForward": False}) == []


def test_a_since_to_come_has_no_candles(bpx: Caller) -> None:
    assert bpx.call("fetch_ohlcv", SPOT, "1m", bpx.exchange.milliseconds() + 1, 3) == []


def test_mark_and_index_prices_have_candles(bpx: Caller) -> None:
    mark = bpx.call("fetch_mark_ohlcv", PERPETUAL, "1h", None, 3)
    index = bpx.call("fetch_index_ohlcv", PERPETUAL, "1h", None, 3)
    assert mark == bpx.call("fetch_ohlcv", PERPETUAL, "1h", None, 3, {"price": "mark"})
    assert index == bpx.call("fetch_ohlcv", PERPETUAL, "1h", None, 3, {"price": "index"})
    assert [one[0] for one in mark] == [one[0] for one in index]


def test_more_candles_than_an_answer_holds_come_in_pages(bpx: Caller) -> None:
    since = bpx.exchange.milliseconds() - 1500 * HOUR
    candles = bpx.call("fetch_ohlcv", SPOT, "1h", since, None, {"paginate": True})
    assert len(candles) >= 1490
    assert {later[0] - one[0] for one, later in pairwise(candles)} == {HOUR}


def opened(time: int, interval: str) -> int:
    """When the candle that holds a time opened: weeks begin on Monday, months on the first."""
    if interval == "1month":
        first = datetime.fromtimestamp(time / 1000, UTC).replace(
            day=1, hour=0, minute=0, second=0, microsecond=0
        )
        return int(first.timestamp()) * 1000
    length, origin = LENGTH[TIMEFRAME_OF[interval]], 4 * DAY if interval == "1w" else 0
    return (time - origin) // length * length + origin


class Klines:
    """A venue on which somebody traded at certain times, with the liberties that its documentation leaves."""

    def __init__(
        self, trades: list[int], now: int, *, counts_end_in: bool, sends_running: bool, sends_empty: bool
    ):
        self.trades = trades
        self.now = now
        self.counts_end_in = counts_end_in
        self.sends_running = sends_running
        self.sends_empty = sends_empty

    def opens(self, interval: str) -> list[int]:
        """The candles that there are to be had."""
        all_of_them = sorted({opened(time, interval) for time in self.trades})
        return [one for one in all_of_them if self.sends_running or one != opened(self.now, interval)]

    def __call__(self, path: str, query: dict[str, Any]) -> list[dict[str, Any]]:
        interval = query["interval"]
        start = opened(int(query["startTime"]) * 1000, interval)
        end = int(query.get("endTime", self.now // 1000)) * 1000 + (1 if self.counts_end_in else 0)
        length = LENGTH[TIMEFRAME_OF[interval]]
        assert (end - start) / length <= KLINES_LIMIT + 3, "nobody knows the longest span"
        rows = [self.row(one, "1") for one in self.opens(interval) if start <= one < end]
        if self.sends_empty and interval == "1m" and rows:
            rows.insert(0, {**self.row(start, "1"), **dict.fromkeys(("open", "high", "low", "close"))})
        return rows

    def row(self, time: int, price: str) -> dict[str, Any]:
        return {"start": text(time), **dict.fromkeys(("open", "high", "low", "close", "volume"), price)}


LIBERTIES = ("counts_end_in", "sends_running", "sends_empty")
liberties = st.fixed_dictionaries({name: st.booleans() for name in LIBERTIES})
times = st.integers(min_value=0, max_value=500 * 24 * 60).map(lambda minutes: BEGINNING + minutes * MINUTE)


@settings(max_examples=150)
@given(
    trades=st.lists(times, max_size=8),
    since=times | st.just(0),
    timeframe=st.sampled_from(["1m", "15m", "1h", "1d", "3d", "1w", "1M"]),
    limit=st.none() | st.integers(1, 5),
    until=st.none() | times,
    liberties=liberties,
)
@example(  # a three-day candle that opened in the month before its first trade
    trades=[1_711_929_620_000],
    since=0,
    timeframe="3d",
    limit=1,
    until=None,
    liberties={"counts_end_in": False, "sends_running": False, "sends_empty": False},
)
def test_a_since_gives_the_first_candles_at_or_after_it_wherever_they_are(
    trades: list[int],
    since: int,
    timeframe: str,
    limit: int | None,
    until: int | None,
    liberties: dict[str, bool],
) -> None:
    now = BEGINNING + 500 * DAY + 30_000
    until = None if until is None or until < since else until
    klines = Klines(trades, now, **liberties)
    exchange = EXCHANGE.answered_by(klines)
    setattr(exchange, "milliseconds", lambda: now)  # noqa: B010  mypy allows no assignment to a method
    params = {} if until is None else {"until": until}
    found = exchange.fetch_ohlcv(SPOT, timeframe, since, limit, params)
    interval = "1month" if timeframe == "1M" else timeframe
    wanted = [one for one in klines.opens(interval) if since <= one <= (until if until is not None else now)]
    if limit is not None:
        assert [one[0] for one in found] == wanted[: len(found)]
        assert bool(found) == bool(wanted)
    elif wanted:
        assert found
        assert found[0][0] == wanted[0]
    assert len(exchange._queries) <= 12


class KeptForMinutes(Klines):
    """The same, with candles of a second for the last minutes only."""

    def opens(self, interval: str) -> list[int]:
        first = self.now - 10 * MINUTE if interval == "1s" else 0
        return [one for one in super().opens(interval) if one >= first]


@pytest.mark.parametrize("limit", [1, 10])
def test_candles_that_are_kept_for_a_shorter_time_than_longer_ones_are_found(limit: int) -> None:
    now = BEGINNING + DAY
    trades = list(range(now - HOUR, now, 5_000))
    klines = KeptForMinutes(trades, now, counts_end_in=False, sends_running=True, sends_empty=False)
    exchange = EXCHANGE.answered_by(klines)
    setattr(exchange, "milliseconds", lambda: now)  # noqa: B010  mypy allows no assignment to a method
    found = exchange.fetch_ohlcv(SPOT, "1s", now - HOUR, limit)
    assert found[0][0] == now - 10 * MINUTE
    assert len(exchange._queries) <= 10


@settings(max_examples=100)
@given(
    trades=st.lists(times, max_size=8),
    timeframe=st.sampled_from(["1m", "1h", "1d"]),
    limit=st.integers(1, 5),
    back=st.integers(0, 5),
    liberties=liberties,
)
def test_without_a_since_the_newest_candles_come(
    trades: list[int], timeframe: str, limit: int, back: int, liberties: dict[str, bool]
) -> None:
    now = BEGINNING + 500 * DAY + 30_000
    recent = [now - back * LENGTH[timeframe], now - LENGTH[timeframe]]
    klines = Klines(trades + recent, now, **liberties)
    exchange = EXCHANGE.answered_by(klines)
    setattr(exchange, "milliseconds", lambda: now)  # noqa: B010  mypy allows no assignment to a method
    found = [one[0] for one in exchange.fetch_ohlcv(SPOT, timeframe, None, limit)]
    earliest = opened(now - (limit + 1) * LENGTH[timeframe], timeframe)
    assert found == [one for one in klines.opens(timeframe) if one >= earliest][-limit:]
    assert len(exchange._queries) == 1


@given(
    timeframe=st.sampled_from(["1m", "5m", "1h", "4h", "1d"]),
    limit=st.integers(1, 7),
    late=st.integers(0, DAY - 1),
    until=st.none() | st.integers(1, 9),
    liberties=liberties,
)
def test_of_a_market_that_trades_all_the_time_as_many_candles_come_as_were_asked_for(
    timeframe: str, limit: int, late: int, until: int | None, liberties: dict[str, bool]
) -> None:
    length = LENGTH[timeframe]
    now = BEGINNING + 100 * DAY + late
    klines = Klines([now - place * length for place in range(20)], now, **liberties)
    exchange = EXCHANGE.answered_by(klines)
    setattr(exchange, "milliseconds", lambda: now)  # noqa: B010  mypy allows no assignment to a method
    latest = now if until is None else opened(now, timeframe) - until * length
    found = [one[0] for one in exchange.fetch_ohlcv(SPOT, timeframe, None, limit, {"until": latest})]
    assert found == [one for one in klines.opens(timeframe) if one <= latest][-limit:]
    assert len(found) == limit
    if until is None:
        newest = [one[0] for one in exchange.fetch_ohlcv(SPOT, timeframe, None, limit)]
        assert newest == found


@pytest.mark.parametrize(("limit", "wanted"), [(5, 5), (1_200, 1_200), (None, 100)])
def test_pages_without_a_since_hold_the_newest_candles_of_a_market_that_ended_long_ago(
    limit: int | None, wanted: int
) -> None:
    now = BEGINNING + 400 * DAY
    end = now - 200 * DAY
    klines = Klines(
        [end - place * HOUR for place in range(1_300)],
        now,
        counts_end_in=False,
        sends_running=False,
        sends_empty=False,
    )
    exchange = EXCHANGE.answered_by(klines)
    setattr(exchange, "milliseconds", lambda: now)  # noqa: B010  mypy allows no assignment to a method
    found = exchange.fetch_ohlcv(SPOT, "1h", None, limit, {"paginate": True})
    assert [one[0] for one in found] == klines.opens("1h")[-wanted:]


@settings(max_examples=50)
@given(
    timeframe=st.sampled_from(["1s", "1m", "1h", "1d"]),
    late=st.floats(0, 1, exclude_max=True),
    places=st.integers(0, 1_100),
    until=st.none() | st.integers(0, 2_300),
    quiet=st.sets(st.integers(0, 2_299), max_size=9),
    liberties=liberties,
)
@example("1m", 0.5, 0, None, {2_200}, dict.fromkeys(LIBERTIES, False))
@example("1m", 0.0, 0, None, {2_200}, dict.fromkeys(LIBERTIES, True))
def test_pages_hold_every_candle_once_wherever_between_two_candles_they_start(
    timeframe: str, late: float, places: int, until: int | None, quiet: set[int], liberties: dict[str, bool]
) -> None:
    now = BEGINNING + 3_000 * DAY + 30_000
    length = LENGTH[timeframe]
    traded = [now - place * length for place in range(2_300) if place not in quiet]
    klines = Klines(traded, now, **liberties)
    exchange = EXCHANGE.answered_by(klines)
    setattr(exchange, "milliseconds", lambda: now)  # noqa: B010  mypy allows no assignment to a method
    since = opened(now, timeframe) - 2_250 * length + places * length + int(late * length)
    latest = now if until is None else since + until * length
    found = exchange.fetch_ohlcv(SPOT, timeframe, since, None, {"paginate": True, "until": latest})
    assert [one[0] for one in found] == [
        one for one in klines.opens(timeframe) if since <= one <= min(now, latest)
    ]


@pytest.mark.parametrize("running", ["on", "off"])
def test_the_newest_candles_are_as_many_whether_the_venue_tells_the_running_one_or_not(
    bpx_driven_sandbox: Any, running: str
) -> None:
    bpx_driven_sandbox.switches.running_kline = running == "on"
    exchange = bpx_driven_sandbox.exchange(bpx_connector.bpx)
    for _ in range(4):
        bpx_driven_sandbox.advance(47)
        times = [one[0] for one in exchange.fetch_ohlcv("SOL/USDC", "1m", limit=5)]
        assert len(times) == 5
        assert {later - one for one, later in pairwise(times)} == {MINUTE}
        assert times[-1] >= exchange.milliseconds() // MINUTE * MINUTE - MINUTE


def test_a_closed_market_has_as_many_candles_as_were_asked_for_up_to_its_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = BEGINNING + 100 * DAY
    klines = Klines(
        [now - place * MINUTE for place in range(3, 20)],
        now,
        counts_end_in=False,
        sends_running=True,
        sends_empty=True,
    )
    exchange = EXCHANGE.answered_by(klines)
    setattr(exchange, "milliseconds", lambda: now)  # noqa: B010  mypy allows no assignment to a method
    assert len(exchange.fetch_ohlcv(SPOT, "1m", None, 5)) < 5
    monkeypatch.setitem(exchange.markets[SPOT], "active", False)
    assert [one[0] for one in exchange.fetch_ohlcv(SPOT, "1m", None, 5)] == klines.opens("1m")[-5:]


@pytest.mark.parametrize("drift", [-400 * DAY, -5 * DAY, 5 * DAY, 400 * DAY])
def test_the_newest_candles_come_whatever_the_clock_says(drift: int) -> None:
    now = BEGINNING + 500 * DAY
    klines = Klines(
        [now - place * DAY for place in range(9, 0, -1)],
        now,
        counts_end_in=False,
        sends_running=False,
        sends_empty=False,
    )
    exchange = EXCHANGE.answered_by(klines)
    setattr(exchange, "milliseconds", lambda: now + drift)  # noqa: B010  mypy allows no assignment to a method
    assert [one[0] for one in exchange.fetch_ohlcv(SPOT, "1d", None, 3)] == klines.opens("1d")[-3:]


@given(st.sampled_from(sorted(LENGTH)), st.integers(1, 60 * 365 * DAY))
def test_the_shortest_timeframe_that_covers_a_span_is_never_shorter_than_the_one_asked_for(
    timeframe: str, span: int
) -> None:
    found = shortest_timeframe(timeframe, span)
    assert LENGTH[found] >= LENGTH[timeframe]
    assert LENGTH[found] * KLINES_LIMIT >= span or found == "1M"


@pytest.mark.parametrize(
    ("timeframe", "opened"), [("1h", "00:00:00"), ("1m", "00:05:00"), ("1d", "00:00:00")]
)
async def test_the_newest_candles_of_a_quiet_market_are_found_though_longer_ones_still_run(
    timeframe: str, opened: str
) -> None:
    """The venue leaves the running candle out, so that of a running month nothing is to be seen."""
    async with sandbox_with("SOL_USDC", speed=0) as sandbox, exchange_on(sandbox) as exchange:
        exchange.milliseconds = lambda: sandbox.clock.now() // 1000
        clock: Any = sandbox.clock
        clock.leap(300)
        await exchange.create_order("SOL/USDC", "market", "buy", 0.5)
        clock.leap(2 * 24 * 3_600)
        [candle] = await exchange.fetch_ohlcv("SOL/USDC", timeframe, None, 1)
        assert (exchange.iso8601(candle[0]), candle[5]) == (f"2026-01-01T{opened}.000Z", 0.5)


async def test_trades_until_a_moment_are_no_later_with_paginate_either() -> None:
    async with sandbox_with("SOL_USDC", speed=0) as sandbox, exchange_on(sandbox) as exchange:
        clock: Any = sandbox.clock
        for _ in range(3):
            await exchange.create_order("SOL/USDC", "market", "buy", 0.5)
            clock.leap(60)
        trades = await exchange.fetch_trades("SOL/USDC", None, None, {"paginate": True})
        until = trades[-2]["timestamp"]
        held = await exchange.fetch_trades("SOL/USDC", None, None, {"paginate": True, "until": until})
        assert [trade["id"] for trade in held] == [
            trade["id"] for trade in trades if trade["timestamp"] <= until
        ]
