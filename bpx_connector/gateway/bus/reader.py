"""Public frames off the bus, past the general client: what comes thousands of times a second.

The client library makes a message, a queue's entry and a task's turn of each frame; here what was read
together is one list of texts. That is all this does: connect, subscribe, read. Everything else goes by
`connection`. Measured with 100 books at 3,000 frames a second: see `python -m benchmarks.gateway`.

The protocol: https://docs.nats.io/reference/reference-protocols/nats-protocol
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

import msgspec
import nkeys

from bpx_connector.gateway.bus.connection import Access, BusDownError

__all__ = ["FrameReader"]

WITHIN: Final = 3.0
USUAL_PORT: Final = 4222
MESSAGE: Final = ord("M")
END: Final = b"\r\n"

Take = Callable[[list[str]], None]


class FrameReader(asyncio.Protocol):
    """One connection that only reads."""

    def __init__(self, take: Take, ended: Callable[[], None]) -> None:
        self.is_open = False
        self._take = take
        self._ended = ended
        self._transport: Any = None
        self._rest = b""
        self._info: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._pongs: list[asyncio.Future[None]] = []
        self._subscriptions = 0

    @classmethod
    async def connected(cls, access: Access, take: Take, ended: Callable[[], None]) -> Self:
        """A connection; BusDownError if there is none to be had."""
        trouble: Exception | None = None
        for server in access.servers:
            try:
                async with asyncio.timeout(WITHIN):
                    return await cls._connected_to(server, access, take, ended)
            except (OSError, ValueError, nkeys.NkeysError) as error:
                trouble = error
        raise BusDownError(f"no connection to {', '.join(access.servers)}: {trouble!r}") from trouble

    @classmethod
    async def _connected_to(cls, server: str, access: Access, take: Take, ended: Callable[[], None]) -> Self:
        loop, address = asyncio.get_running_loop(), urlsplit(server)
        host = address.hostname or ""
        made = cls(take, ended)
        await loop.create_connection(lambda: made, host, address.port or USUAL_PORT)
        try:
            info = await made._info
            if address.scheme == "tls" or info.get("tls_required"):
                context = ssl.create_default_context(cafile=access.ca)
                made._transport = await loop.start_tls(made._transport, made, context, server_hostname=host)
            made._say(b"CONNECT " + msgspec.json.encode(_greeting(access, info.get("nonce"))) + END)
            made.is_open = True
            await made.flush()
        except BaseException:
            made.close()
            raise
        return made

    def subscribe(self, subject: str) -> int:
        """Read what is said under a subject, from now on; the number that ends it."""
        self._subscriptions += 1
        self._say(f"SUB {subject} {self._subscriptions}\r\n".encode())
        return self._subscriptions

    def unsubscribe(self, number: int) -> None:
        """Read it no more."""
        self._say(f"UNSUB {number}\r\n".encode())

    async def flush(self) -> None:
        """Wait until the server has read everything that was said so far."""
        pong: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pongs.append(pong)
        self._say(b"PING\r\n")
        try:
            async with asyncio.timeout(WITHIN):
                await pong
        except TimeoutError as error:
            raise BusDownError("the bus does not answer") from error

    def close(self) -> None:
        """End the connection."""
        self.is_open = False
        if self._transport is not None:
            self._transport.abort()

    # --- called by asyncio -------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self.is_open = False
        lost = BusDownError("the connection is gone")
        waiting: list[asyncio.Future[Any]] = [*self._pongs, self._info]
        for future in waiting:
            if not future.done():
                future.set_exception(lost)
                future.exception()  # looked at: nobody may be waiting
        self._pongs.clear()
        self._ended()

    def data_received(self, data: bytes) -> None:
        data = self._rest + data if self._rest else data
        texts: list[str] = []
        position, length = 0, len(data)
        while (end := data.find(END, position)) >= 0:
            if data[position] == MESSAGE:
                start = end + 2
                stop = start + int(data[data.rindex(b" ", position, end) + 1 : end])
                if stop + 2 > length:
                    break
                texts.append(str(data[start:stop], "utf-8"))
                position = stop + 2
            else:
                self._control(data[position:end])
                position = end + 2
        self._rest = data[position:]
        if texts:
            self._take(texts)

    def _control(self, line: bytes) -> None:
        if line == b"PING":
            self._say(b"PONG\r\n")
        elif line == b"PONG":
            if self._pongs:
                pong = self._pongs.pop(0)
                if not pong.done():
                    pong.set_result(None)
        elif line.startswith(b"INFO "):
            if not self._info.done():
                self._info.set_result(msgspec.json.decode(line[5:]))
        elif line.startswith(b"-ERR") and b"permissions violation" not in line.lower():
            self.close()

    def _say(self, line: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            with suppress(OSError):
                self._transport.write(line)


def _greeting(access: Access, nonce: str | None) -> dict[str, Any]:
    """Who we are; with a seed, the server's nonce signed by it."""
    greeting: dict[str, Any] = {
        "verbose": False,
        "pedantic": False,
        "lang": "python",
        "version": "1",
        "name": access.user,
        "protocol": 1,
        "headers": False,
    }
    if access.seed is None:
        return greeting
    pair = nkeys.from_seed(bytearray(Path(access.seed).read_bytes().strip()))
    signature = base64.b64encode(pair.sign((nonce or "").encode())).decode()
    return {**greeting, "nkey": pair.public_key.decode(), "sig": signature}
