"""A session with streams to a tape and back: another source for as long as a `with` block lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bpx_connector.stream.recording import Player, Recorded
from bpx_connector.tape import TapeWriter
from bpx_connector.tapes import TapeClock, for_now, playing, recording, writer_of

__all__ = ["played", "recorded"]


@contextmanager
def recorded(exchange: Any, path: Any, source: str, clock: Callable[[], float] | None) -> Iterator[None]:
    """Write down all that is asked and answered, and all that streams say.

    By a `clock` of the caller's the tape begins at no moment that it could name.
    """
    if clock is None:
        writer = writer_of(exchange, path, source)
    else:
        writer = TapeWriter(Path(path), source, secrets=(exchange.apiKey, exchange.secret), clock=clock)
    with (
        writer,
        exchange.use_source(Recorded(exchange.source, writer)),
        for_now(exchange, recording(exchange, writer)),
    ):
        yield


@contextmanager
def played(exchange: Any, path: Any, speed: float | None) -> Iterator[Player]:
    """Have a tape be where frames and answers come from, and the time."""
    player = Player(Path(path), speed)
    clock = TapeClock(player.header)
    player.reached = clock.reach
    with exchange.use_source(player), for_now(exchange, playing(exchange, player.answers, clock)):
        yield player
