"""An exchange whose frames and answers a test says itself: no sandbox, no network."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bpx_connector.pro import bpx
from tests.support.keys import FIRST
from tests.support.links import FakeLink, FakeVenue, text_frame
from tests.support.listeners import until
from tests.support.samples import captured_markets, sample

__all__ = ["ScriptedSource", "scripted"]

Answers = Mapping[str, Any]
"""By path: a value, an exception to raise, or what makes one of the query."""


class ScriptedSource:
    """Where frames and answers come from in a test."""

    def __init__(self, answers: Answers) -> None:
        self.venue = FakeVenue()
        self.answers: dict[str, Any] = {
            "/api/v1/markets": captured_markets(),
            "/api/v1/assets": sample("rest/get_api_v1_assets"),
            **answers,
        }
        self.asked: Counter[str] = Counter()

    async def connect(self) -> FakeLink:
        self.venue.links.append(FakeLink(self.venue))
        return self.venue.links[-1]

    async def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.asked[parts.path] += 1
        self.asked[f"{parts.path} {query.get('symbol')}"] += 1
        answer = self.answers[parts.path]
        if isinstance(answer, Callable):  # type: ignore[arg-type]
            answer = answer(query)
        if isinstance(answer, Exception):
            raise answer
        return json.loads(json.dumps(answer))

    async def subscribed(self, *streams: str) -> None:
        """Wait until these streams were asked for."""
        await until(lambda: set(streams) <= self.wanted())

    def say(self, stream: str, **data: Any) -> None:
        """One frame of a stream."""
        self.say_text(stream, text_frame(stream, **data))

    def say_text(self, stream: str, text: str) -> None:
        """One text on the connection that carries a stream."""
        self._link(stream).say(text)

    def cut(self, stream: str) -> None:
        """End the connection that carries a stream."""
        self._link(stream).cut()

    def _link(self, stream: str) -> FakeLink:
        return next(
            link
            for link in reversed(self.venue.links)
            if any(stream in frame["params"] for frame in link.sent)
        )

    def wanted(self) -> set[str]:
        """The streams that were asked for."""
        return {name for link in self.venue.links for frame in link.sent for name in frame["params"]}


@asynccontextmanager
async def scripted(
    answers: Answers = {}, options: Mapping[str, Any] = {}, **config: Any
) -> AsyncIterator[tuple[Any, ScriptedSource]]:
    """The exchange with streams, its markets loaded, and what it hears."""
    streams = {"streams": {"shortestPause": 5, "longestPause": 50}, **options}
    exchange: Any = bpx({"enableRateLimit": False, **FIRST.credentials, "options": streams, **config})
    source = ScriptedSource(answers)
    with exchange.use_source(source):
        await exchange.load_markets()
        try:
            yield exchange, source
        finally:
            await exchange.close()
