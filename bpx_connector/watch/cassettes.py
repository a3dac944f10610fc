"""Streams to a WebSocket cassette and back: another source for as long as a `with` block lasts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bpx_connector.stream.recording import Player, Recorded, Recorder

__all__ = ["playing", "recording"]


@contextmanager
def recording(
    exchange: Any, path: Any, source: str, clock: Callable[[], float] = time.monotonic
) -> Iterator[None]:
    """Write down all that comes from the exchange's source."""
    recorder = Recorder(Path(path), source, clock)
    try:
        with exchange.use_source(Recorded(exchange.source, recorder)):
            yield
    finally:
        recorder.close()


@contextmanager
def playing(exchange: Any, path: Any, speed: float | None) -> Iterator[Player]:
    """Have a cassette be the exchange's source."""
    player = Player(Path(path), speed)
    with exchange.use_source(player):
        yield player
