"""Tapes that can be sent back: all that was asked and heard, and of an account only its form.

What is public stands there as the venue wrote it. In what is private figures are replaced by ones of the same
length and identities by x, before anything is written. A tape is played like any other: it becomes a test.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bpx_connector.stream.recording import Recorded
from bpx_connector.tape import TapeWriter
from bpx_connector.tapes import for_now, recording
from bpx_connector.venue.endpoints import ENDPOINTS
from bpx_connector.verify.facts import Answer
from bpx_connector.verify.report import scrubbed, scrubbed_event

__all__ = ["ScrubbedTape", "noted"]


class ScrubbedTape(TapeWriter):
    """Writes down what passes; private answers and frames without what they say of anybody."""

    def answered(self, method: str, url: str, body: Any, status: int, text: str) -> None:
        """Write down a question and its answer."""
        super().answered(method, url, body, status, _scrubbed(text) if _is_private(method, url) else text)

    def told(self, answer: Answer, method: str, url: str) -> None:
        """Write down what an `Asker` was answered."""
        self.answered(method, url, None, answer.status, answer.text)

    def frame(self, socket: int, speaker: str, text: str) -> None:
        """Write down one text frame."""
        super().frame(socket, speaker, _scrubbed_frame(text) if speaker == "venue" else text)


@contextmanager
def noted(exchange: Any, path: Path, source: str) -> Iterator[ScrubbedTape]:
    """A tape on which all stands that this object asks and hears meanwhile, and whatever else is written."""
    secrets = [secret for secret in (exchange.apiKey, exchange.secret) if secret]
    tape = ScrubbedTape(path, source, secrets=secrets, began=exchange.milliseconds())
    with ExitStack() as stack:
        stack.callback(tape.close)
        if hasattr(exchange, "use_source"):
            stack.enter_context(exchange.use_source(Recorded(exchange.source, tape)))
        stack.enter_context(for_now(exchange, recording(exchange, tape)))
        yield tape


def _is_private(method: str, url: str) -> bool:
    endpoint = ENDPOINTS.get((method, urlsplit(url).path.lstrip("/")))
    return endpoint is not None and endpoint.instruction is not None


def _scrubbed(text: str) -> str:
    try:
        return json.dumps(scrubbed(json.loads(text)))
    except ValueError:
        return text


def _scrubbed_frame(text: str) -> str:
    try:
        frame = json.loads(text)
    except ValueError:
        return text
    if not isinstance(frame, dict) or not str(frame.get("stream")).startswith("account."):
        return text
    return json.dumps(
        {"data": scrubbed_event(frame.get("data")), "stream": frame["stream"]}, separators=(",", ":")
    )
