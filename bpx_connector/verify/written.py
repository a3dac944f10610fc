"""Tapes that can be sent back: all that was asked and heard, and of an account only its form.

What is public stands there as the venue wrote it; what is private goes through a `Scrubber` before anything
is written. A tape is played like any other: it becomes a test.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ccxt.base.errors import BaseError

from bpx_connector.stream.recording import Recorded
from bpx_connector.tape import TapeWriter
from bpx_connector.tapes import for_now, recording
from bpx_connector.venue.endpoints import ENDPOINTS
from bpx_connector.verify.asking import Finding
from bpx_connector.verify.facts import Answer
from bpx_connector.verify.scrubbing import Scrubber, sentence

__all__ = ["ScrubbedTape", "discreet", "is_private", "noted"]


class ScrubbedTape(TapeWriter):
    """Writes down what passes; private answers and frames without what they say of anybody."""

    def __init__(
        self,
        path: Path,
        source: str,
        *,
        secrets: Iterable[str] = (),
        began: int | None = None,
        is_of_account: bool = False,
    ) -> None:
        """Where all is an account's, nothing tells the time: one event whose moment is known would tell
        how far the others were moved."""
        self._scrubber = Scrubber()
        self._is_of_account = is_of_account
        began = self._scrubber.time(began) if is_of_account else began
        super().__init__(path, source, secrets=secrets, began=began)

    def answered(self, method: str, url: str, body: Any, status: int, text: str) -> None:
        """Write down a question and its answer; what was sent to be done to the account is left out."""
        if is_private(method, url):
            url, body, text = self._scrubber.url(url), None, self._scrubber.body(text)
        super().answered(method, url, body, status, text)

    def failed(self, method: str, url: str, body: Any, failure: BaseError) -> None:
        """Write down a question that got no answer."""
        if is_private(method, url):
            url, body, failure = self._scrubber.url(url), None, type(failure)(sentence(str(failure)))
        super().failed(method, url, body, failure)

    def told(self, answer: Answer, method: str, url: str) -> None:
        """Write down what an `Asker` was answered."""
        self.answered(method, url, None, answer.status, answer.text)

    def frame(self, socket: int, speaker: str, text: str) -> None:
        """Write down one text frame."""
        if speaker == "venue":
            text = self._scrubber.frame(text)
        elif self._is_of_account:
            text = self._scrubber.wish(text)
        super().frame(socket, speaker, text)


@contextmanager
def noted(exchange: Any, path: Path, source: str, *, is_of_account: bool = False) -> Iterator[ScrubbedTape]:
    """A tape on which all stands that this object asks and hears meanwhile, and whatever else is written."""
    secrets = [secret for secret in (exchange.apiKey, exchange.secret) if secret]
    began = exchange.milliseconds()
    tape = ScrubbedTape(path, source, secrets=secrets, began=began, is_of_account=is_of_account)
    with ExitStack() as stack:
        stack.enter_context(tape)
        if hasattr(exchange, "use_source"):
            stack.enter_context(exchange.use_source(Recorded(exchange.source, tape)))
        stack.enter_context(for_now(exchange, recording(exchange, tape)))
        yield tape


def is_private(method: str, url: str) -> bool:
    """Whether a request is an account's; one that is not known is taken for one."""
    endpoint = ENDPOINTS.get((method, urlsplit(url).path.lstrip("/")))
    return endpoint is None or endpoint.instruction is not None


def discreet(finding: Finding) -> Finding:
    """What was found in what is private, without figures, ids and times."""
    return finding._replace(found=sentence(finding.found))
