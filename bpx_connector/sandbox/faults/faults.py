"""What goes wrong in one sandbox: which faults are set, what is due, how often it has been. No I/O.

If several faults are due at one frame or request, the one that was set first happens.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any, Final

from bpx_connector.sandbox.faults.kinds import Fault, Place, fault_of, made_fault
from bpx_connector.sandbox.records.keys import Key
from bpx_connector.sandbox.records.times import SECOND

__all__ = ["Cut", "Faults"]


class Cut:
    """Sockets that are to be cut, closed or frozen, by whoever has them."""

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

    def count(self) -> None:
        """Count one socket."""
        self._fault.happened += 1
        self._counts[self._fault.kind] += 1


Delivery = tuple[Key, str]


class Faults:
    """All that goes wrong in one sandbox. `counts` says how often each kind has."""

    def __init__(self, seed: int = 7) -> None:
        self.counts: Final[Counter[str]] = Counter()
        self.on_cut: Callable[[Cut], None] | None = None
        """Who carries out a cut that is due at once."""
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
        """Requests that are answered with `status` (503) at the door; `body` is one of `BODIES`."""
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
        """Requests that are done and never answered: the connection is cut, or `status` comes instead."""
        return self.set("lost", pattern, **options)

    def die(self, pattern: str = "*", **options: Any) -> Fault:
        """Requests at which the exchange dies for `seconds`, in real time: before or after it has acted."""
        return self.set("die", pattern, **options)

    def stale(self, pattern: str = "*", **options: Any) -> Fault:
        """Snapshots of these symbols as they were `seconds` ago, though no older than the fault."""
        return self.set("stale", pattern, **options)

    def refuse_signature(self, pattern: str = "*", **options: Any) -> Fault:
        """Signatures that are refused, on these paths or on `subscribe`."""
        return self.set("refuse_signature", pattern, **options)

    distrust = refuse_signature
    """The name of this fault in earlier versions."""

    def set(self, kind: str, pattern: str = "*", **options: Any) -> Fault:
        """Set a fault by the name of its kind."""
        return self.add(made_fault(kind, {"pattern": pattern, **options}))

    def add(self, fault: Fault | str) -> Fault:
        """Set a fault, given as a line of text or as it is."""
        added = fault_of(fault) if isinstance(fault, str) else fault
        added.id = next(self._numbers)
        if added.place is Place.SOCKET and added.every is added.period is added.chance is None:
            if self.on_cut is not None:
                self.on_cut(Cut(added, self.counts))
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

    def cuts_at(self, stream: str) -> list[Cut]:
        """Cuts to the sockets to which a frame of this stream has just been sent."""
        return [
            Cut(fault, self.counts)
            for fault in self._faults
            if fault.place is Place.SOCKET
            and fault.period is None
            and fault.matches(stream)
            and self._is_due(fault)
        ]

    def cuts_due(self, now: int) -> list[Cut]:
        """Cuts that go by the clock; the first comes one period after the fault was set."""
        return [Cut(fault, self.counts) for fault in self._faults if fault.period and _has_come(fault, now)]

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

    def stale_symbols(self, symbols: Iterable[str]) -> list[str]:
        """Those of the symbols whose snapshots may have to be stale."""
        stale = [fault for fault in self._faults if fault.kind == "stale" and not fault.is_spent]
        return [symbol for symbol in symbols if any(fault.matches(symbol) for fault in stale)]

    def refuses_signature(self, name: str) -> bool:
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
