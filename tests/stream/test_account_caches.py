"""The caches of orders, own trades and positions that callers hold in their hands."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.stream.caches import PositionCache, StructureCache


def order(identity: str, symbol: str = "A", **more: Any) -> dict[str, Any]:
    return {"id": identity, "symbol": symbol, **more}


def position(symbol: str, side: str | None, contracts: float = 1) -> dict[str, Any]:
    return {"symbol": symbol, "side": side, "contracts": contracts}


def test_a_changed_order_is_replaced_and_moves_to_the_end() -> None:
    cache = StructureCache(10)
    first, changed = order("1"), order("1", filled=1)
    for item in (first, order("2"), changed):
        cache.append(item)
    assert [item["id"] for item in cache] == ["2", "1"]
    assert cache[-1] is changed
    assert cache.hashmap["A"]["1"] is changed
    assert "filled" not in first


def test_of_more_than_the_bound_the_oldest_are_forgotten() -> None:
    cache = StructureCache(2)
    for identity in "123":
        cache.append(order(identity))
    assert [item["id"] for item in cache] == ["2", "3"]
    assert set(cache.hashmap["A"]) == {"2", "3"}


def test_without_a_bound_nothing_is_forgotten() -> None:
    cache = StructureCache()
    for identity in range(1500):
        cache.append(order(str(identity)))
    assert (len(cache), cache.getLimit(None, None)) == (1500, 1500)


def test_the_limit_counts_what_has_changed_since_the_last_poll() -> None:
    cache = StructureCache(10)
    cache.append(order("1"))
    cache.append(order("2"))
    assert cache.getLimit(None, None) == 2
    cache.append(order("3"))
    assert cache.getLimit(None, None) == 1
    cache.append(order("1"))
    cache.append(order("3"))
    assert cache.getLimit(None, None) == 2


def test_a_second_poll_without_news_gives_the_same() -> None:
    """Several callers are woken by one change, and each asks."""
    cache = StructureCache(10)
    cache.append(order("1"))
    assert [cache.getLimit(None, None) for _ in range(3)] == [1, 1, 1]
    cache.append(order("2"))
    assert [cache.getLimit(None, None) for _ in range(3)] == [1, 1, 1]


def test_the_limit_of_one_market_is_counted_by_itself() -> None:
    cache = StructureCache(10)
    cache.append(order("1", "A"))
    cache.append(order("2", "B"))
    assert cache.getLimit("A", None) == 1
    cache.append(order("3", "B"))
    assert (cache.getLimit("A", None), cache.getLimit("B", None)) == (1, 2)
    assert cache.getLimit("C", None) == 0


def test_the_limit_is_never_more_than_was_asked_for() -> None:
    cache = StructureCache(10)
    for identity in "123":
        cache.append(order(identity))
    assert cache.getLimit(None, 2) == 2
    assert cache.getLimit(None, 5) == 3


def test_a_cleared_cache_counts_from_nothing() -> None:
    cache = StructureCache(10)
    cache.append(order("1"))
    cache.getLimit(None, None)
    cache.clear()
    assert (len(cache), cache.getLimit(None, None)) == (0, 0)
    cache.append(order("2"))
    assert cache.getLimit(None, None) == 1


@given(st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 6)), max_size=40), st.integers(1, 8))
def test_the_cache_holds_the_latest_of_each_in_the_order_of_their_last_change(
    changes: list[tuple[str, int]], bound: int
) -> None:
    cache = StructureCache(bound)
    latest: dict[tuple[str, int], int] = {}
    for version, (symbol, identity) in enumerate(changes):
        cache.append(order(str(identity), symbol, version=version))
        if (symbol, identity) not in latest and len(latest) == bound:
            del latest[next(iter(latest))]
        latest.pop((symbol, identity), None)
        latest[symbol, identity] = version
    assert [(item["symbol"], int(item["id"]), item["version"]) for item in cache] == [
        (symbol, identity, version) for (symbol, identity), version in latest.items()
    ]
    assert cache.getLimit(None, None) == len(latest)


def test_a_market_has_one_position_whichever_side_it_is_on() -> None:
    cache = PositionCache()
    cache.append(position("A", "long"))
    cache.append(position("B", "long"))
    cache.append(position("A", "short", 2))
    assert [(item["symbol"], item["side"], item["contracts"]) for item in cache] == [
        ("B", "long", 1),
        ("A", "short", 2),
    ]
    assert set(cache.hashmap["A"]) == {"short"}


def test_a_position_that_is_gone_takes_the_place_of_the_one_that_was() -> None:
    cache = PositionCache()
    cache.append(position("A", "long"))
    cache.append(position("A", None, 0))
    assert list(cache) == [position("A", None, 0)]
    cache.append(position("A", "long", 3))
    assert list(cache) == [position("A", "long", 3)]


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from(["long", "short", None])), max_size=30))
def test_the_positions_are_the_last_ones_of_each_market(changes: list[tuple[str, str | None]]) -> None:
    cache = PositionCache()
    latest: dict[str, str | None] = {}
    for symbol, side in changes:
        cache.append(position(symbol, side))
        latest.pop(symbol, None)
        latest[symbol] = side
    assert [(item["symbol"], item["side"]) for item in cache] == list(latest.items())
