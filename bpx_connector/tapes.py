"""`record` and `play`: a session over REST to a file, and the file instead of the venue.

Only how a request is sent is replaced, on this one object and for as long as the block lasts: what is
refused, parsed and returned goes the same way as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ccxt.base import errors
from ccxt.base.errors import BaseError, NetworkError

from bpx_connector._ccxt import Ccxt
from bpx_connector.call.clock import readings
from bpx_connector.tape import Answer, Answers, Header, TapeWriter, read_tape

__all__ = ["TapeClock", "Tapes", "for_now", "playing", "recording", "writer_of"]


class TapeClock:
    """The time on a tape: that of the last answer given."""

    def __init__(self, header: Header) -> None:
        self.is_known = header.began is not None
        self._began = (header.began or 0) * 1_000
        self._elapsed = 0

    def now(self) -> int:
        """The time in microseconds."""
        return self._began + self._elapsed

    def reach(self, at: float) -> None:
        """The tape has come to this second."""
        self._elapsed = max(self._elapsed, round(at * 1_000_000))


class Tapes(Ccxt):
    """Recording and playing, for the blocking and the asyncio class."""

    @contextmanager
    def record(self, path: Any, source: str = "") -> Iterator[None]:
        """Write all that is asked and answered meanwhile to a tape, without keys and signatures.

        What the venue says of the account stays in the file: look before you share. A tape that is there is
        replaced once the venue has answered. A TapeError if another program is writing it.
        """
        with writer_of(self, path, source) as writer, for_now(self, recording(self, writer)):
            yield

    @contextmanager
    def play(self, path: Any) -> Iterator[Any]:
        """Have every request answered by a tape; no network is used, and no budget is waited for.

        It is the time on the tape as well, so what is reckoned from now is asked for as it was. A request
        that is not on the tape is an ExchangeError that names the nearest.
        """
        header, lines = read_tape(Path(path))
        answers = Answers(str(path), enumerate(lines, start=1))
        with for_now(self, playing(self, answers, TapeClock(header))):
            yield answers


def writer_of(exchange: Any, path: Any, source: str = "") -> TapeWriter:
    """A tape that begins now, by the exchange object's own clock."""
    return TapeWriter(
        Path(path),
        source or exchange.id,
        secrets=(exchange.apiKey, exchange.secret),
        began=exchange.milliseconds(),
        clock=lambda: exchange.milliseconds() / 1000,
    )


@contextmanager
def for_now(exchange: Any, attributes: dict[str, Any]) -> Iterator[None]:
    """Attributes of one object, for as long as the block lasts."""
    own = vars(exchange)
    before = {name: own[name] for name in attributes if name in own}
    own.update(attributes)
    try:
        yield
    finally:
        for name in attributes:
            own.pop(name, None)
        own.update(before)


# --- recorded -----------------------------------------------------------------------------------------------


def recording(exchange: Any, writer: TapeWriter) -> dict[str, Any]:
    """The methods of an exchange object that note what passes and then do what they always did."""
    handle = exchange.handle_errors

    def handled(
        status: int,
        reason: str,
        url: str,
        method: str,
        headers: Any,
        text: str,
        answer: Any,
        sent: Any,
        body: Any,
    ) -> Any:
        writer.answered(method, url, body, status, text)
        return handle(status, reason, url, method, headers, text, answer, sent, body)

    return {"handle_errors": handled, "fetch": _noting(exchange, writer)}


def _noting(exchange: Any, writer: TapeWriter) -> Callable[..., Any]:
    """`fetch`, of which a call without an answer is noted too."""
    fetch = exchange.fetch

    @contextmanager
    def noted(method: str, url: str, body: Any) -> Iterator[None]:
        try:
            yield
        except NetworkError as failure:
            if failure.__cause__ is not None:  # else it is the venue's own word, and noted
                writer.failed(method, url, body, failure)
            raise

    def fetched(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        with noted(method, url, body):
            return fetch(url, method, headers, body)

    async def fetched_later(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        with noted(method, url, body):
            return await fetch(url, method, headers, body)

    return fetched if exchange.synchronous else fetched_later


# --- played -------------------------------------------------------------------------------------------------


def playing(exchange: Any, answers: Answers, clock: TapeClock) -> dict[str, Any]:
    """The attributes of an exchange object that a tape answers."""

    def played(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        answer = answers.answer(method, url, body)
        clock.reach(answer.at)
        return _understood(exchange, answer, (url, method, headers, body))

    async def played_later(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        return played(url, method, headers, body)

    fetch = played if exchange.synchronous else played_later
    return {"fetch": fetch, "enableRateLimit": False, **(readings(clock.now) if clock.is_known else {})}


def _understood(exchange: Any, answer: Answer, request: tuple[str, str, Any, Any]) -> Any:
    """What `fetch` would have returned or raised."""
    if answer.failure is not None:
        raise _failure_called(answer.failure)(answer.text)
    url, method, headers, body = request
    content = exchange.parse_json(answer.text)
    exchange.handle_errors(answer.status, "", url, method, {}, answer.text, content, headers or {}, body)
    return answer.text if content is None else content


def _failure_called(name: str) -> type[BaseError]:
    found = getattr(errors, name, None)
    return found if isinstance(found, type) and issubclass(found, NetworkError) else NetworkError
