"""Who waits for what: wait, publish, wake, fail. A topic is what a caller of watch_* waits for.

A topic remembers what has come since it was last handed out, so nothing that came between two calls is
missed: the second call answers at once. A topic that has been invalidated (its socket is gone) forgets it,
so nobody is woken by stale data. Whoever has been woken takes what there is when its turn comes: everything
that has come meanwhile is in it, as the caches which the caller is going to look at have grown as well. Until
then nobody else takes it, and if whoever was woken is cancelled there is nothing to give back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Hashable, Iterable, Iterator
from itertools import islice
from typing import Any

__all__ = ["News", "Topic", "Topics"]

MOST_NAMES_REMEMBERED = 10_000

Kind = str
Part = str
"""What of a topic has changed: a symbol, or a symbol and a timeframe."""


News = tuple[Part, int]
"""A part that has changed, and how many entries of its cache are new since they were last handed out."""


class Round:
    """Waiters that were woken together: the first of them to have its turn takes the news for all."""

    waiters = 0
    news: list[News] | None = None


class Topic:
    """One thing to wait for: a kind of data, of some parts or (None) of all.

    A topic that hands out `one_at_a_time` gives each waiter one changed part and keeps the others for the
    next call (a book, the trades of one market); any other gives all changed parts at once (tickers).
    """

    __slots__ = (
        "_changed",
        "_rounds",
        "_waiters",
        "kind",
        "needs_every_stream",
        "one_at_a_time",
        "parts",
        "streams",
    )

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
        self._waiters: list[asyncio.Future[Round]] = []
        self._rounds = 0

    @property
    def key(self) -> tuple[Kind, tuple[Part, ...] | None]:
        return self.kind, self.parts

    @property
    def is_awaited(self) -> bool:
        return bool(self._waiters)

    async def wait(self) -> list[News]:
        """What has changed since it was last handed out; waits if nothing has."""
        if self._changed and self._has_unclaimed():
            return self._take()
        waiter: asyncio.Future[Round] = asyncio.Future()
        self._waiters.append(waiter)
        try:
            together = await waiter
        except BaseException:
            self._leave(waiter)
            raise
        if together.news is None:
            self._rounds -= 1
            together.news = self._take()
        return together.news

    def publish(self, part: Part, news: int | Collection[Hashable]) -> None:
        """Note a change: how many entries were added, or the names of those that were added or changed."""
        known = self._changed.get(part, 0)
        self._changed[part] = _joined(known, news) if known else news if isinstance(news, int) else set(news)

    def wake(self) -> None:
        """Have everybody who waits take what has changed."""
        if not self._waiters or not self._changed or not self._has_unclaimed():
            return
        waiters, self._waiters = self._waiters, []
        together = Round()
        for waiter in waiters:
            # Who was cancelled a moment ago takes nothing: what there is may be all for the next caller.
            if not waiter.done():
                together.waiters += 1
                waiter.set_result(together)
        if together.waiters:
            self._rounds += 1

    def invalidate(self) -> None:
        """Forget what nobody has been woken for: it is no longer the state of the venue."""
        claimed = self._claimed() if self._rounds else 0
        self._changed = dict(islice(self._changed.items(), claimed))

    def fail(self, error: BaseException) -> None:
        """Raise this in everybody who waits."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_exception(error)

    def _claimed(self) -> int:
        """How many of the changed parts, from the first on, are for those who have been woken."""
        return self._rounds if self.one_at_a_time else len(self._changed)

    def _has_unclaimed(self) -> bool:
        return not self._rounds or len(self._changed) > self._claimed()

    def _take(self) -> list[News]:
        """Hand out; what the caller passes by belongs to those who have been woken and not had their turn."""
        changed = self._changed
        if len(changed) == 1:
            part, news = changed.popitem()
            return [(part, _count(news))]
        if self.one_at_a_time:
            part = next(islice(changed, self._rounds, None))
            return [(part, _count(changed.pop(part)))]
        self._changed = {}
        return [(part, _count(news)) for part, news in changed.items()]

    def _leave(self, waiter: asyncio.Future[Round]) -> None:
        """Wait no longer: what it was woken for, if it was alone, is for the next."""
        if waiter in self._waiters:
            self._waiters.remove(waiter)
        elif waiter.done() and not waiter.cancelled() and waiter.exception() is None:
            together = waiter.result()
            together.waiters -= 1
            if not together.waiters and together.news is None:
                self._rounds -= 1
                self.wake()


def _joined(known: int | set[Hashable], news: int | Collection[Hashable]) -> int | set[Hashable]:
    if isinstance(known, int) or isinstance(news, int):
        return _count(known) + _count(news)
    if len(known) < MOST_NAMES_REMEMBERED:
        known.update(news)
    return known


def _count(news: int | Collection[Hashable]) -> int:
    return news if isinstance(news, int) else len(news)


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
