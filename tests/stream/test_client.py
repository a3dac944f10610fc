"""Sockets, followers and topics together, with a venue that a test plays."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from ccxt.base.errors import (
    AuthenticationError,
    BadRequest,
    BadResponse,
    ExchangeClosedByUser,
    ExchangeNotAvailable,
    NetworkError,
    UnsubscribeError,
)

from bpx_connector.stream.book import Book, Snapshot
from bpx_connector.stream.client import Limits, StreamClient
from bpx_connector.stream.followers import BookFollower, LatestFollower
from bpx_connector.stream.link import Ping
from bpx_connector.stream.socket import Patience, pause_after
from bpx_connector.stream.topics import News, Topic
from tests.support.kinds import BOOK, ORDERS, TICKER
from tests.support.links import FakeVenue, far_horizon, settled, text_frame


@pytest.fixture
def venue() -> FakeVenue:
    return FakeVenue()


@pytest.fixture
async def client(venue: FakeVenue) -> AsyncIterator[StreamClient]:
    client = venue.client()
    yield client
    await client.close()


class Watcher:
    """Watches tickers and books of a client."""

    def __init__(self, client: StreamClient) -> None:
        self.client = client
        self.tickers: dict[str, Any] = {}
        self.books: dict[str, Book] = {}
        self.snapshots: list[Any] = []
        self.fetches = 0
        self.tasks: list[asyncio.Task[list[News]]] = []

    def ticker(self, *symbols: str, prefix: str = "ticker") -> asyncio.Task[list[News]]:
        def accept(symbol: str) -> Any:
            def accepted(payload: dict[str, Any]) -> None:
                self.tickers[symbol] = payload
                self.client.topics.publish(TICKER, symbol)

            return accepted

        streams: Any = {
            f"{prefix}.{symbol}": lambda symbol=symbol: LatestFollower(
                f"{prefix}.{symbol}", accept(symbol), far_horizon()
            )
            for symbol in symbols
        }
        topic = self.client.want(Topic(TICKER, symbols, streams), streams)
        self.tasks.append(asyncio.ensure_future(topic.wait()))
        return self.tasks[-1]

    def book(self, symbol: str = "A") -> asyncio.Task[list[News]]:
        book = self.books.setdefault(symbol, Book(symbol))
        stream = f"depth.{symbol}"
        streams: Any = {
            stream: lambda: BookFollower(
                stream, book, partial(self.client.topics.publish, BOOK, symbol), self._snapshot
            )
        }
        topic = self.client.want(Topic(BOOK, (symbol,), streams), streams)
        self.tasks.append(asyncio.ensure_future(topic.wait()))
        return self.tasks[-1]

    async def _snapshot(self) -> Snapshot:
        self.fetches += 1
        while not self.snapshots:  # noqa: ASYNC110  a test says when, without a word
            await asyncio.sleep(0)
        answer = self.snapshots.pop(0)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Snapshot)
        return answer


@pytest.fixture
async def watcher(client: StreamClient) -> AsyncIterator[Watcher]:
    watcher = Watcher(client)
    yield watcher
    await client.close()
    await asyncio.gather(*watcher.tasks, return_exceptions=True)


def depth(update: int, symbol: str = "A", price: str = "9") -> str:
    return text_frame(f"depth.{symbol}", U=update, u=update, T=update * 1000, a=[], b=[[price, "1"]])


async def test_what_is_wanted_in_one_turn_is_asked_for_in_one_frame(
    venue: FakeVenue, watcher: Watcher
) -> None:
    tasks = [watcher.ticker("A"), watcher.ticker("B"), watcher.ticker("A", "B", "C")]
    await settled()
    assert venue.link.sent == [{"method": "SUBSCRIBE", "params": ["ticker.A", "ticker.B", "ticker.C"]}]
    venue.link.say(text_frame("ticker.B", E=1))
    await settled()
    assert [task.done() for task in tasks] == [False, True, True]


async def test_waiters_are_woken_once_a_batch(venue: FakeVenue, watcher: Watcher) -> None:
    task = watcher.ticker("A", "B")
    await settled()
    venue.link.say(text_frame("ticker.A", E=1), text_frame("ticker.B", E=2), text_frame("ticker.A", E=3))
    assert await task == [("A", 1), ("B", 1)]
    assert watcher.tickers["A"] == {"E": 3}


async def test_a_frame_that_was_overtaken_does_not_replace_the_latest(
    venue: FakeVenue, watcher: Watcher
) -> None:
    task = watcher.ticker("A")
    await settled()
    venue.link.say(text_frame("ticker.A", E=3), text_frame("ticker.A", E=2))
    await task
    venue.link.say(text_frame("ticker.A", E=1))
    await settled()
    assert watcher.tickers["A"] == {"E": 3}


async def test_private_streams_are_signed_afresh_after_a_reconnect(
    venue: FakeVenue, client: StreamClient
) -> None:
    client.listen("account.balanceUpdate", print)
    await settled()
    assert venue.link.sent[0]["signature"][1] == "signature 1"
    venue.link.cut()
    await settled()
    await venue.advance(1)
    assert len(venue.links) == 2
    assert venue.link.sent[0]["signature"][1] == "signature 2"


async def test_a_book_waits_for_its_snapshot_and_joins_it(venue: FakeVenue, watcher: Watcher) -> None:
    task = watcher.book()
    await settled()
    venue.link.say(depth(11), depth(12, price="8"))
    await settled()
    assert not task.done()
    watcher.snapshots.append(Snapshot(10, [["7", "1"]], []))
    await task
    assert watcher.books["A"].view["bids"] == [[9.0, 1.0], [8.0, 1.0], [7.0, 1.0]]
    assert watcher.fetches == 1


async def test_a_quiet_book_is_known_by_its_snapshot_alone(venue: FakeVenue, watcher: Watcher) -> None:
    watcher.snapshots.append(Snapshot(10, [["7", "1"]], []))
    assert await watcher.book() == [("A", 1)]


async def test_no_snapshot_is_fetched_before_the_subscription_is_on(
    venue: FakeVenue, watcher: Watcher
) -> None:
    venue.is_mute = True
    watcher.book()
    await settled()
    assert watcher.fetches == 0
    await venue.advance(3)
    assert watcher.fetches == 1


async def test_a_gap_empties_the_book_until_a_later_snapshot_joins(
    venue: FakeVenue, client: StreamClient, watcher: Watcher
) -> None:
    watcher.snapshots.append(Snapshot(10, [["7", "1"]], []))
    await watcher.book()
    venue.link.say(depth(12))
    await settled()
    assert watcher.books["A"].view["nonce"] is None
    assert watcher.books["A"].view["bids"] == []
    watcher.snapshots += [Snapshot(10, [], []), ExchangeNotAvailable("503"), Snapshot(12, [["6", "1"]], [])]
    await settled()
    await venue.advance(5)
    assert watcher.books["A"].view["bids"] == [[6.0, 1.0]]
    counters = client.counters()["streams"]["depth.A"]
    assert (counters["gaps"], counters["refetches"]) == (1, 4)


async def test_a_snapshot_from_before_another_loss_is_not_used(venue: FakeVenue, watcher: Watcher) -> None:
    task = watcher.book()
    await settled()
    venue.link.cut()
    await settled()
    watcher.snapshots.append(Snapshot(10, [["7", "1"]], []))
    await settled()
    assert not task.done()
    await venue.advance(1)
    watcher.snapshots.append(Snapshot(20, [["6", "1"]], []))
    await venue.advance(5)
    await task
    assert watcher.books["A"].nonce == 20


async def test_a_snapshot_that_is_refused_for_good_is_raised_to_the_watcher(
    venue: FakeVenue, client: StreamClient, watcher: Watcher
) -> None:
    watcher.snapshots.append(BadRequest("no such market"))
    task = watcher.book()
    other = watcher.ticker("A")
    with pytest.raises(BadRequest, match="no such market"):
        await task
    assert client.follower("depth.A") is None
    assert not other.done()


async def test_a_waiter_is_woken_after_a_reconnect_by_what_is_new_and_not_by_what_was(
    venue: FakeVenue, watcher: Watcher
) -> None:
    await settled()
    first = watcher.ticker("A")
    await settled()
    venue.link.say(text_frame("ticker.A", E=1))
    await first
    venue.link.say(text_frame("ticker.A", E=2))
    await settled()
    venue.link.cut()
    await settled()
    second = watcher.ticker("A")
    await venue.advance(1)
    assert not second.done()
    venue.link.say(text_frame("ticker.A", E=3))
    assert await second == [("A", 1)]


async def test_a_refused_stream_is_raised_to_those_who_asked_for_it_only(
    venue: FakeVenue, watcher: Watcher
) -> None:
    venue.refused["nonsense.A"] = 4006
    bad, good = watcher.ticker("A", prefix="nonsense"), watcher.book("B")
    await venue.advance(1)
    with pytest.raises(BadRequest, match=r"nonsense\.A was refused: 4006"):
        await bad
    watcher.snapshots.append(Snapshot(1, [], []))
    assert await good == [("B", 1)]


async def test_a_refused_signature_is_an_authentication_error(venue: FakeVenue, client: StreamClient) -> None:
    venue.refused["account.orderUpdate"] = 4003
    topic = client.want(
        Topic(ORDERS, None, ["account.orderUpdate"]),
        {"account.orderUpdate": lambda: LatestFollower("account.orderUpdate", print, far_horizon())},
    )
    waiting = asyncio.ensure_future(topic.wait())
    await venue.advance(1)
    with pytest.raises(AuthenticationError, match="4003"):
        await waiting
    assert client.topics.get(ORDERS, None) is None


async def test_leaving_the_last_topic_unsubscribes_and_closes_the_empty_socket(
    venue: FakeVenue, client: StreamClient, watcher: Watcher
) -> None:
    task, both = watcher.ticker("A"), watcher.ticker("A", "B")
    await settled()
    client.leave(TICKER, ["A"])
    with pytest.raises(UnsubscribeError):
        await task
    await settled()
    assert len(venue.link.sent) == 1
    client.leave(TICKER, None)
    with pytest.raises(UnsubscribeError):
        await both
    await settled()
    assert venue.link.is_closed


async def test_a_stream_that_is_left_while_others_stay_is_unsubscribed(
    venue: FakeVenue, client: StreamClient, watcher: Watcher
) -> None:
    left, stays = watcher.ticker("A"), watcher.ticker("B")
    await settled()
    client.leave(TICKER, ["A"])
    await settled()
    assert venue.link.sent[-1] == {"method": "UNSUBSCRIBE", "params": ["ticker.A"]}
    assert not stays.done()
    await asyncio.gather(left, return_exceptions=True)


async def test_more_streams_than_a_socket_may_carry_open_another(venue: FakeVenue) -> None:
    client = venue.client(Limits(streams_per_socket=2))
    tasks = [Watcher(client).ticker("A", "B", "C")]
    await settled()
    assert [link.sent[0]["params"] for link in venue.links] == [["ticker.A", "ticker.B"], ["ticker.C"]]
    assert [socket["streams"] for socket in client.counters()["sockets"]] == [2, 1]
    await client.close()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_close_wakes_every_waiter_and_leaves_no_task(venue: FakeVenue) -> None:
    client = venue.client()
    watcher = Watcher(client)
    tasks = [watcher.ticker("A"), watcher.book("B")]
    await settled()
    before = set(tasks)
    await client.close()
    await client.close()
    for task in tasks:
        with pytest.raises(ExchangeClosedByUser):
            await task
    assert {one for one in asyncio.all_tasks() if one is not asyncio.current_task()} <= before
    assert venue.link.is_closed


async def test_the_venues_pings_are_answered(venue: FakeVenue, watcher: Watcher) -> None:
    watcher.ticker("A")
    await settled()
    venue.link.receive(Ping(b"60"))
    await settled()
    assert venue.link.pongs == [b"60"]


async def test_a_silent_socket_is_pinged_and_then_given_up(venue: FakeVenue, watcher: Watcher) -> None:
    watcher.ticker("A")
    await settled()
    venue.is_mute = True
    await venue.advance(16)
    assert b"alive" in venue.link.pings
    assert len(venue.links) == 1
    await venue.advance(20)
    assert len(venue.links) == 2
    assert venue.links[0].is_closed
    assert any("silent" in report for report in venue.reports)


async def test_a_quiet_socket_that_answers_pings_is_kept(venue: FakeVenue, watcher: Watcher) -> None:
    watcher.ticker("A")
    await venue.advance(120)
    assert len(venue.links) == 1


async def test_pauses_grow_while_no_connection_comes_and_callers_are_told_in_the_end(
    venue: FakeVenue, watcher: Watcher
) -> None:
    venue.failures = [ConnectionError("refused")] * 6
    task = watcher.ticker("A")
    await venue.advance(20)
    with pytest.raises(NetworkError, match="after 5 attempts"):
        await task
    assert venue.pauses[:5] == [0.5, 1.0, 2.0, 4.0, 8.0]
    again = watcher.ticker("A")
    await venue.advance(13)
    venue.link.say(text_frame("ticker.A", E=1))
    assert await again == [("A", 1)]


@pytest.mark.parametrize("jitter", [0.0, 0.5, 1.0])
def test_pauses_are_capped_and_spread(jitter: float) -> None:
    patience = Patience(shortest_pause=1, longest_pause=10)
    pauses = [pause_after(failures, patience, jitter) for failures in range(100)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 10 * (0.5 + jitter / 2)


async def test_a_raw_callback_gets_payloads_and_its_failure_hinders_nobody(
    venue: FakeVenue, client: StreamClient
) -> None:
    heard: list[Any] = []

    def failing(payload: Any) -> None:
        raise ValueError("a mistake")

    async def slow(payload: Any) -> None:
        await asyncio.sleep(0)
        heard.append(("slow", payload))

    bad = client.listen("trade.A", failing)
    client.listen("trade.A", slow)
    good = client.listen("trade.A", lambda payload: heard.append(("plain", payload)))
    await settled()
    venue.link.say(text_frame("trade.A", t=1), text_frame("trade.A", t=2))
    await settled()
    assert heard == [("plain", {"t": 1}), ("plain", {"t": 2}), ("slow", {"t": 1}), ("slow", {"t": 2})]
    assert bad.failures == 2
    assert sum("a callback of stream trade.A failed" in report for report in venue.reports) == 2
    client.unlisten(good)
    venue.link.say(text_frame("trade.A", t=3))
    await settled()
    assert ("plain", {"t": 3}) not in heard


async def test_a_slow_callback_drops_the_oldest_payloads_and_counts_them(venue: FakeVenue) -> None:
    client = venue.client(Limits(payloads_waiting=2))
    gate = asyncio.Event()
    heard: list[int] = []

    async def slow(payload: Any) -> None:
        await gate.wait()
        heard.append(payload["t"])

    listener = client.listen("trade.A", slow)
    await settled()
    venue.link.say(*(text_frame("trade.A", t=number) for number in range(6)))
    await settled()
    gate.set()
    await settled()
    assert heard == [0, 4, 5]
    assert listener.dropped == 3
    await client.close()


async def test_a_frame_that_cannot_be_read_is_counted_and_the_book_is_fetched_anew(
    venue: FakeVenue, client: StreamClient, watcher: Watcher
) -> None:
    watcher.snapshots.append(Snapshot(10, [["7", "1"]], []))
    await watcher.book()
    watcher.snapshots.append(Snapshot(12, [["6", "1"]], []))
    venue.link.say("what is this", text_frame("depth.A", U="x"))
    await settled()
    assert client.unreadable == 2
    assert watcher.books["A"].nonce == 12


async def test_a_frame_with_its_members_in_another_order_is_understood(
    venue: FakeVenue, watcher: Watcher
) -> None:
    task = watcher.ticker("A")
    await settled()
    venue.link.say('{"stream":"ticker.A","data":{"E":1}}')
    assert await task == [("A", 1)]


async def test_an_audit_confirms_a_true_book_and_replaces_a_wrong_one(
    venue: FakeVenue, client: StreamClient, watcher: Watcher
) -> None:
    watcher.snapshots.append(Snapshot(10, [["7", "1"]], []))
    await watcher.book()
    follower = client.follower("depth.A")
    assert isinstance(follower, BookFollower)
    follower.start_audit()
    client._restoring.begin(follower)
    watcher.snapshots.append(Snapshot(11, [["9", "1"], ["7", "1"]], []))
    await settled()
    venue.link.say(depth(11))
    await settled()
    assert (follower.agreements, follower.disagreements) == (1, 0)
    follower.start_audit()
    client._restoring.begin(follower)
    watcher.snapshots += [Snapshot(11, [["5", "1"]], []), Snapshot(11, [["5", "1"]], [])]
    await venue.advance(2)
    assert (follower.agreements, follower.disagreements) == (1, 1)
    assert watcher.books["A"].view["bids"] == [[5.0, 1.0]]


async def test_an_answer_that_cannot_be_understood_is_told_as_one_of_ccxts_exceptions(
    venue: FakeVenue, watcher: Watcher
) -> None:
    watcher.snapshots.append(KeyError("lastUpdateId"))
    with pytest.raises(BadResponse, match=r"depth\.A cannot be understood: KeyError"):
        await watcher.book()


async def test_an_answer_that_cannot_be_taken_is_told_as_one_of_ccxts_exceptions(
    venue: FakeVenue, watcher: Watcher
) -> None:
    watcher.snapshots.append(Snapshot(1, [["nine", "1"]], []))
    with pytest.raises(BadResponse, match=r"depth\.A cannot be understood: ValueError"):
        await watcher.book()


async def test_a_gap_in_the_breath_in_which_a_book_was_restored_is_seen_to(
    client: StreamClient, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = watcher.book()
    await settled()
    loop = asyncio.get_running_loop()
    [socket] = client._sockets.values()
    gap = [depth(19)]

    follower = client.follower("depth.A")
    assert isinstance(follower, BookFollower)
    take = follower.restore

    def taken(answer: Snapshot) -> bool:
        if answer.nonce == 10:
            loop.call_soon(client.received, socket, gap)  # before anybody hears that the task has ended
        return take(answer)

    monkeypatch.setattr(follower, "restore", taken)
    watcher.snapshots += [Snapshot(10, [["9", "1"]], []), Snapshot(20, [["9", "1"]], [])]
    await first
    await settled()
    assert watcher.books["A"].nonce == 20
    assert client._restoring._tasks == {}


async def test_a_callback_that_is_ended_before_its_turn_leaves_no_coroutine_behind(
    venue: FakeVenue, client: StreamClient
) -> None:
    async def callback(payload: dict[str, Any]) -> None:
        await asyncio.sleep(0)

    listener = client.listen("ticker.A", callback)
    listener.deliver({})
    client.unlisten(listener)
    await settled()
    gc.collect()  # a coroutine that was never awaited would warn here, and warnings are errors
    assert listener.failures == 0


async def test_a_frame_that_is_written_in_an_unusual_way_keeps_its_place_among_the_others(
    venue: FakeVenue, client: StreamClient
) -> None:
    heard: list[Any] = []
    client.listen("ticker.A", lambda payload: heard.append(payload["E"]))
    await settled()
    usual = [text_frame("ticker.A", E=number) for number in (1, 2, 3)]
    usual[1] = '{"stream": "ticker.A", "data": {"E": 2}}'
    venue.link.say(*usual, text_frame("ticker.B", E=4))
    await settled()
    assert heard == [1, 2, 3]
