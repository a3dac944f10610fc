"""The connection to NATS: the only module that knows its client. It lives until it ends; then make another.

nats-py's own reconnecting is off. It would keep what is published meanwhile and send it later: an order
must not be sent late, and a frame that is late is worse than one that is missing.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Final, Self
from urllib.parse import urlsplit

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.api import (
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import APIError, NoStreamResponseError, NotFoundError

from bpx_connector.gateway.bus.cancelling import heeding_cancels
from bpx_connector.gateway.bus.permissions import inbox_of
from bpx_connector.gateway.bus.subjects import checked_token

__all__ = ["Access", "Bus", "BusDownError", "Message", "NobodyThereError", "UnansweredError", "is_loopback"]

CONNECTED_WITHIN: Final = 3
CLOSED_WITHIN: Final = 0.5
UNHURRIED: Final = 3600
PINGED_EVERY: Final = 2
"""Seconds. Two pings without an answer end the connection: a silent server is noticed within six."""

Message = Msg
Take = Callable[[Message], None]
Headers = Mapping[str, str]


class BusDownError(ConnectionError):
    """There is no connection to the bus, or none any more."""


class NobodyThereError(BusDownError):
    """Nobody listens where the request was addressed to: no gateway leads. Nobody has seen the request."""


class UnansweredError(BusDownError):
    """No answer came in time. Whether the request was acted on is not known."""


@dataclass(frozen=True)
class Access:
    """Where the bus is and who we are on it."""

    servers: tuple[str, ...]
    user: str
    seed: str | None = field(default=None, repr=False)
    """The file with the user's nkey seed."""
    ca: str | None = None
    insecure: bool = False

    def __post_init__(self) -> None:
        checked_token("the user", self.user)
        if not self.servers:
            raise ValueError("the bus needs at least one server, such as tls://nats.example:4222")
        for server in self.servers:
            parts = urlsplit(server)
            if parts.scheme not in ("nats", "tls") or not parts.hostname:
                raise ValueError(f"a server has to be nats://host:port or tls://host:port, not {server!r}")
            if parts.password or parts.username:
                raise ValueError("a server's address must not carry a password: name a file with a seed")
            if parts.scheme != "tls" and not self.insecure and not is_loopback(parts.hostname):
                raise ValueError(
                    f"{parts.hostname} is another machine: use tls://, or say insecure where the way is safe"
                )

    @property
    def is_local(self) -> bool:
        """Whether every server is on this machine."""
        return all(is_loopback(urlsplit(server).hostname or "") for server in self.servers)

    @property
    def is_encrypted(self) -> bool:
        """Whether any server is spoken to by TLS."""
        return any(server.startswith("tls:") for server in self.servers)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, as far as its name says."""
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


class Bus:
    """One connection."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.ended = asyncio.Event()
        self.denied: Callable[[str], None] = lambda sentence: None
        """Is told what the server has not allowed."""
        self._client = Client()
        self._flushes: set[asyncio.Future[None]] = set()

    @classmethod
    async def connected(cls, access: Access) -> Self:
        """A connection; BusDownError if there is none to be had."""
        bus = cls(access)
        context = ssl.create_default_context(cafile=access.ca) if access.is_encrypted else None
        try:
            async with asyncio.timeout(CONNECTED_WITHIN):
                await heeding_cancels(bus._client.connect)(
                    servers=list(access.servers),
                    name=access.user,
                    allow_reconnect=False,
                    max_reconnect_attempts=1,
                    reconnect_time_wait=0,
                    connect_timeout=CONNECTED_WITHIN,
                    ping_interval=PINGED_EVERY,
                    max_outstanding_pings=2,
                    inbox_prefix=inbox_of(access.user),
                    nkeys_seed=access.seed,
                    tls=context,
                    error_cb=bus._on_error,
                    closed_cb=bus._on_closed,
                    pending_size=PENDING,
                    skip_subject_validation=True,  # subjects are built by Subjects only
                )
        except (nats.errors.Error, OSError, TimeoutError) as error:
            with suppress(Exception):
                # After a TLS handshake that has failed it waits for ever to see its end (nats-py 2.16).
                async with asyncio.timeout(CLOSED_WITHIN):
                    await bus._client.close()
            raise BusDownError(f"no connection to {', '.join(access.servers)}: {error!r}") from error
        except asyncio.CancelledError:
            await bus.close()
            raise
        return bus

    @property
    def is_open(self) -> bool:
        """Whether something can be said now."""
        return bool(self._client.is_connected) and not self.ended.is_set()

    async def publish(
        self, subject: str, payload: bytes, reply: str = "", headers: Headers | None = None
    ) -> None:
        """Say something."""
        try:
            await self._client.publish(subject, payload, reply, dict(headers) if headers else None)
        except (nats.errors.Error, OSError) as error:
            raise BusDownError(f"not said: {error!r}") from error

    async def subscribe(self, subject: str, take: Take, queue: str = "") -> Callable[[], Awaitable[None]]:
        """Hear something from now on; what is returned ends it."""

        async def taken(message: Msg) -> None:
            take(message)

        try:
            made = await self._client.subscribe(
                subject, queue=queue, cb=taken, pending_msgs_limit=-1, pending_bytes_limit=-1
            )
        except (nats.errors.Error, OSError) as error:
            raise BusDownError(f"not subscribed: {error!r}") from error
        return lambda: self._unsubscribed(made)

    async def flush(self) -> None:
        """Wait until the server has read everything that was said so far, subscriptions too.

        The client's own flush is never cancelled: a pong that then finds nobody waiting ends its reading, and
        the connection would be deaf for the six seconds that its pings take to notice (nats-py 2.16).
        """
        task = asyncio.ensure_future(self._client.flush(UNHURRIED))
        self._flushes.add(task)
        task.add_done_callback(self._flushed)
        try:
            async with asyncio.timeout(CONNECTED_WITHIN):
                await asyncio.shield(task)
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise BusDownError(f"the bus does not answer: {error!r}") from error

    def _flushed(self, task: asyncio.Future[None]) -> None:
        self._flushes.discard(task)
        if not task.cancelled():
            task.exception()  # looked at: whoever waited may have gone

    @heeding_cancels
    async def request(
        self, subject: str, payload: bytes, seconds: float, headers: Headers | None = None
    ) -> Message:
        """The answer to a request."""
        try:
            return await self._client.request(
                subject, payload, timeout=seconds, headers=dict(headers) if headers else None
            )
        except nats.errors.NoRespondersError as error:
            raise NobodyThereError("no gateway leads there") from error
        except (nats.errors.TimeoutError, TimeoutError) as error:
            raise UnansweredError(f"no answer within {seconds:g} s") from error
        except (nats.errors.Error, OSError) as error:
            raise BusDownError(f"not asked: {error!r}") from error

    # --- what is stored ----------------------------------------------------------------------------------

    @heeding_cancels
    async def keep(
        self,
        name: str,
        subjects: Sequence[str],
        max_age: float,
        in_memory: bool = False,
        last_only: bool = False,
        duplicate_window: float = 120.0,
    ) -> None:
        """Have the server store what is published under these subjects, if it does not yet."""
        config = StreamConfig(
            name=name,
            subjects=list(subjects),
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.MEMORY if in_memory else StorageType.FILE,
            max_age=max_age,
            max_msgs_per_subject=1 if last_only else -1,
            discard=DiscardPolicy.OLD,
            duplicate_window=min(duplicate_window, max_age),
        )
        try:
            await self._client.jetstream(timeout=CONNECTED_WITHIN).add_stream(config)
        except APIError as error:
            if error.err_code != ALREADY_THERE:
                raise BusDownError(f"nothing can be stored: {error!r}") from error
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise BusDownError(f"nothing can be stored: {error!r}") from error

    @heeding_cancels
    async def store(
        self,
        subject: str,
        payload: bytes,
        seconds: float,
        identity: str | None = None,
        expected: int | None = None,
    ) -> int | None:
        """The number under which a message was stored; None if the last one's is not what was expected.

        A message of an identity that is stored already is not stored again.
        """
        headers: dict[str, Any] = {}
        if identity is not None:
            headers["Nats-Msg-Id"] = identity
        if expected is not None:
            headers["Nats-Expected-Last-Subject-Sequence"] = str(expected)
        try:
            answer = await self._client.jetstream().publish(
                subject, payload, timeout=seconds, headers=headers or None
            )
        except NoStreamResponseError as error:
            raise NobodyThereError("what is said there is not stored") from error
        except APIError as error:
            if error.err_code in WRONG_LAST:
                return None
            raise BusDownError(f"not stored: {error!r}") from error
        except (nats.errors.TimeoutError, TimeoutError) as error:
            raise UnansweredError(f"not known to be stored within {seconds:g} s") from error
        except (nats.errors.Error, OSError) as error:
            raise BusDownError(f"not stored: {error!r}") from error
        return int(answer.seq)

    async def last_stored(self, log: str, subject: str) -> bytes | None:
        """The last message that was stored under a subject; None if there is none."""
        stored = await self.last_stored_at(log, subject)
        return None if stored is None else stored[0]

    @heeding_cancels
    async def last_stored_at(self, log: str, subject: str) -> tuple[bytes, float] | None:
        """The same, and the second when it was stored by the server's clock."""
        try:
            message = await self._client.jetstream(timeout=CONNECTED_WITHIN).get_last_msg(log, subject)
        except NotFoundError:
            return None
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise BusDownError(f"what is stored cannot be read: {error!r}") from error
        if message.data is None or message.time is None:
            return None
        return message.data, message.time.timestamp()

    @heeding_cancels
    async def stored_after(
        self, log: str, durable: str, subject: str, from_the_beginning: bool = True
    ) -> Any:
        """A durable reader of what is stored: its name is remembered, and how far it has acknowledged.

        At first it begins with what is stored next, or `from_the_beginning`.
        """
        begin = DeliverPolicy.ALL if from_the_beginning else DeliverPolicy.NEW
        config = ConsumerConfig(ack_wait=GIVEN_AGAIN_AFTER, deliver_policy=begin)
        try:
            return await self._client.jetstream(timeout=CONNECTED_WITHIN).pull_subscribe(
                subject, durable=durable, stream=log, config=config
            )
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise BusDownError(f"what is stored cannot be read: {error!r}") from error

    async def close(self) -> None:
        """End the connection."""
        self.ended.set()
        for task in self._flushes:
            task.cancel()
        with suppress(nats.errors.Error, OSError, TimeoutError):
            async with asyncio.timeout(CONNECTED_WITHIN):
                await self._client.close()

    # --- inside ------------------------------------------------------------------------------------------

    async def _unsubscribed(self, subscription: Subscription) -> None:
        with suppress(nats.errors.Error, OSError):
            await subscription.unsubscribe()

    async def _on_error(self, error: Exception) -> None:
        if "permissions violation" in str(error).lower():
            self.denied(str(error))

    async def _on_closed(self) -> None:
        self.ended.set()


GIVEN_AGAIN_AFTER: Final = 5.0
"""Seconds after which what was read and not acknowledged is given again."""

PENDING: Final = 8 * 1024 * 1024
ALREADY_THERE: Final = 10058
"""JetStream's code for a stream that exists with other settings: an operator's, which we leave alone."""

WRONG_LAST: Final = (10071, 10164)
"""JetStream's codes for "wrong last sequence"."""
