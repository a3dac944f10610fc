"""What a gateway that leads says of itself: that it is alive, how far each book has come, what it has
missed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from bpx_connector.gateway.bus.subjects import Subjects
from bpx_connector.gateway.publisher.outlet import Outlet
from bpx_connector.gateway.publisher.settings import Settings
from bpx_connector.gateway.rules.heads import Heads, Standing, head_frame

__all__ = ["Announcing"]

GREETED_EVERY: Final = 0.02
"""Seconds: a crowd that comes at once costs no more signs of life than this."""


class Announcing:
    """Says nothing while the outlet does not lead."""

    def __init__(
        self,
        settings: Settings,
        outlet: Outlet,
        epoch: Callable[[], int],
        clock: Callable[[], float],
        now: Callable[[], float],
    ) -> None:
        self.heads_said = 0
        self._name = settings.name
        self._desks = settings.desks
        self._subjects = Subjects(settings.net)
        self._outlet = outlet
        self._epoch = epoch
        self._clock = clock
        self._now = now
        self._heads = Heads()
        self._beaten = 0.0

    def greet(self) -> None:
        """A sign of life, unless there was one just now."""
        if self._clock() - self._beaten >= GREETED_EVERY:
            self.beats()

    def beats(self) -> None:
        """A sign of life for each desk."""
        self._beaten = self._clock()
        beat = {"gateway": self._name, "epoch": self._epoch(), "time": int(self._now() * 1000)}
        self._to_all(self._subjects.beat, msgspec.json.encode(beat))

    def heads(self, standings: Iterable[Standing], all_of_them: bool = False) -> None:
        """How far quiet books have come, or `all_of_them`."""
        if not self._outlet.leads:
            return
        for stream, update, _ in self._heads.due(self._clock(), standings, all_of_them):
            head = head_frame(stream, update, int(self._now() * 1_000_000))
            self._outlet.say(self._subjects.frame(stream), head)
            self.heads_said += 1

    def lost(self, streams: Sequence[str]) -> None:
        """Streams of which something is missing: who reads them has to look again."""
        if streams:
            self._to_all(self._subjects.control, msgspec.json.encode({"lost": list(streams)}))

    def _to_all(self, subject: Callable[[str], str], payload: bytes) -> None:
        if self._outlet.leads:
            for desk in self._desks:
                self._outlet.say(subject(desk), payload)
