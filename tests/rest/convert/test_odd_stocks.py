"""A stock that cannot be read is left out; the others are there."""

from __future__ import annotations

from typing import Any

import pytest

from bpx_connector import bpx

STOCK: dict[str, Any] = {"asset": "AAPL.US", "sessions": [{"stepSize": "0.01", "minQuantity": "0.01"}]}


@pytest.mark.parametrize(
    "odd", [{}, {**STOCK, "sessions": "abc"}, {"asset": "X.US", "sessions": [{"stepSize": "abc"}]}]
)
def test_one_odd_stock_leaves_the_others(odd: Any) -> None:
    class Offline(bpx):
        def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
            return [odd, STOCK]

    assert [market["symbol"] for market in Offline().fetch_stock_markets()] == ["AAPL.US.RFQ/USDC"]
