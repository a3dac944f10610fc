"""What is published at a takeover, and that no loss on the way can make a live book wrong."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.gateway.rules.heads import Heads, Standing, head_frame
from bpx_connector.gateway.rules.ring import Ring
from bpx_connector.stream.book import Book, Outcome
from bpx_connector.stream.frames import Delta, delta_of, stream_of
from tests.support.book_truths import Truth, truths


def test_the_ring_gives_what_is_young_in_its_order_and_once() -> None:
    ring = Ring(seconds=2.5)
    for second in range(6):
        ring.add(float(second), f"s{second}", b"x")
    assert [heard.subject for heard in ring.take(5.4)] == ["s3", "s4", "s5"]
    assert ring.take(5.4) == []


@given(st.lists(st.floats(0, 10), min_size=1), st.floats(0, 2.5))
def test_the_ring_loses_nothing_that_is_younger_than_its_seconds(times: list[float], later: float) -> None:
    ring, times = Ring(), sorted(times)
    for at in times:
        ring.add(at, "s", b"")
    now = times[-1] + later
    assert [heard.at for heard in ring.take(now)] == [at for at in times if at >= now - 2.5]


def test_a_head_is_due_after_a_second_without_a_frame_and_once_a_second() -> None:
    heads = Heads()
    quiet, busy = Standing("depth.A", 7, 10.0), Standing("depth.B", 9, 11.5)
    assert heads.due(11.9, [quiet, busy]) == [quiet]
    assert heads.due(12.4, [quiet, busy]) == []
    assert heads.due(12.4, [quiet, busy], all_of_them=True) == [quiet, busy]


def test_a_head_names_its_market_whatever_the_window() -> None:
    for stream in ("depth.SOL_USDC", "depth.200ms.SOL_USDC", "depth.AMZN.US_USDC_PERP"):
        text = head_frame(stream, 41, 5).decode()
        assert stream_of(text) == stream
        assert delta_of(text) == Delta(U=42, u=41, a=[], b=[], T=5)
        assert f'"s":"{stream.removeprefix("depth.").removeprefix("200ms.")}"' in text


@given(truths(), st.data())
def test_a_live_book_is_the_venues_whatever_is_lost_or_said_twice(truth: Truth, data: st.DataObject) -> None:
    """Frames come twice, late, by two gateways, or not at all; heads and snapshots come at any time."""
    book, published = Book("A"), list(truth.deltas)
    ends = [0, *(delta.u for delta in published)]
    for _ in range(data.draw(st.integers(1, 30))):
        match data.draw(st.sampled_from(["delta", "head", "snapshot", "cut"])):
            case "delta":
                book.apply(data.draw(st.sampled_from(published)))
            case "head":
                nonce = data.draw(st.sampled_from(ends))
                book.apply(delta_of(head_frame("depth.A", nonce, nonce * 1000).decode()))
            case "snapshot":
                book.restore(truth.snapshot(data.draw(st.sampled_from(ends))))
            case _:
                book.forget()
        if book.nonce is not None:
            bids, asks = truth.books[book.nonce]
            assert {level[0]: level[1] for level in book.view["bids"]} == bids
            assert {level[0]: level[1] for level in book.view["asks"]} == asks


@given(truths())
def test_a_lost_last_update_is_noticed_by_the_next_head(truth: Truth) -> None:
    book = Book("A")
    book.restore(truth.snapshot(0))
    for delta in truth.deltas[:-1]:
        assert book.apply(delta) is Outcome.APPLIED
    last = truth.deltas[-1].u
    assert book.apply(delta_of(head_frame("depth.A", last, 1).decode())) is Outcome.NEED_SNAPSHOT
    assert book.restore(truth.snapshot(last)) is Outcome.APPLIED
    assert book.apply(delta_of(head_frame("depth.A", last, 1).decode())) is Outcome.STALE
