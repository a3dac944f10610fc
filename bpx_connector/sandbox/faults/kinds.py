"""What can go wrong: kinds of faults, and a fault as a value, made from words. Pure.

A fault is written the same way in a program, on the command line and at the control endpoint:

    faults.lose("depth.*", every=50)            lose depth.* every=50
    faults.cut(every="30s")                     cut every=30s
    faults.refuse("/api/v1/depth", status=503)  refuse /api/v1/depth status=503

`every=50` happens every fiftieth time, `chance=0.01` by the seeded dice, `times=3` three times at most;
without any of them a fault happens each time. Faults of sockets may go by the clock, `every="30s"`; without
`every` and `chance` they happen once, now. The pattern is a stream's name for frames and sockets, a path for
requests, a symbol for `stale`; `*` stands for anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Final, NamedTuple

from bpx_connector.sandbox.records.times import SECOND

__all__ = ["KINDS", "Fault", "FaultError", "Kind", "Place", "fault_of", "made_fault"]


class FaultError(ValueError):
    """A fault that cannot be set; the message names what can."""


class Place(StrEnum):
    """Where a fault acts."""

    FRAME = "frame"
    SOCKET = "socket"
    REQUEST = "request"
    SIGNATURE = "signature"


class Kind(NamedTuple):
    """One kind of fault: where it acts, what it does, and its own options with their defaults."""

    place: Place
    effect: str
    options: Mapping[str, Any] = {}


BODIES: Final = ("venue", "html", "empty", "object", "list")
"""What a spoilt answer holds: a code and a message, a page, nothing, `{}` or `[]`."""

KINDS: Final[Mapping[str, Kind]] = {
    "lose": Kind(Place.FRAME, "the frame is not sent"),
    "repeat": Kind(Place.FRAME, "the frame is sent twice"),
    "swap": Kind(Place.FRAME, "the frame is sent after the next one of its stream"),
    "delay": Kind(
        Place.FRAME, "the frame is sent so many seconds later, by the sandbox's clock", {"seconds": 1.0}
    ),
    "cut": Kind(
        Place.SOCKET, "the socket is cut abruptly, or with a Close frame if there is a code", {"code": None}
    ),
    "freeze": Kind(Place.SOCKET, "the socket stays open and does nothing any more, pongs included"),
    "refuse": Kind(
        Place.REQUEST,
        "the request is answered with this status and goes no further; body is venue, html, empty, object or "
        "list",
        {"status": 503, "body": "venue", "method": None},
    ),
    "drop": Kind(
        Place.REQUEST, "the request never reaches the exchange and its connection is cut", {"method": None}
    ),
    "hold": Kind(
        Place.REQUEST,
        "the request reaches the exchange so many seconds late",
        {"seconds": 1.0, "method": None},
    ),
    "late": Kind(
        Place.REQUEST,
        "the exchange acts at once, its answer is sent so many seconds later",
        {"seconds": 1.0, "method": None},
    ),
    "lost": Kind(
        Place.REQUEST,
        "the exchange acts, the connection is cut instead of an answer; with a status that is answered "
        "instead, as by `refuse`, and `says` is the code in it",
        {"status": None, "body": "venue", "says": None, "method": None},
    ),
    "die": Kind(
        Place.REQUEST,
        "nobody is answered for so many seconds, every connection is cut; every other time the exchange has "
        "acted on the request before",
        {"seconds": 1.0, "method": None},
    ),
    "stale": Kind(
        Place.REQUEST,
        "GET /api/v1/depth answers with the book of so many seconds ago, no older than the fault itself",
        {"seconds": 1.0},
    ),
    "refuse_signature": Kind(
        Place.SIGNATURE, "the signature is refused; the pattern is a path, or `subscribe`"
    ),
}
"""Everything that can go wrong."""

_EARLIER_NAMES: Final = {"distrust": "refuse_signature"}
"""What kinds were called in earlier versions, still understood."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong, and how often it has."""

    kind: str
    pattern: str = "*"
    every: int | None = None
    period: int | None = None
    """Microseconds between times that go by the clock."""
    chance: float | None = None
    times: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0
    seen: int = 0
    """How many frames or requests have matched."""
    happened: int = 0
    """How many of them went wrong; for sockets, how many sockets."""
    next_time: int | None = None

    @property
    def place(self) -> Place:
        """Where it acts."""
        return KINDS[self.kind].place

    @property
    def is_spent(self) -> bool:
        """Whether it has happened as often as it may."""
        return self.times is not None and self.happened >= self.times

    def matches(self, name: str) -> bool:
        """Whether this stream, path or symbol is concerned."""
        return fnmatchcase(name, self.pattern)

    def row(self) -> dict[str, Any]:
        """The fault as JSON."""
        every = f"{self.period / SECOND:g}s" if self.period is not None else self.every
        chosen = {"every": every, "chance": self.chance, "times": self.times}
        return {
            "id": self.id,
            "kind": self.kind,
            "pattern": self.pattern,
            **{name: value for name, value in chosen.items() if value is not None},
            **{name: value for name, value in self.options.items() if value is not None},
            "seen": self.seen,
            "happened": self.happened,
        }


# --- from words to a fault -----------------------------------------------------------------------------

_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|)")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0}
LONGEST: Final = 86_400
_CHOICE: Final = ("every", "chance", "times")


def fault_of(text: str) -> Fault:
    """The fault that a line describes: a kind, perhaps a pattern, perhaps options."""
    kind, *words = text.split() or [""]
    patterns = [word for word in words if "=" not in word]
    if len(patterns) > 1:
        raise FaultError(f"{text!r} has more than one pattern: {', '.join(patterns)}")
    options: dict[str, Any] = dict(word.split("=", 1) for word in words if "=" in word)
    if patterns:
        options["pattern"] = patterns[0]
    return made_fault(kind, options)


def made_fault(kind: str, options: Mapping[str, Any]) -> Fault:
    """The fault with these options, each as a value or as text."""
    kind = _EARLIER_NAMES.get(kind, kind)
    if kind not in KINDS:
        raise FaultError(f"there is no fault {kind!r}; faults are {', '.join(KINDS)}")
    own = KINDS[kind].options
    unknown = sorted(set(options) - {"pattern", *_CHOICE, *own})
    if unknown:
        allowed = ", ".join(["pattern", *_CHOICE, *own])
        raise FaultError(f"{kind} has no option {', '.join(unknown)}; its options are {allowed}")
    given = {name: value for name, value in options.items() if value is not None}
    every, period = _every(kind, given.get("every"))
    return Fault(
        kind=kind,
        pattern=str(given.get("pattern", "*")),
        every=every,
        period=period,
        chance=_number("chance", given["chance"], 0, 1) if "chance" in given else None,
        times=_whole("times", given["times"], 1) if "times" in given else None,
        options={name: _option(name, given.get(name, default)) for name, default in own.items()},
    )


def _every(kind: str, value: Any) -> tuple[int | None, int | None]:
    if value is None:
        return None, None
    if not str(value).endswith(("s", "m")):
        return _whole("every", value, 1), None
    if KINDS[kind].place is not Place.SOCKET:
        raise FaultError(
            f"every={value} goes by the clock, which only cut and freeze can; give {kind} a number"
        )
    return None, round(_seconds("every", value) * SECOND)


def _option(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name == "seconds":
        return _seconds(name, value)
    if name == "status":
        return _whole(name, value, 200, 599)
    if name == "code":
        return _whole(name, value, 1000, 4999)
    if name in ("method", "says"):
        return str(value).upper()
    if value not in BODIES:
        raise FaultError(f"body={value} is not one of {', '.join(BODIES)}")
    return value


def _seconds(name: str, value: Any) -> float:
    match = _DURATION.fullmatch(str(value))
    seconds = float(match[1]) * _UNITS[match[2] or "s"] if match else 0.0
    if not 0 < seconds <= LONGEST:
        raise FaultError(f"{name}={value} is no time up to a day; write seconds, or 500ms, 30s, 2m")
    return seconds


def _number(name: str, value: Any, low: float, high: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not low < number <= high:
        raise FaultError(f"{name}={value} is not a number above {low:g} and up to {high:g}")
    return number


def _whole(name: str, value: Any, low: int, high: int | None = None) -> int:
    is_whole = str(value).isascii() and str(value).isdigit()
    if not is_whole or int(value) < low or (high is not None and int(value) > high):
        bounds = f"from {low} on" if high is None else f"from {low} to {high}"
        raise FaultError(f"{name}={value} is not a whole number {bounds}")
    return int(value)
