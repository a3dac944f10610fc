"""A session to a file of JSON lines and back: what was asked over REST and answered, what streams said.

The first line of a tape names its source and the moment it began; each further one holds a question with
its answer, the seconds since the beginning and, where it is not 200, the status. A call that got no answer is
there with its failure. Frames of a stream stand there with their socket and whoever said them:

    {"cassette":1,"source":"https://api.backpack.exchange","began":1767225600000}
    {"at":0.1,"request":"GET /api/v1/ticker?symbol=SOL_USDC","answer":{...}}
    {"at":0.2,"request":"POST /api/v1/order","body":{...},"status":400,"answer":{"code":"...",...}}
    {"at":0.9,"request":"GET /api/v1/time","failure":"RequestTimeout","answer":"bpx GET https://..."}
    {"at":1.2,"socket":0,"client":"{\\"method\\":\\"SUBSCRIBE\\",...}"}
    {"at":1.3,"socket":0,"venue":"{\\"data\\":{...},\\"stream\\":\\"...\\"}"}

The answers stand there as the venue wrote them, to the letter. Headers are not written, so neither key nor
signature is; those of a subscription and a two-factor code in a body are replaced. What the venue says of the
account stays: look before you share.

A tape that is there is replaced as soon as the venue has said something, and not before; one program at a
time writes it.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import IO, Any, Self
from urllib.parse import urlsplit

import msgspec
from ccxt.base.errors import BaseError, ExchangeClosedByUser, ExchangeError

from bpx_connector.call.masking import MASK, masked
from bpx_connector.locks import TakenError, alone

__all__ = [
    "Answer",
    "Answers",
    "NotOnTape",
    "TapeEnded",
    "TapeError",
    "TapeLine",
    "TapeWriter",
    "read_tape",
    "request_line",
]

VERSION = 1
NOT_ASKED_TWICE_ALIKE = frozenset({"from", "to", "startTime", "endTime"})
"""Parameters that are reckoned from now, and so differ each time a request is made."""
LOADED_ONCE = frozenset({"GET /api/v1/markets", "GET /api/v1/assets"})
LOADED_BEFORE = (
    ". The markets had been loaded before the tape began: record with a new object, or call "
    "load_markets(True) while recording"
)
MADE_UP_ANEW = frozenset({"clientId"})
"""Members of a body that programs make up anew for each order."""


class TapeError(ExchangeError, ValueError):
    """A file is no tape."""


class NotOnTape(ExchangeError, LookupError):  # noqa: N818  # it says what is, as TapeEnded does
    """A request or a stream is asked for that is not on the tape."""


class TapeEnded(ExchangeClosedByUser):
    """What is asked for was on the tape, and all of it has been played."""


class TapeLine(msgspec.Struct, omit_defaults=True):
    """One line of a tape, of any kind; an answer stays the text that it was."""

    at: float = 0.0
    request: str | None = None
    body: Any = None
    status: int = 200
    failure: str | None = None
    answer: msgspec.Raw = msgspec.Raw(b"null")
    socket: int | None = None
    client: str | None = None
    venue: str | None = None

    @property
    def is_of_the_venue(self) -> bool:
        """Whether it holds what the venue said."""
        return self.venue is not None or (self.request is not None and self.failure is None)


class Header(msgspec.Struct, omit_defaults=True):
    """The first line of a tape."""

    cassette: int
    source: str
    began: int | None = None
    constructed: Any = None


# --- to a file ----------------------------------------------------------------------------------------------


class TapeWriter:
    """Writes what passes, line by line; `secrets` are replaced wherever they stand.

    As a context it closes the tape. If an error ends it before the venue has said anything, a tape that was
    there before stays as it was.
    """

    def __init__(
        self,
        path: Path,
        source: str,
        *,
        secrets: Iterable[str] = (),
        began: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._file: IO[bytes] = alone(path)
        except TakenError as error:
            raise TapeError(f"another program is writing {path}: name another file") from error
        self._waiting: list[bytes] | None = [] if os.fstat(self._file.fileno()).st_size else None
        """Lines that do not replace an older tape yet; None if there is none any more."""
        self._clock, self._started = clock, clock()
        self._sockets = 0
        self._secrets = [secret for secret in secrets if secret]
        self._write(Header(VERSION, source, began))

    def answered(self, method: str, url: str, body: Any, status: int, text: str) -> None:
        """Write down a question and its answer; `text` is the answer's body as it came."""
        request, sent = request_line(method, url), _sent(body)
        self._write(
            TapeLine(self._elapsed(), request=request, body=sent, status=status, answer=_verbatim(text))
        )

    def failed(self, method: str, url: str, body: Any, failure: BaseError) -> None:
        """Write down a question that got no answer."""
        kind, text = type(failure).__name__, msgspec.json.encode(str(failure))
        line = TapeLine(self._elapsed(), request=request_line(method, url), body=_sent(body), failure=kind)
        line.answer = msgspec.Raw(text)
        self._write(line)

    def socket(self) -> int:
        """The number of the next connection to the streams."""
        self._sockets += 1
        return self._sockets - 1

    def frame(self, socket: int, speaker: str, text: str) -> None:
        """Write down one text frame of the `client` or the `venue`."""
        venue, client = (text, None) if speaker == "venue" else (None, text)
        self._write(TapeLine(self._elapsed(), socket=socket, client=client, venue=venue))

    def close(self) -> None:
        """Finish the tape; one of before stays if nothing at all was written."""
        if self._waiting is not None and len(self._waiting) > 1:
            self._replace()
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *error: object) -> None:
        if kind is not None:
            self._file.close()
        self.close()

    def _elapsed(self) -> float:
        return round(self._clock() - self._started, 6)

    def _replace(self) -> None:
        """What was written before is gone from here on."""
        if self._waiting and not self._file.closed:
            self._file.truncate(0)
            self._file.writelines(self._waiting)
            self._file.flush()
        self._waiting = None

    def _write(self, line: Header | TapeLine) -> None:
        if self._file.closed:
            return
        text = msgspec.json.encode(line).decode()
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        if self._waiting is not None:
            self._waiting.append(f"{text}\n".encode())
            if isinstance(line, TapeLine) and line.is_of_the_venue:
                self._replace()
            return
        self._file.write(f"{text}\n".encode())
        self._file.flush()


def request_line(method: str, url: str) -> str:
    """`GET /api/v1/depth?symbol=SOL_USDC`: what was asked, whoever was asked."""
    parts = urlsplit(url)
    return f"{method} {parts.path}" + (f"?{parts.query}" if parts.query else "")


def _sent(body: Any) -> Any:
    return masked(msgspec.json.decode(body)) if body else None


def _verbatim(text: str) -> msgspec.Raw:
    """The answer itself if it is JSON on one line, else its text as JSON."""
    text = str(text)  # some answers carry with them what reads them
    content = text.strip()
    try:
        msgspec.json.decode(content)
    except msgspec.DecodeError:
        return msgspec.Raw(msgspec.json.encode(_Text(text)))
    return msgspec.Raw(msgspec.json.format(content.encode(), indent=-1))


class _Text(msgspec.Struct, tag="text", tag_field="is"):
    """An answer that is no JSON: a plain word, or a page of somebody in between."""

    text: str


# --- from a file --------------------------------------------------------------------------------------------


@dataclass
class Answer:
    """An answer on a tape: where it stands, when it came, what it was."""

    line: int
    at: float
    status: int
    text: str
    failure: str | None
    is_given: bool = False


def read_tape(path: Path) -> tuple[Header, list[TapeLine]]:
    """The first line of a tape and all others; TapeError if the file is no tape."""
    try:
        first, *others = path.read_bytes().splitlines()
        header = msgspec.json.decode(first, type=Header)
        lines = [msgspec.json.decode(line, type=TapeLine) for line in others]
    except FileNotFoundError as error:
        raise TapeError(f"there is no tape {path}; record one first") from error
    except (ValueError, OSError) as error:
        raise TapeError(
            f"{path} is not a tape, not a WebSocket cassette of version {VERSION}: {error}"
        ) from error
    if header.cassette != VERSION:
        raise TapeError(f"{path} is not a tape of version {VERSION}: it says {header.cassette}")
    return header, lines


class Answers:
    """The answers of a tape, found by their questions.

    The same question is answered in order. The last answer to a question that changes nothing is given for
    ever; an order that was placed once is placed once.
    """

    def __init__(
        self,
        name: str,
        lines: Iterable[tuple[int, TapeLine]],
        is_given: Callable[[Answer], None] = lambda answer: None,
    ) -> None:
        self.name = name
        self._tell = is_given
        self.in_order: list[Answer] = []
        self._exact: dict[str, list[Answer]] = defaultdict(list)
        self._alike: dict[str, list[Answer]] = defaultdict(list)
        for number, line in lines:
            if line.request is not None:
                self._read_in(number, line)

    def answer(self, method: str, url: str, body: Any = None) -> Answer:
        """The answer to a request. Times and made-up ids need not agree."""
        request, sent = request_line(method, url), _sent(body)
        for found in (
            self._exact.get(_key(request, sent)),
            self._alike.get(_loose_key(request, sent)),
            self._alike.get(_loose_key(request, None)),  # tapes of before bodies were written
        ):
            if found:
                return self._given(found, request)
        raise NotOnTape(
            f"the tape {self.name} has no answer to {request}{_as_sent(sent)}{self._near(request)}"
        )

    def _given(self, found: list[Answer], request: str) -> Answer:
        answer = next((answer for answer in found if not answer.is_given), None)
        if answer is None and not request.startswith("GET "):
            raise TapeEnded(f"the tape {self.name} has ended: {request} stands on it {_times(len(found))}")
        answer = answer or found[-1]
        answer.is_given = True
        self._tell(answer)
        return answer

    def _read_in(self, number: int, line: TapeLine) -> None:
        assert line.request is not None
        text = _text(line.answer) if line.failure is None else msgspec.json.decode(line.answer)
        answer = Answer(number, line.at, line.status, text, line.failure)
        self.in_order.append(answer)
        self._exact[_key(line.request, line.body)].append(answer)
        self._alike[_loose_key(line.request, line.body)].append(answer)

    def _near(self, request: str) -> str:
        known = sorted({key.partition("\n")[0] for key in self._exact})
        near = get_close_matches(request, known, n=5, cutoff=0.5) or known[:5]
        has = f"; it has answers to: {', '.join(near)}" if near else "; it has no answers at all"
        return has + (LOADED_BEFORE if request in LOADED_ONCE else "")


def _text(answer: msgspec.Raw) -> str:
    try:
        return msgspec.json.decode(answer, type=_Text).text
    except msgspec.ValidationError:
        return bytes(answer).decode()


def _key(request: str, body: Any) -> str:
    return f"{request}\n{msgspec.json.encode(body, order='sorted').decode()}"


def _loose_key(request: str, body: Any) -> str:
    call, _, query = request.partition("?")
    kept = sorted(pair for pair in query.split("&") if pair.partition("=")[0] not in NOT_ASKED_TWICE_ALIKE)
    return _key(f"{call}?{'&'.join(kept)}", _without_made_up(body))


def _without_made_up(body: Any) -> Any:
    if isinstance(body, list):
        return [_without_made_up(item) for item in body]
    if isinstance(body, Mapping):
        return {name: value for name, value in body.items() if name not in MADE_UP_ANEW}
    return body


def _as_sent(body: Any) -> str:
    return "" if body is None else f" with {msgspec.json.encode(body).decode()}"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
