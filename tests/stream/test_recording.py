"""Cassettes by themselves: what a player plays when, and which answer it gives to which request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bpx_connector.stream.frames import subscribe_frame, unsubscribe_frame
from bpx_connector.stream.link import Pong
from bpx_connector.stream.recording import Player, Recorded
from bpx_connector.tape import NotOnTape, TapeEnded, TapeWriter
from tests.support.links import FakeLink, FakeVenue, settled, text_frame
from tests.support.listeners import until


def cassette(path: Path, *lines: dict[str, Any]) -> Player:
    header = {"cassette": 1, "source": "a test"}
    path.write_text("\n".join(json.dumps(line) for line in (header, *lines)), encoding="utf-8")
    return Player(path)


def frame(stream: str, number: int, at: float = 0.0) -> dict[str, Any]:
    return {"at": at, "socket": 0, "venue": text_frame(stream, n=number)}


def answer(request: str, content: Any, at: float = 0.0) -> dict[str, Any]:
    return {"at": at, "request": request, "answer": content}


def answered(player: Player, request: str) -> Any:
    return json.loads(player.answers.answer(*request.split(" ")).text)


class Reader:
    """Reads a link of a player, and keeps what came."""

    def __init__(self, link: Any) -> None:
        self.link = link
        self.texts: list[str] = []
        self.others: list[Any] = []
        self._task = asyncio.ensure_future(self._read())

    @property
    def numbers(self) -> list[int]:
        return [json.loads(text)["data"]["n"] for text in self.texts]

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _read(self) -> None:
        while True:
            self.others.append(await self.link.read(self._take))

    def _take(self, texts: Sequence[str]) -> None:
        self.texts += texts


async def test_frames_come_in_their_order_once_their_stream_is_subscribed(tmp_path: Path) -> None:
    player = cassette(tmp_path / "a", frame("A", 1), frame("B", 2), frame("A", 3))
    reader = Reader(await player.connect())
    await settled()
    assert reader.texts == []
    await reader.link.send(subscribe_frame(["A"]))
    await settled()
    assert reader.numbers == [1, 3]
    ended = [player.has_ended]
    await reader.link.send(subscribe_frame(["B"]))
    await settled()
    assert reader.numbers == [1, 3, 2]
    assert [*ended, player.has_ended] == [False, True]
    await reader.stop()


async def test_what_is_unsubscribed_is_not_played_on(tmp_path: Path) -> None:
    player = cassette(tmp_path / "a", *(frame("A", number) for number in range(100)))
    reader = Reader(await player.connect())
    await reader.link.send(subscribe_frame(["A"]))
    await until(lambda: reader.texts)
    await reader.link.send(unsubscribe_frame(["A"]))
    await settled()
    heard = len(reader.texts)
    assert heard < 100
    await settled()
    assert len(reader.texts) == heard
    await reader.stop()


async def test_a_frame_that_was_said_after_an_answer_waits_for_the_question(tmp_path: Path) -> None:
    player = cassette(tmp_path / "a", frame("A", 1), answer("GET /x", {"y": 1}), frame("A", 2))
    reader = Reader(await player.connect())
    await reader.link.send(subscribe_frame(["A"]))
    await settled()
    await reader.link.ping(b"hello")
    await settled()
    assert reader.numbers == [1]
    assert reader.others == [Pong(b"hello")]
    assert answered(player, "GET /x") == {"y": 1}
    await settled()
    assert reader.numbers == [1, 2]
    await reader.stop()


async def test_a_question_that_nobody_asks_is_waited_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bpx_connector.stream.recording.ANSWER_ASKED_WITHIN", 0.01)
    player = cassette(tmp_path / "a", answer("GET /x", 1), frame("A", 1), frame("A", 2))
    reader = Reader(await player.connect())
    await reader.link.send(subscribe_frame(["A"]))
    await until(lambda: player.has_ended)
    await settled()
    assert reader.numbers == [1, 2]
    assert answered(player, "GET /x") == 1
    await reader.stop()


def test_answers_come_in_order_and_the_last_one_for_ever(tmp_path: Path) -> None:
    player = cassette(tmp_path / "a", answer("GET /x", [1]), answer("GET /x", [2]))
    assert [answered(player, "GET /x") for _ in range(4)] == [[1], [2], [2], [2]]


def test_a_time_in_a_query_may_be_another_but_nothing_else(tmp_path: Path) -> None:
    player = cassette(
        tmp_path / "a", answer("GET /fills?from=1&limit=5", "five"), answer("GET /depth?symbol=A", "A")
    )
    assert answered(player, "GET /fills?limit=5&from=99") == "five"
    with pytest.raises(
        LookupError, match=r"no answer to GET /depth\?symbol=B; it has answers to: GET /depth"
    ):
        answered(player, "GET /depth?symbol=B")


async def test_with_a_speed_the_distances_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a"
    cassette(path, frame("A", 1, 1.0), frame("A", 2, 1.5), frame("A", 3, 3.5))
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    player = Player(path, 2.0, sleep)
    reader = Reader(await player.connect())
    await reader.link.send(subscribe_frame(["A"]))
    await settled()
    assert reader.numbers == [1, 2, 3]
    assert pauses == [0.25, 1.0]
    await reader.stop()


async def test_both_sides_are_recorded_with_their_times_and_without_the_signature(tmp_path: Path) -> None:
    now = 10.0
    writer = TapeWriter(tmp_path / "a", "a test", clock=lambda: now)
    fake = FakeLink(FakeVenue())

    class Fake:
        async def connect(self) -> Any:
            return fake

        async def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
            return {"y": 1}

    source = Recorded(Fake(), writer)
    link: Any = await source.connect()
    now = 10.5
    await link.send(subscribe_frame(["account.x"], ["my key", "my signature", "1", "5000"]))
    assert await source.fetch("https://host/x") == {"y": 1}
    writer.close()
    writer.frame(0, "venue", "late")
    header, said = map(json.loads, (tmp_path / "a").read_text().splitlines())
    assert header == {"cassette": 1, "source": "a test"}
    assert (said["at"], said["socket"]) == (0.5, 0)
    assert json.loads(said["client"])["signature"] == ["<public key>", "<signature>", "1", "5000"]
    assert fake.sent[0]["signature"][0] == "my key"


async def test_a_stream_that_is_not_on_the_tape_never_comes_and_is_named(tmp_path: Path) -> None:
    player = cassette(tmp_path / "a", frame("A", 1))
    reader = Reader(await player.connect())
    await reader.link.send(subscribe_frame(["A", "B"]))
    await settled()
    [(stream, error)] = reader.others
    assert (stream, type(error)) == ("B", NotOnTape)
    assert str(error) == f"the stream B is not on the tape {tmp_path / 'a'}; it has: A"
    assert reader.numbers == [1]
    await reader.stop()


async def test_after_the_last_frame_the_link_says_that_it_is_quiet_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bpx_connector.stream.recording.QUIET_FOR", 0.001)
    player = cassette(tmp_path / "a", frame("A", 1))
    reader = Reader(await player.connect())
    await reader.link.send(subscribe_frame(["A"]))
    await until(lambda: len(reader.others) > 2)
    assert reader.numbers == [1]
    [(stream, error)] = reader.others[0].errors.items()
    assert (stream, type(error)) == ("A", TapeEnded)
    assert "has ended: nothing more of A is on it" in str(error)
    await reader.stop()
