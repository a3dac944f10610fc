"""What can be wrong with the wish for a sandbox, each in one sentence: what was wrong, and what is allowed.

Nothing here starts anything.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable
from typing import Final

from bpx_connector.sandbox.records.nearest import nearest

__all__ = [
    "FASTEST",
    "PORTS",
    "SPEEDS",
    "ListenError",
    "checked_port",
    "checked_speed",
    "checked_symbols",
    "is_loopback",
    "listen_error",
    "reachable",
]

FASTEST: Final = 1_000
"""How many times as much as usual the traders may be asked to do."""
HIGHEST_PORT: Final = 65_535
PORTS: Final = f"give a whole number from 0 to {HIGHEST_PORT}, 0 for a free one"
SPEEDS: Final = f"not a number from 0 to {FASTEST}; it multiplies what the traders do, 1 is usual"


class ListenError(OSError):
    """The sandbox cannot listen where it was told to; the message says why and what to do."""


def checked_port(port: int, name: str = "port") -> int:
    """The port, if it is one."""
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= HIGHEST_PORT:
        raise ValueError(f"{name}={port!r} is no port: {PORTS}")
    return port


def checked_speed(speed: float) -> float:
    """The speed, if the traders can keep it."""
    if isinstance(speed, bool) or not isinstance(speed, (int, float)) or not 0 <= speed <= FASTEST:
        raise ValueError(f"speed={speed!r} is {SPEEDS}")
    return speed


def checked_symbols(symbols: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """The symbols, if all of them are listed."""
    wanted, listed = tuple(symbols), tuple(known)
    for symbol in wanted:
        if symbol not in listed:
            raise ValueError(f"there is no market {symbol!r} in the sandbox{nearest(symbol, listed)}")
    return wanted


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine can reach the address."""
    return host in ("localhost", "::1") or host.startswith("127.")


def reachable(host: str) -> str:
    """How a URL of this machine names the host: what listens everywhere is asked for here."""
    here = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104  names it
    return f"[{here}]" if ":" in here else here


def listen_error(error: OSError, host: str, port: int, option: str = "--port") -> ListenError:
    """Why nobody can listen there, and what to type instead."""
    if error.errno == errno.EADDRINUSE:
        reason = (
            f"address already in use: another program listens on port {port} of {host}, perhaps another "
            f"sandbox (`lsof -i :{port}` tells which); take the next with `{option} {port + 1}`, or a free "
            f"one with `{option} 0`"
        )
    elif error.errno == errno.EACCES:
        reason = f"port {port} of {host} is kept for the system: take one above 1023, such as `{option} 8787`"
    elif isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        reason = (
            f"{host!r} is no address of this machine: 127.0.0.1 is for programs of this machine, 0.0.0.0 for "
            "all that can reach it"
        )
    else:
        reason = f"cannot listen on port {port} of {host}: {error.strerror or error}"
    return ListenError(error.errno, reason)
