"""The canned venue: a process of its own that says prepared bytes over HTTP and WebSocket on loopback.

It decides nothing and computes nothing while a client is measured. Threads and blocking sockets, because a
sleeping thread keeps a pace of 5,000 frames a second better than an event loop's millisecond timer.
It ends when its standard input ends, so it never outlives the run.
"""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import json
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from benchmarks import canned

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
FRAMES_PER_WRITE = 32
"""How many frames a burst puts into one write: a busy socket is read many frames at a time."""
LONGEST_RESTORE = 20.0
"""Seconds that restoring deltas are sent for a client which asks for no snapshot."""


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """One unmasked frame, as servers send them."""
    if len(payload) < 126:
        return bytes((0x80 | opcode, len(payload))) + payload
    return struct.pack("!BBH", 0x80 | opcode, 126, len(payload)) + payload


class Prepared:
    """The encoded frames of each stream, rendered once and kept, so every client gets the same bytes."""

    def __init__(self) -> None:
        self._frames: dict[str, list[bytes]] = {}
        self._rest: dict[str, Iterator[bytes]] = {}
        self._lock = threading.Lock()

    def frames(self, stream: str, count: int) -> list[bytes]:
        """The first `count` frames of a stream."""
        with self._lock:
            ready = self._frames.setdefault(stream, [])
            more = self._rest.setdefault(stream, canned.series(stream))
            ready.extend(map(frame, itertools.islice(more, max(0, count - len(ready)))))
            return ready[:count]


class Restoring:
    """One book on its way into a client: the id of the last delta sent, and whether a snapshot went out."""

    def __init__(self) -> None:
        self.last_update = canned.FIRST_UPDATE
        self.deltas_since_snapshot: int | None = None


class Venue:
    """What all connections share: answers, streams and who has subscribed to which."""

    def __init__(self) -> None:
        self.bodies = canned.rest_bodies()
        self._opening: dict[str, bytes] = {}
        self.prepared = Prepared()
        self.subscribed: dict[str, socket.socket] = {}
        self.books: dict[str, Restoring] = {}
        self.sending = threading.Lock()
        self.orders: list[int] = []
        """When orders have arrived, in nanoseconds of the monotonic clock."""
        self.opened = 0
        """How many connections there have been."""

    def depth(self, market_id: str) -> bytes:
        """A snapshot as of the last delta sent."""
        restoring = self.books.get(market_id)
        if restoring is None:
            if market_id not in self._opening:
                book = canned.opening_book(market_id)
                self._opening[market_id] = book.snapshot(canned.FIRST_UPDATE)
            return self._opening[market_id]
        if restoring.deltas_since_snapshot is None:
            restoring.deltas_since_snapshot = 0
        return canned.opening_book(market_id).snapshot(restoring.last_update)

    def subscribe(self, streams: list[str], connection: socket.socket) -> None:
        """Send these streams over this connection, and let the books among them be restored first."""
        books = [stream.partition(".")[2] for stream in streams if stream.startswith("depth.")]
        for market_id in books:
            canned.opening_book(market_id)
            self.books[market_id] = Restoring()
        for stream in streams:
            self.subscribed[stream] = connection
        if books:
            threading.Thread(target=self._restore, args=(books, connection), daemon=True).start()

    def _restore(self, market_ids: list[str], connection: socket.socket) -> None:
        """Deltas each millisecond until a snapshot was asked for; then one up to the measured ids."""
        deadline = time.monotonic() + LONGEST_RESTORE
        waiting = list(market_ids)
        while waiting and time.monotonic() < deadline:
            for market_id in list(waiting):
                book = self.books[market_id]
                update = last = book.last_update + 1
                if book.deltas_since_snapshot is not None:
                    book.deltas_since_snapshot += 1
                    if book.deltas_since_snapshot > 3:
                        last = canned.MEASURED_UPDATE
                        waiting.remove(market_id)
                book.last_update = last
                if not self._sent(connection, frame(canned.restoring_delta(market_id, update, last))):
                    return
            time.sleep(0.001 + 0.0001 * len(waiting))

    def _sent(self, connection: socket.socket, data: bytes) -> bool:
        try:
            with self.sending:
                connection.sendall(data)
        except OSError:
            return False
        return True

    def wait_for(self, streams: list[str]) -> bool:
        """Whether every stream has a subscriber, given time."""
        deadline = time.monotonic() + LONGEST_RESTORE
        while not all(stream in self.subscribed for stream in streams) and time.monotonic() < deadline:
            time.sleep(0.005)
        return all(stream in self.subscribed for stream in streams)

    def send(self, order: dict[str, Any]) -> dict[str, Any]:
        """Send a part of each stream's series, turn by turn; answers when each frame went out."""
        streams = order["streams"]
        first, count = order["first"], order["count"]  # per stream
        prepared = [self.prepared.frames(stream, first + count)[first:] for stream in streams]
        turns = [
            (self.subscribed[stream], frames[number])
            for number in range(count)
            for stream, frames in zip(streams, prepared, strict=True)
        ]
        if order.get("prepare"):
            return {}
        return {"sent": self._paced(turns, order["rate"]) if order.get("rate") else self._burst(turns)}

    def _burst(self, turns: list[tuple[socket.socket, bytes]]) -> list[int]:
        for start in range(0, len(turns), FRAMES_PER_WRITE):
            writes: dict[socket.socket, list[bytes]] = {}
            for connection, data in turns[start : start + FRAMES_PER_WRITE]:
                writes.setdefault(connection, []).append(data)
            for connection, parts in writes.items():
                if not self._sent(connection, b"".join(parts)):
                    return []
        return []

    def _paced(self, turns: list[tuple[socket.socket, bytes]], rate: int) -> list[int]:
        sent = []
        begin = time.monotonic()
        for number, (connection, data) in enumerate(turns):
            early = begin + number / rate - time.monotonic()
            if early > 0:
                time.sleep(early)
            sent.append(time.monotonic_ns())
            if not self._sent(connection, data):
                break
        return sent

    def forget(self, connection: socket.socket) -> None:
        """A connection has ended: nobody gets its streams any more."""
        for stream in [stream for stream, at in self.subscribed.items() if at is connection]:
            del self.subscribed[stream]
            self.books.pop(stream.partition(".")[2], None)


class Stamped(io.RawIOBase):
    """What a socket receives, and when the last of it was here: before anything is made of it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.received = 0
        """Nanoseconds of the monotonic clock."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        count = self._connection.recv_into(buffer)
        self.received = time.monotonic_ns()
        return count


class Connection:
    """One client connection: HTTP requests until it asks for a WebSocket."""

    def __init__(self, venue: Venue, connection: socket.socket) -> None:
        self._venue = venue
        self._connection = connection
        self._bytes = Stamped(connection)
        self._file = io.BufferedReader(self._bytes)

    def run(self) -> None:
        """Serve until the client goes."""
        try:
            while self._serve_request():
                pass
        except (OSError, ValueError, struct.error):
            pass
        finally:
            self._venue.forget(self._connection)
            self._file.close()
            self._connection.close()

    def _serve_request(self) -> bool:
        line = self._file.readline().split()
        if len(line) < 3:
            return False
        method, target = line[0].decode(), urlsplit(line[1].decode())
        headers: dict[str, str] = {}
        while (header := self._file.readline().strip()) != b"":
            name, _, value = header.decode().partition(":")
            headers[name.lower()] = value.strip()
        if headers.get("upgrade", "").lower() == "websocket":
            self._serve_websocket(headers["sec-websocket-key"])
            return False
        body = self._file.read(int(headers.get("content-length", 0)))
        if method == "POST" and target.path == "/api/v1/order":
            self._venue.orders.append(self._bytes.received)
        answer = self._answer(method, target.path, parse_qs(target.query), body)
        status = b"200 OK" if answer is not None else b"404 Not Found"
        content = answer if answer is not None else b'{"code":"RESOURCE_NOT_FOUND","message":"Not Found"}'
        self._connection.sendall(
            b"HTTP/1.1 %b\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %d\r\n\r\n%b"
            % (status, len(content), content)
        )
        return True

    def _answer(self, method: str, path: str, query: dict[str, list[str]], body: bytes) -> bytes | None:
        if path == "/control/wait":
            return json.dumps({"subscribed": self._venue.wait_for(json.loads(body)["streams"])}).encode()
        if path == "/control/send":
            return json.dumps(self._venue.send(json.loads(body))).encode()
        if path == "/control/opened":
            return json.dumps({"opened": self._venue.opened}).encode()
        if path == "/control/orders":
            told, self._venue.orders = self._venue.orders, []
            return json.dumps({"orders": told}).encode()
        if path == "/api/v1/depth":
            return self._venue.depth(query["symbol"][0])
        return self._venue.bodies.get((method, path))

    def _serve_websocket(self, key: str) -> None:
        accept = base64.b64encode(hashlib.sha1((key + WEBSOCKET_GUID).encode()).digest())
        self._connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: %b\r\n\r\n" % accept
        )
        while True:
            opcode, payload = self._client_frame()
            if opcode == CLOSE:
                self._connection.sendall(frame(payload, CLOSE))
                return
            if opcode == PING:
                self._connection.sendall(frame(payload, PONG))
            elif opcode == TEXT:
                message = json.loads(payload)
                if message["method"] == "SUBSCRIBE":
                    self._venue.subscribe(message["params"], self._connection)

    def _client_frame(self) -> tuple[int, bytes]:
        first, second = struct.unpack("!BB", self._exactly(2))
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", self._exactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self._exactly(8))
        mask = self._exactly(4)
        masked = self._exactly(length)
        return first & 0x0F, bytes(byte ^ mask[place % 4] for place, byte in enumerate(masked))

    def _exactly(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) < count:
            raise OSError("the client has gone")
        return data


def serve() -> None:
    """Listen on a free port, say which on standard output, serve until standard input ends."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    venue = Venue()
    print(listener.getsockname()[1], flush=True)

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            venue.opened += 1
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=Connection(venue, connection).run, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    serve()
