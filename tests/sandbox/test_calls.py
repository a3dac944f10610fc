"""How far an order travels: a bound on the calls of the sandbox's own functions."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from tests.support.desk import LocalDesk


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Calls of functions of the sandbox in the block, by name."""
    calls: Counter[str] = Counter()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and "bpx_connector/sandbox" in frame.f_code.co_filename.replace("\\", "/"):
            calls[frame.f_code.co_qualname] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(before)


def test_the_calls_of_an_order_do_not_grow_with_the_markets() -> None:
    """They were 392 with all markets, 104 of them to ask 26 markets whether they had changed."""
    desk = LocalDesk(speed=0)
    seller, buyer = desk.client(1), desk.client(2)
    price = str(desk.venue.depth("SOL_USDC", 1).asks[0][0] - desk.venue.rules["SOL_USDC"].tick)
    for _ in range(2):
        seller.order("SOL_USDC", "Ask", price=price, quantity="1")
        with counted() as calls:
            assert buyer.order("SOL_USDC", "Bid", price=price, quantity="1")["status"] == "Filled"
    assert calls["Market.book_events"] == 1
    assert calls.total() <= 290, calls.most_common()


def test_a_new_key_costs_no_look_at_the_markets() -> None:
    """It was 2,115 calls, 1,352 of them polling."""
    desk = LocalDesk(speed=0)
    client = desk.client(3)
    with counted() as calls:
        client.order("SOL_USDC", "Bid", price="80.00", quantity="1")
    assert calls["Market.book_events"] == 1
    assert calls.total() <= 480, calls.most_common()
