"""Exchange objects whose venue gives a good answer to everything, but for those answers that are spoilt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import msgspec
from ccxt.base.errors import BaseError

import bpx_connector
from bpx_connector import pro
from bpx_connector.sandbox.crowd.listings import assets
from tests.fuzz.calls import Asked
from tests.fuzz.good_answers import good_answer
from tests.support.keys import FIRST
from tests.support.links import FakeLink, FakeVenue
from tests.support.samples import captured_markets, offline_exchange, sample

__all__ = [
    "NOW",
    "RAISED",
    "Answered",
    "AnsweredOnAsyncio",
    "answered_exchange",
    "answered_on_asyncio",
    "outcome_of",
    "place_of",
    "result_of",
]

RAISED = "raised"

NOW = 1_789_999_999_000
"""A little after what is captured."""

Told = tuple[int, str]
EMPTY = {"PATCH /api/v1/account": 200, "POST /wapi/v1/capital/withdrawals/delay": 200}


class _Answering:
    """What both classes are answered by: a table, operation to status and body."""

    def begin(self, spoilt: Mapping[str, Told] = {}) -> None:
        """Have these operations answered so from now on, all others well."""
        self._spoilt = spoilt
        self._counted: Counter[str] = Counter()

    @property
    def asked(self) -> Counter[str]:
        """How often each operation has been asked since."""
        return self._counted

    def _answer(self, url: str, method: str, headers: Any, body: Any) -> Any:
        exchange: Any = self
        operation = f"{method} {urlsplit(url).path}"
        self._counted[operation] += 1
        if sum(self._counted.values()) > 500:
            raise AssertionError(f"asked without an end: {dict(self._counted)}")
        status, text = self._spoilt.get(operation) or _good(operation)
        read = exchange.on_rest_response(status, "", url, method, {}, text, headers, body)
        decoded = exchange.parse_json(read)
        exchange.handle_errors(status, "", url, method, {}, text, decoded, headers, body)
        return text if decoded is None else decoded


class Answered(_Answering, bpx_connector.bpx):
    """The blocking class, answered from a table."""

    def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        return self._answer(url, method, headers, body)

    def sleep(self, milliseconds: float) -> None:
        """Nobody waits."""


class AnsweredOnAsyncio(_Answering, pro.bpx):
    """The asyncio class with streams, answered from a table; what is sent on streams is kept."""

    def begin(self, spoilt: Mapping[str, Told] = {}) -> None:
        super().begin(spoilt)
        self._stream_venue = FakeVenue()

    @property
    def sent(self) -> list[Any]:
        """The frames that were sent since."""
        return [frame for link in self._stream_venue.links for frame in link.sent]

    async def connect(self) -> FakeLink:
        """A connection that nothing comes from."""
        self._stream_venue.links.append(FakeLink(self._stream_venue))
        return self._stream_venue.link

    async def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        return self._answer(url, method, headers, body)

    async def sleep(self, milliseconds: float) -> None:
        """Nobody waits."""


@cache
def _good(operation: str) -> Told:
    answer = good_answer(operation)
    if answer is None:
        return EMPTY.get(operation, 200), ""
    return 200, answer if isinstance(answer, str) else msgspec.json.encode(answer).decode()


@cache
def _known() -> Any:
    rows = {row["symbol"]: row for row in (*assets(), *sample("rest/get_api_v1_assets"))}
    exchange = offline_exchange(markets=captured_markets(), assets=list(rows.values()))
    stock = exchange.rfq_market(good_answer("GET /api/v1/securities")[0])
    exchange.set_markets([*exchange.markets.values(), stock], exchange.currencies)
    return exchange


def answered_exchange(number: Callable[[str], Any] = float, **config: Any) -> Answered:
    """A new object of the blocking class with the captured markets loaded."""
    exchange: Answered = _made(Answered, number, config)
    return exchange


def answered_on_asyncio(number: Callable[[str], Any] = float, **config: Any) -> AnsweredOnAsyncio:
    """The same of the asyncio class with streams."""
    exchange: AnsweredOnAsyncio = _made(AnsweredOnAsyncio, number, config)
    return exchange


def _made(kind: Any, number: Callable[[str], Any], config: Mapping[str, Any]) -> Any:
    session = {"headers": {"Cookie": "a browser's session"}}
    exchange = kind({"enableRateLimit": False, "number": number, **FIRST.credentials, **session, **config})
    exchange.set_markets(deepcopy(list(_known().markets.values())), deepcopy(_known().currencies))
    exchange.milliseconds = lambda: NOW
    exchange.begin()
    return exchange


def result_of(exchange: Answered, asked: Asked) -> Any:
    """What the method gives."""
    return getattr(exchange, asked.name)(*deepcopy(asked.args))


def outcome_of(exchange: Answered, asked: Asked) -> str:
    """What a caller is told, as text: the result, or the exception."""
    try:
        return str(result_of(exchange, asked))
    except BaseError as error:
        return f"{RAISED} {type(error).__name__}: {error}"
    except Exception as error:
        return f"RAW {place_of(error)}"


def place_of(error: Exception) -> str:
    """Where something was raised, and what."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code if trace else None
    at = f"{code.co_filename.rpartition('bpx_connector/')[2]}:{trace.tb_lineno}" if code and trace else "?"
    return f"{type(error).__name__} at {at}: {str(error)[:120]}"
