"""Orders when things go wrong: lost answers, late histories, cancellations that are accepted and not done."""

from __future__ import annotations

from typing import Any

import pytest
from ccxt.base.errors import (
    ArgumentsRequired,
    AuthenticationError,
    BadRequest,
    InsufficientFunds,
    InvalidOrder,
    NetworkError,
    OperationFailed,
    OrderNotFound,
    RequestTimeout,
)

from tests.support.scripted import NOT_FOUND, Asked, scripted_exchange

SOL = "SOL/USDC"
ACCEPTED = ""  # 202 and no body: the venue will cancel, but has not yet
OLDER_NOT_FOUND = (400, {"code": "INVALID_CLIENT_REQUEST", "message": "Order not found"})


def view(**changes: Any) -> dict[str, Any]:
    return {
        "id": "11",
        "clientId": None,
        "createdAt": 1788285244094,
        "symbol": "SOL_USDC",
        "side": "Bid",
        "orderType": "Limit",
        "price": "50",
        "quantity": "2",
        "executedQuantity": "0",
        "executedQuoteQuantity": "0",
        "status": "New",
        "timeInForce": "GTC",
        "postOnly": False,
        "reduceOnly": None,
        **changes,
    }


def past(**changes: Any) -> dict[str, Any]:
    return view(createdAt="2026-09-01T17:54:04.094", **changes)


FILLED = {"status": "Filled", "executedQuantity": "2", "executedQuoteQuantity": "99"}
CANCELLED = {"status": "Cancelled"}


# --- outcomes that nobody knows ----------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [NetworkError("cut off"), RequestTimeout("no answer")])
def test_an_order_whose_outcome_is_unknown_is_not_sent_again(trouble: Exception) -> None:
    exchange = scripted_exchange([trouble], {"maxRetriesOnFailure": 3, "options": {"maxRetriesOnFailure": 3}})
    with pytest.raises(type(trouble)):
        exchange.create_order(SOL, "limit", "buy", 2, 50)
    assert len(exchange.asked_for()) == 1


def test_an_order_of_a_batch_whose_outcome_is_unknown_is_not_called_rejected() -> None:
    errors = [
        {"operation": "Err", "code": "TIMEOUT", "message": "Timeout"},
        {"operation": "Err", "code": "INSUFFICIENT_FUNDS", "message": "Insufficient funds"},
        {"operation": "Err", "code": "NEW_CODE", "message": "never seen"},
    ]
    exchange = scripted_exchange([[{"operation": "Ok", **view()}, *errors]])
    asked = {"symbol": SOL, "type": "limit", "side": "buy", "amount": 2, "price": 50}
    orders = exchange.create_orders([asked] * 4)
    assert [order["status"] for order in orders] == ["open", None, "rejected", "rejected"]
    assert [order["info"] for order in orders[1:]] == errors
    assert {order["symbol"] for order in orders} == {SOL}


# --- finding an order --------------------------------------------------------------------------------


@pytest.mark.parametrize("not_found", [NOT_FOUND, OLDER_NOT_FOUND])
def test_an_order_that_is_off_the_book_is_found_in_the_history(not_found: Any) -> None:
    exchange = scripted_exchange([not_found, [past(**FILLED)]])
    order = exchange.fetch_order("11", SOL)
    assert (order["status"], order["filled"], order["average"]) == ("closed", 2.0, 49.5)
    assert exchange.asked_for() == [
        Asked("GET /api/v1/order", {"orderId": "11", "symbol": "SOL_USDC"}),
        Asked(
            "GET /wapi/v1/history/orders", {"orderId": "11", "symbol": "SOL_USDC", "sortDirection": "Desc"}
        ),
    ]


def test_an_order_seen_filled_needs_no_history() -> None:
    exchange = scripted_exchange([view(**FILLED), NOT_FOUND])
    created = exchange.create_order(SOL, "limit", "buy", 2, 50)
    assert exchange.fetch_order(created["id"], SOL) == created


def test_an_order_that_the_history_does_not_have_yet_is_found_as_it_was_seen() -> None:
    exchange = scripted_exchange([view(), NOT_FOUND, []])
    created = exchange.create_order(SOL, "limit", "buy", 2, 50)
    assert exchange.fetch_order(created["id"], SOL) == created


def test_a_history_that_lags_does_not_move_an_order_backwards() -> None:
    partly = {"status": "PartiallyFilled", "executedQuantity": "1", "executedQuoteQuantity": "50"}
    exchange = scripted_exchange([view(**partly), NOT_FOUND, [past()]])
    exchange.create_order(SOL, "limit", "buy", 2, 50)
    assert exchange.fetch_order("11", SOL)["filled"] == 1.0


def test_an_order_is_found_by_its_client_id_in_the_history() -> None:
    exchange = scripted_exchange([NOT_FOUND, [past(id="12", clientId=8), past(clientId=7, **FILLED)]])
    order = exchange.fetch_order_with_client_order_id("7", SOL)
    assert (order["id"], order["clientOrderId"], order["status"]) == ("11", "7", "closed")
    assert exchange.asked_for()[0].params == {"clientId": "7", "symbol": "SOL_USDC"}
    assert exchange.asked_for()[1].params == {"symbol": "SOL_USDC", "limit": "1000", "sortDirection": "Desc"}


def test_the_client_id_of_an_order_seen_leads_to_its_own_id() -> None:
    exchange = scripted_exchange([view(clientId=7), NOT_FOUND, [past(clientId=7, **FILLED)]])
    exchange.create_order(SOL, "limit", "buy", 2, 50, {"clientOrderId": 7})
    assert exchange.fetch_order("", SOL, {"clientOrderId": 7})["status"] == "closed"
    assert exchange.asked_for()[-1].params["orderId"] == "11"


def test_without_a_symbol_the_open_orders_are_looked_through() -> None:
    exchange = scripted_exchange([[view(id="10"), view()]])
    assert exchange.fetch_order("11")["symbol"] == SOL
    assert exchange.asked_for() == [Asked("GET /api/v1/orders", {})]


def test_an_order_that_is_nowhere_is_not_found_and_the_message_says_where() -> None:
    exchange = scripted_exchange([[], []])
    with pytest.raises(OrderNotFound, match="no order with orderId 11 in any market"):
        exchange.fetch_order("11")


@pytest.mark.parametrize("name", ["fetch_order", "cancel_order", "fetch_open_order", "fetch_closed_order"])
def test_an_order_needs_a_name(name: str) -> None:
    with pytest.raises(ArgumentsRequired, match="needs an order id or"):
        getattr(scripted_exchange([]), name)("", SOL)


def test_an_open_order_is_no_closed_one() -> None:
    exchange = scripted_exchange([view()])
    with pytest.raises(OrderNotFound, match="is still open"):
        exchange.fetch_closed_order("11", SOL)


# --- cancelling --------------------------------------------------------------------------------------


def test_a_cancellation_that_is_only_accepted_leaves_the_order_open() -> None:
    exchange = scripted_exchange([view(), ACCEPTED])
    created = exchange.create_order(SOL, "limit", "buy", 2, 50)
    assert exchange.cancel_order("11", SOL) == created


def test_a_cancellation_of_an_order_never_seen_says_what_it_knows() -> None:
    order = scripted_exchange([ACCEPTED]).cancel_order("11", SOL)
    assert (order["id"], order["symbol"], order["status"], order["info"]) == ("11", SOL, "open", {})
    assert order["amount"] is order["filled"] is None


@pytest.mark.parametrize("not_found", [NOT_FOUND, OLDER_NOT_FOUND])
def test_cancelling_what_is_gone_is_order_not_found(not_found: Any) -> None:
    with pytest.raises(OrderNotFound):
        scripted_exchange([not_found]).cancel_order("11", SOL)


def test_the_venue_is_never_given_both_ids() -> None:
    exchange = scripted_exchange([view(**CANCELLED)])
    exchange.cancel_order("11", SOL, {"clientOrderId": 7})
    assert exchange.asked_for() == [Asked("DELETE /api/v1/order", {"clientId": 7, "symbol": "SOL_USDC"})]


def test_all_cancellations_are_tried_whatever_happens_to_one() -> None:
    exchange = scripted_exchange(
        [view(id="1", **CANCELLED), NetworkError("cut off"), NOT_FOUND, view(id="4", **CANCELLED)]
    )
    with pytest.raises(NetworkError, match="cut off; 1 of 4 cancellations failed, done: 1, 3, 4"):
        exchange.cancel_orders(["1", "2", "3", "4"], SOL)
    assert len(exchange.asked_for()) == 4


def test_an_order_that_was_gone_keeps_its_place_in_the_list() -> None:
    exchange = scripted_exchange([view(id="1", **CANCELLED), NOT_FOUND])
    first, second = exchange.cancel_orders(["1", "2"], SOL)
    assert (first["id"], first["status"]) == ("1", "canceled")
    assert (second["id"], second["symbol"], second["status"]) == ("2", SOL, None)
    assert "Not Found" in second["info"]["message"]


def test_cancelling_a_list_of_nothing_is_refused() -> None:
    with pytest.raises(ArgumentsRequired, match="needs ids"):
        scripted_exchange([]).cancel_orders([], SOL)


def test_cancelling_all_counts_nothing_where_the_venue_only_accepts() -> None:
    exchange = scripted_exchange([ACCEPTED])
    assert exchange.cancel_all_orders(SOL) == []


# --- replacing ---------------------------------------------------------------------------------------


def test_an_order_that_breaks_a_rule_replaces_nothing() -> None:
    exchange = scripted_exchange([])
    with pytest.raises(InvalidOrder, match="nothing at the market's step"):
        exchange.edit_order("11", SOL, "limit", "buy", 0.001, 50)
    assert exchange.asked_for() == []


def test_an_accepted_cancellation_is_confirmed_before_anything_is_placed() -> None:
    replacement = view(id="12", price="51")
    exchange = scripted_exchange(
        [ACCEPTED, view(), NOT_FOUND, [], NOT_FOUND, [past(**CANCELLED)], replacement]
    )
    order = exchange.edit_order("11", SOL, "limit", "buy", 2, 51)
    assert (order["id"], order["price"]) == ("12", 51.0)
    assert [asked.call.split(" /")[0] for asked in exchange.asked_for()] == [
        "DELETE", "GET", "GET", "GET", "GET", "GET", "POST",
    ]  # fmt: skip


def test_nothing_is_placed_while_the_old_order_lives_on() -> None:
    exchange = scripted_exchange([ACCEPTED, *[view()] * 5])
    with pytest.raises(OperationFailed, match="did not end within"):
        exchange.edit_order("11", SOL, "limit", "buy", 2, 51)
    assert all(asked.call != "POST /api/v1/order" for asked in exchange.asked_for())


@pytest.mark.parametrize(
    ("end", "word"), [(FILLED, "closed with 2 filled"), (CANCELLED, "canceled with 0 filled")]
)
def test_an_order_that_had_ended_before_is_not_replaced(end: dict[str, Any], word: str) -> None:
    exchange = scripted_exchange([NOT_FOUND, NOT_FOUND, [past(**end)]])
    with pytest.raises(InvalidOrder, match=f"could not replace order 11: it is {word}; nothing was placed"):
        exchange.edit_order("11", SOL, "limit", "buy", 2, 51)


def test_an_order_filled_while_its_cancellation_was_under_way_is_not_replaced() -> None:
    exchange = scripted_exchange([ACCEPTED, NOT_FOUND, [past(**FILLED)]])
    with pytest.raises(InvalidOrder, match="it is closed with 2 filled; nothing was placed"):
        exchange.edit_order("11", SOL, "limit", "buy", 2, 51)


def test_what_the_old_order_had_filled_is_left_out_of_the_new_one() -> None:
    ended = view(**CANCELLED, executedQuantity="0.5", executedQuoteQuantity="25")
    exchange = scripted_exchange([ended, view(id="12")])
    exchange.edit_order("11", SOL, "limit", "buy", 2, 51)
    assert exchange.asked_for()[-1].params["quantity"] == "1.5"


def test_no_order_is_placed_when_the_old_one_had_filled_all_that_is_wanted() -> None:
    exchange = scripted_exchange([view(**CANCELLED, executedQuantity="0.5")])
    with pytest.raises(InvalidOrder, match=r"had filled 0\.5 of 0\.5 .* nothing was placed"):
        exchange.edit_order("11", SOL, "limit", "buy", 0.5, 51)


def test_without_amount_and_price_the_old_orders_hold() -> None:
    exchange = scripted_exchange([view(), view(**CANCELLED), view(id="12")])
    exchange.edit_order("11", SOL, "limit", "buy")
    assert exchange.asked_for()[-1].params == {
        "symbol": "SOL_USDC",
        "side": "Bid",
        "orderType": "Limit",
        "quantity": "2",
        "price": "50",
    }


def test_a_replacement_that_the_venue_refuses_is_said_to_leave_nothing() -> None:
    refusal = (400, {"code": "INSUFFICIENT_FUNDS", "message": "Insufficient funds"})
    exchange = scripted_exchange([view(**CANCELLED), refusal])
    with pytest.raises(InsufficientFunds, match="order 11 was cancelled, and nothing took its place"):
        exchange.edit_order("11", SOL, "limit", "buy", 2, 51)


def test_a_replacement_whose_outcome_is_unknown_is_said_to_be_unknown() -> None:
    exchange = scripted_exchange([view(**CANCELLED), RequestTimeout("no answer")])
    with pytest.raises(RequestTimeout, match="order 11 was cancelled, its replacement may have been placed"):
        exchange.edit_order("11", SOL, "limit", "buy", 2, 51)


def test_trouble_with_the_cancellation_places_nothing() -> None:
    exchange = scripted_exchange([NetworkError("cut off")])
    with pytest.raises(NetworkError):
        exchange.edit_order("11", SOL, "limit", "buy", 2, 51)
    assert len(exchange.asked_for()) == 1


@pytest.mark.parametrize(("params", "new_id"), [({}, 7), ({"newClientOrderId": 8}, 8)])
def test_an_order_is_replaced_by_its_client_id(params: dict[str, Any], new_id: int) -> None:
    exchange = scripted_exchange([view(clientId=7, **CANCELLED), view(id="12", clientId=new_id)])
    order = exchange.edit_order_with_client_order_id("7", SOL, "limit", "buy", 2, 51, params)
    assert order["clientOrderId"] == str(new_id)
    assert exchange.asked_for()[0].params == {"clientId": 7, "symbol": "SOL_USDC"}
    assert exchange.asked_for()[1].params["clientId"] == new_id


# --- pages -------------------------------------------------------------------------------------------


def fill(number: int) -> dict[str, Any]:
    return {
        "tradeId": number,
        "orderId": "11",
        "symbol": "SOL_USDC",
        "side": "Bid",
        "price": "50",
        "quantity": "1",
        "fee": "0.05",
        "feeSymbol": "USDC",
        "isMaker": True,
        "timestamp": f"2026-09-01T{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}",
    }


def test_fills_are_read_page_by_page_until_the_end() -> None:
    exchange = scripted_exchange([[fill(n) for n in range(1000)], [fill(n) for n in range(1000, 1500)]])
    trades = exchange.fetch_my_trades(SOL, 0)
    assert [trade["id"] for trade in trades] == [str(n) for n in range(1500)]
    first, second = (asked.params for asked in exchange.asked_for())
    assert first == {
        "symbol": "SOL_USDC",
        "from": "0",
        "limit": "1000",
        "offset": "0",
        "sortDirection": "Asc",
    }
    assert second == {**first, "offset": "1000"}


def test_a_fill_that_moved_to_the_next_page_comes_once() -> None:
    exchange = scripted_exchange(
        [[fill(n) for n in range(2000, 1000, -1)], [fill(n) for n in range(1001, 1, -1)]]
    )
    trades = exchange.fetch_my_trades(SOL, None, 1999)
    assert [trade["id"] for trade in trades] == [str(n) for n in range(2, 2001)]


def test_no_more_fills_are_read_than_were_asked_for() -> None:
    exchange = scripted_exchange([[fill(9), fill(8)]])
    assert [trade["id"] for trade in exchange.fetch_my_trades(None, None, 2)] == ["8", "9"]
    assert exchange.asked_for()[0].params == {"limit": "2", "offset": "0", "sortDirection": "Desc"}


def test_until_is_the_last_millisecond_that_counts() -> None:
    exchange = scripted_exchange([[]])
    assert exchange.fetch_my_trades(SOL, 5, None, {"until": 9, "type": "spot", "fillType": "User"}) == []
    asked = exchange.asked_for()[0].params
    assert (asked["from"], asked["to"], asked["marketType"], asked["fillType"]) == ("5", "10", "SPOT", "User")


def test_an_offset_of_the_callers_own_is_one_page() -> None:
    exchange = scripted_exchange([[fill(n) for n in range(1000)]])
    exchange.fetch_my_trades(SOL, None, None, {"offset": 3000})
    assert len(exchange.asked_for()) == 1
    assert exchange.asked_for()[0].params["offset"] == "3000"


def ended(number: int, **changes: Any) -> dict[str, Any]:
    row = past(id=str(number), **{**CANCELLED, **changes})
    return {**row, "createdAt": fill(number)["timestamp"]}


def test_orders_are_read_back_to_since_and_no_further() -> None:
    exchange = scripted_exchange([[ended(n) for n in range(2000, 1000, -1)], []])
    since = exchange.parse8601(ended(1500)["createdAt"] + "Z")
    orders = exchange.fetch_orders(SOL, since, 3)
    assert [order["id"] for order in orders] == ["1500", "1501", "1502"]
    assert [asked.call for asked in exchange.asked_for()] == [
        "GET /wapi/v1/history/orders",
        "GET /api/v1/orders",
    ]


def test_as_many_pages_are_read_as_it_takes_to_find_enough_of_a_kind() -> None:
    rows = [ended(n, **(FILLED if n % 1000 == 0 else {})) for n in range(3000, 0, -1)]
    exchange = scripted_exchange([rows[:1000], rows[1000:2000]])
    orders = exchange.fetch_closed_orders(SOL, None, 2)
    assert [order["id"] for order in orders] == ["2000", "3000"]
    assert len(exchange.asked_for()) == 2


def test_an_order_on_the_book_and_in_the_history_is_listed_once_in_its_furthest_view() -> None:
    partly = {"status": "PartiallyFilled", "executedQuantity": "1", "executedQuoteQuantity": "50"}
    exchange = scripted_exchange([[past(), ended(5)], [view(**partly)]])
    orders = exchange.fetch_orders()
    assert [(order["id"], order["filled"]) for order in orders] == [("5", 0.0), ("11", 1.0)]


# --- bad arguments -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "fetch_orders",
        "fetch_open_orders",
        "fetch_closed_orders",
        "fetch_canceled_orders",
        "fetch_canceled_and_closed_orders",
        "fetch_my_trades",
        "fetch_funding_history",
    ],
)
@pytest.mark.parametrize("arguments", [(None, None, 0), (None, None, "ten"), (None, "yesterday"), (None, -1)])
def test_a_limit_or_a_time_that_is_none_is_refused_before_anything_is_sent(
    name: str, arguments: tuple[Any, ...]
) -> None:
    exchange = scripted_exchange([])
    with pytest.raises(BadRequest):
        getattr(exchange, name)(*arguments)
    assert exchange.asked_for() == []


def test_a_kind_of_market_that_there_is_not_is_refused() -> None:
    with pytest.raises(BadRequest, match="type has to be one of spot, swap, not 'option'"):
        scripted_exchange([]).fetch_open_orders(None, None, None, {"type": "option"})


@pytest.mark.parametrize(
    ("orders", "params", "error", "sentence"),
    [
        ([], {}, ArgumentsRequired, "at least one order"),
        ([{}] * 51, {}, BadRequest, "was given 51 orders; a batch takes 50"),
        (["buy"], {}, BadRequest, r"orders\[0\] has to be a dict"),
        (
            [
                {"symbol": SOL, "type": "limit", "side": "buy", "amount": 1, "price": 50},
                {"symbol": SOL, "type": "limit", "side": "buy", "amount": 1},
            ],
            {},
            InvalidOrder,
            r"orders\[1\]: .* needs a price",
        ),
        (
            [{"symbol": SOL, "type": "market", "side": "buy", "amount": 1}],
            {"recvWindow": 9},
            BadRequest,
            "recvWindow from options",
        ),
    ],
)
def test_a_batch_with_a_fault_is_refused_as_a_whole(
    orders: list[Any], params: dict[str, Any], error: type[Exception], sentence: str
) -> None:
    exchange = scripted_exchange([])
    with pytest.raises(error, match=sentence):
        exchange.create_orders(orders, params)
    assert exchange.asked_for() == []


def test_a_batch_is_sent_as_a_list_and_signed_as_one() -> None:
    exchange = scripted_exchange([[{"operation": "Ok", **view()}]])
    exchange.create_orders(
        [
            {
                "symbol": SOL,
                "type": "limit",
                "side": "buy",
                "amount": 2,
                "price": 50,
                "params": {"postOnly": True},
            }
        ],
        {"timeInForce": "GTC"},
    )
    [asked] = exchange.asked_for()
    assert asked == Asked(
        "POST /api/v1/orders",
        [
            {
                "symbol": "SOL_USDC",
                "side": "Bid",
                "orderType": "Limit",
                "quantity": "2",
                "price": "50",
                "timeInForce": "GTC",
                "postOnly": True,
            }
        ],
    )


def test_a_key_is_needed_to_trade() -> None:
    exchange = scripted_exchange([], {"apiKey": None})
    with pytest.raises(AuthenticationError):
        exchange.create_order(SOL, "limit", "buy", 2, 50)


def test_stops_attached_to_one_order_are_not_carried_to_the_next() -> None:
    exchange = scripted_exchange([view(), view()])
    exchange.create_order_with_take_profit_and_stop_loss(SOL, "limit", "buy", 2, 50, 60, 40)
    exchange.create_order_with_take_profit_and_stop_loss(SOL, "limit", "buy", 2, 50, 60)
    first, second = (asked.params for asked in exchange.asked_for())
    assert (first["takeProfitTriggerPrice"], first["stopLossTriggerPrice"]) == ("60", "40")
    assert "stopLossTriggerPrice" not in second
