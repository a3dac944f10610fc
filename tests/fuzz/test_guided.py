"""What a fuzzer drives, driven a little by chance; `make fuzz ARGS="--atheris 60"` does it by coverage."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from ccxt.base.errors import BadRequest, BaseError

from bpx_connector.parse.events import checked_number, rfq_event
from bpx_connector.stream.floors import Horizon
from tests.fuzz.drawn import Drawn
from tests.fuzz.good_answers import good_answer
from tests.fuzz.guided import INSTRUMENTED, functions_of
from tests.fuzz.spoilt_answers import oddities
from tests.fuzz.targets import TARGETS, Heard, answer_tried, signature_tried
from tests.fuzz.venue import answered_exchange
from tests.support.samples import sample

INPUTS = 150


def inputs(seed: str) -> Iterator[bytes]:
    dice = random.Random(seed)
    return (dice.randbytes(dice.randrange(4, 160)) for _ in range(INPUTS))


@pytest.mark.parametrize("target", [answer_tried, signature_tried], ids=["answers", "signatures"])
def test_nothing_that_bytes_make_up_does_harm(target: Any) -> None:
    for data in inputs(target.__name__):
        target(data)


def test_no_frame_that_bytes_make_up_leaves_a_stream_deaf() -> None:
    heard = Heard()
    try:
        for data in inputs("frames"):
            heard.tried_with(data)
    finally:
        heard.close()


def test_the_same_bytes_make_the_same_choices_and_none_are_zeros() -> None:
    dice = random.Random(7)
    for _ in range(50):
        data = dice.randbytes(40)
        assert repr(Drawn(data).value()) == repr(Drawn(data).value())
    assert Drawn(b"").number(9) == 0
    assert Drawn(b"").text() == ""


@pytest.mark.parametrize("target", TARGETS)
def test_what_guides_a_target_has_functions(target: str) -> None:
    names = {function.__qualname__ for function in functions_of(INSTRUMENTED[target])}
    known = {"answers": "ParseOrders.parse_order", "frames": "Horizon.checked", "signatures": "Wire.signed"}
    assert known[target] in names


# --- what it has found -------------------------------------------------------------------------------------


@pytest.mark.parametrize("figure", ["0061", "-007", "00", "01.5", "+1", "1.", ".5"])
def test_a_figure_that_json_would_write_otherwise_is_read(figure: str) -> None:
    exchange = answered_exchange()
    order = {"id": "77", "symbol": "SOL_USDC", "side": "Bid", "status": "New", "orderType": "Limit"}
    [found] = exchange.parse_orders([{**order, "stopLossTriggerPrice": figure, "quantity": []}])
    assert found["stopLossPrice"] == float(figure)
    [market] = exchange.parse_markets([{**row_of_a_market(), "quoteSymbol": 7, "filters": filters(figure)}])
    assert market["limits"]["price"]["min"] in (float(figure), None)


def row_of_a_market() -> dict[str, Any]:
    return next(dict(market["info"]) for market in answered_exchange().markets.values() if market["spot"])


def filters(figure: str) -> dict[str, Any]:
    found = dict(row_of_a_market()["filters"])
    return {**found, "price": {**found["price"], "minPrice": figure}}


@pytest.mark.parametrize("symbol", ["", [], {}, 7, None])
@pytest.mark.parametrize("more", [{}, {"takeProfitTriggerPrice": []}])
def test_an_order_whose_market_has_no_name_is_read_with_whatever_else_is_odd(symbol: Any, more: Any) -> None:
    exchange = answered_exchange()
    order = {"id": "77", "symbol": symbol, "side": "Bid", "status": "New", "orderType": "Limit", **more}
    assert exchange.parse_order(order)["id"] == "77"


@pytest.mark.parametrize(("method", "params"), [("get", {"symbol": "\ud800"}), ("post", {"\udfff": "x"})])
def test_half_a_character_is_refused_by_implicit_methods_too(method: str, params: Any) -> None:
    exchange = answered_exchange()
    with pytest.raises(BadRequest, match="half a character"):
        getattr(exchange, f"private_{method}_api_v1_order")(params)
    assert not exchange.asked


@pytest.mark.parametrize(
    "spoilt",
    [{"W": -1.4e262}, {"w": {}}, {"C": 10**400}, {"e": [1e300]}, {"s": -5}, {"E": -(10**40)}, {"X": 7}],
)
def test_a_request_for_quotes_has_times_and_words_or_none(spoilt: Any) -> None:
    said: Any = {**sample("ws/account.rfqUpdate")[0], **spoilt}
    try:
        told = rfq_event(said, "SOL.RFQ/USDC", float)
    except ValueError:  # counted as a spoilt frame
        return
    assert list(oddities(told)) == []
    assert isinstance(told["clientOrderId"], str | None)


@pytest.mark.parametrize("figure", ["1_000", " 1 ", "١٢", "NaN", "1e400"])
@pytest.mark.parametrize("number", [float, str, Decimal])
def test_what_python_takes_for_a_figure_and_no_venue_writes_is_none_on_a_stream(
    figure: str, number: Any
) -> None:
    with pytest.raises(ValueError, match="is no figure"):
        checked_number(number)(figure)
    assert checked_number(number)("1.50") == number("1.50")


@pytest.mark.parametrize("time", [-1, -(10**40), 10**40, "never", None])
def test_a_time_that_is_none_is_not_believed(time: Any) -> None:
    with pytest.raises(ValueError, match=r"time|clock|whole"):
        Horizon(lambda: 1_788_284_044_094).checked(time)


@pytest.mark.parametrize("side", [{}, [], 7, None, ""])
def test_an_edit_goes_on_when_the_cancelled_order_says_no_side(side: Any) -> None:
    exchange = answered_exchange()
    answer = json.dumps({**good_answer("DELETE /api/v1/order"), "side": side, "symbol": side})
    exchange.begin({"DELETE /api/v1/order": (200, answer)})
    with suppress(BaseError):
        exchange.edit_order("77", "SOL/USDC", "limit", "buy", 1.5, 90, {"clientOrderId": 8})
