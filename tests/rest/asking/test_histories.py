"""A history is read page by page, and no row is lost or doubled while new ones arrive."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from ccxt.base.errors import BadRequest
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.rest.asking.histories import RowsRead, Span, asked_span, history_rows


def row(number: int) -> dict[str, Any]:
    return {"at": number, "id": str(number)}


class Growing:
    """A history of numbered rows, newest first, that grows before each further page."""

    def __init__(self, rows: int, arrivals: list[int]) -> None:
        self.rows = [row(number) for number in range(rows)]
        self.arrivals = list(arrivals)
        self.asked: list[dict[str, Any]] = []

    def page(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        if self.asked and self.arrivals:
            self.rows += [row(len(self.rows) + more) for more in range(self.arrivals.pop(0))]
        self.asked.append(request)
        newest_first = self.rows[::-1]
        return newest_first[request["offset"] : request["offset"] + request["limit"]]


def result_of(steps: Generator[Any, Any, list[Any]]) -> list[Any]:
    value: Any = None
    try:
        while True:
            value = steps.send(value)
    except StopIteration as stop:
        return list(stop.value)


def rows_of(history: Growing, span: Span, **more: Any) -> list[int]:
    found = result_of(history_rows(history.page, {}, span, lambda one: int(one["at"]), **more))
    return [one["at"] for one in found]


@given(st.integers(0, 4500), st.lists(st.integers(0, 1200), max_size=6))
def test_every_row_comes_once_however_many_arrive_between_the_pages(rows: int, arrivals: list[int]) -> None:
    history = Growing(rows, arrivals)
    assert rows_of(history, Span(is_whole=True)) == list(range(rows))


def test_rows_that_are_equal_on_one_page_are_different_rows() -> None:
    same = {"at": 5, "id": "same"}
    assert result_of(history_rows(lambda _: [same, same], {}, Span(), lambda one: int(one["at"]))) == [
        same,
        same,
    ]


def test_without_a_limit_one_page_is_read() -> None:
    history = Growing(2500, [])
    assert rows_of(history, Span()) == list(range(1500, 2500))
    assert len(history.asked) == 1


def test_no_more_rows_are_asked_for_than_are_wanted() -> None:
    history = Growing(2500, [])
    assert rows_of(history, Span(limit=7)) == list(range(2493, 2500))
    assert [request["limit"] for request in history.asked] == [7]


def test_with_since_the_first_rows_from_then_on() -> None:
    history = Growing(2500, [3, 3, 3])
    assert rows_of(history, Span(since=700, limit=4)) == [700, 701, 702, 703]


def test_until_leaves_out_what_came_later() -> None:
    history = Growing(2500, [])
    assert rows_of(history, Span(until=900, limit=3)) == [898, 899, 900]
    assert rows_of(history, Span(since=10, until=12)) == [10, 11, 12]


def test_rows_that_are_not_wanted_do_not_count() -> None:
    history = Growing(2500, [])
    assert rows_of(history, Span(limit=2), is_wanted=lambda one: one["at"] % 1000 == 0) == [1000, 2000]


def test_a_row_that_changes_is_known_by_its_id() -> None:
    old, changed = {"id": "1", "mark": "5"}, {"id": "1", "mark": "6"}
    read_by_id = RowsRead(lambda one: str(one["id"]))
    assert (read_by_id.take([old]), read_by_id.take([changed])) == ([old], [])
    read_whole = RowsRead()
    assert (read_whole.take([old]), read_whole.take([changed])) == ([old], [changed])


def test_a_caller_with_an_offset_gets_that_page() -> None:
    history = Growing(50, [])
    found = result_of(
        history_rows(history.page, {"offset": 10, "limit": 5}, Span(), lambda one: int(one["at"]))
    )
    assert [one["at"] for one in found] == [35, 36, 37, 38, 39]


def test_ccxts_arguments_become_a_span_and_what_is_left_goes_out() -> None:
    span, rest = asked_span("f()", 5, 6, {"until": 9, "paginate": True, "paginationCalls": 3, "source": "x"})
    assert (span, rest) == (Span(5, 6, 9, True), {"source": "x"})
    assert asked_span("f()", None, None, {}, usual=100)[0] == Span(limit=100)
    assert asked_span("f()", 5, None, {}, usual=100)[0] == Span(since=5)


@pytest.mark.parametrize("wrong", [{"since": -1}, {"limit": 0}, {"params": {"until": "x"}}])
def test_wrong_arguments_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        asked_span("f()", wrong.get("since"), wrong.get("limit"), wrong.get("params", {}))
