"""By how much index and mark may move in one update."""

# mypy: disable-error-code="comparison-overlap,unreachable"
# Decimal(2) == 2 is true, which a type checker does not believe of tuples that hold them.

from __future__ import annotations

from decimal import Decimal

from bpx_connector.sandbox.market.marks import Marks
from bpx_connector.sandbox.records.rules import market_rules
from bpx_connector.sandbox.records.switches import Switches
from tests.support.venues import PERP, START, market_row


def marks(switches: Switches) -> Marks:
    row = market_row(PERP, tick="0.01", step="0.01", minimum="0.01")
    row["filters"]["price"] |= {"minPriceUpdateMultiplier": "0.9975", "maxPriceUpdateMultiplier": "1.0025"}
    return Marks(market_rules(row), Decimal(100), START, switches)


def test_an_update_moves_index_and_mark_by_no_more_than_its_cap() -> None:
    """OpenAPI, PriceFilter: min- and maxPriceUpdateMultiplier; captured 0.9975 and 1.0025."""
    switches = Switches()
    switches.update_caps = True
    capped = marks(switches)
    capped.set_index(Decimal(110))
    assert (capped.index, capped.mark) == (100, 100)
    seen = []
    for _ in range(60):
        capped.sample(None)
        seen.append((capped.index, capped.mark))
    assert seen[:2] == [(Decimal("100.25"), Decimal("100.25")), (Decimal("100.500625"), Decimal("100.50"))]
    assert seen[-1] == (110, 110)
    capped.set_index(Decimal(50))
    capped.sample(None)
    assert capped.index == 110 * Decimal("0.9975")


def test_without_the_switch_a_test_has_its_price_at_once() -> None:
    free = marks(Switches())
    free.set_index(Decimal(110))
    assert (free.index, free.mark) == (110, 110)
    free.sample(None)
    assert free.mark == 110
