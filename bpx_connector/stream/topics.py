"""Who waits for what: wait, publish, wake, fail. A topic is what a caller of watch_* waits for.

A topic remembers what has come since it was last handed out, so nothing that came between two calls is
missed: the second call answers at once. A topic that has been invalidated (its socket is gone) forgets it,
so nobody is woken by stale data. Which callers get what is `Changes`' business, which is pure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

__all__ = ["Kind", "News", "Part", "Topic", "Topics"]


MOST_NAMES_REMEMBERED = 10_000

Part = str
"""What of a topic has changed: a symbol, or a symbol and a timeframe."""

News = tuple[Part, int]
"""A part that has changed, and how many entries of its cache are new since they were last handed out."""

Entries = int | set[Hashable]
"""How many entries are new, or the names of those that were added or changed."""


@dataclass(frozen=True, eq=False, slots=True)
class Kind:
    """A kind of watched data, and how it is handed out. Each is one object, compared by identity."""

    name: str
    one_at_a_time: bool = False
    """Whether a caller gets one changed part and the others are kept for the next call (a book, the trades of
    one market); any other kind gives all changed parts at once (tickers)."""
    is_event: bool = False
    """Whether news are events that have happened, whatever has become of the socket since."""
    needs_every_stream: bool = True
    """Whether callers are told when one of several streams is refused. Liquidations come by two names, of
    which the venue may know one."""


class Changes:
    """What has changed of one topic, oldest first, and what of it belongs to callers that were woken already.

    Pure. Waking a caller only makes it ready: it has its turn later in the same iteration of the event
    loop, or in the next. Meanwhile more may change, and another caller may come by that never waited.
    Nobody's news may be lost or handed out twice. A *round* is a group of callers woken together; the
    first of them to have its turn takes the news for all. Example, of a topic that hands out one part at
    a time:

        note("A"), claim()      A has changed, a round was woken for it
        note("B")               meanwhile B has changed
        has_unclaimed -> True   a caller that comes by is not in the round ...
        take() -> [("B", 1)]    ... and takes B: A belongs to the round
        take_claimed() -> [("A", 1)]

    A topic that hands out all at once has everything claimed as soon as one round is woken: the round
    will take what has come until its turn, as its callers are going to look at caches that have grown as
    well.
    """

    __slots__ = ("_changed", "_one_at_a_time", "_rounds")

    def __init__(self, one_at_a_time: bool) -> None:
        self._one_at_a_time = one_at_a_time
        self._changed: dict[Part, Entries] = {}
        self._rounds = 0

    def note(self, part: Part, news: int | Collection[Hashable]) -> None:
        """Add a change: a count of new entries, or names of entries added or changed."""
        known = self._changed.get(part, 0)
        if known:
            self._changed[part] = _joined(known, news)
        else:
            self._changed[part] = news if isinstance(news, int) else set(news)

    @property
    def has_unclaimed(self) -> bool:
        """Whether there is anything that no woken round is going to take."""
        if not self._rounds:
            return bool(self._changed)
        return self._one_at_a_time and len(self._changed) > self._rounds

    def claim(self) -> None:
        """A round has been woken."""
        self._rounds += 1

    def give_back(self) -> None:
        """A round was left by all its callers before any had its turn."""
        self._rounds -= 1

    def take_claimed(self) -> list[News]:
        """What a round takes when its turn comes."""
        self._rounds -= 1
        return self.take()

    def take(self) -> list[News]:
        """What a caller takes that was in no round: of parts one by one, the first that is not claimed."""
        changed = self._changed
        if len(changed) == 1:
            part, news = changed.popitem()
            return [(part, _count(news))]
        if self._one_at_a_time:
            part = next(islice(changed, self._rounds, None))
            return [(part, _count(changed.pop(part)))]
        self._changed = {}
        return [(part, _count(news)) for part, news in changed.items()]

    def forget_unclaimed(self) -> None:
        """What is not claimed is no longer the state of the venue."""
        if not self._rounds:
            self._changed = {}
        elif self._one_at_a_time:
            self._changed = dict(islice(self._changed.items(), self._rounds))


class Round:
    """Waiters that were woken together: the first of them to have its turn takes the news for all."""

    waiters = 0
    news: list[News] | None = None


class Topic:
    """One thing to wait for: a kind of data, of some parts or (None) of all."""

    __slots__ = ("_changes", "_complaints", "_waiters", "complained_of", "kind", "parts", "streams")

    def __init__(self, kind: Kind, parts: Iterable[Part] | None, streams: Iterable[str]) -> None:
        self.kind = kind
        self.parts = None if parts is None else tuple(parts)
        self.streams = tuple(streams)
        self.complained_of: set[str] = set()
        """Streams that will not come, of which callers have been told."""
        self._changes = Changes(kind.one_at_a_time)
        self._complaints: list[BaseException] = []
        self._waiters: list[asyncio.Future[Round]] = []

    @property
    def key(self) -> tuple[Kind, tuple[Part, ...] | None]:
        return self.kind, self.parts

    async def wait(self) -> list[News]:
        """What has changed since it was last handed out; waits if nothing has."""
        if self._complaints:
            raise self._complaints.pop(0)
        if self._changes.has_unclaimed:
            return self._changes.take()
        waiter: asyncio.Future[Round] = asyncio.Future()
        self._waiters.append(waiter)
        try:
            together = await waiter
        except BaseException:
            self._leave(waiter)
            raise
        if together.news is None:
            together.news = self._changes.take_claimed()
        return together.news

    def publish(self, part: Part, news: int | Collection[Hashable]) -> None:
        """Note a change: how many entries were added, or the names of those that were added or changed."""
        self._changes.note(part, news)

    def wake(self) -> None:
        """Have everybody who waits take what has changed."""
        if not self._waiters or not self._changes.has_unclaimed:
            return
        waiters, self._waiters = self._waiters, []
        together = Round()
        for waiter in waiters:
            # Who was cancelled a moment ago takes nothing: what there is may be all for the next caller.
            if not waiter.done():
                together.waiters += 1
                waiter.set_result(together)
        if together.waiters:
            self._changes.claim()

    def invalidate(self) -> None:
        """Forget what nobody has been woken for: it is no longer the state of the venue."""
        self._changes.forget_unclaimed()

    def fail(self, error: BaseException) -> None:
        """Raise this in everybody who waits."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_exception(error)

    def complain(self, error: BaseException) -> None:
        """Raise this once, in those who wait or in the next caller; then the topic goes on."""
        if any(not waiter.done() for waiter in self._waiters):
            self.fail(error)
        else:
            self._complaints.append(error)

    def _leave(self, waiter: asyncio.Future[Round]) -> None:
        """Wait no longer: what it was woken for, if it was alone, is for the next."""
        if waiter in self._waiters:
            self._waiters.remove(waiter)
        elif waiter.done() and not waiter.cancelled() and waiter.exception() is None:
            together = waiter.result()
            together.waiters -= 1
            if not together.waiters and together.news is None:
                self._changes.give_back()
                self.wake()


def _joined(known: Entries, news: int | Collection[Hashable]) -> Entries:
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

        A topic about more than these parts goes on: it is somebody else's, or another call's.
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
    return bool(topic.parts) and set(topic.parts or ()) <= set(parts)


def _parts(topic: Topic) -> tuple[Part | None, ...]:
    return (None,) if topic.parts is None else topic.parts


def _discard(index: dict[Any, list[Topic]], key: Any, topic: Topic) -> bool:
    """Take a topic out of an index; whether it was the last one there."""
    index[key].remove(topic)
    if index[key]:
        return False
    del index[key]
    return True
