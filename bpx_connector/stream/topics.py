"""Who waits for what: wait, publish, wake, fail. A topic is what a caller of watch_* waits for.

A topic remembers what has come since it was last handed out, so nothing that came between two calls is
missed: the second call answers at once. A topic that has been invalidated (its socket is gone) forgets it,
so nobody is woken by stale data.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Hashable, Iterable, Iterator
from typing import Any, NamedTuple

__all__ = ["News", "Topic", "Topics"]

MOST_NAMES_REMEMBERED = 10_000

Kind = str
Part = str
"""What of a topic has changed: a symbol, or a symbol and a timeframe."""


class News(NamedTuple):
    """That a part has changed, and how many entries of its cache are new since they were last handed out."""

    part: Part
    entries: int


class Topic:
    """One thing to wait for: a kind of data, of some parts or (None) of all.

    A topic that hands out `one_at_a_time` gives each waiter one changed part and keeps the others for the
    next call (a book, the trades of one market); any other gives all changed parts at once (tickers).
    """

    __slots__ = ("_changed", "_waiters", "kind", "needs_every_stream", "one_at_a_time", "parts", "streams")

    def __init__(
        self,
        kind: Kind,
        parts: Iterable[Part] | None,
        streams: Iterable[str],
        one_at_a_time: bool = False,
        needs_every_stream: bool = True,
    ) -> None:
        self.kind = kind
        self.parts = None if parts is None else tuple(parts)
        self.streams = tuple(streams)
        self.one_at_a_time = one_at_a_time
        self.needs_every_stream = needs_every_stream
        self._changed: dict[Part, int | set[Hashable]] = {}
        self._waiters: list[asyncio.Future[list[News]]] = []

    @property
    def key(self) -> tuple[Kind, tuple[Part, ...] | None]:
        return self.kind, self.parts

    @property
    def is_awaited(self) -> bool:
        return bool(self._waiters)

    async def wait(self) -> list[News]:
        """What has changed since it was last handed out; waits if nothing has."""
        if self._changed:
            return self._take()
        waiter: asyncio.Future[list[News]] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                # Woken and cancelled in the same turn of the loop: what it got belongs to the next caller.
                for part, entries in waiter.result():
                    self.publish(part, entries)
            elif waiter in self._waiters:
                self._waiters.remove(waiter)
            raise

    def publish(self, part: Part, news: int | Collection[Hashable]) -> None:
        """Note a change: how many entries were added, or the names of those that were added or changed."""
        known = self._changed.get(part, 0)
        if isinstance(news, int):
            self._changed[part] = news + (known if isinstance(known, int) else len(known))
        elif isinstance(known, set):
            if len(known) < MOST_NAMES_REMEMBERED:
                known.update(news)
        else:
            self._changed[part] = set(news) if not known else known + len(news)

    def wake(self) -> None:
        """Hand what has changed to everybody who waits."""
        if not self._waiters or not self._changed:
            return
        news = self._take()
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(news)

    def invalidate(self) -> None:
        """Forget what has not been handed out: it is no longer the state of the venue."""
        self._changed.clear()

    def fail(self, error: BaseException) -> None:
        """Raise this in everybody who waits."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_exception(error)

    def _take(self) -> list[News]:
        if self.one_at_a_time:
            part = next(iter(self._changed))
            return [News(part, _count(self._changed.pop(part)))]
        news = [News(part, _count(changed)) for part, changed in self._changed.items()]
        self._changed.clear()
        return news


def _count(changed: int | set[Hashable]) -> int:
    return changed if isinstance(changed, int) else len(changed)


class Topics:
    """All topics of one client, found by what they are about and by the streams that feed them."""

    def __init__(self) -> None:
        self._topics: dict[tuple[Kind, tuple[Part, ...] | None], Topic] = {}
        self._about: dict[tuple[Kind, Part | None], list[Topic]] = {}
        self._fed_by: dict[str, list[Topic]] = {}
        self._changed: dict[Topic, None] = {}

    def __iter__(self) -> Iterator[Topic]:
        return iter(list(self._topics.values()))

    def get(self, kind: Kind, parts: tuple[Part, ...] | None) -> Topic | None:
        return self._topics.get((kind, parts))

    def add(self, topic: Topic) -> None:
        self._topics[topic.key] = topic
        for part in _parts(topic):
            self._about.setdefault((topic.kind, part), []).append(topic)
        for stream in topic.streams:
            self._fed_by.setdefault(stream, []).append(topic)

    def remove(self, topic: Topic) -> list[str]:
        """Forget a topic; the streams that now feed none."""
        if self._topics.get(topic.key) is not topic:
            return []
        del self._topics[topic.key]
        self._changed.pop(topic, None)
        for part in _parts(topic):
            _discard(self._about, (topic.kind, part), topic)
        return [stream for stream in topic.streams if _discard(self._fed_by, stream, topic)]

    def fed_by(self, stream: str) -> list[Topic]:
        """The topics that a stream feeds."""
        return list(self._fed_by.get(stream, ()))

    def is_about(self, kind: Kind, part: Part) -> bool:
        """Whether any topic of this kind is about this part."""
        return bool(self._about.get((kind, part)) or self._about.get((kind, None)))

    def covered_by(self, kind: Kind, parts: Collection[Part] | None) -> list[Topic]:
        """The topics that end when these parts of a kind are no longer wanted (None: all of the kind).

        A topic about more than these parts ends too, unless somebody waits for it.
        """
        return [topic for topic in self if topic.kind == kind and _ends(topic, parts)]

    def publish(self, kind: Kind, part: Part, news: int | Collection[Hashable] = 1) -> None:
        """Note a change in every topic that it concerns; `wake` hands it out."""
        for about in ((kind, part), (kind, None)):
            for topic in self._about.get(about, ()):
                topic.publish(part, news)
                self._changed[topic] = None

    def publish_to_all(self, kind: Kind) -> None:
        """Note in every topic of a kind that there is a state to hand out, of which nothing is new."""
        for topic in self:
            if topic.kind == kind:
                self.offer(topic)

    def offer(self, topic: Topic) -> None:
        """Note in one topic that there is a state to hand out, of which nothing is new."""
        for part in topic.parts or ("",):
            topic.publish(part, 0)
        self._changed[topic] = None

    def wake(self) -> None:
        """Wake who waits for anything published since the last call."""
        if self._changed:
            changed, self._changed = self._changed, {}
            for topic in changed:
                topic.wake()


def _ends(topic: Topic, parts: Collection[Part] | None) -> bool:
    if parts is None:
        return True
    own = set(topic.parts or ())
    return bool(own) and (own <= set(parts) or (not topic.is_awaited and bool(own & set(parts))))


def _parts(topic: Topic) -> tuple[Part | None, ...]:
    return (None,) if topic.parts is None else topic.parts


def _discard(index: dict[Any, list[Topic]], key: Any, topic: Topic) -> bool:
    """Take a topic out of an index; whether it was the last one there."""
    index[key].remove(topic)
    if index[key]:
        return False
    del index[key]
    return True
