"""What fills came to: profit and loss by the average price, fees, funding, drawdown."""

from __future__ import annotations

from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from bpx_connector.reports import report

SPOT, PERP = "SOL/USDC", "SOL/USDC:USDC"
moments = count(1)


def fill(side: str, amount: Any, price: Any, symbol: str = PERP, fee: Any = None) -> dict[str, Any]:
    what = {"side": side, "amount": amount, "price": price, "fee": fee}
    return {"timestamp": next(moments), "symbol": symbol, **what}


@pytest.mark.parametrize(
    ("fills", "realised", "amount", "average"),
    [
        ([("buy", "2", "10"), ("sell", "1", "13")], "3", "1", "10"),
        ([("buy", "1", "10"), ("buy", "3", "14"), ("sell", "4", "14")], "4", "0", None),
        ([("sell", "2", "10"), ("buy", "1", "8")], "2", "-1", "10"),
        ([("buy", "1", "10"), ("sell", "3", "12")], "2", "-2", "12"),
        ([("sell", "1", "10"), ("buy", "2", "11")], "-1", "1", "11"),
        ([("buy", "0.1", "0.3"), ("sell", "0.1", "0.6")], "0.03", "0.0", None),
    ],
)
def test_what_is_closed_is_realised_at_the_average_price(
    fills: list[Any], realised: str, amount: str, average: str | None
) -> None:
    market = report([fill(*each) for each in fills]).markets[PERP]
    assert (market.realised, market.amount) == (Decimal(realised), Decimal(amount))
    assert market.average == (None if average is None else Decimal(average))


def test_what_is_open_is_valued_at_the_last_price() -> None:
    found = report([fill("buy", "2", "10")], last={PERP: "11.5", "BTC/USDC": "1"})
    assert (found.markets[PERP].unrealised, found.net) == (Decimal("3.0"), Decimal("3.0"))
    assert report([fill("sell", "2", "10")], last={PERP: None}).net == 0


def test_fees_are_taken_off_in_the_quote_asset() -> None:
    fills = [
        fill("buy", "2", "10", SPOT, {"cost": "0.01", "currency": "SOL"}),
        fill("sell", "2", "10", SPOT, {"cost": "0.02", "currency": "USDC"}),
        fill("sell", "0", "10", SPOT, {"cost": None, "currency": None}),
    ]
    found = report(fills)
    assert (found.fees, found.net) == (Decimal("0.12"), Decimal("-0.12"))


def test_funding_counts_when_it_comes() -> None:
    opened = fill("buy", "1", "10")
    paid = {"timestamp": next(moments), "symbol": PERP, "amount": "-0.5"}
    found = report([opened], [paid])
    assert (found.markets[PERP].funding, found.net) == (Decimal("-0.5"), Decimal("-0.5"))


def test_the_drawdown_is_from_the_best_there_was() -> None:
    fills = [
        fill(*each)
        for each in [("buy", "1", "10"), ("sell", "1", "15"), ("buy", "1", "10"), ("sell", "1", "7")]
    ]
    found = report(fills)
    assert [point.gain for point in found.points] == [0, 5, 5, 2]
    assert found.drawdown == 3


def test_the_order_in_which_fills_are_given_is_no_matter() -> None:
    fills = [fill("buy", "1", "10"), fill("sell", "1", "15"), fill("sell", "1", "12")]
    assert report(fills[::-1]) == report(fills)


def test_nothing_came_to_nothing() -> None:
    found = report([])
    assert not any((found.net, found.fees, found.drawdown))
    assert found.points == []
