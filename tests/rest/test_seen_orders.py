"""What an exchange object remembers of its orders."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.rest.trading.seen import SeenOrders


def view(
    order_id: str = "1", status: str = "New", filled: str = "0", client_id: int | None = None
) -> dict[str, Any]:
    return {"id": order_id, "status": status, "executedQuantity": filled, "clientId": client_id}


def test_an_order_is_known_by_both_of_its_ids() -> None:
    seen = SeenOrders()
    order = view(client_id=7)
    assert seen.see(order) is order
    assert seen.order("1") is seen.order_of_client(7) is seen.order_of_client("7") is order
    assert seen.order("2") is seen.order_of_client(8) is None


def test_a_later_view_that_shows_less_is_not_believed() -> None:
    seen = SeenOrders()
    filled = seen.see(view(status="Filled", filled="2"))
    assert seen.see(view(status="PartiallyFilled", filled="1")) is filled
    assert seen.order("1") is filled


def test_looking_at_a_view_does_not_remember_it() -> None:
    seen = SeenOrders()
    assert seen.furthest(view()) == view()
    assert len(seen) == 0


def test_a_client_id_used_again_means_the_later_order() -> None:
    seen = SeenOrders(capacity=2)
    seen.see(view("1", client_id=7))
    seen.see(view("2", client_id=7))
    assert seen.order_of_client(7) == view("2", client_id=7)
    seen.see(view("3"))
    assert seen.order("1") is None
    assert seen.order_of_client(7) == view("2", client_id=7)


def test_what_is_forgotten_is_forgotten_under_both_ids() -> None:
    seen = SeenOrders(capacity=1)
    seen.see(view("1", client_id=7))
    seen.see(view("2"))
    assert seen.order("1") is seen.order_of_client(7) is None


@given(st.lists(st.integers(0, 30), max_size=100), st.integers(1, 10))
def test_memory_is_bounded_and_keeps_the_orders_seen_last(order_ids: list[int], capacity: int) -> None:
    seen = SeenOrders(capacity)
    for order_id in order_ids:
        seen.see(view(str(order_id), client_id=order_id))
    latest = list(dict.fromkeys(reversed(order_ids)))
    for order_id in latest[:capacity]:
        assert seen.order(str(order_id)) is not None
    for order_id in latest[capacity:]:
        assert seen.order(str(order_id)) is seen.order_of_client(order_id) is None
    assert len(seen) == min(len(latest), capacity)
