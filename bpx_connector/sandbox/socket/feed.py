"""The socket side of the exchange: who is connected, who hears which stream, pings and goodbyes.

Each event is encoded once, and the text is shared by everyone who hears it.

Backpack OpenAPI, tag Streams: there are no acknowledgements; a ping goes out every 60 s, and "if a Pong is
not received within 120s, a Close frame will be sent and the connection will be closed"; on shutdown a Close
frame is sent. Pings go by real time, as sockets do, whatever the sandbox's clock does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from aiohttp import ClientError, WSCloseCode, WSMessage, WSMsgType, web

from bpx_connector.sandbox.account.ledger import Account
from bpx_connector.sandbox.faults.faults import Cut, Faults
from bpx_connector.sandbox.http.context import Context
from bpx_connector.sandbox.http.signatures import subscriber
from bpx_connector.sandbox.records.events import Event
from bpx_connector.sandbox.records.keys import Key
from bpx_connector.sandbox.records.refusals import Refusal
from bpx_connector.sandbox.socket.connection import Connection
from bpx_connector.sandbox.socket.payloads import INVALID_SIGNATURE, PARSE_ERROR, envelope
from bpx_connector.sandbox.socket.publications import Streams
from bpx_connector.sandbox.socket.requests import Stream, request_of, stream_of

__all__ = ["Feed"]

PING_INTERVAL: Final = 60.0
PONG_TIMEOUT: Final = 120.0
QUEUE_LIMIT: Final = 100_000
"""Frames waiting for one client beyond which it is dropped; a driven clock sends an advance in one go."""
READ_WITHIN: Final = 5.0
"""Seconds that a client may take to read what was sent, where time waits for it."""
LARGEST_REQUEST: Final = 1 << 20
CLOSE_TIMEOUT: Final = 1.0
"""How long a client may take to answer a Close frame, in seconds."""


class Feed:
    """All sockets of one exchange.

    `on_event` goes into the venue's listeners, `on_time` is called with the time of every step of the clock,
    `handler` answers a request for an upgrade, `close` says goodbye to everyone.
    """

    def __init__(
        self,
        context: Context,
        faults: Faults | None = None,
        *,
        ping_interval: float = PING_INTERVAL,
        pong_timeout: float = PONG_TIMEOUT,
        queue_limit: int = QUEUE_LIMIT,
    ) -> None:
        self._context: Final = context
        self._faults: Final = Faults() if faults is None else faults
        self._faults.on_cut = self._cut_soon
        self.streams: Final = Streams(context.exchange, context.history, context.rfqs)
        self._audience: Final[dict[Key, dict[Connection, None]]] = {}
        self._connections: Final[dict[Connection, None]] = {}
        self._farewells: Final[set[asyncio.Task[None]]] = set()
        self.ping_interval = ping_interval
        self.pong_timeout = pong_timeout
        self.queue_limit = queue_limit
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def connections(self) -> list[Connection]:
        """Everyone who is connected, the oldest first."""
        return list(self._connections)

    # --- what the exchange says ----------------------------------------------------------------------

    def on_event(self, event: Event) -> None:
        """Tell those who listen what has happened."""
        if self._audience:
            now = self._context.clock.now()
            for key, payload in self.streams.of_event(event, now):
                self._publish(key, envelope(key.name, payload), now)

    def on_time(self, now: int) -> None:
        """Send what the clock has brought about."""
        for key, text in self._faults.released(now):
            self._deliver(key, text)
        for key, payload in self.streams.due(now):
            self._publish(key, envelope(key.name, payload), now)
        for cut in self._faults.cuts_due(now):
            self._carry_out(cut)

    def _publish(self, key: Key, text: str, now: int) -> None:
        if not self._faults.concern_streams:
            self._deliver(key, text)
            return
        for delivery in self._faults.deliveries(key, text, now):
            self._deliver(*delivery)
        for cut in self._faults.cuts_at(key.name):
            self._carry_out(cut, self._audience.get(key, {}))

    def _deliver(self, key: Key, text: str) -> None:
        for connection in self._audience.get(key, ()):
            connection.send(text)

    async def read_by_all(self, within: float = READ_WITHIN) -> None:
        """Wait until every client has read what was sent so far; not for those who do not answer."""
        connections = [each for each in self._connections if not each.is_frozen and not each.is_lost]
        if connections:
            await asyncio.wait([each.read() for each in connections], timeout=within)
            for connection in connections:
                connection.forget()

    # --- what goes wrong on purpose ------------------------------------------------------------------

    def _cut_soon(self, cut: Cut) -> None:
        """Cut at once, whichever thread asks for it."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._carry_out, cut)

    def _carry_out(self, cut: Cut, among: Iterable[Connection] | None = None) -> None:
        for connection in list(self._connections if among is None else among):
            if connection.is_frozen or connection.is_lost:
                continue
            if among is None and not cut.concerns(key.name for key in connection.keys):
                continue
            cut.count()
            if cut.freezes:
                connection.freeze()
            elif cut.close_code is None:
                connection.cut()
            else:
                self._say_goodbye(connection, cut.close_code)

    def _say_goodbye(self, connection: Connection, code: int) -> None:
        farewell = asyncio.get_running_loop().create_task(connection.close(code))
        self._farewells.add(farewell)
        farewell.add_done_callback(self._farewells.discard)

    # --- connections ---------------------------------------------------------------------------------

    async def handler(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one client until it is gone."""
        self._loop = asyncio.get_running_loop()
        socket = web.WebSocketResponse(
            autoping=False, autoclose=False, timeout=CLOSE_TIMEOUT, max_msg_size=LARGEST_REQUEST
        )
        await socket.prepare(request)
        connection = Connection(socket, request.transport, self.queue_limit)
        self._connections[connection] = None
        tasks = [asyncio.create_task(connection.write()), asyncio.create_task(self._ping(connection))]
        try:
            await self._listen(connection)
        finally:
            self._forget(connection)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return socket

    async def close(self) -> None:
        """Send everyone a Close frame and end all connections."""
        goodbyes = [
            connection.close(WSCloseCode.GOING_AWAY, b"shutting down") for connection in self._connections
        ]
        await asyncio.gather(*goodbyes, *self._farewells, return_exceptions=True)
        for connection in self.connections:
            connection.cut()
        self._loop = None

    async def _listen(self, connection: Connection) -> None:
        async for message in connection.socket:
            if not connection.is_frozen:
                await self._hear(connection, message)
        if connection.is_frozen:
            # Not even a Close frame is answered; the client has to give up by itself.
            while not connection.is_lost:  # noqa: ASYNC110
                await asyncio.sleep(0.05)  # nothing tells when a transport is gone
        else:
            await connection.socket.close()

    async def _hear(self, connection: Connection, message: WSMessage) -> None:
        if message.type is WSMsgType.TEXT:
            self._answer(connection, message.data)
        elif message.type is WSMsgType.BINARY:
            connection.send(PARSE_ERROR)
        elif message.type is WSMsgType.PING:
            with suppress(ClientError, ConnectionError):
                await connection.socket.pong(message.data)
        elif message.type is WSMsgType.PONG:
            connection.unanswered_since = None
            connection.answered(bytes(message.data))

    async def _ping(self, connection: Connection) -> None:
        """Ping for ever, and drop those who do not answer.

        Seen on the venue: a socket without subscriptions is dropped at the next ping, without a Close frame.
        """
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self.ping_interval)
            if connection.is_frozen:
                continue
            since = connection.unanswered_since
            if since is not None and not connection.keys:
                connection.cut()
            elif since is not None and loop.time() - since >= self.pong_timeout:
                await connection.close(WSCloseCode.POLICY_VIOLATION, b"no pong")
            else:
                connection.unanswered_since = loop.time() if since is None else since
                with suppress(ClientError, ConnectionError):
                    await connection.socket.ping()

    def _forget(self, connection: Connection) -> None:
        self._connections.pop(connection, None)
        connection.forget()
        for key in list(connection.keys):
            self._leave(connection, key)

    # --- subscriptions -------------------------------------------------------------------------------

    def _answer(self, connection: Connection, text: str) -> None:
        request = request_of(text)
        if request is None:
            connection.send(PARSE_ERROR)
        elif request.subscribes:
            self._subscribe(connection, request.names, request.signature)
        else:
            names = set(request.names)
            for key in [key for key in connection.keys if key.name in names]:
                self._leave(connection, key)

    def _subscribe(self, connection: Connection, names: Iterable[str], signature: object) -> None:
        found = [stream_of(name) for name in names]
        streams = [stream for stream in found if isinstance(stream, Stream)]
        for refused in found:
            if isinstance(refused, str):
                connection.send(refused)
        account: Account | None = None
        if any(stream.is_private for stream in streams):
            account = self._account(signature)
            if account is None:
                connection.send(INVALID_SIGNATURE)
        for stream in streams:
            if not stream.is_private:
                self._join(connection, stream, None)
            elif account is not None:
                self._join(connection, stream, account)

    def _account(self, signature: object) -> Account | None:
        """Whose signature this is; None if it proves nothing."""
        public_key = subscriber(signature, self._context.clock.moments())
        if public_key is None or self._faults.refuses_signature("subscribe"):
            return None
        try:
            return self._context.account(public_key)
        except Refusal:
            return None

    def _join(self, connection: Connection, stream: Stream, account: Account | None) -> None:
        key = Key(stream.name, None if account is None else account.id)
        if key in connection.keys:
            return
        now = self._context.clock.now()
        self.streams.open(stream, key.account_id, now)
        connection.keys[key] = None
        self._audience.setdefault(key, {})[connection] = None
        if account is not None:
            for payload in self.streams.snapshot(stream, account, now):
                connection.send(envelope(stream.name, payload))

    def _leave(self, connection: Connection, key: Key) -> None:
        connection.keys.pop(key, None)
        audience = self._audience.get(key)
        if audience is None:
            return
        audience.pop(connection, None)
        if not audience:
            del self._audience[key]
            self.streams.close(key)
