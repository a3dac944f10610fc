"""Each fault is shown to happen, at its place, as often as it says, and is counted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import ClientConnectionError, ClientSession, ClientWSTimeout, WSMsgType
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.sandbox.__main__ import arguments
from bpx_connector.sandbox.clock import DrivenClock
from bpx_connector.sandbox.faults.faults import Faults
from bpx_connector.sandbox.faults.kinds import KINDS, Fault, FaultError, Place, fault_of
from bpx_connector.sandbox.records.keys import Key
from bpx_connector.sandbox.server import Sandbox
from tests.support.keys import FIRST
from tests.support.listeners import Listener, listener, signed_headers, until

START = 1_767_225_600_000_000
DEPTH = "/api/v1/depth?symbol=SOL_USDC&limit=5"
A, B = Key("depth.SOL_USDC"), Key("trade.SOL_USDC")


# --- what a line says ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("lose", Fault(kind="lose")),
        ("lose depth.* every=50", Fault(kind="lose", pattern="depth.*", every=50)),
        ("repeat chance=0.01 times=3", Fault(kind="repeat", chance=0.01, times=3)),
        (
            "delay trade.SOL_USDC seconds=500ms",
            Fault(kind="delay", pattern="trade.SOL_USDC", options={"seconds": 0.5}),
        ),
        ("cut every=30s", Fault(kind="cut", period=30_000_000, options={"code": None})),
        ("cut every=2m code=1012", Fault(kind="cut", period=120_000_000, options={"code": 1012})),
        (
            "refuse /api/v1/* status=429 method=post every=3",
            Fault(
                kind="refuse",
                pattern="/api/v1/*",
                every=3,
                options={"status": 429, "body": "venue", "method": "POST"},
            ),
        ),
    ],
)
def test_a_line_describes_a_fault(line: str, fault: Fault) -> None:
    assert fault_of(line) == fault


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("", "lose, repeat, swap, delay, cut, freeze, refuse"),
        ("loose depth.*", "lose, repeat"),
        ("lose depth.* trade.*", "more than one pattern"),
        ("lose often=1", "pattern, every, chance, times"),
        ("lose every=0", "whole number from 1 on"),
        ("lose every=often", "whole number from 1 on"),
        ("cut every=us", "500ms, 30s, 2m"),
        ("lose every=30s", "cut and freeze"),
        ("lose chance=2", "above 0 and up to 1"),
        ("lose chance=nan", "above 0 and up to 1"),
        ("refuse status=99", "from 200 to 599"),
        ("refuse body=xml", "venue, html, empty"),
        ("cut code=1", "from 1000 to 4999"),
        ("delay seconds=0", "500ms, 30s, 2m"),
        ("delay seconds=soon", "seconds=soon"),
    ],
)
def test_a_wrong_line_is_told_what_is_allowed(line: str, names: str) -> None:
    with pytest.raises(FaultError) as error:
        fault_of(line)

    assert names in str(error.value)


@given(
    st.sampled_from(sorted(KINDS)), st.sampled_from(["*", "depth.*"]), st.integers(1, 99), st.integers(1, 9)
)
def test_a_fault_set_by_call_and_by_line_is_the_same(kind: str, pattern: str, every: int, times: int) -> None:
    by_call, by_line = Faults(), Faults()

    called = by_call.set(kind, pattern, every=every, times=times)
    written = by_line.add(f"{kind} {pattern} every={every} times={times}")

    assert called == written
    assert called.row()["every"] == every


def test_every_kind_has_a_method_of_its_name() -> None:
    faults = Faults()

    assert [getattr(faults, kind)(every=2).kind for kind in KINDS] == list(KINDS)
    assert [fault.id for fault in faults.all] == list(range(1, len(KINDS) + 1))


def test_the_command_line_takes_faults_and_a_control_port() -> None:
    options = arguments(["--fault", "lose depth.* every=50", "--fault", "cut every=30s", "--control", "0"])

    assert [fault.kind for fault in options.fault] == ["lose", "cut"]
    assert options.control == 0


def test_the_command_line_says_what_is_wrong_with_a_fault(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments(["--fault", "loose depth.*"])

    assert "there is no fault 'loose'; faults are lose, repeat" in capsys.readouterr().err


# --- frames, pure --------------------------------------------------------------------------------------


def sent(faults: Faults, *frames: tuple[Key, str], now: int = 0) -> list[tuple[Key, str]]:
    return [delivery for key, text in frames for delivery in faults.deliveries(key, text, now)]


def numbered(key: Key, count: int) -> list[tuple[Key, str]]:
    return [(key, str(number)) for number in range(1, count + 1)]


def test_without_faults_every_frame_is_sent_as_it_is() -> None:
    frames = numbered(A, 3)

    assert sent(Faults(), *frames) == frames


def test_every_third_frame_is_lost() -> None:
    faults = Faults()
    fault = faults.lose("depth.*", every=3)

    assert [text for _, text in sent(faults, *numbered(A, 7))] == ["1", "2", "4", "5", "7"]
    assert (fault.seen, fault.happened, faults.counts) == (7, 2, {"lose": 2})


def test_frames_of_other_streams_are_left_alone() -> None:
    faults = Faults()
    faults.lose("depth.*")

    assert sent(faults, (A, "1"), (B, "2")) == [(B, "2")]


def test_a_repeated_frame_comes_twice() -> None:
    faults = Faults()
    faults.repeat(every=2)

    assert [text for _, text in sent(faults, *numbered(A, 4))] == ["1", "2", "2", "3", "4", "4"]


def test_a_swapped_frame_comes_after_the_next_of_its_stream() -> None:
    faults = Faults()
    faults.swap("depth.*", times=1)

    assert sent(faults, (A, "1"), (B, "2"), (A, "3"), (A, "4")) == [(B, "2"), (A, "3"), (A, "1"), (A, "4")]


def test_a_held_frame_is_not_forgotten_when_the_faults_end() -> None:
    faults = Faults()
    faults.swap()
    sent(faults, (A, "1"))

    faults.clear()

    assert faults.concern_streams
    assert sent(faults, (A, "2")) == [(A, "2"), (A, "1")]
    assert not faults.concern_streams


def test_a_delayed_frame_comes_when_its_time_has_come() -> None:
    faults = Faults()
    faults.delay(seconds=0.3, times=1)

    assert sent(faults, (A, "1"), (A, "2"), now=1_000_000) == [(A, "2")]
    assert faults.released(1_299_999) == []
    assert faults.released(1_300_000) == [(A, "1")]
    assert faults.released(9_000_000) == []


def test_times_bounds_how_often_a_fault_strikes() -> None:
    faults = Faults()
    faults.lose(times=2)

    assert [text for _, text in sent(faults, *numbered(A, 4))] == ["3", "4"]


def test_the_fault_that_was_set_first_strikes_first() -> None:
    faults = Faults()
    faults.lose(every=2)
    faults.repeat()

    assert [text for _, text in sent(faults, *numbered(A, 3))] == ["1", "1", "3", "3"]


@given(st.integers(0, 99))
def test_the_same_seed_throws_the_same_dice(seed: int) -> None:
    def lost() -> list[tuple[Key, str]]:
        faults = Faults(seed)
        faults.lose(chance=0.5)
        return sent(faults, *numbered(A, 40))

    assert lost() == lost()
    assert 0 < len(lost()) < 40


@given(
    st.lists(st.sampled_from(sorted(kind for kind in KINDS if KINDS[kind].place is Place.FRAME)), max_size=4),
    st.integers(1, 4),
    st.integers(0, 9),
)
def test_what_is_sent_is_what_was_said_and_what_was_counted(kinds: list[str], every: int, seed: int) -> None:
    faults = Faults(seed)
    for kind in kinds:
        faults.set(kind, every=every, chance=0.7)
    frames = numbered(A, 50)

    came = sent(faults, *frames)
    faults.clear()
    came += sent(faults, (A, "last")) + faults.released(10**12)

    lost = len(frames) + 1 + faults.counts["repeat"] - len(came)
    assert lost == faults.counts["lose"]
    assert set(came) <= {*frames, (A, "last")}


def test_a_removed_fault_strikes_no_more() -> None:
    faults = Faults()
    fault = faults.lose()

    assert faults.remove(fault.id)
    assert not faults.remove(fault.id)
    assert not faults.concern_streams
    assert sent(faults, (A, "1")) == [(A, "1")]


def test_a_periodic_cut_first_comes_one_period_after_it_was_set() -> None:
    faults = Faults()
    faults.cut(every="2s")

    times = [now for now in range(0, 10) if faults.cuts_due(now * 1_000_000)]

    assert times == [2, 4, 6, 8]


# --- in a running exchange -----------------------------------------------------------------------------


@pytest.fixture
async def exchange() -> AsyncIterator[Sandbox]:
    async with Sandbox(
        seed=1, clock=DrivenClock(START), symbols=["SOL_USDC", "SOL_USDC_PERP"], control=0
    ) as sandbox:
        yield sandbox


@pytest.fixture
async def client(exchange: Sandbox) -> AsyncIterator[Listener]:
    async with listener(exchange) as client:
        yield client


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


def advance(exchange: Sandbox, seconds: float) -> None:
    assert isinstance(exchange.clock, DrivenClock)
    exchange.clock.advance(seconds)


def gaps(payloads: list[Any]) -> int:
    return sum(later["U"] != earlier["u"] + 1 for earlier, later in pairwise(payloads))


async def test_a_lost_delta_leaves_a_gap(exchange: Sandbox, client: Listener) -> None:
    await client.subscribe("depth.SOL_USDC")
    exchange.faults.lose("depth.SOL_USDC", every=10)

    advance(exchange, 20)

    payloads = await client.payloads()
    assert exchange.faults.counts["lose"] > 2
    assert exchange.faults.counts["lose"] - 1 <= gaps(payloads) <= exchange.faults.counts["lose"]


async def test_a_delayed_frame_is_overtaken(exchange: Sandbox, client: Listener) -> None:
    await client.subscribe("ticker.SOL_USDC", "markPrice.SOL_USDC_PERP")
    exchange.faults.delay("ticker.*", seconds=0.7)

    advance(exchange, 1)
    first = [data["e"] for data in await client.payloads()]
    advance(exchange, 0.3)
    second = [data["e"] for data in await client.payloads()]

    assert (first, second) == (["markPrice"], ["ticker"])


async def test_all_sockets_are_cut_at_once(exchange: Sandbox, client: Listener) -> None:
    await client.subscribe("depth.SOL_USDC")

    exchange.faults.cut()

    assert (await client.last_words()).type in (WSMsgType.CLOSED, WSMsgType.ERROR)
    assert exchange.faults.counts == {"cut": 1}
    assert exchange.faults.all == []


async def test_only_sockets_with_such_a_stream_are_cut(exchange: Sandbox, client: Listener) -> None:
    await client.subscribe("depth.SOL_USDC")
    async with listener(exchange) as other:
        await other.subscribe("ticker.SOL_USDC")

        exchange.faults.cut("depth.*")

        assert (await client.last_words()).type in (WSMsgType.CLOSED, WSMsgType.ERROR)
        assert await other.heard() == []
    assert exchange.faults.counts == {"cut": 1}


async def test_a_cut_with_a_code_says_goodbye(exchange: Sandbox, client: Listener) -> None:
    await client.subscribe("depth.SOL_USDC")

    exchange.faults.cut(code=1012)

    last = await client.last_words()
    assert (last.type, last.data) == (WSMsgType.CLOSE, 1012)


async def test_a_cut_comes_after_so_many_frames(exchange: Sandbox, client: Listener) -> None:
    await client.subscribe("ticker.SOL_USDC")
    exchange.faults.cut("ticker.*", every=3)

    advance(exchange, 2)
    assert len(await client.heard()) == 2
    advance(exchange, 1)

    assert (await client.last_words()).type in (WSMsgType.CLOSED, WSMsgType.ERROR)
    assert exchange.faults.counts == {"cut": 1}


async def test_a_cut_comes_after_so_much_time(exchange: Sandbox, client: Listener) -> None:
    await client.subscribe("ticker.SOL_USDC")
    exchange.faults.cut(every="2s")

    advance(exchange, 2)
    assert len(await client.heard()) == 2
    advance(exchange, 0.2)

    assert (await client.last_words()).type in (WSMsgType.CLOSED, WSMsgType.ERROR)


async def test_a_frozen_socket_stays_open_and_silent(exchange: Sandbox) -> None:
    async with listener(exchange, autoping=False, timeout=ClientWSTimeout(ws_close=0.02)) as client:
        await client.subscribe("ticker.SOL_USDC")
        exchange.faults.freeze()
        await asyncio.sleep(0)

        advance(exchange, 5)
        await client.socket.ping()
        with pytest.raises(TimeoutError):
            await client.socket.receive(timeout=0.05)

        assert not client.socket.closed
        assert exchange.faults.counts == {"freeze": 1}


async def update_id(exchange: Sandbox, session: ClientSession) -> int:
    async with session.get(exchange.url + DEPTH) as response:
        return int((await response.json())["lastUpdateId"])


def true_id(exchange: Sandbox) -> int:
    return exchange.venue.depth("SOL_USDC").last_update_id


async def test_a_stale_snapshot_is_the_book_of_so_many_seconds_ago(
    exchange: Sandbox, session: ClientSession
) -> None:
    exchange.faults.stale("SOL_USDC", seconds=3, every=2)
    ids = {}
    for second in range(1, 8):
        advance(exchange, 1)
        ids[second] = true_id(exchange)

    seen = [await update_id(exchange, session) for _ in range(4)]

    assert seen[0] == seen[2] == ids[7]
    assert seen[1] == seen[3]
    assert ids[3] <= seen[1] <= ids[4] < ids[7]
    assert exchange.faults.counts == {"stale": 2}


async def test_a_stale_snapshot_is_a_whole_book(exchange: Sandbox, session: ClientSession) -> None:
    async with session.get(exchange.url + DEPTH) as response:
        fresh = await response.json()
    exchange.faults.stale("SOL_USDC", seconds=9)
    advance(exchange, 2)

    async with session.get(exchange.url + DEPTH) as response:
        stale = await response.json()

    assert list(stale) == list(fresh)
    assert len(stale["bids"]) == len(stale["asks"]) == 5
    assert [Decimal(price) for price, _ in stale["bids"]] == sorted(
        Decimal(price) for price, _ in stale["bids"]
    )


async def test_a_question_that_is_refused_is_refused_all_the_same(
    exchange: Sandbox, session: ClientSession
) -> None:
    exchange.faults.stale()
    advance(exchange, 1)

    async with session.get(exchange.url + "/api/v1/depth?symbol=NOPE") as response:
        assert response.status == 400


@pytest.mark.parametrize(
    ("options", "status", "content_type", "body"),
    [
        ({}, 503, "application/json", '{"code": "MAINTENANCE", "message": "Under maintenance"}'),
        (
            {"status": 429},
            429,
            "application/json",
            '{"code": "TOO_MANY_REQUESTS", "message": "Too many requests"}',
        ),
        ({"status": 502, "body": "html"}, 502, "text/html", "<h1>502 Bad Gateway</h1>"),
        ({"status": 200, "body": "empty"}, 200, "application/octet-stream", ""),
    ],
)
async def test_requests_are_refused_by_path(
    exchange: Sandbox,
    session: ClientSession,
    options: dict[str, Any],
    status: int,
    content_type: str,
    body: str,
) -> None:
    exchange.faults.refuse("/api/v1/depth", every=2, **options)

    async with session.get(exchange.url + DEPTH) as first, session.get(exchange.url + DEPTH) as second:
        assert first.status == 200
        assert (second.status, second.content_type) == (status, content_type)
        assert body in await second.text()
    async with session.get(exchange.url + "/api/v1/time") as other:
        assert other.status == 200
    assert exchange.faults.counts == {"refuse": 1}


async def test_a_method_narrows_a_fault(exchange: Sandbox, session: ClientSession) -> None:
    exchange.faults.refuse(method="POST")

    async with session.get(exchange.url + DEPTH) as response:
        assert response.status == 200


async def test_a_dropped_request_never_reaches_the_exchange(
    exchange: Sandbox, session: ClientSession
) -> None:
    exchange.faults.drop("/api/v1/order")

    with pytest.raises(ClientConnectionError):
        await post_order(exchange, session)

    assert open_orders(exchange) == []
    assert exchange.faults.counts == {"drop": 1}


async def test_a_lost_answer_leaves_the_order_in_the_exchange(
    exchange: Sandbox, session: ClientSession
) -> None:
    exchange.faults.lost("/api/v1/order", method="POST")

    with pytest.raises(ClientConnectionError):
        await post_order(exchange, session)

    assert [order.request.price for order in open_orders(exchange)] == [Decimal(90)]
    assert exchange.faults.counts == {"lost": 1}


async def test_an_order_that_was_taken_can_be_answered_with_a_refusal_of_any_status(
    exchange: Sandbox, session: ClientSession
) -> None:
    exchange.faults.lost("/api/v1/order", method="POST", status=503, says="invalid_order")

    assert await post_order(exchange, session) == (503, "Invalid order")
    assert [order.request.price for order in open_orders(exchange)] == [Decimal(90)]


@pytest.mark.parametrize(("body", "expected"), [("object", {}), ("list", [])])
async def test_a_success_can_be_answered_without_saying_anything(
    exchange: Sandbox, session: ClientSession, body: str, expected: Any
) -> None:
    exchange.faults.lost("/api/v1/time", status=200, body=body)
    async with session.get(f"{exchange.url}/api/v1/time") as answer:
        assert (answer.status, await answer.json()) == (200, expected)


async def test_an_exchange_dies_before_or_after_it_has_acted_and_answers_nobody(
    exchange: Sandbox, session: ClientSession
) -> None:
    death = exchange.faults.die("/api/v1/order", method="POST", seconds=3600)
    for _ in range(2):
        with pytest.raises(ClientConnectionError):
            await post_order(exchange, session)
    assert len(open_orders(exchange)) == 1
    with pytest.raises(ClientConnectionError):
        await session.get(f"{exchange.url}/api/v1/ping")
    exchange.faults.remove(death.id)
    assert (await session.get(f"{exchange.url}/api/v1/ping")).status == 200


async def test_a_late_answer_leaves_the_order_in_the_exchange(
    exchange: Sandbox, session: ClientSession
) -> None:
    exchange.faults.late("/api/v1/order", seconds=3600)

    request = asyncio.ensure_future(post_order(exchange, session))
    await until(lambda: open_orders(exchange))
    request.cancel()

    with pytest.raises(asyncio.CancelledError):
        await request
    assert [order.request.price for order in open_orders(exchange)] == [Decimal(90)]


async def test_a_held_request_is_carried_out_after_the_client_gave_up(
    exchange: Sandbox, session: ClientSession
) -> None:
    exchange.faults.hold("/api/v1/order", seconds=3600)

    request = asyncio.ensure_future(post_order(exchange, session))
    await until(lambda: exchange.faults.counts["hold"])
    held = open_orders(exchange)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    exchange.spoiled.close()
    await until(lambda: open_orders(exchange))

    assert held == []
    assert [order.request.price for order in open_orders(exchange)] == [Decimal(90)]


async def test_a_late_answer_comes_in_the_end(exchange: Sandbox, session: ClientSession) -> None:
    exchange.faults.late(seconds=0.01)

    assert await post_order(exchange, session) == (200, "New")


async def test_signatures_are_refused_on_requests(exchange: Sandbox, session: ClientSession) -> None:
    exchange.faults.refuse_signature("/api/v1/order", times=1)

    refused = await post_order(exchange, session)

    assert refused == (400, "Invalid signature")
    assert await post_order(exchange, session) == (200, "New")
    assert exchange.faults.counts == {"refuse_signature": 1}


async def test_signatures_are_refused_on_subscriptions(exchange: Sandbox, client: Listener) -> None:
    exchange.faults.refuse_signature("subscribe", times=1)

    (error,) = await client.subscribe("account.orderUpdate", pair=FIRST)

    assert error["error"]["code"] == 4003
    assert await client.subscribe("account.orderUpdate", pair=FIRST) == []


async def post_order(exchange: Sandbox, session: ClientSession) -> tuple[int, str]:
    """Place a resting bid; status, and what the answer says."""
    order = {"orderType": "Limit", "price": "90", "quantity": "1", "side": "Bid", "symbol": "SOL_USDC"}
    headers = signed_headers(exchange, "orderExecute", order)
    async with session.post(exchange.url + "/api/v1/order", json=order, headers=headers) as response:
        answer = await response.json()
        return response.status, answer.get("status") or answer["message"]


def open_orders(exchange: Sandbox) -> list[Any]:
    return list(exchange.venue.open_orders(exchange.context.account(FIRST.api_key)))


# --- by HTTP -------------------------------------------------------------------------------------------


async def test_the_control_endpoint_sets_shows_and_ends_faults(
    exchange: Sandbox, client: Listener, session: ClientSession
) -> None:
    assert exchange.control is not None
    url = exchange.control.url
    await client.subscribe("ticker.SOL_USDC")

    async with session.post(url, json={"fault": "lose ticker.* every=2"}) as response:
        assert response.status == 201
        first = await response.json()
    async with session.post(url, json={"kind": "refuse", "pattern": "/api/*", "status": 429}) as response:
        second = await response.json()
    advance(exchange, 4)
    async with session.get(url) as response:
        shown = await response.json()
    async with session.delete(f"{url}/{second['id']}") as response:
        assert response.status == 204
    async with session.delete(f"{url}/{second['id']}") as response:
        assert response.status == 404
    left = exchange.faults.all
    async with session.delete(url) as response:
        assert response.status == 204

    assert len(await client.heard()) == 2
    assert shown == {"faults": [{**first, "seen": 4, "happened": 2}, second], "counts": {"lose": 2}}
    assert [fault.kind for fault in left] == ["lose"]
    assert exchange.faults.all == []


@pytest.mark.parametrize(
    "body", ["lose depth.*", "[]", "{}", '{"fault": 1}', '{"kind": "loose"}', '{"fault": "loose"}']
)
async def test_the_control_endpoint_says_what_it_takes(
    exchange: Sandbox, session: ClientSession, body: str
) -> None:
    assert exchange.control is not None
    async with session.post(exchange.control.url, data=body) as response:
        assert response.status == 400
        assert "lose" in json.loads(await response.text())["message"]


async def test_the_control_endpoint_is_on_this_machine_and_off_unless_asked_for(exchange: Sandbox) -> None:
    assert exchange.control is not None
    assert exchange.control.url.startswith("http://127.0.0.1:")
    async with Sandbox(clock=DrivenClock(START), symbols=["SOL_USDC"]) as other:
        assert other.control is None


async def test_a_control_port_that_is_taken_leaves_nothing_behind(exchange: Sandbox) -> None:
    assert exchange.control is not None
    second = Sandbox(clock=DrivenClock(START), symbols=["SOL_USDC"], control=exchange.control.port)

    with pytest.raises(OSError, match="address already in use"):
        await second.start()

    # Warnings are errors: a listening socket left open would fail this test when it is collected.
    assert second.port == 0


async def test_faults_can_be_there_from_the_start() -> None:
    async with (
        Sandbox(clock=DrivenClock(START), symbols=["SOL_USDC"], faults=["lose ticker.*"]) as sandbox,
        listener(sandbox) as client,
    ):
        await client.subscribe("ticker.SOL_USDC")
        advance(sandbox, 2)

        assert await client.heard() == []
        assert sandbox.faults.counts == {"lose": 2}
