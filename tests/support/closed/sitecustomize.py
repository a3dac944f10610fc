"""Closes the network to a child process of a test: whoever connects to another machine is told so."""

from __future__ import annotations

import socket
from typing import Any

_connect, _connect_ex = socket.socket.connect, socket.socket.connect_ex


def _refuse_others(address: Any) -> None:
    if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
        raise RuntimeError(f"the network is closed to tests, and {address[0]} was asked for")


def _connected(self: socket.socket, address: Any) -> None:
    _refuse_others(address)
    _connect(self, address)


def _connected_ex(self: socket.socket, address: Any) -> int:
    _refuse_others(address)
    return _connect_ex(self, address)


socket.socket.connect = _connected  # type: ignore[assignment, method-assign]
socket.socket.connect_ex = _connected_ex  # type: ignore[assignment, method-assign]
