"""Budgets that no order of calls can overdraw."""

from __future__ import annotations

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.call.pacing import MOST_ACCOUNTS, WINDOW, Pacing, RollingBudget, Spacing, shared_pacing


def test_calls_within_the_budget_go_at_once() -> None:
    budget = RollingBudget(3)
    assert [budget.reserve(now) for now in (0, 1, 2)] == [0, 0, 0]


def test_the_call_after_the_last_one_waits_until_the_first_leaves_the_window() -> None:
    budget = RollingBudget(3)
    for now in (0, 10, 20):
        budget.reserve(now)
    assert budget.reserve(30) == WINDOW - 30
    assert budget.reserve(30) == WINDOW - 20


def test_a_budget_that_was_left_alone_is_whole_again() -> None:
    budget = RollingBudget(2)
    budget.reserve(0)
    budget.reserve(0)
    assert budget.reserve(WINDOW) == 0


def test_a_budget_below_one_still_lets_one_call_go() -> None:
    budget = RollingBudget(0)
    assert budget.reserve(0) == 0
    assert budget.reserve(0) == WINDOW


@given(st.integers(1, 5), st.lists(st.integers(0, 40_000), max_size=40))
def test_no_window_ever_holds_more_than_the_budget(requests: int, pauses: list[int]) -> None:
    budget, now, sent = RollingBudget(requests), 0.0, []
    for pause in pauses:
        now += pause
        sent.append(now + budget.reserve(now))
    for first in sent:
        assert sum(first <= moment < first + WINDOW for moment in sent) <= requests
    assert sent == sorted(sent)


@given(st.lists(st.integers(0, 40_000), max_size=30))
def test_nobody_waits_longer_than_the_calls_before_him_make_him(pauses: list[int]) -> None:
    budget, now, sent = RollingBudget(2), 0.0, [float("-inf")] * 2
    for pause in pauses:
        now += pause
        goes_at = now + budget.reserve(now)
        assert goes_at == max(now, sent[-2] + WINDOW)
        sent.append(goes_at)


def test_budgets_of_one_account_are_apart() -> None:
    pacing = Pacing()
    assert pacing.wait("historical", 1, 0) == 0
    assert pacing.wait("historical", 1, 0) == WINDOW
    assert pacing.wait("standard", 1, 0) == 0


def test_a_changed_budget_counts_from_the_next_call() -> None:
    pacing = Pacing()
    assert pacing.wait("standard", 1, 0) == 0
    assert pacing.wait("standard", 2, 0) == 0
    assert pacing.wait("standard", 2, 0) == WINDOW


@pytest.mark.parametrize(
    ("other", "is_shared"),
    [(("host", "key"), True), (("host", "other"), False), (("elsewhere", "key"), False)],
)
def test_an_account_has_one_pacing_on_each_host(other: tuple[str, str], is_shared: bool) -> None:
    first = shared_pacing("host", "key")
    assert (shared_pacing(*other) is first) == is_shared


def test_a_budget_outlives_the_object_that_used_it() -> None:
    shared_pacing("host", "left").wait("standard", 1, 0)
    gc.collect()
    assert shared_pacing("host", "left").wait("standard", 1, 0) == WINDOW


def test_only_accounts_that_ask_for_nothing_any_more_are_forgotten() -> None:
    busy = shared_pacing("host", "busy")
    busy.wait("standard", 1, 100_000)
    idle = shared_pacing("host", "idle")
    idle.wait("standard", 1, 0)
    for number in range(MOST_ACCOUNTS):
        shared_pacing("host", str(number), lambda: 100_001.0)
    assert shared_pacing("host", "busy") is busy
    assert shared_pacing("host", "idle") is not idle


def test_a_place_that_is_given_back_is_free_again() -> None:
    pacing = Pacing()
    assert pacing.wait("historical", 1, 0.1) == 0
    waits = [pacing.wait("historical", 1, 0.1) for _ in range(90)]
    for wait in waits:
        pacing.give_back("historical", 0.1 + wait)
    assert pacing.wait("historical", 1, 0.1) == WINDOW


@given(st.integers(1, 3), st.lists(st.tuples(st.integers(0, 40_000), st.booleans()), max_size=40))
def test_no_window_holds_more_than_the_budget_whoever_gives_up(
    requests: int, calls: list[tuple[int, bool]]
) -> None:
    budget, now, sent = RollingBudget(requests), 0.0, []
    for pause, is_given_up in calls:
        now += pause
        wait = budget.reserve(now)
        if is_given_up and wait > 0:
            budget.give_back(now + wait)
        else:
            sent.append(now + wait)
    for first in sent:
        assert sum(first <= moment < first + WINDOW for moment in sent) <= requests


def test_calls_are_as_far_apart_as_asked() -> None:
    spacing = Spacing()
    assert [spacing.reserve(500, 0), spacing.reserve(500, 0), spacing.reserve(500, 100)] == [0, 500, 900]
    spacing.give_back(500, 1000)
    assert spacing.reserve(500, 100) == 900
    assert spacing.reserve(500, 5000) == 0
