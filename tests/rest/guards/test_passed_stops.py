"""Stops whose trigger the market has passed: refused before anything is sent, on each class."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from ccxt.base.errors import BadRequest, InvalidOrder, OrderImmediatelyFillable

from bpx_connector.orders.stops import DIRECTIONS, fires_upward, is_passed
from tests.support.canned import CannedVenue
from tests.support.samples import sample
from tests.support.scripted_orders import view
from tests.support.trading import SWAP

Canned = Callable[..., CannedVenue]
ORDER, BATCH, CANCEL = "POST /api/v1/order", "POST /api/v1/orders", "DELETE /api/v1/order"
TICKER, MARKS = "GET /api/v1/ticker", "GET /api/v1/markPrices"
LAST, MARK, INDEX = "100", "105", "95"


@pytest.mark.parametrize(
    ("name", "side", "is_upward"),
    [
        ("stopLossPrice", "Bid", True),
        ("stopLossPrice", "Ask", False),
        ("takeProfitPrice", "Bid", False),
        ("takeProfitPrice", "Ask", True),
    ],
)
def test_a_name_and_a_side_say_where_the_price_has_to_go(name: str, side: str, is_upward: bool) -> None:
    assert fires_upward({name: 100}, side) is is_upward
    for word, says in DIRECTIONS.items():
        assert fires_upward({name: 100, "triggerDirection": word.upper()}, side) is says
    assert fires_upward({"triggerPrice": 100}, side) is None
    assert fires_upward({"triggerPrice": 100, "triggerDirection": "sideways"}, side) is None


def test_a_trigger_is_passed_on_one_side_of_the_market_only() -> None:
    request = {"triggerPrice": "100"}
    assert [is_passed(request, True, Decimal(price)) for price in (99, 100, 101)] == [False, False, True]
    assert [is_passed(request, False, Decimal(price)) for price in (99, 100, 101)] == [True, False, False]


def row(**changes: Any) -> dict[str, Any]:
    return view(selfTradePrevention="RejectTaker", **changes)


def venue(canned: Canned, config: Any = {}, **answers: Any) -> CannedVenue:
    ticker = sample("rest/get_api_v1_ticker.SOL_USDC") | {"symbol": "SOL_USDC_PERP", "lastPrice": LAST}
    marks = [sample("rest/get_api_v1_markPrices")[0] | {"markPrice": MARK, "indexPrice": INDEX}]
    known = {
        ORDER: lambda params: row(symbol=params["symbol"], side=params["side"], status="TriggerPending"),
        BATCH: lambda orders: [{"operation": "Ok", **row()} for _ in orders],
        CANCEL: row(status="Cancelled", symbol="SOL_USDC_PERP"),
        TICKER: ticker,
        MARKS: marks,
        "GET /api/v1/orders": [],
    }
    return canned({**known, **answers}, config)


def asked(of: CannedVenue) -> list[str]:
    return [row.call for row in of.asked]


def place(of: CannedVenue, side: str, **params: Any) -> Any:
    return of.call("create_order", SWAP, "market", side, 1, None, params)


@pytest.mark.parametrize(
    ("side", "params"),
    [
        ("sell", {"stopLossPrice": 101}),
        ("buy", {"stopLossPrice": 99}),
        ("sell", {"takeProfitPrice": 99}),
        ("buy", {"takeProfitPrice": 101}),
        ("sell", {"stopLossPrice": 106, "triggerPriceType": "mark"}),
        ("sell", {"stopLossPrice": 96, "triggerPriceType": "index"}),
        ("sell", {"triggerPrice": 99, "triggerDirection": "ascending"}),
        ("buy", {"triggerPrice": 101, "triggerDirection": "below"}),
    ],
)
def test_a_stop_on_the_wrong_side_stays_here(canned: Canned, side: str, params: Any) -> None:
    stern = venue(canned)
    with pytest.raises(OrderImmediatelyFillable, match=r"wrong side of the market.*nothing was sent"):
        place(stern, side, **params)
    with pytest.raises(OrderImmediatelyFillable):
        stern.call("prepare_order", SWAP, "market", side, 1, None, params)
    with pytest.raises(OrderImmediatelyFillable):
        one = {"symbol": SWAP, "type": "market", "side": side, "amount": 1}
        stern.call("create_orders", [one, {**one, "params": params}])
    with pytest.raises(OrderImmediatelyFillable):
        stern.call("edit_order", "1", SWAP, "market", side, 1, None, params)
    assert not {ORDER, BATCH, CANCEL} & set(asked(stern))


@pytest.mark.parametrize(
    ("side", "params"),
    [
        ("sell", {"stopLossPrice": 99}),
        ("buy", {"stopLossPrice": 101}),
        ("sell", {"takeProfitPrice": 101}),
        ("sell", {"stopLossPrice": 100}),
        ("buy", {"triggerPrice": 101, "triggerDirection": "up"}),
        ("sell", {"stopLossPrice": 104, "triggerPriceType": "mark"}),
    ],
)
def test_a_stop_on_its_side_is_sent(canned: Canned, side: str, params: Any) -> None:
    calm = venue(canned)
    place(calm, side, **params)
    assert asked(calm) == [MARKS if "triggerPriceType" in params else TICKER, ORDER]


@pytest.mark.parametrize(
    "params", [{"triggerDirection": "ascending"}, {"triggerPrice": 99, "triggerDirection": "sideways"}]
)
def test_a_direction_without_a_trigger_or_that_is_none_is_refused(canned: Canned, params: Any) -> None:
    stern = venue(canned)
    with pytest.raises(InvalidOrder, match="triggerDirection"):
        place(stern, "sell", **params)
    assert asked(stern) == []


def test_what_is_only_a_trigger_or_attached_asks_for_no_price(canned: Canned) -> None:
    calm = venue(canned)
    place(calm, "sell", triggerPrice=120)
    place(calm, "sell", stopPrice=80)
    calm.call("create_order", SWAP, "limit", "buy", 1, 100, {"stopLoss": {"triggerPrice": 120}})
    assert asked(calm) == [ORDER] * 3


def test_one_price_will_do_for_a_batch(canned: Canned) -> None:
    calm = venue(canned)
    one = {"symbol": SWAP, "type": "market", "side": "sell", "amount": 1, "params": {"stopLossPrice": 99}}
    calm.call("create_orders", [one, one, one])
    assert asked(calm) == [TICKER, BATCH]


@pytest.mark.parametrize(
    "answer",
    [
        (503, {"code": "MAINTENANCE", "message": ""}),
        (204, ""),
        {},
        [],
        {"lastPrice": None},
        {"lastPrice": "what"},
        {"lastPrice": "0"},
        [7],
    ],
)
def test_a_price_that_cannot_be_read_refuses_nothing(canned: Canned, answer: Any) -> None:
    calm = venue(canned, **{TICKER: answer})
    calm.is_checked = False
    place(calm, "sell", stopLossPrice=101)
    assert asked(calm) == [TICKER, ORDER]


def test_who_does_not_want_it_is_asked_nothing(canned: Canned) -> None:
    calm = venue(canned, {"options": {"createOrder": {"checkStops": False}}})
    place(calm, "sell", stopLossPrice=101)
    assert asked(calm) == [ORDER]


def test_a_switch_that_is_none_is_refused(canned: Canned) -> None:
    odd = venue(canned, {"options": {"createOrder": {"checkStops": "maybe"}}})
    with pytest.raises(BadRequest, match="checkStops"):
        place(odd, "sell", stopLossPrice=101)
    assert asked(odd) == []


def test_a_price_that_cannot_be_a_trigger_is_refused_as_before(canned: Canned) -> None:
    stern = venue(canned)
    with pytest.raises(InvalidOrder):
        place(stern, "sell", stopLossPrice=-1)
    assert asked(stern) == []
