"""The answer to a question for a book: exact, and honest about where knowledge ends."""

from __future__ import annotations

import json
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.gateway.rules.snapshots import depth_answer, level_text

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
