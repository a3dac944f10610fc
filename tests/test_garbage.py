"""When the garbage collector works: not while a long answer is read, and as before afterwards."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from bpx_connector.garbage import freeze_garbage, uncollected


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    was_enabled = gc.isenabled()
    yield
    (gc.enable if was_enabled else gc.disable)()


@uncollected
def reading(fails: bool = False) -> bool:
    """Whether the collector works meanwhile."""
    if fails:
        raise ValueError("not to be read")
    return gc.isenabled()


def test_the_collector_waits_while_an_answer_is_read_and_works_afterwards() -> None:
    gc.enable()
    assert not reading()
    assert gc.isenabled()


def test_the_collector_works_after_an_answer_that_cannot_be_read() -> None:
    gc.enable()
    with pytest.raises(ValueError, match="not to be read"):
        reading(fails=True)
    assert gc.isenabled()


def test_a_program_that_has_switched_the_collector_off_finds_it_off() -> None:
    gc.disable()
    assert not reading()
    assert not gc.isenabled()


def test_reading_within_reading_switches_nothing_on_too_soon() -> None:
    @uncollected
    def outer() -> bool:
        reading()
        return gc.isenabled()

    gc.enable()
    assert not outer()
    assert gc.isenabled()


def test_what_is_frozen_is_not_looked_at_again() -> None:
    before = gc.get_freeze_count()
    try:
        assert freeze_garbage() > before
        assert len(gc.get_objects()) < 1000
    finally:
        gc.unfreeze()
