"""A connection to the venue with a second listener."""

from __future__ import annotations

from collections.abc import Sequence

from bpx_connector.stream.link import Heard, Link, Take

__all__ = ["Tap"]


class Tap:
    """A connection of which everything that is read goes to a second listener as well, after the first."""

    def __init__(self, link: Link, heard: Take) -> None:
        self._link = link
        self._heard = heard

    async def read(self, take: Take) -> Heard:
        def both(texts: Sequence[str]) -> None:
            take(texts)
            self._heard(texts)

        return await self._link.read(both)

    async def send(self, text: str) -> None:
        await self._link.send(text)

    async def ping(self, data: bytes) -> None:
        await self._link.ping(data)

    async def pong(self, data: bytes) -> None:
        await self._link.pong(data)

    async def close(self) -> None:
        await self._link.close()
