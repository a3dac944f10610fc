"""A connection as we see it, and the one seam behind which frames and answers come from.

Whoever stands behind the seam (the venue itself, a cassette, what records either, a message bus) is a
`Source`: it makes connections and answers requests. Nobody here knows which library a connection is made of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from ccxt.base.errors import BaseError

__all__ = [
    "UNREACHABLE",
    "Ended",
    "Heard",
    "Link",
    "Never",
    "Ping",
    "Pong",
    "Quiet",
    "Source",
    "Take",
    "Text",
]

Text = str
"""One text frame."""

Take = Callable[[Sequence[Text]], None]
"""Is given the text frames that have arrived at once, in their order."""


class Ping(NamedTuple):
    """The other side asks whether we are there; a pong with the same data is due."""

    data: bytes = b""


class Pong(NamedTuple):
    """The other side has read all that was sent before the ping with this data."""

    data: bytes = b""


class Ended(NamedTuple):
    """Nothing more will come: a Close frame, a broken connection, an end of any kind."""

    reason: str = ""


class Never(NamedTuple):
    """A stream that will never come over this connection, for the reason given."""

    stream: str
    error: BaseError


class Quiet(NamedTuple):
    """Streams of which nothing more will come, each with what to say to those who wait for it.

    What has come already keeps its worth, and a connection that is quiet may be asked for other streams.
    """

    errors: Mapping[str, BaseError]


Heard = Ping | Pong | Never | Quiet | Ended
"""What is read of a connection besides text frames."""

UNREACHABLE = OSError
"""What a connection that cannot be made, or breaks, raises; a TimeoutError is one too."""


class Link(Protocol):
    """One open connection. What breaks raises an OSError, or answers `Ended`."""

    async def read(self, take: Take) -> Heard:
        """Hand text frames to `take` as they arrive, and answer with the next thing that is no text."""

    async def send(self, text: Text) -> None:
        """Send one text frame."""

    async def ping(self, data: bytes) -> None:
        """Ask for a pong with this data; it comes when what was sent before has been read."""

    async def pong(self, data: bytes) -> None:
        """Answer a ping."""

    async def close(self) -> None:
        """End the connection."""


class LinkAround:
    """A connection by way of another: all passes through. Who looks at what passes inherits from it."""

    def __init__(self, link: Link) -> None:
        self.link = link

    async def read(self, take: Take) -> Heard:
        return await self.link.read(take)

    async def send(self, text: Text) -> None:
        await self.link.send(text)

    async def ping(self, data: bytes) -> None:
        await self.link.ping(data)

    async def pong(self, data: bytes) -> None:
        await self.link.pong(data)

    async def close(self) -> None:
        await self.link.close()


class Source(Protocol):
    """Where an exchange's frames and answers come from."""

    async def connect(self) -> Link:
        """A new connection to the streams."""

    async def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        """The decoded answer to a request, as ccxt's `fetch` gives it, or ccxt's exception."""
