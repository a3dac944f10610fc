"""A figure out of all proportion is None in every structure, and ends no call."""

from __future__ import annotations

from typing import Any

import pytest

from bpx_connector import bpx
from bpx_connector.parse.rows import Row, figure_text

TICKER = {
    "symbol": "SOL_USDC", "firstPrice": "100", "lastPrice": "101", "high": "102", "low": "99", "volume": "10",
    "priceChange": "1", "priceChangePercent": "0.01", "quoteVolume": "1000", "trades": "5",
}  # fmt: skip


@pytest.mark.parametrize("figure", [10**30, "9" * 40, "9" * 30, "1e30", "-1e35", 1e30])
def test_a_figure_of_thirty_digits_or_more_is_none(figure: Any) -> None:
    assert figure_text(figure) is None
    assert Row({"price": figure}).figure("price") is None


@pytest.mark.parametrize("figure", ["9" * 29, "0." + "0" * 34 + "1", "-" + "9" * 29])
def test_what_is_still_in_proportion_is_kept(figure: str) -> None:
    assert Row({"price": figure}).figure("price") == figure


@pytest.mark.parametrize("figure", [10**30, "9" * 40])
def test_a_ticker_with_one_is_read(figure: Any) -> None:
    ticker = bpx().parse_ticker({**TICKER, "high": figure})
    assert (ticker["high"], ticker["last"]) == (None, 101)
