"""A server that answers what it was told to, one answer after the other, and remembers what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

__all__ = ["ANSWERS", "BREAKS_OFF", "HANGS_UP", "Answer", "Request", "ScriptedVenue"]

NEW_YEAR = "Thu, 01 Jan 2026 00:00:00 GMT"
"""The Date of every answer; in milliseconds 1767225600000."""


@dataclass(frozen=True)
class Answer:
    """One answer. `is_cut` ends the connection before the body is whole, status 0 before anything is said."""

    body: str = "{}"
    status: int = 200
    kind: str = "application/json"
    is_cut: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


BREAKS_OFF = Answer('{"id": "1"', is_cut=True)
HANGS_UP = Answer(status=0)


@dataclass(frozen=True)
class Request:
    """One request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str


@dataclass
class ScriptedVenue:
    """Answers in the order given; the last answer is repeated."""

    answers: list[Answer] = field(default_factory=lambda: [Answer()])
    requests: list[Request] = field(default_factory=list)
    keeps_open: bool = False
    """Whether connections are kept for the next request, as the venue keeps them."""

    connections: int = 0
    """How many have been made."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def next_answer(self) -> Answer:
        """The answer to the request that has just come."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def _handler(venue: ScriptedVenue) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Reads a request, writes the next answer."""

        protocol_version = "HTTP/1.1" if venue.keeps_open else "HTTP/1.0"

        def setup(self) -> None:
            """Count a connection."""
            venue.connections += 1
            super().setup()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            venue.requests.append(Request(self.command, self.path, dict(self.headers), body))
            answer = venue.next_answer()
            self.close_connection = not venue.keeps_open or answer.is_cut or answer.status == 0
            if answer.status == 0:
                return
            payload = answer.body.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(payload) + (10 if answer.is_cut else 0)))
            if self.close_connection and not answer.is_cut:
                self.send_header("Connection", "close")
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = do_DELETE = do_PATCH = _answer

        def date_time_string(self, timestamp: Any = None) -> str:
            """Always the same time."""
            return NEW_YEAR

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler


ANSWERS = {
    "an object": Answer('{"id": "1", "price": "1.50"}'),
    "a list": Answer("[1, 2]"),
    "blanks around": Answer('\n {"id": "1"} \n'),
    "a bare number": Answer("1788285151083"),
    "a word": Answer("pong", kind="text/plain"),
    "nothing": Answer(""),
    "a page": Answer("<html>gateway</html>", kind="text/html"),
    "half of it": Answer('{"id": ', kind="application/json"),
    "other letters": Answer('{"name": "Zoë ☃"}'),
    "a refusal": Answer('{"code":"INVALID_ORDER","message":"Invalid order"}', 400),
    "too many": Answer('{"code":"TOO_MANY_REQUESTS","message":"slow"}', 429),
    "out of service": Answer("<html>503</html>", 503, "text/html"),
    "an empty refusal": Answer("", 404),
    "broken off": BREAKS_OFF,
    "hung up": HANGS_UP,
}
"""What a venue may answer with, for those who compare two ways of asking it."""
