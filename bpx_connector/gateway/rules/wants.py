"""Which streams the gateway has to follow, for whom, and until when. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

__all__ = ["KEPT", "RENEWED_EVERY", "Wants"]

RENEWED_EVERY = 30.0
"""Seconds after which a reader says again what it reads."""

KEPT = 95.0
"""Seconds for which a stream is followed after it was last wanted: three renewals may be lost."""


class Wants:
    """The streams that somebody reads, each until it is wanted no more."""

    def __init__(self, always: Iterable[str] = ()) -> None:
        self._always = frozenset(always)
        self._until: dict[str, float] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._always | self._until.keys())

    def __contains__(self, stream: object) -> bool:
        return stream in self._always or stream in self._until

    def want(self, streams: Iterable[str], now: float) -> list[str]:
        """Those of these streams that were not followed so far."""
        streams = list(dict.fromkeys(streams))
        new = [stream for stream in streams if stream not in self]
        self._until |= dict.fromkeys(streams, now + KEPT)
        return new

    def forget(self, stream: str) -> None:
        """The venue does not have it."""
        self._until.pop(stream, None)

    def lapsed(self, now: float) -> list[str]:
        """The streams that nobody has wanted for long; they are wanted no more."""
        lapsed = [
            stream for stream, until in self._until.items() if until <= now and stream not in self._always
        ]
        for stream in lapsed:
            del self._until[stream]
        return lapsed
