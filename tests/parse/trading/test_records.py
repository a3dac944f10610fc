"""ccxt's orders of what the log knows: the same, whichever way each fact came."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpx_connector.orders.log import OrderLog, Record
from bpx_connector.orders.words import fill_words, order_words
from bpx_connector.parse.names import Names
from bpx_connector.parse.trading.records import all_fills_added, record_structures, trade_structures

BEGAN = 1_788_284_044_094_000
SYMBOLS = Names({"SOL_USDC": "SOL/USDC"}.get)
CURRENCIES = Names({"SOL": "XSOL", "USDC": "USDC"}.get)


def event(kind: str, executed: int, at: int, **more: Any) -> Any:
    """An event of a bid for 10 at 20."""
    return {
        **{
            "e": kind,
            "E": BEGAN + at,
            "T": BEGAN + at,
            "s": "SOL_USDC",
            "S": "Bid",
            "o": "LIMIT",
            "f": "GTC",
        },
        **{"q": "10", "p": "20", "z": str(executed), "Z": str(executed * 20), "i": "112", "c": 7, "X": "New"},
        **{"y": False, "r": False},
        **more,
    }


def answered(told: Any) -> dict[str, Any]:
    """What REST says when an event has happened."""
    last: Any = {**event("", 0, 0), **told}
    return {
        **order_words(last),
        "createdAt": BEGAN // 1000,
        "orderType": "Limit",
        "triggerPrice": None,
    }


@st.composite
def lives(draw: st.DrawFn) -> list[dict[str, Any]]:
    """All events of one order, as the venue sends them."""
    life, executed = [event("orderAccepted", 0, 0)], 0
    for number, wanted in enumerate(draw(st.lists(st.integers(1, 4), max_size=5)), start=1):
        quantity = min(wanted, 10 - executed)
        if not quantity:
            break
        executed += quantity
        fill = {"t": number, "l": str(quantity), "L": "20", "m": True, "n": f"0.{number}", "N": "SOL"}
        state = "Filled" if executed == 10 else "PartiallyFilled"
        life.append(event("orderFill", executed, 1000 * number, X=state, **fill))
    if executed < 10 and draw(st.booleans()):
        life.append(event("orderCancelled", executed, 9000, X="Cancelled"))
    return life


class Known:
    """A log with what is made of it."""

    def __init__(self, number: Any = str) -> None:
        self.log = OrderLog()
        self.log.follow(100)
        self.number = number

    def hear(self, told: Any) -> None:
        fill = fill_words(told)
        _, _, is_new = self.log.event(order_words(told), told, told["T"], fill)
        if fill is not None and is_new:
            self._make(fill)

    def read(self, told: Any) -> None:
        self.log.see(answered(told))

    def read_fill(self, told: Any) -> None:
        fill = fill_words(told)
        if fill is not None and self.log.get("112") is not None and self.log.fill(fill):
            self._make(fill)

    def structure(self) -> dict[str, Any]:
        record = self.log.get("112")
        assert record is not None
        [order] = record_structures([record], SYMBOLS, CURRENCIES, self.number)
        for part in (order, *order["trades"]):
            del part["info"]
        # Engine times of moves are told by events only.
        del order["lastUpdateTimestamp"]
        return order

    def _make(self, fill: dict[str, Any]) -> None:
        record: Record | None = self.log.get(fill["orderId"])
        trade_structures([(record, fill)], SYMBOLS, CURRENCIES, self.number)


@settings(max_examples=300)
@given(lives(), st.data())
def test_answers_and_events_in_any_order_end_in_the_same_structure(
    life: list[dict[str, Any]], data: st.DataObject
) -> None:
    expected, known = Known(), Known()
    for told in life:
        expected.hear(told)
    facts = [(way, told) for told in life for way in ("hear", "read", "read_fill")]
    for way, told in data.draw(st.lists(st.sampled_from(facts), max_size=15)):
        getattr(known, way)(told)
    # In the end every fact has come, each in one of the two ways.
    by_rest = data.draw(st.booleans())
    known.read(life[-1]) if by_rest else known.hear(life[-1])
    for told in data.draw(st.permutations(life)):
        known.read_fill(told) if data.draw(st.booleans()) else known.hear(told)
    known.read(life[0])  # long ago: it dates the order, if no event has done so
    assert known.structure() == expected.structure()


@pytest.mark.parametrize(("number", "fee"), [(str, "0.0000001"), (float, 1e-7), (Decimal, Decimal("1E-7"))])
def test_a_fee_is_in_ccxts_currency_and_written_out_whichever_way_it_came(number: Any, fee: Any) -> None:
    filled = event("orderFill", 10, 5, X="Filled", t=1, l="10", L="20", m=True, n="0.0000001", N="SOL")
    heard, read = Known(number), Known(number)
    heard.hear(filled)
    read.read(filled)
    read.read_fill(filled)
    assert heard.structure()["fee"] == read.structure()["fee"] == {"currency": "XSOL", "cost": fee}
    trades = trade_structures([(None, fill_words(filled) or {})], SYMBOLS, CURRENCIES, number)
    order = {"info": answered(filled)}
    assert all_fills_added(order, trades, CURRENCIES, number)["fees"] == [{"currency": "XSOL", "cost": fee}]


def trade(quantity: str, fee: str, currency: str = "USDC", timestamp: int = 1) -> dict[str, Any]:
    fill = {"quantity": quantity, "fee": fee, "feeSymbol": currency}
    return {"timestamp": timestamp, "id": str(timestamp), "info": fill}


def order(executed: str) -> dict[str, Any]:
    return {"info": {"executedQuantity": executed}}


def test_fees_of_one_currency_are_added_exactly() -> None:
    trades = [trade("0.1", "0.1", timestamp=5), trade("0.2", "0.2", timestamp=9)]
    assert all_fills_added(order("0.3"), trades, CURRENCIES, Decimal) == {
        "trades": trades,
        "fees": [{"currency": "USDC", "cost": Decimal("0.3")}],
        "fee": {"currency": "USDC", "cost": Decimal("0.3")},
        "lastTradeTimestamp": 9,
    }


def test_fees_of_two_currencies_are_not_one_fee() -> None:
    trades = [trade("1", "0.5", timestamp=1), trade("1", "0.001", "SOL", timestamp=2)]
    added = all_fills_added(order("2"), trades, CURRENCIES, float)
    assert added["fee"] is None
    assert added["fees"] == [{"currency": "USDC", "cost": 0.5}, {"currency": "XSOL", "cost": 0.001}]


def test_a_part_of_the_fills_adds_nothing() -> None:
    assert all_fills_added(order("2"), [trade("1", "0.5")], CURRENCIES, float) == {}
    assert all_fills_added(order("2"), [], CURRENCIES, float) == {}


def test_of_an_order_with_fills_from_before_we_looked_only_the_last_trade_is_known() -> None:
    known = Known()
    known.read(event("", 4, 1, X="PartiallyFilled"))
    known.hear(event("orderFill", 10, 5000, X="Filled", t=2, l="6", L="20", m=True, n="1", N="SOL"))
    structure = known.structure()
    assert (structure["trades"], structure["fees"], structure["fee"]) == ([], [], None)
    assert structure["lastTradeTimestamp"] == BEGAN // 1000 + 5
