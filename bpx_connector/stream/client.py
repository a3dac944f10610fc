"""Between the sockets and the callers: frames to followers, changes to topics, trouble to whom it concerns.

A batch of frames is sorted by stream, each follower takes its own, then the topics that changed are woken
once. What needs an answer over REST gets one, as often as it takes. A topic holds its streams: the first
caller subscribes, the last one to leave unsubscribes.

In a flood, books wait for the next read and are brought up to date once for several. Whatever else happens
to a stream comes after the frames that wait: they are taken first, or dropped if the stream is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from aiohttp import WSMessage, WSMsgType
from ccxt.base.errors import (
    BadResponse,
    BaseError,
    ExchangeClosedByUser,
    ExchangeError,
    NetworkError,
    UnsubscribeError,
)

from bpx_connector.stream.callbacks import Callback, RawSubscription
from bpx_connector.stream.followers import BookFollower, Follower
from bpx_connector.stream.frames import Refusal, payload_of, read_frame, stream_of
from bpx_connector.stream.socket import USUAL_PATIENCE, Patience, Socket, Tools, pause_after
from bpx_connector.stream.subscriptions import Placement, Standing, Verdict
from bpx_connector.stream.topics import Topic, Topics
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
        self._held: dict[str, list[str]] = {}
        self._holds = 0
        self._restoring: dict[str, asyncio.Task[None]] = {}
        self._fetches = asyncio.Semaphore(limits.fetches_at_once)
        self._auditor: asyncio.Task[None] | None = None
        self._audited: dict[str, float] = {}
        self._ending: set[asyncio.Task[None]] = set()

    # --- wanting -----------------------------------------------------------------------------------------

    def follow(self, stream: str, follower: Callable[[], Follower]) -> Follower:
        """The follower of a stream, made and subscribed if there is none yet."""
        known = self._followers.get(stream)
        if known is not None and not known.is_idle:
            return known
        made = self._followers[stream] = follower()
        if made.fetch_every is not None and self._auditor is None:
            self._auditor = self.loop.create_task(self._audit())
        number = self._placement.place(stream)
        if known is not None:
            # So far only callbacks have listened, and the stream is on already, or will be.
            if self._placement.subscriptions(number).standing(stream) is Standing.CONFIRMED:
                made.begin()
                self._restore(made)
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

    def leave(self, kind: str, parts: Sequence[str] | None) -> None:
        """End every topic about these parts of a kind (None: all of it), with the streams only it needed."""
        for topic in self.topics.covered_by(kind, parts):
            self._end(topic, UnsubscribeError(f"{kind} is no longer watched"))

    def listen(self, stream: str, callback: Callback) -> RawSubscription:
        """Give every payload of a stream to a callback, from now on."""
        self._catch_up()
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

    def listeners(self, stream: str) -> list[RawSubscription]:
        """The callbacks on a stream."""
        return list(self._raw.get(stream, ()))

    async def close(self) -> None:
        """End every socket, task and waiter."""
        if self.is_closed:
            return
        self.is_closed = True
        self._held.clear()
        error = ExchangeClosedByUser("the streams were closed")
        tasks = [*self._restoring.values(), *([self._auditor] if self._auditor else [])]
        for task in tasks:
            task.cancel()
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

    def opened(self, socket: Socket) -> None:
        """A connection is there; its subscriptions are being sent."""

    def received(self, socket: Socket, messages: Sequence[WSMessage]) -> None:
        """A batch of messages: sort by stream, let followers take theirs, wake who waits."""
        batches: dict[str, list[str]] = {}
        for kind, text, _ in messages:
            if kind is not WSMsgType.TEXT:
                continue
            stream = stream_of(text)
            batch = batches.get(stream)
            if batch is not None:
                batch.append(text)
            elif stream in self._followers:
                batches[stream] = [text]
            elif stream := self._slowly(socket, text):
                batches.setdefault(stream, []).append(text)
        is_flood = len(messages) >= self._limits.frames_of_a_flood
        may_wait = is_flood or bool(self._held)  # behind what is held, in its turn
        for stream, batch in batches.items():
            follower = self._followers.get(stream)
            if follower is not None:
                count = len(batch)
                socket.frames += count
                follower.frames += count
                follower.last_frame = socket.last_heard
                if may_wait and follower.can_wait and stream not in self._raw:
                    self._held.setdefault(stream, []).extend(batch)
                else:
                    self._feed(follower, batch)
        if is_flood and 0 < self._held_in_all() < self._limits.frames_held:
            self._await_more()
            self.topics.wake()
        else:
            self._catch_up()

    def concluded(self, socket: Socket, verdict: Verdict) -> None:
        """A batch of subscriptions is on, or refused."""
        self._catch_up()
        for stream in verdict.confirmed:
            follower = self._followers.get(stream)
            if follower is not None:
                follower.begin()
                self._restore(follower)
        for stream, refusal in verdict.refused:
            self._fail(stream, _error_of(stream, refusal))

    def unsigned(self, socket: Socket, streams: Sequence[str], error: Exception) -> None:
        """Private streams that cannot be asked for: there is no signature."""
        for stream in streams:
            self._fail(stream, error)

    def lost(self, socket: Socket) -> None:
        """A connection is gone, and with it the knowledge of everything it carried."""
        self._catch_up()
        for stream in socket.subscriptions:
            follower = self._followers.get(stream)
            if follower is None:
                continue
            follower.losses += 1
            follower.lose()
            for topic in self.topics.fed_by(stream):
                if topic.kind not in NEVER_STALE:
                    topic.invalidate()

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

    def _held_in_all(self) -> int:
        return sum(map(len, self._held.values()))

    def _await_more(self) -> None:
        """Wait two turns of the loop at most: in the next one, what was called soon comes before a read."""
        self._holds += 1
        self.loop.call_soon(self.loop.call_soon, self._wait_no_longer, self._holds)

    def _wait_no_longer(self, hold: int) -> None:
        if hold == self._holds:
            self._catch_up()

    def _catch_up(self) -> None:
        """Let followers take what is held, wake who waits."""
        if self._held:
            held, self._held = self._held, {}
            for stream, frames in held.items():
                self._feed(self._followers[stream], frames)
        self.topics.wake()

    def _feed(self, follower: Follower, frames: Sequence[str]) -> None:
        try:
            follower.take(frames)
        except Exception as error:
            # State that one bad frame may have left half changed is not trusted any more.
            self._tools.report(f"frames of {follower.stream} could not be taken", error)
            self.unreadable += 1
            follower.losses += 1
            follower.lose()
            follower.begin()
        if self._raw and follower.stream in self._raw:
            self._deliver(follower.stream, frames)
        if follower.needs_restoring:
            self._restore(follower)

    def _deliver(self, stream: str, frames: Sequence[str]) -> None:
        for frame in frames:
            payload = payload_of(frame)
            for listener in self._raw.get(stream, ())[:]:
                listener.deliver(payload)

    def _restore(self, follower: Follower) -> None:
        if follower.needs_restoring and follower.stream not in self._restoring:
            self._restoring[follower.stream] = self.loop.create_task(self._restored(follower))

    async def _restored(self, follower: Follower) -> None:
        """Restore, and make way in the same breath: a doubt that arises next finds nobody at work on it."""
        try:
            await self._fetch_and_feed(follower)
        finally:
            if self._restoring.get(follower.stream) is asyncio.current_task():
                del self._restoring[follower.stream]

    async def _fetch_and_feed(self, follower: Follower) -> None:
        """Fetch and feed in until the follower knows its state again."""
        attempts = 0
        while self._is_in_doubt(follower):
            assert follower.fetch is not None, "what needs restoring says how"
            losses = follower.losses
            try:
                async with self._fetches:
                    follower.refetches += 1
                    answer = await follower.fetch()
                self._catch_up()
                # An answer from before another loss says nothing about what was missed in that one.
                if losses == follower.losses and follower.needs_restoring and follower.restore(answer):
                    attempts = 0
            except Exception as error:
                if _is_final(error):
                    self._fail(follower.stream, _as_told(error, follower.stream))
                    return
                self._tools.report(
                    f"no answer over REST for {follower.stream}, attempt {attempts + 1}", error
                )
            else:
                self.topics.wake()
                if not self._is_in_doubt(follower):
                    return
            attempts += 1
            await self._tools.sleep(pause_after(attempts - 3, REFETCHING, self._tools.jitter()))

    def _is_in_doubt(self, follower: Follower) -> bool:
        return follower.needs_restoring and self._followers.get(follower.stream) is follower

    async def _audit(self) -> None:
        """Have states compared with REST now and then."""
        while True:
            await self._tools.sleep(self._patience.tick)
            now = self._tools.clock()
            self._catch_up()
            for stream, follower in list(self._followers.items()):
                due = self._audited.setdefault(stream, now) + (follower.fetch_every or float("inf"))
                if now >= due and not follower.needs_restoring:
                    self._audited[stream] = now
                    follower.start_audit()
                    self._restore(follower)

    def _fail(self, stream: str, error: Exception) -> None:
        """Raise an error in whoever depends on a stream, and follow it no longer."""
        for topic in self.topics.fed_by(stream):
            others = (other for other in topic.streams if other != stream and other in self._followers)
            if topic.needs_every_stream or not any(others):
                self._end(topic, error)
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
        self._held.pop(stream, None)
        self._audited.pop(stream, None)
        restoring = self._restoring.pop(stream, None)
        if restoring is not None and restoring is not asyncio.current_task():
            restoring.cancel()
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


NEVER_STALE = frozenset({"orders", "myTrades", "trades", "liquidations", "rfqs"})
"""Kinds whose news are events that have happened, whatever has become of the socket since."""

REFETCHING = Patience(shortest_pause=0.4, longest_pause=10.0)


def _error_of(stream: str, refusal: Refusal) -> BaseError:
    kind = STREAM_ERRORS.get(refusal.code, ExchangeError)
    return kind(f"stream {stream} was refused: {refusal.code} {refusal.message}")


def _is_final(error: Exception) -> bool:
    """Whether asking again is useless: the venue has refused, or we do not understand its answer."""
    return not isinstance(error, BaseError) or isinstance(error, ExchangeError)


def _as_told(error: Exception, stream: str) -> BaseError:
    """What callers are told: ccxt's exceptions only."""
    if isinstance(error, BaseError):
        return error
    told = BadResponse(f"the answer over REST for {stream} cannot be understood: {error!r}")
    told.__cause__ = error
    return told


def _age(now: float, then: float | None) -> float | None:
    return None if then is None else now - then
