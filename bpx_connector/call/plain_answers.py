"""The head of an answer in the one shape that an exchange's answers have; any other is aiohttp's to read.

Pure. A head is plain if nothing in it changes how the rest is read: HTTP/1.1, a body of the length that is
said, not packed, on a connection that stays open. Whatever is unusual, or wrong, is no plain head.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from aiohttp import hdrs
from multidict import istr

__all__ = ["Arrived", "Head", "joined", "plain_head"]

LONGEST = 8190
"""Bytes of a head. aiohttp allows a line as many, and refuses what is longer."""

PLAIN = re.compile(
    rb"HTTP/1\.1 ([2-5][0-9][0-9]) ([ -~]*)\r\n"
    rb"((?:[A-Za-z0-9-]+: [!-~](?:[ -~]*[!-~])?\r\n){1,99})\r\n"
)
BODILESS = frozenset({b"204", b"205", b"304"})
READ_ELSEWHERE = frozenset(
    {"content-encoding", "proxy-connection", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers that change how the rest is read."""

IS_LENGTH = re.compile("[0-9]{1,15}").fullmatch
SAID_ONCE = ("content-length", "connection")
STAYS_OPEN = "keep-alive"

NAMES = {name.lower(): str(name) for name in vars(hdrs).values() if isinstance(name, istr)}
"""Headers as aiohttp writes their names, whatever the venue's letters."""


class Arrived(NamedTuple):
    """An answer as it came."""

    status: int
    reason: str
    headers: dict[str, str]
    text: str


class Head(NamedTuple):
    """What stands before a body."""

    status: int
    reason: str
    headers: dict[str, str]
    """One that came several times is one with commas."""

    cookies: list[str]
    begins: int
    """Where in the bytes the body begins."""

    length: int
    """Bytes of the body."""


def plain_head(data: bytes) -> Head | None:
    """The head that these bytes begin with; None if it is not whole, or not plain."""
    found = PLAIN.match(data, 0, LONGEST)
    if found is None or found[1] in BODILESS:
        return None
    lines = [line.split(": ", 1) for line in found[3].decode("ascii").split("\r\n")[:-1]]
    rows = [(NAMES.get(name.lower(), name), value) for name, value in lines]
    lowered = {name.lower(): value for name, value in rows}
    length = lowered.get("content-length", "")
    if IS_LENGTH(length) is None or not lowered.keys().isdisjoint(READ_ELSEWHERE):
        return None
    if lowered.get("connection", STAYS_OPEN).lower() != STAYS_OPEN:
        return None
    if len(lowered) == len(rows):
        headers = dict(rows)
    elif any(len(_values(rows, name)) > 1 for name in SAID_ONCE):
        return None
    else:
        headers = joined(rows)
    cookies = _values(rows, "set-cookie") if "set-cookie" in lowered else []
    return Head(int(found[1]), found[2].decode("ascii"), headers, cookies, found.end(), int(length))


def _values(rows: Iterable[tuple[str, str]], wanted: str) -> list[str]:
    return [value for name, value in rows if name.lower() == wanted]


def joined(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The headers of an answer; one that came several times is one with commas."""
    together: dict[str, str] = {}
    for name, value in headers:
        together[name] = f"{together[name]}, {value}" if name in together else value
    return together
