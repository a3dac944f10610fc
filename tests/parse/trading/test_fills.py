"""Captured fills, every field; and what holds for any fill."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from ccxt.base.precise import Precise
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bpx_connector.parse.names import Names
from bpx_connector.parse.trading.fills import fill_structures
from bpx_connector.parse.trading.orders import (
    exact_product_in,
)
from tests.support.parsing import Offline, Sample, long_pairs, short_pairs


def test_a_fill_has_every_field(offline: Offline, sample: Sample) -> None:
    payload = sample("get_wapi_v1_history_fills")
    expected = {
        "info": payload,
        "id": "9748827",
        "order": "4238907375",
        "timestamp": 1753637940092,
        "datetime": "2025-07-27T17:39:00.092Z",
        "symbol": "ETH/USDC:USDC",
        "type": None,
        "side": "buy",
        "takerOrMaker": "taker",
        "price": 3826.15,
        "amount": 0.0026,
        "cost": 9.94799,
        "fee": {"currency": "USDC", "cost": 0.004974},
        "fees": [{"currency": "USDC", "cost": 0.004974}],
    }
    assert offline().parse_fills([payload]) == [expected]
    assert offline().parse_trade(payload) == expected


@pytest.mark.parametrize("word", ["", "N/A", None])
def test_a_fill_without_a_legible_price_has_no_cost(offline: Offline, sample: Sample, word: Any) -> None:
    [trade] = offline().parse_fills([{**sample("get_wapi_v1_history_fills"), "price": word}])
    assert (trade["price"], trade["cost"], trade["amount"]) == (None, None, 0.0026)


def test_no_fills_are_no_trades(offline: Offline) -> None:
    assert offline().parse_fills([]) == []


def test_names_are_looked_up_once_each() -> None:
    asked: list[str] = []

    def name_of(identity: str) -> str:
        asked.append(identity)
        return identity.lower()

    names = Names(name_of)
    assert [names[identity] for identity in ("A", "B", "A")] == ["a", "b", "a"]
    assert asked == ["A", "B"]


@given(pair=short_pairs | long_pairs, number=st.sampled_from([float, str, Decimal]))
@example(pair=("9999999", "99999999"), number=float)
@example(pair=("99999999999999", "9"), number=float)
@example(pair=("0.000000000001", "1"), number=float)
@example(pair=("107432.5", "0.00123"), number=float)
@example(pair=("0", "0.00"), number=float)
@settings(max_examples=1000)
def test_the_cost_of_a_fill_is_exact_and_rounded_once(pair: tuple[str, str], number: Any) -> None:
    price, amount = pair
    fill = {"price": price, "quantity": amount, "timestamp": "2026-09-01T17:54:04.094", "side": "Bid"}
    [trade] = fill_structures([fill], {None: None}, {None: None}, number)
    assert trade["cost"] == exact_product_in(number)(price, amount)
    assert trade["cost"] == number(Precise.string_mul(price, amount))
    assert type(trade["cost"]) is number
