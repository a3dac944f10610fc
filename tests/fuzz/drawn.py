"""Choices that are made of bytes, the same of the same, so that a fuzzer can change them a little."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, TypeVar

from tests.fuzz.spoilt_answers import MISSING, SPOILT

__all__ = ["Drawn"]

T = TypeVar("T")

DEEPEST = 2
FIGURES = "0123456789.-eE+_ NaInfty"
ODD = tuple(value for value in SPOILT if value is not MISSING)


class Drawn:
    """Numbers, texts and values of JSON, read off from bytes; zeros when they have come to their end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def bytes(self, count: int) -> bytes:
        """The next bytes, fewer at the end."""
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken

    def rest(self) -> str:
        """All that is left, as text."""
        return self.bytes(len(self._data)).decode(errors="replace")

    def number(self, count: int) -> int:
        """A number from 0 on, below `count`."""
        return int.from_bytes(self.bytes(1 if count <= 256 else 3)) % max(count, 1)

    def one_of(self, values: Sequence[T]) -> T:
        """One of these."""
        return values[self.number(len(values))]

    def text(self) -> str:
        """A short text; half of them look like figures."""
        length = self.number(24)
        if self.number(2):
            return "".join(FIGURES[byte % len(FIGURES)] for byte in self.bytes(length))
        return "".join(chr(int.from_bytes(self.bytes(2))) for _ in range(length))

    def value(self, deepest: int = DEEPEST) -> Any:
        """Whatever JSON can say."""
        kind = self.number(8 if deepest else 6)
        if kind < 2:
            return self.one_of(ODD)
        if kind == 2:
            return int.from_bytes(self.bytes(self.number(20)), signed=True)
        if kind == 3:
            [number] = struct.unpack("<d", self.bytes(8).ljust(8, b"\0"))
            return number if number - number == 0 else str(number)
        if kind < 6:
            return self.text()
        inner = [self.value(deepest - 1) for _ in range(self.number(4))]
        return inner if kind == 6 else {self.text(): one for one in inner}
