"""The answer to a question for a book: exact, and honest about where knowledge ends."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.gateway.rules.snapshots import depth_answer, level_text, packed_answer, unpacked

DECIMALS = (
    st.decimals(Decimal("1e-12"), Decimal(10) ** 12, places=12)
    .map(lambda number: number.normalize())
    .filter(lambda number: len(number.as_tuple().digits) <= 15)
)


@given(DECIMALS)
def test_a_level_is_the_decimal_that_it_was_read_from(number: Decimal) -> None:
    text = level_text(float(number))
    assert Decimal(text) == number and "e" not in text.lower()


def test_sides_are_written_as_the_venue_writes_them() -> None:
    bids, asks = [[10.0, 1.0], [9.5, 2.0]], [[11.0, 3.0]]
    answer = json.loads(depth_answer(77, bids, asks, 5, 1000, None))
    assert answer == {
        "asks": [["11.0", "3.0"]],
        "bids": [["9.5", "2.0"], ["10.0", "1.0"]],
        "lastUpdateId": "77",
        "timestamp": 5,
        "limit": 1000,
    }


def test_a_side_that_was_cut_says_so() -> None:
    bids = [[float(100 - index), 1.0] for index in range(50)]
    asks = [[float(101 + index), 1.0] for index in range(80)]
    answer = json.loads(depth_answer(1, bids, asks, None, 1000, 50))
    assert answer["limit"] == 50
    assert len(answer["asks"]) == 50 and answer["bids"][-1] == ["100.0", "1.0"]


LEVELS = st.lists(st.tuples(DECIMALS.map(float), DECIMALS.map(float)), max_size=30)


@given(
    st.integers(0, 2**60),
    LEVELS,
    LEVELS,
    st.none() | st.integers(0, 2**60),
    st.integers(1, 40),
    st.none() | st.integers(0, 40),
)
def test_packed_a_book_is_what_it_is_in_words(
    update: int,
    bids: list[tuple[float, float]],
    asks: list[tuple[float, float]],
    time: int | None,
    limit: int,
    known: int | None,
) -> None:
    words = json.loads(depth_answer(update, bids, asks, time, limit, known))
    book = unpacked(packed_answer(update, bids, asks, time, limit, known))
    assert (str(book.update), book.microseconds, book.limit) == (
        words["lastUpdateId"],
        words["timestamp"],
        words["limit"],
    )
    assert [list(map(level_text, level)) for level in book.asks] == words["asks"]
    assert [list(map(level_text, level)) for level in reversed(book.bids)] == words["bids"]


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"x" * 33, packed_answer(1, [[1.0, 1.0]], [], None, 5, None)[:-8]]
)
def test_what_was_not_packed_is_no_book(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"packed|multiple|argument"):
        unpacked(body)
