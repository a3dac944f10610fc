"""The life of one connection: connect, read, ping, notice silence, back off, connect again.

A socket knows no stream's meaning. It reads batches of frames (whatever has arrived is one batch), sends
what its subscriptions want sent, and reports to its owner. The way out, the clock, the pauses and the
jitter are handed in. Pings: "a Ping frame will be sent from the server every 60s, and a Pong is expected"
within 120 s; "the client should reconnect after receiving the Close frame" (Backpack OpenAPI, tag Streams,
"Keeping the connection alive").
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from logging import DEBUG
from math import inf
from typing import Any, NamedTuple, Protocol

from ccxt.base.errors import BaseError

from bpx_connector.stream.frames import Refusal, subscribe_frame, unsubscribe_frame
from bpx_connector.stream.link import UNREACHABLE, Ended, Link, Never, Ping, Pong, Quiet
from bpx_connector.stream.subscriptions import Batch, Subscriptions, Verdict
from bpx_connector.venue.streams import INVALID_SIGNATURE

__all__ = [
    "USUAL_PATIENCE",
    "Owner",
    "Patience",
    "Shown",
    "Socket",
    "Tools",
    "pause_after",
]


class Shown(Protocol):
    """Whether anybody wants to see what passes: ccxt's `verbose`, or a logger at DEBUG."""

    verbose: Any
    logger: Any


class Tools(NamedTuple):
    """What a socket gets from outside."""

    connect: Callable[[], Awaitable[Link]]
    sign: Callable[[], Sequence[str]]
    sleep: Callable[[float], Awaitable[None]]
    clock: Callable[[], float]
    jitter: Callable[[], float]
    report: Callable[[str, BaseException | None], None]
    log: Shown
    trace: Callable[[str, Sequence[str]], None]
    """Is shown what passes, if `log` wants it: what was done with these texts."""
    set_clock: Callable[[], Awaitable[object]] | None = None
    """Measures the venue's clock, by which is signed; None if nobody wants that."""


class Patience(NamedTuple):
    """Durations in seconds."""

    shortest_pause: float = 0.25
    longest_pause: float = 30.0
    # The venue pings every 60 s only; a line that is dead is to be noticed before that. It answers a client's
    # pings (probed, FACTS section 17), so a quiet socket is asked, and one that says nothing is given up.
    ping_after: float = 15.0
    silence: float = 30.0
    # "No acknowledgement of any kind": streams that nobody has refused by now are on, pong or no pong.
    verdict: float = 2.0
    # Checking a signature takes the venue time: its refusal may come after the pong.
    grace: float = 0.1
    tick: float = 1.0
    closing: float = 1.0


USUAL_PATIENCE = Patience()


class Owner(Protocol):
    """Who is told what happens on a socket."""

    def received(self, socket: Socket, texts: Sequence[str]) -> None: ...
    def concluded(self, socket: Socket, verdict: Verdict) -> None: ...
    def unsigned(self, socket: Socket, streams: Sequence[str], error: Exception) -> None: ...
    def lost(self, socket: Socket) -> None: ...
    def unreachable(self, socket: Socket, error: Exception, failures: int) -> None: ...
    def unusable(self, socket: Socket, error: Exception) -> None: ...
    def refused(self, stream: str, error: BaseError) -> None: ...
    def quiet(self, errors: Mapping[str, BaseError]) -> None: ...


BARRIER = b"barrier "
"""With a number: the ping behind a batch. A pong has the data of the ping it answers (RFC 6455, 5.5.3), so an
answer to an earlier batch, or to `ALIVE`, is never taken for this one's."""
ALIVE = b"alive"


def pause_after(failures: int, patience: Patience, jitter: float) -> float:
    """How long to wait before the next attempt: doubled with each failure, capped, spread by the jitter."""
    pause = min(patience.longest_pause, patience.shortest_pause * 2.0 ** min(failures, 30))
    return pause * (0.5 + jitter / 2)


class Socket:
    """One connection to the venue, made again whenever it is lost."""

    def __init__(
        self, subscriptions: Subscriptions, owner: Owner, tools: Tools, patience: Patience = USUAL_PATIENCE
    ) -> None:
        self.subscriptions = subscriptions
        self.frames = 0
        self.reconnects = 0
        self.last_heard: float | None = None
        self.is_open = False
        self._owner = owner
        self._tools = tools
        self._patience = patience
        self._to_unsubscribe: list[str] = []
        self._has_work = asyncio.Event()
        self._has_pong = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._barriers = 0
        self._asked_at = 0.0
        self._pinged_at = 0.0
        self._doubts_clock = False

    def start(self) -> None:
        """Run until `stop`."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Close the connection and end."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def unsubscribe(self, streams: Sequence[str]) -> None:
        """Have the venue told that these are no longer wanted."""
        if self.is_open:
            self._to_unsubscribe.extend(streams)
            self._has_work.set()

    def flush(self) -> None:
        """Send what the subscriptions want sent."""
        self._has_work.set()

    async def _run(self) -> None:
        failures = 0
        while True:
            try:
                link = await self._tools.connect()
            except UNREACHABLE as error:
                failures += 1
                self._owner.unreachable(self, error, failures)
            except Exception as error:  # two proxies at once, say: no attempt can succeed
                failures += 1
                self._owner.unusable(self, error)
            else:
                before = self.frames
                await self._serve(link)
                # Connecting alone is no success: of a venue that says nothing the pauses go on growing.
                failures = 0 if self.frames > before else failures + 1
                self.reconnects += 1
            await self._tools.sleep(pause_after(failures, self._patience, self._tools.jitter()))

    async def _serve(self, link: Link) -> None:
        """Use a connection until it ends."""
        self.last_heard = self._pinged_at = self._tools.clock()
        self.is_open = True
        self._to_unsubscribe.clear()
        self._has_pong.clear()
        self._has_work.set()
        self._trace("connected")
        steps = (self._read, self._write, self._judge, self._watch_over)
        parts = [asyncio.ensure_future(step(link)) for step in steps]
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for part in parts:
                part.cancel()
            outcomes = await asyncio.gather(*parts, return_exceptions=True)
            self.is_open = False
            # The next connection begins with no subscriptions, and nothing is sent again (FACTS section 18).
            self.subscriptions.lose()
            self._owner.lost(self)
            for outcome in outcomes:
                if isinstance(outcome, Exception) and not isinstance(outcome, UNREACHABLE):
                    self._tools.report("a stream socket ended unexpectedly", outcome)
            with suppress(UNREACHABLE):
                async with asyncio.timeout(self._patience.closing):
                    await link.close()

    async def _read(self, link: Link) -> None:
        while True:
            heard = await link.read(self._take)
            self.last_heard = self._tools.clock()
            match heard:
                case Ping(data):
                    await link.pong(data)
                case Pong(data):
                    self._heard_pong(data)
                case Never(stream, error):
                    self._owner.refused(stream, error)
                case Quiet(errors):
                    self._owner.quiet(errors)
                case Ended(reason):
                    self._trace(f"ended {reason}")
                    return

    def _take(self, texts: Sequence[str]) -> None:
        self.last_heard = self._tools.clock()
        if self._is_shown():
            self._tools.trace("received", texts)
        self._owner.received(self, texts)

    async def _write(self, link: Link) -> None:
        while True:
            await self._has_work.wait()
            self._has_work.clear()
            if self._to_unsubscribe:
                streams, self._to_unsubscribe = self._to_unsubscribe, []
                await self._send(link, unsubscribe_frame(streams))
            batch = self.subscriptions.next_batch()
            if batch is not None:
                await self._ask(link, batch)

    async def _ask(self, link: Link, batch: Batch) -> None:
        signature = None
        if batch.is_private:
            try:
                await self._set_clock()
                signature = self._tools.sign()
            except Exception as error:
                self.subscriptions.conclude()
                self._owner.unsigned(self, batch.streams, error)
                self._has_work.set()
                return
        self._barriers += 1
        self._asked_at = self._tools.clock()
        await self._send(link, subscribe_frame(batch.streams, signature))
        await link.ping(BARRIER + str(self._barriers).encode())

    def asks_again(self, refused: Sequence[tuple[str, Refusal]]) -> bool:
        """Whether what was refused is asked for once more: a clock that is off spoils every signature."""
        set_clock = self._tools.set_clock
        if set_clock is None or not any(refusal.code == INVALID_SIGNATURE for _, refusal in refused):
            return False
        self._doubts_clock = not self._doubts_clock  # once: the second time it was not the clock
        if self._doubts_clock:
            for stream, _ in refused:
                self.subscriptions.add(stream)
            self.flush()
        return self._doubts_clock

    async def _set_clock(self) -> None:
        """Have the venue's clock measured, if it is in doubt."""
        if self._doubts_clock and self._tools.set_clock is not None:
            self._asked_at = inf  # nothing is sent meanwhile on which a verdict could be due
            await self._tools.set_clock()

    async def _send(self, link: Link, text: str) -> None:
        self._trace("sent", text)
        await link.send(text)

    def _trace(self, what: str, *texts: str) -> None:
        if self._is_shown():
            self._tools.trace(what, texts)

    def _is_shown(self) -> bool:
        log = self._tools.log
        return bool(log.verbose) or log.logger.isEnabledFor(DEBUG)

    async def _watch_over(self, link: Link) -> None:
        """Ping a quiet socket, give up a silent one, and conclude a batch whose pong does not come."""
        patience, clock = self._patience, self._tools.clock
        while True:
            await self._tools.sleep(patience.tick)
            now = clock()
            heard = now if self.last_heard is None else self.last_heard
            if now - heard >= patience.silence:
                self._tools.report(f"a stream socket was silent for {now - heard:.0f} s", None)
                return
            if self.subscriptions.asked is not None and now - self._asked_at >= patience.verdict:
                self._conclude()
            if now - max(heard, self._pinged_at) >= patience.ping_after:
                self._pinged_at = now
                await link.ping(ALIVE)

    def _heard_pong(self, data: bytes) -> None:
        if data == BARRIER + str(self._barriers).encode():
            self._has_pong.set()

    async def _judge(self, link: Link) -> None:
        while True:
            await self._has_pong.wait()
            self._has_pong.clear()
            asked = self.subscriptions.asked
            if asked is not None:
                # Error frames name no stream, so nothing else is asked for until these can be told apart.
                if asked.may_be_refused_late:
                    await self._tools.sleep(self._patience.grace)
                self._conclude()

    def _conclude(self) -> None:
        verdict = self.subscriptions.conclude()
        if verdict.confirmed:
            self._doubts_clock = False
        self._has_work.set()
        self._owner.concluded(self, verdict)
