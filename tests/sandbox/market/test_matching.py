"""Matching alone: who trades with whom, where an order stops and why."""

# mypy: disable-error-code="comparison-overlap"
# Decimal(2) == 2 is true, which a type checker does not believe of tuples that hold them.

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.sandbox.market.book import Book
from bpx_connector.sandbox.market.matching import Preview, incoming, matches, preview
from bpx_connector.sandbox.records.orders import ASK, BID, LIMIT, MARKET, OPPOSITE, Order, OrderRequest
from bpx_connector.sandbox.records.outbox import Touched
from tests.support.venues import SPOT, rules_of

RULES = rules_of(SPOT)


def order(number: int, side: str, price: object = None, quantity: object = None, **fields: Any) -> Order:
    own = {name: fields.pop(name) for name in ("account_id", "quote_quantity") if name in fields}
    request = OrderRequest(
        symbol=SPOT,
        side=side,
        order_type=MARKET if price is None else LIMIT,
        price=None if price is None else Decimal(str(price)),
        **fields,
    )
    return Order(
        id=number,
        request=request,
        created_at=0,
        updated_at=0,
        quantity=None if quantity is None else Decimal(str(quantity)),
        **{"account_id": number, **own},
    )


def book_of(*orders: Order) -> Book:
    book = Book(SPOT, Touched())
    for each in orders:
        book.add(each)
    return book


def looked(taker: Order, *makers: Order) -> Preview:
    return preview(taker, RULES, book_of(*makers))


def test_a_trade_happens_at_the_resting_price() -> None:
    assert looked(order(9, BID, 105, 1), order(1, ASK, 100, 1)) == Preview(
        Decimal(1), Decimal(100), None, True
    )


def test_a_limit_order_goes_no_further_than_its_price() -> None:
    look = looked(order(9, BID, 100, 3), order(1, ASK, 100, 1), order(2, ASK, 101, 5))
    assert (look.quantity, look.is_complete) == (1, False)


def test_a_market_order_stops_where_its_impact_would_grow_too_large() -> None:
    look = looked(order(9, BID, None, 3), order(1, ASK, 100, 1), order(2, ASK, 101, 1), order(3, ASK, 102, 1))
    assert (look.quantity, look.stopped) == (2, "PriceImpact")


@pytest.mark.parametrize(
    ("tolerance", "kind", "reached"),
    [("50", "TickSize", 2), ("49", "TickSize", 1), ("0.5", "Percent", 2), ("0.49", "Percent", 1)],
)
def test_a_market_order_stops_at_its_slippage_tolerance(tolerance: str, kind: str, reached: int) -> None:
    taker = order(9, ASK, None, 3, slippage_tolerance=Decimal(tolerance), slippage_tolerance_type=kind)
    look = looked(taker, order(1, BID, 100, 1), order(2, BID, "99.5", 1), order(3, BID, 99, 1))
    assert (look.quantity, look.stopped) == (reached, "SlippageToleranceExceeded")


def test_a_market_order_that_outlives_the_book_lacks_liquidity() -> None:
    look = looked(order(9, ASK, None, 3), order(1, BID, 100, 1))
    assert (look.quantity, look.stopped) == (1, "InsufficientLiquidity")


@given(st.integers(1, 100_000), st.lists(st.tuples(st.integers(1, 4), st.integers(1, 50)), max_size=8))
def test_an_order_by_quote_spends_all_it_can_and_never_more(cents: int, asks: list[tuple[int, int]]) -> None:
    quote = Decimal(cents) / 100
    taker = order(9, BID, None, quote_quantity=quote)
    makers = [order(n, ASK, Decimal(10_000 + p) / 100, Decimal(q) / 100) for n, (p, q) in enumerate(asks)]
    look = looked(taker, *makers)
    assert look.quote <= quote
    offered = sum(maker.remaining for maker in makers)
    if look.quantity < offered:
        assert quote - look.quote < Decimal("100.04") * RULES.step


def test_an_order_by_quote_that_runs_out_of_money_at_the_end_of_the_book_is_complete() -> None:
    look = looked(order(9, BID, None, quote_quantity=Decimal("150.5")), order(1, ASK, 100, "1.5"))
    assert (look.quantity, look.is_complete) == (Decimal("1.5"), True)


@pytest.mark.parametrize(
    ("mode", "steps", "stopped"),
    [
        ("RejectTaker", [], "SelfTradePrevention"),
        ("RejectMaker", [(1, 0), (2, 1)], None),
        ("RejectBoth", [(1, 0)], "SelfTradePrevention"),
    ],
)
def test_an_account_does_not_trade_with_itself(
    mode: str, steps: list[tuple[int, int]], stopped: str | None
) -> None:
    taker = order(9, BID, 100, 1, account_id=5, self_trade_prevention=mode)
    book = book_of(order(1, ASK, 100, 1, account_id=5), order(2, ASK, 100, 1))
    state = incoming(taker, RULES, book)
    seen = [(m.maker.id, m.quantity) for m in matches(book.in_priority(OPPOSITE[BID]), state)]
    assert (seen, state.stopped) == (steps, stopped)


def test_looking_changes_nothing() -> None:
    maker = order(1, ASK, 100, 2)
    book = book_of(maker)
    book.take_changes()
    preview(order(9, BID, 100, 1), RULES, book)
    assert (maker.remaining, book.take_changes()) == (2, ({}, {}))
