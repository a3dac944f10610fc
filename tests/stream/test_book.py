"""The sequence of a book: applied, stale or in need of a snapshot, and never a wrong book."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bpx_connector.stream.book import MOST_STALE, Book, Outcome, Snapshot
from bpx_connector.stream.frames import Delta
from tests.support.book_truths import Truth, truths


def delta(first: int, last: int, bids: Any = (), asks: Any = ()) -> Delta:
    return Delta(U=first, u=last, a=list(asks), b=list(bids), T=last * 1000)


def restored(nonce: int = 10, bids: Any = (("99", "1"),), asks: Any = (("101", "1"),)) -> Book:
    book = Book("SOL/USDC")
    assert book.restore(Snapshot(nonce, bids, asks)) is Outcome.APPLIED
    return book


def test_a_new_book_is_unknown_and_says_so() -> None:
    book = Book("SOL/USDC")
    assert not book.is_live
    assert (book.view["nonce"], book.view["bids"], book.view["asks"]) == (None, [], [])


def test_bids_that_the_venue_sends_in_ascending_order_come_out_best_first() -> None:
    book = restored(bids=[["97", "1"], ["98", "2"], ["99", "3"]], asks=[["101", "1"], ["102", "2"]])
    assert book.view["bids"] == [[99.0, 3.0], [98.0, 2.0], [97.0, 1.0]]
    assert book.view["asks"] == [[101.0, 1.0], [102.0, 2.0]]


def test_the_next_delta_is_applied() -> None:
    book = restored()
    assert book.apply(delta(11, 11, bids=[(99.5, 2.0)], asks=[(101.0, 0.0)])) is Outcome.APPLIED
    book.describe()
    assert book.view["bids"] == [[99.5, 2.0], [99.0, 1.0]]
    assert book.view["asks"] == []
    assert (book.view["nonce"], book.view["timestamp"]) == (11, 11)


def test_the_time_of_a_book_is_that_of_its_last_delta() -> None:
    book = restored()
    assert (book.view["timestamp"], book.view["datetime"]) == (None, None)
    book.apply(Delta(U=11, u=11, a=[], b=[], T=1788367435055007))
    book.describe()
    assert (book.view["timestamp"], book.view["datetime"]) == (1788367435055, "2026-09-02T16:43:55.055Z")


def test_a_level_is_the_same_whether_written_with_or_without_decimals() -> None:
    book = restored(bids=[["86700", "1"]])
    book.apply(delta(11, 11, bids=[(86700.0, 0.0)]))
    assert book.view["bids"] == []


def test_a_repeated_delta_is_stale_and_changes_nothing() -> None:
    book = restored()
    book.apply(delta(11, 11, bids=[(99.5, 2.0)]))
    assert book.apply(delta(11, 11, bids=[(99.5, 7.0)])) is Outcome.STALE
    assert book.view["bids"][0] == [99.5, 2.0]


def test_a_book_that_stands_still_is_told_so_as_often_as_it_takes() -> None:
    """A delta of no update, U beyond u, says how far the venue has come: it is not one that came too late."""
    book = restored()
    assert all(book.apply(delta(11, 10)) is Outcome.STALE for _ in range(2 * MOST_STALE))
    assert book.is_live
    assert book.apply(delta(12, 11)) is Outcome.NEED_SNAPSHOT, "an update was lost on the way"


def test_a_delta_past_the_next_one_asks_for_a_snapshot_and_empties_the_book() -> None:
    book = restored()
    assert book.apply(delta(12, 12, bids=[(99.5, 2.0)])) is Outcome.NEED_SNAPSHOT
    assert not book.is_live
    assert (book.view["nonce"], book.view["bids"], book.view["asks"]) == (None, [], [])


def test_a_merged_delta_that_overlaps_what_is_known_is_applied() -> None:
    book = restored()
    assert book.apply(delta(9, 12, bids=[(99.0, 5.0)])) is Outcome.APPLIED
    assert book.nonce == 12


def test_deltas_that_come_before_the_snapshot_are_kept_for_it() -> None:
    book = Book("SOL/USDC")
    for number in (9, 10, 11, 12):
        assert book.apply(delta(number, number, bids=[(90.0 + number, 1.0)])) is Outcome.NEED_SNAPSHOT
    assert book.restore(Snapshot(10, [["99", "1"]], [])) is Outcome.APPLIED
    assert book.nonce == 12
    assert book.view["bids"] == [[102.0, 1.0], [101.0, 1.0], [99.0, 1.0]]


def test_a_snapshot_older_than_the_deltas_does_not_join_and_loses_nothing() -> None:
    book = Book("SOL/USDC")
    book.apply(delta(12, 12, bids=[(99.5, 2.0)]))
    assert book.restore(Snapshot(10, [["99", "1"]], [])) is Outcome.NEED_SNAPSHOT
    assert not book.is_live
    assert book.restore(Snapshot(11, [["99", "1"]], [])) is Outcome.APPLIED
    assert book.nonce == 12


def test_a_snapshot_ahead_of_the_socket_makes_the_late_deltas_stale() -> None:
    book = restored(nonce=20)
    assert book.apply(delta(19, 19, bids=[(1.0, 1.0)])) is Outcome.STALE
    assert book.apply(delta(21, 21)) is Outcome.APPLIED


def test_a_limit_cuts_what_is_returned_and_not_what_is_kept() -> None:
    book = restored(bids=[["97", "1"], ["98", "2"], ["99", "3"]])
    best = book.best(2)
    assert best["bids"] == [[99.0, 3.0], [98.0, 2.0]]
    assert len(book.view["bids"]) == 3
    book.apply(delta(11, 11, bids=[(99.0, 9.0)]))
    assert best["bids"][0] == [99.0, 3.0]
    assert best.limit()["nonce"] == 10
    assert book.best(None) is book.view


def test_nothing_is_kept_beyond_the_end_of_a_cut_snapshot() -> None:
    book = Book("SOL/USDC")
    book.restore(Snapshot(10, [["99", "1"], ["98", "1"]], [["101", "1"]], depth=2))
    book.apply(delta(11, 11, bids=[(97.0, 5.0)], asks=[(150.0, 5.0)]))
    assert book.view["bids"] == [[99.0, 1.0], [98.0, 1.0]]
    assert book.view["asks"] == [[101.0, 1.0], [150.0, 5.0]]


def test_a_cut_side_that_has_been_eaten_up_asks_for_a_snapshot() -> None:
    bids = [[str(100 - number), "1"] for number in range(8)]
    book = Book("SOL/USDC")
    book.restore(Snapshot(10, bids, [], depth=8))
    gone = [(100.0 - number, 0.0) for number in range(7)]
    assert book.apply(delta(11, 11, bids=gone)) is Outcome.NEED_SNAPSHOT
    assert not book.is_live


def test_two_books_agree_as_far_down_as_both_are_known() -> None:
    whole = restored(bids=[["99", "1"], ["98", "1"], ["97", "1"]])
    cut = Book("SOL/USDC")
    cut.restore(Snapshot(10, [["99", "1"], ["98", "1"]], [["101", "1"]], depth=2))
    assert whole.agrees_with(cut)
    cut.apply(delta(11, 11, bids=[(98.0, 2.0)]))
    assert not whole.agrees_with(cut)


@settings(max_examples=300)
@given(truths(), st.data())
def test_any_order_of_deltas_and_snapshots_ends_in_the_true_book_or_in_none(
    truth: Truth, data: st.DataObject
) -> None:
    ends = [0, *(one.u for one in truth.deltas)]
    anything: list[Delta | Snapshot] = [*truth.deltas, *map(truth.snapshot, ends)]
    heard = data.draw(st.lists(st.sampled_from(anything), max_size=25))
    book = Book("X")
    for one in heard:
        outcome = book.apply(one) if isinstance(one, Delta) else book.restore(one)
        assert (outcome is Outcome.NEED_SNAPSHOT) <= (not book.is_live)
        book.describe()
        if book.nonce is None:
            assert (book.view["nonce"], book.view["bids"], book.view["asks"]) == (None, [], [])
            continue
        bids, asks = truth.books[book.nonce]
        assert book.view["bids"] == [list(level) for level in sorted(bids.items(), reverse=True)]
        assert book.view["asks"] == [list(level) for level in sorted(asks.items())]
        assert book.view["nonce"] == book.nonce


@settings(max_examples=100)
@given(truths(), st.randoms(use_true_random=False))
def test_whatever_comes_first_a_late_snapshot_and_all_deltas_end_in_the_last_book(
    truth: Truth, shuffled: Any
) -> None:
    heard = list(truth.deltas)
    shuffled.shuffle(heard)
    book = Book("X")
    for one in heard:
        book.apply(one)
    assert book.restore(truth.snapshot(truth.deltas[-1].u)) is Outcome.APPLIED
    assert book.nonce == truth.deltas[-1].u


# --- what a book has already been -----------------------------------------------------------------------


def snapshot(nonce: int) -> Snapshot:
    return Snapshot(nonce, [["10", "1"]], [["11", "1"]])


def test_a_snapshot_from_before_what_the_book_has_already_been_is_refused() -> None:
    book = Book("SOL/USDC")
    assert book.restore(snapshot(100)) is Outcome.APPLIED
    book.forget()
    assert book.restore(snapshot(99)) is Outcome.NEED_SNAPSHOT
    assert not book.is_live
    assert book.restore(snapshot(100)) is Outcome.APPLIED


def test_a_snapshot_from_before_deltas_that_were_lost_with_the_socket_is_refused() -> None:
    book = Book("SOL/USDC")
    book.apply(Delta(5, 7, [], [], 0))
    book.forget()
    assert book.restore(snapshot(6)) is Outcome.NEED_SNAPSHOT
    assert book.restore(snapshot(7)) is Outcome.APPLIED


def test_a_venue_that_counts_anew_is_believed_in_the_end() -> None:
    book = Book("SOL/USDC")
    assert book.restore(snapshot(1_000_000)) is Outcome.APPLIED
    book.forget()
    outcomes = [book.restore(snapshot(3)) for _ in range(9)]
    assert outcomes == [Outcome.NEED_SNAPSHOT] * 8 + [Outcome.APPLIED]
    assert book.apply(Delta(4, 4, [], [], 0)) is Outcome.APPLIED


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 3)), max_size=12),
    st.sampled_from(["as it came", "ascending", "descending"]),
    st.none() | st.integers(1, 8),
)
def test_a_snapshot_is_the_same_book_in_whatever_order_its_levels_come(
    levels: list[tuple[int, int]], order: str, depth: int | None
) -> None:
    if order != "as it came":
        levels = sorted(dict(levels).items(), reverse=order == "descending")
    texts = [[str(price), str(size)] for price, size in levels]
    book = Book("A")
    book.restore(Snapshot(1, texts, texts, None, depth))
    kept = sorted((price, size) for price, size in dict(levels).items() if size)
    assert book.view["asks"] == [[float(price), float(size)] for price, size in kept]
    assert book.view["bids"] == [[float(price), float(size)] for price, size in reversed(kept)]
    other = Book("A")
    other.restore(Snapshot(1, texts[::-1] if order != "as it came" else texts, texts, None, depth))
    assert book.agrees_with(other)
