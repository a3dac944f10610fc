"""What is to go wrong: faults as values, chosen by pattern and by count, chance or time, and counted. No I/O here.

A fault is written the same way in a program, on the command line and at the control endpoint:

    faults.lose("depth.*", every=50)            lose depth.* every=50
    faults.cut(every="30s")                     cut every=30s
    faults.refuse("/api/v1/depth", status=503)  refuse /api/v1/depth status=503

`every=50` strikes every fiftieth time, `chance=0.01` by the seeded dice, `times=3` three times at most; without any of
them a fault strikes each time. Faults of sockets may go by the clock, `every="30s"`; without `every` and `chance` they
strike once, now. The pattern is a stream's name for frames and sockets, a path for requests, a symbol for `stale`; `*`
stands for anything. If several faults would strike one frame or request, the one that was set first does.
"""

from __future__ import annotations

import heapq
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from itertools import count
from typing import Any, Final, NamedTuple

from .streams import Key

__all__ = ["KINDS", "Fault", "FaultError", "Faults", "Place", "Strike", "fault_of"]

SECOND: Final = 1_000_000


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


BODIES: Final = ("venue", "html", "empty")

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
        "the request never reaches the exchange and is answered with this status; body is venue, html or empty",
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
        Place.REQUEST, "the exchange acts, the connection is cut instead of an answer", {"method": None}
    ),
    "stale": Kind(Place.REQUEST, "GET /api/v1/depth answers with the oldest of its last answers"),
    "distrust": Kind(Place.SIGNATURE, "the signature is refused; the pattern is a path, or `subscribe`"),
}
"""Everything that can go wrong."""

FRAME_KINDS: Final = frozenset(name for name, kind in KINDS.items() if kind.place is Place.FRAME)


@dataclass(slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong, and how often it has."""

    kind: str
    pattern: str = "*"
    every: int | None = None
    period: int | None = None
    """Microseconds between strikes that go by the clock."""
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

_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m)")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0}
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
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
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
    if name == "method":
        return str(value).upper()
    if value not in BODIES:
        raise FaultError(f"body={value} is not one of {', '.join(BODIES)}")
    return value


def _seconds(name: str, value: Any) -> float:
    match = _DURATION.fullmatch(str(value))
    seconds = float(match[1]) * _UNITS[match[2]] if match else _number(name, value, 0, 86_400)
    if seconds <= 0:
        raise FaultError(f"{name}={value} is no time; write seconds, or 500ms, 30s, 2m")
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


# --- all faults ----------------------------------------------------------------------------------------


class Strike:
    """A blow to sockets, to be dealt by whoever has them."""

    def __init__(self, fault: Fault, counts: Counter[str]) -> None:
        self._fault: Final = fault
        self._counts: Final = counts

    @property
    def freezes(self) -> bool:
        """Whether the socket is to stay open and do nothing; else it is to be ended."""
        return self._fault.kind == "freeze"

    @property
    def close_code(self) -> int | None:
        """The code of the Close frame to end it with; None to cut it without one."""
        code: int | None = self._fault.options.get("code")
        return code

    def concerns(self, streams: Iterable[str]) -> bool:
        """Whether a socket that carries these streams is meant; `*` means those without any, too."""
        return self._fault.pattern == "*" or any(self._fault.matches(stream) for stream in streams)

    def hit(self) -> None:
        """Count one socket."""
        self._fault.happened += 1
        self._counts[self._fault.kind] += 1


Delivery = tuple[Key, str]


class Faults:
    """All that goes wrong in one sandbox. `counts` says how often each kind has."""

    def __init__(self, seed: int = 7) -> None:
        self.counts: Final[Counter[str]] = Counter()
        self.on_strike: Callable[[Strike], None] | None = None
        """Who deals a blow that is due at once."""
        self._dice: Final = random.Random(seed)  # noqa: S311  repeatable on purpose, nothing secret
        self._faults: list[Fault] = []
        self._numbers: Final = count(1)
        self._held: Final[dict[Key, list[str]]] = {}
        self._delayed: Final[list[tuple[int, int, Key, str]]] = []
        self._delays: Final = count()
        self.concern_streams = False
        """Whether anything has to be looked at when a frame is sent."""

    # --- setting -------------------------------------------------------------------------------------

    def lose(self, pattern: str = "*", **options: Any) -> Fault:
        """Frames that are not sent."""
        return self.set("lose", pattern, **options)

    def repeat(self, pattern: str = "*", **options: Any) -> Fault:
        """Frames that are sent twice."""
        return self.set("repeat", pattern, **options)

    def swap(self, pattern: str = "*", **options: Any) -> Fault:
        """Frames that are sent after the next one of their stream."""
        return self.set("swap", pattern, **options)

    def delay(self, pattern: str = "*", **options: Any) -> Fault:
        """Frames that are sent `seconds` later, by the sandbox's clock; later frames overtake them."""
        return self.set("delay", pattern, **options)

    def cut(self, pattern: str = "*", **options: Any) -> Fault:
        """Sockets that are cut, abruptly or with a Close frame of this `code`."""
        return self.set("cut", pattern, **options)

    def freeze(self, pattern: str = "*", **options: Any) -> Fault:
        """Sockets that stay open and do nothing any more."""
        return self.set("freeze", pattern, **options)

    def refuse(self, pattern: str = "*", **options: Any) -> Fault:
        """Requests that are answered with `status` (503) and never reach the exchange; `body` venue, html or empty."""
        return self.set("refuse", pattern, **options)

    def drop(self, pattern: str = "*", **options: Any) -> Fault:
        """Requests whose connection is cut before the exchange sees them."""
        return self.set("drop", pattern, **options)

    def hold(self, pattern: str = "*", **options: Any) -> Fault:
        """Requests that reach the exchange `seconds` late, in real time."""
        return self.set("hold", pattern, **options)

    def late(self, pattern: str = "*", **options: Any) -> Fault:
        """Requests that are done at once and answered `seconds` later, in real time."""
        return self.set("late", pattern, **options)

    def lost(self, pattern: str = "*", **options: Any) -> Fault:
        """Requests that are done and never answered: the connection is cut."""
        return self.set("lost", pattern, **options)

    def stale(self, pattern: str = "*", **options: Any) -> Fault:
        """Snapshots of these symbols that are answered from memory: as old as that reaches."""
        return self.set("stale", pattern, **options)

    def distrust(self, pattern: str = "*", **options: Any) -> Fault:
        """Signatures that are refused, on these paths or on `subscribe`."""
        return self.set("distrust", pattern, **options)

    def set(self, kind: str, pattern: str = "*", **options: Any) -> Fault:
        """Set a fault by the name of its kind."""
        return self.add(made_fault(kind, {"pattern": pattern, **options}))

    def add(self, fault: Fault | str) -> Fault:
        """Set a fault, given as a line of text or as it is."""
        added = fault_of(fault) if isinstance(fault, str) else fault
        added.id = next(self._numbers)
        if added.place is Place.SOCKET and added.every is added.period is added.chance is None:
            if self.on_strike is not None:
                self.on_strike(Strike(added, self.counts))
            return added
        self._faults.append(added)
        self._look()
        return added

    def remove(self, number: int) -> bool:
        """End one fault by its id; answers whether there was one."""
        kept = [fault for fault in self._faults if fault.id != number]
        was_there = len(kept) < len(self._faults)
        self._faults = kept
        self._look()
        return was_there

    def clear(self) -> None:
        """End all faults. Frames that are held back still come; what was counted stays counted."""
        self._faults = []
        self._look()

    @property
    def all(self) -> list[Fault]:
        """The faults that are set, in the order in which they were."""
        return list(self._faults)

    def _look(self) -> None:
        places = {fault.place for fault in self._faults if fault.period is None}
        self.concern_streams = bool(self._held) or Place.FRAME in places or Place.SOCKET in places

    def _is_due(self, fault: Fault) -> bool:
        """Count one match of a fault, and whether it goes wrong."""
        if fault.is_spent:
            return False
        fault.seen += 1
        if fault.every is not None and fault.seen % fault.every:
            return False
        return fault.chance is None or self._dice.random() < fault.chance

    def _first_due(self, place: Place, name: str, method: str | None = None) -> Fault | None:
        for fault in self._faults:
            if fault.place is not place or not fault.matches(name):
                continue
            if method is not None and fault.options.get("method") not in (None, method):
                continue
            if self._is_due(fault):
                fault.happened += 1
                self.counts[fault.kind] += 1
                return fault
        return None

    # --- frames --------------------------------------------------------------------------------------

    def deliveries(self, key: Key, text: str, now: int) -> list[Delivery]:
        """What is really sent when a frame is to be sent."""
        held = self._held.pop(key, [])
        fault = self._first_due(Place.FRAME, key.name)
        kind = None if fault is None else fault.kind
        texts = {"lose": [], "delay": [], "swap": [], "repeat": [text, text], None: [text]}[kind]
        if kind == "swap":
            self._held[key] = [text]
        elif fault is not None and kind == "delay":
            due = now + round(fault.options["seconds"] * SECOND)
            heapq.heappush(self._delayed, (due, next(self._delays), key, text))
        if held or kind == "swap":
            self._look()
        return [(key, sent) for sent in [*texts, *held]]

    def released(self, now: int) -> list[Delivery]:
        """Delayed frames whose time has come."""
        deliveries: list[Delivery] = []
        while self._delayed and self._delayed[0][0] <= now:
            _, _, key, text = heapq.heappop(self._delayed)
            deliveries.append((key, text))
        return deliveries

    # --- sockets -------------------------------------------------------------------------------------

    def strikes_at(self, stream: str) -> list[Strike]:
        """Blows to the sockets to which a frame of this stream has just been sent."""
        return [
            Strike(fault, self.counts)
            for fault in self._faults
            if fault.place is Place.SOCKET
            and fault.period is None
            and fault.matches(stream)
            and self._is_due(fault)
        ]

    def strikes_due(self, now: int) -> list[Strike]:
        """Blows that go by the clock; the first comes one period after the fault was set."""
        return [
            Strike(fault, self.counts) for fault in self._faults if fault.period and _has_come(fault, now)
        ]

    # --- requests ------------------------------------------------------------------------------------

    def for_request(self, method: str, path: str, symbol: str = "") -> Fault | None:
        """What goes wrong with a request, if anything."""
        for fault in self._faults:
            if fault.place is not Place.REQUEST:
                continue
            if fault.kind == "stale":
                concerns = (method, path) == ("GET", "/api/v1/depth") and fault.matches(symbol)
            else:
                concerns = fault.matches(path) and fault.options["method"] in (None, method)
            if concerns and self._is_due(fault):
                fault.happened += 1
                self.counts[fault.kind] += 1
                return fault
        return None

    def distrusts(self, name: str) -> bool:
        """Whether the signature on this path, or of a subscription, is refused."""
        return self._first_due(Place.SIGNATURE, name) is not None


def _has_come(fault: Fault, now: int) -> bool:
    assert fault.period is not None, "only faults with a period go by the clock"
    if fault.next_time is None:
        fault.next_time = now + fault.period
        return False
    if now < fault.next_time or fault.is_spent:
        return False
    fault.next_time += fault.period * (1 + (now - fault.next_time) // fault.period)
    fault.seen += 1
    return True
