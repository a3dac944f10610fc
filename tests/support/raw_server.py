"""A server of HTTP that says exactly these bytes, whether they make sense or not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Server:
    """Answers the requests of each connection with these bytes, one after the other; then it hangs up, or
    says nothing more."""

    def __init__(self, answers: list[bytes], hangs_up: bool) -> None:
        self.requests: list[bytes] = []
        self.reads: list[bytes] = []
        self.connections = 0
        self._answers, self._hangs_up = answers, hangs_up
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        for each in (self._listener, *self._open):
            with suppress(OSError):  # closed already
                each.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self) -> None:
        serving = []
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                break
            self.connections += 1
            self._open.append(connection)
            serving.append(threading.Thread(target=self._serve, args=(connection,), daemon=True))
            serving[-1].start()
        for thread in serving:
            thread.join()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            for answer in self._answers:
                request = self._request(connection)
                if not request:
                    return
                self.requests.append(request)
                connection.sendall(answer)
            if not self._hangs_up:
                while heard := self._request(connection):
                    self.requests.append(heard)

    def _request(self, connection: socket.socket) -> bytes:
        heard = b""
        while b"\r\n\r\n" not in heard or len(heard.partition(b"\r\n\r\n")[2]) < _length(heard):
            try:
                read = connection.recv(65536)
            except OSError:
                return b""
            if not read:
                return b""
            self.reads.append(read)
            heard += read
        return heard


def _length(heard: bytes) -> int:
    named = [line for line in heard.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return int(named[0].partition(b":")[2]) if named else 0


@contextmanager
def serving(*answers: bytes, hangs_up: bool = False) -> Iterator[Server]:
    server = Server(list(answers), hangs_up)
    try:
        yield server
    finally:
        server.close()
