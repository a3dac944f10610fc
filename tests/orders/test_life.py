"""An order never moves backwards, and figures are what they are."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.orders.life import (
    are_plain,
    executed_of,
    figure_of,
    further_order,
    is_open,
    moves_forward,
)
from bpx_connector.venue.words import ORDER_STATUS

views = st.fixed_dictionaries(
    {"status": st.sampled_from(sorted(ORDER_STATUS)), "executedQuantity": st.integers(0, 4).map(str)}
)


@pytest.mark.parametrize(("word", "status"), ORDER_STATUS.items())
def test_an_order_is_open_while_the_venue_can_act_on_it(word: str, status: str) -> None:
    assert is_open({"status": word}) == (status == "open" and word != "Triggered")


@given(one=views, other=views)
def test_of_two_views_the_further_one_never_moves_an_order_backwards(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    furthest = further_order(one, other)
    assert furthest in (one, other)
    for older in (one, other):
        assert is_open(older) or not is_open(furthest), "an ended order came back to life"
    if is_open(one) == is_open(other):
        filled = [Decimal(row["executedQuantity"]) for row in (one, other)]
        assert Decimal(furthest["executedQuantity"]) == max(filled)


@given(one=views, other=views)
def test_both_ways_of_asking_who_is_further_give_one_answer(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    moves = moves_forward(is_open(one), executed_of(one), is_open(other), executed_of(other), True)
    assert (further_order(one, other) is other) == (moves or one == other)


@pytest.mark.parametrize("nothing", [None, "", "0", "0.00", "0E-8"])
def test_nothing_is_zero(nothing: Any) -> None:
    assert figure_of(nothing) == 0


@pytest.mark.parametrize("nonsense", ["much", "NaN", "inf", "1_0x", [], {}, object()])
def test_what_is_no_figure_is_refused(nonsense: Any) -> None:
    with pytest.raises(ValueError, match="is no figure"):
        figure_of(nonsense)


@pytest.mark.parametrize(
    ("values", "plain"),
    [
        ([], True),
        ([None, None], True),
        (["1", None, "-0.5", "12345678901234.12345678901234"], True),
        ([""], False),
        (["", "1"], False),
        (["1", ""], False),
        (["1\n"], False),
        (["1", "1e5"], False),
        (["1", " 2"], False),
        ([1.5], False),
        (["123456789012345"], False),
    ],
)
def test_plain_figures_are_known_at_a_look(values: list[Any], plain: bool) -> None:
    assert are_plain(values) is plain
