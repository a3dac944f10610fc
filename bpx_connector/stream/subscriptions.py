"""What one socket is to carry, what has been asked for, and what to send next. Pure.

The venue acknowledges nothing ("no acknowledgement of any kind, public or private: data just starts or
stops", FACTS section 17), and its error frames name no stream. So one batch is on its way at a time,
with a ping behind it: when the pong comes, the batch has been read, and what is refused is refused before
it or soon after it. A refused batch of several is asked for again one by one, which finds the culprit and
spares the others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from bpx_connector.stream.frames import Refusal
from bpx_connector.venue.streams import INVALID_SIGNATURE, is_private

__all__ = ["Batch", "Placement", "Standing", "Subscriptions", "Verdict"]

STREAMS_PER_FRAME = 100
"""How many streams we put into one SUBSCRIBE frame; the venue documents no limit."""


class Standing(Enum):
    """How far a wanted stream has come."""

    WANTED = "wanted"
    ASKED = "asked"
    CONFIRMED = "confirmed"
    HEARD = "heard"
    """Frames come: whatever is refused from now on, it is not this."""


class Batch(NamedTuple):
    """The streams of one SUBSCRIBE frame."""

    streams: tuple[str, ...]
    is_private: bool
    is_trial: bool = False

    @property
    def may_be_refused_late(self) -> bool:
        """Whether to wait a little after the pong: signatures take time, and a trial has to be fair."""
        return self.is_private or self.is_trial


class Verdict(NamedTuple):
    """What became of a batch: streams that are on, and streams that are refused, with the reason."""

    confirmed: tuple[str, ...]
    refused: tuple[tuple[str, Refusal], ...]


NOTHING = Verdict((), ())


class Subscriptions:
    """The subscriptions of one socket."""

    def __init__(self) -> None:
        self._standing: dict[str, Standing] = {}
        self._alone: deque[str] = deque()
        self._asked: Batch | None = None
        self._before: Batch | None = None
        self._refusal: Refusal | None = None

    def __len__(self) -> int:
        return len(self._standing)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._standing))

    def __contains__(self, stream: object) -> bool:
        return stream in self._standing

    def standing(self, stream: str) -> Standing | None:
        """How far a stream has come; None if it is not wanted here."""
        return self._standing.get(stream)

    @property
    def asked(self) -> Batch | None:
        """The batch that has been asked for and on which no verdict is known."""
        return self._asked

    def add(self, stream: str) -> None:
        """Want a stream."""
        self._standing.setdefault(stream, Standing.WANTED)

    def remove(self, stream: str) -> bool:
        """Want a stream no more; whether the venue must be told."""
        return self._standing.pop(stream, Standing.WANTED) is not Standing.WANTED

    def hear(self, stream: str) -> None:
        """A frame of this stream has come over this connection."""
        if stream in self._standing:
            self._standing[stream] = Standing.HEARD

    def next_batch(self) -> Batch | None:
        """What to ask for now, or None: there is nothing, or a verdict is due first.

        Who calls this sends it: from now on the streams count as asked for, and the next batch waits until
        `conclude`. Example: 150 streams are wanted -> 100 of them; None; conclude(); the other 50.
        """
        if self._asked is not None:
            return None
        alone = self._next_alone()
        streams = alone or self._next_together()
        if not streams:
            return None
        self._asked = Batch(streams, is_private(streams[0]), bool(alone))
        for stream in streams:
            self._standing[stream] = Standing.ASKED
        return self._asked

    def refuse(self, refusal: Refusal) -> Verdict | None:
        """What follows from an error frame at once; None if it concerns nothing that was asked for."""
        if self._asked is not None:
            self._refusal = refusal
            return NOTHING
        if self._before is None:
            return None
        late, self._before = self._before, None
        return self._blame(self._of(late.streams, Standing.CONFIRMED), refusal, is_sure=False)

    def conclude(self) -> Verdict:
        """The verdict on the batch that was asked for: the pong behind it has come."""
        asked, before, refusal = self._asked, self._before, self._refusal
        self._asked, self._before, self._refusal = None, asked, None
        if asked is None:
            return NOTHING
        # Who has left, or left and come back, while the batch was on its way is not part of it.
        streams = self._of(asked.streams, Standing.ASKED)
        heard = self._of(asked.streams, Standing.HEARD)
        if refusal is None:
            for stream in streams:
                self._standing[stream] = Standing.CONFIRMED
            return Verdict(streams + heard, ())
        is_sure = asked.is_trial or before is None
        if before is not None and not asked.may_be_refused_late and not before.may_be_refused_late:
            streams += self._of(before.streams, Standing.CONFIRMED)  # it may have been about those
        refused = self._blame(streams, refusal, is_sure)
        return Verdict(heard, refused.refused)

    def _blame(self, suspects: tuple[str, ...], refusal: Refusal, is_sure: bool) -> Verdict:
        """A single suspect is the culprit; several are tried one by one, unless it is about signatures.

        An error frame says neither what it is about nor when that was sent. So streams of which frames come
        are no suspects, and who is suspected only because of when the frame came is tried once more, alone.
        """
        if refusal.code == INVALID_SIGNATURE:
            suspects = tuple(stream for stream in suspects if is_private(stream))
        if is_sure and (len(suspects) == 1 or refusal.code == INVALID_SIGNATURE):
            for stream in suspects:
                del self._standing[stream]
            return Verdict((), tuple((stream, refusal) for stream in suspects))
        self._alone.extend(suspects)
        for stream in suspects:
            self._standing[stream] = Standing.WANTED
        return NOTHING

    def _of(self, streams: tuple[str, ...], standing: Standing) -> tuple[str, ...]:
        return tuple(stream for stream in streams if self._standing.get(stream) is standing)

    def lose(self) -> None:
        """The connection is gone: everything is to be asked for again."""
        self._asked = self._before = self._refusal = None
        self._alone.clear()
        for stream in self._standing:
            self._standing[stream] = Standing.WANTED

    def _next_alone(self) -> tuple[str, ...]:
        while self._alone:
            stream = self._alone.popleft()
            if self._standing.get(stream) is Standing.WANTED:
                return (stream,)
        return ()

    def _next_together(self) -> tuple[str, ...]:
        wanted = [stream for stream, standing in self._standing.items() if standing is Standing.WANTED]
        if not wanted:
            return ()
        kind = is_private(wanted[0])
        return tuple(stream for stream in wanted if is_private(stream) is kind)[:STREAMS_PER_FRAME]


class Placement:
    """Which socket carries which stream: private ones have one of their own, public ones fill up in order."""

    def __init__(self, streams_per_socket: int) -> None:
        self._most = max(1, streams_per_socket)
        self._sockets: dict[int, Subscriptions] = {}
        self._private: dict[int, bool] = {}
        self._where: dict[str, int] = {}
        self._next = 0

    def subscriptions(self, socket: int) -> Subscriptions:
        """What one socket carries."""
        return self._sockets[socket]

    def place(self, stream: str) -> int:
        """The socket for a stream, a new one if those there are have no room."""
        if stream in self._where:
            return self._where[stream]
        private = is_private(stream)
        for socket, subscriptions in self._sockets.items():
            if self._private[socket] is private and len(subscriptions) < self._most:
                break
        else:
            socket = self._next
            self._next += 1
            self._sockets[socket] = Subscriptions()
            self._private[socket] = private
        self._sockets[socket].add(stream)
        self._where[stream] = socket
        return socket

    def remove(self, stream: str) -> tuple[int, bool] | None:
        """Take a stream off its socket: which one, and whether the venue must be told."""
        socket = self._where.pop(stream, None)
        if socket is None:
            return None
        return socket, self._sockets[socket].remove(stream)

    def is_empty(self, socket: int) -> bool:
        return not self._sockets[socket]

    def drop(self, socket: int) -> None:
        """Forget a socket that carries nothing any more."""
        del self._sockets[socket], self._private[socket]
