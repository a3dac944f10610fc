"""A market's trades: every one once, whatever order they come in and however few are kept."""

from __future__ import annotations

from functools import partial
from typing import Any

from ccxt.async_support.base.ws.cache import ArrayCache
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.stream.followers import TradeFollower
from bpx_connector.stream.topics import Topic, Topics
from tests.support.kinds import ONE_BY_ONE
from tests.support.links import far_horizon, text_frame

UNREADABLE = 1_000


class Followed:
    """A follower of trades, and what it has let through."""

    def __init__(self, kept: int = 1000) -> None:
        self.taken: list[int] = []
        self.topics = Topics()
        self.topic = Topic(ONE_BY_ONE, ("A",), ["trade.A"])
        self.topics.add(self.topic)
        self.follower = TradeFollower(
            "trade.A",
            ArrayCache(kept),
            partial(self.topics.publish, ONE_BY_ONE, "A"),
            self._parse,
            far_horizon(),
        )

    def take(self, *identities: int) -> None:
        self.follower.take([text_frame("trade.A", t=identity) for identity in identities])

    def _parse(self, payload: dict[str, Any]) -> dict[str, Any]:
        if payload["t"] == UNREADABLE:
            raise ValueError("a trade that cannot be read")
        self.taken.append(payload["t"])
        return {"id": str(payload["t"]), "symbol": "A"}


def test_a_trade_that_was_overtaken_is_taken_though_the_cache_is_full() -> None:
    followed = Followed(kept=3)
    followed.take(1, 2, 3, 4, 6, 7, 8, 5)
    assert followed.taken == [1, 2, 3, 4, 6, 7, 8, 5]


def test_a_repeated_trade_is_not_taken_again_though_the_cache_has_lost_it() -> None:
    followed = Followed(kept=2)
    followed.take(1, 2, 3, 4)
    followed.take(1, 4, 2)
    assert followed.taken == [1, 2, 3, 4]


def test_a_follower_goes_on_where_the_cache_of_its_forerunner_ends() -> None:
    cache = ArrayCache(10)
    for identity in (7, 9, 8):
        cache.append({"id": str(identity), "symbol": "A"})
    taken: list[int] = []

    def parse(payload: dict[str, Any]) -> dict[str, Any]:
        taken.append(payload["t"])
        return {"id": str(payload["t"]), "symbol": "A"}

    follower = TradeFollower("trade.A", cache, lambda news: None, parse, far_horizon())
    follower.take([text_frame("trade.A", t=identity) for identity in (8, 9, 10)])
    assert taken == [10]


async def test_trades_around_one_that_cannot_be_read_are_handed_out_all_the_same() -> None:
    followed = Followed()
    followed.take(11, 12, UNREADABLE, 14)
    assert (await followed.topic.wait())[0][1] == 3
    assert followed.follower.spoilt == 1


@given(
    st.permutations(range(1, 30)),
    st.lists(st.integers(1, 29), max_size=30),
    st.integers(1, 40),
)
def test_of_any_order_and_any_repetitions_every_trade_is_taken_once(
    order: list[int], repeated: list[int], kept: int
) -> None:
    followed = Followed(kept)
    followed.take(0)
    followed.take(*order, *repeated)
    assert followed.taken == [0, *order]
