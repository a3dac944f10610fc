"""In a flood, books wait for the next read: how long at most, in which order, and what comes first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec
import pytest
from ccxt.base.errors import BadRequest, ExchangeClosedByUser, UnsubscribeError
from hypothesis import given, settings
from hypothesis import strategies as st

from bpx_connector.stream.book import Book, Snapshot
from bpx_connector.stream.client import Limits, StreamClient
from bpx_connector.stream.followers import BookFollower, EventFollower
from bpx_connector.stream.frames import Delta, Refusal
from bpx_connector.stream.subscriptions import Verdict
from bpx_connector.stream.topics import Topic
from tests.support.book_truths import Truth, truths
from tests.support.kinds import BOOK, EVENTS
from tests.support.links import FakeVenue, settled, text_frame

FLOOD, MOST = 3, 8
START = 10
"""The update at which a book is restored."""
LIMITS = Limits(frames_of_a_flood=FLOOD, frames_held=MOST)
SNAPSHOT = Snapshot(START, [["7", "1"]], [])


class Desk:
    """One client on one socket, a caller who waits for books, and the snapshots that REST has."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.venue = FakeVenue()
        self.client: StreamClient = self.venue.client(limits)
        self.books: dict[str, Book] = {}
        self.snapshots: asyncio.Queue[Snapshot] = asyncio.Queue()
        self.latest: Snapshot | None = None
        self.told: list[int | None] = []
        self.callers: list[asyncio.Task[None]] = []

    async def follow(self, *symbols: str, snapshot: Snapshot | None = SNAPSHOT) -> None:
        """Subscribe to books, have callers wait for them, and restore them."""
        for symbol in symbols:
            book = self.books[symbol] = Book(symbol)
            topic = self.want(symbol)
            self.callers.append(asyncio.ensure_future(self._wait(topic, book)))
            if snapshot is not None:
                self.snapshots.put_nowait(snapshot)
        await settled()

    def want(self, symbol: str) -> Topic:
        """The topic of a book."""
        stream, topics = f"depth.{symbol}", self.client.topics
        return self.client.want(
            Topic(BOOK, (symbol,), [stream]),
            {
                stream: lambda: BookFollower(
                    stream, self.books[symbol], partial(topics.publish, BOOK, symbol), self._fetch
                )
            },
        )

    def events(self, stream: str) -> list[Any]:
        """What a stream's events are, as they are taken."""
        taken: list[Any] = []
        self.client.follow(stream, lambda: EventFollower(stream, taken.append))
        return taken

    def hear(self, *texts: str) -> None:
        """One read from the socket."""
        [socket] = self.client._sockets.values()
        self.client.received(socket, texts)

    def follower(self, symbol: str = "A") -> BookFollower:
        """What follows a book."""
        follower = self.client.follower(f"depth.{symbol}")
        assert isinstance(follower, BookFollower)
        return follower

    def nonce(self, symbol: str = "A") -> int | None:
        """How far a book is."""
        return self.books[symbol].nonce

    async def close(self) -> None:
        """End everything."""
        await self.client.close()
        await asyncio.gather(*self.callers)

    async def _fetch(self) -> Snapshot:
        return self.latest or await self.snapshots.get()

    async def _wait(self, topic: Topic, book: Book) -> None:
        with suppress(BadRequest, ExchangeClosedByUser, UnsubscribeError):
            while self.client.topics.get(*topic.key) is topic:
                await topic.wait()
                self.told.append(book.nonce)


@pytest.fixture
async def desk() -> Any:
    desk = Desk()
    await desk.follow("A")
    assert desk.told == [START]
    yield desk
    await desk.close()


def held(client: StreamClient) -> int:
    """How many frames wait."""
    return sum(map(len, client._holding.held.values()))


def depth(update: int, symbol: str = "A") -> str:
    return text_frame(f"depth.{symbol}", U=update, u=update, T=update * 1000, a=[], b=[["9", str(update)]])


def flood(first: int, symbol: str = "A") -> list[str]:
    """So many frames that more is to be expected."""
    return [depth(first + number, symbol) for number in range(FLOOD)]


async def turn() -> None:
    """Everybody who is ready has a turn."""
    await asyncio.sleep(0)


# --- how long ------------------------------------------------------------------------------------------


async def test_a_small_read_is_taken_at_once(desk: Desk) -> None:
    desk.hear(depth(11), depth(12))
    assert desk.nonce() == 12


async def test_frames_of_a_flood_are_taken_with_the_next_read_and_callers_woken_once(desk: Desk) -> None:
    desk.hear(*flood(11))
    assert desk.nonce() == START
    desk.hear(depth(14))
    assert desk.nonce() == 14
    await settled()
    assert desk.told == [START, 14]
    assert desk.follower().gaps == 0


async def test_a_flood_without_another_read_is_taken_within_two_turns(desk: Desk) -> None:
    desk.hear(*flood(11))
    await turn()
    assert desk.nonce() == START
    await turn()
    await turn()
    assert desk.nonce() == 13
    await settled()
    assert desk.told == [START, 13]


async def test_each_read_of_a_flood_is_waited_for_anew(desk: Desk) -> None:
    desk.hear(*flood(11))
    await turn()
    desk.hear(*flood(14))
    await turn()
    assert desk.nonce() == START
    await settled()
    assert desk.nonce() == 16
    assert desk.told == [START, 16]


async def test_no_more_is_held_than_the_limit_allows(desk: Desk) -> None:
    nonces = []
    for first in range(11, 11 + 6 * FLOOD, FLOOD):
        desk.hear(*flood(first))
        nonces.append(desk.nonce())
        assert held(desk.client) < MOST
    assert nonces == [10, 10, 19, 19, 19, 28]


async def test_frames_are_counted_when_they_come(desk: Desk) -> None:
    before = desk.follower().frames
    [socket] = desk.client._sockets.values()
    socket.last_heard = 77.0
    desk.hear(*flood(11))
    assert desk.nonce() == START
    assert desk.follower().frames == before + FLOOD
    assert desk.follower().last_frame == 77.0
    await settled()
    assert desk.follower().frames == before + FLOOD


async def test_books_of_several_markets_are_held_together() -> None:
    desk = Desk()
    await desk.follow("A", "B")
    desk.hear(*flood(11, "A"))
    desk.hear(*flood(11, "B"))
    assert [book.nonce for book in desk.books.values()] == [START, START]
    desk.hear(depth(14, "A"))
    assert [book.nonce for book in desk.books.values()] == [14, 13]
    await desk.close()


# --- what does not wait --------------------------------------------------------------------------------


async def test_what_is_no_book_does_not_wait(desk: Desk) -> None:
    events = desk.events("trade.A")
    desk.hear(*flood(11), text_frame("trade.A", t=1), text_frame("trade.A", t=2))
    assert events == [{"t": 1}, {"t": 2}]
    assert desk.nonce() == START


async def test_who_waits_for_something_else_is_woken_in_a_flood(desk: Desk) -> None:
    topics = desk.client.topics
    topic = desk.client.want(
        Topic(EVENTS, ("A",), ["trade.A"]),
        {"trade.A": lambda: EventFollower("trade.A", lambda _: topics.publish(EVENTS, "A"))},
    )
    waiting = asyncio.ensure_future(topic.wait())
    await turn()
    desk.hear(*flood(11), text_frame("trade.A", t=1))
    await turn()
    assert waiting.done()
    assert desk.nonce() == START


async def test_a_flood_in_which_no_book_is_leaves_nothing_to_be_done(desk: Desk) -> None:
    desk.events("trade.A")
    desk.hear(*(text_frame("trade.A", t=number) for number in range(FLOOD)))
    assert desk.client._holds == 0


async def test_a_book_on_which_a_callback_listens_does_not_wait(desk: Desk) -> None:
    heard: list[int] = []
    listener = desk.client.listen("depth.A", lambda payload: heard.append(payload["u"]))
    desk.hear(*flood(11))
    assert desk.nonce() == 13
    await settled()
    assert heard == [11, 12, 13]
    desk.client.unlisten(listener)
    desk.hear(*flood(14))
    assert desk.nonce() == 13


async def test_a_callback_hears_nothing_that_came_before_it(desk: Desk) -> None:
    heard: list[int] = []
    desk.hear(*flood(11))
    desk.client.listen("depth.A", lambda payload: heard.append(payload["u"]))
    assert desk.nonce() == 13
    desk.hear(depth(14))
    await settled()
    assert heard == [14]


# --- what comes after it -------------------------------------------------------------------------------


async def test_a_book_whose_socket_is_lost_has_taken_what_came_over_it(desk: Desk) -> None:
    [socket] = desk.client._sockets.values()
    desk.hear(*flood(11))
    desk.client.lost(socket)
    await settled()
    assert desk.nonce() is None
    assert not desk.books["A"].has_missed, "nothing of the old connection waits for a snapshot"
    desk.client.concluded(socket, Verdict(("depth.A",), ()))
    desk.snapshots.put_nowait(Snapshot(12, [], []))
    await settled()
    assert desk.nonce() is None, "a snapshot from before what has been heard"
    desk.snapshots.put_nowait(Snapshot(13, [], []))
    await desk.venue.advance(5)
    assert desk.nonce() == 13
    assert None not in desk.told[2:]


async def test_a_subscription_that_is_confirmed_finds_what_came_before(desk: Desk) -> None:
    [socket] = desk.client._sockets.values()
    desk.hear(*flood(11))
    desk.client.concluded(socket, Verdict(("depth.A",), ()))
    assert desk.nonce() == 13


async def test_a_refused_stream_takes_nothing_any_more(desk: Desk) -> None:
    [socket] = desk.client._sockets.values()
    follower = desk.follower()
    desk.hear(*flood(11))
    desk.client.concluded(socket, Verdict((), (("depth.A", Refusal(4006)),)))
    await settled()
    assert desk.client.follower("depth.A") is None
    assert follower.book.nonce is None
    assert not follower.book.has_missed


async def test_an_answer_over_rest_finds_what_came_before_it() -> None:
    desk = Desk()
    await desk.follow("A", snapshot=None)
    desk.hear(depth(11))
    desk.snapshots.put_nowait(Snapshot(START, [], []))
    desk.hear(*flood(12))
    assert held(desk.client) == FLOOD
    await settled()
    assert desk.told == [14]
    await desk.close()


async def test_a_book_that_nobody_wants_any_more_drops_what_is_held(desk: Desk) -> None:
    follower = desk.follower()
    desk.hear(*flood(11))
    desk.client.leave(BOOK, ["A"])
    assert held(desk.client) == 0
    desk.want("A")
    await settled()
    assert follower.book.nonce is None
    assert not desk.books["A"].has_missed, "whoever comes back hears nothing of what came before"


async def test_a_book_that_others_want_still_is_brought_up_to_date(desk: Desk) -> None:
    stream = "depth.A"
    both = desk.client.want(Topic(BOOK, ("A", "B"), [stream]), {stream: desk.follower})
    await both.wait()
    waiting = asyncio.ensure_future(both.wait())
    await settled()
    desk.hear(*flood(11))
    desk.client.leave(BOOK, ["A", "C"])
    await settled()
    assert desk.nonce() == 13
    waiting.cancel()


async def test_a_client_that_is_closed_drops_what_is_held(desk: Desk) -> None:
    follower = desk.follower()
    desk.hear(*flood(20))
    await desk.close()
    await settled()
    assert held(desk.client) == 0
    assert follower.gaps == 0
    assert desk.nonce() is None


async def test_an_audit_starts_from_all_that_has_come(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    follower = desk.follower()
    monkeypatch.setattr(follower, "fetch_every", 60.0)
    began_at: list[int | None] = []
    monkeypatch.setattr(follower, "start_audit", lambda: began_at.append(follower.book.nonce))
    desk.client._restoring.watch(follower)
    await desk.venue.advance(2)
    desk.venue.now += 100
    for _, sleeper in desk.venue._sleepers:
        sleeper.set_result(None)
    desk.hear(*flood(11))
    await turn()
    assert began_at == [13]


async def test_a_frame_that_cannot_be_taken_is_seen_to_though_it_was_held(desk: Desk) -> None:
    desk.hear(*flood(11)[1:], text_frame("depth.A", U="x"))
    desk.snapshots.put_nowait(Snapshot(20, [], []))
    await settled()
    assert desk.client.unreadable == 1
    assert desk.nonce() == 20


# --- whatever happens ----------------------------------------------------------------------------------


def written(delta: Delta) -> str:
    return msgspec.json.encode({"data": delta, "stream": "depth.A"}).decode()


@settings(max_examples=150, deadline=None)
@given(truths(), st.data())
def test_whatever_is_held_callers_see_true_books_only_and_the_last_one_in_the_end(
    truth: Truth, data: st.DataObject
) -> None:
    asyncio.run(_rehearsed(truth, data))


async def _rehearsed(truth: Truth, data: st.DataObject) -> None:
    """Deltas in their order, lost now and then, in reads of any size, between anything else that happens."""
    limits = Limits(frames_of_a_flood=data.draw(st.integers(1, 3)), frames_held=data.draw(st.integers(1, 9)))
    desk = Desk(limits)
    await desk.follow("A", snapshot=truth.snapshot(0))
    book, client = desk.books["A"], desk.client
    [socket] = client._sockets.values()
    heard = 0

    def check() -> None:
        assert held(client) < limits.frames_held
        assert desk.follower().frames == heard
        if book.nonce is not None:
            bids, asks = truth.books[book.nonce]
            assert book.view["bids"] == [list(level) for level in sorted(bids.items(), reverse=True)]
            assert book.view["asks"] == [list(level) for level in sorted(asks.items())]

    def lose() -> None:
        client.lost(socket)
        client.concluded(socket, Verdict(("depth.A",), ()))

    def audit() -> None:
        desk.follower().start_audit()
        client._restoring.begin(desk.follower())

    def answer() -> None:
        past = data.draw(st.sampled_from([0, *(delta.u for delta in truth.deltas)]))
        desk.snapshots.put_nowait(truth.snapshot(past))

    happenings: list[Callable[[], Awaitable[None] | None]] = [turn, settled, lose, audit, answer]
    for read in _reads(truth.deltas, data):
        heard += len(read)
        desk.hear(*map(written, read))
        check()
        for happens in data.draw(st.lists(st.sampled_from(happenings), max_size=3)):
            waiting = happens()
            if waiting is not None:
                await waiting
            check()

    await settled()
    lose()
    desk.latest = truth.snapshot(truth.deltas[-1].u)
    desk.snapshots.put_nowait(desk.latest)  # for who waits for one
    await desk.venue.advance(25)
    check()
    assert book.nonce == truth.deltas[-1].u
    assert desk.follower().disagreements == 0
    await desk.close()


def _reads(deltas: list[Delta], data: st.DataObject) -> Iterator[list[Delta]]:
    """All of them in order, some left out, some several times, in lists of any length."""
    coming = [delta for delta in deltas for _ in range(data.draw(st.sampled_from([1, 1, 1, 1, 0, 2])))]
    while coming:
        count = data.draw(st.integers(1, 4))
        yield coming[:count]
        coming = coming[count:]
