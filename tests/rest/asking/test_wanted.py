"""Which order is the one that was sent: by its client id, what it shows, and when it was created."""

from __future__ import annotations

from typing import Any

import pytest
from ccxt.base.errors import BadResponse

from bpx_connector.rest.asking.enquiries import Sent
from bpx_connector.rest.asking.wanted import Wanted, wanted_of

STAMP = 1_788_285_244_000
SENT = Sent(at=1000.0, stamp=STAMP, recv_window=5000)
ASKED = {"symbol": "SOL_USDC", "clientId": 7, "side": "Bid", "price": "50", "quantity": "1"}


def wanted(**asked: Any) -> Wanted:
    [found] = wanted_of([ASKED | asked], SENT, {7: frozenset({"old"})})
    return found


def row(**changes: Any) -> dict[str, Any]:
    shown = {
        "id": "1",
        "clientId": 7,
        "side": "Bid",
        "price": "50.00",
        "quantity": "1.0",
        "createdAt": STAMP + 5,
    }
    return shown | changes


def test_an_order_that_shows_what_was_asked_for_is_it() -> None:
    assert wanted().rows_in([row(), row(clientId=8), row(clientId=None)]) == [row()]
    assert not wanted().needs_clock([row()])
    assert wanted().among([row()]).orders == {7: row()}


@pytest.mark.parametrize("change", [{"id": "old"}, {"createdAt": STAMP - 120_001}])
def test_an_order_that_was_known_or_is_far_too_old_is_another_one(change: dict[str, Any]) -> None:
    assert wanted().rows_in([row(**change)]) == []


def test_a_fill_of_an_order_that_was_known_says_nothing() -> None:
    fill = {"orderId": "old", "clientId": "7", "price": "49", "timestamp": "2026-09-01T17:54:04.094"}
    assert wanted().rows_in([fill]) == []
    assert wanted().rows_in([fill | {"orderId": "1"}]) != []


@pytest.mark.parametrize(
    "change", [{"price": "51"}, {"quantity": "2"}, {"side": "Ask"}, {"triggerPrice": "3"}]
)
def test_an_order_that_shows_something_else_is_in_doubt_until_the_clock_tells(change: dict[str, Any]) -> None:
    told = wanted(triggerPrice="4") if "triggerPrice" in change else wanted()
    other = row(**change)
    assert told.needs_clock([other])
    seen = told.among([other])
    assert not seen.orders
    assert seen.doubtful == {7}
    # The venue's clock says now + 200 when 100 have passed since the order was sent.
    known = told.by_clock(STAMP + 200, asked_at=1100.0, answered_at=1150.0)
    assert known.clock == pytest.approx((STAMP + 50, STAMP + 100))
    assert not known.needs_clock([other])
    newer = row(**change, createdAt=STAMP + 100)
    assert known.among([newer]).orders == ({} if "side" in change else {7: newer})
    assert known.among([row(**change, createdAt=STAMP + 99)]).doubtful == {7}
    assert known.rows_in([row(**change, createdAt=STAMP - 1001)]) == []


def test_one_clock_alone_makes_no_order_older() -> None:
    ours_is_ahead = wanted().by_clock(STAMP - 60_000, asked_at=1100.0, answered_at=1100.0)
    theirs_runs_faster = wanted().by_clock(STAMP + 60_000, asked_at=1100.0, answered_at=1100.0)
    assert ours_is_ahead.needs_clock([]) is False
    assert ours_is_ahead.among(ours_is_ahead.rows_in([row(createdAt=STAMP - 60_050)])).orders
    assert theirs_runs_faster.among(theirs_runs_faster.rows_in([row()])).orders


def test_when_a_call_began_is_the_earliest_that_its_order_was_sent() -> None:
    waited = wanted()._replace(sent=SENT._replace(at=5000.0))  # for the budget, or another call has signed
    assert waited.by_clock(STAMP, asked_at=6000.0, answered_at=6010.0).clock == pytest.approx(
        (STAMP - 5010, STAMP - 1000)
    )


def test_of_several_that_could_be_it_the_newest_is() -> None:
    rows = [row(id="2", createdAt=STAMP + 9), row(id="3", createdAt=STAMP + 3)]
    assert wanted().among(rows).orders == {7: rows[0]}
    assert wanted().among(rows[::-1]).orders == {7: rows[0]}


def test_of_client_ids_of_our_own_nothing_else_is_looked_at() -> None:
    [own] = wanted_of([ASKED], SENT, {})
    assert own.among([row(price="51", side="Ask")]).orders
    assert own.client_ids == {7}
    assert own.without([7]).client_ids == frozenset()


@pytest.mark.parametrize("quantity", ["80%", None, "0", 0])
def test_a_size_that_says_nothing_is_no_other_one(quantity: Any) -> None:
    assert wanted(quantity="80%").among([row(quantity=quantity)]).orders
    assert wanted().among([row(quantity=quantity)]).orders


@pytest.mark.parametrize("rows", [{}, None, [{"clientId": "x"}], ["what"], [None]])
def test_what_cannot_be_read_could_be_the_order(rows: Any) -> None:
    with pytest.raises(BadResponse):
        wanted().rows_in(rows)
