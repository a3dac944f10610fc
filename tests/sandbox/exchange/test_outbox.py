"""What a command tells: its events in engine order, when its books are balanced and not before."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bpx_connector.sandbox.records.events import BalanceChanged, DepthChanged, Event, OrderChanged
from bpx_connector.sandbox.records.orders import ASK, BID, LIMIT, OrderRequest
from bpx_connector.sandbox.records.refusals import Refusal
from tests.support.venues import OTHER_PERP, PERP, SPOT, Floor


@pytest.fixture
def floor() -> Floor:
    return Floor()


def test_nobody_is_called_before_the_books_are_balanced(floor: Floor) -> None:
    floor.ask(floor.alice, PERP, price=150, quantity=1)
    sums: set[Any] = set()

    def look(_: Event) -> None:
        held = sum(account.position_quantity(PERP) for account in floor.venue.ledger.accounts.values())
        sums.add((held, floor.venue.ledger.total("USDC"), floor.venue.open_interest(PERP)))

    before = floor.venue.ledger.total("USDC")
    floor.venue.listeners.append(look)
    floor.bid(floor.bob, PERP, price=150, quantity=1)
    assert sums == {(0, before, 1)}


def test_a_command_answers_the_events_that_its_listeners_hear(floor: Floor) -> None:
    floor.ask(floor.alice, price=150, quantity=1)
    floor.events.clear()
    request = OrderRequest(symbol=SPOT, side=BID, order_type=LIMIT, price=Decimal(150), quantity=Decimal(2))
    done = floor.venue.execute(floor.bob, request, floor.now)
    assert done.events == floor.events
    assert [event.kind for event in done.events if isinstance(event, OrderChanged)] == [
        "orderAccepted",
        "orderFill",
        "orderFill",
    ]
    assert done.result.status == "PartiallyFilled"


def test_what_a_trigger_does_belongs_to_the_command_that_set_it_off(floor: Floor) -> None:
    floor.ask(floor.alice, price=151, quantity=1)
    waiting = floor.ask(
        floor.bob, order_type="Market", trigger_price=140, trigger_quantity="1", trigger_by="IndexPrice"
    )
    floor.bid(floor.alice, price=139, quantity=1)
    events = floor.venue.set_index(SPOT, Decimal(139), floor.now)
    assert waiting.status == "Triggered"
    assert [event.kind for event in events if isinstance(event, OrderChanged)] == [
        "orderAccepted",
        "orderFill",
        "orderFill",
    ]


def test_only_what_has_changed_is_told(floor: Floor) -> None:
    floor.events.clear()
    floor.ask(floor.alice, price=151, quantity=1)
    assert {event.symbol for event in floor.seen(DepthChanged)} == {SPOT}
    assert [(e.account_id, e.asset) for e in floor.seen(BalanceChanged)] == [(floor.alice.id, "SOL")]


def test_books_are_told_in_the_order_of_the_listing(floor: Floor) -> None:
    dora = floor.venue.open_account("dora", floor.now, funds={"USDC": Decimal(100_000)})
    floor.ask(floor.alice, OTHER_PERP, price=90_000, quantity=5)
    floor.bid(dora, OTHER_PERP, price=90_000, quantity=5)
    floor.bid(dora, OTHER_PERP, price=80_000, quantity="0.1")
    floor.bid(dora, PERP, price=149, quantity=1)
    floor.venue.set_index(OTHER_PERP, Decimal(71_000), floor.now)
    events = floor.venue.tick(floor.now + 1_000_000)
    assert dora.liquidating
    assert [event.symbol for event in events if isinstance(event, DepthChanged)] == [PERP, OTHER_PERP]


def test_a_refused_command_tells_nothing(floor: Floor) -> None:
    floor.events.clear()
    with pytest.raises(Refusal):
        floor.place(floor.alice, SPOT, ASK, price=151, quantity=10**9)
    assert floor.events == []


def test_opening_an_account_looks_at_no_market(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    for market in floor.venue.markets.values():
        monkeypatch.setattr(market, "book_events", lambda now: pytest.fail("nothing rests anywhere"))
    floor.venue.open_account("dora", floor.now)
