"""Public trades."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.callers import Caller
from tests.support.made_up import BEGINNING, EXCHANGE, SPOT


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
        return {"id": identity, "timestamp": BEGINNING + time, **words}


@pytest.mark.parametrize("is_lively", [False, True])
@pytest.mark.parametrize("count", [0, 999, 1001, 12_345])
@pytest.mark.parametrize("place", [0.0, 0.4, 0.95])
@pytest.mark.parametrize("limit", [None, 3, 2500])
def test_a_since_gives_the_first_trades_at_or_after_it_however_far_back(
    count: int, place: float, limit: int | None, is_lively: bool
) -> None:
    tape = Tape([10 * (number // 3) for number in range(count)], is_lively=is_lively)
    since = round(place * 10 * (count // 3))
    found = EXCHANGE.answered_by(tape).fetch_trades(SPOT, BEGINNING + since, limit)
    wanted = [identity for identity in range(1, count + 1) if 10 * ((identity - 1) // 3) >= since][
        : limit or 1000
    ]
    assert [int(one["id"] or 0) for one in found][: len(wanted)] == wanted
    assert tape.calls <= 20


@pytest.mark.parametrize("until", [0, 10, 20_000, 41_140, 10**9])
def test_an_until_gives_the_newest_trades_before_it(until: int) -> None:
    tape = Tape([10 * (number // 3) for number in range(12_345)], is_lively=False)
    found = EXCHANGE.answered_by(tape).fetch_trades(SPOT, None, 50, {"until": BEGINNING + until})
    wanted = [identity for identity in range(1, 12_346) if 10 * ((identity - 1) // 3) <= until][-50:]
    assert [int(one["id"] or 0) for one in found] == wanted


def test_more_trades_than_an_answer_holds_come_from_the_history() -> None:
    tape = Tape([10 * number for number in range(5000)], is_lively=True)
    found = EXCHANGE.answered_by(tape).fetch_trades(SPOT, None, 2500)
    ids = [int(one["id"] or 0) for one in found]
    assert ids == list(range(ids[0], ids[0] + 2500))
    assert len(ids) == 2500


@pytest.mark.parametrize("is_lively", [False, True])
def test_many_trades_take_little_more_than_the_least_requests(is_lively: bool) -> None:
    tape = Tape([10 * (number // 3) for number in range(30_000)], is_lively=is_lively)
    since = 10 * 2_000  # 24,000 trades from here to the newest
    found = EXCHANGE.answered_by(tape).fetch_trades(SPOT, BEGINNING + since, None, {"paginate": True})
    ids = [int(one["id"] or 0) for one in found]
    assert ids == list(range(6_001, ids[-1] + 1))
    assert ids[-1] >= 30_000
    assert tape.calls <= 24 * 1.5


def test_a_page_is_found_though_many_trades_have_come_since_the_one_before() -> None:
    tape = Tape([10 * number for number in range(9_000)], is_lively=False)
    exchange = EXCHANGE.answered_by(tape)
    first = exchange.fetch_trades(SPOT, BEGINNING + 10_000, 900)
    tape.times[:0] = [10 * number for number in range(13_999, 8_999, -1)]
    later = exchange.fetch_trades(SPOT, first[-1]["timestamp"], 900)
    ids = [int(one["id"] or 0) for one in (*first, *later)]
    assert ids == [*range(1_001, 1_901), *range(1_900, 2_800)]


def test_a_page_is_whole_where_ids_are_missing() -> None:
    tape = Tape([10 * number for number in range(9_000)], is_lively=False)
    gaps = {
        **{number: number + 1 for number in range(2_500)},
        **{number: number + 51 for number in range(2_500, 9_000)},
    }
    row = tape.row
    tape.row = lambda identity, time: row(gaps[identity - 1], time)  # type: ignore[method-assign]
    found = EXCHANGE.answered_by(tape).fetch_trades(SPOT, BEGINNING + 10_000, None, {"paginate": True})
    ids = [int(one["id"] or 0) for one in found]
    assert ids == [gaps[number] for number in range(1_000, 9_000)]
