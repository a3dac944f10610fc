"""Each part of a gateway by itself, with nothing of the others but what it is given."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from bpx_connector.gateway.bus.connection import UnansweredError
from bpx_connector.gateway.bus.subjects import Subjects
from bpx_connector.gateway.publisher.announcing import Announcing
from bpx_connector.gateway.publisher.auditing import Auditing
from bpx_connector.gateway.publisher.completeness import FILLS_A_PAGE, Completeness
from bpx_connector.gateway.publisher.following import Following
from bpx_connector.gateway.publisher.leading import Leading
from bpx_connector.gateway.publisher.outlet import Outlet
from bpx_connector.gateway.publisher.settings import Settings
from bpx_connector.gateway.publisher.venue import Answer, Trouble
from bpx_connector.gateway.rules.heads import Standing
from bpx_connector.gateway.rules.wants import Wants
from bpx_connector.stream.book import Snapshot
from bpx_connector.stream.link import Link
from tests.support.gateways import until
from tests.support.links import FakeVenue, settled, text_frame

NET = Subjects("t")


class Clock:
    """Time as a test has it."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def nothing(message: str, error: BaseException | None) -> None:
    """A report that nobody reads."""


# --- following --------------------------------------------------------------------------------------------


class Told:
    """A listener that notes what it is told."""

    def __init__(self) -> None:
        self.notes: list[Any] = []

    def begin(self) -> None:
        self.notes.append("begin")

    def frame(self, stream: str, text: str) -> None:
        self.notes.append(("frame", stream))

    def event(self, stream: str, text: str) -> None:
        self.notes.append(("event", stream))

    def gone(self, stream: str) -> None:
        self.notes.append(("gone", stream))

    def lost(self, streams: Sequence[str]) -> None:
        self.notes.append(("lost", list(streams)))


class Source:
    """The venue's streams through connections that the test speaks into."""

    shown: Any = None

    def __init__(self) -> None:
        self.venue = FakeVenue()
        self.shown = self.venue

    async def connect(self) -> Link:
        return await self.venue.tools().connect()

    def signature(self) -> list[str]:
        return ["key", "signature", "time", "window"]

    def now(self) -> float:
        return 1_000.0


async def no_snapshot(market: str) -> Snapshot:
    raise AssertionError("nothing is asked here")


async def a_snapshot(market: str) -> Snapshot:
    return Snapshot(7, [["90", "1"]], [["91", "1"]], None, 1000)


async def test_streams_are_followed_as_long_as_somebody_wants_them() -> None:
    source, told, clock = Source(), Told(), Clock()
    following = Following(source, Wants(["account.orderUpdate"]), a_snapshot, told, clock, nothing)
    following.begin()
    try:
        source.venue.refused["nothing.A"] = 4006
        refused = await following.want(["trade.A", "nothing.A", "account.orderUpdate", "account.rfqUpdate"])
        assert refused.keys() == {"nothing.A", "account.rfqUpdate"}
        await until(lambda: following.streams_on == 2)
        source.venue.link.say(
            text_frame("trade.A", t=1), text_frame("account.orderUpdate", i="1"), text_frame("trade.B", t=1)
        )
        await settled()
        assert told.notes[-3:] == ["begin", ("frame", "trade.A"), ("event", "account.orderUpdate")]
        clock.at += 1_000
        following.drop_lapsed()
        assert following.streams == 1 and not following.is_on("trade.A")
        assert following.is_on("account.orderUpdate")
    finally:
        await following.close()


async def test_a_frame_that_is_not_understood_costs_nobody_anything_but_itself() -> None:
    class Strict(Told):
        def event(self, stream: str, text: str) -> None:
            super().event(stream, json.loads(text)["data"]["s"])

    source, told = Source(), Strict()
    reports: list[str] = []
    following = Following(
        source,
        Wants(["account.orderUpdate"]),
        no_snapshot,
        told,
        Clock(),
        lambda message, error: reports.append(message),
    )
    following.begin()
    try:
        await until(lambda: following.streams_on == 1)
        source.venue.link.say(
            text_frame("account.orderUpdate"), text_frame("account.orderUpdate", s="A"), text_frame("trade.B")
        )
        await settled()
        assert told.notes == ["begin", ("event", "account.orderUpdate")]
        assert reports == ["a frame of account.orderUpdate is not understood"] and following.streams_on == 1
    finally:
        await following.close()


async def test_streams_that_go_together_are_told_of_once() -> None:
    source, told = Source(), Told()
    following = Following(source, Wants(["trade.A", "trade.B"]), no_snapshot, told, Clock(), nothing)
    following.begin()
    try:
        await until(lambda: following.streams_on == 2)
        assert sorted(following.younger_than(1.0)) == ["trade.A", "trade.B"]
        source.venue.link.cut()
        await until(lambda: ("lost", ["trade.A", "trade.B"]) in told.notes)
        assert sorted(note for note in told.notes if note[0] == "gone") == [
            ("gone", "trade.A"),
            ("gone", "trade.B"),
        ]
    finally:
        await following.close()


async def test_a_books_answer_and_standing_are_those_of_its_snapshot() -> None:
    source = Source()
    following = Following(source, Wants(["depth.A"]), a_snapshot, Told(), Clock(), nothing)
    following.begin()
    try:
        assert following.book("A", 10) is None
        await until(following.standings)
        assert following.standings()[0][:2] == ("depth.A", 7)
        assert json.loads(following.book("A", 10) or b"")["lastUpdateId"] == "7"
    finally:
        await following.close()


# --- leading ----------------------------------------------------------------------------------------------


class Lessor:
    """The bus as the lease sees it: a number to be named."""

    def __init__(self) -> None:
        self.last = 0
        self.is_silent = False

    async def store(
        self, subject: str, payload: bytes, seconds: float, identity: Any = None, expected: Any = None
    ) -> int | None:
        if self.is_silent:
            raise UnansweredError("no answer")
        if expected != self.last:
            return None
        self.last += 1
        return self.last


async def test_a_lead_begins_once_and_ends_when_it_is_not_renewed() -> None:
    clock, store, notes = Clock(), Lessor(), []

    async def began() -> None:
        notes.append("began")

    leading = Leading("a", "lease", clock, began, lambda: notes.append("ended"), nothing)
    await leading.step(store)
    assert notes == ["began"] and leading.leads() and leading.takeovers == 1
    clock.at += 0.3
    await leading.step(store)
    assert notes == ["began"] and store.last == 2, "renewed"
    store.is_silent = True
    for _ in range(4):
        clock.at += 0.3
        await leading.step(store)
    assert not leading.leads() and notes[-1] == "ended"


async def test_of_two_one_leads() -> None:
    clock, store = Clock(), Lessor()

    async def began() -> None:
        return None

    pair = [Leading(name, "lease", clock, began, lambda: None, nothing) for name in "ab"]
    for one in pair:
        await one.step(store)
    assert [one.leads() for one in pair] == [True, False]
    assert pair[1].lease.is_refused


# --- announcing -------------------------------------------------------------------------------------------


def test_only_who_leads_says_something() -> None:
    clock = Clock()
    outlet = Outlet(NET, "main", clock)
    said: list[tuple[str, Any]] = []
    outlet.say = lambda subject, payload, *rest: said.append((subject, json.loads(payload)))  # type: ignore[method-assign]
    announcing = Announcing(Settings("t", "a"), outlet, lambda: 9, clock, lambda: 5.0)
    standings = [Standing("depth.A", 4, 0.0)]

    def everything() -> None:
        announcing.beats()
        announcing.heads(standings)
        announcing.lost(["depth.A"])
        announcing.lost([])

    everything()
    assert said == []
    outlet.lead()
    everything()
    subjects = [subject for subject, _ in said]
    desks = ("md", "main")
    assert subjects == [*map(NET.beat, desks), NET.frame("depth.A"), *map(NET.control, desks)]
    assert said[0][1] == {"gateway": "a", "epoch": 9, "time": 5000}
    assert said[-1][1] == {"lost": ["depth.A"]} and announcing.heads_said == 1


def test_a_crowd_that_comes_is_greeted_once() -> None:
    clock = Clock()
    outlet = Outlet(NET, "main", clock)
    said: list[str] = []
    outlet.say = lambda subject, *rest: said.append(subject)  # type: ignore[method-assign]
    outlet.lead()
    announcing = Announcing(Settings("t", "a", account=None), outlet, lambda: 1, clock, lambda: 5.0)
    for _ in range(100):
        announcing.greet()
        clock.at += 0.001
    assert said == [NET.beat("md")] * 5


# --- completeness -----------------------------------------------------------------------------------------


class Book:
    """What is stored: marks and fills."""

    def __init__(self, mark: str | None) -> None:
        self.mark = mark
        self.fills: list[str] = []
        self.unstored = 0

    async def last_stored(self, log: str, subject: str) -> bytes | None:
        return None if self.mark is None else self.mark.encode()

    def store(self, subject: str, payload: bytes, *rest: Any) -> Any:
        if subject == NET.mark("main"):
            self.mark = payload.decode()
            return settled()
        assert subject == "bpx.t.acct.main.fill.A"
        self.fills.append(json.loads(payload)["data"]["tradeId"])
        return None


class History:
    """The venue's fills, and what was asked for."""

    def __init__(self, count: int) -> None:
        self.rows = [{"symbol": "A", "tradeId": str(number)} for number in range(count)]
        self.asked: list[dict[str, Any]] = []
        self.status = 200

    async def read(self, user: str, path: str, params: dict[str, Any]) -> Answer | Trouble:
        self.asked.append(params)
        first = params["offset"]
        page = self.rows[first : first + params["limit"]]
        return Answer(self.status, json.dumps(page).encode())


def completeness(book: Book, history: History, clock: Clock, hears: list[bool]) -> Completeness:
    return Completeness("main", NET, book, history.read, lambda: hears[0], clock, lambda: clock.at, nothing)


async def test_fills_since_the_mark_are_stored_however_many_and_then_a_later_mark() -> None:
    clock, book, history = Clock(), Book("90000"), History(FILLS_A_PAGE + 5)
    complete = completeness(book, history, clock, [True])
    await complete.step(book)
    assert len(book.fills) == FILLS_A_PAGE + 5 == complete.backfilled
    assert [params["from"] for params in history.asked] == [89_000, 89_000], "with an overlap"
    await complete.step(book)
    assert book.mark == "97000"
    book.unstored, clock.at = 1, 200.0
    await complete.step(book)
    assert book.mark == "97000", "not while something waits to be stored"


async def test_without_a_mark_nothing_is_asked_and_one_is_made() -> None:
    clock, book, history = Clock(), Book(None), History(3)
    await completeness(book, history, clock, [True]).step(book)
    assert (book.mark, history.asked, book.fills) == ("100000", [], [])


@pytest.mark.parametrize("trouble", ["history fails", "orders are not heard"])
async def test_no_mark_is_made_while_it_is_not_known(trouble: str) -> None:
    clock, book, history = Clock(), Book("90000"), History(0)
    hears = [trouble != "orders are not heard"]
    history.status = 503 if trouble == "history fails" else 200
    complete = completeness(book, history, clock, hears)
    for _ in range(3):
        clock.at += 10
        await complete.step(book)
    assert book.mark == "90000"
    history.status, hears[0] = 200, True
    await complete.step(book)
    await complete.step(book)
    assert book.mark == "127000"


# --- auditing ---------------------------------------------------------------------------------------------


async def test_what_an_audit_finds_twice_is_told() -> None:
    orders: list[dict[str, Any]] = []
    doubted: list[Sequence[str]] = []

    async def read(user: str, path: str, params: dict[str, Any]) -> Answer | Trouble:
        return Answer(200, json.dumps({"api/v1/orders": orders, "api/v1/capital": {}}.get(path, [])).encode())

    auditing = Auditing(read, lambda stream: True, doubted.append)
    await auditing.audit()
    orders.append({"id": "1", "executedQuantity": "0"})
    await auditing.audit()
    assert auditing.doubts == 0, "an answer and the stream are never of the same moment"
    await auditing.audit()
    assert (auditing.audits, auditing.doubts, doubted) == (9, 1, [["account.orderUpdate"]])


async def test_nothing_is_audited_that_is_not_heard() -> None:
    async def read(user: str, path: str, params: dict[str, Any]) -> Answer | Trouble:
        raise AssertionError("nobody leads")

    auditing = Auditing(read, lambda stream: False, lambda streams: None)
    await auditing.audit()
    assert auditing.audits == 0
    await asyncio.sleep(0)
