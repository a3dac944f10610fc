"""Pushes what the page shows as soon as it changes, over a WebSocket of the page's own.

The venue's streams of an account want a signature, and a page has no secret. So the page says which market
and which account it looks at, and is sent the same view that it could ask for: after whatever has happened at
the exchange, not more often than `AT_MOST_EVERY` seconds, and every `AT_LEAST_EVERY` anyway: time goes on.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from aiohttp import WSMsgType, web

from bpx_connector.sandbox.doors import House
from bpx_connector.sandbox.page.view import view

__all__ = ["Pushing"]

AT_MOST_EVERY: Final = 0.1
AT_LEAST_EVERY: Final = 1.0
LONGEST_WISH: Final = 4_096
"""Bytes of a page's message: two words."""


class Pushing:
    """All pages that look at one sandbox."""

    def __init__(self, house: House) -> None:
        self._house: Final = house
        self._pages: Final[set[Looking]] = set()
        self._heard: Any = None

    async def handler(self, request: web.Request) -> web.StreamResponse:
        """Serve one page until it goes."""
        socket = web.WebSocketResponse(heartbeat=20, max_msg_size=LONGEST_WISH)
        await socket.prepare(request)
        page = Looking(self._house, socket)
        self._pages.add(page)
        pushing = asyncio.create_task(self._push(page))
        try:
            await page.listen()
        finally:
            self._pages.discard(page)
            pushing.cancel()
            await asyncio.gather(pushing, return_exceptions=True)
        return socket

    async def close(self) -> None:
        """Send every page away."""
        await asyncio.gather(*(page.socket.close() for page in list(self._pages)), return_exceptions=True)

    async def _push(self, page: Looking) -> None:
        while not page.socket.closed:
            self._listen()
            page.is_due.clear()
            with suppress(ConnectionError):
                await page.show()
            await asyncio.sleep(AT_MOST_EVERY)
            with suppress(TimeoutError):
                async with asyncio.timeout(AT_LEAST_EVERY - AT_MOST_EVERY):
                    await page.is_due.wait()

    def _listen(self) -> None:
        """Hear of what happens at the exchange; a sandbox that was reset has another one."""
        venue = self._house.venue
        if self._heard is not venue:
            self._heard = venue
            venue.listeners.append(self._on_event)

    def _on_event(self, event: Any) -> None:
        for page in self._pages:
            page.is_due.set()


class Looking:
    """One page: what it looks at, and what it has been shown."""

    def __init__(self, house: House, socket: web.WebSocketResponse) -> None:
        self.socket: Final = socket
        self.is_due: Final = asyncio.Event()
        self._house: Final = house
        self._wish: Mapping[str, str] = {}

    async def listen(self) -> None:
        """Take the page's wishes until it goes."""
        async for message in self.socket:
            if message.type is WSMsgType.TEXT:
                self._wish = _wish(message.data)
                self.is_due.set()

    async def show(self) -> None:
        """Send what there is to see."""
        await self.socket.send_str(json.dumps(view(self._house, self._wish)))


def _wish(text: str) -> Mapping[str, str]:
    """Market and account that a page wants to see; what is no wish is none."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    named = said.items() if isinstance(said, dict) else ()
    return {name: value for name, value in named if isinstance(value, str)}
