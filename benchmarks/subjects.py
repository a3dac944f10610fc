"""Who is measured: ccxt's own `backpack`, our `bpx`, and the floor, which is the same work done bare.

ccxt and our package are imported where they are used, so that a process which measures one never loads the
other, and so that importing can be measured too.
"""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from importlib import import_module
from typing import Any

from nacl.bindings import crypto_sign_seed_keypair

PEER, OURS, FLOOR = "ccxt", "bpx", "floor"
SUBJECTS = (PEER, OURS, FLOOR)

HOMES = {
    PEER: ("ccxt.async_support", "ccxt.pro", "backpack"),
    OURS: ("bpx_connector.async_support", "bpx_connector.pro", "bpx"),
}
"""The modules of each pair of classes, without and with streams, and the name of the class."""

SEED = bytes(range(32))
PUBLIC_KEY, KEY_PAIR = crypto_sign_seed_keypair(SEED)


class MissingError(Exception):
    """What is to be measured does not exist (yet) in this subject."""


def exchange_class(subject: str, *, streams: bool) -> Any:
    """The asyncio class of a subject, with or without streams."""
    plain, streaming, name = HOMES[subject]
    return getattr(import_module(streaming if streams else plain), name)


def configuration(port: int) -> dict[str, Any]:
    """The same settings for both classes: the canned venue's address, one key pair, nothing held back."""
    rest, stream = f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}"
    return {
        "apiKey": base64.b64encode(PUBLIC_KEY).decode(),
        "secret": base64.b64encode(SEED).decode(),
        "enableRateLimit": False,
        "urls": {"api": {"public": rest, "private": rest, "ws": {"public": stream, "private": stream}}},
    }


def exchange(subject: str, port: int, *, streams: bool) -> Any:
    """An instance of a subject's class that talks to the canned venue."""
    made = exchange_class(subject, streams=streams)(configuration(port))
    made.timeout_on_exit = 1  # ccxt sleeps that many milliseconds in close()
    return made


class Control:
    """Tells the canned venue what to send, without the client's event loop."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._file = self._socket.makefile("rb")

    def start(self, action: str, **order: Any) -> None:
        """Send an order and return at once."""
        body = json.dumps(order).encode()
        head = f"POST /control/{action} HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n"
        self._socket.sendall(head.encode() + body)

    def answer(self) -> Any:
        """The answer to the last order, waited for."""
        length = 0
        while (line := self._file.readline().strip()) != b"":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return json.loads(self._file.read(length))

    async def ask(self, action: str, **order: Any) -> Any:
        """Send an order and wait for its answer while the event loop goes on."""
        self.start(action, **order)
        return await asyncio.to_thread(self.answer)

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self._socket.close()
