"""Closed positions and liquidations."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from ccxt.base.errors import BadRequest, BadSymbol

from tests.support.callers import Caller
from tests.support.canned import CannedVenue
from tests.support.canned_rows import fill, past_position

Canned = Callable[..., CannedVenue]

SWAP, BTC_SWAP, SOL = "SOL/USDC:USDC", "BTC/USDC:USDC", "SOL/USDC"
HISTORY, FILLS = "GET /wapi/v1/history/position", "GET /wapi/v1/history/fills"
SECOND = 1767225600000


def test_a_position_that_was_closed_is_in_the_history(bpx: Caller) -> None:
    bought = bpx.call("create_order", SWAP, "market", "buy", 2)
    assert bpx.call("fetch_positions_history") == []
    sold = bpx.call("close_position", SWAP)
    [position] = bpx.call("fetch_position_history", SWAP)
    assert (position["symbol"], position["contracts"], position["side"]) == (SWAP, 2.0, None)
    assert position["timestamp"] >= bought["timestamp"]
    assert position["lastUpdateTimestamp"] >= sold["timestamp"]
    assert position["unrealizedPnl"] == 0.0
    assert bpx.call("fetch_positions_history", [BTC_SWAP]) == []


def test_positions_come_in_the_order_in_which_they_closed(canned: Canned) -> None:
    rows = [
        past_position("3", closedAt="2026-01-01T00:00:30"),
        past_position("2", closedAt="2026-01-01T00:00:20", symbol="BTC_USDC_PERP"),
        past_position("1", closedAt="2026-01-01T00:00:10"),
    ]
    venue = canned({HISTORY: rows})
    assert [row["id"] for row in venue.call("fetch_positions_history")] == ["1", "2", "3"]
    both = venue.call("fetch_positions_history", [SWAP, BTC_SWAP], SECOND + 15_000, 1)
    assert [row["id"] for row in both] == ["2"]
    venue.call("fetch_positions_history", [SWAP])
    assert venue.asked[-1].params["symbol"] == "SOL_USDC_PERP"
    assert venue.asked[-1].params["state"] == "Closed"


def test_figures_of_a_closed_position_are_the_venues(canned: Canned) -> None:
    row = past_position("1", cumulativePnlRealized="-3.25", closedVolume="2", closingPrice="98.5")
    [position] = canned({HISTORY: [row]}, {"number": Decimal}).call("fetch_positions_history")
    assert position["realizedPnl"] == Decimal("-3.25")
    assert (position["entryPrice"], position["markPrice"]) == (Decimal(100), Decimal("98.5"))
    assert (position["notional"], position["leverage"]) == (Decimal(197), Decimal(10))
    assert position["info"] == row


def test_an_open_position_of_the_history_has_a_side(canned: Canned) -> None:
    row = past_position("1", state="Open", netQuantity="-4", closedAt=None, closingPrice=None)
    [position] = canned({HISTORY: [row]}).call("fetch_positions_history", None, None, None, {"state": "Open"})
    assert (position["side"], position["contracts"]) == ("short", 4.0)


def test_liquidations_are_the_fills_of_the_venues_own_orders(canned: Canned) -> None:
    fills = [
        fill("2026-01-01T00:00:02", "Ask", "95", "0.2", symbol="SOL_USDC_PERP",
             systemOrderType="LiquidatePositionOnBackstop", tradeId=2),
        fill("2026-01-01T00:00:01", "Ask", "96", "0.1", symbol="SOL_USDC_PERP",
             systemOrderType="LiquidatePositionOnBook", tradeId=1),
    ]  # fmt: skip
    venue = canned({FILLS: fills})
    first, second = venue.call("fetch_my_liquidations", SWAP, SECOND, 5, {"until": SECOND + 9000})
    assert (first["symbol"], first["side"], first["price"], first["contracts"]) == (SWAP, "sell", 96.0, 0.1)
    assert second["quoteValue"] == 19.0
    asked = venue.asked[0].params
    assert asked["fillType"] == "AllLiquidation"
    assert (asked["from"], asked["to"]) == (str(SECOND), str(SECOND + 9001))


def test_who_was_never_liquidated_has_no_liquidations(bpx: Caller) -> None:
    bpx.call("create_order", SWAP, "market", "buy", 1)
    assert bpx.call("fetch_my_liquidations") == []


@pytest.mark.parametrize("arguments", [("XYZ/USDC",), (SWAP, -1), (SWAP, None, 0), ([SWAP],)])
def test_wrong_arguments_are_refused_before_anything_is_asked(canned: Canned, arguments: Any) -> None:
    venue = canned({})
    with pytest.raises((BadRequest, BadSymbol)):
        venue.call("fetch_my_liquidations", *arguments)
    with pytest.raises((BadRequest, BadSymbol)):
        venue.call("fetch_position_history", *arguments)
    assert venue.asked == []
