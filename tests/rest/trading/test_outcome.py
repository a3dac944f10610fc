"""Orders have one outcome: whatever is lost, the caller is told what the account shows. On both classes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from ccxt.base.errors import (
    BaseError,
    ExchangeError,
    InvalidOrder,
    NetworkError,
    OperationFailed,
    OrderNotFound,
    RequestTimeout,
)

from bpx_connector.orders.client_ids import ClientIds
from bpx_connector.rest.asking.enquiries import MARGIN, Enquiry, Sent
from bpx_connector.venue.errors import OutcomeUnknown
from bpx_connector.venue.words import CLIENT_ID_MAX
from tests.support.callers import Caller
from tests.support.sandboxes import RunningSandbox
from tests.support.scripted import scripted_exchange

SOL, SWAP = "SOL/USDC", "SOL/USDC:USDC"
ORDER = "/api/v1/order"
LOSSES: dict[str, dict[str, Any]] = {
    "the answer is lost": {"kind": "lost"},
    "the request is lost": {"kind": "drop"},
    "a 503 with a code": {"kind": "refuse", "status": 503},
    "a 500 with a code": {"kind": "refuse", "status": 500},
    "a page": {"kind": "refuse", "status": 502, "body": "html"},
    "a page with 200": {"kind": "refuse", "status": 200, "body": "html"},
    "nothing with 200": {"kind": "refuse", "status": 200, "body": "empty"},
}
EVERY_LOSS = pytest.mark.parametrize("loss", LOSSES)
SOME_LOSSES = pytest.mark.parametrize(
    "loss", ["the answer is lost", "the request is lost", "a 503 with a code"]
)


@pytest.fixture(params=[False, True], ids=["blocking", "asyncio"])
def trader(request: pytest.FixtureRequest, sandbox: RunningSandbox) -> Iterator[Caller]:
    caller = Caller(is_asyncio=request.param, sandbox=sandbox)
    _without_sleep(caller)
    yield caller
    caller.close()


def _without_sleep(caller: Caller) -> None:
    """Pauses are counted as time and take none."""

    async def awaited(milliseconds: float) -> None:
        pass

    caller.exchange.sleep = awaited if caller.is_asyncio else lambda milliseconds: None


def lose(caller: Caller, loss: str, path: str, method: str, **more: Any) -> None:
    assert caller.sandbox is not None
    options = {**LOSSES[loss], "method": method, "times": 1, **more}
    kind = options.pop("kind")
    caller.sandbox.run(lambda sandbox: sandbox.faults.set(kind, path, **options))


def place(caller: Caller, price: float = 50, params: Any = {}) -> Any:
    return caller.call("create_order", SOL, "limit", "buy", 1, price, params)


def open_ids(caller: Caller) -> list[str]:
    return [order["id"] for order in caller.call("fetch_open_orders", SOL)]


# --- placing -------------------------------------------------------------------------------------------


@EVERY_LOSS
def test_an_order_is_told_as_the_account_has_it(trader: Caller, loss: str) -> None:
    lose(trader, loss, ORDER, "POST")
    try:
        told = [place(trader)["id"]]
    except NetworkError as error:
        assert "the order was not placed" in str(error)
        assert not isinstance(error, OutcomeUnknown | ExchangeError)
        told = []
    assert open_ids(trader) == told
    assert bool(told) == (loss == "the answer is lost")


def test_a_market_order_is_found_although_it_never_rested(trader: Caller) -> None:
    lose(trader, "the answer is lost", ORDER, "POST")
    order = trader.call("create_order", SOL, "market", "buy", 1)
    assert (order["status"], order["filled"]) == ("closed", 1)
    assert order["clientOrderId"]


def test_every_order_carries_a_client_id(trader: Caller) -> None:
    ids = [place(trader)["clientOrderId"] for _ in range(3)]
    assert len({int(one) for one in ids}) == 3
    assert place(trader, params={"clientOrderId": 7})["clientOrderId"] == "7"


def test_an_older_order_of_the_same_client_id_is_not_taken_for_the_new_one(trader: Caller) -> None:
    place(trader, params={"clientOrderId": 7})
    lose(trader, "the request is lost", ORDER, "POST")
    with pytest.raises(NetworkError, match="was not placed"):
        place(trader, 51, {"clientOrderId": 7})


def test_none_of_several_older_orders_of_one_client_id_is_taken_for_the_new_one(trader: Caller) -> None:
    for price in (50, 51):
        trader.call("cancel_order", place(trader, price, {"clientOrderId": 7})["id"], SOL)
    lose(trader, "the request is lost", ORDER, "POST")
    with pytest.raises(NetworkError, match="was not placed"):
        place(trader, 50, {"clientOrderId": 7})


@SOME_LOSSES
def test_an_order_that_another_program_has_placed_under_the_same_client_id_is_another_one(
    trader: Caller, loss: str
) -> None:
    """A program was started again, and numbers its orders from one on as it did before."""
    place(trader, 44, {"clientOrderId": 7})
    trader.exchange._order_log = None
    trader.clock.advance(60)
    assert trader.sandbox is not None
    trader.sandbox.advance(60)
    lose(trader, loss, ORDER, "POST")
    if loss == "the answer is lost":
        assert place(trader, 46, {"clientOrderId": 7})["price"] == 46
    else:
        with pytest.raises(NetworkError, match="was not placed"):
            place(trader, 46, {"clientOrderId": 7})


def test_an_order_that_may_only_reduce_a_position_is_not_replaced_by_one_that_opens_one(
    trader: Caller,
) -> None:
    trader.call("create_order", SWAP, "market", "buy", 1)
    params = {"reduceOnly": True}
    old = trader.call("create_order", SWAP, "limit", "sell", 1, 120, params)
    stranger = trader.configured({})
    _without_sleep(stranger)
    lose(trader, "the answer is lost", ORDER, "DELETE")
    with pytest.raises(OperationFailed, match="not known whether it was reduceOnly: nothing was placed"):
        stranger.call("edit_order", old["id"], SWAP, "limit", "sell", 1, 121)
    assert trader.call("fetch_open_orders", SWAP) == []
    old = trader.call("create_order", SWAP, "limit", "sell", 1, 120, params)
    lose(trader, "the answer is lost", ORDER, "DELETE")
    assert trader.call("edit_order", old["id"], SWAP, "limit", "sell", 1, 121)["reduceOnly"] is True


def test_what_cannot_be_found_out_says_so_and_can_be_asked_again(trader: Caller) -> None:
    assert trader.sandbox is not None
    lose(trader, "the answer is lost", ORDER, "POST")
    trader.sandbox.run(lambda sandbox: sandbox.faults.refuse("*", method="GET"))
    with pytest.raises(OutcomeUnknown, match="resolve_order") as failure:
        place(trader)
    assert isinstance(failure.value, RequestTimeout)
    assert failure.value.symbol == SOL
    with pytest.raises(OutcomeUnknown):
        trader.call("resolve_order", failure.value.client_id, SOL)
    trader.sandbox.run(lambda sandbox: sandbox.faults.clear())
    order = trader.call("resolve_order", failure.value.client_id, SOL)
    assert open_ids(trader) == [order["id"]]
    with pytest.raises(OrderNotFound, match="not placed"):
        trader.call("resolve_order", 1, SOL)


def test_who_does_not_want_it_gets_the_error_at_once(trader: Caller) -> None:
    trader.exchange.options["outcome"] = False
    lose(trader, "the answer is lost", ORDER, "POST")
    with pytest.raises(NetworkError) as failure:
        place(trader)
    assert "client id" not in str(failure.value)


@pytest.mark.parametrize("status", [400, 429])
def test_a_refusal_is_told_at_once(status: int) -> None:
    exchange = scripted_exchange([(status, {"code": "INVALID_ORDER", "message": "Invalid order"})])
    with pytest.raises(BaseError):
        exchange.create_order(SOL, "limit", "buy", 2, 50)
    assert len(exchange.asked_for()) == 1


# --- cancelling ----------------------------------------------------------------------------------------


@EVERY_LOSS
def test_a_cancellation_is_told_as_the_account_has_it(trader: Caller, loss: str) -> None:
    order = place(trader)
    lose(trader, loss, ORDER, "DELETE")
    if loss == "the answer is lost":
        assert trader.call("cancel_order", order["id"], SOL)["status"] == "canceled"
        assert open_ids(trader) == []
    else:
        with pytest.raises(NetworkError, match="is still open: it was not cancelled"):
            trader.call("cancel_order", order["id"], SOL)
        assert open_ids(trader) == [order["id"]]


def test_a_lost_cancellation_by_client_id_is_of_the_order_that_has_it_now(trader: Caller) -> None:
    old = place(trader, 44, {"clientOrderId": 7})
    trader.call("cancel_order", old["id"], SOL)
    new = place(trader.configured({}), 45, {"clientOrderId": 7})  # by another program
    lose(trader, "the request is lost", ORDER, "DELETE")
    with pytest.raises(NetworkError, match="is still open: it was not cancelled"):
        trader.call("cancel_order", "", SOL, {"clientOrderId": 7})
    assert open_ids(trader) == [new["id"]]


@pytest.mark.parametrize("method", ["cancel_order", "edit_order"])
@pytest.mark.parametrize("loss", ["the answer is lost", "the request is lost"])
def test_of_two_orders_of_one_client_id_the_open_one_is_meant(trader: Caller, method: str, loss: str) -> None:
    """The later one has ended, as this object knows: it is not what a cancellation now has ended."""
    meant = place(trader, 44, {"clientOrderId": 7})
    ended = place(trader.configured({}), 45, {"clientOrderId": 7})
    trader.call("cancel_order", ended["id"], SOL)
    lose(trader, loss, ORDER, "DELETE")
    more = (SOL, "limit", "buy", 1, 46) if method == "edit_order" else (SOL,)
    if loss == "the request is lost":
        with pytest.raises(NetworkError, match=f"{meant['id']} is still open: it was not cancelled"):
            trader.call(method, "", *more, {"clientOrderId": 7})
        assert open_ids(trader) == [meant["id"]]
    else:
        told = trader.call(method, "", *more, {"clientOrderId": 7})
        assert meant["id"] not in open_ids(trader)
        assert (told["id"] == meant["id"]) == (method == "cancel_order")


@EVERY_LOSS
def test_an_order_that_was_cancelled_before_is_not_replaced(trader: Caller, loss: str) -> None:
    order = place(trader, 44)
    trader.call("cancel_order", order["id"], SOL)
    lose(trader, loss, ORDER, "DELETE")
    with pytest.raises(InvalidOrder, match="it is canceled with 0 filled; nothing was placed"):
        trader.call("edit_order", order["id"], SOL, "limit", "buy", 1, 45)
    lose(trader, loss, ORDER, "DELETE")
    with pytest.raises(OrderNotFound, match="had ended before it could be cancelled"):
        trader.call("cancel_order", order["id"], SOL)
    assert open_ids(trader) == []


def test_an_order_by_client_id_is_of_the_market_that_is_named(trader: Caller) -> None:
    params = {"clientOrderId": 7}
    in_sol = trader.call("create_order", SOL, "market", "buy", 1, None, params)
    trader.call("create_order", "BTC/USDC", "market", "buy", 0.01, None, params)
    found = trader.call("fetch_order", "", SOL, params)
    assert (found["id"], found["symbol"]) == (in_sol["id"], SOL)


def test_a_lost_cancellation_of_what_a_fired_stop_has_placed_is_found_out(trader: Caller) -> None:
    assert trader.sandbox is not None
    stop = trader.call("create_order", SOL, "limit", "sell", 1, 150, {"stopLossPrice": 95})
    trader.sandbox.run(lambda sandbox: sandbox.set_price("SOL_USDC", Decimal(94)))
    trader.advance(2)
    assert trader.call("fetch_order", stop["id"], SOL)["status"] == "open"
    lose(trader, "the answer is lost", ORDER, "DELETE")
    told = trader.call("cancel_order", stop["id"], SOL)
    assert (told["id"], told["status"]) == (stop["id"], "canceled")
    assert open_ids(trader) == []


def test_a_lost_cancellation_is_not_sent_again_by_retries(trader: Caller) -> None:
    order = place(trader)
    lose(trader, "the answer is lost", ORDER, "DELETE")
    params = {"maxRetriesOnFailure": 3}
    assert trader.call("cancel_order", order["id"], SOL, params)["status"] == "canceled"


@SOME_LOSSES
def test_all_that_was_cancelled_is_named(trader: Caller, loss: str) -> None:
    ids = {place(trader, price)["id"] for price in (50, 51, 52)}
    lose(trader, loss, "/api/v1/orders", "DELETE")
    if loss == "the answer is lost":
        told = trader.call("cancel_all_orders", SOL)
        assert {order["id"] for order in told} == ids
        assert {order["status"] for order in told} == {"canceled"}
    else:
        with pytest.raises(NetworkError, match="still open") as failure:
            trader.call("cancel_all_orders", SOL)
        assert all(identity in str(failure.value) for identity in ids)
        assert set(open_ids(trader)) == ids


# --- batches and edits ---------------------------------------------------------------------------------


@SOME_LOSSES
def test_each_order_of_a_batch_has_its_own_outcome(trader: Caller, loss: str) -> None:
    asked = [
        {"symbol": symbol, "type": "limit", "side": "buy", "amount": 1, "price": price}
        for symbol, price in ((SOL, 50), (SOL, 51), ("ETH/USDC", 500))
    ]
    lose(trader, loss, "/api/v1/orders", "POST")
    if loss == "the answer is lost":
        told = trader.call("create_orders", asked)
        assert [order["price"] for order in told] == [50, 51, 500]
        assert sorted(open_ids(trader)) == sorted(order["id"] for order in told[:2])
    else:
        with pytest.raises(NetworkError, match="none of the 3 orders was placed"):
            trader.call("create_orders", asked)
        assert open_ids(trader) == []


@SOME_LOSSES
@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_an_edit_never_leaves_two_orders_and_says_what_is_left(
    trader: Caller, loss: str, method: str
) -> None:
    old = place(trader)
    lose(trader, loss, ORDER, method)
    if loss == "the answer is lost":
        new = trader.call("edit_order", old["id"], SOL, "limit", "buy", 1, 51)
        assert open_ids(trader) == [new["id"]]
        assert new["price"] == 51
        return
    with pytest.raises(NetworkError) as failure:
        trader.call("edit_order", old["id"], SOL, "limit", "buy", 1, 51)
    if method == "DELETE":
        assert "still open" in str(failure.value)
        assert "nothing was placed" in str(failure.value)
        assert open_ids(trader) == [old["id"]]
    else:
        assert "nothing took its place" in str(failure.value)
        assert open_ids(trader) == []


@SOME_LOSSES
def test_a_withdrawal_is_told_as_the_account_has_it(trader: Caller, loss: str) -> None:
    address = "GuTBLsGmJ9ZrZgmXkUeAYPe8ESiW8jTN8xjRhGa1Jzme"
    asked = ("SOL", 1.5, address, {"network": "SOL"})
    lose(trader, loss, "/wapi/v1/capital/withdrawals", "POST")
    if loss == "the answer is lost":
        told = [trader.call("withdraw", *asked)["id"]]
    else:
        with pytest.raises(NetworkError, match="the withdrawal was not requested"):
            trader.call("withdraw", *asked)
        told = []
    assert [one["id"] for one in trader.call("fetch_withdrawals", "SOL")] == told


# --- ids and time --------------------------------------------------------------------------------------


def test_client_ids_never_come_twice_and_go_around() -> None:
    ids = ClientIds(lambda: CLIENT_ID_MAX - 1)
    assert [ids.next() for _ in range(3)] == [CLIENT_ID_MAX - 1, CLIENT_ID_MAX, 0]
    many = ClientIds()
    assert len({many.next() for _ in range(10_000)}) == 10_000
    assert ids.named({"clientId": 5}) == {"clientId": 5}


@pytest.mark.parametrize("seed", range(20))
def test_an_enquiry_looks_after_the_window_and_ends_in_time(seed: int) -> None:
    dice = random.Random(seed)
    longest, window = dice.uniform(0, 20_000), dice.randint(1, 60_000)
    enquiry = Enquiry(Sent(0.0, 0, window), longest)
    enquiry._sent = Sent(enquiry._began, 0, window)
    spent, has_looked_late = 0.0, False
    while pause := enquiry.next_pause():
        spent += pause
        has_looked_late |= enquiry.has_window_passed
    assert spent <= longest + 1
    assert has_looked_late == (longest > window + MARGIN + 50) or abs(longest - window - MARGIN) < 200


class Elapsed:
    """The clock that only goes on, as a test lets it."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.mark.parametrize("waited", [0.0, 5.5])
def test_the_time_in_which_an_order_may_arrive_begins_when_it_is_signed(
    trader: Caller, waited: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    elapsed, sign = Elapsed(), trader.exchange.sign
    monkeypatch.setattr("bpx_connector.rest.asking.enquiries.time", elapsed)

    def after_the_budget(path: str, api: Any, method: str, *rest: Any) -> Any:
        elapsed.seconds += waited if method == "POST" else 0.0
        return sign(path, api, method, *rest)

    def slept(milliseconds: float) -> None:
        elapsed.seconds += milliseconds / 1000

    async def slept_too(milliseconds: float) -> None:
        slept(milliseconds)

    trader.exchange.sign = after_the_budget
    trader.exchange.sleep = slept_too if trader.is_asyncio else slept
    lose(trader, "the request is lost", ORDER, "POST")
    with pytest.raises(NetworkError, match="the order was not placed"):
        place(trader)
    window = trader.exchange.options.get("recvWindow", 5000)
    assert elapsed.seconds >= 100.0 + waited + (window + MARGIN) / 1000
