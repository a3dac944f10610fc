"""The markets' unified methods, against a sandbox and from cassettes, on both classes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from ccxt.base.errors import ArgumentsRequired, BadRequest, BadSymbol, NullResponse
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bpx_connector.parse.markets.books import order_book
from bpx_connector.parse.markets.candles import candles
from bpx_connector.parse.markets.trades import public_trades
from bpx_connector.rest.markets.candles import LENGTH, shortest_timeframe
from bpx_connector.rest.markets.prices import depth_limit
from bpx_connector.venue.description import KLINES_LIMIT
from bpx_connector.venue.words import TIMEFRAME_OF
from tests.support.callers import Caller
from tests.support.samples import OfflineExchange, offline_exchange

Offline = Callable[..., Any]
SPOT, PERPETUAL = "SOL/USDC", "SOL/USDC:USDC"
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


# --- what is listed ------------------------------------------------------------------------------------


def test_markets_and_currencies_are_loaded_together(bpx: Caller) -> None:
    markets = bpx.call("load_markets", True)
    assert markets[SPOT]["spot"]
    assert markets[PERPETUAL]["swap"]
    assert {"SOL", "USDC"} <= bpx.exchange.currencies.keys()
    assert bpx.exchange.symbols == sorted(markets)


def test_markets_of_one_type_can_be_asked_for(bpx: Caller) -> None:
    listed = bpx.call("fetch_markets", {"marketType": "PERP"})
    assert {market["type"] for market in listed} == {"swap"}
    both = bpx.call("fetch_markets", {"marketType": ["SPOT", "PERP"]})
    assert {market["type"] for market in both} == {"swap", "spot"}


def test_a_closed_market_is_listed_and_not_active(bpx: Caller) -> None:
    listed = {market["symbol"]: market["active"] for market in bpx.call("fetch_markets")}
    assert listed["HNT/USDC"] is False
    assert listed[SPOT] is True


def test_the_clock_is_measured_before_markets_if_the_user_wishes(bpx: Caller) -> None:
    bpx.exchange.options["adjustForTimeDifference"] = True
    bpx.exchange.options["timeDifference"] = 12345
    bpx.call("fetch_markets")
    assert bpx.exchange.options["timeDifference"] == 0


def test_currencies_have_networks_and_fees(bpx: Caller) -> None:
    currencies = bpx.call("fetch_currencies")
    assert currencies["SOL"]["networks"]["SOL"]["id"] == "Solana"
    assert currencies["SOL"]["fee"] > 0


def test_the_venue_works_and_tells_the_time(bpx: Caller) -> None:
    assert bpx.call("fetch_status")["status"] == "ok"
    assert bpx.call("fetch_time") == bpx.exchange.milliseconds()


# --- tickers and prices --------------------------------------------------------------------------------


def test_a_ticker_tells_of_a_days_trading(bpx: Caller) -> None:
    one = bpx.call("fetch_ticker", SPOT)
    assert one["symbol"] == SPOT
    assert one["low"] <= one["last"] <= one["high"]
    assert one["percentage"] == float(one["info"]["priceChangePercent"] + "e2")
    assert bpx.call("fetch_ticker", SPOT, {"interval": "1w"})["baseVolume"] >= one["baseVolume"]


def test_tickers_of_all_markets_or_of_some_take_one_request(bpx: Caller) -> None:
    everything = bpx.call("fetch_tickers")
    assert {SPOT, PERPETUAL} <= everything.keys()
    assert bpx.call("fetch_tickers", [SPOT]) == {SPOT: everything[SPOT]}
    spot = bpx.call("fetch_tickers", None, {"type": "spot"})
    assert spot == {symbol: one for symbol, one in everything.items() if ":" not in symbol}
    assert set(bpx.call("fetch_tickers", [], {"type": "swap"})) == everything.keys() - spot.keys()


def test_last_prices_are_those_of_the_tickers(bpx: Caller) -> None:
    last = bpx.call("fetch_last_prices", [SPOT, PERPETUAL])
    assert set(last) == {SPOT, PERPETUAL}
    assert last[SPOT]["price"] == bpx.call("fetch_ticker", SPOT)["last"]


def test_a_book_has_its_best_prices_first(bpx: Caller) -> None:
    book = bpx.call("fetch_order_book", SPOT, 7)
    assert len(book["bids"]) == len(book["asks"]) == 7
    assert book["bids"] == sorted(book["bids"], reverse=True)
    assert book["asks"] == sorted(book["asks"])
    assert book["bids"][0][0] < book["asks"][0][0]
    assert bpx.call("fetch_l2_order_book", SPOT, 7) == book
    assert len(bpx.call("fetch_order_book", SPOT)["bids"]) > 7


def test_mark_prices_are_those_of_the_perpetuals(bpx: Caller) -> None:
    marks = bpx.call("fetch_mark_prices")
    assert all(bpx.exchange.market(symbol)["swap"] for symbol in marks)
    one = bpx.call("fetch_mark_price", PERPETUAL)
    assert one == marks[PERPETUAL] == bpx.call("fetch_mark_prices", [PERPETUAL])[PERPETUAL]
    assert one["markPrice"] > 0
    assert one["indexPrice"] > 0


def test_spot_mark_prices_are_to_be_had_too(bpx: Caller) -> None:
    assert bpx.call("fetch_mark_prices", [SPOT])[SPOT]["markPrice"] > 0
    assert bpx.call("fetch_mark_price", SPOT)["symbol"] == SPOT


# --- trades --------------------------------------------------------------------------------------------


def test_trades_come_oldest_first(bpx: Caller) -> None:
    trades = bpx.call("fetch_trades", SPOT, None, 20)
    assert len(trades) == 20
    assert [int(one["id"] or 0) for one in trades] == sorted(int(one["id"] or 0) for one in trades)
    since = trades[4]["timestamp"]
    later = bpx.call("fetch_trades", SPOT, since, 3)
    assert later == [one for one in trades if one["timestamp"] >= since][:3]


def test_trades_can_end_at_a_time(bpx: Caller) -> None:
    trades = bpx.call("fetch_trades", SPOT, None, 30)
    until = trades[-10]["timestamp"]
    assert bpx.call("fetch_trades", SPOT, None, 5, {"until": until})[-1]["timestamp"] <= until
    between = bpx.call("fetch_trades", SPOT, trades[0]["timestamp"], 1000, {"until": until})
    wanted = [one for one in trades if one["timestamp"] <= until]
    assert between[-len(wanted) :] == wanted


# --- candles -------------------------------------------------------------------------------------------


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


# --- funding and open interest -------------------------------------------------------------------------


def test_the_running_funding_rate_is_paid_at_the_full_hour(bpx: Caller) -> None:
    rate = bpx.call("fetch_funding_rate", PERPETUAL)
    assert rate["fundingTimestamp"] % HOUR == 0
    assert 0 < rate["fundingTimestamp"] - bpx.exchange.milliseconds() <= HOUR
    assert rate["interval"] == "1h"
    rates = bpx.call("fetch_funding_rates")
    assert rates[PERPETUAL] == rate
    assert bpx.call("fetch_funding_rates", [PERPETUAL]) == {PERPETUAL: rate}


def test_settled_funding_rates_are_hourly_and_leave_out_the_running_one(bpx: Caller) -> None:
    now = bpx.exchange.milliseconds()
    rates = bpx.call("fetch_funding_rate_history", PERPETUAL, None, 5)
    assert [one["timestamp"] for one in rates] == [
        now - now % HOUR - hours * HOUR for hours in (4, 3, 2, 1, 0)
    ]
    since = rates[1]["timestamp"]
    assert bpx.call("fetch_funding_rate_history", PERPETUAL, since, 2) == rates[1:3]
    assert bpx.call("fetch_funding_rate_history", PERPETUAL, since) == rates[1:]
    until = {"until": rates[3]["timestamp"]}
    assert bpx.call("fetch_funding_rate_history", PERPETUAL, None, 2, until) == rates[2:4]


def test_funding_intervals_are_the_venues_own(bpx: Caller) -> None:
    one = bpx.call("fetch_funding_interval", PERPETUAL)
    assert one["interval"] == "1h"
    intervals = bpx.call("fetch_funding_intervals")
    assert intervals[PERPETUAL] == one
    assert bpx.call("fetch_funding_intervals", [PERPETUAL]) == {PERPETUAL: one}


def test_open_interest_is_in_base_units(bpx: Caller) -> None:
    one = bpx.call("fetch_open_interest", PERPETUAL)
    assert one["openInterestAmount"] >= 0
    everything = bpx.call("fetch_open_interests")
    assert everything[PERPETUAL] == one
    assert bpx.call("fetch_open_interests", [PERPETUAL]) == {PERPETUAL: one}


# --- what is refused before anything is sent -----------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "sentence", "call", "arguments"),
    [
        (BadSymbol, "does not have market symbol XYZ", "fetch_ticker", ("XYZ",)),
        (BadSymbol, "does not have market symbol XYZ", "fetch_tickers", (["XYZ"],)),
        (BadRequest, "such as ['SOL/USDC']", "fetch_tickers", (SPOT,)),
        (BadRequest, "one of spot, swap", "fetch_tickers", (None, {"type": "margin"})),
        (BadRequest, "SOL/USDC is a spot market", "fetch_tickers", ([SPOT], {"type": "swap"})),
        (BadSymbol, "does not have market symbol XYZ", "fetch_last_prices", (["XYZ"],)),
        (BadRequest, "takes one type of markets", "fetch_mark_prices", ([SPOT, PERPETUAL],)),
        (BadSymbol, "does not have market symbol XYZ", "fetch_order_book", ("XYZ",)),
        (BadRequest, "from 1 on, or None, not 0", "fetch_order_book", (SPOT, 0)),
        (BadRequest, "not -5", "fetch_order_book", (SPOT, -5)),
        (BadRequest, "not 2.5", "fetch_order_book", (SPOT, 2.5)),
        (BadRequest, "not 'ten'", "fetch_order_book", (SPOT, "ten")),
        (BadRequest, "not True", "fetch_order_book", (SPOT, True)),
        (BadRequest, "timeframe has to be one of 1s, 1m", "fetch_ohlcv", (SPOT, "7m")),
        (
            BadRequest,
            "price has to be one of mark",
            "fetch_ohlcv",
            (SPOT, "1m", None, None, {"price": "fair"}),
        ),
        (BadRequest, "since has to be milliseconds", "fetch_ohlcv", (SPOT, "1m", "2026-01-01")),
        (BadRequest, "since has to be milliseconds", "fetch_ohlcv", (SPOT, "1m", -1)),
        (BadRequest, "until has to be at or after since", "fetch_ohlcv", (SPOT, "1m", 9, None, {"until": 8})),
        (BadRequest, "limit has to be a whole number", "fetch_ohlcv", (SPOT, "1m", None, 0)),
        (BadRequest, "since has to be milliseconds", "fetch_trades", (SPOT, float("nan"))),
        (BadRequest, "limit has to be a whole number", "fetch_trades", (SPOT, None, -1)),
        (BadSymbol, "takes perpetuals such as", "fetch_funding_rate", (SPOT,)),
        (BadSymbol, "takes perpetuals such as", "fetch_funding_interval", (SPOT,)),
        (BadSymbol, "takes perpetuals such as", "fetch_funding_rate_history", (SPOT,)),
        (ArgumentsRequired, "needs a symbol", "fetch_funding_rate_history", ()),
        (BadRequest, "takes swap markets", "fetch_funding_rates", ([SPOT],)),
        (BadRequest, "takes swap markets", "fetch_funding_intervals", ([SPOT],)),
        (BadSymbol, "takes derivatives", "fetch_open_interest", (SPOT,)),
        (BadSymbol, "does not have market symbol XYZ", "fetch_open_interests", (["XYZ"],)),
    ],
)
def test_an_argument_that_cannot_be_right_is_never_sent(
    offline: Offline, error: type[Exception], sentence: str, call: str, arguments: tuple[Any, ...]
) -> None:
    exchange = offline()  # an attempt to send anything is an AssertionError
    with pytest.raises(error) as refusal:
        getattr(exchange, call)(*arguments)
    assert sentence in str(refusal.value)


# --- what is sent, and answers that only a made-up venue gives -----------------------------------------


class MadeUpVenue(OfflineExchange):
    """The blocking exchange whose answers come from a function of path and query; it keeps the queries."""

    def answered_by(self, answer: Callable[[str, dict[str, Any]], Any]) -> MadeUpVenue:
        """The same exchange, answered from now on by this function."""
        self._answer = answer
        self._queries: list[dict[str, Any]] = []
        return self

    def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self._queries.append(query)
        return self._answer(parts.path, query)


def made_up(answer: Callable[[str, dict[str, Any]], Any], now: int = 0) -> MadeUpVenue:
    known = offline_exchange()
    exchange = MadeUpVenue({"enableRateLimit": False})
    exchange.set_markets(list(known.markets.values()), known.currencies)
    setattr(exchange, "milliseconds", lambda: now)  # noqa: B010  mypy allows no assignment to a method
    return exchange.answered_by(answer)


@pytest.mark.parametrize(
    ("limit", "depth"),
    [(1, 5), (5, 5), (6, 10), (21, 50), (999, 1000), (1000, 1000), (5000, 1000), (None, 1000)],
)
def test_a_book_is_asked_for_in_the_next_depth_that_the_venue_has(limit: int | None, depth: int) -> None:
    exchange = made_up(lambda *_: {"asks": [], "bids": [], "lastUpdateId": "1", "timestamp": 1})
    assert exchange.fetch_order_book(SPOT, limit)["bids"] == []
    assert exchange._queries == [{"symbol": "SOL_USDC", "limit": str(depth)}]
    assert depth_limit(limit) == depth


def test_a_market_that_never_traded_has_an_empty_ticker() -> None:
    assert made_up(lambda *_: "").fetch_ticker(SPOT)["last"] is None


CAPTURED_AT = 1_788_285_151_000
CAPTURED: list[tuple[str, tuple[Any, ...], str, Callable[[Any, Any], Any]]] = [
    ("fetch_status", (), "get_api_v1_status", lambda ours, rows: ours.parse_status(rows)),
    ("fetch_time", (), "get_api_v1_time", lambda ours, rows: 1788285151083),
    ("fetch_ticker", (SPOT,), "get_api_v1_ticker.SOL_USDC", lambda ours, rows: ours.parse_ticker(rows)),
    ("fetch_tickers", (), "get_api_v1_tickers", lambda ours, rows: ours.parse_tickers(rows)),
    (
        "fetch_last_prices",
        (["PAXG/USDC:USDC"],),
        "get_api_v1_tickers",
        lambda ours, rows: {"PAXG/USDC:USDC": ours.parse_last_price(rows[0])},
    ),
    (
        "fetch_order_book",
        (SPOT,),
        "rest/get_api_v1_depth",
        lambda ours, rows: order_book(rows, SPOT, ours.number),
    ),
    ("fetch_trades", (SPOT,), "get_api_v1_trades", lambda ours, rows: public_trades(rows, SPOT, ours.number)),
    ("fetch_ohlcv", (SPOT,), "get_api_v1_klines", lambda ours, rows: candles(rows, ours.number)),
    (
        "fetch_mark_price",
        (PERPETUAL,),
        "get_api_v1_markPrices",
        lambda ours, rows: ours.parse_mark_price(rows[2]),
    ),
    (
        "fetch_funding_rate",
        (PERPETUAL,),
        "get_api_v1_markPrices",
        lambda ours, rows: ours.parse_funding_rate(rows[2]),
    ),
    (
        "fetch_open_interest",
        (PERPETUAL,),
        "rest/get_api_v1_openInterest",
        lambda ours, rows: ours.parse_open_interest(rows[0]),
    ),
]
"""Unified calls, the captured answer to each, and the parser whose every field is asserted in tests/parse."""


@pytest.mark.parametrize("number", [float, str])
@pytest.mark.parametrize(
    ("call", "arguments", "name", "parsed"), CAPTURED, ids=[call for call, *_ in CAPTURED]
)
def test_a_captured_answer_goes_through_the_unified_method(
    sample: Any,
    number: Any,
    call: str,
    arguments: tuple[Any, ...],
    name: str,
    parsed: Callable[[Any, Any], Any],
) -> None:
    exchange = made_up(lambda *_: sample(name), CAPTURED_AT)
    exchange.number = number
    assert getattr(exchange, call)(*arguments) == parsed(exchange, sample(name))


def test_captured_funding_rates_are_settled_but_for_the_running_hour(sample: Any) -> None:
    exchange = made_up(lambda *_: sample("get_api_v1_fundingRates"), 1_789_338_480_000)
    rates = exchange.fetch_funding_rate_history("BTC/USDC:USDC")
    assert [one["fundingRate"] for one in rates] == [1.213e-05, 7.819e-06, 8.029e-06, 9.713e-06, 8.311e-06]


@pytest.mark.parametrize("call", ["fetch_mark_price", "fetch_funding_rate", "fetch_open_interest"])
def test_an_answer_that_leaves_out_the_market_is_said_to_be_empty(call: str) -> None:
    with pytest.raises(NullResponse, match=PERPETUAL):
        getattr(made_up(lambda *_: []), call)(PERPETUAL)


def opened(time: int, interval: str) -> int:
    """When the candle that holds a time opened: weeks begin on Monday, months on the first."""
    if interval == "1month":
        first = datetime.fromtimestamp(time / 1000, UTC).replace(
            day=1, hour=0, minute=0, second=0, microsecond=0
        )
        return int(first.timestamp()) * 1000
    length, origin = LENGTH[TIMEFRAME_OF[interval]], 4 * DAY if interval == "1w" else 0
    return (time - origin) // length * length + origin


def text(time: int) -> str:
    return datetime.fromtimestamp(time / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


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


BEGINNING = 1_700_000_000_000
times = st.integers(min_value=0, max_value=500 * 24 * 60).map(lambda minutes: BEGINNING + minutes * MINUTE)


@settings(max_examples=150)
@given(
    trades=st.lists(times, max_size=8),
    since=times | st.just(0),
    timeframe=st.sampled_from(["1m", "15m", "1h", "1d", "3d", "1w", "1M"]),
    limit=st.none() | st.integers(1, 5),
    until=st.none() | times,
    liberties=st.fixed_dictionaries(
        {name: st.booleans() for name in ("counts_end_in", "sends_running", "sends_empty")}
    ),
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


EXCHANGE = made_up(lambda *_: [])


@settings(max_examples=60)
@given(
    trades=st.lists(times, max_size=8),
    timeframe=st.sampled_from(["1m", "1h", "1d"]),
    limit=st.integers(1, 5),
    back=st.integers(0, 5),
    counts_end_in=st.booleans(),
)
def test_without_a_since_the_newest_candles_come(
    trades: list[int], timeframe: str, limit: int, back: int, counts_end_in: bool
) -> None:
    now = BEGINNING + 500 * DAY + 30_000
    recent = [now - back * LENGTH[timeframe], now - LENGTH[timeframe]]
    klines = Klines(trades + recent, now, counts_end_in=counts_end_in, sends_running=True, sends_empty=False)
    exchange = EXCHANGE.answered_by(klines)
    setattr(exchange, "milliseconds", lambda: now)  # noqa: B010  mypy allows no assignment to a method
    found = [one[0] for one in exchange.fetch_ohlcv(SPOT, timeframe, None, limit)]
    earliest = opened(now - limit * LENGTH[timeframe], timeframe)
    assert found == [one for one in klines.opens(timeframe) if one >= earliest][-limit:]
    assert len(exchange._queries) == 1


@given(st.sampled_from(sorted(LENGTH)), st.integers(1, 60 * 365 * DAY))
def test_the_shortest_timeframe_that_covers_a_span_is_never_shorter_than_the_one_asked_for(
    timeframe: str, span: int
) -> None:
    found = shortest_timeframe(timeframe, span)
    assert LENGTH[found] >= LENGTH[timeframe]
    assert LENGTH[found] * KLINES_LIMIT >= span or found == "1M"


class Tape:
    """A venue with trades at certain times, newest first; somebody trades on while it is asked, if wished."""

    def __init__(self, times: list[int], *, is_lively: bool) -> None:
        self.times = sorted(times, reverse=True)
        self.is_lively = is_lively
        self.calls = 0

    def __call__(self, path: str, query: dict[str, Any]) -> list[dict[str, Any]]:
        self.calls += 1
        if self.is_lively:
            self.times.insert(0, self.times[0] + 1 if self.times else 1)
        offset, limit = int(query.get("offset", 0)), int(query["limit"])
        assert limit <= 1000
        ids = range(len(self.times), 0, -1)
        rows = [self.row(identity, time) for identity, time in zip(ids, self.times, strict=True)]
        return rows[offset : offset + limit]

    def row(self, identity: int, time: int) -> dict[str, Any]:
        words = {"price": "1", "quantity": "1", "quoteQuantity": "1", "isBuyerMaker": False}
        return {"id": identity, "timestamp": time, **words}


@pytest.mark.parametrize("is_lively", [False, True])
@pytest.mark.parametrize("count", [0, 999, 1001, 12_345])
@pytest.mark.parametrize("place", [0.0, 0.4, 0.95])
@pytest.mark.parametrize("limit", [None, 3, 2500])
def test_a_since_gives_the_first_trades_at_or_after_it_however_far_back(
    count: int, place: float, limit: int | None, is_lively: bool
) -> None:
    tape = Tape([10 * (number // 3) for number in range(count)], is_lively=is_lively)
    since = round(place * 10 * (count // 3))
    found = EXCHANGE.answered_by(tape).fetch_trades(SPOT, since, limit)
    wanted = [identity for identity in range(1, count + 1) if 10 * ((identity - 1) // 3) >= since][
        : limit or 1000
    ]
    assert [int(one["id"] or 0) for one in found][: len(wanted)] == wanted
    assert tape.calls <= 20


@pytest.mark.parametrize("until", [0, 10, 20_000, 41_140, 10**9])
def test_an_until_gives_the_newest_trades_before_it(until: int) -> None:
    tape = Tape([10 * (number // 3) for number in range(12_345)], is_lively=False)
    found = EXCHANGE.answered_by(tape).fetch_trades(SPOT, None, 50, {"until": until})
    wanted = [identity for identity in range(1, 12_346) if 10 * ((identity - 1) // 3) <= until][-50:]
    assert [int(one["id"] or 0) for one in found] == wanted


def test_more_trades_than_an_answer_holds_come_from_the_history() -> None:
    tape = Tape([10 * number for number in range(5000)], is_lively=True)
    found = EXCHANGE.answered_by(tape).fetch_trades(SPOT, None, 2500)
    ids = [int(one["id"] or 0) for one in found]
    assert ids == list(range(ids[0], ids[0] + 2500))
    assert len(ids) == 2500


def rates(count: int, now: int) -> Callable[[str, dict[str, Any]], list[dict[str, Any]]]:
    """A perpetual that is `count` hours old, the running one included."""
    running = now - now % HOUR + HOUR

    def answer(path: str, query: dict[str, Any]) -> list[dict[str, Any]]:
        offset, limit = int(query["offset"]), int(query["limit"])
        assert limit <= 10_000
        ends = [running - hours * HOUR for hours in range(count)][offset : offset + limit]
        return [
            {
                "symbol": "SOL_USDC_PERP",
                "fundingRate": "0.0001",
                "intervalEndTimestamp": text(end).replace(" ", "T"),
            }
            for end in ends
        ]

    return answer


@pytest.mark.parametrize("count", [1, 2, 50, 10_001, 15_000])
@pytest.mark.parametrize(
    ("hours_back", "limit"), [(None, None), (None, 3), (5, None), (5, 2), (12_000, 4), (12_000, None)]
)
def test_funding_rates_are_read_back_to_since_over_as_many_pages_as_it_takes(
    count: int, hours_back: int | None, limit: int | None
) -> None:
    now = BEGINNING + 123_456
    exchange = EXCHANGE.answered_by(rates(count, now))
    setattr(exchange, "milliseconds", lambda: now)  # noqa: B010  mypy allows no assignment to a method
    since = None if hours_back is None else now - hours_back * HOUR
    found = [one["timestamp"] for one in exchange.fetch_funding_rate_history(PERPETUAL, since, limit)]
    settled = [now - now % HOUR - hours * HOUR for hours in range(count - 1)][::-1]
    if since is None:
        assert found == settled[-(limit or 100) :]
    else:
        assert found == [end for end in settled if end >= since][:limit]
