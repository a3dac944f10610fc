"""Names of streams, what is due on them, and the sockets that carry them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import ClientSession, WSMsgType
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.sandbox import frames
from bpx_connector.sandbox.candles import Candle, Ticker
from bpx_connector.sandbox.clock import DrivenClock
from bpx_connector.sandbox.events import BalanceChanged, DepthChanged, Liquidated, Traded
from bpx_connector.sandbox.ledger import Account
from bpx_connector.sandbox.orders import LIMIT, MARKET, OrderRequest
from bpx_connector.sandbox.server import Sandbox
from bpx_connector.sandbox.streams import Key, Publication, Stream, Streams, request_of, stream_of
from tests.support.keys import FIRST, SECOND
from tests.support.listeners import Listener, listener
from tests.support.venues import PERP, SPOT, START, Floor
from tests.support.venues import SECOND as A_SECOND

MIDNIGHT = 1_767_225_600_000_000
"""2026-01-01 00:00 UTC, where the driven clock of the sandbox starts."""
MINUTE = 60 * A_SECOND


# --- names ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "symbol", "variant"),
    [
        ("depth.SOL_USDC", "depth", "SOL_USDC", None),
        ("depth.200ms.SOL_USDC", "depth", "SOL_USDC", "200ms"),
        ("depth.5.SOL_USDC", "depth", "5.SOL_USDC", None),
        ("depth.1000ms.AAPL.US_USDC_PERP", "depth", "AAPL.US_USDC_PERP", "1000ms"),
        ("kline.1month.AAPL.US_USDC_PERP", "kline", "AAPL.US_USDC_PERP", "1month"),
        ("bookTicker.kPEPE_USDC_PERP", "bookTicker", "kPEPE_USDC_PERP", None),
        ("liquidation", "liquidation", None, None),
        ("liquidation.SOL_USDC_PERP", "liquidation", "SOL_USDC_PERP", None),
        ("stockPrice.AAPL", "stockPrice", "AAPL", None),
        ("account.orderUpdate", "account.orderUpdate", None, None),
        ("account.orderUpdate.AAPL.US_USDC", "account.orderUpdate", "AAPL.US_USDC", None),
        ("account.rfqUpdate.SOL_USDC_RFQ", "account.rfqUpdate", "SOL_USDC_RFQ", None),
        ("account.balanceUpdate", "account.balanceUpdate", None, None),
    ],
)
def test_a_name_says_kind_symbol_and_variant(
    name: str, kind: str, symbol: str | None, variant: str | None
) -> None:
    assert stream_of(name) == Stream(name, kind, symbol, variant)


@pytest.mark.parametrize(
    "name",
    ["", "foo", "foo.SOL_USDC", "trade", "trade.", "kline.SOL_USDC", "kline.7m.SOL_USDC", "kline.1m."]
    + ["account.", "account.foo", "account.orderUpdate.", "account.balanceUpdate.SOL_USDC", "depth.200ms."],
)
def test_an_unknown_kind_of_stream_is_invalid(name: str) -> None:
    assert stream_of(name) == frames.INVALID_STREAM


@pytest.mark.parametrize("window", ["100ms", "0ms", "2000ms"])
def test_an_unknown_depth_window_is_refused_by_its_own_code(window: str) -> None:
    assert stream_of(f"depth.{window}.SOL_USDC") == frames.INVALID_DEPTH_WINDOW


@given(st.text())
def test_any_name_is_a_stream_or_an_error(name: str) -> None:
    found = stream_of(name)

    assert isinstance(found, str) == (found in (frames.INVALID_STREAM, frames.INVALID_DEPTH_WINDOW))


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "[]",
        "1",
        '{"method":"PING"}',
        '{"method":"SUBSCRIBE"}',
        '{"method":"SUBSCRIBE","params":"depth.SOL_USDC"}',
        '{"method":"SUBSCRIBE","params":[1]}',
        '{"method":["SUBSCRIBE"],"params":[]}',
    ],
)
def test_what_is_no_request_is_not_understood(text: str) -> None:
    assert request_of(text) is None


def test_an_id_is_tolerated() -> None:
    request = request_of('{"id":7,"method":"UNSUBSCRIBE","params":["a","b"]}')

    assert request is not None
    assert (request.subscribes, request.names, request.signature) == (False, ["a", "b"], None)


# --- what is due ---------------------------------------------------------------------------------------


class Sheet:
    """Figures of a venue without a past."""

    def __init__(self, floor: Floor) -> None:
        self.venue = floor.venue

    def ticker(self, symbol: str, now: int) -> Ticker | None:
        return self.venue.ticker(symbol, now)

    def candle(self, symbol: str, interval: str, start: int, end: int) -> Candle | None:
        return next(iter(self.venue.candles(symbol, interval, start, end)), None)

    def state(self, symbol: str) -> str:
        return self.venue.book_state(symbol)


class Desk:
    """A venue with open streams, and all that they have sent."""

    def __init__(self, *names: str, account: Account | None = None) -> None:
        self.floor = Floor()
        self.streams = Streams(Sheet(self.floor))
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
    desk = Desk("trade.SOL_USDC_PERP")

    desk.trade(SPOT)
    desk.wait(2 * MINUTE)

    assert desk.sent == []


def test_nothing_is_made_for_a_stream_that_was_closed() -> None:
    names = ["trade.SOL_USDC", "ticker.SOL_USDC", "kline.1m.SOL_USDC", "depth.200ms.SOL_USDC"]
    desk = Desk(*names)
    for name in names:
        desk.streams.close(Key(name))

    desk.trade()
    desk.wait(2 * MINUTE)

    assert desk.sent == []


def test_one_streams_closing_leaves_its_sister_open() -> None:
    desk = Desk("depth.200ms.SOL_USDC", "depth.600ms.SOL_USDC")
    desk.streams.close(Key("depth.200ms.SOL_USDC"))

    desk.trade()
    desk.wait(A_SECOND)

    assert {key.name for key, _ in desk.sent} == {"depth.600ms.SOL_USDC"}


@pytest.mark.parametrize("window", ["200ms", "600ms", "1000ms"])
def test_a_merged_depth_sends_a_windows_changes_as_one_frame(window: str) -> None:
    desk = Desk(f"depth.{window}.SOL_USDC", "depth.SOL_USDC")
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
    desk = Desk("depth.SOL_USDC", "depth.200ms.SOL_USDC")
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
    desk = Desk("kline.1m.SOL_USDC")
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
    desk = Desk("kline.1m.SOL_USDC")

    desk.wait(2 * MINUTE)

    first, second = desk.payloads("kline.1m.SOL_USDC")
    assert first["X"] is second["X"] is True
    assert [second[key] for key in "ohlcvn"] == [None, None, None, None, None, 0]
    assert first["T"] == second["t"]


def test_a_candle_closes_half_a_second_after_its_end() -> None:
    desk = Desk("kline.1m.SOL_USDC")

    desk.wait(MINUTE)

    (closed,) = desk.payloads("kline.1m.SOL_USDC")
    assert closed["E"] % MINUTE == 500_000


def test_a_leap_of_the_clock_makes_up_for_an_hour_of_seconds_and_no_more() -> None:
    desk = Desk("kline.1s.SOL_USDC")

    desk.wait(3_600 * A_SECOND, step=3_600 * A_SECOND)

    starts = [payload["t"] for payload in desk.payloads("kline.1s.SOL_USDC")]
    assert len(starts) == len(set(starts)) == 60


def test_a_ticker_is_sent_every_second_changed_or_not() -> None:
    desk = Desk("ticker.SOL_USDC")
    desk.trade()

    desk.wait(3 * A_SECOND)

    tickers = desk.payloads("ticker.SOL_USDC")
    assert len(tickers) == 3
    assert {payload["c"] for payload in tickers} == {"150"}


def test_a_market_without_trades_has_no_ticker() -> None:
    desk = Desk("ticker.SOL_USDC")

    desk.wait(3 * A_SECOND)

    assert desk.sent == []


def test_marks_come_every_second_and_open_interest_every_minute() -> None:
    desk = Desk("markPrice.SOL_USDC_PERP", "openInterest.SOL_USDC_PERP")
    desk.trade(PERP)

    desk.wait(2 * MINUTE)

    assert len(desk.payloads("markPrice.SOL_USDC_PERP")) == 120
    assert [payload["o"] for payload in desk.payloads("openInterest.SOL_USDC_PERP")] == ["1", "1"]


def test_a_spot_market_has_no_open_interest() -> None:
    desk = Desk("openInterest.SOL_USDC")

    desk.wait(2 * MINUTE)

    assert desk.sent == []


def test_a_closed_market_is_silent() -> None:
    desk = Desk("ticker.SOL_USDC", "markPrice.SOL_USDC", "kline.1s.SOL_USDC")
    desk.trade()
    desk.floor.venue.set_book_state(SPOT, "Closed", desk.floor.now)

    desk.wait(3 * A_SECOND)

    assert desk.sent == []


def test_a_liquidation_is_told_on_both_names() -> None:
    desk = Desk("liquidation", "liquidation.SOL_USDC_PERP", "liquidation.BTC_USDC_PERP")

    told = list(desk.streams.of_event(Liquidated(START, PERP, "Ask", Decimal(1), Decimal(2)), START))

    assert [key.name for key, _ in told] == ["liquidation", "liquidation.SOL_USDC_PERP"]
    assert told[0].payload == told[1].payload


def test_an_account_hears_of_itself_only() -> None:
    desk = Desk()
    desk.open("account.orderUpdate", "account.balanceUpdate", account=desk.floor.alice)

    desk.trade()

    assert {key.account_id for key, _ in desk.sent} == {desk.floor.alice.id}
    assert {payload["e"] for _, payload in desk.sent} == {"orderAccepted", "orderFill", "balanceUpdate"}


def test_a_stream_of_one_market_hears_of_that_market_only() -> None:
    desk = Desk()
    desk.open("account.orderUpdate.SOL_USDC", "account.orderUpdate", account=desk.floor.alice)

    desk.trade(SPOT)
    desk.trade(PERP)

    assert {payload["s"] for payload in desk.payloads("account.orderUpdate.SOL_USDC")} == {SPOT}
    assert {payload["s"] for payload in desk.payloads("account.orderUpdate")} == {SPOT, PERP}


def test_the_last_to_close_ends_an_accounts_events() -> None:
    desk = Desk()
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


# --- sockets -------------------------------------------------------------------------------------------


@pytest.fixture
async def exchange() -> AsyncIterator[Sandbox]:
    """A sandbox of three markets, one of them closed, that stands still until it is driven."""
    async with sandbox_of("SOL_USDC", "SOL_USDC_PERP", "HNT_USDC") as sandbox:
        yield sandbox


def sandbox_of(*symbols: str, **options: Any) -> Sandbox:
    return Sandbox(seed=1, clock=DrivenClock(MIDNIGHT), symbols=symbols, **options)


@pytest.fixture
async def client(exchange: Sandbox) -> AsyncIterator[Listener]:
    async with listener(exchange) as client:
        yield client


def advance(exchange: Sandbox, seconds: float) -> None:
    assert isinstance(exchange.clock, DrivenClock)
    exchange.clock.advance(seconds)


def place(exchange: Sandbox, side: str, pair: Any = FIRST, symbol: str = SPOT, **fields: Any) -> Any:
    figures = {name: Decimal(str(value)) for name, value in fields.items()}
    order_type = LIMIT if "price" in fields else MARKET
    request = OrderRequest(symbol=symbol, side=side, order_type=order_type, **figures)
    return exchange.venue.execute(exchange.desk.account(pair.api_key), request, exchange.clock.now())


async def test_a_book_kept_from_the_stream_is_the_exchanges_book(exchange: Sandbox, client: Listener) -> None:
    await client.subscribe("depth.SOL_USDC")
    start = exchange.venue.depth(SPOT)
    book = {"b": dict(start.bids), "a": dict(start.asks)}

    advance(exchange, 20)

    last = start.last_update_id
    for data in await client.payloads():
        assert data["U"] == last + 1
        last = data["u"]
        for side in "ba":
            book[side].update({Decimal(price): Decimal(size) for price, size in data[side]})
    end = exchange.venue.depth(SPOT)
    assert last == end.last_update_id > start.last_update_id
    left = {side: {price: size for price, size in levels.items() if size} for side, levels in book.items()}
    assert left == {"b": dict(end.bids), "a": dict(end.asks)}


async def test_the_same_seed_and_clock_send_the_same_frames() -> None:
    names = ["depth.SOL_USDC", "trade.SOL_USDC", "bookTicker.SOL_USDC", "ticker.SOL_USDC", "kline.1s.SOL_USDC"]
    heard = []
    for _ in range(2):
        async with sandbox_of(SPOT) as sandbox, listener(sandbox) as client:
            await client.subscribe(*names)
            advance(sandbox, 3)
            heard.append(await client.heard())

    assert heard[0] == heard[1]
    assert {frame["stream"] for frame in heard[0]} == set(names)


async def test_depth_and_trades_come_in_engine_order(exchange: Sandbox, client: Listener) -> None:
    await client.subscribe("trade.SOL_USDC", "depth.SOL_USDC", "bookTicker.SOL_USDC")
    events: list[str] = []
    words = {Traded: "trade", DepthChanged: "depth"}
    exchange.venue.listeners.append(
        lambda event: events.append(words.get(type(event), "")) if getattr(event, "symbol", "") == SPOT else None
    )

    advance(exchange, 5)

    heard = [data["e"] for data in await client.payloads() if data["e"] != "bookTicker"]
    assert heard == [word for word in events if word]
    assert "trade" in heard


async def test_times_are_microseconds_and_e_is_not_before_t(exchange: Sandbox, client: Listener) -> None:
    await client.subscribe("depth.SOL_USDC", "bookTicker.SOL_USDC", "trade.SOL_USDC", "markPrice.SOL_USDC_PERP")

    advance(exchange, 2)

    payloads = await client.payloads()
    assert payloads
    assert all(MIDNIGHT < data["T"] <= data["E"] <= MIDNIGHT + 2 * A_SECOND for data in payloads)


async def test_several_streams_in_one_frame_and_several_frames_on_one_socket(
    exchange: Sandbox, client: Listener
) -> None:
    await client.subscribe("ticker.SOL_USDC", "ticker.SOL_USDC_PERP")
    await client.subscribe("markPrice.SOL_USDC_PERP")

    advance(exchange, 1)

    streams = {frame["stream"] for frame in await client.heard()}
    assert streams == {"ticker.SOL_USDC", "ticker.SOL_USDC_PERP", "markPrice.SOL_USDC_PERP"}


async def test_there_is_no_acknowledgement(client: Listener) -> None:
    assert await client.subscribe("depth.SOL_USDC", "ticker.SOL_USDC") == []
    assert await client.unsubscribe("depth.SOL_USDC", "never.subscribed") == []


async def test_subscribing_twice_does_not_send_twice(exchange: Sandbox, client: Listener) -> None:
    await client.subscribe("ticker.SOL_USDC", "ticker.SOL_USDC")
    await client.subscribe("ticker.SOL_USDC")

    advance(exchange, 1)

    assert len(await client.heard()) == 1


async def test_unsubscribing_ends_a_stream_and_no_other(exchange: Sandbox, client: Listener) -> None:
    await client.subscribe("ticker.SOL_USDC", "markPrice.SOL_USDC_PERP")
    await client.unsubscribe("ticker.SOL_USDC")

    advance(exchange, 1)

    assert {frame["stream"] for frame in await client.heard()} == {"markPrice.SOL_USDC_PERP"}


async def test_one_clients_leaving_does_not_silence_another(exchange: Sandbox, client: Listener) -> None:
    await client.subscribe("ticker.SOL_USDC")
    async with listener(exchange) as other:
        await other.subscribe("ticker.SOL_USDC")
        await other.unsubscribe("ticker.SOL_USDC")
        advance(exchange, 1)

        assert await other.heard() == []
    assert len(await client.heard()) == 1


@pytest.mark.parametrize(
    "name", ["depth.NOPE_USDC", "ticker.NOPE_USDC", "depth.5.SOL_USDC", "kline.1m.NOPE_USDC", "stockPrice.AAPL"]
)
async def test_an_unknown_symbol_is_silent(exchange: Sandbox, client: Listener, name: str) -> None:
    assert await client.subscribe(name) == []

    advance(exchange, 2)

    assert await client.heard() == []


async def test_a_closed_markets_streams_are_silent(exchange: Sandbox, client: Listener) -> None:
    await client.subscribe(*(f"{kind}.HNT_USDC" for kind in ("depth", "ticker", "markPrice", "kline.1s")))

    advance(exchange, 2)

    assert await client.heard() == []


@pytest.mark.parametrize(
    ("name", "code"), [("foo.SOL_USDC", 4006), ("depth.300ms.SOL_USDC", 4008), ("account.orderUpdate", 4003)]
)
async def test_an_error_has_its_code_and_the_socket_stays_open(
    exchange: Sandbox, client: Listener, name: str, code: int
) -> None:
    (error,) = await client.subscribe(name, "ticker.SOL_USDC")
    advance(exchange, 1)

    assert error["id"] is None
    assert error["error"]["code"] == code
    assert len(await client.heard()) == 1


async def test_what_cannot_be_parsed_is_error_4002(client: Listener) -> None:
    await client.socket.send_bytes(b"\x00")
    await client.socket.send_str('{"method":"LIST","params":[]}')

    answers = [json.loads(await client.socket.receive_str()) for _ in range(2)]

    assert [answer["error"] for answer in answers] == [{"code": 4002, "message": "Parse error"}] * 2


async def test_private_streams_tell_an_order_and_its_balance(exchange: Sandbox, client: Listener) -> None:
    names = ["account.orderUpdate", "account.orderUpdate.SOL_USDC", "account.balanceUpdate"]
    assert await client.subscribe(*names, pair=FIRST) == []

    order = place(exchange, "Bid", price="90", quantity="2")
    exchange.venue.cancel(
        exchange.desk.account(FIRST.api_key), SPOT, order_id=order.id, now=exchange.clock.now()
    )

    heard = await client.heard()
    one_change = ["account.orderUpdate", "account.orderUpdate.SOL_USDC", "account.balanceUpdate"]
    assert [frame["stream"] for frame in heard] == one_change * 2
    assert [frame["data"]["e"] for frame in heard] == (
        ["orderAccepted", "orderAccepted", "balanceUpdate", "orderCancelled", "orderCancelled", "balanceUpdate"]
    )
    assert {frame["data"].get("i") for frame in heard} == {str(order.id), None}
    assert (heard[0]["data"]["Q"], heard[2]["data"]["L"], heard[5]["data"]["L"]) == ("180", "180", "0")


async def test_fills_are_told_to_their_owner_only(exchange: Sandbox, client: Listener) -> None:
    await client.subscribe("account.orderUpdate", pair=FIRST)
    async with listener(exchange) as other:
        await other.subscribe("account.orderUpdate", pair=SECOND)
        place(exchange, "Bid", quantity="1")

        assert await other.heard() == []
    accepted, *fills = await client.payloads()
    assert accepted["e"] == "orderAccepted"
    assert {fill["e"] for fill in fills} == {"orderFill"}
    assert fills[-1]["X"] == "Filled"
    assert sum(Decimal(fill["l"]) for fill in fills) == 1


async def test_open_positions_are_told_on_subscription_without_an_event(
    exchange: Sandbox, client: Listener
) -> None:
    place(exchange, "Bid", symbol=PERP, quantity="1")

    (told,) = await client.subscribe("account.positionUpdate", pair=FIRST)
    (scoped,) = await client.subscribe("account.positionUpdate.SOL_USDC_PERP", pair=FIRST)
    nothing = await client.subscribe("account.positionUpdate.BTC_USDC_PERP", pair=FIRST)
    again = await client.subscribe("account.positionUpdate", pair=FIRST)

    assert told["stream"] == "account.positionUpdate"
    assert "e" not in told["data"]
    assert (told["data"]["s"], told["data"]["q"]) == (PERP, "1")
    assert scoped["data"] == told["data"]
    assert nothing == again == []


async def test_changes_of_a_position_carry_their_event(exchange: Sandbox, client: Listener) -> None:
    await client.subscribe("account.positionUpdate", pair=FIRST)

    place(exchange, "Bid", symbol=PERP, quantity="2")
    place(exchange, "Ask", symbol=PERP, quantity="1")
    place(exchange, "Ask", symbol=PERP, quantity="1")

    events = [data["e"] for data in await client.payloads()]
    assert events[0] == "positionOpened"
    assert events[-1] == "positionClosed"
    assert set(events[1:-1]) == {"positionAdjusted"}


async def test_private_streams_need_a_signature_of_now(exchange: Sandbox, client: Listener) -> None:
    signature = ["key", "signature", "0", "5000"]
    await client.socket.send_json(
        {"method": "SUBSCRIBE", "params": ["account.orderUpdate"], "signature": signature}
    )

    (error,) = await client.heard()

    assert error["error"] == {"code": 4003, "message": "Invalid signature"}


async def test_a_closed_exchange_knows_no_new_keys() -> None:
    async with sandbox_of(SPOT, closed=True) as sandbox, listener(sandbox) as client:
        (error,) = await client.subscribe("account.orderUpdate", pair=FIRST)

    assert error["error"]["code"] == 4003


async def test_rfq_updates_are_accepted_and_silent(exchange: Sandbox, client: Listener) -> None:
    assert await client.subscribe("account.rfqUpdate", "account.rfqUpdate.SOL_USDC_RFQ", pair=FIRST) == []


async def test_deflate_is_used_if_it_is_offered(exchange: Sandbox) -> None:
    async with listener(exchange, compress=15) as client:
        assert client.socket.compress == 15
        await client.subscribe("ticker.SOL_USDC")
        advance(exchange, 1)
        assert len(await client.heard()) == 1
    async with listener(exchange) as client:
        assert client.socket.compress == 0


async def test_a_ping_is_answered_with_its_own_words(exchange: Sandbox) -> None:
    async with listener(exchange, autoping=False) as client:
        await client.socket.ping(b"are you there")
        pong = await client.socket.receive()

    assert (pong.type, pong.data) == (WSMsgType.PONG, b"are you there")


async def test_everyone_is_told_when_the_exchange_shuts_down() -> None:
    async with ClientSession() as session:
        async with sandbox_of(SPOT) as sandbox:
            socket = await session.ws_connect(sandbox.socket_url)
            last = asyncio.ensure_future(socket.receive())
            await asyncio.sleep(0)
        message = await last

    assert (message.type, message.data) == (WSMsgType.CLOSE, 1001)


async def test_a_reader_who_is_too_slow_is_dropped(exchange: Sandbox) -> None:
    exchange.feed.queue_limit = 100
    async with listener(exchange) as client:
        await client.subscribe("depth.SOL_USDC")

        advance(exchange, 60)

        assert (await client.last_words()).type in (WSMsgType.CLOSED, WSMsgType.ERROR)
    assert exchange.feed.connections == []


async def test_a_silent_peer_without_subscriptions_is_dropped_at_the_next_ping(exchange: Sandbox) -> None:
    exchange.feed.ping_interval = 0.02
    async with listener(exchange, autoping=False) as client:
        ping = await client.socket.receive()
        last = await client.last_words()

    assert ping.type is WSMsgType.PING
    assert last.type in (WSMsgType.CLOSED, WSMsgType.ERROR)


async def test_a_silent_peer_with_subscriptions_is_told_why_it_is_dropped(exchange: Sandbox) -> None:
    exchange.feed.ping_interval, exchange.feed.pong_timeout = 0.02, 0.03
    async with listener(exchange, autoping=False) as client:
        await client.socket.send_json({"method": "SUBSCRIBE", "params": ["depth.SOL_USDC"]})
        last = await client.last_words()

    assert (last.type, last.data) == (WSMsgType.CLOSE, 1008)


async def test_a_peer_that_answers_pings_stays(exchange: Sandbox) -> None:
    exchange.feed.ping_interval, exchange.feed.pong_timeout = 0.01, 0.01
    async with listener(exchange) as client:
        reading = asyncio.ensure_future(client.socket.receive())
        await asyncio.sleep(0.1)

        assert not reading.done()
        assert len(exchange.feed.connections) == 1
        reading.cancel()


async def test_nothing_is_kept_of_a_client_that_is_gone(exchange: Sandbox) -> None:
    async with listener(exchange) as client:
        await client.subscribe("depth.SOL_USDC", "kline.1m.SOL_USDC")
        assert len(exchange.feed.connections) == 1
    for _ in range(100):
        if not exchange.feed.connections:
            break
        await asyncio.sleep(0.001)

    assert exchange.feed.connections == []
    assert exchange.feed.streams.keys == []
