"""A connection to the venue with a second listener."""

from __future__ import annotations

from collections.abc import Sequence

from bpx_connector.stream.link import Heard, Link, LinkAround, Take

__all__ = ["Tap"]


class Tap(LinkAround):
    """A connection of which everything that is read goes to a second listener as well, after the first."""

    def __init__(self, link: Link, heard: Take) -> None:
        super().__init__(link)
        self._heard = heard

    async def read(self, take: Take) -> Heard:
        def both(texts: Sequence[str]) -> None:
            take(texts)
            self._heard(texts)

        return await self.link.read(both)
