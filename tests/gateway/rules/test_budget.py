"""The account's budget: never over the venue's limit in any minute, whoever leads, and fair."""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from statistics import quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.gateway.publisher.till import USUAL_LIMITS as USUAL
from bpx_connector.gateway.rules.budget import PERMIT_LIFE, Bucket, FairBudget, Granted
from bpx_connector.gateway.rules.lease import LIFETIME
from bpx_connector.gateway.rules.silence import ENOUGH, MARKED_EVERY, OPEN_FOR, Mark, is_whole_again


def most_in_a_minute(times: list[float]) -> int:
    times = sorted(times)
    return max((bisect_left(times, at + 60.0) - index for index, at in enumerate(times)), default=0)


@given(
    st.integers(2, 60).flatmap(lambda limit: st.tuples(st.just(limit), st.integers(1, limit))),
    st.lists(st.floats(1, 90), min_size=1, max_size=5),
    st.floats(0, LIFETIME),
    st.lists(st.floats(0, PERMIT_LIFE), min_size=1, max_size=20),
)
def test_no_minute_sees_more_than_the_limit_across_any_hand_over(
    sizes: tuple[int, int], leads: list[float], overlap: float, delays: list[float]
) -> None:
    """Each gateway takes all that it may; permits are used late; two of them believe to lead for a while."""
    limit, burst = sizes
    sent: list[float] = []
    began = 0.0
    for lead in leads:
        budget: FairBudget[int] = FairBudget(Bucket(limit, burst, began), most_waiting=10_000)
        ends = began + lead + overlap
        now = began
        while now < ends:
            budget.ask("u", 1, now)
            for _ in budget.granted(now):
                sent.append(now + delays[len(sent) % len(delays)])
                budget.ask("u", 1, now)
            now += max(budget.wait(now) or 0.0, 0.05)
        began += lead
    assert most_in_a_minute(sent) <= limit


@given(
    st.integers(2, 60).flatmap(lambda limit: st.tuples(st.just(limit), st.integers(1, limit))),
    st.lists(st.tuples(st.floats(0.5, 70), st.floats(0, 200)), min_size=1, max_size=4),
    st.lists(st.floats(0, PERMIT_LIFE), min_size=1, max_size=20),
    st.lists(st.floats(0, 1.0), min_size=1, max_size=7),
    st.floats(-300, 300),
)
def test_no_minute_sees_more_than_the_limit_though_a_long_silence_fills_the_bucket(
    sizes: tuple[int, int],
    leads: list[tuple[float, float]],
    permits: list[float],
    under_way: list[float],
    jump: float,
) -> None:
    """Leads with pauses between; marks are stored late, the bus's clock may jump once, all is spent."""
    limit, burst = sizes
    sent: list[float] = []
    stored: Mark | None = None
    now = 0.0
    for number, (lead, pause) in enumerate(leads):
        ends, marked = now + lead, 0
        delay = under_way[number % len(under_way)]
        asked_at, now = now, now + delay
        mine = Mark(now + (jump if number else 0.0), asked_at)
        budget: FairBudget[int] = FairBudget(
            Bucket(limit, burst, now, is_whole_again(stored, mine)), most_waiting=10_000
        )
        stored, open_until, next_mark = mine, asked_at + OPEN_FOR, asked_at + MARKED_EVERY
        while now < min(ends, open_until):
            if now >= next_mark:
                marked += 1
                next_mark = now + MARKED_EVERY
                if marked % 5:  # others are lost, and the till closes if too many are
                    stored = Mark(now + (jump if number else 0.0), now)
                    open_until = now + OPEN_FOR
            budget.ask("u", 1, now)
            for _ in budget.granted(now):
                sent.append(now + permits[len(sent) % len(permits)])
                budget.ask("u", 1, now)
            now += min(max(budget.wait(now) or 0.0, 0.05), 0.5)
        now = max(now, ends) + LIFETIME + pause
    assert most_in_a_minute(sent) <= limit


def test_a_long_silence_is_proved_by_both_clocks_or_not_at_all() -> None:
    last = Mark(1_000.0, 5_000.0)
    assert is_whole_again(last, Mark(1_000.0 + ENOUGH, 5_000.0 + ENOUGH))
    assert not is_whole_again(last, Mark(1_000.0 + ENOUGH, 5_000.0 + ENOUGH - 1))
    assert not is_whole_again(last, Mark(1_000.0 + ENOUGH - 1, 5_000.0 + ENOUGH))
    assert not is_whole_again(last, Mark(900.0, 9_000.0))
    assert not is_whole_again(None, Mark(9_000.0, 9_000.0)), "nothing is known"
    assert not is_whole_again(Mark(float("nan"), 0.0), Mark(9e9, 9e9))


def test_a_full_bucket_holds_its_burst_and_no_more() -> None:
    bucket = Bucket(1800, 300, 50.0, is_full=True)
    assert sum(bucket.take(50.0) for _ in range(1000)) == 300


def test_a_new_bucket_is_empty() -> None:
    bucket = Bucket(1800, 300, 50.0)
    assert not bucket.take(50.0)
    assert bucket.wait(50.0) == pytest.approx(1 / bucket.rate)


def test_a_burst_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        Bucket(30, 31, 0.0)


def test_users_are_served_in_rounds() -> None:
    budget: FairBudget[str] = FairBudget(Bucket(1800, 300, 0.0))
    for number in range(5):
        budget.ask("greedy", f"g{number}", 0.0)
    budget.ask("modest", "m0", 0.0)
    assert [one.ticket for one in budget.granted(60.0)] == ["g0", "m0", "g1", "g2", "g3", "g4"]


def test_a_user_with_too_many_waiting_is_refused_and_others_are_not() -> None:
    budget: FairBudget[int] = FairBudget(Bucket(60, 1, 0.0), most_waiting=2)
    assert [budget.ask("a", n, 0.0) for n in range(3)] == [True, True, False]
    assert budget.ask("b", 9, 0.0) and budget.refused == 1


def _crowd(users: int, a_minute: float, minutes: float) -> list[tuple[float, str]]:
    """Questions of modest users, evenly spread, and of a greedy one that asks a hundred times a second."""
    every, count = 60 / a_minute, int(minutes * a_minute)
    modest = [
        (every * turn + every * user / users, f"u{user}") for user in range(users) for turn in range(count)
    ]
    return sorted([*modest, *((index / 100, "greedy") for index in range(int(minutes * 6_000)))])


CROWDS = {
    "49 users of 12 a minute": (1800, 300, 49, 12),
    "49 users of 12 a minute, as the gateway is set": (USUAL.standard, USUAL.standard_burst, 49, 12),
    "1,000 users of one a minute, as the gateway is set": (USUAL.standard, USUAL.standard_burst, 1_000, 1),
}


@pytest.mark.parametrize("crowd", CROWDS)
def test_modest_users_do_not_wait_beside_a_greedy_one(crowd: str) -> None:
    """Five minutes from an empty bucket on: waits at p99 of at most a second, no minute over the limit."""
    limit, burst, users, a_minute = CROWDS[crowd]
    budget: FairBudget[int] = FairBudget(Bucket(limit, burst, 0.0), most_waiting=500)
    waits: list[float] = []
    times: list[float] = []
    now = 0.0
    for at, user in _crowd(users, a_minute, 5):
        while (wait := budget.wait(now)) is not None and now + wait < at:
            now += wait
            _note(list(budget.granted(now)), now, waits, times)
        now = at
        budget.ask(user, 0, now)
        _note(list(budget.granted(now)), now, waits, times)
    assert len(waits) >= users * a_minute * 5 - users
    assert quantiles(waits, n=100)[98] <= 1.0
    assert most_in_a_minute(times) <= limit
    assert all(before <= after for before, after in pairwise(times))


def _note(granted: list[Granted[int]], now: float, waits: list[float], times: list[float]) -> None:
    times.extend([now] * len(granted))
    waits.extend(one.waited for one in granted if one.user != "greedy")
