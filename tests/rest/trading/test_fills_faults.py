"""Pages of fills."""

from __future__ import annotations

from tests.support.scripted import scripted_exchange
from tests.support.scripted_orders import SOL, fill


def test_fills_are_read_page_by_page_until_the_end() -> None:
    exchange = scripted_exchange([[fill(n) for n in range(1000)], [fill(n) for n in range(1000, 1500)]])
    trades = exchange.fetch_my_trades(SOL, 0)
    assert [trade["id"] for trade in trades] == [str(n) for n in range(1500)]
    first, second = (asked.params for asked in exchange.asked_for())
    assert first == {
        "symbol": "SOL_USDC",
        "from": "0",
        "limit": "1000",
        "offset": "0",
        "sortDirection": "Asc",
    }
    assert second == {**first, "offset": "1000"}


def test_a_fill_that_moved_to_the_next_page_comes_once() -> None:
    exchange = scripted_exchange(
        [[fill(n) for n in range(2000, 1000, -1)], [fill(n) for n in range(1001, 1, -1)]]
    )
    trades = exchange.fetch_my_trades(SOL, None, 1999)
    assert [trade["id"] for trade in trades] == [str(n) for n in range(2, 2001)]


def test_no_more_fills_are_read_than_were_asked_for() -> None:
    exchange = scripted_exchange([[fill(9), fill(8)]])
    assert [trade["id"] for trade in exchange.fetch_my_trades(None, None, 2)] == ["8", "9"]
    assert exchange.asked_for()[0].params == {"limit": "2", "offset": "0", "sortDirection": "Desc"}


def test_until_is_the_last_millisecond_that_counts() -> None:
    exchange = scripted_exchange([[]])
    assert exchange.fetch_my_trades(SOL, 5, None, {"until": 9, "type": "spot", "fillType": "User"}) == []
    asked = exchange.asked_for()[0].params
    assert (asked["from"], asked["to"], asked["marketType"], asked["fillType"]) == ("5", "10", "SPOT", "User")


def test_an_offset_of_the_callers_own_is_one_page() -> None:
    exchange = scripted_exchange([[fill(n) for n in range(1000)]])
    exchange.fetch_my_trades(SOL, None, None, {"offset": 3000})
    assert len(exchange.asked_for()) == 1
    assert exchange.asked_for()[0].params["offset"] == "3000"
