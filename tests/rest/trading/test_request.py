"""What is sent for ccxt's arguments, and everything that is refused before it is sent."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from ccxt.base.decimal_to_precision import NO_PADDING, ROUND, TICK_SIZE, TRUNCATE, decimal_to_precision
from ccxt.base.errors import BaseError, InvalidOrder
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.rest.asking.arguments import client_id_of
from bpx_connector.rest.trading.figures import amount_text, cost_text, price_text
from bpx_connector.rest.trading.request import order_request

SPOT: dict[str, Any] = {
    "id": "SOL_USDC",
    "symbol": "SOL/USDC",
    "contract": False,
    "precision": {"amount": 0.01, "price": 0.01},
    "limits": {"amount": {"min": 0.01, "max": 5000.0}, "price": {"min": 0.01, "max": 10000.0}},
}
SWAP = {**SPOT, "id": "SOL_USDC_PERP", "symbol": "SOL/USDC:USDC", "contract": True}
LOTS = {
    **SWAP,
    "id": "kPEPE_USDC_PERP",
    "precision": {"amount": 100.0, "price": 1e-07},
    "limits": {"amount": {"min": 100.0, "max": None}, "price": {"min": 1e-07, "max": None}},
}

BASE = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "quantity": "1.23", "price": "100.5"}


def limit(params: dict[str, Any] = {}, **changes: Any) -> dict[str, Any]:
    arguments = {"market": SPOT, "type": "limit", "side": "buy", "amount": 1.239, "price": 100.5, **changes}
    return order_request(**arguments, params=params)


def market(params: dict[str, Any] = {}, **changes: Any) -> dict[str, Any]:
    return limit(params, **{"type": "market", "price": None, **changes})


def test_a_limit_order_is_a_type_a_side_a_quantity_and_a_price() -> None:
    assert limit() == BASE


def test_a_market_order_has_no_price_even_if_one_is_given() -> None:
    expected = {"symbol": "SOL_USDC", "side": "Ask", "orderType": "Market", "quantity": "1.23"}
    assert market(side="sell") == market(side="sell", price=99) == expected


@pytest.mark.parametrize("value", [1.239, "1.239", Decimal("1.239"), "1.2390", 1.23])
def test_amounts_come_as_float_text_or_decimal(value: Any) -> None:
    assert limit(amount=value)["quantity"] == "1.23"


def test_words_are_taken_in_any_letter_case() -> None:
    assert limit(type="LIMIT", side="BUY") == BASE


def test_none_is_a_parameter_that_was_not_given() -> None:
    assert limit({"postOnly": None, "clientOrderId": None, "triggerPrice": None, "cost": None}) == BASE


@pytest.mark.parametrize(
    ("params", "field", "value"),
    [
        ({"timeInForce": "IOC"}, "timeInForce", "IOC"),
        ({"timeInForce": "fok"}, "timeInForce", "FOK"),
        ({"timeInForce": "GTC"}, "timeInForce", "GTC"),
        ({"timeInForce": "PO"}, "postOnly", True),
        ({"postOnly": True}, "postOnly", True),
        ({"selfTradePrevention": "EXPIRE_TAKER"}, "selfTradePrevention", "RejectTaker"),
        ({"selfTradePrevention": "expire_maker"}, "selfTradePrevention", "RejectMaker"),
        ({"selfTradePrevention": "RejectBoth"}, "selfTradePrevention", "RejectBoth"),
        ({"clientOrderId": 4294967295}, "clientId", 4294967295),
        ({"clientOrderId": "7"}, "clientId", 7),
        ({"clientOrderId": "7", "clientId": 8}, "clientId", 7),
        ({"clientId": 0}, "clientId", 0),
        ({"autoLend": True}, "autoLend", True),
        ({"autoLendRedeem": False}, "autoLendRedeem", False),
        ({"autoBorrow": True}, "autoBorrow", True),
        ({"autoBorrowRepay": True}, "autoBorrowRepay", True),
        ({"recvWindow": 9000}, "recvWindow", 9000),
    ],
)
def test_a_parameter_becomes_the_venues_field(params: dict[str, Any], field: str, value: Any) -> None:
    request = limit(params)
    assert request == {**BASE, field: value}
    assert type(request[field]) is type(value)


@pytest.mark.parametrize("params", [{"postOnly": False}, {"reduceOnly": False}, {"marginMode": "cross"}])
def test_what_changes_nothing_is_not_sent(params: dict[str, Any]) -> None:
    assert limit(params) == BASE


def test_reduce_only_is_for_futures() -> None:
    assert limit({"reduceOnly": True}, market=SWAP)["reduceOnly"] is True
    with pytest.raises(InvalidOrder, match="reduceOnly is for futures"):
        limit({"reduceOnly": True})


# --- by cost -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [None, 0])
@pytest.mark.parametrize("name", ["cost", "quoteQuantity"])
def test_a_market_order_can_be_by_cost(name: str, amount: Any) -> None:
    expected = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Market", "quoteQuantity": "10.55"}
    assert market({name: 10.559}, amount=amount) == expected


def test_the_amount_of_a_market_buy_is_a_cost_if_the_caller_says_so() -> None:
    params = {"createMarketBuyOrderRequiresPrice": False}
    assert market(params, amount=10)["quoteQuantity"] == "10"
    assert market(params, amount=10, side="sell")["quantity"] == "10"
    assert market({"createMarketBuyOrderRequiresPrice": True}, amount=10)["quantity"] == "10"


@pytest.mark.parametrize(
    ("params", "changes", "sentence"),
    [
        ({"cost": 10}, {}, "both given"),
        ({"cost": 10}, {"type": "limit", "amount": None, "price": 5}, "a cost is for market orders"),
        ({"cost": 10, "triggerPrice": 5}, {"amount": None}, "takes an amount, not a cost"),
        ({"cost": 0.001}, {"amount": None}, "nothing at the precision"),
        ({"cost": -1}, {"amount": None}, "not above zero"),
        ({}, {"amount": None}, "needs an amount or params"),
    ],
)
def test_a_cost_that_makes_no_sense_is_refused(
    params: dict[str, Any], changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InvalidOrder, match=sentence):
        market(params, **changes)


# --- triggers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["triggerPrice", "stopPrice", "stopLossPrice", "takeProfitPrice"])
def test_a_trigger_price_makes_the_size_a_trigger_quantity(name: str) -> None:
    assert limit({name: 95.126}) == {
        "symbol": "SOL_USDC",
        "side": "Bid",
        "orderType": "Limit",
        "triggerPrice": "95.13",
        "triggerQuantity": "1.23",
        "price": "100.5",
    }


@pytest.mark.parametrize(
    ("word", "price", "order_type"),
    [
        ("stop", None, "Market"),
        ("stop", 100.5, "Limit"),
        ("stop_limit", 100.5, "Limit"),
        ("stop-limit", 100.5, "Limit"),
        ("stop_market", 100.5, "Market"),
    ],
)
def test_stop_types_are_orders_with_a_trigger_price(word: str, price: Any, order_type: str) -> None:
    request = limit({"stopPrice": 95}, type=word, price=price)
    assert request["orderType"] == order_type
    assert ("price" in request) == (order_type == "Limit")


@pytest.mark.parametrize(
    ("source", "trigger_by"),
    [("last", "LastPrice"), ("mark", "MarkPrice"), ("INDEX", "IndexPrice"), ("MarkPrice", "MarkPrice")],
)
def test_a_trigger_can_watch_the_last_the_mark_or_the_index_price(source: str, trigger_by: str) -> None:
    assert limit({"triggerPrice": 95, "triggerPriceType": source})["triggerBy"] == trigger_by
    assert limit({"triggerPrice": 95, "triggerBy": source})["triggerBy"] == trigger_by


@pytest.mark.parametrize(
    ("share", "sent"), [("80%", "80%"), ("12.50%", "12.5%"), ("1.239", "1.23"), (1.239, "1.23")]
)
def test_a_trigger_quantity_can_be_a_share_of_the_position(share: Any, sent: str) -> None:
    request = market({"triggerPrice": 95, "triggerQuantity": share}, amount=None, market=SWAP)
    assert request["triggerQuantity"] == sent
    assert "quantity" not in request


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"triggerPrice": 95, "stopLossPrice": 90}, "one trigger price"),
        ({"triggerPriceType": "mark"}, "triggerPriceType without"),
        ({"triggerPrice": 95, "triggerPriceType": "median"}, "triggerPriceType 'median' is none of"),
        ({"triggerPrice": 0}, "triggerPrice 0 is not above zero"),
        ({"triggerPrice": "soon"}, "triggerPrice 'soon' is not a number"),
        ({"triggerQuantity": "50%"}, "triggerQuantity is for trigger orders"),
        ({"triggerPrice": 95, "triggerQuantity": "120%"}, "more than the whole position"),
        ({"triggerPrice": 95, "triggerQuantity": "some%"}, "triggerQuantity 'some' is not a number"),
    ],
)
def test_a_trigger_that_makes_no_sense_is_refused(params: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidOrder, match=sentence):
        limit(params)


def test_a_stop_type_without_a_trigger_price_is_refused() -> None:
    with pytest.raises(InvalidOrder, match="stop order needs"):
        limit(type="stop_limit")


def test_stops_can_be_attached_with_all_they_have() -> None:
    request = limit(
        {
            "stopLoss": {"triggerPrice": 90.004, "price": 89, "triggerPriceType": "mark", "type": "limit"},
            "takeProfit": {"triggerPrice": "120", "priceType": "index"},
        }
    )
    assert request == {
        **BASE,
        "stopLossTriggerPrice": "90",
        "stopLossLimitPrice": "89",
        "stopLossTriggerBy": "MarkPrice",
        "takeProfitTriggerPrice": "120",
        "takeProfitTriggerBy": "IndexPrice",
    }
    assert limit({"stopLoss": 90})["stopLossTriggerPrice"] == "90"


@pytest.mark.parametrize(
    ("stop", "sentence"),
    [
        ({}, "stopLoss needs a triggerPrice"),
        ({"triggerPrice": 90, "type": "limit"}, "limit takes a price"),
        ({"triggerPrice": 90, "price": 89, "type": "market"}, "market none"),
        ({"triggerPrice": 90, "amount": 1}, "stopLoss has 'amount'"),
        ({"triggerPrice": -1}, "stopLoss triggerPrice -1 is not above zero"),
    ],
)
def test_an_attached_stop_that_makes_no_sense_is_refused(stop: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidOrder, match=sentence):
        limit({"stopLoss": stop})


def test_slippage_is_tolerated_in_ticks_or_percent() -> None:
    request = market({"slippageTolerance": 0.5, "slippageToleranceType": "percent"})
    assert (request["slippageTolerance"], request["slippageToleranceType"]) == ("0.5", "Percent")


# --- refusals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "changes", "sentence"),
    [
        ({}, {"type": "iceberg"}, "type 'iceberg' is none of"),
        ({}, {"type": None}, "type None is none of"),
        ({}, {"side": "long"}, "side 'long' is neither"),
        ({}, {"side": None}, "side None is neither"),
        ({}, {"amount": None}, "needs an amount"),
        ({}, {"amount": 0}, "amount 0 is not above zero"),
        ({}, {"amount": -1}, "amount -1 is not above zero"),
        ({}, {"amount": 0.009}, "nothing at the market's step of 0.01"),
        ({}, {"amount": 5000.01}, "above the maximum of 5000"),
        ({}, {"amount": "much"}, "amount 'much' is not a number"),
        ({}, {"amount": True}, "amount True is not a number"),
        ({}, {"amount": float("nan")}, "not a finite number"),
        ({}, {"amount": float("inf")}, "not a finite number"),
        ({}, {"amount": 1e300}, "out of all proportion"),
        ({}, {"amount": "1e-999999"}, "out of all proportion"),
        ({}, {"price": None}, "a limit order needs a price"),
        ({}, {"price": 0.001}, "nothing at the market's tick"),
        ({}, {"price": 10000.01}, "price 10000.01 is above the maximum of 10000"),
        ({}, {"price": -5}, "price -5 is not above zero"),
        ({"timeInForce": "GTD"}, {}, "timeInForce 'GTD' is none of 'GTC', 'IOC', 'FOK', 'PO'"),
        ({"postOnly": "yes"}, {}, "postOnly 'yes' is neither True nor False"),
        ({"postOnly": True, "timeInForce": "IOC"}, {}, "it cannot be IOC"),
        ({"postOnly": True}, {"type": "market"}, "a market order cannot be post-only"),
        ({"selfTradePrevention": "NONE"}, {}, "selfTradePrevention 'NONE' is none of"),
        ({"marginMode": "isolated"}, {}, "marginMode can only be 'cross'"),
        ({"autoBorrow": True}, {"market": SWAP}, "autoBorrow is for spot margin"),
        ({"slippageTolerance": 1, "slippageToleranceType": "Percent"}, {}, "is for market orders"),
        ({"slippageTolerance": 1}, {"type": "market"}, "needs a number and a slippageToleranceType"),
        ({"reduceonly": True}, {}, "did you mean 'reduceOnly'"),
        ({"leverage": 3}, {}, "params has 'leverage', which an order does not take"),
        ({"clientOrderId": "my-order"}, {}, "clientOrderId 'my-order' cannot be used"),
    ],
)
def test_an_order_that_cannot_stand_is_refused_with_a_sentence(
    params: dict[str, Any], changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InvalidOrder, match=sentence):
        limit(params, **changes)


@pytest.mark.parametrize("value", [-1, 2**32, 1.5, True, "", "-1", "1.0", "²", None])
def test_client_ids_are_whole_numbers_of_32_bits(value: Any) -> None:
    with pytest.raises(InvalidOrder, match="whole numbers from 0 to 4294967295"):
        client_id_of(value)


def test_an_amount_below_the_minimum_is_refused() -> None:
    choosy = {**SPOT, "limits": {**SPOT["limits"], "amount": {"min": 0.1, "max": None}}}
    with pytest.raises(InvalidOrder, match=r"amount 0\.05 is below the minimum of 0\.1"):
        limit(market=choosy, amount=0.05)


def test_steps_above_one_cut_off_what_is_no_whole_lot() -> None:
    request = limit(market=LOTS, amount=12345.6, price=0.00001234567)
    assert (request["quantity"], request["price"]) == ("12300", "0.0000123")
    with pytest.raises(InvalidOrder, match="nothing at the market's step of 100"):
        limit(market=LOTS, amount=99)


def test_the_params_of_the_caller_are_left_as_they_were() -> None:
    params = {"stopLoss": {"triggerPrice": 90}, "clientOrderId": 5, "timeInForce": "IOC"}
    limit(params)
    assert params == {"stopLoss": {"triggerPrice": 90}, "clientOrderId": 5, "timeInForce": "IOC"}


def test_the_venues_own_names_go_out_as_they_are() -> None:
    request = limit({"stopLossTriggerPrice": "90", "stopLossTriggerBy": "MarkPrice"})
    assert request == {**BASE, "stopLossTriggerPrice": "90", "stopLossTriggerBy": "MarkPrice"}


# --- properties --------------------------------------------------------------------------------------

STEPS = ["0.00000001", "0.0001", "0.01", "0.5", "0.25", "1", "10", "100", "10000"]
steps = st.sampled_from(STEPS)
short_floats = st.builds(lambda units, places: units / 10**places, st.integers(1, 10**7), st.integers(0, 9))
numbers = st.one_of(
    short_floats,
    st.floats(1e-9, 1e9, allow_nan=False),
    st.decimals("0.000000001", "1000000000", places=9),
    st.decimals("0.000000001", "1000000000", places=9).map(str),
    st.integers(1, 10**12),
)


def market_with(step: str, least: float | None = None, most: float | None = None) -> dict[str, Any]:
    limits = {"min": least, "max": most}
    return {
        "id": "X",
        "symbol": "X",
        "contract": False,
        "precision": {"amount": float(step), "price": float(step)},
        "limits": {"amount": limits, "price": limits},
    }


def text_or_none(text: Callable[..., str], step: str, value: Any) -> str | None:
    try:
        return text(market_with(step), value)
    except InvalidOrder:
        return None


def ccxts(value: Any, rounding: int, step: str) -> str | None:
    text = decimal_to_precision(value, rounding, float(step), TICK_SIZE, NO_PADDING)
    return None if Decimal(text) == 0 else str(text)


@given(step=steps, value=numbers)
def test_amounts_equal_ccxts_amount_to_precision(step: str, value: Any) -> None:
    assert text_or_none(amount_text, step, value) == ccxts(value, TRUNCATE, step)


@given(step=steps, value=numbers)
def test_prices_equal_ccxts_price_to_precision(step: str, value: Any) -> None:
    assert text_or_none(price_text, step, value) == ccxts(value, ROUND, step)


@given(step=steps, value=numbers)
def test_costs_equal_ccxts_cost_to_precision(step: str, value: Any) -> None:
    assert text_or_none(cost_text, step, value) == ccxts(value, TRUNCATE, step)


@given(step=steps, value=numbers)
def test_a_figure_that_is_sent_is_plain_and_a_whole_number_of_steps(step: str, value: Any) -> None:
    for text in (text_or_none(amount_text, step, value), text_or_none(price_text, step, value)):
        if text is not None:
            assert not set(text) - set("0123456789.")
            assert Decimal(text) % Decimal(step) == 0
            assert Decimal(text) > 0


@given(step=steps, value=short_floats, least=st.none() | short_floats, most=st.none() | short_floats)
def test_a_float_and_its_text_are_the_same_order(
    step: str, value: float, least: float | None, most: float | None
) -> None:
    market = market_with(step, least, most)

    def outcome(text: Callable[..., str], given: Any) -> str:
        try:
            return text(market, given)
        except InvalidOrder as error:
            return str(error).replace("'", "")

    for text in (amount_text, price_text):
        assert outcome(text, value) == outcome(text, repr(value))


anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.dictionaries(st.text(), st.text()),
)
NAMES = [
    "postOnly", "reduceOnly", "timeInForce", "triggerPrice", "stopLossPrice", "triggerPriceType", "cost",
    "stopLoss", "takeProfit", "selfTradePrevention", "clientOrderId", "triggerQuantity", "slippageTolerance",
    "slippageToleranceType", "autoLend", "quoteQuantity", "marginMode", "nonsense",
]  # fmt: skip


@given(
    type=anything | st.sampled_from(["limit", "market", "stop"]),
    side=anything | st.sampled_from(["buy", "sell"]),
    amount=anything,
    price=anything,
    params=st.dictionaries(st.sampled_from(NAMES), anything, max_size=4),
)
def test_whatever_is_given_is_a_request_or_an_exception_of_ccxt(
    type: Any,
    side: Any,
    amount: Any,
    price: Any,
    params: dict[str, Any],
) -> None:
    try:
        request = order_request(SPOT, type, side, amount, price, params)
    except BaseError as refusal:
        assert len(str(refusal)) > 20
    else:
        assert request["symbol"] == "SOL_USDC"
