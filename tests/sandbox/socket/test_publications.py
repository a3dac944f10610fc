"""What is due on each stream, from the exchange's events and from the clock."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.sandbox.account.ledger import Account
from bpx_connector.sandbox.market.candles import Candle, Ticker
from bpx_connector.sandbox.records.events import BalanceChanged, DepthChanged, Liquidated
from bpx_connector.sandbox.records.keys import Key
from bpx_connector.sandbox.socket.publications import Publication, Streams
from bpx_connector.sandbox.socket.requests import Stream, stream_of
from tests.support.venues import PERP, SPOT, START, Floor
from tests.support.venues import SECOND as A_SECOND

MINUTE = 60 * A_SECOND


class Sheet:
    """Figures of a venue without a past."""

    def __init__(self, floor: Floor) -> None:
        self.venue = floor.venue

    def ticker(self, symbol: str, now: int) -> Ticker | None:
        return self.venue.ticker(symbol, now)

    def candle(self, symbol: str, interval: str, start: int, end: int) -> Candle | None:
        return next(iter(self.venue.candles(symbol, interval, start, end)), None)


class Orders:
    """A venue with open streams, and all that they have sent."""

    def __init__(self, *names: str, account: Account | None = None) -> None:
        self.floor = Floor()
        self.streams = Streams(self.floor.venue, Sheet(self.floor))
        self.sent: list[Publication] = []
        self.floor.venue.listeners.append(
            lambda event: self.sent.extend(self.streams.of_event(event, self.floor.now))
        )
        self.open(*names)

    def open(self, *names: str, account: Account | None = None) -> None:
        for name in names:
            stream = stream_of(name)
            assert isinstance(stream, Stream)
            self.streams.open(stream, account.id if account else None, self.floor.now)

    def wait(self, microseconds: int, step: int = 100_000) -> None:
        for _ in range(microseconds // step):
            self.floor.now += step
            self.sent.extend(self.streams.due(self.floor.now))

    def trade(self, symbol: str = SPOT, price: int = 150) -> None:
        self.floor.ask(self.floor.alice, symbol, price=price, quantity=1)
        self.floor.bid(self.floor.bob, symbol, price=price, quantity=1)

    def payloads(self, name: str) -> list[Any]:
        return [payload for key, payload in self.sent if key.name == name]


def test_nothing_is_made_for_a_stream_that_is_not_open() -> None:
    desk = Orders("trade.SOL_USDC_PERP")

    desk.trade(SPOT)
    desk.wait(2 * MINUTE)

    assert desk.sent == []


def test_nothing_is_made_for_a_stream_that_was_closed() -> None:
    names = ["trade.SOL_USDC", "ticker.SOL_USDC", "kline.1m.SOL_USDC", "depth.200ms.SOL_USDC"]
    desk = Orders(*names)
    for name in names:
        desk.streams.close(Key(name))

    desk.trade()
    desk.wait(2 * MINUTE)

    assert desk.sent == []


def test_one_streams_closing_leaves_its_sister_open() -> None:
    desk = Orders("depth.200ms.SOL_USDC", "depth.600ms.SOL_USDC")
    desk.streams.close(Key("depth.200ms.SOL_USDC"))

    desk.trade()
    desk.wait(A_SECOND)

    assert {key.name for key, _ in desk.sent} == {"depth.600ms.SOL_USDC"}


@pytest.mark.parametrize("window", ["200ms", "600ms", "1000ms"])
def test_a_merged_depth_sends_a_windows_changes_as_one_frame(window: str) -> None:
    desk = Orders(f"depth.{window}.SOL_USDC", "depth.SOL_USDC")
    for price in (140, 141, 142):
        desk.floor.bid(desk.floor.alice, price=price, quantity=1)
    desk.floor.venue.cancel_all(desk.floor.alice, SPOT, None, desk.floor.now)

    desk.wait(3 * A_SECOND)

    single = desk.payloads("depth.SOL_USDC")
    (merged,) = desk.payloads(f"depth.{window}.SOL_USDC")
    assert (merged["U"], merged["u"], merged["T"]) == (single[0]["U"], single[-1]["u"], single[-1]["T"])
    assert merged["b"] == [["140.00", "0.00"], ["141.00", "0.00"], ["142.00", "0.00"]]


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 3), st.integers(0, 5)), max_size=30))
def test_merged_and_single_depth_frames_end_in_one_book(changes: list[tuple[int, int, int]]) -> None:
    desk = Orders("depth.SOL_USDC", "depth.200ms.SOL_USDC")
    for number, (price, size, steps) in enumerate(changes, start=1):
        levels = {Decimal(price): Decimal(size)}
        event = DepthChanged(desk.floor.now, SPOT, number, number, levels, {})
        desk.sent.extend(desk.streams.of_event(event, desk.floor.now))
        desk.wait(steps * 100_000)
    desk.wait(A_SECOND)

    books: list[dict[str, str]] = []
    for name in ("depth.SOL_USDC", "depth.200ms.SOL_USDC"):
        payloads = desk.payloads(name)
        assert all(later["U"] == earlier["u"] + 1 for earlier, later in pairwise(payloads))
        books.append({price: size for payload in payloads for price, size in payload["b"]})
    assert books[0] == books[1]


def test_a_candle_is_sent_once_a_second_after_fills_and_once_when_it_closes() -> None:
    desk = Orders("kline.1m.SOL_USDC")
    rest = MINUTE - desk.floor.now % MINUTE

    desk.trade(price=150)
    desk.trade(price=151)
    desk.wait(rest + 700_000)

    running, closed = desk.payloads("kline.1m.SOL_USDC")
    assert (running["X"], closed["X"]) == (False, True)
    assert {**running, "E": 0, "X": 0} == {**closed, "E": 0, "X": 0}
    assert (running["o"], running["h"], running["l"], running["c"]) == ("150", "151", "150", "151")
    assert (running["v"], running["n"]) == ("2", 2)


def test_a_minute_without_trades_closes_with_nulls() -> None:
    desk = Orders("kline.1m.SOL_USDC")

    desk.wait(2 * MINUTE)

    first, second = desk.payloads("kline.1m.SOL_USDC")
    assert first["X"] is second["X"] is True
    assert [second[key] for key in "ohlcvn"] == [None, None, None, None, None, 0]
    assert first["T"] == second["t"]


def test_a_candle_closes_half_a_second_after_its_end() -> None:
    desk = Orders("kline.1m.SOL_USDC")

    desk.wait(MINUTE)

    (closed,) = desk.payloads("kline.1m.SOL_USDC")
    assert closed["E"] % MINUTE == 500_000


def test_a_leap_of_the_clock_makes_up_for_an_hour_of_seconds_and_no_more() -> None:
    desk = Orders("kline.1s.SOL_USDC")

    desk.wait(3_600 * A_SECOND, step=3_600 * A_SECOND)

    starts = [payload["t"] for payload in desk.payloads("kline.1s.SOL_USDC")]
    assert len(starts) == len(set(starts)) == 60


def test_a_ticker_is_sent_every_second_changed_or_not() -> None:
    desk = Orders("ticker.SOL_USDC")
    desk.trade()

    desk.wait(3 * A_SECOND)

    tickers = desk.payloads("ticker.SOL_USDC")
    assert len(tickers) == 3
    assert {payload["c"] for payload in tickers} == {"150"}


def test_a_market_without_trades_has_no_ticker() -> None:
    desk = Orders("ticker.SOL_USDC")

    desk.wait(3 * A_SECOND)

    assert desk.sent == []


def test_marks_come_every_second_and_open_interest_every_minute() -> None:
    desk = Orders("markPrice.SOL_USDC_PERP", "openInterest.SOL_USDC_PERP")
    desk.trade(PERP)

    desk.wait(2 * MINUTE)

    assert len(desk.payloads("markPrice.SOL_USDC_PERP")) == 120
    assert [payload["o"] for payload in desk.payloads("openInterest.SOL_USDC_PERP")] == ["1", "1"]


def test_a_spot_market_has_no_open_interest() -> None:
    desk = Orders("openInterest.SOL_USDC")

    desk.wait(2 * MINUTE)

    assert desk.sent == []


def test_a_closed_market_is_silent() -> None:
    desk = Orders("ticker.SOL_USDC", "markPrice.SOL_USDC", "kline.1s.SOL_USDC")
    desk.trade()
    desk.floor.venue.set_book_state(SPOT, "Closed")

    desk.wait(3 * A_SECOND)

    assert desk.sent == []


def test_a_liquidation_is_told_on_both_names() -> None:
    desk = Orders("liquidation", "liquidation.SOL_USDC_PERP", "liquidation.BTC_USDC_PERP")

    told = list(desk.streams.of_event(Liquidated(START, PERP, "Ask", Decimal(1), Decimal(2)), START))

    assert [key.name for key, _ in told] == ["liquidation", "liquidation.SOL_USDC_PERP"]
    assert told[0].payload == told[1].payload


def test_an_account_hears_of_itself_only() -> None:
    desk = Orders()
    desk.open("account.orderUpdate", "account.balanceUpdate", account=desk.floor.alice)

    desk.trade()

    assert {key.account_id for key, _ in desk.sent} == {desk.floor.alice.id}
    assert {payload["e"] for _, payload in desk.sent} == {"orderAccepted", "orderFill", "balanceUpdate"}


def test_a_stream_of_one_market_hears_of_that_market_only() -> None:
    desk = Orders()
    desk.open("account.orderUpdate.SOL_USDC", "account.orderUpdate", account=desk.floor.alice)

    desk.trade(SPOT)
    desk.trade(PERP)

    assert {payload["s"] for payload in desk.payloads("account.orderUpdate.SOL_USDC")} == {SPOT}
    assert {payload["s"] for payload in desk.payloads("account.orderUpdate")} == {SPOT, PERP}


def test_the_last_to_close_ends_an_accounts_events() -> None:
    desk = Orders()
    alice = desk.floor.alice
    desk.open("account.orderUpdate", "account.balanceUpdate", account=alice)
    desk.streams.close(Key("account.balanceUpdate", alice.id))

    assert list(desk.streams.of_event(_balance(alice), START)) == []
    desk.trade()
    desk.streams.close(Key("account.orderUpdate", alice.id))
    heard = len(desk.sent)
    desk.trade()

    assert heard == len(desk.sent) > 0


def _balance(account: Account) -> BalanceChanged:
    return BalanceChanged(START, account.id, "USDC", Decimal(1), Decimal(0), Decimal(0))
