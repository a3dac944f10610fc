"""A market's candles: what was missed is asked for from where it was missed, until REST has told it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from ccxt.async_support.base.ws.cache import ArrayCacheByTimestamp
from ccxt.base.errors import OnMaintenance

from bpx_connector.stream.followers import CandleFollower
from tests.support.links import far_horizon, text_frame

STREAM = "kline.1m.A"
MINUTE = 60_000


class Followed:
    """A follower of candles, what REST was asked, and what it answers."""

    def __init__(self) -> None:
        self.cache = ArrayCacheByTimestamp(100)
        self.asked: list[int] = []
        self.refusals = 0
        self.follower = CandleFollower(
            STREAM, self.cache, lambda news: None, self._parse, self._fetch, far_horizon()
        )
        self.follower.begin()

    @property
    def minutes(self) -> list[int]:
        return [candle[0] // MINUTE for candle in self.cache]

    def take(self, *minutes: int) -> None:
        self.follower.take([text_frame(STREAM, t=minute, n=1, X=False) for minute in minutes])

    def cut(self) -> None:
        self.follower.lose()
        self.follower.begin()

    def ask(self) -> None:
        """As `Restoring` does."""
        self.follower.restore(asyncio.run(self.follower._fetch_missed()))

    def _parse(self, payload: dict[str, Any]) -> list[Any]:
        return _candle(payload["t"])

    async def _fetch(self, since: int) -> list[list[Any]]:
        self.asked.append(since // MINUTE)
        if self.refusals:
            self.refusals -= 1
            raise OnMaintenance("503")
        return [_candle(minute) for minute in range(since // MINUTE, self.minutes[-1])]


def _candle(minute: int) -> list[Any]:
    if minute < 0:
        raise ValueError("a candle that cannot be read")
    return [minute * MINUTE, 1.0, 1.0, 1.0, 1.0, 1.0]


def test_a_question_that_is_repeated_asks_from_where_the_first_did() -> None:
    followed = Followed()
    followed.take(1, 2)
    followed.cut()
    followed.take(5)
    followed.refusals = 1
    with pytest.raises(OnMaintenance):
        followed.ask()
    followed.take(6)
    followed.ask()
    assert followed.asked == [2, 2]
    assert followed.minutes == [1, 2, 3, 4, 5, 6]
    assert not followed.follower.needs_restoring


def test_of_several_losses_in_a_row_the_earliest_counts() -> None:
    followed = Followed()
    followed.take(1, 2)
    followed.cut()
    followed.take(5)
    followed.cut()
    followed.take(8)
    followed.ask()
    assert followed.minutes == list(range(1, 9))


def test_what_was_told_once_is_not_asked_for_again() -> None:
    followed = Followed()
    followed.take(1)
    followed.cut()
    followed.take(3)
    followed.ask()
    followed.cut()
    followed.take(5)
    followed.ask()
    assert followed.asked == [1, 3]


def test_a_frame_that_cannot_be_read_is_asked_for_from_the_candle_before_it() -> None:
    followed = Followed()
    followed.take(1, -1, 3)
    followed.ask()
    assert followed.asked == [1]
    assert followed.minutes == [1, 2, 3]
