"""Guards at work on each class: what is read, what is sent, and that nothing goes past them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from ccxt.base.errors import BadRequest, BaseError, InvalidOrder, NetworkError, OperationRejected

from tests.support.canned import CannedVenue
from tests.support.samples import SAMPLES
from tests.support.scripted_orders import view
from tests.support.trading import SOL, SWAP

Canned = Callable[..., CannedVenue]

POSITION = json.loads((SAMPLES / "rest" / "get_api_v1_position.short.json").read_text())["payload"][0]
DEPTH = {
    "asks": [["101", "5"], ["102", "5"]],
    "bids": [["98", "5"], ["99", "5"]],
    "lastUpdateId": "1",
    "timestamp": 1,
}
ORDER = "POST /api/v1/order"


def row(**changes: Any) -> dict[str, Any]:
    """An order as the venue's document has it."""
    return view(selfTradePrevention="RejectTaker", **changes)


def venue(canned: Canned, guards: Any, **answers: Any) -> CannedVenue:
    """A venue that takes every order, with a position, open orders and a book."""
    known = {
        ORDER: lambda params: row(**{key: params[key] for key in ("symbol", "side")}),
        "POST /api/v1/orders": lambda orders: [{"operation": "Ok", **row()} for _ in orders],
        "DELETE /api/v1/order": row(status="Cancelled"),
        "GET /api/v1/depth": DEPTH,
        "GET /api/v1/position": [],
        "GET /api/v1/orders": [],
        "GET /api/v1/order": row(),
    }
    return canned({**known, **answers}, {"options": {"guards": guards}})


def asked(of: CannedVenue) -> list[str]:
    return [row.call for row in of.asked]


def test_without_guards_nothing_is_asked_beside_the_order(canned: Canned) -> None:
    calm = venue(canned, None)
    calm.call("create_order", SOL, "limit", "buy", 2, 100)
    assert asked(calm) == [ORDER]


def test_an_order_within_its_limits_is_sent(canned: Canned) -> None:
    calm = venue(canned, {"largestOrder": 2, "largestNotional": 200, "ordersPerMinute": 5})
    calm.call("create_order", SOL, "limit", "buy", 2, 100)
    assert asked(calm) == [ORDER]


@pytest.mark.parametrize(
    ("guards", "order", "read"),
    [
        ({"largestOrder": 1}, ("limit", "buy", 2, 100), []),
        ({"largestNotional": 199}, ("limit", "buy", 2, 100), []),
        ({"largestNotional": 201}, ("market", "buy", 2), ["GET /api/v1/depth"]),
        ({"furthestFromBook": 0.01}, ("limit", "buy", 2, 110), ["GET /api/v1/depth"]),
        ({"ordersPerMinute": 0}, ("limit", "buy", 2, 100), []),
        ({"cancelOnly": True}, ("limit", "buy", 2, 100), []),
    ],
)
def test_an_order_beyond_a_limit_stays_here(
    canned: Canned, guards: dict[str, Any], order: tuple[Any, ...], read: list[str]
) -> None:
    stern = venue(canned, guards)
    with pytest.raises(
        (InvalidOrder, OperationRejected), match=f"bpx guard {next(iter(guards))}: .*not sent"
    ):
        stern.call("create_order", SOL, *order)
    assert asked(stern) == read


def test_the_position_and_the_open_orders_count(canned: Canned) -> None:
    short = {**POSITION, "symbol": "SOL_USDC_PERP", "netQuantity": "-3"}
    open_order = row(symbol="SOL_USDC_PERP", side="Ask", quantity="2", executedQuantity="1")
    answers = {"GET /api/v1/position": [short], "GET /api/v1/orders": [open_order]}
    stern = venue(canned, {"largestPosition": 5}, **answers)
    with pytest.raises(InvalidOrder, match=r"position of -3 could become -6, beyond 5: 1 is on its way"):
        stern.call("create_order", SWAP, "limit", "sell", 2, 100)
    assert ORDER not in asked(stern)
    stern.call("create_order", SWAP, "limit", "sell", 1, 100)
    stern.call("create_order", SWAP, "limit", "buy", 8, 100)
    assert asked(stern).count(ORDER) == 2


def test_a_batch_is_refused_whole_by_the_first_order_beyond_a_limit(canned: Canned) -> None:
    stern = venue(canned, {"largestPosition": 3})
    row = {"symbol": SWAP, "type": "limit", "side": "buy", "amount": 2, "price": 100}
    with pytest.raises(InvalidOrder, match="could become 4, beyond 3"):
        stern.call("create_orders", [row, row])
    assert "POST /api/v1/orders" not in asked(stern)
    stern.call("create_orders", [row])


def test_an_edit_that_would_be_refused_cancels_nothing(canned: Canned) -> None:
    stern = venue(canned, {"largestOrder": 1})
    with pytest.raises(InvalidOrder, match="guard largestOrder"):
        stern.call("edit_order", "1", SOL, "limit", "buy", 2, 100)
    assert asked(stern) == []


def test_an_edit_does_not_count_the_order_it_replaces(canned: Canned) -> None:
    old = row(symbol="SOL_USDC_PERP", id="7", quantity="3", executedQuantity="0")
    ended = {**old, "status": "Cancelled"}
    left = iter([[old], []])
    answers = {"GET /api/v1/orders": lambda _: next(left), "DELETE /api/v1/order": ended}
    stern = venue(canned, {"largestPosition": 3}, **answers)
    stern.call("edit_order", "7", SWAP, "limit", "buy", 3, 100)
    assert asked(stern).count(ORDER) == 1


def test_the_venues_own_methods_do_not_go_past_the_guards(canned: Canned) -> None:
    stern = venue(canned, {"largestOrder": 1})
    body = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "quantity": "2", "price": "100"}
    for name in ("private_post_api_v1_order", "privatePostApiV1Order"):
        with pytest.raises(InvalidOrder, match="guard largestOrder"):
            stern.call(name, body)
    assert asked(stern) == []


@pytest.mark.parametrize("guards", [{"largestOrder": 1}, {"cancelOnly": True}])
def test_ccxts_fetch2_does_not_go_past_the_guards(canned: Canned, guards: Any) -> None:
    stern = venue(canned, guards)
    body = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "quantity": "2", "price": "100"}
    with pytest.raises((InvalidOrder, OperationRejected), match="guard"):
        stern.call("fetch2", "api/v1/order", "private", "POST", body)
    assert asked(stern) == []


def test_an_order_is_measured_once_whichever_way_it_goes(canned: Canned) -> None:
    calm = venue(canned, {"ordersPerMinute": 2})
    body = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "quantity": "2", "price": "100"}
    calm.call("fetch2", "api/v1/order", "private", "POST", body)
    calm.call("create_order", SOL, "limit", "buy", 2, 100)
    with pytest.raises(BaseError, match="ordersPerMinute"):
        calm.call("fetch2", "api/v1/order", "private", "POST", body)
    assert asked(calm) == [ORDER, ORDER]


def test_the_kill_switch_leaves_cancellations_and_reads(canned: Canned) -> None:
    stopped = venue(canned, {"cancelOnly": True})
    stopped.call("cancel_order", "1", SOL)
    stopped.call("fetch_open_orders", SOL)
    with pytest.raises(OperationRejected, match="cancelOnly"):
        stopped.call("withdraw", "USDC", 5, "address", {"network": "SOL"})
    assert asked(stopped) == ["DELETE /api/v1/order", "GET /api/v1/orders"]


def test_the_kill_switch_is_thrown_while_at_work(canned: Canned) -> None:
    at_work = venue(canned, None)
    at_work.call("create_order", SOL, "limit", "buy", 2, 100)
    at_work.caller.exchange.options["guards"] = {"cancelOnly": True}
    with pytest.raises(OperationRejected):
        at_work.call("create_order", SOL, "limit", "buy", 2, 100)
    assert asked(at_work) == [ORDER]


def test_orders_a_minute_are_counted_batches_by_their_orders(canned: Canned) -> None:
    stern = venue(canned, {"ordersPerMinute": 3})
    row = {"symbol": SOL, "type": "limit", "side": "buy", "amount": 2, "price": 100}
    stern.call("create_orders", [row, row])
    stern.call("create_order", SOL, "limit", "buy", 2, 100)
    with pytest.raises(OperationRejected, match="3 went within a minute, 3 are allowed"):
        stern.call("create_order", SOL, "limit", "buy", 2, 100)


def test_what_cannot_be_read_is_not_sent_and_is_no_open_outcome(canned: Canned) -> None:
    def fails(_: Any) -> Any:
        raise NetworkError("cut off")

    stern = venue(canned, {"furthestFromBook": 1}, **{"GET /api/v1/depth": fails})
    with pytest.raises(
        OperationRejected, match="not sent, what it is measured by could not be read: cut off"
    ):
        stern.call("create_order", SOL, "limit", "buy", 2, 100)
    assert asked(stern) == ["GET /api/v1/depth"]


def test_a_misspelt_rule_refuses_every_order(canned: Canned) -> None:
    stern = venue(canned, {"largestOrders": 1})
    with pytest.raises(BadRequest, match="knows no largestOrders"):
        stern.call("create_order", SOL, "limit", "buy", 2, 100)
    assert asked(stern) == []


def test_orders_sent_at_once_do_not_pass_the_limit_together(canned: Canned) -> None:
    stern = venue(canned, {"largestPosition": 5})
    if not stern.caller.is_asyncio:
        return
    exchange = stern.caller.exchange

    async def at_once() -> list[Any]:
        calls = [exchange.create_order(SWAP, "limit", "buy", 2, 100) for _ in range(4)]
        return await asyncio.gather(*calls, return_exceptions=True)

    outcomes = stern.caller.result(at_once())
    assert sum(isinstance(outcome, InvalidOrder) for outcome in outcomes) == 2
    assert asked(stern).count(ORDER) == 2


def test_what_was_cancelled_leaves_room_at_once(canned: Canned) -> None:
    stern = venue(canned, {"largestPosition": 3})
    for _ in range(4):
        stern.call("create_order", SWAP, "limit", "buy", 2, 100)
        stern.call("cancel_order", row()["id"], SWAP)
    assert asked(stern).count(ORDER) == 4


def test_what_was_refused_leaves_room_at_once(canned: Canned) -> None:
    refused = {"code": "INSUFFICIENT_FUNDS", "message": "Insufficient funds"}
    batch = [{"operation": "Err", **refused}, {"operation": "Err", "code": "TIMEOUT", "message": ""}]
    stern = venue(canned, {"largestPosition": 5}, **{"POST /api/v1/orders": batch})
    stern.caller.exchange.options["outcome"] = False
    order = {"symbol": SWAP, "type": "limit", "side": "buy", "amount": 2, "price": 100}
    stern.call("create_orders", [order, order])
    stern.call("create_order", SWAP, "limit", "buy", 3, 100)  # beside the 2 of which nothing is known
    with pytest.raises(InvalidOrder, match="largestPosition"):
        stern.call("create_order", SWAP, "limit", "buy", 3, 100)


def test_an_order_on_the_book_is_counted_once(canned: Canned) -> None:
    stern = venue(canned, {"largestPosition": 6}, **{"GET /api/v1/orders": [row(symbol="SOL_USDC_PERP")]})
    size = float(row()["quantity"])
    assert size == 2
    for _ in range(2):  # the book has one order of this id, and so it is the one that was placed before
        stern.call("create_order", SWAP, "limit", "buy", 2, 100)
    with pytest.raises(InvalidOrder, match="2 is on its way on the same side"):
        stern.call("create_order", SWAP, "limit", "buy", 5, 100)
