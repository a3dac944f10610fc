"""Its tests: the decision alone, and a day on the sandbox, which passes in seconds."""

from __future__ import annotations

from typing import Any

import pytest
from strategy import step, wanted

from bpx_connector import bpx

SYMBOL = "SOL/USDC:USDC"


@pytest.fixture
def bpx_sandbox_options() -> dict[str, Any]:
    return {"seed": 7, "symbols": ["SOL_USDC", "SOL_USDC_PERP"]}


def test_it_holds_while_prices_rise_and_not_while_they_fall() -> None:
    rising = [float(price) for price in range(30)]
    assert wanted(rising) is True
    assert wanted(rising[::-1]) is False
    assert wanted(rising[:10]) is None


def test_it_goes_in_and_out_and_never_holds_more_than_it_should(bpx_driven_sandbox: Any) -> None:
    exchange = bpx_driven_sandbox.exchange(bpx)
    orders = []
    for _ in range(60):
        bpx_driven_sandbox.advance(60)
        orders.append(step(exchange, SYMBOL, 2))
        positions = exchange.fetch_positions([SYMBOL])
        assert not positions or 0 <= positions[0]["contracts"] <= 2
    placed = [order for order in orders if order is not None]
    assert {order["side"] for order in placed} == {"buy", "sell"}
    assert all(order["status"] == "closed" for order in placed)
