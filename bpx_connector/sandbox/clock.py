"""What time it is for the exchange, in microseconds: the machine's time, or a time driven by hand.

Whatever has to happen as time passes (traffic, marks, funding) happens in a step: `watch` a clock to be
called with each step's time. Steps are 100 ms apart.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from bpx_connector.sandbox.records.times import DAY, MILLISECOND, SECOND

__all__ = ["DRIVEN_START", "FASTEST_CLOCK", "STEP", "Clock", "DrivenClock", "FastClock", "RealClock"]

STEP: Final = 100 * MILLISECOND
"""From one step to the next."""

DRIVEN_START: Final = 1_767_225_600 * SECOND
"""2026-01-01 00:00 UTC, where a driven clock starts unless told otherwise."""

EARLIEST: Final = 0
LATEST: Final = 4_102_444_800 * SECOND
"""The years 1970 to 2100: a driven clock shows no other time."""
LONGEST_ADVANCE: Final = 7 * DAY
"""How far one call may advance; each step of it takes a little real time."""


class Clock:
    """A time that never runs backwards, and those who act as it passes."""

    def __init__(self) -> None:
        self._watchers: list[Callable[[int], None]] = []

    def now(self) -> int:
        """The exchange's time in microseconds."""
        raise NotImplementedError

    def moments(self) -> tuple[int, ...]:
        """The milliseconds that count as now when a request's timestamp is checked."""
        return (self.now() // MILLISECOND,)

    def watch(self, watcher: Callable[[int], None]) -> None:
        """Have `watcher` called with the time of every step."""
        self._watchers.append(watcher)

    def forget(self, watcher: Callable[[int], None]) -> None:
        """Call `watcher` no more."""
        self._watchers.remove(watcher)

    def catch_up(self, time: int) -> None:
        """Be at this time at least: that of a state which is gone on with."""
        raise NotImplementedError

    def step(self) -> None:
        """Let everything happen that is due now."""
        now = self.now()
        for watcher in list(self._watchers):
            watcher(now)


class RealClock(Clock):
    """The machine's time; somebody has to call `step` ten times a second.

    It can be stopped, moved on by hand while it stands, and let go: from then on it is ahead of the machine,
    or behind it, by what was passed or waited.
    """

    def __init__(self, read: Callable[[], int] = time.time_ns) -> None:
        super().__init__()
        self._read = read
        self._latest = 0
        self._ahead = 0
        self.is_standing = False
        """Whether it has been stopped."""

    def now(self) -> int:
        """The machine's time, held still while that is set back."""
        if not self.is_standing:
            self._latest = max(self._latest, self._read() // 1000 + self._ahead)
        return self._latest

    def moments(self) -> tuple[int, ...]:
        """This time, and the machine's where that is another: clients go by their own clocks."""
        now = self.now()
        if not self.is_standing and not self._ahead:
            return (now // MILLISECOND,)
        return (now // MILLISECOND, self._read() // 1_000_000)

    @property
    def pause(self) -> float:
        """Seconds of the machine after which `pass_by` is to be called again."""
        return STEP / SECOND

    def pass_by(self) -> None:
        """Have happen what is due, as the machine's time has passed."""
        if not self.is_standing:
            self.step()

    def catch_up(self, time: int) -> None:
        """Show this time at least, and go on from there."""
        if self.now() < time:
            self._latest, was_standing = time, self.is_standing
            self.is_standing = True
            self.go()
            self.is_standing = was_standing

    def stop(self) -> None:
        """Let time stand still."""
        self.now()
        self.is_standing = True

    def go(self) -> None:
        """Let time pass again, from where it stands."""
        if self.is_standing:
            self._ahead = self._latest - self._read() // 1000
            self.is_standing = False

    def advance(self, seconds: float) -> None:
        """Let this much time pass, step by step, while the clock stands."""
        if not self.is_standing:
            raise ValueError("this clock keeps the machine's time: stop it before it is moved by hand")
        end = self._latest + passing(seconds, self._latest)
        while self._latest + STEP <= end:
            self._latest += STEP
            self.step()
        self._latest = end


FASTEST_CLOCK: Final = 1000.0
STEPS_AT_ONCE: Final = 10
"""So many, and requests and sockets have their turn."""


class FastClock(RealClock):
    """The machine's time many times over, for rehearsals: an hour of market in half a minute.

    Every step is taken, one after the other. A machine that cannot keep up makes time slower, and loses
    nothing. Clients may go by their own clocks, as their requests' times are the machine's too.
    """

    def __init__(self, times: float, read: Callable[[], int] = time.time_ns) -> None:
        super().__init__(read)
        if not 0 < times <= FASTEST_CLOCK:
            raise ValueError(f"times={times!r} is not above 0 and at most {FASTEST_CLOCK:g}")
        self._times = times
        self._latest = self._from = read() // 1000
        self._since = self._from

    @property
    def pause(self) -> float:
        return max(0.001, STEP / SECOND / self._times)

    def now(self) -> int:
        """The time of the last step."""
        return self._latest

    def moments(self) -> tuple[int, ...]:
        return (self._latest // MILLISECOND, self._read() // 1_000_000)

    def pass_by(self) -> None:
        """Take the steps that are due, a few at once; those that are too many are taken later."""
        if self.is_standing:
            return
        machine = self._read() // 1000
        due = self._from + round((machine - self._since) * self._times)
        for _ in range(STEPS_AT_ONCE):
            if self._latest + STEP > due:
                return
            self._latest += STEP
            self.step()
        self._begin_here()

    def go(self) -> None:
        """Let time pass again, from where it stands."""
        self._begin_here()
        self.is_standing = False

    def _begin_here(self) -> None:
        self._from, self._since = self._latest, self._read() // 1000


class DrivenClock(Clock):
    """A time that stands still until `advance`: with one seed, the same history every time."""

    def __init__(self, start: int = DRIVEN_START, read: Callable[[], int] = time.time_ns) -> None:
        """`start` is in microseconds since 1970."""
        super().__init__()
        if not EARLIEST <= start <= LATEST:
            raise ValueError(
                f"start={start!r} is no time from 1970 to 2100 in microseconds since 1970, such as "
                f"{DRIVEN_START}"
            )
        self._now = start
        self._read = read

    def now(self) -> int:
        """The time that `advance` last arrived at."""
        return self._now

    def catch_up(self, time: int) -> None:
        """Stand at this time, if that is later."""
        self._now = max(self._now, time)

    def moments(self) -> tuple[int, ...]:
        """The driven time, and the machine's: clients whose clock nobody drives are let in as well."""
        return (self._now // MILLISECOND, self._read() // 1_000_000)

    def advance(self, seconds: float) -> None:
        """Let this much time pass, step by step; what is left of a step passes without one."""
        end = self._now + passing(seconds, self._now)
        while self._now + STEP <= end:
            self._now += STEP
            self.step()
        self._now = end

    def leap(self, seconds: float) -> None:
        """Let this much time pass in a single step, as after a machine has slept."""
        self._now += round(seconds * 1_000_000)
        self.step()


def passing(seconds: float, now: int) -> int:
    """So many seconds in microseconds, if they can pass at once."""
    if not 0 <= seconds <= LONGEST_ADVANCE // SECOND or now + seconds * SECOND > LATEST:
        raise ValueError(
            f"seconds={seconds!r} cannot pass at once: give 0 to {LONGEST_ADVANCE // SECOND} (a week), "
            "as often as needed"
        )
    return round(seconds * SECOND)
