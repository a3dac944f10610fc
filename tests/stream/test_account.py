"""The order stream's follower: what reaches callers when frames or answers go wrong."""

from __future__ import annotations

from typing import Any

from bpx_connector.orders.log import MARGIN, OrderLog
from bpx_connector.stream.account import (
    READ_TOGETHER,
    AccountOrders,
    OrderFollower,
    OrderNews,
)
from bpx_connector.stream.caches import StructureCache
from bpx_connector.stream.topics import Topic, Topics
from tests.support.kinds import EVENTS, ORDERS
from tests.support.links import far_horizon, text_frame

STREAM = "account.orderUpdate"


class Followed:
    """A follower with callers of orders and of fills."""

    def __init__(self) -> None:
        topics = Topics()
        self.trades = Topic(EVENTS, None, [STREAM])
        self.orders = Topic(ORDERS, None, [STREAM])
        topics.add(self.trades)
        topics.add(self.orders)
        self.cache = StructureCache(100)
        self._topics = topics
        self.follower = OrderFollower(STREAM, OrderLog(), self._told, self._fetch, far_horizon(), 100)
        self.follower.begin()

    def _told(self, news: OrderNews) -> None:
        for record in news.orders:
            self._topics.publish(ORDERS, record.order["symbol"], {record.order["id"]})
        for _, fill in news.fills:
            self.cache.append({"id": str(fill["tradeId"]), "symbol": fill["symbol"]})
            self._topics.publish(EVENTS, fill["symbol"], 1)

    async def _fetch(self, follower: OrderFollower) -> AccountOrders:
        raise AssertionError("nobody asks here")


def filled(trade: int, executed: str, quantity: str = "1", identity: str = "1") -> str:
    return text_frame(
        STREAM,
        **{
            "e": "orderFill",
            "i": identity,
            "s": "SOL_USDC",
            "S": "Bid",
            "X": "PartiallyFilled",
            "T": trade,
            "E": trade,
        },
        **{"z": executed, "l": quantity, "L": "10", "t": trade, "n": "0.1", "N": "USDC", "m": True},
    )


def fill(trade: int, price: str = "10") -> dict[str, Any]:
    return {
        **{"orderId": "1", "tradeId": trade, "symbol": "SOL_USDC", "price": price, "quantity": "1"},
        **{"fee": "0.1", "feeSymbol": "USDC", "timestamp": "2026-01-01T00:00:00.000"},
    }


async def test_fills_before_a_frame_that_cannot_be_read_are_handed_out_all_the_same() -> None:
    followed = Followed()
    followed.follower.take([filled(1, "1"), filled(2, "2"), filled(3, "3", quantity="nonsense")])
    assert followed.follower.spoilt == 1
    assert await followed.trades.wait() == [("SOL_USDC", 2)]


async def test_of_many_events_at_once_none_is_missed_and_an_order_is_told_of_as_it_stands_last() -> None:
    followed = Followed()
    many = 2 * READ_TOGETHER + 1
    last = {"S": "Bid", "s": "SOL_USDC", "X": "Cancelled", "z": "1", "e": "orderCancelled"}
    frames = [filled(number, "1", identity=str(number)) for number in range(1, many + 1)]
    frames += [text_frame(STREAM, i="1", T=many + 1, E=many + 1, **last)]
    followed.follower.take(frames)
    assert await followed.trades.wait() == [("SOL_USDC", many)]
    assert await followed.orders.wait() == [("SOL_USDC", many)]
    assert [int(trade["id"]) for trade in followed.cache] == list(range(many - 99, many + 1))
    record = followed.follower.log.get("1")
    assert record is not None
    assert record.order["status"] == "Cancelled"


def test_an_order_is_remembered_until_news_of_it_are_given_out() -> None:
    assert READ_TOGETHER < MARGIN


async def test_a_fill_that_could_not_be_read_is_handed_out_when_rest_tells_of_it() -> None:
    followed = Followed()
    followed.follower.take([filled(3, "1", quantity="nonsense")])
    assert followed.follower.spoilt == 1
    order = {"id": "1", "symbol": "SOL_USDC", "status": "PartiallyFilled", "executedQuantity": "1"}
    assert followed.follower.restore(AccountOrders(0, 5, [order], [], [fill(3)]))
    assert await followed.trades.wait() == [("SOL_USDC", 1)]
    assert [trade["id"] for trade in followed.cache] == ["3"]


async def test_a_fill_that_came_over_the_stream_is_not_handed_out_again_when_rest_tells_of_it() -> None:
    followed = Followed()
    followed.follower.take([filled(1, "1")])
    assert await followed.trades.wait() == [("SOL_USDC", 1)]
    order = {"id": "1", "symbol": "SOL_USDC", "status": "Filled", "executedQuantity": "2"}
    followed.follower.restore(AccountOrders(1, 5, [], [order], [fill(1), fill(2)]))
    assert await followed.trades.wait() == [("SOL_USDC", 1)]
    followed.follower.take([filled(2, "2")])
    assert [trade["id"] for trade in followed.cache] == ["1", "2"]


async def test_only_an_answer_that_was_taken_counts_as_a_check() -> None:
    followed = Followed()
    assert followed.follower.checked == 0
    followed.follower.restore(AccountOrders(0, 1_700, [], [], []))
    assert followed.follower.checked == 1_700
