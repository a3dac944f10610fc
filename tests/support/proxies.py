"""A proxy on this machine, as simple as can be: it passes bytes on and remembers what it was asked for."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

__all__ = ["LocalProxy"]

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class LocalProxy:
    """Answers CONNECT, as encrypted sockets ask, and requests with a whole address, as plain ones do."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where it listens."""
        assert self._server is not None, "entered with `async with`"
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None, "entered before"
        self._server.close()
        for line in self._lines:
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "called in one"
        self._lines.add(task)
        head = await reader.readuntil(b"\r\n\r\n")
        first, _, rest = head.partition(b"\r\n")
        method, target, version = first.decode().split()
        self.asked.append(f"{method} {target}")
        is_tunnel = method == "CONNECT"
        where = urlsplit(f"//{target}" if is_tunnel else target)
        far_reader, far_writer = await asyncio.open_connection(where.hostname, where.port)
        if is_tunnel:
            writer.write(ESTABLISHED)
        else:
            far_writer.write(f"{method} {where.path or '/'} {version}\r\n".encode() + rest)
        try:
            ways = [_passed_on(reader, far_writer), _passed_on(far_reader, writer)]
            await asyncio.wait(map(asyncio.ensure_future, ways), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in (writer, far_writer):
                end.transport.abort()


async def _passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
