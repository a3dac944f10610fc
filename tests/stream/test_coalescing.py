"""Reads wait only where frames come thick and fast, and never for more than a moment."""

from __future__ import annotations

import pytest

from bpx_connector.stream.coalescing import ENOUGH, USUAL_PAUSE, Coalescing


def pauses(coalescing: Coalescing, apart: float, reads: int, frames: int = 1) -> list[float]:
    """What each of so many reads is followed by, so many seconds apart, each of so many frames."""
    return [coalescing.pause_after(frames, 100 + read * apart) for read in range(reads)]


def test_in_a_flood_the_next_read_waits() -> None:
    told = pauses(Coalescing(), 0.00005, 1_000)
    assert set(told) == {0.0, USUAL_PAUSE}
    assert told.index(USUAL_PAUSE) <= 401, "after two spans at the latest it is certain"
    assert set(told[401:]) == {USUAL_PAUSE}


@pytest.mark.parametrize("a_second", [1, 2_000, 5_000, 9_000])
def test_below_it_none_does(a_second: int) -> None:
    assert set(pauses(Coalescing(), 1 / a_second, 1_000)) == {0.0}


def test_reads_that_bring_much_wait_for_nothing() -> None:
    assert set(pauses(Coalescing(), 0.0005, 1_000, ENOUGH)) == {0.0}


def test_it_goes_on_while_reads_wait_and_ends_with_the_flood() -> None:
    coalescing = Coalescing()
    assert pauses(coalescing, 0.001, 100, 20)[-1] == USUAL_PAUSE
    assert coalescing.pause_after(1, 200) == 0.0
    assert coalescing.pause_after(1, 200.1) == 0.0


def test_no_pause_is_none() -> None:
    assert set(pauses(Coalescing(0), 0.00005, 1_000)) == {0.0}
