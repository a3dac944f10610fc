"""Markets that close while they are watched: the venue says nothing, its streams just fall silent.

So where nothing has come of a market for a while, REST is asked whether it is open still: market by market,
never two at once, and ever more rarely while a market is quiet and open. Who waits for a market that has
closed is told once, by a BadSymbol; the others of a group go on, and when it opens its frames come again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Protocol

from ccxt.base.errors import BadSymbol, BaseError

from bpx_connector.stream.followers import Follower
from bpx_connector.stream.topics import Topic
from bpx_connector.venue.streams import market_of_stream

__all__ = ["Closures", "Followed", "Quiet"]

LONGEST = 300.0
"""Seconds between questions about a market that is quiet and open."""

CLOSED = "Closed"


class Quiet:
    """When to ask about a market next: after a silence, and then ever more rarely. Pure."""

    def __init__(self, silence: float, now: float) -> None:
        self._silence = silence
        self._pause = silence
        self._heard = now
        self.next = now + silence
        self.is_told = False
        """Whether callers have been told that it is closed."""

    def heard(self, moment: float) -> None:
        """The last frame of the market came at that moment; of a closed one it may be a late one."""
        if moment > self._heard:
            self._heard, self._pause = moment, self._silence
            self.next = moment if self.is_told else moment + self._silence

    def asked(self, now: float) -> None:
        """REST was asked."""
        self.next = now + self._pause
        self._pause = min(2 * self._pause, LONGEST)


class Followed(Protocol):
    """What is followed: the client of the streams."""

    is_closed: bool

    @property
    def topics(self) -> Iterable[Topic]: ...

    def follower(self, stream: str) -> Follower | None: ...


class Closures:
    """Looks every now and then which of the watched markets have fallen silent, and asks about them."""

    def __init__(
        self,
        exchange_id: str,
        client: Followed,
        ask: Callable[[str], Awaitable[Mapping[str, Any]]],
        symbol_of: Callable[[str], str],
        silence: float,
        clock: Callable[[], float],
    ) -> None:
        self._exchange_id = exchange_id
        self._client = client
        self._ask = ask
        self._symbol_of = symbol_of
        self._silence = silence
        self._clock = clock
        self._markets: dict[str, Quiet] = {}
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Look from now on, until the client is closed."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._look_again_and_again())

    def stop(self) -> None:
        """Look no longer."""
        if self._task is not None:
            self._task.cancel()

    async def _look_again_and_again(self) -> None:
        while not self._client.is_closed:
            await asyncio.sleep(self._silence / 4)
            for market_id in self.due():
                await self._look(market_id)

    def due(self) -> list[str]:
        """The markets that have been silent for too long."""
        now, topics = self._clock(), list(self._client.topics)
        watched: dict[str, float] = {}
        for stream in {stream for topic in topics for stream in topic.streams}:
            market_id, follower = market_of_stream(stream), self._client.follower(stream)
            if market_id is not None and follower is not None:
                watched[market_id] = max(watched.get(market_id, 0.0), follower.last_frame or 0.0)
        self._markets = {
            market_id: self._markets.get(market_id) or Quiet(self._silence, now) for market_id in watched
        }
        for market_id, moment in watched.items():
            self._markets[market_id].heard(moment)
        return [market_id for market_id, quiet in self._markets.items() if now >= quiet.next]

    async def _look(self, market_id: str) -> None:
        quiet = self._markets.get(market_id)
        if quiet is None:
            return
        try:
            is_open = (await self._ask(market_id)).get("orderBookState") != CLOSED
        except BadSymbol:
            is_open = False
        except BaseError:
            is_open = not quiet.is_told  # nothing new is known: it is asked again
        quiet.asked(self._clock())
        if quiet.is_told and is_open:
            self._forget(market_id)
        elif not quiet.is_told and not is_open:
            self._tell(market_id)
        quiet.is_told = not is_open

    def _forget(self, market_id: str) -> None:
        """It is open again: when it closes the next time, that is news."""
        for topic in self._client.topics:
            topic.complained_of -= {one for one in topic.streams if market_of_stream(one) == market_id}

    def _tell(self, market_id: str) -> None:
        symbol = self._symbol_of(market_id)
        for topic in self._client.topics:
            about = [stream for stream in topic.streams if market_of_stream(stream) == market_id]
            fresh = [stream for stream in about if stream not in topic.complained_of]
            if fresh:
                topic.complained_of.update(fresh)
                sentence = f"has closed: there is no {topic.kind.name} until it opens"
                topic.complain(BadSymbol(f"{self._exchange_id} {symbol} {sentence}"))
