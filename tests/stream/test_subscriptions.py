"""What a socket carries, what it asks for, and who is to blame for a refusal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.stream.frames import Refusal
from bpx_connector.stream.subscriptions import Batch, Placement, Standing, Subscriptions, Verdict

BAD = Refusal(4006, "Invalid stream")
UNSIGNED = Refusal(4003, "Invalid signature")


def wanting(*streams: str) -> Subscriptions:
    subscriptions = Subscriptions()
    for stream in streams:
        subscriptions.add(stream)
    return subscriptions


def test_what_is_wanted_is_asked_for_in_one_batch_and_confirmed_by_the_pong() -> None:
    subscriptions = wanting("trade.A", "trade.B")
    assert subscriptions.next_batch() == Batch(("trade.A", "trade.B"), False)
    assert subscriptions.next_batch() is None
    assert subscriptions.conclude() == Verdict(("trade.A", "trade.B"), ())
    assert subscriptions.standing("trade.A") is Standing.CONFIRMED
    assert subscriptions.next_batch() is None


def test_what_is_wanted_meanwhile_waits_for_the_verdict() -> None:
    subscriptions = wanting("trade.A")
    subscriptions.next_batch()
    subscriptions.add("trade.B")
    assert subscriptions.next_batch() is None
    subscriptions.conclude()
    assert subscriptions.next_batch() == Batch(("trade.B",), False)


def test_a_refusal_of_one_stream_is_its_own() -> None:
    subscriptions = wanting("nonsense.A")
    subscriptions.next_batch()
    assert subscriptions.refuse(BAD) == Verdict((), ())
    assert subscriptions.conclude() == Verdict((), (("nonsense.A", BAD),))
    assert "nonsense.A" not in subscriptions


def test_a_refusal_of_several_is_traced_to_the_culprit_and_spares_the_others() -> None:
    subscriptions = wanting("trade.A", "nonsense.A", "trade.B")
    confirmed: list[str] = []
    refused: list[tuple[str, Refusal]] = []
    while (batch := subscriptions.next_batch()) is not None:
        if "nonsense.A" in batch.streams:
            subscriptions.refuse(BAD)
        verdict = subscriptions.conclude()
        confirmed += verdict.confirmed
        refused += verdict.refused
    assert confirmed == ["trade.A", "trade.B"]
    assert refused == [("nonsense.A", BAD)]


def test_a_bad_signature_concerns_all_private_streams_of_the_batch() -> None:
    subscriptions = wanting("account.orderUpdate", "account.balanceUpdate")
    assert subscriptions.next_batch() == Batch(("account.orderUpdate", "account.balanceUpdate"), True)
    subscriptions.refuse(UNSIGNED)
    verdict = subscriptions.conclude()
    assert [stream for stream, _ in verdict.refused] == ["account.orderUpdate", "account.balanceUpdate"]


def test_a_refusal_of_nothing_concerns_nobody() -> None:
    assert Subscriptions().refuse(BAD) is None
    assert Subscriptions().conclude() == Verdict((), ())


def test_a_refusal_that_comes_after_the_pong_is_still_understood() -> None:
    subscriptions = wanting("nonsense.A")
    subscriptions.next_batch()
    subscriptions.conclude()
    assert subscriptions.refuse(BAD) == Verdict((), ())
    assert subscriptions.next_batch() == Batch(("nonsense.A",), False, True)
    assert subscriptions.refuse(BAD) == Verdict((), ())
    assert subscriptions.conclude() == Verdict((), (("nonsense.A", BAD),))
    assert len(subscriptions) == 0


def test_an_error_frame_that_comes_late_fails_no_stream_of_which_frames_come() -> None:
    subscriptions = wanting("ticker.A", "ticker.B")
    subscriptions.next_batch()
    subscriptions.hear("ticker.A")
    assert set(subscriptions.conclude().confirmed) == {"ticker.A", "ticker.B"}
    subscriptions.hear("ticker.B")
    assert subscriptions.refuse(BAD) == Verdict((), ())
    assert subscriptions.next_batch() is None
    assert set(subscriptions) == {"ticker.A", "ticker.B"}


def test_an_error_frame_before_the_verdict_is_not_about_a_stream_of_which_frames_come() -> None:
    subscriptions = wanting("ticker.A", "nonsense.A")
    subscriptions.next_batch()
    subscriptions.hear("ticker.A")
    subscriptions.refuse(BAD)
    assert subscriptions.conclude() == Verdict(("ticker.A",), (("nonsense.A", BAD),))


def test_a_quiet_stream_is_tried_again_before_a_late_error_frame_ends_it() -> None:
    subscriptions = wanting("account.orderUpdate")
    subscriptions.next_batch()
    subscriptions.conclude()
    assert subscriptions.refuse(BAD) == Verdict((), ())
    assert subscriptions.next_batch() == Batch(("account.orderUpdate",), True, True)
    assert subscriptions.conclude() == Verdict(("account.orderUpdate",), ())


def test_after_a_late_refusal_of_several_they_are_tried_one_by_one() -> None:
    subscriptions = wanting("trade.A", "nonsense.A")
    subscriptions.next_batch()
    subscriptions.conclude()
    assert subscriptions.refuse(BAD) == Verdict((), ())
    assert subscriptions.next_batch() == Batch(("trade.A",), False, is_trial=True)
    subscriptions.conclude()
    assert subscriptions.next_batch() == Batch(("nonsense.A",), False, is_trial=True)
    subscriptions.refuse(BAD)
    assert subscriptions.conclude() == Verdict((), (("nonsense.A", BAD),))


def test_public_and_private_streams_are_never_in_one_frame() -> None:
    subscriptions = wanting("trade.A", "account.orderUpdate")
    assert subscriptions.next_batch() == Batch(("trade.A",), False)
    subscriptions.conclude()
    assert subscriptions.next_batch() == Batch(("account.orderUpdate",), True)


def test_after_a_loss_everything_is_asked_for_again() -> None:
    subscriptions = wanting("trade.A", "trade.B")
    subscriptions.next_batch()
    subscriptions.conclude()
    subscriptions.lose()
    assert subscriptions.next_batch() == Batch(("trade.A", "trade.B"), False)


@pytest.mark.parametrize(("is_asked", "must_be_told"), [(False, False), (True, True)])
def test_the_venue_is_told_only_of_what_it_has_been_asked_for(is_asked: bool, must_be_told: bool) -> None:
    subscriptions = wanting("trade.A")
    if is_asked:
        subscriptions.next_batch()
    assert subscriptions.remove("trade.A") is must_be_told


def test_a_stream_that_has_left_and_come_back_is_not_confirmed_by_the_old_batch() -> None:
    subscriptions = wanting("trade.A")
    subscriptions.next_batch()
    subscriptions.remove("trade.A")
    subscriptions.add("trade.A")
    assert subscriptions.conclude() == Verdict((), ())
    assert subscriptions.next_batch() == Batch(("trade.A",), False)


@given(st.integers(1, 5), st.lists(st.sampled_from(["account.x", *"abcdefghij"]), unique=True))
def test_no_socket_carries_more_than_it_may_and_private_streams_are_apart(
    most: int, streams: list[str]
) -> None:
    placement = Placement(most)
    sockets: dict[int, set[str]] = {}
    for stream in streams:
        number = placement.place(stream)
        assert placement.place(stream) == number
        sockets.setdefault(number, set()).add(stream)
    for number, carried in sockets.items():
        assert len(carried) <= most
        assert set(placement.subscriptions(number)) == carried
        assert len({stream.startswith("account.") for stream in carried}) == 1


def test_an_emptied_socket_takes_new_streams_or_is_dropped() -> None:
    placement = Placement(2)
    number = placement.place("a")
    assert placement.remove("a") == (number, False)
    assert placement.remove("a") is None
    assert placement.is_empty(number)
    assert placement.place("b") == number
    placement.remove("b")
    placement.drop(number)
    assert placement.place("c") != number
