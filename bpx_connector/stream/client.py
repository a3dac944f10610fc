"""Between the sockets and the callers: frames to followers, changes to topics, trouble to whom it concerns.

A batch of frames is sorted by stream, each follower takes its own, then the topics that changed are woken
once. A topic holds its streams: the first caller subscribes, the last one to leave unsubscribes. What waits
in a flood is `holding`'s business, what is asked of REST `restoring`'s; both answer, and the client acts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ccxt.base.errors import (
    BaseError,
    ExchangeClosedByUser,
    ExchangeError,
    NetworkError,
    UnsubscribeError,
)

from bpx_connector.stream.callbacks import Callback, RawSubscription
from bpx_connector.stream.followers import BookFollower, Follower
from bpx_connector.stream.frames import Refusal, payload_of, read_frame, stream_of
from bpx_connector.stream.holding import Batches, Holding
from bpx_connector.stream.restoring import Restoring, as_told
from bpx_connector.stream.socket import USUAL_PATIENCE, Patience, Socket, Tools
from bpx_connector.stream.subscriptions import Placement, Standing, Verdict
from bpx_connector.stream.topics import Kind, Topic, Topics
from bpx_connector.venue.streams import STREAM_ERRORS

__all__ = ["Limits", "StreamClient"]


class Limits(NamedTuple):
    """How much of everything."""

    streams_per_socket: int = 200
    fetches_at_once: int = 8
    failures_tolerated: int = 4
    payloads_waiting: int = 10_000
    frames_of_a_flood: int = 256
    """So many at once: while they are being taken, more will have come."""
    frames_held: int = 10_000
    """So many, and they wait no longer for the next read."""


USUAL_LIMITS = Limits()


class StreamClient:
    """Everything that an exchange follows over sockets. Lives in one event loop, until `close`."""

    def __init__(
        self, tools: Tools, limits: Limits = USUAL_LIMITS, patience: Patience = USUAL_PATIENCE
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.topics = Topics()
        self.is_closed = False
        self.unreadable = 0
        self._tools = tools
        self._limits = limits
        self._patience = patience
        self._placement = Placement(limits.streams_per_socket)
        self._sockets: dict[int, Socket] = {}
        self._followers: dict[str, Follower] = {}
        self._raw: dict[str, list[RawSubscription]] = {}
        self._holding = Holding(limits.frames_of_a_flood, limits.frames_held)
        self._holds = 0
        self._restoring = Restoring(self, tools, limits.fetches_at_once, patience.tick)
        self._ending: set[asyncio.Task[None]] = set()
        self._spoilt: set[str] = set()

    # --- wanting -----------------------------------------------------------------------------------------

    def follow(self, stream: str, follower: Callable[[], Follower]) -> Follower:
        """The follower of a stream, made and subscribed if there is none yet."""
        known = self._followers.get(stream)
        if known is not None and not known.is_idle:
            return known
        made = self._followers[stream] = follower()
        self._restoring.watch(made)
        number = self._placement.place(stream)
        if known is not None:
            # So far only callbacks have listened, and the stream is on already, or will be.
            if self._placement.subscriptions(number).standing(stream) in (Standing.CONFIRMED, Standing.HEARD):
                made.begin()
                self._restoring.begin(made)
            return made
        socket = self._sockets.get(number)
        if socket is None:
            socket = Socket(self._placement.subscriptions(number), self, self._tools, self._patience)
            self._sockets[number] = socket
            socket.start()
        # Whoever has its turn in this round of the loop may want more: all of it goes into one frame.
        self.loop.call_soon(socket.flush)
        return made

    def follower(self, stream: str) -> Follower | None:
        """The follower of a stream, if it is followed."""
        return self._followers.get(stream)

    def want(self, topic: Topic, followers: dict[str, Callable[[], Follower]]) -> Topic:
        """The topic of this kind and these parts, with its streams followed."""
        known = self.topics.get(topic.kind, topic.parts)
        if known is not None:
            return known
        self.topics.add(topic)
        is_known = False
        for stream, follower in followers.items():
            is_known |= self.follow(stream, follower).is_known
        if is_known:
            self.topics.offer(topic)
        return topic

    def leave(self, kind: Kind, parts: Sequence[str] | None) -> None:
        """End every topic about these parts of a kind (None: all of it), with the streams only it needed."""
        for topic in self.topics.covered_by(kind, parts):
            self._end(topic, UnsubscribeError(f"{kind.name} is no longer watched"))

    def listen(self, stream: str, callback: Callback) -> RawSubscription:
        """Give every payload of a stream to a callback, from now on."""
        self.catch_up()
        listener = RawSubscription(stream, callback, self._tools.report, self._limits.payloads_waiting)
        self._raw.setdefault(stream, []).append(listener)
        if stream not in self._followers:
            self.follow(stream, lambda: Follower(stream))
        return listener

    def unlisten(self, listener: RawSubscription) -> None:
        """End a callback, and its stream if nobody else needs it."""
        listener.stop()
        listeners = self._raw.get(listener.stream, [])
        if listener in listeners:
            listeners.remove(listener)
        if not listeners:
            self._raw.pop(listener.stream, None)
            self._let_go([listener.stream])

    def unlisten_all(self, stream: str, callback: Callback | None) -> None:
        """End a callback on a stream, or (None) all of them."""
        for listener in self.listeners(stream):
            if callback is None or listener.callback == callback:
                self.unlisten(listener)

    def listeners(self, stream: str) -> list[RawSubscription]:
        """The callbacks on a stream."""
        return list(self._raw.get(stream, ()))

    async def close(self) -> None:
        """End every socket, task and waiter."""
        if self.is_closed:
            return
        self.is_closed = True
        self._holding.release()
        error = ExchangeClosedByUser("the streams were closed")
        tasks = self._restoring.stop()
        for topic in self.topics:
            topic.fail(error)
            self.topics.remove(topic)
        for listeners in self._raw.values():
            for listener in listeners:
                listener.stop()
        sockets = [socket.stop() for socket in self._sockets.values()]
        # Sockets that are ending already are waited for: cancelled before its first step, none would end.
        await asyncio.gather(*sockets, *tasks, *self._ending, return_exceptions=True)
        for follower in self._followers.values():
            follower.end()
        self._followers.clear()
        self._raw.clear()
        self._sockets.clear()

    # --- what the sockets report -------------------------------------------------------------------------

    def received(self, socket: Socket, texts: Sequence[str]) -> None:
        """A batch of text frames: sort by stream, let followers take theirs, wake who waits."""
        batches: Batches = {}
        followers = self._followers
        for text in texts:
            stream = stream_of(text)
            batch = batches.get(stream)
            if batch is not None:
                batch.append(text)
            elif stream in followers:
                batches[stream] = [text]
            elif stream := self._slowly(socket, text):
                batches.setdefault(stream, []).append(text)
        for stream, batch in batches.items():
            follower = followers.get(stream)
            if follower is not None:
                count = len(batch)
                socket.frames += count
                follower.frames += count
                follower.last_frame = socket.last_heard
                if not follower.is_heard:
                    follower.is_heard = True
                    socket.subscriptions.hear(stream)
        holding = self._holding
        if holding.held or len(texts) >= self._limits.frames_of_a_flood:
            batches = holding.take(batches, len(texts), self._may_wait)
        self._feed(batches)
        if holding.held:
            self._await_more()

    def concluded(self, socket: Socket, verdict: Verdict) -> None:
        """A batch of subscriptions is on, or refused."""
        self.catch_up()
        for stream in verdict.confirmed:
            follower = self._followers.get(stream)
            if follower is not None:
                follower.begin()
                self._restoring.begin(follower)
        if socket.asks_again(verdict.refused):
            return
        for stream, refusal in verdict.refused:
            self._fail(stream, _error_of(stream, refusal))

    def unsigned(self, socket: Socket, streams: Sequence[str], error: Exception) -> None:
        """Private streams that cannot be asked for: there is no signature."""
        for stream in streams:
            self._fail(stream, as_told(error, stream))

    def lost(self, socket: Socket) -> None:
        """A connection is gone, and with it the knowledge of everything it carried."""
        self.catch_up()
        for stream in socket.subscriptions:
            follower = self._followers.get(stream)
            if follower is None:
                continue
            is_stale = follower.tells_stale and follower.is_known
            follower.losses += 1
            follower.lose()
            for topic in self.topics.fed_by(stream):
                if not topic.kind.is_event:
                    topic.invalidate()
                if is_stale:
                    topic.complain(NetworkError(f"{topic.kind.name} may be out of date: {STALE}"))

    def unreachable(self, socket: Socket, error: Exception, failures: int) -> None:
        """No connection. Callers are told after a few attempts; the attempts go on."""
        self._tools.report(f"no connection to the streams, attempt {failures}", error)
        if failures <= self._limits.failures_tolerated:
            return
        trouble = NetworkError(f"no connection to the streams after {failures} attempts: {error!r}")
        trouble.__cause__ = error
        for stream in socket.subscriptions:
            for topic in self.topics.fed_by(stream):
                topic.fail(trouble)

    def unusable(self, socket: Socket, error: Exception) -> None:
        """No connection, and none to be had: the settings are wrong. Callers are told at once."""
        told = error if isinstance(error, BaseError) else ExchangeError(f"no way to the streams: {error!r}")
        if told is not error:
            told.__cause__ = error
        for stream in socket.subscriptions:
            self._fail(stream, told)

    def refused(self, stream: str, error: BaseError) -> None:
        """A stream will never come."""
        self.catch_up()
        self._fail(stream, error)

    def quiet(self, errors: Mapping[str, BaseError]) -> None:
        """Nothing more will come of these streams: who waits for nothing else is told."""
        self.catch_up()
        for stream, error in errors.items():
            for topic in self.topics.fed_by(stream):
                if all(other in errors or other not in self._followers for other in topic.streams):
                    topic.fail(error)

    # --- counters ----------------------------------------------------------------------------------------

    def counters(self) -> dict[str, Any]:
        """What a user may read and log: a figure a socket and a stream."""
        now = self._tools.clock()
        return {
            "unreadable": self.unreadable,
            "sockets": [
                {
                    "isOpen": socket.is_open,
                    "streams": len(socket.subscriptions),
                    "frames": socket.frames,
                    "reconnects": socket.reconnects,
                    "age": _age(now, socket.last_heard),
                }
                for socket in self._sockets.values()
            ],
            "streams": {
                stream: {
                    "frames": follower.frames,
                    "gaps": follower.gaps,
                    "refetches": follower.refetches,
                    "losses": follower.losses,
                    "spoilt": follower.spoilt,
                    "owed": follower.owed,
                    "mayBeStale": follower.trust.may_be_stale,
                    "age": _age(now, follower.last_frame),
                    **(
                        {"agreements": follower.agreements, "disagreements": follower.disagreements}
                        if isinstance(follower, BookFollower)
                        else {}
                    ),
                }
                for stream, follower in self._followers.items()
            },
        }

    # --- inside ------------------------------------------------------------------------------------------

    def _slowly(self, socket: Socket, text: str) -> str:
        """The stream of a frame that is written in an unexpected way; error frames are understood here."""
        frame = read_frame(text)
        if isinstance(frame, str):
            return frame
        if isinstance(frame, Refusal):
            verdict = socket.subscriptions.refuse(frame)
            if verdict is None:
                self._tools.report(f"the venue refuses something: {frame.code} {frame.message}", None)
            else:
                self.concluded(socket, verdict)
                socket.flush()
            return ""
        self.unreadable += 1
        self._tools.report(f"a frame cannot be read: {frame.text[:200]}", None)
        return ""

    def _may_wait(self, stream: str) -> bool:
        """Whether only the last of a stream's states counts, for all who listen to it."""
        follower = self._followers.get(stream)
        return follower is not None and follower.can_wait and stream not in self._raw

    def _await_more(self) -> None:
        """Give the next read a chance to come first; if none does, what is held waits no longer.

        asyncio runs an iteration of its loop in two halves: first it looks which sockets can be read and puts
        their callbacks at the end of the queue, then it runs the queue as it stands. A callback put in now is
        run in the next iteration, before the read that the same iteration finds. So the callback puts in
        another: that one comes after the read.
        """
        self._holds += 1
        self.loop.call_soon(self.loop.call_soon, self._wait_no_longer, self._holds)

    def _wait_no_longer(self, hold: int) -> None:
        if hold == self._holds:
            self.catch_up()

    def catch_up(self) -> None:
        """Let followers take what is held, wake who waits."""
        self._feed(self._holding.release())

    def _feed(self, batches: Batches) -> None:
        """Let followers take what is due, wake who waits."""
        for stream, frames in batches.items():
            follower = self._followers.get(stream)
            if follower is None:
                continue
            follower.take(frames)
            if follower.trouble is not None or follower.notes:
                self._tell_of(follower)
            if self._raw and stream in self._raw:
                self._deliver(stream, frames)
            if follower.needs_restoring:
                self._restoring.begin(follower)
        self.topics.wake()

    def _tell_of(self, follower: Follower) -> None:
        """Count frames that were not understood, and say so once a stream, with what else is to be said."""
        for note in follower.notes:
            self._tools.report(note, None)
        follower.notes.clear()
        error, follower.trouble = follower.trouble, None
        if error is not None:
            if follower.stream not in self._spoilt:
                self._tools.report(f"frames of {follower.stream} could not be taken", error)
            self._spoilt.add(follower.stream)
            self.unreadable += 1

    def _deliver(self, stream: str, frames: Sequence[str]) -> None:
        for frame in frames:
            try:
                payload = payload_of(frame)
            except ValueError as error:
                self._tools.report(f"a frame of {stream} cannot be handed to callbacks", error)
                continue
            for listener in self._raw.get(stream, ())[:]:
                listener.deliver(payload)

    # --- what restoring wants ----------------------------------------------------------------------------

    def is_followed(self, follower: Follower) -> bool:
        """Whether anybody still wants this follower's stream."""
        return self._followers.get(follower.stream) is follower

    def hand_in(self, follower: Follower, answer: Any) -> bool:
        """Have a follower take an answer, after the frames that wait; whether it was enough."""
        self.catch_up()
        is_enough = not follower.needs_restoring or follower.restore(answer)
        if follower.notes:
            self._tell_of(follower)
        self.topics.wake()
        return is_enough

    def give_up(self, follower: Follower, error: BaseError) -> None:
        """REST refuses what a stream needs: who depends on it alone is told for good, a group once.

        Example: of 24 books one is of a market that was closed. Callers of the group get one BadSymbol, then
        the other 23 go on; the closed one is asked for again now and then, for it may open.
        """
        stream = follower.stream
        follower.has_failed = True
        is_needed = False
        for topic in self.topics.fed_by(stream):
            if all(other == stream for other in topic.streams):
                self._end(topic, error)
            else:
                is_needed = True
                self._complain(topic, stream, error)
        if not is_needed and stream not in self._raw:
            self._drop(stream)

    def _complain(self, topic: Topic, stream: str, error: BaseError) -> None:
        if stream not in topic.complained_of:
            topic.complained_of.add(stream)
            topic.complain(error)

    def _fail(self, stream: str, error: BaseError) -> None:
        """The stream will not come: who depends on it alone is told for good, a group once."""
        follower = self._followers.get(stream)
        if follower is not None:
            follower.has_failed = True
        for topic in self.topics.fed_by(stream):
            others = (other for other in topic.streams if other != stream and other in self._followers)
            if not any(others):
                self._end(topic, error)
            elif topic.kind.needs_every_stream:
                self._complain(topic, stream, error)
        for listener in self._raw.pop(stream, []):
            listener.stop()
            self._tools.report(f"stream {stream} has ended", error)
        self._drop(stream)

    def _end(self, topic: Topic, error: BaseException) -> None:
        topic.fail(error)
        self._let_go(self.topics.remove(topic))

    def _let_go(self, streams: Sequence[str]) -> None:
        for stream in streams:
            if stream not in self._raw and not self.topics.fed_by(stream):
                self._drop(stream)

    def _drop(self, stream: str) -> None:
        follower = self._followers.pop(stream, None)
        if follower is None:
            return
        follower.end()
        self._holding.drop(stream)
        self._restoring.end(stream)
        placed = self._placement.remove(stream)
        if placed is None:
            return
        number, must_be_told = placed
        socket = self._sockets[number]
        if must_be_told:
            socket.unsubscribe([stream])
        if self._placement.is_empty(number):
            self.loop.call_soon(self._retire, number)

    def _retire(self, number: int) -> None:
        """Close a socket that carries nothing, unless somebody has come back to it."""
        if self.is_closed or number not in self._sockets or not self._placement.is_empty(number):
            return
        socket = self._sockets.pop(number)
        self._placement.drop(number)
        task = self.loop.create_task(socket.stop())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


STALE = "the connection is gone; the next call tells what is true again"


def _error_of(stream: str, refusal: Refusal) -> BaseError:
    kind = STREAM_ERRORS.get(refusal.code, ExchangeError)
    return kind(f"stream {stream} was refused: {refusal.code} {refusal.message}")


def _age(now: float, then: float | None) -> float | None:
    return None if then is None else now - then
