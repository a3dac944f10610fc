"""Asks the questions, one after the other, and gathers what is otherwise than it should be.

What is asked goes through the exchange object's signer and its budgets; the answer is taken as it came, with
its status and headers, since that is what is in question.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from bpx_connector.call.pacing import shared_pacing
from bpx_connector.call.signer import Signer
from bpx_connector.venue.endpoints import ENDPOINTS, STANDARD
from bpx_connector.verify.facts import FACTS, Answer
from bpx_connector.verify.questions import Question
from bpx_connector.verify.readings import READINGS, misread
from bpx_connector.verify.shapes import between, differences

__all__ = ["ALTERED", "Asker", "Finding", "compared", "judged", "understood"]

CONTRADICTION, NEWS, TROUBLE = "contradiction", "news", "trouble"
OPENAPI = "the venue's OpenAPI"
PARSERS = "this package's parsers", "they make of every row what ccxt's type asks for"
SLOW = 30.0


class Finding(NamedTuple):
    """One thing that is otherwise: where, what was found, which fact it breaks and where that comes from."""

    kind: str
    question: str
    where: str
    found: str
    fact: str
    source: str
    switch: str = ""


Listener = Callable[[Answer, str, str], None]


class Asker:
    """Sends questions for one exchange object, and hands each answer to who writes them down."""

    def __init__(self, exchange: Any, told: Listener | None = None) -> None:
        self.exchange: Any = exchange
        self._told = told

    def ask(self, question: Question, *, is_signed: bool | None = None, repeats: int = 0) -> Answer:
        """The answer, whatever it is, after so many repeats; ccxt's NetworkError if there is none."""
        method, path = question.operation.split(" /")
        access = "private" if (_is_private(path) if is_signed is None else is_signed) else "public"
        request = self.exchange.sign(path, access, method, dict(question.params))
        if question.altered:
            ALTERED[question.altered](self, request, question)
        for _ in range(repeats + 1):
            self._wait(method, path)
        for _ in range(repeats):
            self._send(request)
        began = time.perf_counter()
        response = self._send(request)
        took = (time.perf_counter() - began) * 1000
        answer = Answer(
            question.name,
            question.params,
            response.status_code,
            dict(response.headers),
            _decoded(response.text),
            response.text,
            self.exchange.milliseconds(),
            took,
        )
        if self._told is not None:
            self._told(answer, method, request["url"])
        return answer

    def _wait(self, method: str, path: str) -> None:
        """Draw on the budget that every method of this account draws on."""
        exchange = self.exchange
        if not exchange.enableRateLimit:
            return
        endpoint = ENDPOINTS.get((method, path))
        budget = STANDARD if endpoint is None else endpoint.budget
        pacing = shared_pacing(urlsplit(exchange.urls["api"]["private"]).netloc, exchange.apiKey)
        per_minute = exchange.options["requestsPerMinute"][budget]
        exchange.sleep(pacing.wait(budget, per_minute, time.monotonic() * 1000))

    @property
    def signer(self) -> Signer:
        """What signs requests that no method of ours would send."""
        return Signer(self.exchange.apiKey, self.exchange.secret)

    def _send(self, request: Mapping[str, Any]) -> Any:
        import requests
        from ccxt.base.errors import ExchangeNotAvailable

        try:
            return self.exchange.session.request(
                request["method"],
                request["url"],
                headers=dict(request["headers"]),
                data=request["body"],
                timeout=SLOW,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise ExchangeNotAvailable(
                f"{request['method']} {request['url']}: {type(error).__name__}"
            ) from error


# --- requests that no method of ours would send -------------------------------------------------------------


def _with_a_long_window(asker: Asker, request: dict[str, Any], question: Question) -> None:
    method, path = question.operation.split(" /")
    instruction, now = ENDPOINTS[method, path].instruction, asker.exchange.nonce()
    assert instruction is not None, "only what is signed has a window"
    request["headers"] |= asker.signer.headers(instruction, question.params, now, LONG_WINDOW)


def _with_a_wrong_signature(asker: Asker, request: dict[str, Any], question: Question) -> None:
    request["headers"]["X-Signature"] = asker.signer.signature("another text")


def _with_a_parameter_twice(asker: Asker, request: dict[str, Any], question: Question) -> None:
    """Another value before the one that was signed."""
    url, _, query = request["url"].partition("?")
    request["url"] = f"{url}?{query.partition('=')[0]}=SPOT&{query}"


def _with_a_null(asker: Asker, request: dict[str, Any], question: Question) -> None:
    request["body"] = json.dumps({**json.loads(request["body"]), "triggerPrice": None})


LONG_WINDOW = 90_000
ALTERED: dict[str, Callable[[Asker, dict[str, Any], Question], None]] = {
    "window": _with_a_long_window,
    "signature": _with_a_wrong_signature,
    "repeated": _with_a_parameter_twice,
    "null": _with_a_null,
}


def _is_private(path: str) -> bool:
    endpoint = ENDPOINTS.get(("GET", path))
    return endpoint is not None and endpoint.instruction is not None


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def judged(question: Question, answer: Answer) -> Iterator[Finding]:
    """What an answer has that it should not have."""
    if question.shape is not None:
        if answer.status not in question.statuses:
            yield Finding(
                TROUBLE,
                question.name,
                "",
                f"{answer.status} {answer.text[:120]!r}",
                "it is answered",
                OPENAPI,
            )
            return
        if answer.status == 200:
            yield from _of_shape(question, answer)
    for name in question.facts:
        fact = FACTS[name]
        for found in fact.broken(answer):
            yield Finding(
                NEWS if fact.is_open else CONTRADICTION,
                question.name,
                "",
                found,
                fact.sentence,
                fact.source,
                fact.switch,
            )


def _of_shape(question: Question, answer: Answer) -> Iterator[Finding]:
    for each in differences(answer.body, question.shape):
        yield Finding(
            NEWS if each.is_news else CONTRADICTION,
            question.name,
            each.path,
            each.said,
            question.operation,
            OPENAPI,
        )


def understood(exchange: Any, question: Question, answer: Answer) -> Iterator[Finding]:
    """What our own parsers cannot make of an answer."""
    reading = READINGS.get(question.operation)
    if reading is None or question.shape is None or answer.status != 200:
        return
    for said in misread(exchange, reading, answer.body):
        yield Finding(CONTRADICTION, question.name, "", said, PARSERS[1], PARSERS[0])


def compared(question: Question, answer: Answer, sandboxs: Answer) -> Iterable[Finding]:
    """Where the sandbox answers the same question otherwise."""
    if question.shape is None or answer.status != 200 or sandboxs.status != 200:
        return
    known = {each.path for each in differences(answer.body, question.shape)}
    for each in between(answer.body, sandboxs.body):
        if each.path not in known:
            yield Finding(
                NEWS,
                question.name,
                each.path,
                each.said,
                "the sandbox answers alike",
                "the sandbox beside it",
            )
