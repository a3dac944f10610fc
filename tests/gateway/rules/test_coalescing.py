"""Equal questions are asked once; nobody gets an answer that was asked for before its question."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.gateway.rules.coalescing import Coalescing

ACTIONS = st.lists(st.sampled_from(["ask", "send", "answer"]), max_size=60)


@given(ACTIONS)
def test_no_answer_is_older_than_the_question_it_is_for_and_everybody_gets_one(actions: list[str]) -> None:
    asking: Coalescing[str, int] = Coalescing()
    sent_at, to_be_sent, asked, answered = 0, False, 0, set[int]()
    for time, action in enumerate(actions, start=1):
        if action == "ask":
            to_be_sent |= asking.ask("key", time)
            asked += 1
        elif action == "send" and to_be_sent and not sent_at:
            asking.sent("key")
            to_be_sent, sent_at = False, time
        elif action == "answer" and sent_at:
            askers, again = asking.answered("key")
            assert all(asker < sent_at for asker in askers)
            assert not answered & set(askers)
            answered |= set(askers)
            to_be_sent, sent_at = to_be_sent or again, 0
    while to_be_sent or sent_at:
        if not sent_at:
            asking.sent("key")
            to_be_sent, sent_at = False, 1
        askers, to_be_sent = asking.answered("key")
        answered |= set(askers)
        sent_at = 0
    assert len(answered) == asked, "somebody was never answered"


def test_a_thousand_askers_cost_two_requests() -> None:
    asking: Coalescing[str, int] = Coalescing()
    requests = 0
    for asker in range(1000):
        requests += asking.ask("key", asker)
        if asker == 0:
            asking.sent("key")
    askers, again = asking.answered("key")
    assert askers == [0] and again
    requests += again
    asking.sent("key")
    askers, again = asking.answered("key")
    assert len(askers) == 999 and not again and requests == 2
    assert asking.spared == 998


def test_questions_that_differ_are_asked_apart() -> None:
    asking: Coalescing[str, int] = Coalescing()
    assert asking.ask("a", 1) and asking.ask("b", 2)
    asking.sent("a")
    asking.sent("b")
    assert asking.answered("a") == ([1], False)


def test_those_whose_question_cannot_be_asked_are_forgotten() -> None:
    asking: Coalescing[str, int] = Coalescing()
    asking.ask("a", 1)
    asking.ask("a", 2)
    assert asking.dropped("a") == [1, 2]
    assert asking.ask("a", 3), "the next one starts anew"
