"""One market's resting orders: priority, sizes, and what changed."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.sandbox.market.book import Book
from bpx_connector.sandbox.records.orders import ASK, BID, LIMIT, Order, OrderRequest
from bpx_connector.sandbox.records.outbox import Touched


def order(number: int, side: str, price: int, quantity: int = 1) -> Order:
    return Order(
        id=number,
        account_id=1,
        request=OrderRequest(symbol="SOL_USDC", side=side, order_type=LIMIT, price=Decimal(price)),
        created_at=0,
        updated_at=0,
        quantity=Decimal(quantity),
    )


def book_of(*orders: Order) -> Book:
    book = Book("SOL_USDC", Touched())
    for each in orders:
        book.add(each)
    return book


ORDERS = st.lists(st.tuples(st.sampled_from([BID, ASK]), st.integers(1, 8), st.integers(1, 9)), max_size=30)


@given(ORDERS)
def test_orders_trade_best_price_first_and_oldest_first_within_a_price(
    rows: list[tuple[str, int, int]],
) -> None:
    book = book_of(*(order(number, *row) for number, row in enumerate(rows)))
    bids = sorted((-price, number) for number, (side, price, _) in enumerate(rows) if side == BID)
    asks = sorted((price, number) for number, (side, price, _) in enumerate(rows) if side == ASK)
    assert [each.id for each in book.in_priority(BID)] == [number for _, number in bids]
    assert [each.id for each in book.in_priority(ASK)] == [number for _, number in asks]


@given(ORDERS, st.data())
def test_a_level_is_as_large_as_what_its_orders_still_want(
    rows: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    orders = [order(number, *row) for number, row in enumerate(rows)]
    book = book_of(*orders)
    for each in orders:
        taken = data.draw(st.integers(0, int(each.remaining)))
        if taken:
            book.shrink(each, Decimal(taken))
            each.executed_quantity += taken
    for side in (BID, ASK):
        for price, size in book.depth(side):
            assert (
                size
                == sum(e.remaining for e in orders if e.request.side == side and e.request.price == price)
                > 0
            )


def test_an_order_keeps_its_place_when_it_shrinks() -> None:
    first, second = order(1, BID, 10, 5), order(2, BID, 10, 5)
    book = book_of(first, second)
    book.shrink(first, Decimal(2))
    assert [each.id for each in book.in_priority(BID)] == [1, 2]


def test_changes_are_absolute_sizes_and_are_told_once() -> None:
    resting = order(1, BID, 10, 5)
    book = book_of(resting, order(2, ASK, 12, 3))
    assert book.take_changes() == ({Decimal(10): Decimal(5)}, {Decimal(12): Decimal(3)})
    assert book.take_changes() == ({}, {})
    book.remove(resting)
    assert book.take_changes() == ({Decimal(10): Decimal(0)}, {})


def test_the_first_order_is_asked_anew_after_each_change() -> None:
    orders = [order(1, ASK, 10), order(2, ASK, 10), order(3, ASK, 9)]
    book = book_of(*orders)
    seen = []
    for each in book.first_of(ASK):
        seen.append(each.id)
        book.remove(each)
    assert seen == [3, 1, 2]


def test_only_a_price_at_or_past_the_best_opposite_one_crosses() -> None:
    book = book_of(order(1, ASK, 12), order(2, BID, 10))
    assert book.crosses(BID, Decimal(12))
    assert not book.crosses(BID, Decimal(11))
    assert book.crosses(ASK, Decimal(10))
    assert not book.crosses(ASK, Decimal(11))
    assert not book_of().crosses(ASK, Decimal(1))


def test_depth_is_best_first_and_no_deeper_than_asked() -> None:
    book = book_of(*(order(number, BID, number) for number in range(1, 6)))
    assert [price for price, _ in book.depth(BID, 2)] == [5, 4]
