"""The sandbox's sockets: what a client hears, in which order, and what ends a connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import ClientSession, WSMsgType

from bpx_connector.sandbox.clock import DrivenClock
from bpx_connector.sandbox.records.events import DepthChanged, Traded
from bpx_connector.sandbox.records.orders import LIMIT, MARKET, OrderRequest
from bpx_connector.sandbox.server import Sandbox
from tests.support.keys import FIRST, SECOND
from tests.support.listeners import Listener, listener, until
from tests.support.venues import PERP, SPOT

MIDNIGHT = 1_767_225_600_000_000
"""2026-01-01 00:00 UTC, where the driven clock of the sandbox starts."""


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
    figures: dict[str, Any] = {name: Decimal(str(value)) for name, value in fields.items()}
    order_type = LIMIT if "price" in fields else MARKET
    request = OrderRequest(symbol=symbol, side=side, order_type=order_type, **figures)
    done = exchange.venue.execute(exchange.context.account(pair.api_key), request, exchange.clock.now())
    return done.result


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
    names = [
        "depth.SOL_USDC",
        "trade.SOL_USDC",
        "bookTicker.SOL_USDC",
        "ticker.SOL_USDC",
        "kline.1s.SOL_USDC",
    ]
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
        lambda event: (
            events.append(words.get(type(event), "")) if getattr(event, "symbol", "") == SPOT else None
        )
    )

    advance(exchange, 5)

    heard = [data["e"] for data in await client.payloads() if data["e"] != "bookTicker"]
    assert heard == [word for word in events if word]
    assert "trade" in heard


async def test_times_are_microseconds_and_e_is_not_before_t(exchange: Sandbox, client: Listener) -> None:
    await client.subscribe(
        "depth.SOL_USDC", "bookTicker.SOL_USDC", "trade.SOL_USDC", "markPrice.SOL_USDC_PERP"
    )

    advance(exchange, 2)

    payloads = await client.payloads()
    assert payloads
    assert all(MIDNIGHT < data["T"] <= data["E"] <= MIDNIGHT + 2_000_000 for data in payloads)


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
    "name",
    ["depth.NOPE_USDC", "ticker.NOPE_USDC", "depth.5.SOL_USDC", "kline.1m.NOPE_USDC", "stockPrice.NOPE"],
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
        exchange.context.account(FIRST.api_key), SPOT, order_id=order.id, now=exchange.clock.now()
    )

    heard = await client.heard()
    one_change = ["account.orderUpdate", "account.orderUpdate.SOL_USDC", "account.balanceUpdate"]
    assert [frame["stream"] for frame in heard] == one_change * 2
    assert [frame["data"]["e"] for frame in heard] == (
        [
            "orderAccepted",
            "orderAccepted",
            "balanceUpdate",
            "orderCancelled",
            "orderCancelled",
            "balanceUpdate",
        ]
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


async def test_a_pong_settles_all_pings_before_it(exchange: Sandbox) -> None:
    exchange.feed.ping_interval, exchange.feed.pong_timeout = 0.02, 3600
    async with listener(exchange, autoping=False) as client:
        await client.socket.send_json({"method": "SUBSCRIBE", "params": ["depth.SOL_USDC"]})
        ping = await client.socket.receive()
        (connection,) = exchange.feed.connections
        waited_for = connection.unanswered_since

        await client.socket.pong(ping.data)
        await until(lambda: connection.unanswered_since is None)

    assert ping.type is WSMsgType.PING
    assert waited_for is not None


async def test_nothing_is_kept_of_a_client_that_is_gone(exchange: Sandbox) -> None:
    async with listener(exchange) as client:
        await client.subscribe("depth.SOL_USDC", "kline.1m.SOL_USDC")
        assert len(exchange.feed.connections) == 1
    await until(lambda: not exchange.feed.connections)

    assert exchange.feed.streams.keys == []
